"""What a class plays in a room: an interface, of which there is one kind a module (`rooms.market`, `rooms.chain`).

A room stores decisions only. What they bring is computed again from the room's key and its rounds' documents wherever it
is shown, so that a page can never tell something else than the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from qualoop.simulators import Decision, DecisionForm, Panel
from qualoop.simulators.project import Team
from qualoop.simulators.streams import WorldKey
from qualoop.values import Score, Text

Small: TypeAlias = Mapping[str, Any]
"""A decision as it is stored: `decisions.packed`."""
Document: TypeAlias = Mapping[str, Any]
"""A closed round as it is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamResult:
    """What a round, or several, brought a team: money in the project's currency, costs below 0.

    ``profit`` is what came out; ``expected``, ``naive`` and ``best`` are free of luck; ``scores`` has one score a round, in
    [0, 1]; ``counts`` are the game's own numbers, by the keys of `Game.columns`.
    """

    team: int
    profit: float
    expected: float
    naive: float
    best: float
    scores: tuple[Score, ...]
    counts: Mapping[str, float] = field(default_factory=dict)

    @property
    def lost(self) -> float:
        """Return the regret: what the best would have brought more."""
        return max(self.best - self.expected, 0.0)

    @property
    def score(self) -> Score:
        """Return the mean of the rounds' scores."""
        return Score.of(sum(self.scores, Score(0)), len(self.scores))


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundResult:
    """A closed round, counted from 0: the teams by number; ``profits`` are those of everybody in it, falling."""

    number: int
    teams: tuple[TeamResult, ...]
    profits: tuple[float, ...]

    def find(self, team: int) -> TeamResult | None:
        """Return a team's result, None where nobody sat in it."""
        return next((each for each in self.teams if each.team == team), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What teams decide in a round: decisions by team, those of ghosts, how many there are in all.

    ``bots`` are by team the roles that nobody held, which a rule of thumb plays.
    """

    teams: Mapping[int, Small]
    ghosts: Sequence[Small] = ()
    size: int = 0
    bots: Mapping[int, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What a role added to its team's result: money over the naive play, and the same as a share of the whole gap."""

    role: str
    value: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Panels to look at, of a role, or with no ``title`` of everybody."""

    title: Text | None
    panels: tuple[Panel, ...]


class Game(Protocol):
    """A game of a room with its key: frozen, made anew from them."""

    @property
    def name(self) -> str:
        """Return which game it is: `market` or `chain`."""

    @property
    def form(self) -> DecisionForm:
        """Return all that a team decides in a round."""

    @property
    def key(self) -> WorldKey:
        """Return the key of the world and its chance."""

    @property
    def rounds(self) -> int:
        """Return how many rounds there are."""

    @property
    def roles(self) -> tuple[Team, ...]:
        """Return who decides what, where a project names no roles of its own."""

    @property
    def is_shared(self) -> bool:
        """Say whether teams meet in one market, which bots and ghosts fill up, and see each other's decisions in a team."""

    @property
    def shocks(self) -> Mapping[str, Text]:
        """Return what a teacher may let happen, by kind."""

    @property
    def columns(self) -> Mapping[str, Text]:
        """Return the game's own numbers of a result, by key."""

    @property
    def start(self) -> Decision:
        """Return the decision that stands before anybody decided, and that bots play."""

    def unpacked(self, small: Small, /) -> Decision:
        """Return a stored decision."""

    def packed(self, decision: Decision, /) -> dict[str, Any]:
        """Return a decision to store."""

    def results(self, documents: Sequence[Document], /) -> list[RoundResult]:
        """Return what the closed rounds brought, the last one's last."""

    def seen(self, documents: Sequence[Document], team: int, roles: Sequence[str], /) -> tuple[Seen, ...]:
        """Return what the holder of some roles sees after the closed rounds; with no roles named, the whole team's."""

    def credits(self, documents: Sequence[Document], team: int, /) -> tuple[Credit, ...]:
        """Return what each role added to the rounds together; nothing where a team's roles have no play of their own."""


def round_document(line: Line) -> dict[str, Any]:
    """Return how a round is stored, with a digest over it."""
    played: dict[str, Any] = {
        "teams": {str(team): line.teams[team] for team in sorted(line.teams)},
        "ghosts": list(line.ghosts),
        "size": line.size,
    }
    if line.bots:
        played["bots"] = {str(team): list(line.bots[team]) for team in sorted(line.bots)}
    digest = hashlib.sha256(json.dumps(played, sort_keys=True).encode()).hexdigest()
    return {**played, "digest": digest}


def digest_of(documents: Sequence[Document]) -> tuple[str, ...]:
    """Return what names closed rounds."""
    return tuple(document["digest"] for document in documents)


def total(rounds: Sequence[RoundResult], team: int) -> TeamResult | None:
    """Return a team's rounds together; None where it has none."""
    found = [result for each in rounds if (result := each.find(team)) is not None]
    if not found:
        return None
    sums = {name: sum(getattr(each, name) for each in found) for name in ("profit", "expected", "naive", "best")}
    counts = {key: sum(each.counts[key] for each in found) for key in found[0].counts}
    return TeamResult(team=team, scores=tuple(score for each in found for score in each.scores), counts=counts, **sums)


def standings(rounds: Sequence[RoundResult]) -> list[TeamResult]:
    """Return all teams, the best score first, then the higher profit."""
    teams = sorted({each.team for result in rounds for each in result.teams})
    found = [each for team in teams if (each := total(rounds, team)) is not None]
    return sorted(found, key=lambda each: (-each.score, -each.profit, each.team))
