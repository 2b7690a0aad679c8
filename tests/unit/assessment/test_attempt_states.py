from __future__ import annotations

import pytest

from qualoop.assessment import (
    AttemptEvaluatedError,
    AttemptNotActiveError,
    AttemptRefusedError,
    AttemptState,
    AttemptStillActiveError,
    AttemptsUsedUpError,
    LinkSettings,
)
from qualoop.assessment.attempts import answer, begin, evaluate, submit

ACTIVE, SUBMITTED, EVALUATED = AttemptState
TWO = LinkSettings(max_attempts=2)


def test_an_attempt_runs_from_active_to_evaluated() -> None:
    state = begin([], TWO)
    assert state is ACTIVE
    assert answer(state) is ACTIVE
    assert submit(state) is SUBMITTED
    assert evaluate(SUBMITTED) is EVALUATED


@pytest.mark.parametrize("state", [SUBMITTED, EVALUATED])
@pytest.mark.parametrize("verb", [answer, submit])
def test_what_is_submitted_takes_nothing_more(verb: type, state: AttemptState) -> None:
    with pytest.raises(AttemptNotActiveError):
        verb(state)


def test_only_what_is_submitted_is_evaluated_and_only_once() -> None:
    with pytest.raises(AttemptStillActiveError):
        evaluate(ACTIVE)
    with pytest.raises(AttemptEvaluatedError):
        evaluate(EVALUATED)


def test_one_attempt_at_a_time() -> None:
    with pytest.raises(AttemptStillActiveError):
        begin([ACTIVE], TWO)


def test_just_below_at_and_above_the_limit_of_attempts() -> None:
    assert begin([EVALUATED], TWO) is ACTIVE
    for count in (2, 3):
        with pytest.raises(AttemptsUsedUpError):
            begin([EVALUATED] * count, TWO)


def test_no_limit() -> None:
    assert begin([SUBMITTED] * 500, LinkSettings()) is ACTIVE


def test_refusals_have_codes_of_their_own() -> None:
    refusals = AttemptRefusedError.__subclasses__()
    assert len({refusal.code for refusal in refusals} | {AttemptRefusedError.code}) == len(refusals) + 1
