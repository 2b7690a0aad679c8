"""Followers of mastery: who must hear when the levels of a learner moved, in the order of the ledger, without a gap.

Each follower has a cursor for each organisation: the sequence number of the ledger that it has heard everything up to,
and the generation of mastery that it read. A cursor goes no further than the newest seal, which was made while nobody
was writing: no smaller number can still appear. What a follower does and its cursor's step are one transaction, so that
a worker that dies between two steps loses nothing and doubles nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from lti_tool.db import Database, Prepared, micros
from lti_tool.models import LedgerEvent, Organisation
from lti_tool.services.ledger import ledger
from lti_tool.services.mastery import cache

PAGE: Final = 5_000
"""How many events a step takes at most."""

log = logging.getLogger(__name__)

_SEALED = Prepared(
    text("SELECT to_seq FROM ledger_seal WHERE organisation_id = :organisation_id ORDER BY number DESC LIMIT 1")
)
_CURSOR: Final = (
    "SELECT generation_id, after_seq FROM mastery_watch "
    "WHERE organisation_id = :organisation_id AND follower = :follower"
)
_READ = Prepared(text(_CURSOR))
# Two workers: the second waits until the first has moved the cursor. SQLite has one writer at a time anyway.
_HOLD: Final = {"sqlite": Prepared(text(_CURSOR)), "postgresql": Prepared(text(f"{_CURSOR} FOR UPDATE"))}
_MAKE = Prepared(
    text(
        "INSERT INTO mastery_watch (organisation_id, follower, generation_id, after_seq, moved_at) "
        "VALUES (:organisation_id, :follower, 0, 0, :now) ON CONFLICT (organisation_id, follower) DO NOTHING"
    )
)
_MOVE = Prepared(
    text(
        "UPDATE mastery_watch SET generation_id = :generation_id, after_seq = :after_seq, moved_at = :now "
        "WHERE organisation_id = :organisation_id AND follower = :follower"
    )
)
_FORGET = Prepared(text("DELETE FROM mastery_watch WHERE organisation_id = :organisation_id AND follower = :follower"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Whose levels may have moved: ``learners`` are uuids of persons whose evidence, corrections or flags came in.

    None: anybody's may have, for this is the first time, or another generation was adopted (evidence was corrected,
    tags or the engine changed).
    """

    learners: frozenset[str] | None


class Follower(Protocol):
    """Somebody who keeps something up to date with mastery. One object serves all organisations."""

    @property
    def name(self) -> str:
        """The name of its cursors, at most 32 characters."""

    def follows(self, connection: Connection, organisation_id: int) -> bool:
        """Say whether there is anything to keep up to date. Where there is not, the cursor is forgotten."""

    def take(self, connection: Connection, organisation_id: int, moved: Moved, now: datetime) -> None:
        """Note what moved (enqueue, not send): in the transaction that moves the cursor."""


@dataclass(frozen=True, slots=True)
class Position:
    """Which generation a cursor has read, and the number that it has heard everything up to; 0, 0: none yet."""

    generation_id: int
    after_seq: int


_NOWHERE: Final = Position(0, 0)


def watch_due(
    database: Database,
    followers: Sequence[Follower],
    *,
    clock: Callable[[], datetime],
    is_ending: Callable[[], bool],
) -> None:
    """Tell each follower what moved in each organisation since it last heard. One that fails does not stop the others."""
    with database.reading() as session:
        organisations = session.scalars(select(Organisation.id).order_by(Organisation.id)).all()
    for organisation_id in organisations:
        for follower in followers:
            if is_ending():
                return
            try:
                _catch_up(database, follower, organisation_id, clock=clock, is_ending=is_ending)
            except Exception:
                log.exception("following mastery failed", extra={"follower": follower.name})


def _catch_up(
    database: Database,
    follower: Follower,
    organisation_id: int,
    *,
    clock: Callable[[], datetime],
    is_ending: Callable[[], bool],
) -> None:
    """Take step after step until the follower has heard everything that is sealed."""
    while not is_ending():
        # Looked at first without the right to write, which on SQLite somebody else is waiting for.
        with database.reading() as session:
            if not _is_behind(session.connection(), follower, organisation_id):
                return
        with database.connection() as connection:
            _step(connection, follower, organisation_id, clock())


def _is_behind(connection: Connection, follower: Follower, organisation_id: int) -> bool:
    """Say whether a step would change anything."""
    found = _READ.one(connection, {"organisation_id": organisation_id, "follower": follower.name})
    if not follower.follows(connection, organisation_id):
        return found is not None
    target = find_target(connection, organisation_id)
    return target is not None and target != (Position(*found) if found else _NOWHERE)


def _step(connection: Connection, follower: Follower, organisation_id: int, now: datetime) -> None:
    """Take one step: a page of events, or everything at once where another generation holds."""
    keys = {"organisation_id": organisation_id, "follower": follower.name, "now": micros(now)}
    if not follower.follows(connection, organisation_id):
        # Should there be something again, it has missed what came meanwhile, and begins with everybody.
        _FORGET.run(connection, keys)
        return
    _MAKE.run(connection, keys)
    held = _HOLD[connection.dialect.name].one(connection, keys)
    target = find_target(connection, organisation_id)
    if held is None or target is None:
        return
    position = Position(*held)
    if position.generation_id != target.generation_id:
        reached, moved = target, Moved(learners=None)
    else:
        seq, learners = read_page(connection, organisation_id, position.after_seq, target.after_seq, at_most=PAGE)
        reached, moved = Position(target.generation_id, seq), Moved(learners=learners)
    if moved.learners is None or moved.learners:
        follower.take(connection, organisation_id, moved, now)
    _MOVE.run(connection, {**keys, "generation_id": reached.generation_id, "after_seq": reached.after_seq})


def find_target(connection: Connection, organisation_id: int) -> Position | None:
    """Return where a cursor may go; None where mastery holds nothing yet.

    The generation is read first: should another be adopted just now, the next step notices it.
    """
    place = cache.find_adopted(connection, organisation_id)
    if place is None:
        return None
    sealed = _SEALED.one(connection, {"organisation_id": organisation_id})
    return Position(place.generation_id, sealed[0] if sealed else 0)


def read_page(
    connection: Connection, organisation_id: int, after: int, to: int, *, at_most: int
) -> tuple[int, frozenset[str]]:
    """Return how far the next page of events goes, and the learners in it."""
    with Session(connection) as session:
        rows = session.execute(
            select(LedgerEvent.id, LedgerEvent.learner)
            .where(ledger.in_order(session, organisation_id), LedgerEvent.id > after, LedgerEvent.id <= to)
            .order_by(LedgerEvent.id)
            .limit(at_most)
        ).all()
    reached = rows[-1][0] if len(rows) == at_most else to
    return reached, frozenset(learner for _, learner in rows if learner is not None)
