"""The life of an attempt: active, then submitted, then evaluated; a few verbs, each with its named refusals.

The verbs are pure: they take a state and return the next, or refuse. Whoever stores attempts must do both in one
transaction, so that a double click finds the state that the first click left and is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from qualoop.assessment.settings import LinkSettings
from qualoop.errors import QualoopError


class AttemptState(StrEnum):
    """Where an attempt stands."""

    ACTIVE = "active"
    """It takes answers."""
    SUBMITTED = "submitted"
    """It takes no more answers; its score is not final yet."""
    EVALUATED = "evaluated"
    """Its score is final."""


class AttemptRefusedError(QualoopError):
    """The state of the attempts does not allow this."""

    code = "attempt-refused"


class AttemptNotActiveError(AttemptRefusedError):
    """The attempt has been submitted and takes no more answers."""

    code = "attempt-not-active"


class AttemptStillActiveError(AttemptRefusedError):
    """There is an attempt that has not been submitted yet."""

    code = "attempt-still-active"


class AttemptEvaluatedError(AttemptRefusedError):
    """The attempt has been evaluated already."""

    code = "attempt-evaluated"


class AttemptsUsedUpError(AttemptRefusedError):
    """No attempt is left."""

    code = "attempts-used-up"


class LinkNotOpenError(AttemptRefusedError):
    """The activity is not open yet."""

    code = "link-not-open"


class LinkClosedError(AttemptRefusedError):
    """The activity takes no more answers."""

    code = "link-closed"


def begin(earlier: Sequence[AttemptState], settings: LinkSettings) -> AttemptState:
    """Return the state of a new attempt after the ``earlier`` ones of this learner at this link.

    Raises AttemptStillActiveError where one of them is active, AttemptsUsedUpError at the limit of the settings.
    """
    if AttemptState.ACTIVE in earlier:
        raise AttemptStillActiveError
    if settings.max_attempts and len(earlier) >= settings.max_attempts:
        raise AttemptsUsedUpError
    return AttemptState.ACTIVE


def answer(state: AttemptState) -> AttemptState:
    """Return the state after an answer. Raises AttemptNotActiveError."""
    if state is not AttemptState.ACTIVE:
        raise AttemptNotActiveError
    return state


def submit(state: AttemptState) -> AttemptState:
    """Return the state after the learner, or the clock, submits. Raises AttemptNotActiveError."""
    if state is not AttemptState.ACTIVE:
        raise AttemptNotActiveError
    return AttemptState.SUBMITTED


def evaluate(state: AttemptState) -> AttemptState:
    """Return the state once the score is final. Raises AttemptStillActiveError, AttemptEvaluatedError."""
    if state is AttemptState.ACTIVE:
        raise AttemptStillActiveError
    if state is AttemptState.EVALUATED:
        raise AttemptEvaluatedError
    return AttemptState.EVALUATED
