"""What a team check says: team by question with scratches, what went worst alone and by teams, who reached what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from lti_tool.models import ClassSession, ClassTeamCheck
from lti_tool.services.classes.team_answers import read_answers
from lti_tool.services.classes.team_checks import read_items
from lti_tool.services.classes.team_scores import final_cards
from lti_tool.services.classes.teams import Team, list_teams
from qualoop.classroom.team_check import MOST_POINTS, Card, CheckItem, CheckState, Hardness, hardest, team_score
from qualoop.values import ONE, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamLine:
    """What a team has done so far; ``cards`` by number of the question."""

    team: Team
    cards: Mapping[int, Card]

    @property
    def over(self) -> int:
        """Return how many questions are done with: found, or typed from paper."""
        return sum(card.is_over for card in self.cards.values())

    @property
    def points(self) -> int:
        """Return the sum of the points."""
        return sum(card.points for card in self.cards.values())

    @property
    def score(self) -> Score:
        """Return the share of the points that could be reached."""
        return team_score(self.cards.values())

    @property
    def has_begun(self) -> bool:
        """Say whether anything was scratched or typed, or given by an appeal."""
        return any(card.scratched or card.typed is not None or card.accepted for card in self.cards.values())

    @property
    def on_paper(self) -> bool:
        """Say whether points of a paper card were typed in."""
        return any(card.typed is not None for card in self.cards.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """A check with what everybody did. ``answers`` are of learners for sure, by person and number of the question."""

    check: ClassTeamCheck
    state: CheckState
    items: Sequence[CheckItem]
    lines: Sequence[TeamLine]
    answers: Mapping[int, Mapping[int, Score]]
    hardness: Sequence[Hardness]

    @property
    def worst(self) -> Sequence[Hardness]:
        """Return the questions that went worst."""
        return hardest(self.hardness) if self.answers or any(line.has_begun for line in self.lines) else ()

    def alone(self, person_id: int) -> Score | None:
        """Return the share of the questions that somebody got right alone; what was left open counts 0."""
        given = self.answers.get(person_id)
        return None if given is None else Score.of(sum(given.values()), len(self.items))


def read_check(session: Session, row: ClassSession, check: ClassTeamCheck) -> CheckReport:
    """Return the report of one check."""
    items = read_items(check)
    cards = final_cards(session, check)
    empty = {number: Card(item=item) for number, item in enumerate(items, 1)}
    lines = [TeamLine(team=team, cards=cards.get(team.row.id, empty)) for team in list_teams(session, row)]
    answers = read_answers(session, check)
    return CheckReport(
        check=check,
        state=CheckState(check.state),
        items=items,
        lines=lines,
        answers=answers,
        hardness=[_hardness(number, answers, lines) for number in range(1, len(items) + 1)],
    )


def _hardness(number: int, answers: Mapping[int, Mapping[int, Score]], lines: Sequence[TeamLine]) -> Hardness:
    given = [scores[number] for scores in answers.values() if number in scores]
    # Of points from paper nobody can say at which scratch, but that the most is given at the first.
    begun = [
        line.cards[number] for line in lines if line.cards[number].scratched or line.cards[number].typed is not None
    ]
    return Hardness(
        number=number,
        answered=len(given),
        right=sum(score == ONE for score in given),
        teams=len(begun),
        first=sum(_at_once(card) for card in begun),
    )


def _at_once(card: Card) -> bool:
    return card.typed == MOST_POINTS if card.typed is not None else card.scratched[:1] == (card.item.right,)
