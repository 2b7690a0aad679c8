"""Reads the score message of the Assignment and Grade Services 2.0 (section 3.4) and refuses what is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from qualoop.errors import QualoopError

ACTIVITY_PROGRESS: Final = ("Initialized", "Started", "InProgress", "Submitted", "Completed")
GRADING_PROGRESS: Final = ("FullyGraded", "Pending", "PendingManual", "Failed", "NotReady")
LEAST: Final = Decimal("0.0001")
MOST: Final = Decimal(1_000_000)


class ScoreRefusedError(QualoopError):
    """A score message is not complete or not well formed."""

    code = "score-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreMessage:
    """A well-formed score. ``given`` and ``maximum`` are None unless the work is fully graded."""

    user_id: str
    timestamp: datetime
    given: Decimal | None
    maximum: Decimal | None
    comment: str


def read_score(body: Mapping[str, Any]) -> ScoreMessage:
    """Return the message in ``body`` (JSON with exact decimals); raise ScoreRefusedError naming the bad member."""
    _one_of(body, "activityProgress", ACTIVITY_PROGRESS)
    final = _one_of(body, "gradingProgress", GRADING_PROGRESS) == "FullyGraded"
    user_id, comment = body.get("userId"), body.get("comment", "")
    if not isinstance(user_id, str) or not user_id:
        raise ScoreRefusedError("userId is a non-empty string")
    if not isinstance(comment, str | None):
        raise ScoreRefusedError("comment is a string")
    given = _number(body, "scoreGiven") if final else None
    maximum = _number(body, "scoreMaximum") if final else None
    if maximum == 0:
        raise ScoreRefusedError("scoreMaximum is greater than 0")
    return ScoreMessage(
        user_id=user_id,
        timestamp=_timestamp(body.get("timestamp")),
        given=given,
        maximum=maximum,
        comment=comment or "",
    )


def _one_of(body: Mapping[str, Any], name: str, values: tuple[str, ...]) -> str:
    value = body.get(name)
    if value not in values:
        raise ScoreRefusedError(f"{name} is one of {', '.join(values)}")
    return str(value)


def _number(body: Mapping[str, Any], name: str) -> Decimal:
    value = body.get(name)
    # bool is an int in Python, but true is no number in JSON.
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ScoreRefusedError(f"{name} is a number")
    # Within these bounds every grade can be scaled to its column exactly enough to be shown.
    if value != 0 and not LEAST <= value <= MOST:
        raise ScoreRefusedError(f"{name} is 0 or lies between {LEAST} and {MOST}")
    return Decimal(value)


def _timestamp(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ScoreRefusedError("timestamp is an ISO 8601 time with its offset from UTC")
