"""A built practice project, as players hold it: frozen, cheap to open, safe to keep by content hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from qualoop.assessment.rubric import Rubric
from qualoop.assessment.samples import Sample, read_samples
from qualoop.content_packages.languages import InLanguages
from qualoop.simulators import Engine, get_engine
from qualoop.simulators.project import Attempts, FormBand, Scoring, Team
from qualoop.values import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPart:
    """A component that is scored: what learners call it, and the keys of the lessons that it needs."""

    key: str
    title: Text
    lessons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(InLanguages):
    """A practice project to show. ``brief`` and ``debrief`` are safe HTML by language, headings from h3 down.

    ``world`` is what the package says of its world, None where it is from no package; ``spec`` is that as the engine read it.
    ``rubric`` is what people judge the handed-in work by, None where nobody does; by ``samples`` peers are calibrated.
    """

    key: str
    version: str
    title: Text
    summary: Text
    minutes: int
    mode: str
    unit: str
    knowledge_points: tuple[str, ...]
    authors: tuple[str, ...]
    licence: str
    sources: tuple[Mapping[str, str], ...]
    engine: Engine
    spec: BaseModel
    parts: tuple[ProjectPart, ...]
    form_band: FormBand
    attempts: Attempts
    score: Scoring
    roles: tuple[Team, ...]
    brief: Mapping[str, str]
    debrief: Mapping[str, str]
    rubric: Rubric | None = None
    samples: tuple[Sample, ...] = ()
    world: Mapping[str, Any] | None = None

    def get_part(self, key: str) -> ProjectPart:
        """Return a part; raise KeyError."""
        return next(part for part in self.parts if part.key == key)

    @property
    def reliability(self) -> Decimal | None:
        """Return the published reliability of the graded mode; None where none was."""
        return self.score.reliability


def open_project(document: Mapping[str, Any]) -> Project:
    """Return the project of a package's document. Trusts it: `load_package` made and checked it.

    Raises UnknownEngineError and MissingExtraError where this installation lacks its engine.
    """
    engine = get_engine(document["engine"])
    return Project(
        key=document["key"],
        version=document["version"],
        title=Text(document["title"]),
        summary=Text(document["summary"]),
        minutes=document["minutes"],
        mode=document["mode"],
        unit=document["unit"],
        knowledge_points=tuple(document["knowledge_points"]),
        languages=tuple(document["languages"]),
        authors=tuple(document["authors"]),
        licence=document["licence"],
        sources=tuple(document["sources"]),
        engine=engine,
        spec=engine.spec_model.model_validate(document["world"]),
        parts=tuple(
            ProjectPart(key=part["key"], title=Text(part["title"]), lessons=tuple(part["lessons"]))
            for part in document["parts"]
        ),
        form_band=FormBand.model_validate(document["form_band"]),
        attempts=Attempts.model_validate(document["attempts"]),
        score=Scoring.model_validate(document["score"]),
        roles=tuple(Team.model_validate(role) for role in document["roles"]),
        brief=document["brief"],
        debrief=document["debrief"],
        rubric=Rubric.model_validate(document["rubric"]) if "rubric" in document else None,
        samples=read_samples(document.get("samples", ())),
        world=document["world"],
    )
