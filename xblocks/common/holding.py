"""A learner's fields at a block, held while something is done with them: of two requests at once, one comes after the other.

A block has the fields as they were when its request began, and writes them whole: of two tabs that answer at once, or two
workers, one would write over what the other kept. So whoever writes reads anew first. With the plug-in the stored row is
locked until both evidence and state are committed. Without it there is no lock to be had: who finds the fields changed when
they are to be kept is refused as stale, and the learner sees what stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from xblock.core import XBlock

from qualoop.player import StaleActionError
from xblocks.common.learner import course_key, is_in_course, is_stand_in
from xblocks.common.platform import find_plugin, in_one_transaction

HELD: Final = ("state", "score", "attempts", "published")
"""The fields of one learner that are read anew and kept together."""


class Holding(XBlock):
    """A block whose fields of one learner are written by one request at a time."""

    _is_held = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the learner's fields: inside they are the newest, and stay as they are left there.

        With the plug-in it is one transaction. What is raised undoes everything: then the fields are as they were read, and
        nothing saves them later. Raises StaleActionError where somebody else wrote meanwhile.
        """
        if self._is_held:
            yield
            return
        with in_one_transaction():
            read = self._read_anew()
            self._is_held = True
            try:
                yield
                self._keep_unless_changed(read)
            except BaseException:
                self._take(read)
                raise
            finally:
                self._is_held = False

    def _read_anew(self) -> Mapping[str, Any]:
        read = self._stored()
        self._take(read)
        return read

    def _keep_unless_changed(self, read: Mapping[str, Any]) -> None:
        if self._lock() is None and self._stored() != read:
            raise StaleActionError
        self.save()

    def _stored(self) -> Mapping[str, Any]:
        """Return the fields that are stored, as JSON; with the plug-in they are locked until the transaction ends."""
        lock = self._lock()
        if lock is not None:
            held = lock.hold(self.scope_ids.user_id, str(course_key(self)), str(self.scope_ids.usage_id))
            return {name: held[name] for name in HELD if name in held}
        data = self._field_data
        return {name: data.get(self, name) for name in HELD if data.has(self, name)}

    def _lock(self) -> Any:
        """Return the plug-in's module that locks; None where there is none, in a library, and for staff in a learner's place.

        What these do is kept in their session, and the learner's own row is none of theirs; states in a library are kept
        in no row of a course.
        """
        is_own = self.scope_ids.user_id is not None and is_in_course(self) and not is_stand_in(self)
        return find_plugin("holding") if is_own else None

    def _take(self, read: Mapping[str, Any]) -> None:
        """Let the fields be what was read, with nothing of them left to be saved."""
        for name in HELD:
            field = self.fields[name]
            setattr(self, name, field.from_json(read[name]) if name in read else field.default)
        self._clear_dirty_fields()
