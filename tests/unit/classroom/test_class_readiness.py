"""Readiness of a class, the questions to ask, and the muddiest points."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.classroom.muddiest import FEWEST, cleaned, group
from qualoop.classroom.readiness import (
    Candidate,
    Light,
    PointReadiness,
    Preparation,
    Prepared,
    point_readiness,
    preparations,
    share_band,
    suggest,
)
from qualoop.values import Score


def prepared(*scores: str, begun: bool = True, done: bool = True) -> Prepared:
    answers = {"A": [Score(score) for score in scores]} if scores else {}
    return Prepared(scores=answers, has_begun=begun, has_handed_in=done)


@pytest.mark.parametrize(
    ("learner", "expected"),
    [
        (prepared(begun=False, done=False), Preparation.NOTHING),
        (prepared(done=False), Preparation.BEGUN),
        (prepared("1", done=False), Preparation.BEGUN),
        (prepared("0.59"), Preparation.NOT_UNDERSTOOD),
        (prepared("0.6"), Preparation.READY),
        (prepared("1", "0", "1"), Preparation.READY),
        (prepared(), Preparation.NOT_UNDERSTOOD),
    ],
)
def test_doing_nothing_stands_apart_from_not_understanding(learner: Prepared, expected: Preparation) -> None:
    assert learner.preparation is expected
    assert preparations([learner])[expected] == 1


def test_nobody_is_ready_who_answered_nothing_on_a_knowledge_point() -> None:
    scores = {"A": [Score("1")], "B": []}
    some = Prepared(scores=scores, has_begun=True, has_handed_in=True)
    assert some.preparation is Preparation.NOT_UNDERSTOOD
    assert [point.answered for point in point_readiness("AB", [some])] == [1, 0]
    nothing = Prepared(scores={"A": [], "B": []}, has_begun=False, has_handed_in=False)
    assert nothing.preparation is Preparation.NOTHING


@pytest.mark.parametrize(
    ("ready", "answered", "expected"),
    [
        (0, 0, (Light.DARK, False)),
        (1, 1, (Light.GREEN, False)),
        (39, 100, (Light.RED, False)),
        (20, 100, (Light.RED, True)),
        (40, 100, (Light.AMBER, False)),
        (55, 100, (Light.AMBER, True)),
        (70, 100, (Light.GREEN, False)),
        (90, 100, (Light.GREEN, True)),
    ],
)
def test_lights(ready: int, answered: int, expected: tuple[Light, bool]) -> None:
    class_ = [prepared("1") for _ in range(ready)] + [prepared("0") for _ in range(answered - ready)]
    [point] = point_readiness(["A"], [*class_, prepared(begun=False, done=False)])
    assert (point.light, point.is_sure) == expected
    assert point.answered == answered


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_band_holds_the_share(part: int, more: int) -> None:
    low, high = share_band(part, part + more)
    assert 0 <= low <= high <= 1
    if part + more:
        assert low <= part / (part + more) + 1e-12
        assert high >= part / (part + more) - 1e-12


def point(code: str, ready: int, answered: int) -> PointReadiness:
    low, high = share_band(ready, answered)
    return PointReadiness(code=code, ready=ready, answered=answered, low=low, high=high)


def question(item: str, code: str, *, seen: float = 0.0, is_asked: bool = False) -> Candidate:
    return Candidate(activity="l", content="0" * 64, item=item, point=code, seen=seen, is_asked=is_asked)


def test_the_weakest_are_asked_with_what_nobody_has_seen() -> None:
    points = [point("A", 9, 10), point("B", 2, 10), point("C", 5, 10), point("D", 0, 0)]
    candidates = [
        question("b-asked", "B", is_asked=True),
        question("b-seen", "B", seen=0.5),
        question("b-new", "B"),
        question("c", "C", seen=0.2),
        question("a", "A"),
    ]
    found = suggest(points, candidates)
    assert [each.candidate.item for each in found] == ["b-new", "c", "a"]
    assert found[0].reason["en"].startswith("2 of 10")
    assert "20%" in found[1].reason["zh-Hans"]
    assert [each.candidate.item for each in suggest(points[1:2], candidates)] == ["b-new", "b-seen", "b-asked"]
    assert suggest(points, []) == []


def test_muddiest_points_are_grouped_by_what_most_share() -> None:
    texts = ["Quality scores?", "why quality  score", "bidding", "How do bids work", "质量得分怎么算", "得分是什么"]
    found = group(texts)
    assert found is not None
    assert [(each.word, len(each.texts)) for each in found] == [("quality", 2), ("bids", 2), ("得分", 2)]


def test_nothing_is_said_of_fewer_than_five() -> None:
    assert group(["a word"] * (FEWEST - 1)) is None
    assert group([*["a word"] * (FEWEST - 1), "  "]) is None
    assert group(["a word"] * FEWEST) is not None


@given(st.lists(st.text(max_size=60), max_size=30), st.randoms(use_true_random=False))
def test_every_text_is_in_one_group_whoever_wrote_first(texts: list[str], random: Random) -> None:
    kept = sorted(filter(None, map(cleaned, texts)))
    found = group(texts)
    random.shuffle(texts)
    if found is None:
        assert len(kept) < FEWEST
    else:
        assert sorted(text for each in found for text in each.texts) == kept
        again = group(texts)
        assert again is not None
        assert sorted(sorted(each.texts) for each in again) == sorted(sorted(each.texts) for each in found)
