"""What sorts and states of a teacher's record are called, on pages and in files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Final

from lti_tool.lti.errors import translatable
from lti_tool.views.wording import Wording

WORDS: Final[Mapping[str, str]] = {
    "enterprise": translatable("Days in an enterprise"),
    "research": translatable("Joint research"),
    "course": translatable("Applied course, built elsewhere"),
    "teaching": translatable("Teaching qualification"),
    "industry": translatable("Industry qualification"),
    "built-unit": translatable("Flipped unit built"),
    "built-rubric": translatable("Rubric set for work"),
    "built-class": translatable("Class session held"),
    "claimed": translatable("Waits to be confirmed"),
    "confirmed": translatable("Confirmed"),
    "refused": translatable("Not confirmed"),
    "taken-back": translatable("Taken back"),
    "withdrawn": translatable("Withdrawn"),
    "derived": translatable("From the tool’s own records"),
}
"""The keys are those of `qualoop.records.teacher_record`, of qualifications, and of what was built."""

SHEET_HEAD: Final = (
    translatable("Kind of entry"),
    translatable("What"),
    translatable("Where"),
    translatable("From"),
    translatable("Until"),
    translatable("Days"),
    translatable("State"),
    translatable("Decided by"),
    translatable("Link"),
    translatable("Teacher"),
)


def day_of(words: Wording) -> Callable[[date], str]:
    """Return what words a day of the calendar, which lies in no time zone."""
    return lambda day: words.day(datetime.combine(day, time(12), UTC))
