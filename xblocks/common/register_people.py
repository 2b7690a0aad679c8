"""Who is in the class: those whom the platform has enrolled, else those who opened the block; and whom staff add by name.

Names are shown to staff only, and leave the platform in no message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from qualoop.classroom.mark_heads import comparable
from qualoop.classroom.mark_tables import Known
from qualoop.classroom.register import MAX_PEOPLE, Register
from xblocks.common.learner import course_key, is_in_course
from xblocks.common.platform import find_plugin

ADDED: Final = "added-"
"""What the keys of people begin with who have no account here: nothing of them reaches grades or evidence."""
MAX_NAME: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """One person of a class: a key that no page shows, and what staff know them by."""

    key: str
    name: str
    username: str = ""
    email: str = ""

    @property
    def has_account(self) -> bool:
        """Return whether the platform knows this person."""
        return not self.key.startswith(ADDED)

    def known(self) -> Known:
        """Return what may stand for this person in a table."""
        numbers = (self.username,) if self.username else ()
        return Known(uuid=self.key, name=self.name, numbers=numbers, emails=(self.email,) if self.email else ())


def class_of(block: Any, register: Register) -> Sequence[Somebody]:
    """Return the people of a class in the order of their names."""
    plugin = find_plugin("people")
    found: dict[str, Somebody] = {}
    if plugin is not None and is_in_course(block):
        for entry in plugin.roster(str(course_key(block)), MAX_PEOPLE):
            found[entry.key] = Somebody(key=entry.key, name=entry.name, username=entry.username, email=entry.email)
    for key, name in register.people.items():
        found.setdefault(key, Somebody(key=key, name=name or key[:8]))
    # Of whom something is written down is never lost from the list, whoever has left the course since.
    written = {key for key, row in register.cells.items() if any(cell.value is not None for cell in row.values())}
    missing = sorted(written - found.keys())
    names = plugin.names(missing) if plugin is not None and missing else {}
    for key in missing:
        found[key] = Somebody(key=key, name=names.get(key) or key[:8])
    return sorted(found.values(), key=lambda who: (comparable(who.name), who.key))


def left_out(block: Any, people: Sequence[Somebody]) -> int:
    """Return how many learners of the course are not in a list of its people, because it holds no more."""
    plugin = find_plugin("people")
    # Only of a list that is full there is anything to ask.
    if plugin is None or not is_in_course(block) or sum(bool(who.username) for who in people) < MAX_PEOPLE:
        return 0
    count: int | None = plugin.learner_count(str(course_key(block)))
    return max((count or 0) - MAX_PEOPLE, 0)


def has_roster() -> bool:
    """Return whether the platform tells who takes part in a course."""
    return find_plugin("people") is not None


def added_key(name: str) -> str:
    """Return the key of somebody without an account: the same name is the same person."""
    return ADDED + hashlib.sha256(comparable(name).encode()).hexdigest()[:16]


def cleaned_name(text: str) -> str:
    """Return a name as it is kept: printable, single spaces, at most 120 characters; empty for none."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:MAX_NAME]


def own_name(block: Any) -> str:
    """Return what the platform calls the user of this request, for staff where it has no list of the course."""
    service = block.runtime.service(block, "user")
    user = service.get_current_user() if service is not None else None
    name = getattr(user, "full_name", "") or getattr(user, "opt_attrs", {}).get("edx-platform.username", "")
    return cleaned_name(str(name or ""))
