"""What happens next to each signing key, and when: one rule behind the administration pages and `qualoop keys`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from lti_tool.models import ToolKey
from lti_tool.services.administration.administration import Action, Desk
from lti_tool.services.platforms import key_rotation, tool_keys
from lti_tool.services.platforms.key_rotation import InUse, Moved, Terms


class Coming(StrEnum):
    """What comes next."""

    SIGNS = "signs"
    """A next key signs from then on."""
    SIGNS_WHEN_ASKED = "signs-when-asked"
    """A next key may be asked to sign from then on."""
    SUCCESSOR = "successor"
    """The key signs until then; its successor is still to be published."""
    REPLACED = "replaced"
    """The key signs until then; its successor is published."""
    STAYS = "stays"
    """The key signs until somebody rotates."""
    PUBLISHED = "published"
    """A retired key is published until then."""
    PUBLISHED_FOR_GOOD = "published-for-good"
    GONE = "gone"
    """A retired key is published no more since then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLine:
    """One key: since when it is in its state, what comes next and when, and when its successor is published."""

    key: ToolKey
    since: datetime
    coming: Coming
    at: datetime | None = None
    successor_at: datetime | None = None


def key_lines(session: Session, terms: Terms) -> Sequence[KeyLine]:
    """Return every key by purpose, the oldest first."""
    in_use = {purpose: key_rotation.in_use(session, purpose) for purpose in tool_keys.PURPOSES}
    return [_line(row, in_use[row.purpose], terms) for row in key_rotation.all_keys(session)]


def rotate(desk: Desk, purpose: str, terms: Terms) -> Moved:
    """Take the next step of a rotation; see `key_rotation.rotate`."""
    moved = key_rotation.rotate(desk.session, purpose, terms)
    if moved.signing is not None:
        desk.note(Action.KEY_SIGNS, moved.signing, purpose=purpose)
    elif moved.made is not None:
        desk.note(Action.KEY_PUBLISHED, moved.made, purpose=purpose)
    return moved


def replace(desk: Desk, purpose: str, reason: str, terms: Terms) -> Moved:
    """Let a new key sign at once; see `key_rotation.replace_at_once`."""
    moved = key_rotation.replace_at_once(desk.session, purpose, reason, terms)
    desk.note(Action.KEY_REPLACED, moved.signing or "", purpose=purpose, reason=reason)
    return moved


def _line(row: ToolKey, keys: InUse, terms: Terms) -> KeyLine:
    since = {tool_keys.ACTIVE: row.active_at, tool_keys.RETIRED: row.retired_at}.get(row.state) or row.created_at
    if row.state == tool_keys.RETIRED:
        return KeyLine(key=row, since=since, coming=_after(row, terms.now), at=row.published_until)
    due = keys.due_at(terms.every)
    if row.state == tool_keys.NEXT:
        coming = Coming.SIGNS if due else Coming.SIGNS_WHEN_ASKED
        return KeyLine(key=row, since=since, coming=coming, at=due or key_rotation.can_sign_from(row))
    if due is None:
        return KeyLine(key=row, since=since, coming=Coming.STAYS)
    if keys.waiting is None:
        published_at = due - key_rotation.MADE_BEFORE
        return KeyLine(key=row, since=since, coming=Coming.SUCCESSOR, at=due, successor_at=published_at)
    return KeyLine(key=row, since=since, coming=Coming.REPLACED, at=due)


def _after(row: ToolKey, now: datetime) -> Coming:
    """Return what becomes of a retired key."""
    if row.published_until is None:
        return Coming.PUBLISHED_FOR_GOOD
    return Coming.PUBLISHED if tool_keys.is_published(row, now) else Coming.GONE
