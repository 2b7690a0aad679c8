"""What a learner decides, described once: the page's table, its import and export, every check, every synthetic learner
and every bot read the same description.

A decision is plain JSON: for each field the list of its values, one a row, in the order of the table's rows. A project
with rounds has a plan: one decision a round.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from qualoop.values import Text

Value: TypeAlias = float | int | str | bool
Decision: TypeAlias = Mapping[str, Sequence[Value]]
Plan: TypeAlias = Sequence[Decision]
Cell: TypeAlias = str | float | int | Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the answers of a choice; ``seconds`` is how long it takes to do, where a form has a time for all together."""

    key: str
    label: Text
    seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberField:
    """A number in [low, high], in whole multiples of ``step``.

    ``component`` is the part of the project that it belongs to; ``default`` stands before anything was decided;
    ``unit`` is shown behind it, such as `¥` or `pieces`.
    """

    key: str
    component: str
    label: Text
    low: Decimal
    high: Decimal
    step: Decimal = Decimal("0.01")
    default: Decimal = Decimal(0)
    unit: Text | None = None
    help: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceField:
    """One of two or more options; ``default`` is the key of one."""

    key: str
    component: str
    label: Text
    options: tuple[Option, ...]
    default: str
    help: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagField:
    """Yes or no."""

    key: str
    component: str
    label: Text
    default: bool = False
    help: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField:
    """A text of at most ``max_length`` characters; ``language`` is `sql` or `prose`."""

    key: str
    component: str
    label: Text
    max_length: int
    language: str = "prose"
    default: str = ""
    help: Text | None = None


Field: TypeAlias = NumberField | ChoiceField | FlagField | TextField


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of facts: how its numbers are shown is `places` decimals and a unit (`%` takes shares of 1)."""

    label: Text
    places: int = 0
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row that is decided on: its key, what it is called, and what is known of it, a cell a column."""

    key: str
    label: Text
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTable:
    """Rows with facts, and the fields that are filled in for each. A table of one row is shown as a form."""

    key: str
    title: Text
    rows: tuple[Row, ...]
    fields: tuple[Field, ...]
    columns: tuple[Column, ...] = ()
    row_label: Text = field(default=Text({"en": "Row", "zh-Hans": "行"}))
    help: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionForm:
    """Everything that one decision holds. Keys of fields are unique over all tables.

    ``seconds`` is the time that all that is chosen may take together, on the world's own clock; None where nothing takes any.
    """

    tables: tuple[DecisionTable, ...]
    seconds: int | None = None

    def __iter__(self) -> Iterator[tuple[DecisionTable, Field]]:
        """Iterate over the fields with their tables, in order."""
        for table in self.tables:
            for each in table.fields:
                yield table, each

    @property
    def components(self) -> tuple[str, ...]:
        """Return the components, in the order in which they are first met."""
        return tuple(dict.fromkeys(each.component for _, each in self))

    def defaults(self) -> dict[str, list[Value]]:
        """Return the decision that stands before anybody decided."""
        return {each.key: [_default(each)] * len(table.rows) for table, each in self}

    def part_of(self, component: str) -> frozenset[str]:
        """Return the keys of the fields that belong to a component."""
        return frozenset(each.key for _, each in self if each.component == component)


def _default(each: Field) -> Value:
    return float(each.default) if isinstance(each, NumberField) else each.default


def with_components(decision: Decision, other: Decision, fields: frozenset[str]) -> dict[str, Sequence[Value]]:
    """Return a decision with the values of some fields taken from another."""
    return {key: other[key] if key in fields else values for key, values in decision.items()}


def packed(decision: Decision, form: DecisionForm) -> dict[str, Any]:
    """Return a decision as it is stored: what equals the form's default is left out, choices and flags are digits."""
    small: dict[str, Any] = {}
    for table, each in form:
        values = decision[each.key]
        if list(values) == [_default(each)] * len(table.rows):
            continue
        match each:
            case ChoiceField(options=options) if len(options) <= len(_DIGITS):
                numbers = {option.key: _DIGITS[place] for place, option in enumerate(options)}
                small[each.key] = "".join(numbers[str(value)] for value in values)
            case FlagField():
                small[each.key] = "".join("1" if value else "0" for value in values)
            case _:
                small[each.key] = list(values)
    return small


def unpacked(small: Mapping[str, Any], form: DecisionForm) -> dict[str, list[Value]]:
    """Return the decision that `packed` made small."""
    decision = form.defaults()
    for _, each in form:
        if each.key not in small:
            continue
        stored = small[each.key]
        match each:
            case ChoiceField(options=options) if isinstance(stored, str):
                decision[each.key] = [options[_DIGITS.index(digit)].key for digit in stored]
            case FlagField():
                decision[each.key] = [digit == "1" for digit in stored]
            case _:
                decision[each.key] = list(stored)
    return decision


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
