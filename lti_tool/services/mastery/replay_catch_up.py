"""The end of a replay: evidence that has come since it began is applied as online, then the pointer is moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import Session

from lti_tool.db import Driver, moment
from lti_tool.models import LedgerEvent, MasteryGeneration
from lti_tool.services.ledger.adoptions import note_model
from lti_tool.services.mastery import cache, replay, replay_log, steps
from lti_tool.services.mastery.cache import Place
from lti_tool.services.mastery.replay import Choice, ReplayOutdatedError
from lti_tool.services.mastery.replay_log import Stretch
from lti_tool.services.mastery.steps import Scored
from lti_tool.services.mechanisms.jobs import Progress
from qualoop.mastery.segments import part_name
from qualoop.values import Score

#: Evidence applied in one transaction: at the very end nobody can write evidence for so long.
CHUNK: Final = 200


def stop_writers(session: Session) -> None:
    """Let nobody append events until the end of the transaction, and wait for those who are at it.

    SQLite's transactions are the only writer from their beginning. A seal waits, too: it would otherwise hold the lock
    that this transaction needs to append the adoption.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE ledger_event IN SHARE ROW EXCLUSIVE MODE"))


def newest(session: Session, organisation_id: int) -> int:
    """Return the sequence number of the newest event, 0 for none."""
    return session.scalar(select(func.max(LedgerEvent.id)).where(LedgerEvent.organisation_id == organisation_id)) or 0


def adopted_tags(session: Session, organisation_id: int) -> int | None:
    """Return by which tags the adopted generation counts (`AdoptedPlace.tags`), None where there is none."""
    adopted = cache.find_adopted(session.connection(), organisation_id)
    return None if adopted is None else adopted.tags


def step(session: Session, organisation_id: int, progress: Progress, *, now: datetime) -> Progress:
    """Apply the next evidence; with the last of it, while nobody can write, end the replay.

    Tags that were adopted and evidence that was corrected since the replay began make it begin again. Raises
    ReplayOutdatedError instead where somebody has looked at what shall be adopted.
    """
    cursor = progress.cursor
    if not Choice(**cursor["choice"]).is_adoptable:
        # To be looked at only: what comes now is not taken in this way.
        _finish(session, organisation_id, cursor, now)
        return Progress(cursor, progress.done, progress.done, finished=True)
    through, bound = cursor["through"], cursor.get("bound", 0)
    is_last = bound <= through
    if is_last:
        stop_writers(session)
        if _is_outdated(session, organisation_id, cursor):
            return begin_again(session, organisation_id, progress, now=now)
        bound = newest(session, organisation_id)
    rows = replay_log.read_rows(session.connection(), Stretch(organisation_id, through, bound), CHUNK + 1)
    if is_last and len(rows) > CHUNK:
        # Many: up to here nothing is being written any more, so the next steps need to stop nobody.
        return Progress({**cursor, "bound": bound}, progress.done, progress.total)
    if len(rows) > CHUNK:
        rows, bound = rows[:CHUNK], rows[CHUNK - 1][0]
    _apply(session.connection(), organisation_id, cursor, rows)
    done = progress.done + len(rows)
    moved = {**cursor, "through": bound}
    if is_last:
        _finish(session, organisation_id, moved, now)
    return Progress(moved, done, done if is_last else max(done, progress.total), finished=is_last)


def _apply(
    connection: Connection, organisation_id: int, cursor: Mapping[str, Any], rows: list[tuple[int, str, int, Any]]
) -> None:
    """Apply evidence by the tags of this replay; that of parts without tags goes on waiting for them."""
    tags = replay_log.Tags.of(connection, organisation_id, cursor)
    pieces = []
    for seq, learner, at, body in rows:
        part = tags.find(connection, part_name(body["activity"], body["part"], body["content"]))
        if part is not None:
            pieces.append(
                Scored(
                    seq=seq,
                    learner=learner,
                    item=f"{body['activity']}/{body['part']}",
                    form=body["form"],
                    occasion=body.get("occasion", ""),
                    score=Score(body["score"]),
                    tries=body["try"],
                    hints=body["hints"],
                    options=part.options,
                    rater=body["rater"],
                    at=moment(at),
                    weights=tuple((code, float(share)) for code, share in part.tags.items()),
                )
            )
    if pieces:
        steps.advance(Driver(connection), Place(organisation_id, cursor["generation"]), pieces)


def _is_outdated(session: Session, organisation_id: int, cursor: Mapping[str, Any]) -> bool:
    """Say whether something has come that bears on evidence which this replay has counted."""
    basis: int = cursor["basis"]
    if Choice(**cursor["choice"]).keep_tags and adopted_tags(session, organisation_id) != cursor["tags"]:
        return True  # Another replay was adopted, with newer tags.
    return replay.newest_bearing(session, organisation_id) > basis


def begin_again(session: Session, organisation_id: int, progress: Progress, *, now: datetime) -> Progress:
    """Drop what was computed and compute it with what is known now, by the weights that hold now where it is adopted.

    Raises ReplayOutdatedError where somebody has looked at what shall be adopted.
    """
    cursor = progress.cursor
    if cursor.get("seen"):
        raise ReplayOutdatedError
    session.get_one(MasteryGeneration, cursor["generation"]).state = replay.DROPPED
    session.flush()
    choice = Choice(**cursor["choice"])
    if choice.is_outdated:
        choice = Choice(keep_tags=choice.keep_tags)
    generation = replay.new_generation(session, organisation_id, choice, now)
    begun = {"choice": asdict(choice), "generation": generation.id, "phase": "clear"}
    return Progress(begun, 0, progress.total)


def _finish(session: Session, organisation_id: int, cursor: Mapping[str, Any], now: datetime) -> None:
    """Move the pointer to a generation that holds every event, or leave it where it can be looked at."""
    generation = session.get_one(MasteryGeneration, cursor["generation"])
    generation.through_seq = cursor["through"]
    if not cursor["choice"]["adopt"]:
        generation.state = replay.COMPUTED
        session.flush()
        return
    replay.drop(session, organisation_id, cache.ADOPTED)
    generation.state = cache.ADOPTED
    session.flush()
    note_model(
        session.connection(),
        organisation_id,
        constants=generation.constants,
        weights=generation.weights,
        policy=generation.policy,
        now=now,
    )
