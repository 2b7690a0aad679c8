"""What the messages of the evidence API are made of: strict JSON types, each with its bounds.

The models are the documentation: the OpenAPI document is made from them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, StrictInt, StrictStr

from qualoop.values import SCORE_DIGITS

MAX_SUBJECT: Final = 255
"""Characters of the id of a learner or a course at its platform."""
MOST: Final = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""
KEY: Final = r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
HASH: Final = r"^[0-9a-f]{64}$"
UUID_FORM: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
SCORE: Final = rf"^(0|1|0\.[0-9]{{0,{SCORE_DIGITS - 1}}}[1-9])$"
"""A score as `Score.as_text` writes it: one way for each value, so that two writings of one event never differ."""

_DATE_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


class Message(BaseModel):
    """A message, or a part of one: other members are refused, and so are values of another JSON type."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def printable(text: str) -> str:
    """Return ``text``; raise ValueError for control characters, halves of surrogate pairs and the like."""
    if not text.isprintable():
        raise ValueError("holds a character that cannot be printed")
    return text


def as_moment(text: str) -> str:
    """Return ``text`` where it is a date and time with an offset (RFC 3339), else raise ValueError."""
    if not _DATE_TIME.fullmatch(text):
        raise ValueError("is a date and time with an offset, such as 2026-03-02T11:59:30Z")
    moment_of(text)
    return text


def moment_of(text: str) -> datetime:
    """Return the moment of a text that `as_moment` took, in UTC; raise ValueError where there is no such day."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside of the calendar") from error


def text_of(moment: datetime) -> str:
    """Return a moment as messages write it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


Key = Annotated[StrictStr, Field(pattern=KEY, max_length=64)]
ContentHash = Annotated[StrictStr, Field(pattern=HASH)]
Uuid = Annotated[StrictStr, Field(pattern=UUID_FORM)]
ScoreText = Annotated[StrictStr, Field(pattern=SCORE, description="A decimal in [0, 1], of six digits at most.")]
Subject = Annotated[StrictStr, Field(min_length=1, max_length=MAX_SUBJECT), AfterValidator(printable)]
Words = Annotated[StrictStr, Field(min_length=1, max_length=MAX_SUBJECT), AfterValidator(printable)]
AttemptId = Annotated[StrictStr, Field(min_length=1, max_length=64), AfterValidator(printable)]
Count = Annotated[StrictInt, Field(ge=0, le=10_000)]
Ordinal = Annotated[StrictInt, Field(ge=1, le=10_000)]
Sequence = Annotated[StrictInt, Field(ge=1, le=MOST)]
SentAt = Annotated[
    StrictStr, Field(json_schema_extra={"format": "date-time"}, max_length=40), AfterValidator(as_moment)
]
Moment = Annotated[AwareDatetime, PlainSerializer(text_of, return_type=str, when_used="json")]
