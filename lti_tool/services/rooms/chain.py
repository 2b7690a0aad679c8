"""Chains of a room: each team runs the four firms of a supply chain, and all teams have the same customers.

A team's score in a round is (value − naive) / (best − naive), clipped to [0, 1]: *value* is minus the expected cost of the
round over every future that the world holds, *naive* and *best* are those of chains that were run by one rule of thumb, and
by base stock, from the first round on. So luck counts nothing.

What a role added is its Shapley value in the game whose coalitions play as they did while all other roles play the naive
rule: exact over the 2^4 coalitions. The values add up to value − naive; a role that a bot played has added nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any, Final

from lti_tool.services.rooms.game import Credit, Document, RoundResult, Seen, Small, TeamResult, digest_of
from qualoop.player.project_worlds import Recent
from qualoop.simulators import BaselineKind, Decision, DecisionForm
from qualoop.simulators.decisions import packed, unpacked, with_components
from qualoop.simulators.project import Team
from qualoop.simulators.scoring import as_score, shapley
from qualoop.simulators.stock.beer import BeerGameEngine
from qualoop.simulators.stock.beer_pages import ROLE_TITLES
from qualoop.simulators.stock.beer_play import ROLES, costs_by_round, paid, play
from qualoop.simulators.stock.beer_world import BeerGameSpec, BeerGameWorld
from qualoop.simulators.streams import Floats, WorldKey
from qualoop.values import Text

ENGINE: Final = BeerGameEngine.name
_KNOWN: Final = frozenset({"news", "history"})
"""Panels that are the same for every firm."""
_ENGINE: Final = BeerGameEngine()
_ALL_TEAMS: Final[Recent[list[RoundResult]]] = Recent(32)
_CREDITS: Final[Recent[tuple[Credit, ...]]] = Recent(256)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chain:
    """The chains of a room (a `Game`): their world, what is decided in it, the key of its chance."""

    world: BeerGameWorld
    form: DecisionForm
    key: WorldKey
    start: Decision
    name: str = "chain"
    is_shared: bool = False

    @property
    def rounds(self) -> int:
        """Return the rounds of the world."""
        return self.world.spec.rounds

    @property
    def roles(self) -> tuple[Team, ...]:
        """Return the four firms, each of which decides its own rule."""
        return tuple(Team(key=role, title=ROLE_TITLES[role], components=(role,)) for role in ROLES)

    @property
    def shocks(self) -> Mapping[str, Text]:
        """Return what the engine lets happen."""
        return _ENGINE.shocks

    @property
    def columns(self) -> Mapping[str, Text]:
        """Return the firms, whose costs are counted."""
        return ROLE_TITLES

    def unpacked(self, small: Small, /) -> Decision:
        """Return a stored decision."""
        return unpacked(small, self.form)

    def packed(self, decision: Decision, /) -> dict[str, Any]:
        """Return a decision to store."""
        return packed(decision, self.form)

    def results(self, documents: Sequence[Document], /) -> list[RoundResult]:
        """Return the closed rounds; what was decided before lies in the pipelines of each."""
        if not documents:
            return []
        return _ALL_TEAMS.get((self, digest_of(documents)), lambda: _played(self, documents))

    def seen(self, documents: Sequence[Document], team: int, roles: Sequence[str], /) -> tuple[Seen, ...]:
        """Return what firms see of themselves, and what all know; with no roles named, the whole chain's course."""
        state = {"rounds": [self.packed(each) for each in _plan(self, documents, team)]}
        run = self.key.derive("run")
        views = {role: _ENGINE.view(self.world, state, run, role=role).panels for role in roles or ("",)}
        own = [
            Seen(title=ROLE_TITLES.get(role), panels=tuple(each for each in panels if each.key not in _KNOWN))
            for role, panels in views.items()
        ]
        known = tuple(each for each in next(iter(views.values())) if each.key in _KNOWN)
        return tuple(each for each in (*own, Seen(title=None, panels=known)) if each.panels)

    def credits(self, documents: Sequence[Document], team: int, /) -> tuple[Credit, ...]:
        """Return what each role added over all closed rounds, the naive play of the others as it is."""
        if not documents:
            return ()
        return _CREDITS.get((self, digest_of(documents), team), lambda: _shared_out(self, documents, team))


def chain_of(spec: BeerGameSpec, key: str, shocks: Sequence[Mapping[str, Any]] = ()) -> Chain:
    """Return the chains of a room; what its teacher lets happen is part of their world, and changes no round before it."""
    for shock in shocks:
        spec = _ENGINE.with_shock(spec, shock["round"], shock["kind"])
    return _chain(spec, key)


@lru_cache(maxsize=8)
def _chain(spec: BeerGameSpec, key: str) -> Chain:
    secret = WorldKey.from_text(key)
    world = _ENGINE.world(spec, secret)
    return Chain(world=world, form=_ENGINE.form(world), key=secret, start=_naive(world)[0])


def _naive(world: BeerGameWorld) -> Sequence[Decision]:
    """Return the plan of the rule of thumb that bots play."""
    return _ENGINE.baseline(world, BaselineKind.NAIVE)


def _plan(chain: Chain, documents: Sequence[Document], team: int) -> list[Decision]:
    """Return what a team decided; rounds before anybody sat in it were played by bots."""
    stored = [document["teams"].get(str(team)) for document in documents]
    return [chain.start if small is None else chain.unpacked(small) for small in stored]


def _played(chain: Chain, documents: Sequence[Document]) -> list[RoundResult]:
    """Return all rounds of all teams: one simulation for every future, and one a team for what came out."""
    count, teams = len(documents), sorted(map(int, documents[-1]["teams"]))
    plans = [_plan(chain, documents, team) for team in teams]
    ends = [_naive(chain.world)[:count], _ENGINE.reference(chain.world)[:count]]
    values = -costs_by_round(chain.world, [*plans, *ends]).sum(axis=2)
    paid_by_team = [_came_out(chain, plan) for plan in plans]
    found = []
    for number, document in enumerate(documents):
        results = [
            _result(team, values[[place, -2, -1], number], paid_by_team[place][number])
            for place, team in enumerate(teams)
            if str(team) in document["teams"]
        ]
        profits = sorted((each.profit for each in results), reverse=True)
        found.append(RoundResult(number=number, teams=tuple(results), profits=tuple(profits)))
    return found


def _result(team: int, values: Floats, costs: Floats) -> TeamResult:
    value, naive, best = map(float, values)
    share = (value - naive) / (best - naive) if best > naive else 0.0
    return TeamResult(
        team=team,
        profit=-float(costs.sum()),
        expected=value,
        naive=naive,
        best=best,
        scores=(as_score(share),),
        counts=dict(zip(ROLES, costs.tolist(), strict=True)),
    )


def _came_out(chain: Chain, plan: Sequence[Decision]) -> Floats:
    """Return what each firm paid in each round, with the luck that all teams of a room share."""
    world = chain.world
    costs = paid(world, play(world, plan, chain.key.derive("run"))).sum(axis=2)
    by_round: Floats = costs.reshape(len(plan), world.spec.round_weeks, len(ROLES)).sum(axis=1)
    return by_round


def _shared_out(chain: Chain, documents: Sequence[Document], team: int) -> tuple[Credit, ...]:
    plan, count = _plan(chain, documents, team), len(documents)
    naive, reference = _naive(chain.world)[:count], _ENGINE.reference(chain.world)[:count]
    coalitions = [frozenset(each) for size in range(len(ROLES) + 1) for each in combinations(ROLES, size)]
    fields = {role: chain.form.part_of(role) for role in ROLES}
    mixed = [
        [
            with_components(bot, mine, frozenset().union(*(fields[role] for role in coalition)))
            for bot, mine in zip(naive, plan, strict=True)
        ]
        for coalition in coalitions
    ]
    values = -costs_by_round(chain.world, [*mixed, reference]).sum(axis=(1, 2))
    worth = dict(zip(coalitions, values.tolist(), strict=False))
    gap = float(values[-1]) - worth[frozenset()]
    found = shapley(ROLES, worth.__getitem__)
    return tuple(Credit(role=role, value=found[role], share=found[role] / gap if gap > 0 else 0.0) for role in ROLES)
