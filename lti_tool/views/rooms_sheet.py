"""The form of a role: its own fields to fill in, those of team mates beside them to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from lti_tool.views.host import catalogue
from qualoop.player.project_panels import panel_views
from qualoop.player.project_sheet import Sheet, decided_view, sheet_view
from qualoop.player.rendering import SLOT_MARK, environment
from qualoop.simulators import ChoiceField, Column, Decision, DecisionForm, DecisionTable, FlagField, NumberField, Panel
from qualoop.simulators.decisions import Cell, Field, Value
from qualoop.simulators.engine import Refusal
from qualoop.simulators.entering import decimals
from qualoop.values import Text

ID: Final = "room"
_SLOT: Final = f"{SLOT_MARK}id{SLOT_MARK}"
_FLAG: Final = {True: Text({"en": "yes", "zh-Hans": "是"}), False: Text({"en": "no", "zh-Hans": "否"})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What somebody sent that was not taken: texts by field and row, what is wrong, and the components that it is of."""

    components: tuple[str, ...]
    texts: Mapping[str, Sequence[str]]
    problems: tuple[Refusal, ...] = ()
    pasted: str = ""


def own_form(form: DecisionForm, decision: Decision, components: Sequence[str]) -> DecisionForm:
    """Return the tables in which ``components`` have a field; the other fields are facts there, as ``decision`` has them."""
    tables = []
    for table in form.tables:
        fields = tuple(each for each in table.fields if each.component in components)
        if fields:
            others = tuple(each for each in table.fields if each.component not in components)
            tables.append(_with_facts(replace(table, fields=fields), others, decision))
    return DecisionForm(tables=tuple(tables))


def _with_facts(table: DecisionTable, others: Sequence[Field], decision: Decision) -> DecisionTable:
    columns = tuple(
        Column(label=each.label, places=decimals(each) if isinstance(each, NumberField) else 0) for each in others
    )
    rows = tuple(
        replace(row, cells=(*row.cells, *(_fact(each, decision[each.key][place]) for each in others)))
        for place, row in enumerate(table.rows)
    )
    return replace(table, columns=(*table.columns, *columns), rows=rows)


def _fact(field: Field, value: Value) -> Cell:
    """Return a team mate's value as a fact."""
    if isinstance(field, ChoiceField):
        return next((option.label for option in field.options if option.key == value), str(value))
    return _FLAG[bool(value)] if isinstance(field, FlagField) else value


def sheet_of(form: DecisionForm, decision: Decision, typed: Typed | None, language: str) -> dict[str, Any]:
    """Return a form as the page shows it: ``html`` of each table, ``problems`` with their cells, ``csv`` to take away."""
    standing = {field.key: decision[field.key] for _, field in form}
    sheet = Sheet(
        form=form,
        standing=standing,
        typed=typed.texts if typed else None,
        problems=typed.problems if typed else (),
    )
    view = sheet_view(sheet, language)
    return {**view, "html": [_drawn(table, language) for table in view["tables"]]}


def others_of(form: DecisionForm, decision: Decision, shown: DecisionForm, language: str) -> list[dict[str, Any]]:
    """Return the tables that are not in ``shown``, as far as they differ from the form's defaults."""
    keys = {table.key for table in shown.tables}
    rest = DecisionForm(tables=tuple(table for table in form.tables if table.key not in keys))
    return decided_view(rest, decision, form.defaults(), language)


def panels_html(panels: Sequence[Panel], place: int, language: str) -> str:
    """Return panels drawn by the player's template; ``place`` keeps the ids of several lists apart."""
    messages = catalogue(language)
    page = {"content_language": language, "language": language, "panels": panel_views(panels, language, f"p{place}")}
    html = (
        environment()
        .get_template("panels.html")
        .render(page=page, gettext=messages.gettext, ngettext=messages.ngettext)
    )
    return html.replace(_SLOT, ID)


def _drawn(table: Mapping[str, Any], language: str) -> str:
    """Return a table drawn by the player's template."""
    messages = catalogue(language)
    template = environment().get_template("project_cells.html" if table["layout"] == "sheet" else "project_fields.html")
    page = {"content_language": language, "language": language}
    nobody_talks: dict[str, Any] = {"talks": {}}
    html = template.render(
        page=page, run=nobody_talks, table=table, gettext=messages.gettext, ngettext=messages.ngettext
    )
    return html.replace(_SLOT, ID)
