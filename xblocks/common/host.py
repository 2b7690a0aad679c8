"""A block as a host of the player: its addresses, its words, and what it knows of the learner."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qualoop.framework import Framework
from qualoop.player import KnowledgePointOutlook, NextActivity, Remark
from xblocks.common.language import catalogue
from xblocks.common.platform import csrf_cookie

ATTEMPT_FIELD: Final = "attempt"
"""The hidden field that says of which attempt a form is: positions in it mean something in that attempt only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockHost:
    """What the player is given for one view of one block (see qualoop.player.Host).

    The block has two handlers: `act`, with the action as suffix, and `asset`, with the path of a file.
    """

    block: Any
    language: str
    framework: Framework
    attempt_id: str = ""
    can_restart: bool = False
    remarks: Sequence[Remark] = ()

    @property
    def id_prefix(self) -> str:
        """Return what every id starts with: the place of the block, so that a page may hold several."""
        usage = str(self.block.scope_ids.usage_id).encode()
        return f"q{hashlib.sha256(usage).hexdigest()[:10]}"

    @property
    def hidden_fields(self) -> Mapping[str, str]:
        """Return the fields that every form carries."""
        return {ATTEMPT_FIELD: self.attempt_id}

    @property
    def attributes(self) -> Mapping[str, str]:
        """Return the attributes of the element: the platform takes its CSRF token from a header."""
        return {"data-csrf-cookie": csrf_cookie()}

    @property
    def outlook(self) -> Sequence[KnowledgePointOutlook]:
        """Return nothing: mastery is computed by the tool, and no cache of it is in the platform yet."""
        return ()

    @property
    def next_activity(self) -> NextActivity | None:
        """Return nothing: what comes next is the course's order."""
        return None

    @property
    def gettext(self) -> Callable[[str], str]:
        """Return what gives a message in the learner's language."""
        return catalogue(self.language).gettext

    @property
    def ngettext(self) -> Callable[[str, str, int], str]:
        """Return what gives a message with a number."""
        return catalogue(self.language).ngettext

    def action_url(self, name: str, /) -> str:
        """Return where the form of an action is sent."""
        url: str = self.block.runtime.handler_url(self.block, "act", name)
        return url

    def asset_url(self, path: str, /) -> str:
        """Return where the browser finds a file of the package."""
        url: str = self.block.runtime.handler_url(self.block, "asset", path)
        return url

    def knowledge_point_title(self, code: str, /) -> str:
        """Return the title of a knowledge point, or its code where it is not known."""
        point = self.framework.find_knowledge_point(code)
        return point.title[self.language] if point else code
