"""The geometry of charts: everything that a template needs to draw them as SVG, in the units of the view box.

Series differ in dash or pattern and in the form of their marks, not only in colour.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from qualoop.player.project_numbers import breadth, cell_text, number_text
from qualoop.simulators import Chart

View: TypeAlias = dict[str, Any]

WIDTH: Final = 640
HEIGHT: Final = 300
STYLES: Final = 6
"""How many sorts of series look different."""

_TOP: Final = 14
_BOTTOM: Final = 34
_RIGHT: Final = 16
_TICKS: Final = 5
_DIGIT: Final = 7.4
_LABEL_ROOM: Final = 74
_LONGEST_LABEL: Final = 11
_MARKED_POINTS: Final = 40
_NARROW: Final = 0.6
_BAR_SHARE: Final = 0.76


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """Where the plot lies and how values become heights; ``slot`` is the width that each label has."""

    left: float
    slot: float
    low: float
    high: float

    @property
    def bottom(self) -> float:
        return HEIGHT - _BOTTOM

    def x(self, place: int, share: float = 0.5) -> float:
        return _tenth(self.left + self.slot * (place + share))

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return _tenth(self.bottom - share * (self.bottom - _TOP))


def chart_view(chart: Chart, language: str) -> View:
    """Return what is drawn of a chart: axes, lines or bars, and the legend."""
    values = [value for series in chart.series for value in series.values if _is_shown(value)]
    ticks = _ticks(values, from_zero=chart.shape == "bar")
    texts = [number_text(tick, _places(ticks, chart), chart.value.unit) for tick in ticks]
    left = 14 + _DIGIT * max(map(len, texts))
    frame = _Frame(
        left=left,
        slot=(WIDTH - _RIGHT - left) / max(len(chart.labels), 1),
        low=ticks[0],
        high=ticks[-1],
    )
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": _tenth(left),
        "right": WIDTH - _RIGHT,
        "bottom": frame.bottom,
        "zero": frame.y(min(max(0.0, ticks[0]), ticks[-1])),
        "ticks": [{"y": frame.y(tick), "text": text} for tick, text in zip(ticks, texts, strict=True)],
        "labels": _labels(chart, frame, language),
        "lines": [] if chart.shape == "bar" else _lines(chart, frame),
        "bars": _bars(chart, frame) if chart.shape == "bar" else [],
        "legend": [
            {"style": place % STYLES, "text": series.label[language]} for place, series in enumerate(chart.series)
        ],
    }


def _is_shown(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _ticks(values: Sequence[float | None], *, from_zero: bool) -> list[float]:
    """Return about five round numbers that hold all values between them."""
    known = [value for value in values if value is not None] or [0.0]
    low, high = min(known), max(known)
    # A line that moves within a narrow band far from 0 would be a flat one.
    if from_zero or low < _NARROW * high or high < _NARROW * low:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        low, high = (low, low + 1.0) if low >= 0 else (low - 1.0, low)
    step = _round_step((high - low) / _TICKS)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _round_step(least: float) -> float:
    size = 10.0 ** math.floor(math.log10(least))
    return next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= least * (1 - 1e-9))


def _places(ticks: Sequence[float], chart: Chart) -> int:
    """Return with how many decimals the ticks are told apart."""
    step = (ticks[1] - ticks[0]) * (100 if chart.value.unit == "%" else 1)
    return next((places for places in range(7) if abs(round(step, places) - step) < step * 1e-6), 7)


def _labels(chart: Chart, frame: _Frame, language: str) -> list[View]:
    """Return the labels of the axis, as many as have room."""
    texts = [cell_text(label, chart.axis, language) for label in chart.labels]
    longest = max((breadth(text) for text in texts), default=1)
    room = min(max(longest, 2) * _DIGIT + 10, _LABEL_ROOM + 16)
    each = max(1, math.ceil(room / frame.slot))
    return [{"x": frame.x(place), "text": _short(text)} for place, text in enumerate(texts) if place % each == 0]


def _short(text: str) -> str:
    if breadth(text) <= _LONGEST_LABEL:
        return text
    kept = ""
    for char in text:
        if breadth(kept + char) >= _LONGEST_LABEL:
            break
        kept += char
    return f"{kept.rstrip()}…"


def _lines(chart: Chart, frame: _Frame) -> list[View]:
    rows = []
    for place, series in enumerate(chart.series):
        path, pen = [], "M"
        points = []
        for position, value in enumerate(series.values):
            if value is None or not math.isfinite(value):
                pen = "M"
                continue
            x, y = frame.x(position), frame.y(value)
            path.append(f"{pen}{x} {y}")
            points.append((x, y))
            pen = "L"
        style = place % STYLES
        # Marks also show a value that stands alone between gaps.
        marks = [_MARKS[style](x, y) for x, y in points] if len(chart.labels) <= _MARKED_POINTS else []
        rows.append({"style": style, "path": "".join(path), "marks": marks})
    return rows


def _bars(chart: Chart, frame: _Frame) -> list[View]:
    count = max(len(chart.series), 1)
    width = _BAR_SHARE / count
    zero = frame.y(0.0)
    return [
        {
            "style": number % STYLES,
            "x": frame.x(place, (1 - _BAR_SHARE) / 2 + width * number),
            "y": min(frame.y(value), zero),
            "width": _tenth(max(frame.slot * width - 1, 0.8)),
            "height": _tenth(abs(frame.y(value) - zero)),
        }
        for number, series in enumerate(chart.series)
        for place, value in enumerate(series.values)
        if value is not None and math.isfinite(value)
    ]


def _tenth(number: float) -> float:
    return round(number, 1)


def _polygon(*corners: tuple[float, float]) -> Callable[[float, float], str]:
    """Return what draws a mark with these corners around a point."""

    def drawn(x: float, y: float) -> str:
        return (
            "".join(
                f"{'L' if number else 'M'}{_tenth(x + dx)} {_tenth(y + dy)}" for number, (dx, dy) in enumerate(corners)
            )
            + "Z"
        )

    return drawn


def _round(x: float, y: float) -> str:
    return f"M{_tenth(x - 3.5)} {y}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z"


_MARKS: Final[tuple[Callable[[float, float], str], ...]] = (
    _round,
    _polygon((-3.5, -3.5), (3.5, -3.5), (3.5, 3.5), (-3.5, 3.5)),
    _polygon((0, -4.5), (4.5, 3.5), (-4.5, 3.5)),
    _polygon((0, -5), (5, 0), (0, 5), (-5, 0)),
    _polygon((-4.5, -3.5), (4.5, -3.5), (0, 4.5)),
    _polygon((-1.2, -4.5), (1.2, -4.5), (1.2, 4.5), (-1.2, 4.5)),
)
