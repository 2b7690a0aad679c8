"""How signing keys follow one another: next (published), active (signs), retired (published for a while) (S10).

A platform that keeps our key set for a day meets no signature it cannot check: a key is published a day before it
signs, and two weeks after. The keys of seals stay published for good, since seals of any age are checked with them.
A retired key signs nothing more, so its private half is deleted at once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.lti.tool_keys import open_tool_key
from lti_tool.models import ToolKey as ToolKeyRow
from lti_tool.services.platforms import tool_keys
from lti_tool.services.platforms.tool_keys import ACTIVE, LTI, NEXT, PURPOSES, RETIRED
from lti_tool.settings import Settings

#: How long a key is published before it signs, at least.
PUBLISHED_BEFORE: Final = timedelta(days=1)
#: How long a key by which platforms know us is published after it signed.
PUBLISHED_AFTER: Final = timedelta(days=14)
#: How long before its turn the schedule makes a key.
MADE_BEFORE: Final = timedelta(days=7)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a rotation is made with: the installation's secret, the moment, how long a key signs (0: until asked)."""

    secret: str
    now: datetime
    every: timedelta


def terms_of(settings: Settings, now: datetime) -> Terms:
    """Return the terms of an installation."""
    return Terms(secret=settings.secret_key, now=now, every=timedelta(days=settings.key_rotation_days))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The ids of a key that was made, of one that began to sign, and of one that stopped; all None: nothing to do yet."""

    made: str | None = None
    signing: str | None = None
    retired: str | None = None


@dataclass(frozen=True, slots=True)
class InUse:
    """The keys of a purpose that are not retired."""

    active: ToolKeyRow | None
    waiting: ToolKeyRow | None

    def due_at(self, every: timedelta) -> datetime | None:
        """Return when the schedule lets the next key sign; None where only a person does."""
        if not every or self.active is None:
            return None
        begun = self.active.active_at or self.active.created_at
        return max(begun + every, can_sign_from(self.waiting)) if self.waiting else begun + every


def can_sign_from(waiting: ToolKeyRow) -> datetime:
    """Return when a key has been published long enough."""
    return waiting.created_at + PUBLISHED_BEFORE


def in_use(session: Session, purpose: str) -> InUse:
    """Return the keys of a purpose that are not retired."""
    return _in_use(session.scalars(_IN_USE.where(ToolKeyRow.purpose == purpose)).all())


def all_keys(session: Session) -> Sequence[ToolKeyRow]:
    """Return every key by purpose, the oldest first."""
    return session.scalars(select(ToolKeyRow).order_by(ToolKeyRow.purpose.desc(), ToolKeyRow.id)).all()


def rotate_due(session: Session, terms: Terms) -> None:
    """Take the steps that the schedule asks for by now. Workers may do so at once: each step is taken once."""
    for purpose in PURPOSES:
        keys = _locked(session, purpose)
        due = keys.due_at(terms.every)
        if due is None:
            continue
        if keys.waiting is not None and terms.now >= due:
            _promote(session, keys, terms)
        elif keys.waiting is None and terms.now >= due - MADE_BEFORE:
            _make_next(session, purpose, terms)


def rotate(session: Session, purpose: str, terms: Terms) -> Moved:
    """Take the next step that is allowed by now: make the next key, or let it sign once it was published long enough."""
    keys = _locked(session, purpose)
    if keys.active is None:
        return Moved(signing=tool_keys.ensure_key(session, purpose, secret=terms.secret, now=terms.now).kid)
    if keys.waiting is None:
        return Moved(made=_make_next(session, purpose, terms))
    if terms.now < can_sign_from(keys.waiting):
        return Moved()
    return _promote(session, keys, terms)


def replace_at_once(session: Session, purpose: str, reason: str, terms: Terms) -> Moved:
    """Let a new key sign from now on, because the former one has leaked or is lost.

    The next key goes as well: its private half lay beside the other, under the same secret. Platforms refuse us until
    they fetch the new key. Keys that may have signed seals stay published, for nothing else proves these.
    """
    keys = _locked(session, purpose)
    for row in (keys.active, keys.waiting):
        if row is not None:
            keeps = row is keys.active and purpose != LTI
            _retire(session, row, terms.now, published_until=None if keeps else terms.now, retired_for=reason)
    made = tool_keys.add_key(session, purpose, ACTIVE, secret=terms.secret, now=terms.now)
    if made is None:
        # Somebody else did the same just now.
        return Moved(signing=tool_keys.ensure_key(session, purpose, secret=terms.secret, now=terms.now).kid)
    retired = keys.active.kid if keys.active else None
    log.warning("key replaced at once: purpose=%s kid=%s retired=%s reason=%s", purpose, made, retired, reason)
    return Moved(made=made, signing=made, retired=retired)


_IN_USE: Final = select(ToolKeyRow).where(ToolKeyRow.state.in_((ACTIVE, NEXT)))


def _locked(session: Session, purpose: str) -> InUse:
    """Return the keys in use, and hold them: who rotates at the same time waits, and then sees what was done."""
    query = _IN_USE.where(ToolKeyRow.purpose == purpose).order_by(ToolKeyRow.id).with_for_update()
    return _in_use(session.scalars(query.execution_options(populate_existing=True)).all())


def _in_use(rows: Sequence[ToolKeyRow]) -> InUse:
    by_state = {row.state: row for row in rows}
    return InUse(by_state.get(ACTIVE), by_state.get(NEXT))


def _make_next(session: Session, purpose: str, terms: Terms) -> str | None:
    made = tool_keys.add_key(session, purpose, NEXT, secret=terms.secret, now=terms.now)
    if made is not None:
        log.info("key published: purpose=%s kid=%s", purpose, made)
    return made


def _promote(session: Session, keys: InUse, terms: Terms) -> Moved:
    """Let the next key sign and retire the active one; raise SealedKeyError where the next one cannot be opened."""
    former, waiting = keys.active, keys.waiting
    if former is None or waiting is None:
        return Moved()
    open_tool_key(waiting.private_encrypted, waiting.kid, terms.secret)
    end = terms.now + PUBLISHED_AFTER if former.purpose == LTI else None
    _retire(session, former, terms.now, published_until=end)
    session.execute(update(ToolKeyRow).where(ToolKeyRow.id == waiting.id).values(state=ACTIVE, active_at=terms.now))
    log.info("key signs: purpose=%s kid=%s retired=%s", former.purpose, waiting.kid, former.kid)
    return Moved(signing=waiting.kid, retired=former.kid)


def _retire(session: Session, row: ToolKeyRow, now: datetime, **values: Any) -> None:
    """Retire a key, in a statement of its own: the place must be free before another key takes it."""
    session.execute(
        update(ToolKeyRow)
        .where(ToolKeyRow.id == row.id)
        .values(state=RETIRED, retired_at=now, private_encrypted=b"", **values)
    )
