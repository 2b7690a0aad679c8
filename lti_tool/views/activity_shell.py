"""What stands around an activity: drawn once for everybody who sees the same, then filled in for each session.

Every launch shows it, and of all it says only addresses and the token of its forms are the session's own. These are
left open while it is drawn, like the slots of `qualoop.player.rendering`: names between two NUL characters, which no
text of a page holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from flask import render_template

from lti_tool.services.people.roles import Permission, may
from lti_tool.views.guards import Session
from qualoop.player.rendering import SLOT_MARK

_KEPT: Final = 512


class Look(NamedTuple):
    """All that decides what the page around an activity looks like, but for what is filled in."""

    roles: frozenset[str]
    language: str
    by_bearer: bool
    title: str
    says_times: bool
    shows_room: bool
    class_is_on: bool
    is_step: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Anybody:
    """The part of a session that the page reads, with slots for what is each session's own."""

    roles: frozenset[str]
    language: str
    by_bearer: bool
    base: str = f"{SLOT_MARK}base{SLOT_MARK}"
    csrf: str = f"{SLOT_MARK}csrf{SLOT_MARK}"
    unit_base: str = ""

    def may(self, permission: Permission) -> bool:
        return may(self.roles, permission)


def activity_page(
    session: Session, fragment: str, *, csrf: str, title: str, says_times: bool, shows_room: bool, class_is_on: bool
) -> str:
    """Return the page of an activity: ``fragment`` is the player's HTML, ``csrf`` the session's token."""
    titled = title.replace(SLOT_MARK, "")
    shown = (titled, says_times, shows_room, class_is_on)
    look = Look(session.roles, session.language, session.by_bearer, *shown, session.unit_link_id is not None)
    filling = {"base": session.base, "csrf": csrf, "fragment": fragment, "unit": session.unit_base}
    pieces = list(_drawn(look))
    pieces[1::2] = [filling[name] for name in pieces[1::2]]
    return "".join(pieces)


@lru_cache(maxsize=_KEPT)
def _drawn(look: Look) -> tuple[str, ...]:
    """Return the page in pieces: HTML and names of slots in turn. Drawn in a request of a session of this look."""
    html = render_template(
        "activity.html",
        session=_Anybody(
            roles=look.roles,
            language=look.language,
            by_bearer=look.by_bearer,
            unit_base=f"{SLOT_MARK}unit{SLOT_MARK}" if look.is_step else "",
        ),
        fragment=f"{SLOT_MARK}fragment{SLOT_MARK}",
        page_title=look.title,
        here="activity",
        says_times=look.says_times,
        shows_room=look.shows_room,
        shows_class=look.class_is_on,
    )
    return tuple(html.split(SLOT_MARK))
