"""Values that cross every border."""

from __future__ import annotations

import pytest

from qualoop.values import ONE, ZERO, Score, find_whole


@pytest.mark.parametrize(
    ("scores", "mean"),
    [
        ([], None),
        ([ZERO], ZERO),
        ([ONE, ZERO, ZERO], Score("0.333333")),
        ([Score("0.1"), Score("0.2")], Score("0.15")),
    ],
)
def test_the_mean_of_scores_counts_each_once_and_is_none_of_none(scores: list[Score], mean: Score | None) -> None:
    assert Score.mean(iter(scores)) == mean


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("7", 7), ("0042", 42), ("9999", 9999)], ids=["none", "one", "zeros", "most"]
)
def test_ascii_digits_are_a_whole_number(text: str, number: int) -> None:
    assert find_whole(text, 4) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1\n",
        "1_0",
        "1.0",
        "1e3",
        "0x1",
        "\u0663",
        "\uff13",
        "\u00b2",
        "\u4e00",
        "10000",
        "9" * 5000,
    ],
)
def test_what_int_takes_besides_or_holds_too_many_digits_is_no_whole_number(text: str) -> None:
    assert find_whole(text, 4) is None
