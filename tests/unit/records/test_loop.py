"""The loop meter on known learners: what was planted is found, whatever the order, and whoever is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from qualoop.classroom.flipped_unit import StepKind, UnitPlan, UnitStep
from qualoop.ledger import EvidenceForm
from qualoop.player.flipped import CHECK_KIND as PLAYER_CHECK_KIND
from qualoop.records.loop import AFTER, CHECK_KIND, STAGES, Loop, Pieces, Seen, Span, Stage, measure, stage_of
from qualoop.records.loop_figures import delay, paired, t_quantile
from qualoop.records.loop_moves import measure_moves
from qualoop.values import Text

HOUR = 3600.0
NONE = float("nan")


@dataclass(frozen=True)
class Piece:
    learner: int
    stage: Stage
    score: float
    at: float
    point: int = 0
    late: float = 0.0
    done: int = -1
    sitting: int = 0
    share: float = 1.0


@dataclass
class Class:
    """A class as it was planted."""

    pieces: list[Piece] = field(default_factory=list)

    def add(self, stage: Stage, hour: float, scores: Iterable[float | None], **more: Any) -> Class:
        """Let learners 0, 1, … have a piece each; None for who has none."""
        for learner, score in enumerate(scores):
            if score is not None:
                self.pieces.append(Piece(learner, stage, score, hour * HOUR, **more))
        return self

    def columns(self) -> Pieces:
        return columns(self.pieces)


def columns(pieces: Iterable[Piece]) -> Pieces:
    rows = list(pieces)

    def whole(values: Iterable[int]) -> Any:
        return np.array(list(values), np.int64)

    def real(values: Iterable[float]) -> Any:
        return np.array(list(values), np.float64)

    return Pieces(
        learner=whole(row.learner for row in rows),
        point=whole(row.point for row in rows),
        stage=whole(STAGES.index(row.stage) for row in rows),
        score=real(row.score for row in rows),
        share=real(row.share for row in rows),
        at=real(row.at for row in rows),
        recorded=real(row.at + row.late * HOUR for row in rows),
        done=whole(row.done for row in rows),
        sitting=whole(row.sitting for row in rows),
    )


def loop_of(made: Class, level: list[list[float]]) -> Loop:
    return measure(made.columns(), np.array(level, np.float64))


PLANTED = (
    Class()
    .add(Stage.CHECK, 0, (0.2, 0.4, 0.6, 0.4))
    .add(Stage.FIRST_VOTE, 20, (0.3, 0.5, 0.7, 0.5))
    .add(Stage.SECOND_VOTE, 20.1, (0.5, 0.7, 0.9, 0.7))
    .add(Stage.PRACTICE, 68, (0.6, 0.8, 1.0, 0.8), late=30)
)
LEVELS = [[0.55], [0.75], [0.95], [0.75]]


def test_planted_gains_and_delays_are_found() -> None:
    run = loop_of(PLANTED, LEVELS).points[0]
    found = {(hop.start, hop.end): hop for hop in run.hops}
    assert list(found) == [
        (Stage.CHECK, Stage.FIRST_VOTE),
        (Stage.FIRST_VOTE, Stage.SECOND_VOTE),
        (Stage.SECOND_VOTE, Stage.PRACTICE),
        (Stage.PRACTICE, Stage.RECORD),
    ]
    gains = [hop.gain.gain for hop in run.hops if hop.gain]
    assert gains == pytest.approx([0.1, 0.2, 0.1])
    # A level is no score: there is nothing that the class lost from practice to the record.
    assert run.hops[-1].gain is None
    assert [hop.n for hop in run.hops] == [4, 4, 4, 4]
    delays = [hop.delay.median for hop in run.hops if hop.delay]
    assert delays == pytest.approx([20, 0.1, 47.9, 30])
    assert run.whole is not None
    assert run.whole.gain is not None
    assert (run.whole.start, run.whole.end, run.whole.delay) == (Stage.CHECK, Stage.PRACTICE, None)
    assert run.whole.gain.gain == pytest.approx(0.4)


def test_who_misses_a_stage_moves_no_gain_of_it() -> None:
    missing = Class(list(PLANTED.pieces))
    # Two strong learners who never answered the check, and a weak one who never voted again.
    missing.pieces += [
        Piece(4, Stage.FIRST_VOTE, 1.0, 20 * HOUR),
        Piece(4, Stage.SECOND_VOTE, 1.0, 20.1 * HOUR),
        Piece(5, Stage.PRACTICE, 1.0, 68 * HOUR),
        Piece(6, Stage.FIRST_VOTE, 0.0, 20 * HOUR),
    ]
    run = loop_of(missing, [*LEVELS, [NONE], [1.0], [NONE]]).points[0]
    first = run.hops[0].gain
    assert first is not None
    assert first.n == 4
    assert first.gain == pytest.approx(0.1)
    voted = run.find(Stage.FIRST_VOTE)
    assert voted is not None
    assert voted.n == 6
    assert voted.mean == pytest.approx(0.5)
    assert run.hops[-1].n == 5


def test_practice_before_class_and_checks_after_it_are_left_out() -> None:
    made = Class(list(PLANTED.pieces))
    made.pieces += [Piece(0, Stage.PRACTICE, 1.0, 1 * HOUR), Piece(0, Stage.CHECK, 1.0, 21 * HOUR)]
    assert loop_of(made, LEVELS) == loop_of(PLANTED, LEVELS)
    # Who was not in class practises from the check on.
    absent = Class().add(Stage.CHECK, 5, (0.5,)).add(Stage.PRACTICE, 1, (0.0,)).add(Stage.PRACTICE, 9, (1.0,))
    [hop] = loop_of(absent, [[NONE]]).points[0].hops
    assert hop.gain is not None
    assert hop.delay is not None
    assert (hop.gain.gain, hop.delay.median) == (0.5, 4)
    # And who did neither check nor class has practised all the same.
    alone = loop_of(Class().add(Stage.PRACTICE, 9, (1.0,)), [[NONE]]).points[0]
    assert [each.stage for each in alone.stages] == [Stage.PRACTICE]
    assert (alone.hops, alone.whole) == ([], None)


def test_a_delay_goes_from_the_last_piece_before_the_first_of_the_next_stage() -> None:
    made = Class().add(Stage.CHECK, 0, (0.5,)).add(Stage.CHECK, 3, (0.5,)).add(Stage.FIRST_VOTE, 10, (0.5,))
    made.add(Stage.FIRST_VOTE, 40, (1.0,)).add(Stage.PRACTICE, 30, (1.0,))
    check, voted = loop_of(made, [[NONE]]).points[0].hops
    assert check.delay is not None
    assert check.delay.median == 7
    # A second class came after the practice had begun: the way to practice is from the first one.
    assert voted.delay is not None
    assert voted.delay.median == 20


def test_all_points_together_count_a_learner_once_and_compare_like_with_like() -> None:
    # The second knowledge point is hard, and only asked in class: that is no loss.
    made = Class().add(Stage.CHECK, 0, (0.5, 0.5)).add(Stage.FIRST_VOTE, 9, (0.7, 0.7))
    made.add(Stage.FIRST_VOTE, 9, (0.0, 0.1), point=1)
    found = loop_of(made, [[NONE, NONE], [NONE, NONE]]).together
    [hop] = found.hops
    assert hop.gain is not None
    assert hop.gain.n == 2
    assert hop.gain.gain == pytest.approx(0.2)
    voted = found.find(Stage.FIRST_VOTE)
    assert voted is not None
    assert voted.mean == pytest.approx((0.35 + 0.4) / 2)


def test_a_part_counts_by_its_share() -> None:
    made = Class().add(Stage.PRACTICE, 1, (1.0,), share=0.25).add(Stage.PRACTICE, 2, (0.0,), share=0.75)
    assert loop_of(made, [[NONE]]).points[0].stages[0].mean == 0.25


def test_nothing_at_all_is_a_loop_without_stages() -> None:
    found = loop_of(Class(), [[NONE, NONE]])
    assert (found.together.stages, found.together.hops) == ([], [])
    assert all(not run.stages for run in found.points)
    assert measure_moves(columns([]), 3) == []


pieces = st.builds(
    Piece,
    learner=st.integers(0, 4),
    stage=st.sampled_from([stage for stage in STAGES if stage is not Stage.RECORD]),
    score=st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 0.7, 1.0]),
    at=st.integers(0, 40).map(float),
    point=st.integers(0, 2),
    late=st.integers(0, 3).map(float),
    done=st.integers(-1, 2),
    sitting=st.integers(0, 3),
    share=st.sampled_from([1.0, 0.5, 0.3]),
)


@given(st.lists(pieces, max_size=60), st.randoms())
def test_the_order_of_the_evidence_changes_nothing(made: list[Piece], random: Any) -> None:
    level = np.full((5, 3), NONE)
    level[1:4, 0:2] = [[0.2, 0.4], [0.5, NONE], [0.9, 0.1]]
    shuffled = random.sample(made, len(made))
    assert measure(columns(shuffled), level) == measure(columns(made), level)
    assert measure_moves(columns(shuffled), 5) == measure_moves(columns(made), 5)


@given(st.lists(pieces, max_size=60), st.integers(0, 4))
def test_a_learner_without_a_stage_changes_no_gain_from_or_to_it(made: list[Piece], who: int) -> None:
    """Property: adding pieces of one stage for a learner who has no other one leaves all gains as they are."""
    others = [piece for piece in made if piece.learner != who]
    alone = [piece for piece in made if piece.learner == who and piece.stage is Stage.FIRST_VOTE]
    level = np.full((5, 3), NONE)
    stages = {piece.stage for piece in others}
    if Stage.FIRST_VOTE not in stages:
        alone = []
    before, after = measure(columns(others), level), measure(columns(others + alone), level)

    def gains(found: Loop) -> Mapping[tuple[Stage, Stage], Any]:
        return {(hop.start, hop.end): hop.gain for hop in found.together.hops}

    assert gains(after) == gains(before)


def test_the_quantile_is_that_of_student() -> None:
    for freedom in (3, 4, 5, 9, 29, 299):
        assert t_quantile(freedom) == pytest.approx(stats.t.ppf(0.95, freedom), abs=2e-3)


def test_the_band_is_the_paired_t_interval() -> None:
    early = np.array([0.2, 0.4, 0.5, 0.1, 0.6, 0.3, NONE])
    late = np.array([0.3, 0.7, 0.5, 0.0, 0.6, 0.5, 1.0])
    found = paired(early, late)
    assert found is not None
    interval = stats.ttest_rel(late[:6], early[:6]).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=1e-3)
    assert found.n == 6
    assert not found.is_clear
    few = paired(early[:5], late[:5])
    assert few is not None
    assert (few.n, few.low, few.high, few.is_clear) == (5, None, None, False)


def test_what_all_did_alike_has_no_band_of_no_width() -> None:
    for early in ([0.0] * 20, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]):
        found = paired(np.array(early), np.array(early) + 0.3)
        assert found is not None
        assert found.gain == pytest.approx(0.3)
        assert (found.low, found.high, found.is_clear) == (None, None, False)


@pytest.mark.parametrize("n", [1, 2, 5, 9, 10, 11, 40])
def test_nine_in_ten_do_not_exceed_what_is_said_of_them(n: int) -> None:
    seconds = np.arange(n, dtype=np.float64) ** 2 * HOUR
    found = delay(seconds)
    assert found is not None
    assert (seconds <= found.ninth * HOUR).mean() >= 0.9
    assert found.ninth * HOUR in seconds.tolist()


def test_a_stray_piece_takes_no_gain_away() -> None:
    made = Class().add(Stage.CHECK, 0, [0.2, 0.4, 0.6, 0.4] * 75).add(Stage.PRACTICE, 68, [0.6, 0.7, 1.0, 0.8] * 75)
    made.add(Stage.TEAM, 20, (1.0,))
    run = loop_of(made, [[NONE]] * 300).points[0]
    assert [(each.stage, each.n) for each in run.stages] == [
        (Stage.CHECK, 300),
        (Stage.TEAM, 1),
        (Stage.PRACTICE, 300),
    ]
    [hop] = run.hops
    assert (hop.start, hop.end, run.whole) == (Stage.CHECK, Stage.PRACTICE, None)
    assert hop.gain is not None
    assert (hop.gain.n, hop.gain.gain) == (300, pytest.approx(0.375))
    # A stage that one in ten have is none that they strayed into.
    made.add(Stage.TEAM, 20, [1.0] * 30)
    kept = loop_of(made, [[NONE]] * 300).points[0]
    assert [hop.gain.n for hop in kept.hops if hop.gain] == [30, 30]
    assert kept.whole is not None
    assert kept.whole.gain is not None
    assert kept.whole.gain.n == 300


def test_which_days_are_looked_at_moves_nothing_to_another_stage() -> None:
    made = Class().add(Stage.CHECK, 8, [0.3] * 10).add(Stage.FIRST_VOTE, 10, [0.2] * 10)
    # A check after the class, practice before it: neither is a stage, whatever else is looked at.
    made.add(Stage.CHECK, 11, [0.9] * 10).add(Stage.PRACTICE, 5, [0.1] * 10).add(Stage.PRACTICE, 12, [0.95] * 10)

    def shown(span: Span) -> list[tuple[Stage, float]]:
        found = measure(made.columns(), np.full((10, 1), NONE), span=span).points[0]
        return [(each.stage, each.mean) for each in found.stages]

    assert shown(Span(since=11 * HOUR)) == [(Stage.PRACTICE, 0.95)]
    assert shown(Span(until=10 * HOUR)) == [(Stage.CHECK, 0.3)]
    assert shown(Span(since=5 * HOUR, until=12 * HOUR)) == [(Stage.CHECK, 0.3), (Stage.FIRST_VOTE, 0.2)]


def test_the_rule_of_the_stages() -> None:
    assert CHECK_KIND == PLAYER_CHECK_KIND
    poll, quiz, process = EvidenceForm.POLL, EvidenceForm.QUIZ, EvidenceForm.PROCESS
    assert stage_of(Seen(form=process, kind=CHECK_KIND)) is Stage.CHECK
    assert stage_of(Seen(form=process, kind=CHECK_KIND, tries=2)) is None
    assert stage_of(Seen(form=process, kind="class-question", in_class=True)) is None
    assert stage_of(Seen(form=poll, in_class=True)) is Stage.FIRST_VOTE
    assert stage_of(Seen(form=poll, in_class=True, tries=2)) is Stage.SECOND_VOTE
    # A vote in the class of another course.
    assert stage_of(Seen(form=poll)) is None
    assert stage_of(Seen(form=quiz, in_class=True)) is Stage.TEAM
    # The answers of a lesson teach; after class they are practice.
    assert stage_of(Seen(form=quiz, kind="micro-lesson", phase="before")) is None
    assert stage_of(Seen(form=quiz, kind="micro-lesson", phase=AFTER)) is Stage.PRACTICE
    assert stage_of(Seen(form=quiz, kind="micro-lesson", phase=AFTER, tries=2)) is None
    assert stage_of(Seen(form=EvidenceForm.OBSERVATION)) is Stage.PRACTICE
    assert stage_of(Seen(form=EvidenceForm.ATTENDANCE, in_class=True)) is None
    steps = tuple(UnitStep(key=key, kind=kind) for key, kind in (("class", StepKind.CLASS), ("p", StepKind.PRACTICE)))
    assert UnitPlan(title=Text({"en": "U", "zh-Hans": "U"}), points=(), steps=steps).phase("p") == AFTER


def test_what_was_done_in_class_is_compared_with_before_and_followed_by_practice() -> None:
    made = (
        Class()
        .add(Stage.CHECK, 0, (0.2, 0.4, None))
        .add(Stage.FIRST_VOTE, 20, (0.0, 0.0, 1.0), done=3)
        .add(Stage.SECOND_VOTE, 20.1, (1.0, 0.0, 1.0), done=3)
        .add(Stage.FIRST_VOTE, 21, (1.0, None, None), done=4, point=1)
        .add(Stage.PRACTICE, 30.1, (0.6, 0.6, 0.6), sitting=7)
        .add(Stage.PRACTICE, 30.2, (0.8, 0.8, 0.8), sitting=7)
        # Later practice is not the next one.
        .add(Stage.PRACTICE, 90, (0.0, 0.0, 0.0), sitting=8)
    )
    votes, single = measure_moves(made.columns(), 3)
    assert (votes.done, votes.points, votes.n) == (3, (0,), 3)
    assert votes.votes is not None
    assert votes.votes.n == 3
    assert votes.votes.gain == pytest.approx(1 / 3)
    # The third learner had done nothing before: nobody can say from where.
    assert votes.followed is not None
    assert votes.followed.n == 2
    assert (votes.followed.before, votes.followed.gain) == pytest.approx((0.3, 0.4))
    assert votes.delay is not None
    assert votes.delay.n == 3
    assert votes.delay.median == pytest.approx(10)
    assert (single.done, single.points, single.votes, single.followed, single.delay) == (4, (1,), None, None, None)
