"""An observation as a phone signs it: read strictly, whoever made it, and held against the rubric that it names.

Pure: whoever receives one verifies its signature first. Payload and limits are those of docs/classroom.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from qualoop.assessment.marking import MAX_COMMENT, MAX_ENTERPRISE, MarkSheet, RowMark
from qualoop.assessment.rubric import MOST_LEVELS, MOST_ROWS, Rubric, RubricRow
from qualoop.errors import QualoopError

MAX_PAYLOAD: Final = 64 * 1024
"""Bytes of one payload: 20 rows with long comments, and as much again."""
MOST_PHOTOS: Final = 6
MOST_IN_TEAM: Final = 12
LARGEST_SEQ: Final = 2**53 - 1
"""What a number of JavaScript holds exactly."""

_MOMENT: Final = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z")
_UUID: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_SHA256: Final = r"^[0-9a-f]{64}$"

Uuid = Annotated[str, StringConstraints(pattern=_UUID)]
Sha256 = Annotated[str, StringConstraints(pattern=_SHA256)]
Comment = Annotated[str, StringConstraints(max_length=MAX_COMMENT)]
RowKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
TaskKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}$")]


class CaptureRefusedError(QualoopError):
    """A capture that cannot be stored as an observation, whoever sends it again."""

    code = "observation-refused"


class CaptureUnreadableError(CaptureRefusedError):
    """It is not what a phone of ours signs: no JSON, another version, a field too many, too few or too long."""

    code = "observation-unreadable"


class CaptureEmptyError(CaptureRefusedError):
    """No row of it has a level, so it says nothing that could count."""

    code = "observation-empty"


class CaptureUnfitError(CaptureRefusedError):
    """A row or level that its rubric does not have, or points that the level does not give."""

    code = "observation-unfit"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RowSaid(_Strict):
    """What is said of one row: the level from 0, points where the level has a range, a comment."""

    level: int | None = Field(default=None, ge=0, lt=MOST_LEVELS)
    points: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}(\.[0-9]{1,2})?$")] | None = None
    comment: Comment = ""


class Photo(_Strict):
    """A picture that will follow, known by the SHA-256 of its bytes."""

    sha256: Sha256
    type: Literal["image/jpeg", "image/png", "image/webp"]


class Capture(_Strict):
    """One observation: of one learner, or of a team of several, by a rubric, of a task."""

    v: Literal[1]
    id: Uuid
    device: Uuid
    seq: int = Field(ge=1, le=LARGEST_SEQ)
    course: Uuid
    learner: Uuid | None
    team: tuple[Uuid, ...] = Field(default=(), max_length=MOST_IN_TEAM, strict=False)
    task: TaskKey
    rubric: Sha256
    rows: dict[RowKey, RowSaid] = Field(max_length=MOST_ROWS)
    overall: Comment = ""
    photos: tuple[Photo, ...] = Field(default=(), max_length=MOST_PHOTOS, strict=False)
    enterprise: Annotated[str, StringConstraints(max_length=MAX_ENTERPRISE)] = ""
    made_at: datetime
    replaces: Uuid | None = None

    @field_validator("made_at", mode="before")
    @classmethod
    def _moment(cls, value: Any) -> datetime:
        """Take a moment in UTC only, as JavaScript writes it."""
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            raise ValueError("a moment is written 2026-11-28T08:15:00.000Z")
        return datetime.fromisoformat(value).astimezone(UTC)

    @property
    def learners(self) -> tuple[str, ...]:
        """Return the pseudonyms of everybody whom it is about, each once."""
        return (self.learner,) if self.learner is not None else tuple(dict.fromkeys(self.team))

    @property
    def sheet(self) -> MarkSheet:
        """Return what it says, without points where the level alone gives them (`fitted_sheet` fills them in)."""
        rows = {
            key: RowMark(
                level=said.level,
                points=None if said.points is None or said.level is None else Decimal(said.points),
                comment=said.comment.strip(),
            )
            for key, said in self.rows.items()
            if said.level is not None or said.comment.strip()
        }
        return MarkSheet(rows=rows, overall=self.overall.strip())


def payload_digest(payload: bytes) -> str:
    """Return what tells two contents of the same id apart: the SHA-256 of what was signed, 64 hexadecimal digits."""
    return hashlib.sha256(payload).hexdigest()


def read_capture(payload: bytes) -> Capture:
    """Return the capture in a signed payload; raise CaptureUnreadableError, CaptureEmptyError."""
    if len(payload) > MAX_PAYLOAD:
        raise CaptureUnreadableError("it is too long")
    try:
        found = Capture.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(each) for each in first["loc"])[:80]
        raise CaptureUnreadableError(f"{place}: {first['msg']}") from error
    if bool(found.team) == (found.learner is not None):
        raise CaptureUnreadableError("learner, team: one of them says whom it is about")
    if found.replaces == found.id:
        raise CaptureUnreadableError("replaces: it cannot revise itself")
    if not found.enterprise.isprintable():
        raise CaptureUnreadableError("enterprise: holds a character that cannot be printed")
    if all(said.level is None for said in found.rows.values()):
        raise CaptureEmptyError
    return found


def fitted_sheet(capture: Capture, rubric: Rubric) -> MarkSheet:
    """Return what a capture says by its rubric, every level with its points; raise CaptureUnfitError."""
    said = capture.sheet
    return MarkSheet(
        rows={key: _fitted(rubric.find_row(key), key, mark) for key, mark in said.rows.items()}, overall=said.overall
    )


def _fitted(row: RubricRow | None, key: str, mark: RowMark) -> RowMark:
    if row is None:
        raise CaptureUnfitError(f"the rubric has no row {key}")
    if mark.level is None:
        return mark
    if mark.level >= len(row.levels):
        raise CaptureUnfitError(f"{key} has no level {mark.level}")
    level = row.levels[mark.level]
    points = level.points if mark.points is None else mark.points
    if not level.holds(points):
        raise CaptureUnfitError(f"level {mark.level} of {key} does not give {points} points")
    return RowMark(level=mark.level, points=points, comment=mark.comment)


def corrected_time(made_at: datetime, skew: timedelta, received_at: datetime) -> datetime:
    """Return when something happened by the server's clock: never later than it has come.

    ``skew`` is by how much the server's clock was ahead of the device's when the batch was sent. A clock that was set
    meanwhile cannot be known; what came before its making is taken to have happened when it came.
    """
    return min(made_at + skew, received_at)


def clock_skew(received_at: datetime, device_now: datetime | None) -> timedelta:
    """Return by how much the server's clock is ahead of the device's, to the millisecond; 0 where the device told none."""
    if device_now is None:
        return timedelta(0)
    return timedelta(milliseconds=round((received_at - device_now) / timedelta(milliseconds=1)))


def read_moment(value: object) -> datetime | None:
    """Return a moment in UTC as JavaScript writes it, None for anything else."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        return None


def words_of(capture: Capture) -> Mapping[str, str]:
    """Return the comments of a capture by row, that on the whole under the empty key; only what is there."""
    said = capture.sheet
    found = {key: mark.comment for key, mark in said.rows.items() if mark.comment}
    return found | ({"": said.overall} if said.overall else {})


def photo_digests(capture: Capture) -> Sequence[str]:
    """Return the SHA-256 of each picture that belongs to a capture, each once."""
    return list(dict.fromkeys(photo.sha256 for photo in capture.photos))
