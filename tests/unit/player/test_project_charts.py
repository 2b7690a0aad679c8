"""Charts: every value stands where its axis says, and no series is told by its colour alone."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from qualoop.player.project_charts import HEIGHT, STYLES, WIDTH, chart_view
from qualoop.player.project_numbers import cell_text, number_text
from qualoop.player.project_panels import panel_views
from qualoop.simulators import Chart, Column, Figure, Figures, Grid, Line, Prose, Series, Talk
from qualoop.values import Text


def both(text: str) -> Text:
    return Text({"en": text, "zh-Hans": f"{text}中"})


def chart(*series: tuple[float | None, ...], shape: str = "line", unit: str = "", labels: int | None = None) -> Chart:
    return Chart(
        key="c",
        title=both("Chart"),
        description=both("What is seen."),
        axis=Column(label=both("Day")),
        labels=tuple(range(1, (labels or len(series[0])) + 1)),
        value=Column(label=both("Profit"), places=0, unit=unit),
        series=tuple(Series(label=both(f"S{place}"), values=values) for place, values in enumerate(series)),
        shape=shape,
    )


def texts(view: dict[str, object]) -> list[str]:
    ticks = view["ticks"]
    assert isinstance(ticks, list)
    return [tick["text"] for tick in ticks]


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ((0.0, 100.0), ["0", "20", "40", "60", "80", "100"]),
        ((3.0, 97.0), ["0", "20", "40", "60", "80", "100"]),
        ((-50.0, 50.0), ["−60", "−40", "−20", "0", "20", "40", "60"]),
        ((1000.0, 1010.0), ["1,000", "1,002", "1,004", "1,006", "1,008", "1,010"]),
        ((0.0, 0.0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ((-7.0, -7.0), ["−8", "−6", "−4", "−2", "0"]),
    ],
)
def test_an_axis_has_round_numbers_around_all_values(values: tuple[float, ...], ticks: list[str]) -> None:
    view = chart_view(chart(values), "en")
    assert texts(view) == ticks


@pytest.mark.parametrize("values", [(), (None,), (None, None), (float("nan"), float("inf"))])
@pytest.mark.parametrize("shape", ["line", "bar"])
def test_a_chart_without_values_is_drawn_empty(values: tuple[float | None, ...], shape: str) -> None:
    view = chart_view(chart(values, shape=shape), "en")
    assert view["bars"] == []
    assert [line["path"] for line in view["lines"]] in ([""], [])


def test_shares_are_told_in_per_cent() -> None:
    assert texts(chart_view(chart((0.0, 0.05), unit="%"), "en")) == ["0%", "1%", "2%", "3%", "4%", "5%"]


def test_a_line_goes_through_its_values_and_breaks_at_gaps() -> None:
    view = chart_view(chart((0.0, 50.0, None, 100.0)), "en")
    (line,) = view["lines"]
    points = [tuple(map(float, pair)) for pair in re.findall(r"[ML]([\d.]+) ([\d.]+)", line["path"])]
    assert re.sub(r"[^ML]", "", line["path"]) == "MLM"
    tick = {row["text"]: row["y"] for row in view["ticks"]}
    assert points[0][1] == tick["0"]
    assert points[2][1] == tick["100"]
    assert points[1][1] == pytest.approx((tick["0"] + tick["100"]) / 2, abs=0.1)
    assert len(line["marks"]) == 3


def test_bars_stand_on_nothing_and_go_down_below_it() -> None:
    view = chart_view(chart((40.0, -20.0), (10.0, 0.0), shape="bar"), "en")
    zero = view["zero"]
    up, down, small, none = view["bars"]
    assert up["y"] + up["height"] == pytest.approx(zero, abs=0.1)
    assert down["y"] == zero
    assert up["height"] == pytest.approx(2 * down["height"], abs=0.2)
    assert small["height"] == pytest.approx(down["height"] / 2, abs=0.2)
    assert none["height"] == 0
    assert up["x"] < small["x"] < up["x"] + 2 * up["width"]


@pytest.mark.parametrize("count", [1, 7, 28, 365])
@pytest.mark.parametrize("shape", ["line", "bar"])
def test_everything_lies_in_the_picture_and_labels_do_not_meet(count: int, shape: str) -> None:
    values = tuple(float(place % 9) - 4 for place in range(count))
    view = chart_view(chart(values, values, shape=shape), "zh-Hans")
    for bar in view["bars"]:
        assert view["left"] <= bar["x"]
        assert bar["x"] + bar["width"] <= WIDTH
        assert bar["y"] + bar["height"] <= HEIGHT
    at = [label["x"] for label in view["labels"]]
    assert all(later - earlier >= 25 for earlier, later in pairwise(at))
    assert at


def test_series_differ_in_more_than_colour() -> None:
    view = chart_view(chart(*[(1.0, 2.0)] * STYLES), "en")
    assert len({line["style"] for line in view["lines"]}) == STYLES
    # All go through the same point, so marks that differ have different forms.
    assert len({line["marks"][0] for line in view["lines"]}) == STYLES


def test_long_labels_are_cut() -> None:
    wide = chart((1.0, 2.0))
    named = Chart(
        **{name: getattr(wide, name) for name in Chart.__slots__}
        | {"labels": ("a very long label", both("很长很长的标签"))}
    )
    assert [label["text"] for label in chart_view(named, "zh-Hans")["labels"]] == ["a very lon…", "很长很长的…"]


@pytest.mark.parametrize(
    ("value", "places", "unit", "text"),
    [
        (1234.5, 0, "", "1,234"),
        (1234.5, 2, "¥", "¥1,234.50"),
        (-3.0, 0, "¥", "−¥3"),
        (0.1234, 1, "%", "12.3%"),
        (-0.0001, 1, "%", "0.0%"),
        (5.0, 0, "kg", "5\N{NO-BREAK SPACE}kg"),
        (None, 0, "¥", "–"),
        (float("nan"), 0, "", "–"),
        (float("inf"), 0, "%", "–"),
    ],
)
def test_numbers_are_written_as_people_read_them(value: float | None, places: int, unit: str, text: str) -> None:
    assert number_text(value, places, unit) == text


def test_a_cell_is_a_number_a_text_or_nothing() -> None:
    column = Column(label=both("C"), places=1)
    assert [cell_text(cell, column, "zh-Hans") for cell in (2, 2.25, "x", both("y"), None)] == [
        "2.0",
        "2.2",
        "x",
        "y中",
        "–",
    ]


def test_every_sort_of_panel_is_shown_with_its_texts_escaped() -> None:
    grid = Grid(
        key="g",
        title=both("G"),
        columns=(Column(label=both("Name")), Column(label=both("N"))),
        rows=(("<b>", 1200), ("x", None)),
    )
    talk = Talk(key="t", title=both("T"), lines=(Line(who=both("Li"), text=both("Hi"), at="9:00", is_own=True),))
    prose = Prose(key="p", title=both("P"), text=both("a **b** <script>"))
    figures = Figures(key="f", title=both("F"), figures=(Figure(key="k", label=both("K"), value=None),))
    views = panel_views([grid, talk, prose, figures, chart((1.0,))], "en", "now")
    assert [view["type"] for view in views] == ["grid", "talk", "prose", "figures", "chart"]
    assert [view["uid"] for view in views] == ["now-g", "now-t", "now-p", "now-f", "now-c"]
    rows = views[0]["table"]["rows"]
    assert "&lt;b&gt;" in rows
    assert 'data-sort="1200">1,200<' in rows
    assert views[1]["lines"] == [{"who": "Li", "text": "Hi", "at": "9:00", "own": True}]
    assert "<script" not in views[2]["html"]
    assert "<strong>b</strong>" in views[2]["html"]
    assert views[3]["figures"][0]["text"] == "–"


def test_a_long_table_is_cut_where_that_is_wished_and_says_so() -> None:
    grid = Grid(key="g", title=both("G"), columns=(Column(label=both("N")),), rows=tuple((n,) for n in range(30)))
    (cut,) = panel_views([grid], "en", "r1", 10)
    assert cut["table"]["rows"].count("<tr>") == 10
    assert (cut["table"]["count"], cut["table"]["cut"]) == (30, 20)
