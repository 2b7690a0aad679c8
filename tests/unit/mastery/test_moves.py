"""What answers changed: as their own explanations say, whatever others answer, and wherever one stands in a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.mastery import kernel
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.engine import Change, Step, change
from qualoop.mastery.moves import Move, after_first, left, newest, without

MINUTE, DAY = 60.0, 86_400.0
VOTES = (0.5, 0.2)
"""What a first and a second vote weigh."""
SPREAD = 0.035
"""How far the gain of a vote may depend on who voted before: the level of a knowledge point that hardly anybody has met."""


@dataclass
class Class:
    """Learners who answer one fresh item on one fresh knowledge point, each answer with its move and its explanation."""

    point: list[float] = field(default_factory=lambda: kernel.new_point(DEFAULT_CONSTANTS))
    item: list[float] = field(default_factory=lambda: kernel.new_item(DEFAULT_CONSTANTS))
    learners: dict[int, tuple[list[float], list[float]]] = field(default_factory=dict)
    moves: dict[int, list[Move]] = field(default_factory=dict)
    changes: dict[int, list[Change]] = field(default_factory=dict)

    def answer(
        self, who: int, score: float, *, at: float, omega: float = 0.5, guess: float = 0.25, elsewhere: bool = False
    ) -> None:
        """Let a learner answer; ``elsewhere`` an item of another knowledge point that nobody else has met."""
        constants = DEFAULT_CONSTANTS
        learner, memory = self.learners.setdefault(who, (kernel.new_learner(constants), kernel.new_memory(constants)))
        point, item = self.point, self.item
        if elsewhere:
            memory, point, item = kernel.new_memory(constants), [0.0, 0.05], kernel.new_item(constants)
        before = (list(learner), list(memory), list(point))
        kernel.step(
            (learner, item, kernel.new_rater(constants)),
            ([memory], [point], [0], [0], [1.0]),
            (at, score, omega, 1.0, guess, 0.0),
            constants.row(),
        )
        if elsewhere:
            return
        faded = list(before[1])
        kernel.fade(faded, at, before[0][4], constants.fading())
        after = (list(learner), list(memory), list(point))
        kept = faded[0] / before[1][0] if before[1][0] else 1.0
        rows = zip((before[0], faded, before[2]), after, strict=True)
        means = [value for early, late in rows for value in (*early[:2], *late[:2])]
        self.moves.setdefault(who, []).append(Move._make([*means, kept, True]))
        self.changes.setdefault(who, []).append(change(Step(before=before, after=after, gain=0.0, at=at), constants))

    def gain(self, who: int) -> float:
        """Return what the answers after the first changed."""
        moves = self.moves[who]
        return left(moves[-1]).level - without(moves[1:]).level

    def leave_out(self, who: int, *numbers: int) -> list[Move]:
        """Return a learner's moves, of which some are not asked about."""
        return [move._replace(is_counted=number not in numbers) for number, move in enumerate(self.moves[who])]


def two_votes(scores: Mapping[int, Sequence[float]], orders: Sequence[Sequence[int]], gap: float) -> Class:
    """Hold a class in which all vote twice, in the given orders."""
    made = Class()
    for number, order in enumerate(orders):
        for who in order:
            made.answer(who, scores[who][number], at=number * gap, omega=VOTES[number])
    return made


ANSWERS = st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0.0, 1.0])), min_size=1, max_size=30)
GAPS = st.sampled_from([MINUTE, 60 * MINUTE, DAY, 90 * DAY])


def test_the_case_of_three_learners_on_a_fresh_knowledge_point() -> None:
    """Right twice while two others come from wrong: the level of the moment falls, and she has not fallen."""
    made = two_votes({0: (1, 1), 1: (0, 1), 2: (0, 0)}, [(0, 1, 2), (0, 1, 2)], 10 * MINUTE)
    once, twice = made.changes[0]
    assert twice.after < once.after - 0.1, "the levels of the two moments alone would say that she fell"
    assert made.gain(0) > 0.02
    assert made.gain(0) == pytest.approx(twice.after - twice.before)


@given(ANSWERS, st.sampled_from([0.0, 1.0]), GAPS, st.randoms(use_true_random=False))
def test_ending_right_is_no_loss_whatever_others_answer(
    others: list[tuple[float, float]], first: float, gap: float, random: Any
) -> None:
    """Property: right twice, and wrong then right, gain; and as much as the second answer's own explanation says."""
    scores = {0: (first, 1.0)} | dict(enumerate(others, start=1))
    made = two_votes(scores, [random.sample(list(scores), len(scores)) for _ in VOTES], gap)
    assert made.gain(0) > 0
    for who, (_, second) in made.changes.items():
        assert made.gain(who) == pytest.approx(second.after - second.before, abs=1e-9)


@given(ANSWERS, st.sampled_from([0.0, 1.0]), st.randoms(use_true_random=False))
def test_the_place_in_a_batch_is_no_matter(others: list[tuple[float, float]], first: float, random: Any) -> None:
    """Property: whoever is asked first or last gains the same, but for what the explanations differ by."""
    scores = {0: (first, 1.0)} | dict(enumerate(others, start=1))
    gains = [
        two_votes(scores, [random.sample(list(scores), len(scores)) for _ in VOTES], 10 * MINUTE).gain(0)
        for _ in range(2)
    ]
    assert gains[0] == pytest.approx(gains[1], abs=SPREAD)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 1.0]), GAPS), min_size=1, max_size=40))
def test_answers_that_were_all_right_never_lose(turns: list[tuple[bool, float, float]]) -> None:
    """Property: over many answers, days and other people, and beside what the learner gets wrong elsewhere."""
    made, at = Class(), 0.0
    made.answer(0, 1.0, at=at)
    for own, score, gap in turns:
        at += gap
        if own:
            made.answer(0, 1.0, at=at)
        else:
            made.answer(1, score, at=at)
            made.answer(0, 0.0, at=at, elsewhere=True)
    if len(made.moves[0]) > 1:
        assert made.gain(0) > 0


def test_who_answers_alone_changed_all_of_it() -> None:
    made = Class()
    for number, score in enumerate((0.0, 1.0, 1.0, 0.0, 1.0)):
        made.answer(0, score, at=0.0 * number)
    moves = made.moves[0]
    assert all(move.kept == 1.0 for move in moves)
    first = without(moves[1:])
    assert first.mean == pytest.approx(left(moves[0]).mean)
    assert first.level == pytest.approx(left(moves[0]).level, abs=1e-3)
    assert without(moves).mean == pytest.approx(DEFAULT_CONSTANTS.base)


@pytest.mark.parametrize(("score", "first", "latest"), [(1.0, 72.8, 84.2), (0.0, 58.5, 32.7)])
def test_memory_fades_over_an_answer_that_is_not_asked_about(score: float, first: float, latest: float) -> None:
    """Eleven answers in ten minutes, one held back a month later, one a minute after that.

    Lived without the ten and the last, the first would read 73.8 % and 54.8 %; lacking the month, it read 61 % and 65 %.
    """
    made = Class(point=[0.0, 0.05])
    for at in (*(number * MINUTE for number in range(11)), 30 * DAY, 30 * DAY + MINUTE):
        made.item = [0.0, 0.1]
        made.answer(0, score, at=at, omega=1.0, guess=0.0)
    moves = made.leave_out(0, 11)
    assert 100 * without(after_first(moves)).level == pytest.approx(first, abs=0.05)
    assert 100 * left(moves[-1]).level == pytest.approx(latest, abs=0.05)
    # With the held one taken out, too, what it did is missing.
    every = 100 * without(made.moves[0][1:]).level
    assert every == pytest.approx(70.3 if score else 61.4, abs=0.05)


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 1.0]), GAPS, st.booleans()), min_size=1, max_size=20),
    st.integers(min_value=0, max_value=19),
)
def test_of_one_answer_among_others_it_is_the_level_before_it(
    answers: list[tuple[float, float, bool]], chosen: int
) -> None:
    """Property: with any gaps of answers that are not asked about before and after it."""
    made, at = Class(), 0.0
    for score, gap, is_other in answers:
        at += gap
        if is_other:
            made.answer(1, score, at=at)
        made.answer(0, score, at=at)
    one = chosen % len(answers)
    moves = made.leave_out(0, *(number for number in range(len(answers)) if number != one))
    assert without(moves).level == pytest.approx(made.changes[0][one].before, abs=1e-9)


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0]), GAPS, st.booleans()), min_size=2, max_size=30))
def test_the_first_is_never_doubted_less_than_nothing(answers: list[tuple[float, float, bool]]) -> None:
    """Property: whatever is left out, the doubt stays a doubt, and answers that were all right never lose."""
    made, at = Class(), 0.0
    for score, gap, _ in answers:
        at += gap
        made.answer(1, score, at=at)
        made.answer(0, 1.0, at=at)
    hidden = [number for number, (*_, is_hidden) in enumerate(answers) if is_hidden and 0 < number < len(answers) - 1]
    moves = made.leave_out(0, *hidden)
    first = without(after_first(moves))
    assert first.variance > 0
    assert left(moves[-1]).level > first.level


def test_the_newest_are_counted_without_those_in_between() -> None:
    made = Class()
    for number in range(6):
        made.answer(0, 1.0, at=number * DAY)
    moves = made.leave_out(0, 0, 3)
    assert newest(moves, 3) == moves[2:]
    assert newest(moves, 4) == moves[1:]
    assert after_first(moves) == moves[2:]


def test_what_others_have_found_out_since_is_no_gain() -> None:
    """Two answers that nobody else had given move the difficulty far; a hundred others determine it anew."""
    made = Class()
    for number in range(2):
        made.answer(0, 1.0, at=number * MINUTE)
    alone = made.gain(0)
    for number in range(200):
        made.answer(100 + number, float(number % 2), at=DAY)
    made.answer(0, 1.0, at=DAY + MINUTE)
    assert 0 < made.gain(0) < 1.5 * alone


def test_repeating_what_is_known_does_not_add_up_for_ever() -> None:
    """What was given in spring has faded by autumn: a year of right answers is no gain of a hundred points."""
    made = Class(point=[0.0, 0.05])
    gains = []
    for week in range(52):
        made.answer(0, 1.0, at=week * 7 * DAY)
        made.answer(1 + week, 0.0, at=week * 7 * DAY + MINUTE)
        gains.append(made.gain(0) if week else 0.0)
    level = left(made.moves[0][-1]).level
    assert gains[-1] < level - 0.05
    assert without(made.moves[0][1:]).level > 0.05
