"""How the loop is told: delays in a unit that one can grasp, a band only where there is one, no loss of what is no score."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lti_tool.views.loop_meter_chart import HEIGHT, WIDTH, Panel, describe, hop_tone, loop_words, panel
from qualoop.records.loop import STAGES, Hop, Run, Stage, StageMean
from qualoop.records.loop_figures import Delay, Paired

FELL = Paired(n=9, before=0.8, after=0.6, gain=-0.2, low=-0.3, high=-0.1)
ONE = Paired(n=1, before=0.5, after=0.7, gain=0.2, low=None, high=None)


def run_of(*gains: Paired | None) -> Run:
    """Return a run from the check to practice and on to the record, to which there is no gain."""
    stages = [Stage.CHECK, Stage.PRACTICE, Stage.RECORD]
    hops = [
        Hop(
            start=start,
            end=end,
            n=gain.n if gain else 0,
            gain=None if end is Stage.RECORD else gain,
            delay=Delay(n=2, median=30.0, ninth=60.0) if gain else None,
        )
        for start, end, gain in zip(stages, stages[1:], gains, strict=False)
    ]
    return Run(stages=[StageMean(stage=stage, n=9, mean=0.5) for stage in stages], hops=hops, whole=None)


@pytest.mark.parametrize(
    ("hours", "english", "chinese"),
    [
        (0.0, "0 min", "0 分钟"),
        (0.4, "24 min", "24 分钟"),
        (1.0, "1 h", "1 小时"),
        (47.4, "47 h", "47 小时"),
        (60.0, "2.5 d", "2.5 天"),
        (400.0, "17 d", "17 天"),
    ],
)
def test_delays_are_told_in_minutes_hours_or_days(hours: float, english: str, chinese: str) -> None:
    assert loop_words("en").duration(hours) == english
    assert loop_words("zh-Hans").duration(hours) == chinese


def test_a_hop_says_for_whom_and_how_surely() -> None:
    told = loop_words("en")
    first, last = run_of(FELL, ONE).hops
    assert told.hop(first) == (
        "From the readiness check to practice: −20 points (−30 to −10), for 9 learners. "
        "In between: 30 h for half of them, at most 2.5 d for nine in ten."
    )
    assert told.hop(last) == (
        "From practice to the level on the record: no gain, since a level is no score. "
        "In between: 30 h for half of them, at most 2.5 d for nine in ten."
    )
    assert loop_words("zh-Hans").hop(last).startswith("从实训到档案上的水平：水平不是得分，因此没有提升值。其间")
    assert "+20 points, for one learner." in told.hop(run_of(ONE).hops[0])
    few = replace(ONE, n=5)
    assert "+20 points, for 5 learners, without a band." in told.hop(run_of(few).hops[0])
    assert "5 名学习者，没有区间。" in loop_words("zh-Hans").hop(run_of(few).hops[0])
    [nobody] = run_of(None).hops
    assert told.hop(nobody) == "From the readiness check to practice: nobody has both."
    assert "。其间" in loop_words("zh-Hans").hop(first)


def test_a_level_is_no_lost_score() -> None:
    first, last = run_of(FELL, FELL).hops
    assert (hop_tone(first), hop_tone(last)) == ("down", "level")
    [single] = run_of(ONE).hops
    assert hop_tone(single) == "open"


def test_the_picture_keeps_a_column_for_each_stage_and_lies_in_its_frame() -> None:
    told = loop_words("en")
    drawn: Panel = panel(run_of(FELL, ONE), told)
    assert len(drawn.dots) == len(STAGES)
    assert [dot.value for dot in drawn.dots] == [50, None, None, None, 50, 50]
    assert all(0 < dot.x < WIDTH and 0 < dot.y < HEIGHT for dot in drawn.dots)
    assert [(arrow.gain, arrow.delay) for arrow in drawn.arrows] == [("−20", "30 h"), ("", "30 h")]
    assert all(arrow.start < arrow.end for arrow in drawn.arrows)
    assert "Check 50% (learners: 9)" in describe(run_of(FELL), told)
