"""What an engine shows: facts only, in forms that every page, every export and every test knows.

Nothing here may hold what a learner must find out. An engine builds its view of what was observed, never of its world.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from qualoop.simulators.decisions import Cell, Column, Decision, DecisionForm
from qualoop.values import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number that matters: ``places`` decimals; ``unit`` `%` takes a share of 1; ``note`` explains it in a phrase."""

    key: str
    label: Text
    value: float | None
    places: int = 0
    unit: str = ""
    note: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A row of key figures."""

    key: str
    title: Text
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table to read; ``rows`` have a cell for each column. It can be taken away as CSV."""

    key: str
    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line, or one sort of bar: a value for each label of the chart's axis; None is a gap."""

    label: Text
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A plot with its data: ``shape`` is `line` or `bar`; ``description`` says in a sentence what is to be seen."""

    key: str
    title: Text
    description: Text
    axis: Column
    labels: tuple[Cell, ...]
    value: Column
    series: tuple[Series, ...]
    shape: str = "line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """A text, in Markdown."""

    key: str
    title: Text
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something that was said: by whom and when (as people read it); ``is_own`` for what the learner said."""

    who: Text
    text: Text
    at: str = ""
    is_own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation, oldest line first; ``state`` is how it stands.

    ``waited`` is how many seconds somebody has waited for an answer, on the world's own clock; None where nobody is there.
    """

    key: str
    title: Text
    lines: tuple[Line, ...]
    state: Text | None = None
    waited: int | None = None


Panel: TypeAlias = Figures | Grid | Chart | Prose | Talk


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a role sees: the round at hand (from 0) of ``rounds``, what is known, and what is to be decided.

    ``form`` is None and ``standing`` empty where nothing is to be decided any more; ``standing`` is what the fields
    hold when they are shown: the decision before, or the defaults.
    """

    round: int
    rounds: int
    panels: tuple[Panel, ...]
    form: DecisionForm | None
    standing: Decision
