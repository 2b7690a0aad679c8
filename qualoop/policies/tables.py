"""Tables of evidence weights: what an author may write in one, and how it is read.

The tables lie in `evidence_weights/`, one file an id, such as w1. A table is explicit, editable and versioned: once
evidence has been weighed with an id, its file stays as it is, and a change is a new file with a new id.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from qualoop.authored_files import AuthoredFilesError, Problems, parse_model, read_yaml
from qualoop.errors import QualoopError
from qualoop.values import KEY_PATTERN, Text

TABLES: Final = Path(__file__).parent / "evidence_weights"
DEFAULT_TABLE: Final = "w1"

Factor = Annotated[Decimal, Field(ge=0, le=1, decimal_places=6)]
Omega = Annotated[Decimal, Field(ge=0, le=10, decimal_places=6)]


class WeightTableNotFoundError(QualoopError):
    """There is no table of evidence weights with this id."""

    code = "weight-table-not-found"


class _Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Help(_Authored):
    """What hints do to a weight."""

    omega_factor: Factor = Field(description="Factor on omega once any hint was shown.")
    cost_per_hint: Factor = Field(description="Share of the score that each hint takes.")


class FormWeights(_Authored):
    """The weights of one form of evidence: item by item, or by a rubric, or both with simulations."""

    name: Text
    omega: tuple[Omega, ...] | None = Field(
        default=None, min_length=1, description="By meeting with the same item; the last one repeats."
    )
    practice: Factor = Field(default=Decimal(0), description="The practice factor u of an item.")
    guessing: bool = Field(default=False, description="Whether the guess floor applies.")
    help: Help | None = Field(default=None, description="Absent where the form knows no hints.")
    rubric: bool = Field(default=False, description="Whether it is judged by a rubric; then without omega.")
    simulation: bool = Field(default=False, description="Whether it may be a simulation instead.")
    note: Text | None = Field(default=None, description="Ends the sentence that explains the weight.")

    @model_validator(mode="after")
    def _is_weighed_in_one_way(self) -> Self:
        if self.rubric == (self.omega is not None):
            raise ValueError("give omega for items, or rubric: true, and not both")
        return self


class Guessing(_Authored):
    """Which choices have a guess floor."""

    fewest_options: int = Field(ge=2)
    most_options: int = Field(ge=2)


class RubricWeights(_Authored):
    """What a criterion on a rubric sheet weighs."""

    criterion: Omega = Field(description="Omega of one criterion.")
    sheet_total: Omega = Field(description="The most that one sheet counts: its criteria share a halo.")
    peer: Factor = Field(description="Factor where a peer judges.")
    self_report: Factor = Field(description="Factor where the learner judges the own work.")


class SimulationWeights(_Authored):
    """What a simulation weighs: by its checkpoints, as a graded run, or as a practice run."""

    checkpoint: Omega = Field(description="Omega of one independent checkpoint.")
    most: Omega = Field(description="The most that one run counts, however scored.")
    again: Factor = Field(description="Factor where the scenario was met before.")
    practice_run: Omega = Field(description="Omega of a whole practice run.")
    practice: Factor = Field(description="The practice factor u.")


class WeightTable(_Authored):
    """A versioned table of evidence weights."""

    format: Literal["qualoop-evidence-weights"]
    format_version: Literal[1]
    id: Annotated[str, Field(pattern=f"^(?:{KEY_PATTERN.pattern})$")]
    title: Text
    guessing: Guessing
    rubric: RubricWeights
    simulation: SimulationWeights
    forms: Mapping[str, FormWeights]


def load_weight_table(table_id: str, root: Path = TABLES) -> WeightTable:
    """Read the table with this id. Raises WeightTableNotFoundError, or AuthoredFilesError with all its problems."""
    name = f"{table_id}.yaml"
    if not KEY_PATTERN.fullmatch(table_id) or not (root / name).is_file():
        raise WeightTableNotFoundError(f"no table of evidence weights has the id {table_id!r}")
    problems = Problems()
    file = read_yaml(root, name, problems)
    table = parse_model(WeightTable, file, problems) if file else None
    if file is None or table is None:
        raise AuthoredFilesError(problems)
    if table.id != table_id:
        problems.add(
            file, ("id",), "weights-id", f"the id {table.id} is not the name of the file", repair=f"write {table_id}"
        )
    problems.raise_if_any()
    return table


@lru_cache(maxsize=8)
def weight_table(table_id: str = DEFAULT_TABLE) -> WeightTable:
    """Return the shipped table with this id, read once. Raises as `load_weight_table`."""
    return load_weight_table(table_id)
