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

from pydantic import Field, model_validator

from qualoop.errors import QualoopError
from qualoop.policies.versioned import Authored, Versioned, load_versioned
from qualoop.values import Text

TABLES: Final = Path(__file__).parent / "evidence_weights"
DEFAULT_TABLE: Final = "w2"

Factor = Annotated[Decimal, Field(ge=0, le=1, decimal_places=6)]
Omega = Annotated[Decimal, Field(ge=0, le=10, decimal_places=6)]


class WeightTableNotFoundError(QualoopError):
    """There is no table of evidence weights with this id."""

    code = "weight-table-not-found"


class Help(Authored):
    """What hints do to a weight."""

    omega_factor: Factor = Field(description="Factor on omega once any hint was shown.")
    cost_per_hint: Factor = Field(description="Share of the score that each hint takes.")


class FormWeights(Authored):
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


class Guessing(Authored):
    """Which choices have a guess floor."""

    fewest_options: int = Field(ge=2)
    most_options: int = Field(ge=2)


class RubricWeights(Authored):
    """What a criterion on a rubric sheet weighs."""

    criterion: Omega = Field(description="Omega of one criterion.")
    sheet_total: Omega = Field(description="The most that one sheet counts: its criteria share a halo.")
    peer: Factor = Field(description="Factor where a peer judges.")
    self_report: Factor = Field(description="Factor where the learner judges the own work.")


class SimulationWeights(Authored):
    """What a simulation weighs: by its checkpoints, as a graded run, or as a practice run."""

    checkpoint: Omega = Field(description="Omega of one independent checkpoint.")
    most: Omega = Field(description="The most that one run counts, however scored.")
    again: Factor = Field(description="Factor where the scenario was met before.")
    again_run: Factor | None = Field(
        default=None, description="The same for graded and practice runs; absent: as for checkpoints."
    )
    practice_run: Omega = Field(description="Omega of a whole practice run.")
    practice: Factor = Field(description="The practice factor u.")


class WeightTable(Versioned):
    """A versioned table of evidence weights."""

    format: Literal["qualoop-evidence-weights"]
    format_version: Literal[1]
    title: Text
    guessing: Guessing
    rubric: RubricWeights
    simulation: SimulationWeights
    forms: Mapping[str, FormWeights]


def load_weight_table(table_id: str, root: Path = TABLES) -> WeightTable:
    """Read the table with this id. Raises WeightTableNotFoundError, or AuthoredFilesError with all its problems."""
    missing = WeightTableNotFoundError(f"no table of evidence weights has the id {table_id!r}")
    return load_versioned(WeightTable, root, table_id, missing=missing, code="weights-id")


@lru_cache(maxsize=8)
def weight_table(table_id: str = DEFAULT_TABLE) -> WeightTable:
    """Return the shipped table with this id, read once. Raises as `load_weight_table`."""
    return load_weight_table(table_id)
