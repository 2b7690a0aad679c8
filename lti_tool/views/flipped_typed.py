"""What somebody has typed in the builder of a flipped unit: kept through every press, saved only where all of it is right.

Each field is sent with what the page showed as saved (`was-NAME`), so that a text that nobody touched is not taken for
one that waits to be saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from lti_tool.views.link_form import moment_text, read_moment
from qualoop.classroom.flipped_unit import UnitDates, UnitPlan, UnitRefusedError
from qualoop.classroom.session import PlanFault, plan_faults, plan_text, read_plan, retyped
from qualoop.classroom.unit_building import dated, titled

DATES: Final = ("before", "class_at", "after")
PLAN: Final = "class_plan"
TITLE: Final = "title"
SECTIONS: Final[Mapping[str, Sequence[str]]] = {"title": (TITLE,), "dates": DATES, "plan": (PLAN,)}
ALL: Final = "keep"
"""The edit that saves all sections: what the enter key in a field does."""
_LONGEST: Final = {TITLE: 400, PLAN: 12_000}
_LONGEST_DATE: Final = 40


class TypedRefusedError(UnitRefusedError):
    """What was typed is not right; `fields` says where, `lines` which lines of the plan."""

    def __init__(self, code: str, fields: Sequence[str], lines: Sequence[PlanFault] = ()) -> None:
        super().__init__(code)
        self.fields, self.lines = tuple(fields), tuple(lines)


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of a form as they were typed, and those of them that differ from what was saved."""

    fields: Mapping[str, str] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()

    @property
    def unsaved(self) -> Mapping[str, str]:
        """Return what waits to be saved, as the page shows it again."""
        return {name: _shown(name, self.fields[name]) for name in self.fields if name in self.changed}

    def sections(self, do: str) -> Sequence[str]:
        """Return the sections that an edit saves: the one that it names, or all that were changed."""
        if do != ALL:
            return (do,) if do in SECTIONS else ()
        return [name for name, fields in SECTIONS.items() if self.changed.intersection(fields)]

    def without(self, sections: Sequence[str]) -> Typed:
        """Return what is left once these sections are saved."""
        return replace(self, changed=self.changed.difference(*(SECTIONS[name] for name in sections)))


def read_typed(form: Mapping[str, str], plan: UnitPlan, language: str) -> Typed:
    """Return what a form has of the fields; where it does not say what it showed, that is what the plan has."""
    saved = saved_texts(plan, language)
    fields = {name: _cut(name, form[name]) for name in saved if name in form}
    changed = (name for name, text in fields.items() if not _same(name, text, form.get(f"was-{name}", saved[name])))
    return Typed(fields, frozenset(changed))


def saved_texts(plan: UnitPlan, language: str) -> dict[str, str]:
    """Return what the fields hold of a plan."""
    dates = {name: moment_text(getattr(plan.dates, name)) for name in DATES}
    return {
        TITLE: plan.title[language],
        **dates,
        PLAN: plan_text([step.in_language(language) for step in plan.class_plan]),
    }


def save(plan: UnitPlan, typed: Typed, sections: Sequence[str], language: str) -> UnitPlan:
    """Return a plan with sections as they were typed; raise TypedRefusedError where one is not right."""
    fields = typed.fields
    for section in sections:
        if section == "title":
            plan = _titled(plan, fields.get(TITLE, ""), language)
        elif section == "dates":
            plan = dated(plan, _dates(fields))
        else:
            text = fields.get(PLAN, "")
            if faults := plan_faults(text):
                raise TypedRefusedError("plan", (PLAN,), faults)
            plan = replace(plan, class_plan=retyped(read_plan(text), plan.class_plan, language))
    return plan


def _titled(plan: UnitPlan, text: str, language: str) -> UnitPlan:
    try:
        return titled(plan, text, language)
    except UnitRefusedError as error:
        raise TypedRefusedError("title", (TITLE,)) from error


def _dates(fields: Mapping[str, str]) -> UnitDates:
    moments, wrong = {}, []
    for name in DATES:
        try:
            moments[name] = read_moment(fields.get(name, "").strip())
        except ValueError:
            wrong.append(name)
    if wrong:
        raise TypedRefusedError("no-date", wrong)
    try:
        return UnitDates(**moments)
    except UnitRefusedError as error:
        raise TypedRefusedError("dates", [name for name in DATES if moments[name]]) from error


def _cut(name: str, text: str) -> str:
    return text.replace("\r\n", "\n").replace("\0", "")[: _LONGEST.get(name, _LONGEST_DATE)]


def _same(name: str, text: str, was: str) -> bool:
    return _shown(name, text).strip() == _shown(name, _cut(name, was)).strip()


def _shown(name: str, text: str) -> str:
    """Return a text as its field shows it: a date in UTC, whatever its zone was."""
    if name not in DATES:
        return text
    try:
        return moment_text(read_moment(text.strip()))
    except ValueError:
        return text
