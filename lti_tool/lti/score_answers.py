"""What the answer to a posted score means for what happens next.

The platforms contradict each other: an equal timestamp is fine on Canvas, 409 on Moodle, 400 on Open edX. So a "no"
about the timestamp means "perhaps already done", and the result is read before anything is sent again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

_SUCCESS: Final = 2
_REDIRECTION: Final = 3
_SERVER_ERROR: Final = 5
_BAD_REQUEST: Final = 400
_FORBIDDEN: Final = 403
_CONFLICT: Final = 409
_INTERNAL: Final = 500
_NO_ACCESS: Final = frozenset({401, _FORBIDDEN})
_GONE: Final = frozenset({404, 410})
_NOT_NOW: Final = frozenset({408, 425, 429, 503})

#: Open edX: "Score already exists ...", "... later point in time"; others name the timestamp.
_ABOUT_TIMESTAMP: Final = re.compile(rb"timestamp|already exists|later point in time|submittedAt", re.IGNORECASE)
#: How much of an answer is looked at.
_LOOKED_AT: Final = 4096
#: Moodle's empty answer to what it did not do.
_NOTHING: Final = b"[]"
#: What may stand before the first tag of a page: white space and the byte order mark of UTF-8.
_BEFORE_A_PAGE: Final = b" \t\r\n\xef\xbb\xbf"


class Verdict(StrEnum):
    """What becomes of a score after an answer, or after none."""

    DONE = "done"
    """The platform has it."""
    LATER = "later"
    """Certainly not stored: try again, with the same timestamp."""
    AMBIGUOUS = "ambiguous"
    """Perhaps stored: try again, with a later timestamp."""
    ACCESS = "access"
    """Drop the access token, fetch one, try once more; then it is a matter of scopes or deployment."""
    CONFLICT = "conflict"
    """A timestamp was refused: read the result; equal is done, else once more with a later second."""
    REFIND = "refind"
    """The line item is gone: find or make it once, else permanent."""
    PERMANENT = "permanent"
    """Not to be sent again: most often no student here, or not allowed."""
    LOCKED = "locked"
    """The grade or its column is locked in the grade book (Moodle)."""


def judge_score_answer(status: int, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Return the verdict on an answer; ``headers`` have lower-case names.

    For a request without answer ask the error whether it may have arrived: AMBIGUOUS if so, else LATER.
    """
    family = status // 100
    if family == _SUCCESS:
        return _judge_success(body)
    if status == _INTERNAL and body.strip() == _NOTHING:
        return Verdict.LOCKED
    if status in _NOT_NOW or family == _REDIRECTION or (status == _FORBIDDEN and _is_throttled(headers)):
        return Verdict.LATER
    if family == _SERVER_ERROR:
        return Verdict.AMBIGUOUS
    return _judge_refusal(status, body)


def _judge_success(body: bytes) -> Verdict:
    """Return what a 2xx means: no platform answers a score with a page, so that was something on the way to it."""
    if body.lstrip(_BEFORE_A_PAGE).startswith(b"<"):
        return Verdict.AMBIGUOUS
    # Moodle says 200 with [] to a malformed score that it dropped; stored ones get no body.
    return Verdict.PERMANENT if body.strip() == _NOTHING else Verdict.DONE


def _judge_refusal(status: int, body: bytes) -> Verdict:
    if status in _NO_ACCESS:
        return Verdict.ACCESS
    if status == _CONFLICT or (status == _BAD_REQUEST and _ABOUT_TIMESTAMP.search(body[:_LOOKED_AT])):
        return Verdict.CONFLICT
    return Verdict.REFIND if status in _GONE else Verdict.PERMANENT


def _is_throttled(headers: Mapping[str, str]) -> bool:
    """Say whether a 403 means "too many requests", as Canvas has it."""
    try:
        return float(headers["x-rate-limit-remaining"]) <= 0
    except (KeyError, ValueError):
        return False
