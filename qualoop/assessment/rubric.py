"""Rubrics as authors write them (rubric.yaml), and as everything else uses them: rows, levels, points, a content hash.

A rubric is reused by its key; each of its versions is immutable and known by the hash of its content. A row is the
smallest thing that is judged, so its key is the part that evidence names (docs/glossary.md, part).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field

from qualoop.assessment.items import Key, Language, Number
from qualoop.authored_files import AuthoredFilesError, Place, Problems, YamlFile, parse_model, parse_yaml, read_yaml
from qualoop.framework import Framework
from qualoop.values import Text

FORMAT: Final = "qualoop-rubric"
RUBRIC_FILE: Final = "rubric.yaml"
MOST_ROWS: Final = 20
MOST_LEVELS: Final = 9
"""As many as there are digits to choose a level with."""
MOST_POINTS: Final = 1000

_JSON_SCHEMA_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Points = Annotated[Number, Field(ge=0, le=MOST_POINTS, decimal_places=2)]


class _Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class RubricLevel(_Authored):
    """One level of a row."""

    title: Text = Field(description="What the level is called, such as Secure.")
    descriptor: Text = Field(description="What work on this level looks like: seen in the work, not in its author.")
    points: Points = Field(description="What the level is worth; where it has a range, the lowest of it.")
    up_to: Points | None = Field(
        default=None, description="The highest points of the level, where who marks may choose within a range."
    )

    @property
    def highest(self) -> Decimal:
        """Return the highest points that the level can give."""
        return self.points if self.up_to is None else self.up_to

    def holds(self, points: Decimal) -> bool:
        """Say whether these points can be given on this level."""
        return self.points <= points <= self.highest


class RubricRow(_Authored):
    """One criterion, judged by itself."""

    key: Key
    title: Text = Field(description="What is judged, in a few words.")
    about: Text | None = Field(default=None, description="What to look at, for who marks and who works.")
    knowledge_points: dict[str, Number] = Field(
        default={},
        description="Weight of each knowledge point that the row serves, by code; above 0, and they sum to 1. "
        "An activity that uses the rubric takes them as the tags of the part with the row's key.",
    )
    levels: tuple[RubricLevel, ...] = Field(
        description="From the weakest to the strongest; points grow from level to level.",
        min_length=2,
        max_length=MOST_LEVELS,
    )

    @property
    def highest(self) -> Decimal:
        """Return the most points that the row can give."""
        return self.levels[-1].highest


class Rubric(_Authored):
    """rubric.yaml: what work is judged by."""

    format: Literal["qualoop-rubric"] = Field(description="Always qualoop-rubric.")
    format_version: Literal[1] = Field(description="Always 1.")
    key: Key
    version: str = Field(
        description="A label for people, such as 1.0.0; what identifies a version is its content.",
        pattern=r"^\d+\.\d+\.\d+$",
    )
    title: Text = Field(description="What the rubric is called.")
    about: Text | None = Field(default=None, description="What the rubric is for.")
    languages: tuple[Language, ...] = Field(description="Languages in which the rubric is complete.", min_length=1)
    rows: tuple[RubricRow, ...] = Field(description="The criteria, in this order.", min_length=1, max_length=MOST_ROWS)

    @property
    def highest(self) -> Decimal:
        """Return the most points that the whole rubric can give."""
        return sum((row.highest for row in self.rows), Decimal(0))

    def find_row(self, key: str) -> RubricRow | None:
        """Return the row of that key, or None."""
        return next((row for row in self.rows if row.key == key), None)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of rubric.yaml, for editors."""
    return {"$schema": _JSON_SCHEMA_DIALECT, **Rubric.model_json_schema()}


def document_of(rubric: Rubric) -> dict[str, Any]:
    """Return a rubric as plain JSON; `Rubric.model_validate` makes the rubric of it again."""
    return rubric.model_dump(mode="json")


def content_hash(rubric: Rubric) -> str:
    """Return what identifies a version: SHA-256 (64 hexadecimal digits) of the RFC 8785 form of its document.

    The label is part of neither: the same words under two labels are one version.
    """
    document = {name: value for name, value in document_of(rubric).items() if name != "version"}
    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def manifest_parts(rubric: Rubric) -> list[dict[str, Any]]:
    """Return the parts that an activity with this rubric lists in its manifest: one a row."""
    return [{"key": row.key, "type": "criterion", "options": None, "max": "1"} for row in rubric.rows]


def rubric_tags(rubric: Rubric) -> dict[str, dict[str, str]]:
    """Return the knowledge points of each part, with their weights as decimal strings."""
    return {
        row.key: {code: format(weight.normalize(), "f") for code, weight in row.knowledge_points.items()}
        for row in rubric.rows
        if row.knowledge_points
    }


def load_rubric(root: Path, framework: Framework | None) -> Rubric:
    """Return the rubric in ``root``/rubric.yaml; raise AuthoredFilesError with every problem it has.

    Without a framework, whether its knowledge points exist is left unchecked.
    """
    problems = Problems()
    return _checked(read_yaml(root, RUBRIC_FILE, problems), framework, problems)


def read_rubric(text: str, framework: Framework | None, *, name: str = RUBRIC_FILE) -> Rubric:
    """Return the rubric in a YAML text; as `load_rubric`."""
    problems = Problems()
    return _checked(parse_yaml(text, name, problems), framework, problems)


def _checked(file: YamlFile | None, framework: Framework | None, problems: Problems) -> Rubric:
    rubric = parse_model(Rubric, file, problems) if file else None
    if rubric is not None and file is not None:
        note_faults(rubric, file, framework, problems)
    problems.raise_if_any()
    if rubric is None:
        raise AuthoredFilesError(problems)
    return rubric


def note_faults(rubric: Rubric, file: YamlFile, framework: Framework | None, problems: Problems) -> None:
    """Note what is wrong with a rubric beyond its form, at the lines of ``file``."""
    for key, count in Counter(row.key for row in rubric.rows).items():
        if count > 1:
            last = max(number for number, row in enumerate(rubric.rows) if row.key == key)
            problems.add(
                file, ("rows", last, "key"), "rubric-row-repeated", f"two rows are called {key}", repair="rename one"
            )
    for number, row in enumerate(rubric.rows):
        _note_points(row, ("rows", number), file, problems)
        _note_knowledge_points(row, ("rows", number), file, framework, problems=problems)
    for place, words in _texts(rubric.model_dump(), ()):
        for language in rubric.languages:
            if language not in words.by_language:
                message = f"{place[-1]} has no text in {language}"
                problems.add(file, place, "rubric-language-missing", message, repair=f"add it, or take {language} out")


def _note_points(row: RubricRow, place: Place, file: YamlFile, problems: Problems) -> None:
    """Points must tell the levels apart: each range is one, and lies above the one before."""
    for number, level in enumerate(row.levels):
        if level.highest < level.points:
            message = f"the range ends at {level.highest}, below its beginning {level.points}"
            problems.add(file, (*place, "levels", number, "up_to"), "rubric-range", message, repair="swap them")
    for number, (lower, upper) in enumerate(pairwise(row.levels), 1):
        if upper.points <= lower.highest:
            message = f"{upper.points} points are no more than the level before can give, {lower.highest}"
            problems.add(
                file, (*place, "levels", number, "points"), "rubric-points", message, repair="order the levels"
            )


def _note_knowledge_points(
    row: RubricRow, place: Place, file: YamlFile, framework: Framework | None, *, problems: Problems
) -> None:
    weights = row.knowledge_points
    place = (*place, "knowledge_points")
    if weights and (sum(weights.values()) != 1 or min(weights.values()) <= 0):
        problems.add(file, place, "rubric-weights", "weights are above 0 and sum to 1", repair="share out 1 among them")
    for code in weights:
        if framework is not None and framework.find_knowledge_point(code) is None:
            message = f"{framework.code} {framework.version} has no knowledge point {code}"
            problems.add(file, (*place, code), "rubric-knowledge-point", message, repair="correct the code")


def _texts(value: Any, place: Place) -> Iterator[tuple[Place, Text]]:
    """Give every text of a dumped rubric with its place."""
    if isinstance(value, Mapping):
        if place and place[-1] in {"title", "about", "descriptor"}:
            yield place, Text(value)
            return
        for key, inner in value.items():
            yield from _texts(inner, (*place, key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _texts(inner, (*place, number))
