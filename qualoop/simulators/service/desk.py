"""The engine `chat-desk`: customers in three windows at once, their moods and questions hidden, the shop's rules given.

Judged, not computed: the best way through each conversation is known by dynamic programming, but a conversation is no
equation. A breach of the shop's rules is a critical error: it takes the score of `policy` away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from qualoop.simulators.decisions import Decision, DecisionForm, Plan, packed, unpacked
from qualoop.simulators.engine import BaselineKind, Bound, Happened, PartScore, Refusal, Standard, State
from qualoop.simulators.errors import SpecRefusedError
from qualoop.simulators.scoring import as_score
from qualoop.simulators.service import desk_pages, policies
from qualoop.simulators.service.dialogue import Conversation
from qualoop.simulators.service.script import PARTS, Script
from qualoop.simulators.service.shift import WAIT, Shift, make_chat
from qualoop.simulators.streams import WorldKey
from qualoop.simulators.views import View
from qualoop.values import Text

MOST_TURNS: Final = 24

_POLICIES: Final[Mapping[BaselineKind, policies.Pick]] = {
    # Whoever answers without looking makes less than nothing; were that the zero, saying nothing would score.
    BaselineKind.NAIVE: policies.nothing,
    BaselineKind.POOR: policies.worst,
    BaselineKind.NOTHING: policies.nothing,
    BaselineKind.SPEND_ALL: policies.longest,
    BaselineKind.RATIO_TRICK: policies.quickest,
}


class Packs(BaseModel):
    """What comes from packs/: the conversations."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scripts: dict[str, Script] = Field(description="Conversations by name: packs/scripts.yaml.")


class DeskSpec(BaseModel):
    """What a project says of its shift."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    windows: int = Field(default=3, ge=1, le=4, description="How many chats are open at once.")
    chats: int = Field(default=6, ge=1, le=12, description="How many customers come in a shift.")
    turns: int = Field(default=14, ge=4, le=MOST_TURNS, description="How many turns the shift has.")
    seconds: int = Field(default=90, ge=30, le=600, description="How long a turn is: replies must fit into it.")
    rules: Text = Field(
        default=Text({"en": "Keep to the policy of the shop.", "zh-Hans": "请遵守店铺政策。"}),
        description="The shop's rules, shown all the time (Markdown).",
    )
    packs: Packs = Field(default=Packs(scripts={}), description="The conversations.")


class ChatDeskEngine:
    """Fulfils `qualoop.simulators.Engine`."""

    name = "chat-desk"
    value_tolerance = 0.0
    spec_model: type[BaseModel] = DeskSpec

    def world(self, spec: DeskSpec, key: WorldKey, /) -> desk_pages.DeskWorld:
        """Return the shift of a key: which customers come, in which window, with which words and patience."""
        scripts = spec.packs.scripts
        if not scripts:
            raise SpecRefusedError("a chat desk needs conversations: packs/scripts.yaml")
        customers = [
            Conversation(script=script, variant=variant)
            for name, script in sorted(scripts.items())
            for variant in script.variants
        ]
        order = key.uniforms("customers", shape=len(customers)).argsort(kind="stable").tolist()
        chosen = _different_first([customers[place] for place in order])[: spec.chats]
        chats = tuple(make_chat(each, number, key.derive("chat", number)) for number, each in enumerate(chosen))
        queues = tuple(tuple(range(window, len(chats), spec.windows)) for window in range(spec.windows))
        shift = Shift(chats=chats, queues=queues, turns=spec.turns, seconds=spec.seconds)
        return desk_pages.DeskWorld(shift=shift, rules=spec.rules)

    def form(self, world: desk_pages.DeskWorld, /) -> DecisionForm:
        """Return every reply that could ever be given; what can be said now is in the view's form."""
        return world.form

    def rounds(self, world: desk_pages.DeskWorld, /) -> int:
        """Return the number of turns."""
        return world.shift.turns

    def initial(self, world: desk_pages.DeskWorld, /) -> State:
        """Return the state before the first turn."""
        return {"turns": []}

    def check(self, world: desk_pages.DeskWorld, state: State, decision: Decision, /) -> list[Refusal]:
        """Refuse what cannot be said now, and what takes longer than the turn."""
        shift = world.shift
        desk = shift.after(self._turns(world, state))
        needed = 0
        refusals = []
        for window, pick in enumerate(_picks(decision, shift)):
            if pick == WAIT:
                continue
            if pick not in shift.offered(desk, window):
                refusals.append(desk_pages.gone(window))
                continue
            chat = shift.chats[desk.queues[window][0]]
            needed += chat.reply(chat.offers[pick]).seconds
        if needed > shift.seconds:
            refusals.append(desk_pages.too_long(needed, shift.seconds))
        return refusals

    def step(
        self, world: desk_pages.DeskWorld, state: State, decision: Decision, run: WorldKey, /
    ) -> tuple[State, Happened]:
        """Return the state after a turn, and what was said in it."""
        after = {"turns": [*state["turns"], packed(decision, self.form(world))]}
        turns = self._turns(world, after)
        before = world.shift.value(turns[:-1])
        return after, Happened(panels=desk_pages.turn_panels(world, turns), realised=world.shift.value(turns) - before)

    def view(self, world: desk_pages.DeskWorld, state: State, run: WorldKey, /, *, role: str = "") -> View:
        """Return the windows as they stand, and what can be said."""
        return desk_pages.view(world, self._turns(world, state))

    def plan(self, world: desk_pages.DeskWorld, state: State, /) -> Plan:
        """Return what was decided so far."""
        form = self.form(world)
        return [unpacked(small, form) for small in state["turns"]]

    def _turns(self, world: desk_pages.DeskWorld, state: State) -> list[list[str]]:
        return [_picks(decision, world.shift) for decision in self.plan(world, state)]

    def value(self, world: desk_pages.DeskWorld, plan: Plan, /) -> float:
        """Return all points, less what breaches cost: nothing here is left to chance."""
        return world.shift.value([_picks(decision, world.shift) for decision in plan])

    def oracle(self, world: desk_pages.DeskWorld, /) -> Bound:
        """Return the best way through every conversation, as if there were time for all."""
        bests = [chat.conversation.best(chat.conversation.begin())[0] for chat in world.shift.chats]
        return Bound(value=sum(bests), plan=self.reference(world))

    def reference(self, world: desk_pages.DeskWorld, /) -> Plan:
        """Return the best reply in each window, the most impatient customer first."""
        return self._worked(world, policies.best)

    def baseline(self, world: desk_pages.DeskWorld, kind: BaselineKind, /) -> Plan | None:
        """Return a policy's plan; the ratio to trick is the time to an answer."""
        return self._worked(world, _POLICIES[kind])

    def _worked(self, world: desk_pages.DeskWorld, pick: policies.Pick) -> Plan:
        return [
            {desk_pages.field_key(window): [key] for window, key in enumerate(picks)}
            for picks in policies.worked(world.shift, pick)
        ]

    def parts(self, world: desk_pages.DeskWorld, /) -> Sequence[str]:
        """Return the parts: what a reply shows of the adviser, not the windows that are decided on."""
        return PARTS

    def scores(
        self, world: desk_pages.DeskWorld, plan: Plan, /, standard: Standard | None = None
    ) -> Sequence[PartScore]:
        """Return each part's points as a share of the reference's; a breach takes `policy` away."""
        shift = world.shift
        turns = [_picks(decision, shift) for decision in plan]
        full = shift.points([_picks(decision, shift) for decision in self.reference(world)])
        made = shift.points(turns)
        breaches = [reply.breach for reply in shift.replies(turns) if reply.breach]
        scores = []
        for part in PARTS:
            critical = breaches[0] if part == "policy" and breaches else None
            share = made[part] / full[part] if full[part] > 0 else float(made[part] >= 0)
            scores.append(
                PartScore(
                    part=part,
                    score=0.0 if critical else float(as_score(share)),
                    lost=float(full[part] - made[part]),
                    why=desk_pages.why(world, turns, part, critical=critical, lost=full[part] - made[part]),
                    critical=critical,
                )
            )
        return scores

    def laws(self, world: desk_pages.DeskWorld, plan: Plan, run: WorldKey, /) -> Mapping[str, float]:
        """Return how many customers are neither served, nor gone, nor waiting, and how many lines begin elsewhere."""
        return world.shift.unaccounted([_picks(decision, world.shift) for decision in plan])


def _picks(decision: Decision, shift: Shift) -> list[str]:
    return [str(decision[desk_pages.field_key(window)][0]) for window in range(shift.windows)]


def _different_first(customers: Sequence[Conversation]) -> list[Conversation]:
    """Return customers so that no script comes twice before every script has come once."""
    seen: dict[int, int] = {}
    ranked = []
    for place, each in enumerate(customers):
        times = seen.get(id(each.script), 0)
        seen[id(each.script)] = times + 1
        ranked.append((times, place, each))
    return [each for _, _, each in sorted(ranked, key=lambda entry: entry[:2])]
