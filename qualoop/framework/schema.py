"""What a framework is made of: the records as authors write them, which are also the objects everybody reads.

A framework stands in `framework.yaml` and in the parts that it lists; every part may hold any of the sections.
The sections of all files together are one `FrameworkDocument`, whichever way they were split.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from qualoop.values import Text

Language = Literal["en", "zh-Hans"]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*$", max_length=64)]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=64)]
Line = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]
PartName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*(?:/[a-z0-9][a-z0-9-]*)*\.yaml$")]


class Record(BaseModel):
    """The base of everything here: frozen, and without keys that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Record):
    """Where facts come from, with the notice that its licence asks for."""

    id: Word
    title: Line
    version: Line | None = None
    licence: Line | None = None
    notice: Line | None = None


class Alignment(Record):
    """A link to another scheme's concept. It never transfers mastery by itself."""

    scheme: Word = Field(description="`id` of one of the sources")
    type: Literal["occupation", "skill", "task"]
    relation: Word = Field(description="one of the vocabulary's `alignment_relation`")
    uri: WebAddress
    label: Line
    code: Line | None = None
    task_ids: tuple[Line, ...] = ()


class Domain(Record):
    """One category of the grid, such as knowledge and skills."""

    code: Code
    order: int = Field(ge=1)
    origin: Word
    title: Text


class LevelDescriptor(Record):
    """One cell of the grid: what a level means in one domain."""

    code: Code
    domain: Code
    text: Text


class Level(Record):
    """One level. Its place in the order is `rank` (1 = lowest), never a number in its name."""

    code: Code
    rank: int = Field(ge=1)
    origin: Word
    title: Text
    typical_award: Text = Field(description="a label only; no rule may use it")
    descriptors: tuple[LevelDescriptor, ...]


class JobGroup(Record):
    """A group of posts. Units that belong to no post yet hang from the group itself."""

    code: Code
    origin: Word
    title: Text
    posts: tuple[Code, ...] = ()
    units: tuple[Code, ...] = ()


class Post(Record):
    """A job, and the units of competency that it takes."""

    code: Code
    origin: Word
    title: Text
    typical_level: Code
    units: tuple[Code, ...] = ()
    alignments: tuple[Alignment, ...] = ()


class PerformanceCriterion(Record):
    """What somebody who has the unit does, and the knowledge points that show in it."""

    code: Code
    text: Text
    knowledge_points: tuple[Code, ...] = Field(min_length=1)


class Assessment(Record):
    """How a unit is assessed, in words and by forms of evidence."""

    text: Text
    evidence_forms: tuple[Word, ...] = Field(min_length=1)


class Unit(Record):
    """A unit of competency: exactly one level, all-or-nothing credit, criteria, range, knowledge points."""

    code: Code
    origin: Word
    title: Text
    level: Code
    credit: int = Field(gt=0)
    performance_criteria: tuple[PerformanceCriterion, ...] = Field(min_length=1)
    range: Text
    assessment: Assessment
    knowledge_points: tuple[Code, ...] = Field(min_length=1)
    alignments: tuple[Alignment, ...] = ()


class KnowledgePoint(Record):
    """The smallest thing that is taught and whose mastery is followed."""

    code: Code
    kind: Word = Field(description="one of the vocabulary's `knowledge_point_kind`")
    origin: Word
    title: Text
    statement: Text
    prerequisites: tuple[Code, ...] = ()
    review_after_months: int = Field(
        ge=1,
        description="competent without new evidence for so long is due for review; "
        "after so long, too, somebody checks that the content is still true",
    )
    alignments: tuple[Alignment, ...] = ()


class UnitRule(Record):
    """A leaf of a rule: this unit has been awarded."""

    unit: Code


class AllRule(Record):
    """Every branch holds."""

    op: Literal["all"]
    of: tuple[UnitRule | AllRule, ...] = Field(min_length=1)


class UnitWeight(Record):
    """How much of a certificate a unit makes up, in per cent."""

    unit: Code
    weight: int = Field(gt=0, le=100)


class EvidenceRule(Record):
    """The forms of evidence a certificate asks for, and from how many different forms and assessors."""

    required_forms: tuple[Word, ...] = ()
    allowed_forms: tuple[Word, ...] = Field(min_length=1)
    min_distinct_forms: int = Field(ge=1)
    min_distinct_assessors: int = Field(ge=1)


class CertificateDirection(Record):
    """A certificate: a rule over units, their weights, and the evidence behind it. A person awards it."""

    code: Code
    origin: Word
    title: Text
    level: Code
    rule: UnitRule | AllRule
    weights: tuple[UnitWeight, ...] = Field(min_length=1)
    evidence: EvidenceRule
    awarded_by: Literal["human"]


class Vocabularies(Record):
    """The words that the records of this framework may use."""

    knowledge_point_kind: tuple[Word, ...]
    evidence_form: tuple[Word, ...]
    alignment_relation: tuple[Word, ...]
    origin: tuple[Word, ...]


class Sections(Record):
    """What any file of a framework may hold."""

    sources: tuple[Source, ...] = ()
    domains: tuple[Domain, ...] = ()
    levels: tuple[Level, ...] = ()
    job_groups: tuple[JobGroup, ...] = ()
    posts: tuple[Post, ...] = ()
    units: tuple[Unit, ...] = ()
    knowledge_points: tuple[KnowledgePoint, ...] = ()
    certificate_directions: tuple[CertificateDirection, ...] = ()


SECTIONS = tuple(Sections.model_fields)


class Head(Record):
    """What a framework says of itself. `adopted` means frozen: a change makes a new version."""

    code: Code
    version: Line
    status: Literal["draft", "adopted", "deprecated"]
    date: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    title: Text
    description: Text
    languages: tuple[Language, ...] = Field(min_length=1)
    default_language: Language
    hours_per_credit: int = Field(gt=0, description="notional learning hours, all modes counted")
    owner: Line | None = None
    licence: Line | None = None
    notes: Text | None = None


class FrameworkDocument(Sections):
    """A framework: `framework.yaml` with its own sections, or the whole with the parts merged in."""

    format: Literal["qualoop-framework"]
    format_version: Literal[1]
    framework: Head
    parts: tuple[PartName, ...] = Field(default=(), description="the files that hold the other sections")
    vocabularies: Vocabularies
