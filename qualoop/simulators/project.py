"""The file of a practice project as authors write it: project.yaml. The model is the documentation.

A new project costs its author this file, its texts, and an engine where none fits.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

from qualoop.assessment.items import Key, Language
from qualoop.values import Text

PROJECT_FILE: Final = "project.yaml"
FORMS_TRIED: Final = 200
"""So many that none inside the band is never met where a tenth of all worlds lie there: .9^200 < 1e-9."""

Weight = Annotated[Decimal, Field(gt=0, le=1)]
Bounds = Annotated[tuple[Decimal, Decimal], Field(description="Least and most.")]


class _Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class FrameworkReference(_Authored):
    """The framework whose knowledge points the project names."""

    code: str = Field(description="Code of the framework, such as ECQ.", min_length=1, max_length=32)
    version: str = Field(description="Version that the tags were made under.", pattern=r"^\d+\.\d+\.\d+$")


class Part(_Authored):
    """A component of the decision, or a row of the rubric, that is scored and becomes evidence of its own."""

    key: str = Field(
        description="The engine's name of the component, or the rubric's of the row.", pattern=r"^[a-z][a-z0-9-]*$"
    )
    title: Text = Field(description="What learners call it.")
    knowledge_points: dict[str, Weight] = Field(
        description="Knowledge point codes with their weights, which add up to 1.", min_length=1, max_length=4
    )
    lessons: tuple[Key, ...] = Field(default=(), description="Keys of the lessons that this task needs.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if sum(self.knowledge_points.values()) != 1:
            raise ValueError("the weights of a part's knowledge points add up to 1")
        return self


class FormBand(_Authored):
    """Between which bounds a world is fit for a graded attempt. Bounds that are left out are not looked at."""

    reference_over_oracle: Bounds | None = Field(default=None, description="Value of the reference over the oracle's.")
    oracle: Bounds | None = Field(default=None, description="Value of the oracle, so that stakes are alike.")
    synthetic_mean: Bounds | None = Field(
        default=None,
        description="Mean score of synthetic learners: of a small panel in each form, and of all over all forms.",
    )
    least_share: Annotated[Decimal, Field(ge=0, le=1)] = Field(
        default=Decimal("0.15"), description="The least share of the poor plan's gap that each component must have."
    )
    notes: dict[str, Bounds] = Field(default={}, description="Further numbers of the oracle, such as shadow_price.")


class Attempts(_Authored):
    """How often a project is done. Practice has no limit."""

    graded: StrictInt = Field(default=3, description="Graded attempts, each in a world of its own.", ge=1, le=10)
    keep: Literal["best", "latest", "mean"] = Field(default="mean", description="Which of them is the score.")


class Scoring(_Authored):
    """How a plan is scored."""

    kind: Literal["reference_gap", "judged"] = Field(
        default="reference_gap",
        description="reference_gap: computed, between a naive policy and a same-information reference. judged: by people, "
        "or along a dialogue.",
    )
    reliability: Annotated[Decimal, Field(ge=0, le=1)] | None = Field(
        default=None,
        description="Retest reliability of the declared graded attempts, as `qualoop sim check` found it. Evidence weighs "
        "by it; without it a graded run counts as practice.",
    )
    forms_tried: StrictInt = Field(
        default=FORMS_TRIED, description="How many worlds are tried for one inside the band.", ge=1, le=1000
    )


class Team(_Authored):
    """A role of a team and the components that it alone decides."""

    key: Key
    title: Text
    components: tuple[str, ...] = Field(min_length=1)


class ProjectFile(_Authored):
    """project.yaml: the head of a practice project, its world, what it is scored by."""

    format: Literal["qualoop-package"] = Field(description="Always qualoop-package.")
    format_version: Literal[1] = Field(description="Always 1.")
    kind: Literal["practice-project"] = Field(description="Always practice-project.")
    key: Key = Field(description="Name of the folder; never changes.")
    version: str = Field(description="A label for people, such as 1.0.0.", pattern=r"^\d+\.\d+\.\d+$")
    framework: FrameworkReference
    title: Text = Field(description="Title.")
    summary: Text = Field(description="One or two sentences: what one can do after the project.")
    minutes: StrictInt = Field(description="How long a graded attempt takes.", ge=5, le=600)
    unit: str = Field(description="Code of the unit of competency that the project heads.")
    post: str | None = Field(default=None, description="Code of the post; none where a job group has no posts yet.")
    group: str = Field(description="Code of the job group.")
    level: str = Field(description="Code of the framework's level, such as L4.")
    mode: Literal["exercise", "simulation"] = Field(
        default="simulation",
        description="exercise: toy data; simulation: a world of its own. A project in a real shop, live, has no engine "
        "and another form.",
    )
    engine: Key = Field(description="Name of an engine (entry points qualoop.engines).")
    world: dict[str, Any] = Field(default={}, description="What the engine needs; its own schema says what.")
    parts: tuple[Part, ...] = Field(description="What is scored, one for each component.", min_length=1, max_length=12)
    form_band: FormBand = FormBand()
    attempts: Attempts = Attempts()
    score: Scoring = Scoring()
    roles: tuple[Team, ...] = Field(default=(), description="Roles of a team; none where each decides alone.")
    packs: tuple[Key, ...] = Field(default=(), description="Dated rule packs: packs/NAME.yaml beside this file.")
    languages: tuple[Language, ...] = Field(description="Languages in which the project is complete.", min_length=1)
    authors: tuple[str, ...] = Field(description="Who made it.", min_length=1)
    licence: str = Field(description="SPDX licence identifier, such as CC-BY-4.0.", min_length=1, max_length=64)
    sources: tuple[dict[Literal["title", "url"], str], ...] = Field(default=(), description="Where facts come from.")
