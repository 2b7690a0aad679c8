"""A live project: as authors write it (project.yaml with `mode: live`), and as players and the tool hold it.

Nothing is computed: a real shop of an enterprise is worked at. The learner writes a plan, a mentor of the enterprise
approves it, milestones follow, and at the end people judge all of it by a rubric (rubric.yaml). The model is the
documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from qualoop.assessment.items import Key, Language
from qualoop.assessment.rubric import Rubric
from qualoop.content_packages.languages import InLanguages
from qualoop.simulators.project import FrameworkReference
from qualoop.values import Text

LIVE: Final = "live"
LIVE_KIND: Final = "live-project"
"""What the built package is called: its page is another than that of a project whose world is computed."""
PLAN: Final = "plan"
"""The key of the first task, which no milestone may have."""
MOST_QUESTIONS: Final = 10
MOST_MILESTONES: Final = 12
MOST_DAYS: Final = 366

Artefact = Literal["text", "link", "file"]
Lessons = Annotated[tuple[Key, ...], Field(description="Keys of the lessons that this task needs.", max_length=8)]


class _Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Question(_Authored):
    """One question of the plan, answered in text."""

    key: Key
    title: Text = Field(description="The question.")
    help: Text | None = Field(default=None, description="What a good answer holds.")


class PlanTemplate(_Authored):
    """What the learner's plan has to answer before anything is done in the shop."""

    questions: tuple[Question, ...] = Field(
        description="The questions, in this order.", min_length=1, max_length=MOST_QUESTIONS
    )
    lessons: Lessons = ()


class Milestone(_Authored):
    """One task after the plan, which the mentor accepts before the next begins."""

    key: Key
    title: Text = Field(description="What learners call it.")
    hand_in: Text = Field(description="What is to be handed in, and what must be in it.")
    takes: tuple[Artefact, ...] = Field(description="How it may be handed in.", min_length=1, max_length=3)
    due_days: Annotated[StrictInt, Field(ge=1, le=MOST_DAYS)] | None = Field(
        default=None, description="How many days after the plan was approved it is due; none where it has no date."
    )
    lessons: Lessons = ()


class LiveProjectFile(_Authored):
    """project.yaml of a live project: its head, the questions of the plan, the milestones."""

    format: Literal["qualoop-package"] = Field(description="Always qualoop-package.")
    format_version: Literal[1] = Field(description="Always 1.")
    kind: Literal["practice-project"] = Field(description="Always practice-project.")
    mode: Literal["live"] = Field(description="live: in a real shop; nothing counts before a mentor has approved it.")
    key: Key = Field(description="Name of the folder; never changes.")
    version: str = Field(description="A label for people, such as 1.0.0.", pattern=r"^\d+\.\d+\.\d+$")
    framework: FrameworkReference
    title: Text = Field(description="Title.")
    summary: Text = Field(description="One or two sentences: what one can do after the project.")
    hours: StrictInt = Field(description="About how many hours of work it takes.", ge=1, le=400)
    unit: str = Field(description="Code of the unit of competency that the project heads.")
    post: str | None = Field(default=None, description="Code of the post; none where a job group has no posts yet.")
    group: str = Field(description="Code of the job group.")
    level: str = Field(description="Code of the framework's level, such as L4.")
    plan: PlanTemplate
    milestones: tuple[Milestone, ...] = Field(
        description="What follows the plan, in this order.", min_length=1, max_length=MOST_MILESTONES
    )
    languages: tuple[Language, ...] = Field(description="Languages in which the project is complete.", min_length=1)
    authors: tuple[str, ...] = Field(description="Who made it.", min_length=1)
    licence: str = Field(description="SPDX licence identifier, such as CC-BY-4.0.", min_length=1, max_length=64)
    sources: tuple[dict[Literal["title", "url"], str], ...] = Field(default=(), description="Where facts come from.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveProject(InLanguages):
    """A live project to show and to work through. ``brief`` is safe HTML by language, headings from h3 down."""

    key: str
    version: str
    title: Text
    summary: Text
    hours: int
    unit: str
    knowledge_points: tuple[str, ...]
    authors: tuple[str, ...]
    licence: str
    sources: tuple[Mapping[str, str], ...]
    plan: PlanTemplate
    milestones: tuple[Milestone, ...]
    brief: Mapping[str, str]
    rubric: Rubric

    @property
    def steps(self) -> tuple[str, ...]:
        """Return the keys of all tasks in their order: the plan, then the milestones."""
        return (PLAN, *(milestone.key for milestone in self.milestones))

    @property
    def lessons(self) -> frozenset[str]:
        """Return the keys of all lessons that a task needs."""
        needed = {key for milestone in self.milestones for key in milestone.lessons}
        return frozenset(needed | set(self.plan.lessons))

    def find_milestone(self, key: str) -> Milestone | None:
        """Return a milestone, None for the plan and whatever is no task."""
        return next((milestone for milestone in self.milestones if milestone.key == key), None)


def open_live_project(document: Mapping[str, Any]) -> LiveProject:
    """Return the project of a package's document. Trusts it: `load_package` made and checked it."""
    return LiveProject(
        key=document["key"],
        version=document["version"],
        title=Text(document["title"]),
        summary=Text(document["summary"]),
        hours=document["hours"],
        unit=document["unit"],
        knowledge_points=tuple(document["knowledge_points"]),
        languages=tuple(document["languages"]),
        authors=tuple(document["authors"]),
        licence=document["licence"],
        sources=tuple(document["sources"]),
        plan=PlanTemplate.model_validate(document["plan"]),
        milestones=tuple(Milestone.model_validate(each) for each in document["milestones"]),
        brief=document["brief"],
        rubric=Rubric.model_validate(document["rubric"]),
    )
