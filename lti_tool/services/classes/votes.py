"""The votes of a poll: one row for each seat and round, written at one go, read as ballots."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import Session

from lti_tool.db import Prepared, micros
from lti_tool.models import ClassPoll, ClassSeat, ClassVote, Person
from lti_tool.services.people.learner_keys import KeyOwner, open_text
from qualoop.assessment import ShortText
from qualoop.assessment.wording import comparable
from qualoop.classroom.questions import Question
from qualoop.classroom.votes import ROUNDS, Ballot
from qualoop.values import Score

MOST_TEXTS: Final = 500

# The later one of two that come at once counts, whichever is written first.
_CAST = Prepared(
    text(
        "INSERT INTO class_vote (organisation_id, class_poll_id, class_seat_id, round, response, text_sealed, score, "
        "cast_at) VALUES (:organisation_id, :poll, :seat, :round, :response, :sealed, :score, :now) "
        "ON CONFLICT (class_poll_id, round, class_seat_id) DO UPDATE SET response = excluded.response, "
        "text_sealed = excluded.text_sealed, score = excluded.score, cast_at = excluded.cast_at "
        "WHERE class_vote.cast_at <= excluded.cast_at"
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a vote says: a response by keys, or the token of what was typed; its score where anything is right."""

    response: Sequence[str]
    sealed: str | None
    score: str | None
    cast_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """The votes of one round: those that count, and how many wait for a teacher's word on whose they are."""

    ballots: Sequence[Ballot]
    unconfirmed: int


def cast(connection: Connection, poll: ClassPoll, seat: ClassSeat, number: int, *, given: Given) -> None:
    """Write a vote in the transaction of ``connection``; whether the round takes any is the caller's to know."""
    values = {
        "organisation_id": poll.organisation_id,
        "poll": poll.id,
        "seat": seat.id,
        "round": number,
        "response": json.dumps(list(given.response)),
        "sealed": given.sealed,
        "score": given.score,
        "now": micros(given.cast_at),
    }
    _CAST.run(connection, values)


def read_votes(session: Session, poll: ClassPoll) -> dict[int, Votes]:
    """Return the votes of a poll by round, 1 and 2."""
    rows = session.execute(
        select(ClassVote.round, ClassVote.class_seat_id, ClassVote.response, ClassVote.score, ClassSeat.is_confirmed)
        .join(ClassSeat, ClassSeat.id == ClassVote.class_seat_id)
        .where(ClassVote.organisation_id == poll.organisation_id, ClassVote.class_poll_id == poll.id)
        .order_by(ClassVote.id)
    ).all()
    return {
        number: Votes(
            ballots=[
                Ballot(seat=row[1], response=tuple(row[2]), score=None if row[3] is None else Score(row[3]))
                for row in rows
                if row[0] == number and row[4]
            ],
            unconfirmed=sum(row[0] == number and not row[4] for row in rows),
        )
        for number in ROUNDS
    }


def count_votes(session: Session, poll: ClassPoll) -> dict[int, int]:
    """Return how many have voted by round, unconfirmed ones too: what everybody may see."""
    rows = session.execute(
        select(ClassVote.round, func.count())
        .where(ClassVote.organisation_id == poll.organisation_id, ClassVote.class_poll_id == poll.id)
        .group_by(ClassVote.round)
    )
    found = {row[0]: row[1] for row in rows}
    return {number: found.get(number, 0) for number in ROUNDS}


def find_own(session: Session, poll: ClassPoll, seat: ClassSeat, number: int) -> ClassVote | None:
    """Return a seat's vote of a round."""
    return session.scalar(
        select(ClassVote).where(
            ClassVote.organisation_id == poll.organisation_id,
            ClassVote.class_poll_id == poll.id,
            ClassVote.class_seat_id == seat.id,
            ClassVote.round == number,
        )
    )


def voted_seats(session: Session, poll: ClassPoll, number: int) -> frozenset[int]:
    """Return which seats voted in a round."""
    return frozenset(
        session.scalars(
            select(ClassVote.class_seat_id).where(
                ClassVote.organisation_id == poll.organisation_id,
                ClassVote.class_poll_id == poll.id,
                ClassVote.round == number,
            )
        )
    )


def read_texts(session: Session, poll: ClassPoll, number: int, *, secret: str) -> list[tuple[str, int]]:
    """Return what was typed in a round, alike answers together, the most frequent first; for the instructor.

    Whose an answer is is not told. What was sealed for an erased learner is gone.
    """
    if not isinstance(Question.from_document(poll.question).item, ShortText):
        return []
    rows = session.execute(
        select(ClassVote.text_sealed, Person.uuid)
        .join(ClassSeat, ClassSeat.id == ClassVote.class_seat_id)
        .join(Person, Person.id == ClassSeat.person_id)
        .where(
            ClassVote.organisation_id == poll.organisation_id,
            ClassVote.class_poll_id == poll.id,
            ClassVote.round == number,
            ClassSeat.is_confirmed.is_(True),
        )
        .limit(MOST_TEXTS)
    ).all()
    connection = session.connection()
    found: dict[str, tuple[str, int]] = {}
    for sealed, learner in rows:
        owner = KeyOwner(organisation_id=poll.organisation_id, learner=learner, secret=secret)
        words = open_text(connection, owner, sealed) if sealed else None
        if words:
            alike = comparable(words, case_sensitive=False)
            said, times = found.get(alike, (words, 0))
            found[alike] = (said, times + 1)
    return sorted(found.values(), key=lambda each: (-each[1], each[0]))
