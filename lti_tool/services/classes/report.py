"""What the polls of a class say: shares, the switch matrix, gain per knowledge point, who did not vote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import Activity, ClassPoll, ClassSession, ContentVersion
from lti_tool.services.classes.seats import list_seats
from lti_tool.services.classes.sessions import link_of_session
from lti_tool.services.classes.votes import Votes, read_votes, voted_seats
from lti_tool.services.courses.members import Member, list_members
from lti_tool.services.mastery.content_install import newest_tags
from qualoop.classroom.questions import Question
from qualoop.classroom.votes import (
    Limits,
    NextStep,
    PointGain,
    PollState,
    Switches,
    gain,
    gains_by_point,
    share_right,
    suggestion,
    switches,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """A poll with its votes, for the instructor. ``shares`` are the shares of right votes by round, None where none is."""

    poll: ClassPoll
    question: Question
    state: PollState
    votes: Mapping[int, Votes]
    shares: Mapping[int, float | None]
    suggested: NextStep | None
    switches: Switches
    gain: float | None


def read_poll(session: Session, row: ClassSession, poll: ClassPoll) -> PollReport:
    """Return the report of one poll."""
    votes = read_votes(session, poll)
    first, second = votes[1].ballots, votes[2].ballots
    limits = Limits(low=row.low_share, high=row.high_share)
    return PollReport(
        poll=poll,
        question=Question.from_document(poll.question),
        state=PollState(poll.state),
        votes=votes,
        shares={number: share_right(each.ballots) for number, each in votes.items()},
        suggested=suggestion(first, limits),
        switches=switches(first, second),
        gain=gain(first, second),
    )


def points_of(session: Session, poll: ClassPoll) -> Mapping[str, float]:
    """Return the knowledge points that a poll's part serves, with their shares; nothing for an opinion."""
    if poll.part is None:
        return {}
    version = session.scalar(
        select(ContentVersion)
        .join(Activity, Activity.id == ContentVersion.activity_id)
        .where(
            ContentVersion.organisation_id == poll.organisation_id,
            Activity.key == poll.activity_key,
            ContentVersion.hash == poll.content_hash,
        )
    )
    tags = newest_tags(session, version)
    return {code: float(share) for code, share in tags.tags.get(poll.part, {}).items()} if tags else {}


def session_gains(session: Session, reports: Sequence[PollReport]) -> Sequence[PointGain]:
    """Return the gain of each knowledge point over the polls of a session."""
    return gains_by_point(
        (report.votes[1].ballots, report.votes[2].ballots, points_of(session, report.poll)) for report in reports
    )


def who_did_not_vote(session: Session, row: ClassSession, poll: ClassPoll, number: int) -> Sequence[Member]:
    """Return the learners who are in the session for sure and have no vote in a round."""
    voted = voted_seats(session, poll, number)
    there = {seat.person_id: seat.id in voted for seat in list_seats(session, row) if seat.is_confirmed}
    members = list_members(session.connection(), link_of_session(row))
    return [member for member in members if there.get(member.subject.person_id) is False]
