"""`PUT /api/v1/overrides/{id}`: a grade that staff of the platform set over what blocks had earned."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from qualoop.exchange.message_parts import Message, ScoreText, SentAt, Subject


class GradeOverride(Message):
    """What a person at the platform decided about a learner's grade at one place. It says nothing of knowledge points."""

    learner: Subject = Field(description="The platform's id of the learner, as evidence names them.")
    course: Subject = Field(description="The platform's id of the course.")
    place: Subject = Field(description="The platform's id of the graded place, in Open edX the key of the subsection.")
    score: ScoreText | None = Field(description="The share that was set; null where it was taken back.")
    occurred_at: SentAt = Field(description="When it was set: RFC 3339 with an offset.")


class OverrideOutcome(StrEnum):
    """What became of an override."""

    NOTED = "noted"
    """It is in the ledger as an assertion, and a person sees it in the inbox. Mastery did not move."""
    DUPLICATE = "duplicate"
    """It came before."""


class OverrideResult(Message):
    """The answer, given once everything is committed."""

    outcome: OverrideOutcome
