"""What a market or an operation must be able to do, so that projects can be built on it.

An engine is pure: (world key, decisions) → numbers. It keeps nothing, reads no clock, and draws only from its keys. A
package offers engines under the entry points `qualoop.engines`: the name is the engine, the value a class without
constructor arguments that fulfils `Engine`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

from pydantic import BaseModel

from qualoop.authored_files import Problems
from qualoop.simulators.decisions import Decision, DecisionForm, Plan
from qualoop.simulators.streams import WorldKey
from qualoop.simulators.views import Panel, View
from qualoop.values import Text

State: TypeAlias = Mapping[str, Any]
"""Plain JSON, at most 64 KB: what was decided, never what follows from it."""


class BaselineKind(StrEnum):
    """Policies that say where a score begins, and bots that must stay poor."""

    NAIVE = "naive"
    """Where the score is 0: what somebody does who knows nothing."""
    POOR = "poor"
    """Poor in every component: against it a component's share of the gap is measured."""
    NOTHING = "nothing"
    """Does nothing."""
    SPEND_ALL = "spend-all"
    """Spends, orders or agrees to as much as can be."""
    RATIO_TRICK = "ratio-trick"
    """Makes the figure that learners like to be ranked on look good, and earns nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a decision is refused: the field and row (from 0) at fault, both None where it is the whole.

    ``code`` is stable; ``text`` says what is wrong and what to do.
    """

    code: str
    text: Text
    field: str | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What nobody can beat: ``value`` at or above every plan's, and a plan that comes near it."""

    value: float
    plan: Plan
    notes: Mapping[str, float] = field(default_factory=dict)
    """Further numbers for whoever explains it, such as the shadow price of a budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What a round brought: ``panels`` to look at, ``realised`` the value as it came out, luck and all."""

    panels: tuple[Panel, ...]
    realised: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartScore:
    """How well one component was decided: ``score`` in [0, 1].

    ``lost`` is how much value was lost against the reference, by this component (its Shapley share); ``why`` says what
    it was; ``critical`` names the breach that capped it, where one did.
    """

    part: str
    score: float
    lost: float
    why: Text
    critical: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """What plans in a world are measured against; worth keeping by world (`scoring.standard_of` makes it).

    ``naive``, ``reference`` and ``oracle`` are values; ``poor_lost`` is how much each component of the poor plan loses
    against the reference.
    """

    naive: float
    reference: float
    oracle: float
    poor_lost: Mapping[str, float]


class Engine(Protocol):
    """A market or an operation. `W` below is its own type of world: frozen, never shown, made anew from its key."""

    name: str
    """The entry point's name."""
    value_tolerance: float
    """By which share of itself the value may differ from the mean of sampled runs, for an approximation that is known."""
    spec_model: type[BaseModel]
    """What a project's `world` may say, with defaults; its JSON Schema is the authors' documentation."""

    def world(self, spec: Any, key: WorldKey, /) -> Any:
        """Return the world of a checked ``spec`` (an instance of ``spec_model``): the same for the same key, anywhere."""

    def form(self, world: Any, /) -> DecisionForm:
        """Return what is to be decided; the same in every round."""

    def rounds(self, world: Any, /) -> int:
        """Return how many decisions a plan has."""

    def initial(self, world: Any, /) -> State:
        """Return the state before the first round."""

    def check(self, world: Any, state: State, decision: Decision, /) -> list[Refusal]:
        """Return what is wrong with a decision that fits the form: rules that no single field knows."""

    def step(self, world: Any, state: State, decision: Decision, run: WorldKey, /) -> tuple[State, Happened]:
        """Return the state after a round, and what it brought to whoever has the luck of ``run``."""

    def view(self, world: Any, state: State, run: WorldKey, /, *, role: str = "") -> View:
        """Return what may be seen after the rounds of ``state``, which are played again with the luck of ``run``.

        ``role`` is empty for who decides everything; else the view of one role of a team.
        """

    def plan(self, world: Any, state: State, /) -> Plan:
        """Return what was decided so far, a decision a round."""

    def value(self, world: Any, plan: Plan, /) -> float:
        """Return the expected value of a whole plan under the true parameters: free of luck."""

    def oracle(self, world: Any, /) -> Bound:
        """Return the clairvoyant best."""

    def reference(self, world: Any, /) -> Plan:
        """Return what earns full marks: a good policy that knows no more than a learner can."""

    def baseline(self, world: Any, kind: BaselineKind, /) -> Plan | None:
        """Return the plan of a policy; None where the engine has none of this kind (NAIVE and POOR it always has)."""

    def scores(self, world: Any, plan: Plan, /, standard: Standard | None = None) -> Sequence[PartScore]:
        """Return the score of every component; most engines call `scoring.gap_scores`.

        ``standard`` is that of the world, where the caller has it: it is costly to make.
        """


@runtime_checkable
class NamesParts(Protocol):
    """What an engine offers whose parts are not the components of its decisions, as in a dialogue."""

    def parts(self, world: Any, /) -> Sequence[str]:
        """Return what is scored."""


@runtime_checkable
class ChecksPacks(Protocol):
    """What an engine offers besides, whose packs must hold more than the form of its values."""

    def check_pack(self, root: Path, name: str, problems: Problems, /) -> None:
        """Note all that is wrong with a project's pack ``root/packs/name.yaml``, each with its line."""


def parts_of(engine: Engine, world: Any) -> tuple[str, ...]:
    """Return what an engine scores in a world, without computing anything."""
    return tuple(engine.parts(world)) if isinstance(engine, NamesParts) else engine.form(world).components


def is_steady(engine: Engine, world: Any, run: WorldKey) -> bool:
    """Say whether the same is decided in every round: in a dialogue it is not, and its end may come early."""
    return engine.view(world, engine.initial(world), run).form == engine.form(world)


MOST_SHOCKS: Final = 12
"""So many things may happen in one world, at most: nobody could follow more."""


@runtime_checkable
class TakesShocks(Protocol):
    """What an engine offers besides, in whose worlds a teacher may let something happen, for everybody alike."""

    @property
    def shocks(self) -> Mapping[str, Text]:
        """Return what can happen, by kind, as people read it."""

    def with_shock(self, spec: Any, number: int, kind: str, /) -> Any:
        """Return a checked spec in whose worlds it happens from round ``number`` (from 1) on; rounds before stay alike.

        Raises ValueError where there is no such kind, or it cannot begin in this round.
        """


@runtime_checkable
class PlansEvents(Protocol):
    """What an engine tells teachers besides: what a project's own file lets happen, whatever they add to it."""

    def events(self, spec: Any, /) -> Sequence[tuple[int, Text]]:
        """Return in which round (from 1) what happens, in words, in the order of the rounds."""


@runtime_checkable
class JudgedEngine(Protocol):
    """What an engine can besides, whose projects people judge by a rubric."""

    def work(self, world: Any, plan: Plan, /) -> str:
        """Return what is judged of a plan, with all that who judges it must know of the world, as plain text."""


@runtime_checkable
class NamesHidden(Protocol):
    """What an engine tells the conformance suite besides: which numbers of a world no view may show."""

    def hidden(self, world: Any, /) -> Mapping[str, Sequence[float]]:
        """Return by name what must be found out: in each world of a project the same names, numbers in the same order."""


@runtime_checkable
class HoldsLaws(Protocol):
    """What an engine tells the conformance suite besides: what can neither appear nor get lost in its worlds."""

    def laws(self, world: Any, plan: Plan, run: WorldKey, /) -> Mapping[str, float]:
        """Return by law by how much a run of a plan breaks it: 0 where pieces, money or cases add up."""


@runtime_checkable
class HasUnused(Protocol):
    """What an engine tells the conformance suite besides: where a decision is made that nothing comes of."""

    def unused(self, world: Any, plan: Plan, /) -> Plan:
        """Return the plan with something else in fields that are not used, such as bids of keywords that are off."""
