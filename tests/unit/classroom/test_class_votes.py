"""States of a session and of a poll go forward only; what two rounds of votes say adds up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.classroom.session import (
    CODE_LETTERS,
    DEFAULT_STEPS,
    ClassMovedError,
    ClassRefusedError,
    SessionState,
    cleaned_code,
    default_step,
    moved,
    plan_faults,
    plan_text,
    read_plan,
    retyped,
)
from qualoop.classroom.votes import (
    MOVES,
    ROUNDS,
    Ballot,
    Limits,
    NextStep,
    PollState,
    VoteRefusedError,
    closed_when_over,
    gain,
    gains_by_point,
    moved_poll,
    open_round,
    share_right,
    suggestion,
    switches,
    votable_round,
)
from qualoop.values import LANGUAGES, Score

ORDER = list(PollState)
scores = st.sampled_from([Score(0), Score("0.5"), Score(1)])
ballots = st.dictionaries(st.integers(1, 30), scores, max_size=30).map(
    lambda votes: [Ballot(seat=seat, response=(str(score),), score=score) for seat, score in votes.items()]
)


@given(st.lists(st.sampled_from(PollState), max_size=20))
def test_whatever_is_clicked_a_poll_goes_forward_only(clicks: list[PollState]) -> None:
    state = PollState.PLANNED
    for wanted in clicks:
        before = state
        try:
            state = moved_poll(state, wanted)
        except ClassMovedError:
            state = before
        assert ORDER.index(state) >= ORDER.index(before)
        assert state == before or wanted in MOVES[before]
    assert moved_after_shown(state)


def moved_after_shown(state: PollState) -> bool:
    return state is not PollState.SHOWN or not MOVES[state]


@given(st.lists(st.sampled_from(SessionState), max_size=10))
def test_a_session_goes_forward_only(clicks: list[SessionState]) -> None:
    order, state = list(SessionState), SessionState.PLANNED
    for wanted in clicks:
        is_next = order.index(wanted) == order.index(state) + 1
        if is_next:
            state = moved(state, wanted)
        else:
            with pytest.raises(ClassMovedError):
                moved(state, wanted)


@given(st.sampled_from(PollState), st.integers(-1, 4))
def test_a_vote_counts_in_its_open_round_only(state: PollState, sent: int) -> None:
    if open_round(state) == sent:
        assert votable_round(state, sent) == sent
    else:
        with pytest.raises(VoteRefusedError):
            votable_round(state, sent)


def test_what_is_over_takes_no_votes() -> None:
    assert all(open_round(closed_when_over(state)) is None for state in PollState)


@given(ballots, ballots)
def test_the_switch_matrix_counts_everybody_who_voted_twice_once(first: list[Ballot], second: list[Ballot]) -> None:
    found = switches(first, second)
    twice = {each.seat for each in first} & {each.seat for each in second}
    assert found.both == len(twice)
    assert found.changed <= found.both
    assert found.wrong_right + found.right_right == sum(each.is_right for each in second if each.seat in twice)


@given(ballots, ballots)
def test_a_gain_lies_between_minus_one_and_one_and_turns_with_the_rounds(
    first: list[Ballot], second: list[Ballot]
) -> None:
    there, back = gain(first, second), gain(second, first)
    if there is None or back is None:
        assert (there, back) == (None, None)
    else:
        assert -1 <= there <= 1
        assert there == pytest.approx(-back)


@given(ballots, st.integers(0, 100), st.integers(0, 100))
def test_the_suggestion_follows_the_share_of_right_votes(votes: list[Ballot], one: int, two: int) -> None:
    limits = Limits(low=min(one, two), high=max(one, two))
    share, found = share_right(votes), suggestion(votes, limits)
    if share is None:
        assert found is None
    elif found is NextStep.EXPLAIN:
        assert share * 100 < limits.low + 1e-9
    elif found is NextStep.GO_ON:
        assert share * 100 > limits.high - 1e-9
    else:
        assert limits.low - 1e-9 <= share * 100 <= limits.high + 1e-9


@pytest.mark.parametrize(("right", "expected"), [(2, "explain"), (3, "discuss"), (7, "discuss"), (8, "go-on")])
def test_the_limits_belong_to_the_discussion(right: int, expected: str) -> None:
    votes = [Ballot(seat=number, response=("a",), score=Score(int(number < right))) for number in range(10)]
    found = suggestion(votes, Limits())
    assert found is not None
    assert found.value == expected


def test_limits_stand_in_order() -> None:
    with pytest.raises(ClassRefusedError):
        Limits(low=80, high=20)


@given(ballots, ballots)
def test_a_poll_of_one_knowledge_point_gives_it_all_of_its_gain(first: list[Ballot], second: list[Ballot]) -> None:
    [found] = gains_by_point([(first, second, {"SEM-1.1": 1.0})])
    assert found.gain == gain(first, second)
    assert found.votes == len(first)
    for number, votes in zip(ROUNDS, (first, second), strict=True):
        assert found.rounds[number].right == sum(ballot.is_right for ballot in votes)
        assert found.rounds[number].share == share_right(votes)


@given(st.text(max_size=400))
def test_any_text_is_a_plan(text: str) -> None:
    assert all(step.title and 0 <= step.minutes <= 600 for step in read_plan(text))


@given(st.text(max_size=400))
def test_a_plan_that_is_kept_is_written_as_it_is_read(text: str) -> None:
    steps = read_plan(text)
    assert read_plan(plan_text(steps)) == steps
    assert plan_faults(plan_text(steps)) == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plan_of_default_steps_is_the_same_after_it_was_typed(language: str) -> None:
    steps = tuple(default_step(code, 40) for code in DEFAULT_STEPS)
    shown = tuple(step.in_language(language) for step in steps)
    assert retyped(read_plan(plan_text(shown)), steps, language) == tuple(
        replace(step, title=step.in_language(language).title) for step in steps
    )


def test_what_would_be_changed_of_a_plan_is_named_by_its_line() -> None:
    text = "\n".join(
        ["10 Vote", "", "999 Sleep", "10", "5 " + "x" * 121, *("1 more" for _ in range(26)), "one too many"]
    )
    assert [(fault.line, fault.code) for fault in plan_faults(text)] == [
        (3, "minutes"),
        (4, "empty"),
        (5, "long"),
        (32, "many"),
    ]
    assert plan_faults("Questions\n20分钟 讨论\n5 min: Roll call") == ()
    assert plan_text(read_plan("Questions\n0 3 more")) == "Questions\n0 3 more"


def test_minutes_stand_before_a_step_or_nowhere() -> None:
    found = read_plan("10 Vote and discuss\n 5 min: Roll call\n20分钟 讨论\nQuestions\n\n")
    assert [(step.minutes, step.title) for step in found] == [
        (10, "Vote and discuss"),
        (5, "Roll call"),
        (20, "讨论"),
        (0, "Questions"),
    ]


def test_a_code_is_read_as_people_type_it() -> None:
    assert cleaned_code(" abc-def ") == "ABCDEF"
    assert not set("ILO") & set(CODE_LETTERS)
