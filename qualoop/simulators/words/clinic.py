"""The engine `copy-clinic`: a product of one's own to write about, hard checks after the draft, then the final text.

Judged, not computed: the checks find what needs no judge, people do the rest by the project's rubric. A claim that breaks
the law is a critical error: it takes the score of `compliance` away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from qualoop.simulators.decisions import Decision, DecisionForm, Plan, Value, packed, unpacked
from qualoop.simulators.engine import BaselineKind, Bound, Happened, PartScore, Refusal, Standard, State
from qualoop.simulators.errors import SpecRefusedError
from qualoop.simulators.scoring import as_score
from qualoop.simulators.streams import WorldKey
from qualoop.simulators.views import View
from qualoop.simulators.words import pages
from qualoop.simulators.words.briefs import BULLETS, Brief, Copy, all_briefs
from qualoop.simulators.words.checks import Checked, check
from qualoop.values import Text

ROUNDS: Final = 2
"""A draft and the final text."""
PARTS: Final = ("compliance", "search")

_EMPTY: Final = Refusal(
    code="nothing-written",
    text=Text({"en": "Write a title at least.", "zh-Hans": "请至少填写标题。"}),
    field="title",
    row=0,
)


class ClinicSpec(BaseModel):
    """What a project says of its clinic."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Literal["en", "zh-Hans"] = Field(default="en", description="Which language of copy stands in the form.")
    products: tuple[str, ...] = Field(default=(), description="Keys of the products to draw from; none means all.")


@dataclass(frozen=True, kw_only=True)
class ClinicWorld:
    """The brief of a learner, and the language that the form begins with."""

    brief: Brief
    language: str

    @cached_property
    def form(self) -> DecisionForm:
        """Return the form."""
        return pages.make_form(self.language)


class CopyClinicEngine:
    """Fulfils `qualoop.simulators.Engine`."""

    name = "copy-clinic"
    value_tolerance = 0.0
    spec_model: type[BaseModel] = ClinicSpec

    def world(self, spec: ClinicSpec, key: WorldKey, /) -> ClinicWorld:
        """Return the brief of a key; raise SpecRefusedError where a product is not known."""
        briefs = all_briefs()
        known = {brief.key for brief in briefs}
        if unknown := sorted(set(spec.products) - known):
            raise SpecRefusedError(f"no product {', '.join(unknown)} (there are: {', '.join(sorted(known))})")
        offered = [brief for brief in briefs if not spec.products or brief.key in spec.products]
        place = int(key.uniforms("brief", shape=1)[0] * len(offered))
        return ClinicWorld(brief=offered[place], language=spec.language)

    def form(self, world: ClinicWorld, /) -> DecisionForm:
        """Return the form, the same for the draft and the final text."""
        return world.form

    def rounds(self, world: ClinicWorld, /) -> int:
        """Return 2: draft and final text."""
        return ROUNDS

    def initial(self, world: ClinicWorld, /) -> State:
        """Return the state before the draft."""
        return {"texts": []}

    def check(self, world: ClinicWorld, state: State, decision: Decision, /) -> list[Refusal]:
        """Refuse a text without a title: there is nothing to look at."""
        return [] if str(decision["title"][0]).strip() else [_EMPTY]

    def step(self, world: ClinicWorld, state: State, decision: Decision, run: WorldKey, /) -> tuple[State, Happened]:
        """Return the state after a text and what the checks found; realised is by how much it is worth more."""
        before = self.plan(world, state)
        checked = _checked(world, decision)
        worth = checked.value - (self.value(world, before) if before else 0.0)
        after = {"texts": [*state["texts"], packed(decision, world.form)]}
        return after, Happened(panels=pages.check_panels(checked), realised=worth)

    def view(self, world: ClinicWorld, state: State, run: WorldKey, /, *, role: str = "") -> View:
        """Return the brief; the final text begins as the draft stood."""
        plan = self.plan(world, state)
        is_over = len(plan) >= ROUNDS
        checks = pages.check_panels(_checked(world, plan[-1])) if plan else ()
        standing: Decision = {} if is_over else plan[-1] if plan else world.form.defaults()
        return View(
            round=len(plan),
            rounds=ROUNDS,
            panels=(*pages.brief_panels(world.brief), *checks),
            form=None if is_over else world.form,
            standing=standing,
        )

    def plan(self, world: ClinicWorld, state: State, /) -> Plan:
        """Return draft and final text, as far as they are written."""
        return [unpacked(small, world.form) for small in state["texts"]]

    def value(self, world: ClinicWorld, plan: Plan, /) -> float:
        """Return the mean of both parts of the last text, 0 to 1: nothing here is left to chance."""
        return _checked(world, plan[-1]).value

    def oracle(self, world: ClinicWorld, /) -> Bound:
        """Return the author's model answer: no check finds anything in it."""
        return Bound(value=1.0, plan=self.reference(world))

    def reference(self, world: ClinicWorld, /) -> Plan:
        """Return the author's model answer, in the language that the form begins with."""
        return [decision_of(world.brief.model[world.language], world.language)] * ROUNDS

    def baseline(self, world: ClinicWorld, kind: BaselineKind, /) -> Plan | None:
        """Return a policy's plan: NAIVE copies the product's name, POOR promises everything under every term."""
        brief, language = world.brief, world.language
        terms = [term.text[language] for term in brief.terms]
        claim = {"en": "best ", "zh-Hans": "最佳"}[language]
        heap = " ".join(terms)
        copies: Mapping[BaselineKind, Copy] = {
            BaselineKind.NAIVE: _copy(brief.name[language]),
            BaselineKind.POOR: _copy(claim + ", ".join(terms), claim + brief.name[language]),
            BaselineKind.NOTHING: _copy(""),
            BaselineKind.SPEND_ALL: _copy(heap, " ".join([claim, *(heap for _ in range(3))]), heap),
            BaselineKind.RATIO_TRICK: _copy(heap, heap),
        }
        return [_clipped(decision_of(copies[kind], language))] * ROUNDS

    def work(self, world: ClinicWorld, plan: Plan, /) -> str:
        """Return the brief and the final text, in the language of the text: what who marks it must have."""
        last = plan[-1]
        return pages.work_text(copy_of(last), world.brief, str(last[pages.LANGUAGE][0]))

    def parts(self, world: ClinicWorld, /) -> Sequence[str]:
        """Return the parts that the checks score; the rubric's rows are added to them."""
        return PARTS

    def scores(self, world: ClinicWorld, plan: Plan, /, standard: Standard | None = None) -> Sequence[PartScore]:
        """Return both parts of the last text; a claim that breaks the law takes `compliance` away."""
        checked = _checked(world, plan[-1])
        shares = {"compliance": checked.compliance, "search": checked.search}
        return [
            PartScore(
                part=part,
                score=float(as_score(shares[part])),
                lost=(1.0 - shares[part]) / len(PARTS),
                why=pages.why(checked, part),
                critical=checked.claims[0].kind if part == "compliance" and checked.claims else None,
            )
            for part in PARTS
        ]


def copy_of(decision: Decision) -> Copy:
    """Return the text of a decision."""
    texts = {key: str(decision[key][0]) for key in pages.TEXT_FIELDS}
    bullets = tuple(texts[f"bullet-{number}"] for number in range(1, BULLETS + 1))
    return Copy(title=texts["title"], bullets=bullets, faq=texts["faq"])


def decision_of(copy: Copy, language: str) -> dict[str, list[Value]]:
    """Return the decision that holds a text."""
    bullets: dict[str, list[Value]] = {f"bullet-{number}": [text] for number, text in enumerate(copy.bullets, start=1)}
    return {pages.LANGUAGE: [language], "title": [copy.title], **bullets, "faq": [copy.faq]}


def _checked(world: ClinicWorld, decision: Decision) -> Checked:
    return check(copy_of(decision), world.brief, str(decision[pages.LANGUAGE][0]))


def _copy(title: str, bullet: str = "", faq: str = "") -> Copy:
    return Copy(title=title, bullets=(bullet,) * BULLETS, faq=faq)


def _clipped(decision: Mapping[str, list[Value]]) -> dict[str, list[Value]]:
    """Return a decision with texts no longer than their fields take."""
    most = {key: pages.LONGEST[key.partition("-")[0]] for key in pages.TEXT_FIELDS}
    return {
        key: [str(value)[: most[key]] if key in most else value for value in values] for key, values in decision.items()
    }
