"""What a team reached, as process evidence of each confirmed member who was there. It moves no knowledge point.

Recorded when the class ends; what changes afterwards (an appeal is answered, somebody is marked) the ledger follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from lti_tool.models import (
    ClassAppeal,
    ClassSeat,
    ClassSession,
    ClassTeamCheck,
    ClassTeamScore,
    Organisation,
    Person,
)
from lti_tool.services.classes.evidence import Corrector
from lti_tool.services.classes.team_answers import read_all_cards
from lti_tool.services.classes.team_checks import list_checks, read_items
from lti_tool.services.classes.team_evidence import SOURCE, void
from lti_tool.services.classes.team_parts import TEAM_PART, register_plain
from lti_tool.services.classes.teams import list_teams
from lti_tool.services.evidence import corrections, evidence
from lti_tool.services.evidence.evidence import Submission
from qualoop.classroom.roll_call import Presence
from qualoop.classroom.session import SessionState
from qualoop.classroom.team_check import Card, team_score
from qualoop.framework import Framework
from qualoop.ledger import SCORED_BY_MACHINE, CorrectionRefusedError, Evidence, EvidenceForm, Reason
from qualoop.values import Score

ACCEPT: Final = "accept"
DECLINE: Final = "decline"
_AWAY: Final = frozenset({Presence.ABSENT.value, Presence.EXCUSED.value})


def final_cards(session: Session, check: ClassTeamCheck, team_id: int | None = None) -> dict[int, dict[int, Card]]:
    """Return the cards of every team that has done anything, by team and number, with what accepted appeals changed.

    Of one team, where it is named.
    """
    cards, items = read_all_cards(session, check, team_id), read_items(check)
    accepted = select(ClassAppeal.team_id, ClassAppeal.number).where(
        ClassAppeal.organisation_id == check.organisation_id,
        ClassAppeal.check_id == check.id,
        ClassAppeal.decision == ACCEPT,
    )
    if team_id is not None:
        accepted = accepted.where(ClassAppeal.team_id == team_id)
    for team, number in session.execute(accepted):
        # A team that scratched nothing has something by this alone.
        held = cards.setdefault(team, {each: Card(item=item) for each, item in enumerate(items, 1)})
        held[number] = replace(held[number], accepted=True)
    return cards


def hold(session: Session, row: ClassSession) -> None:
    """Let nobody else record until the transaction ends, where what is done now changes what a session recorded.

    Comes before any row of a team is locked or changed.
    """
    if row.state == SessionState.CLOSED:
        evidence.hold_all(session.connection(), row.organisation_id)


def record_scores(
    session: Session, row: ClassSession, framework: Framework | None, *, by: Corrector, now: datetime
) -> None:
    """Let the ledger say of a closed session what its teams reached; nothing while it is open.

    What is new is recorded, what has changed is revised, and what is nobody's any more is taken back.
    """
    if row.state != SessionState.CLOSED:
        return
    hold(session, row)
    for check in list_checks(session, row):
        if check.team_opened_at is not None and check.taken_back_at is None:
            _Recording(session, row, check, framework=framework, by=by, now=now).run()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """What a member is to have: the team, the score, the pseudonym."""

    team_id: int
    score: Score
    learner: str


class _Recording:
    """Brings the ledger up to date with one check."""

    def __init__(
        self,
        session: Session,
        row: ClassSession,
        check: ClassTeamCheck,
        *,
        framework: Framework | None,
        by: Corrector,
        now: datetime,
    ) -> None:
        self._session, self._row, self._check = session, row, check
        self._framework, self._by, self._now = framework, by, now

    def run(self) -> None:
        """Record, revise, take back."""
        due, stored = self._due(), self._rows(ClassTeamScore.event.is_not(None))
        self._record({person: each for person, each in due.items() if person not in stored})
        organisation = self._session.get_one(Organisation, self._row.organisation_id)
        for person, held in stored.items():
            self._follow(organisation, held, due.get(person))
        self._session.flush()

    def _due(self) -> dict[int, _Due]:
        there = self._there()
        cards = final_cards(self._session, self._check)
        return {
            person: _Due(team_id=team.row.id, score=team_score(cards[team.row.id].values()), learner=there[person])
            for team in list_teams(self._session, self._row)
            if team.row.id in cards
            for person in team.people
            if person in there
        }

    def _there(self) -> Mapping[int, str]:
        """Return the pseudonyms of the learners who sat in the session for sure; a mark by hand has the last word."""
        found = self._session.execute(
            select(Person.id, Person.uuid)
            .join(ClassSeat, ClassSeat.person_id == Person.id)
            .where(
                ClassSeat.organisation_id == self._row.organisation_id,
                ClassSeat.class_session_id == self._row.id,
                ClassSeat.is_confirmed.is_(True),
                ClassSeat.mark.not_in(_AWAY),
            )
        )
        return dict(found.all())

    def _rows(self, which: ColumnElement[bool]) -> dict[int, ClassTeamScore]:
        rows = self._session.scalars(
            select(ClassTeamScore).where(
                ClassTeamScore.organisation_id == self._check.organisation_id,
                ClassTeamScore.check_id == self._check.id,
                which,
            )
        )
        return {row.person_id: row for row in rows}

    def _record(self, new: Mapping[int, _Due]) -> None:
        if not new:
            return
        named = register_plain(self._session, self._row.organisation_id, TEAM_PART, self._framework, now=self._now)
        people = sorted(new)
        submissions = [self._submission(new[person], named) for person in people]
        done = evidence.record_many(self._session.connection(), self._row.organisation_id, submissions, now=self._now)
        # One whose evidence was taken back is used again.
        kept = self._rows(ClassTeamScore.person_id.in_(people))
        for person, recorded in zip(people, done, strict=True):
            held = kept.get(person) or self._added(person, new[person])
            held.score, held.team_id, held.event = new[person].score.as_text(), new[person].team_id, recorded.uuid

    def _added(self, person: int, due: _Due) -> ClassTeamScore:
        held = ClassTeamScore(
            organisation_id=self._check.organisation_id,
            check_id=self._check.id,
            team_id=due.team_id,
            person_id=person,
            score=due.score.as_text(),
        )
        self._session.add(held)
        return held

    def _follow(self, organisation: Organisation, held: ClassTeamScore, due: _Due | None) -> None:
        """Let what is recorded of a member be what is due."""
        if due is None:
            void(self._session, organisation, held.event or "", by=self._by, now=self._now)
            held.event = None
        elif held.score != due.score.as_text():
            request = corrections.Request(
                target=UUID(held.event), reason=Reason.ERROR, actor=self._by.actor, score=due.score
            )
            # What somebody voided elsewhere stays so, and keeps nobody else's from being brought up to date.
            with suppress(CorrectionRefusedError):
                corrections.correct(self._session, organisation, request, secret=self._by.secret, now=self._now)
                held.score, held.team_id = due.score.as_text(), due.team_id

    def _submission(self, due: _Due, named: tuple[str, str, str]) -> Submission:
        activity, content, part = named
        return Submission(
            learner=due.learner,
            evidence=Evidence(
                activity=activity,
                content=content,
                part=part,
                score=due.score,
                form=EvidenceForm.PROCESS,
                rater=SCORED_BY_MACHINE,
                attempt=self._row.uuid,
                tries=1,
                hints=0,
            ),
            # One that was taken back and counts again is another event, by the moment of its recording.
            source=(f"{SOURCE}-team", f"{self._check.uuid}:{due.learner}", f"{self._now:%Y%m%dT%H%M%S%f}"),
            occurred_at=min(self._check.done_at or self._row.closed_at or self._now, self._now),
        )
