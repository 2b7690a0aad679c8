"""Who answered what in a class, by name: for the instructor only. Whose a text that was typed freely is is not told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import ClassPoll, ClassSeat, ClassSession, ClassVote
from lti_tool.services.classes.sessions import link_of_session
from lti_tool.services.courses.members import Member, list_members
from qualoop.values import ONE, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedVote:
    """One vote. ``member`` is whose it is, or, unless ``is_confirmed``, whose it says to be; None for nobody of the course now.

    ``is_text`` says that it was typed freely: then ``response`` is empty.
    """

    poll_id: int
    round: int
    member: Member | None
    is_confirmed: bool
    response: tuple[str, ...]
    is_text: bool
    score: Score | None
    cast_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainers:
    """Who was right in the first vote and could explain: for sure, and by devices that nobody vouches for yet."""

    sure: Sequence[Member]
    unconfirmed: Sequence[Member]


def named_votes(session: Session, row: ClassSession, polls: Sequence[ClassPoll]) -> Mapping[int, Sequence[NamedVote]]:
    """Return the votes of some polls of a session by poll: by round, then by name, those of unconfirmed devices last."""
    members = list_members(session.connection(), link_of_session(row))
    people = {member.subject.person_id: member for member in members}
    order = {person: place for place, person in enumerate(people)}
    found: dict[int, list[NamedVote]] = {poll.id: [] for poll in polls}
    rows = session.execute(
        select(ClassVote, ClassSeat.person_id, ClassSeat.is_confirmed)
        .join(ClassSeat, ClassSeat.id == ClassVote.class_seat_id)
        .where(ClassVote.organisation_id == row.organisation_id, ClassVote.class_poll_id.in_(found))
        .order_by(ClassVote.id)
    ).all()
    for vote, person, is_confirmed in sorted(rows, key=lambda each: (not each[2], order.get(each[1] or 0, len(order)))):
        found[vote.class_poll_id].append(_named(vote, people.get(person or 0), is_confirmed=is_confirmed))
    return {poll: sorted(votes, key=lambda vote: vote.round) for poll, votes in found.items()}


def explainers(session: Session, poll: ClassPoll, members: Sequence[Member]) -> Explainers:
    """Return which of the course's ``members`` were right in the first vote of a poll, once that is closed; nobody before."""
    if poll.first_closed_at is None:
        return Explainers(sure=(), unconfirmed=())
    first = session.execute(
        select(ClassSeat.person_id, ClassSeat.is_confirmed, ClassVote.score)
        .join(ClassVote, ClassVote.class_seat_id == ClassSeat.id)
        .where(ClassVote.organisation_id == poll.organisation_id, ClassVote.class_poll_id == poll.id)
        .where(ClassVote.round == 1)
        # Of several devices of one person the confirmed one is told.
        .order_by(ClassSeat.is_confirmed)
    )
    people = {
        person: is_confirmed for person, is_confirmed, score in first if score is not None and Score(score) == ONE
    }
    right = [(member, people.get(member.subject.person_id)) for member in members]
    return Explainers(
        sure=[member for member, is_confirmed in right if is_confirmed],
        unconfirmed=[member for member, is_confirmed in right if is_confirmed is False],
    )


def _named(vote: ClassVote, member: Member | None, *, is_confirmed: bool) -> NamedVote:
    return NamedVote(
        poll_id=vote.class_poll_id,
        round=vote.round,
        member=member,
        is_confirmed=is_confirmed,
        response=tuple(vote.response),
        is_text=vote.text_sealed is not None,
        score=None if vote.score is None else Score(vote.score),
        cast_at=vote.cast_at,
    )
