"""Samples that staff have scored (samples.yaml): by them reviewers are calibrated before they judge anybody's work.

A sample is written for the purpose, in every language of its project, so that nobody's work is shown to a class. Staff's
level of each row comes with the reason, which a learner reads after rating the sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from qualoop.assessment.items import Key
from qualoop.assessment.marking import MarkSheet, RowMark
from qualoop.assessment.rubric import Rubric
from qualoop.authored_files import Place, Problems, YamlFile
from qualoop.values import Text

SAMPLES_FILE: Final = "samples.yaml"
FEWEST: Final = 3
"""Fewer tell next to nothing of a reviewer (Piech and others, 2013)."""
MOST: Final = 9


class _Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class SampleRow(_Authored):
    """What staff say of one row of a sample."""

    level: Annotated[int, Field(strict=True, ge=0)] = Field(
        description="The level that staff gave, counted from 0 for the weakest."
    )
    why: Text = Field(description="Why it is this level: what in the sample shows it.")


class Sample(_Authored):
    """One piece of work, with what staff say of it."""

    key: Key
    title: Text = Field(description="What the sample is called; it must not give the level away.")
    task: Text | None = Field(default=None, description="What its author was asked to do and knew, to judge it by.")
    text: Text = Field(description="The work itself, as plain text.")
    rows: dict[str, SampleRow] = Field(description="What staff say, by row of the rubric; every row.")

    def staff_sheet(self, rubric: Rubric, language: str) -> MarkSheet:
        """Return what staff say as a sheet, each level with its lowest points and its reason as comment."""
        rows = {row.key: (row.levels[given.level], given) for row in rubric.rows if (given := self.rows.get(row.key))}
        return MarkSheet(
            rows={
                key: RowMark(level=given.level, points=Decimal(level.points), comment=given.why[language])
                for key, (level, given) in rows.items()
            }
        )


class SamplesFile(_Authored):
    """samples.yaml: by what reviewers are calibrated."""

    format: Literal["qualoop-samples"] = Field(description="Always qualoop-samples.")
    format_version: Literal[1] = Field(description="Always 1.")
    samples: tuple[Sample, ...] = Field(
        description="In the order in which they are rated: strong and weak ones mixed.",
        min_length=FEWEST,
        max_length=MOST,
    )


def samples_document(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Return samples as plain JSON, as a package's document holds them; `read_samples` makes them again."""
    return [sample.model_dump(mode="json") for sample in samples]


def read_samples(document: Sequence[Mapping[str, Any]]) -> tuple[Sample, ...]:
    """Return the samples in a package's document, which `samples_document` made."""
    return tuple(map(Sample.model_validate, document))


def fit(samples: Collection[Sample], rubric: Rubric) -> bool:
    """Say whether staff's levels are those of this rubric: each row judged, on a level that it has."""
    return all(not [*_row_faults(sample, rubric)] for sample in samples)


def note_sample_faults(
    file: YamlFile, samples: Sequence[Sample], rubric: Rubric, *, languages: Sequence[str], problems: Problems
) -> None:
    """Note what is wrong with samples beyond their form, at the lines of ``file``."""
    for key, count in Counter(sample.key for sample in samples).items():
        if count > 1:
            message = f"{count} samples have the key `{key}`"
            problems.add(file, ("samples",), "sample-key", message, repair="give each a key of its own")
    for number, sample in enumerate(samples):
        place: Place = ("samples", number)
        for more, message, repair in _row_faults(sample, rubric):
            problems.add(file, (*place, *more), "sample-row", message, repair=repair)
        for more, text in _texts(sample):
            for language in sorted(set(languages) - set(text.by_language)):
                message = f"`{'.'.join(more)}` has no {language}"
                problems.add(file, (*place, *more), "language-missing", message, repair=f"add `{language}:`")
    _note_flat_rows(file, samples, rubric, problems)


def _row_faults(sample: Sample, rubric: Rubric) -> Iterator[tuple[Place, str, str]]:
    for row in rubric.rows:
        given = sample.rows.get(row.key)
        if given is None:
            yield ("rows",), f"staff say nothing of `{row.key}`", "add the row"
        elif given.level >= len(row.levels):
            yield ("rows", row.key, "level"), f"`{row.key}` has no level {given.level}", "levels count from 0"
    for key in sorted(set(sample.rows) - {row.key for row in rubric.rows}):
        yield ("rows", key), f"the rubric has no row `{key}`", "name a row of rubric.yaml"


def _note_flat_rows(file: YamlFile, samples: Sequence[Sample], rubric: Rubric, problems: Problems) -> None:
    """Samples that are all on one level of a row cannot tell who rates that row well."""
    for row in rubric.rows:
        levels = {sample.rows[row.key].level for sample in samples if row.key in sample.rows}
        if len(levels) == 1:
            message = f"all samples are on level {levels.pop()} of `{row.key}`"
            problems.add(file, ("samples",), "sample-flat", message, repair="take samples of two levels at least")


def _texts(sample: Sample) -> Iterator[tuple[tuple[str, ...], Text]]:
    yield ("title",), sample.title
    yield ("text",), sample.text
    if sample.task is not None:
        yield ("task",), sample.task
    for key, row in sample.rows.items():
        yield ("rows", key, "why"), row.why
