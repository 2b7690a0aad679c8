"""`GET /api/v1/changes`: how the learners of a source stand, in pages that follow one another by a cursor."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from qualoop.exchange.message_parts import Message, Moment

Percent = Annotated[int, Field(ge=0, le=100)]


class KnowledgePointState(Message):
    """How one knowledge point of a learner stands at the time of the answer; levels in per cent."""

    code: str
    status: str = Field(description="developing, provisional, competent, review-due, under-appeal or withdrawn.")
    level: Percent | None = Field(description="Null where nothing was answered yet.")
    low: Percent | None = Field(description="Lower end of the band in which the level lies.")
    high: Percent | None
    responses: Annotated[int, Field(ge=0)]
    last: Moment | None = Field(description="When the newest evidence came about.")


class NextStep(Message):
    """What to do next and why, by language."""

    activity: str = Field(description="Key of the activity.")
    address: str = Field(description="Where an LTI link to it leads: its target_link_uri.")
    title: dict[str, str]
    reason: dict[str, str]


class Change(Message):
    """All that is known of one learner in one course. It replaces whatever was told of them before."""

    learner: str = Field(description="The platform's id of the learner.")
    course: str = Field(description="The platform's id of the course.")
    knowledge_points: list[KnowledgePointState]
    next: NextStep | None


class ChangesPage(Message):
    """A page of changes. `cursor` is what to ask with next time; with `more` false there is nothing newer yet."""

    at: Moment = Field(description="When levels and statuses were computed.")
    framework: str | None = Field(description="Code and version of the framework; null before one is adopted.")
    is_anew: bool = Field(description="Whether this page belongs to a telling of everybody, not of changes alone.")
    changes: list[Change]
    cursor: str
    more: bool
