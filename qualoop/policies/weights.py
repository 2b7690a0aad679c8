"""What one piece of evidence weighs: tables as data, and the sentence that explains each weight.

The tables lie in `evidence_weights/`, one file an id, such as w1. A table is explicit, editable and versioned: once
evidence has been weighed with an id, its file stays as it is, and a change is a new file with a new id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from qualoop.authored_files import AuthoredFilesError, Problems, parse_model, read_yaml
from qualoop.errors import QualoopError
from qualoop.policies.sentences import Reasons, weight_sentence
from qualoop.values import KEY_PATTERN, Score, Text

TABLES: Final = Path(__file__).parent / "evidence_weights"
DEFAULT_TABLE: Final = "w1"

Factor = Annotated[Decimal, Field(ge=0, le=1, decimal_places=6)]
Omega = Annotated[Decimal, Field(ge=0, le=10, decimal_places=6)]


class WeightTableNotFoundError(QualoopError):
    """There is no table of evidence weights with this id."""

    code = "weight-table-not-found"


class FormNotWeighedError(QualoopError):
    """The table of evidence weights does not weigh this form of evidence."""

    code = "evidence-form-not-weighed"


class _Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Help(_Authored):
    """What hints do to a weight."""

    omega_factor: Factor = Field(description="Factor on omega once any hint was shown.")
    cost_per_hint: Factor = Field(description="Share of the score that each hint takes.")


class FormWeights(_Authored):
    """The weights of one form of evidence."""

    name: Text
    omega: tuple[Omega, ...] = Field(min_length=1, description="By meeting with the same item; the last one repeats.")
    practice: Factor = Field(description="The practice factor u.")
    guessing: bool = Field(default=False, description="Whether the guess floor applies.")
    help: Help | None = Field(default=None, description="Absent where the form knows no hints.")
    note: Text | None = Field(default=None, description="Ends the sentence that explains the weight.")


class Guessing(_Authored):
    """Which choices have a guess floor."""

    fewest_options: int = Field(ge=2)
    most_options: int = Field(ge=2)


class WeightTable(_Authored):
    """A versioned table of evidence weights."""

    format: Literal["qualoop-evidence-weights"]
    format_version: Literal[1]
    id: Annotated[str, Field(pattern=f"^(?:{KEY_PATTERN.pattern})$")]
    title: Text
    guessing: Guessing
    forms: Mapping[str, FormWeights]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """How one piece of evidence counts.

    ``omega`` (0 and more) scales the evidence, 1 being one item; ``y`` is the score that counts; ``u`` in [0, 1] is
    the practice factor; ``gamma`` is the guess floor, 0 for none; ``table`` the id of the table; ``why`` the sentence.
    """

    omega: Decimal
    y: Score
    u: Decimal
    gamma: Decimal
    table: str
    why: Text


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


def _form(table: WeightTable, form: str) -> FormWeights:
    weights = table.forms.get(form)
    if weights is None:
        raise FormNotWeighedError(f"the table {table.id} does not weigh evidence of the form {form!r}")
    return weights


def _after_hints(weights: FormWeights, omega: Decimal, hints: int) -> tuple[Decimal, Decimal]:
    """Return omega and the share of the score that are left after ``hints``."""
    if not (hints and weights.help):
        return omega, Decimal(1)
    return omega * weights.help.omega_factor, max(1 - weights.help.cost_per_hint * hints, Decimal(0))


def weigh(
    form: str,
    score: Score,
    *,
    try_number: int = 1,
    hints: int = 0,
    options: int | None = None,
    table: WeightTable | None = None,
) -> Weight:
    """Return what evidence of this ``form`` (quiz, exam, …) weighs, by ``table`` or else by the default one.

    ``try_number`` counts this learner's meetings with the same item from 1, over all attempts (for a poll: its votes);
    ``hints`` were shown before the answer; ``options`` is K where a blind guess is right once in K. Weights for a
    repeat and for hints multiply. Raises FormNotWeighedError.
    """
    table = table or weight_table()
    weights = _form(table, form)
    omega = weights.omega[min(try_number, len(weights.omega)) - 1]
    omega, left = _after_hints(weights, omega, hints)
    few = table.guessing.fewest_options <= (options or 0) <= table.guessing.most_options
    guessed_of = options if weights.guessing and omega and few else None
    reasons = Reasons(
        name=weights.name,
        note=weights.note,
        omega=omega,
        try_number=try_number,
        hints=hints if weights.help else 0,
        left=left,
        guessed_of=guessed_of,
    )
    return Weight(
        omega=omega,
        y=Score(score * left),
        u=weights.practice,
        gamma=1 / Decimal(guessed_of) if guessed_of else Decimal(0),
        table=table.id,
        why=weight_sentence(reasons),
    )
