"""Improvement: first against latest on a knowledge point."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from qualoop.ledger import Reason
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.moves import Move
from qualoop.mastery.readings import Belief, logit, sigmoid
from qualoop.records import EntryCorrection, gain
from qualoop.values import Score
from tests.unit.records.evidence import Made, entry, made_entry


def test_one_result_is_no_gain() -> None:
    assert gain([], "A") is None
    assert gain([entry(1, "A"), entry(2, "B")], "A") is None


def test_first_stands_against_latest() -> None:
    found = gain(
        [
            made_entry(1, ["A"], Made(score="0.2", after="40.0")),
            made_entry(2, ["A", "B"], Made(part="x", score="0", before="30.0", after="34.0")),
            made_entry(3, ["B"], Made(score="0")),
            made_entry(4, ["A"], Made(score="0.9", before="50.0", after="55.5", activity="other")),
        ],
        "A",
    )
    assert found
    assert (found.score, found.count, found.contexts, found.is_same_item) == (Decimal("0.7"), 3, 1, False)
    assert found.latest_level == pytest.approx(0.555)
    # The first one left it at 40 %, and something else moved it in between: only what the later two did is a gain.
    assert found.first_level == pytest.approx(sigmoid(logit(0.5) - (logit(0.34) - logit(0.3))))
    assert (found.latest_at - found.first_at).total_seconds() == 3 * 3600


def test_what_weighs_nothing_is_no_measure() -> None:
    attendance = made_entry(2, ["A"], Made(omega="0"))
    assert gain([entry(1, "A"), attendance], "A") is None


@pytest.mark.parametrize("why", ["void", "weightless", "hidden"])
def test_what_does_not_count_has_touched_the_memory_all_the_same(why: str) -> None:
    """A month lies before the third answer, and none before the fourth: what the second gave has faded over it."""
    still = (0.0, 0.05, 0.0, 0.05)
    memories = [((0.0, 0.0), 1.0), ((0.0, 1.0), 1.0), ((0.5, 0.5), 0.5), ((0.5, 0.5), 1.0)]
    moves = [Move(*still, m, 0.4, after, 0.4, *still, kept=kept) for (m, after), kept in memories]
    entries = [replace(entry(number, "A"), moves={"A": each}) for number, each in enumerate(moves)]
    third = entries[2]
    if why == "void":
        voided = EntryCorrection(at=third.at, reason=Reason.ERROR, was=Score(1), is_void=True, is_followed=False)
        entries[2] = replace(third, correction=voided)
    elif why == "hidden":
        entries[2] = replace(third, evidence=replace(third.evidence, attempt="held"))
    else:
        weight = {**third.explanation["weight"], "omega": "0"}
        entries[2] = replace(third, explanation={**third.explanation, "weight": weight})
    found = gain(entries, "A", hidden={"held"})
    assert found
    assert found.count == 3
    # The second gave 1 logit, half of which the month has left; the others gave nothing.
    assert found.first_level == pytest.approx(Belief(DEFAULT_CONSTANTS.base, 0.5).level)
    assert found.latest_level == pytest.approx(Belief(DEFAULT_CONSTANTS.base + 0.5, 0.5).level)


@pytest.mark.parametrize(("scores", "contexts"), [(("0.7", "0.7"), 2), (("0.69", "0.7"), 1), (("0", "0"), 0)])
def test_success_is_counted_in_different_contexts(scores: tuple[str, str], contexts: int) -> None:
    entries = [made_entry(n, ["A"], Made(score=score, activity=f"a{n}")) for n, score in enumerate(scores)]
    found = gain(entries, "A")
    assert found
    assert found.contexts == contexts


@pytest.mark.parametrize(
    ("after", "english", "chinese"),
    [
        (
            "70.4",
            "The same question: 20% at first, 90% at last. "
            "What came after the first has raised the level from 40% to 70%.",
            "同一题：首次 20%，最近 90%。首次之后的证据使水平从 40% 升至 70%。",
        ),
        (
            "39.4",
            "The same question: 20% at first, 90% at last. "
            "What came after the first has lowered the level from 40% to 39%.",
            "同一题：首次 20%，最近 90%。首次之后的证据使水平从 40% 降至 39%。",
        ),
        (
            "40.4",
            "The same question: 20% at first, 90% at last. What came after the first has left the level at 40%.",
            "同一题：首次 20%，最近 90%。首次之后的证据使水平保持在 40%。",
        ),
    ],
)
def test_the_sentence(after: str, english: str, chinese: str) -> None:
    found = gain(
        [
            made_entry(1, ["A"], Made(score="0.2", after="40.0")),
            made_entry(2, ["A"], Made(score="0.9", before="40.0", after=after)),
        ],
        "A",
    )
    assert found
    assert (found.sentence["en"], found.sentence["zh-Hans"]) == (english, chinese)
