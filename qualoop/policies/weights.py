"""What one piece of evidence weighs by a table, and the sentence that explains each weight."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from qualoop.errors import QualoopError
from qualoop.ledger import EvidenceForm
from qualoop.policies.occasions import Occasion, Run, Sheet, again_factor, is_shared_out, run_omega, sheet_omega
from qualoop.policies.sentences import Reasons, run_sentence, sheet_sentence, weight_sentence
from qualoop.policies.tables import FormWeights, WeightTable, weight_table
from qualoop.values import Score, Text

_VOTED: Final = EvidenceForm.POLL.value


class FormNotWeighedError(QualoopError):
    """The table of evidence weights does not weigh this form of evidence, or not when it came about in this way."""

    code = "evidence-form-not-weighed"


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


def weigh(
    form: str,
    score: Score,
    *,
    try_number: int = 1,
    hints: int = 0,
    options: int | None = None,
    occasion: Occasion | None = None,
    table: WeightTable | None = None,
) -> Weight:
    """Return what evidence of this ``form`` (quiz, exam, project, …) weighs, by ``table`` or else by the default one.

    ``try_number`` counts this learner's meetings with the same item from 1, over all attempts (for a poll: at least
    `vote_number`, for a simulation: its scenario); ``hints`` were shown before the answer; ``options`` is K where a blind guess is
    right once in K. Weights for a repeat and for hints multiply. ``occasion`` tells of a rubric sheet or a run of a
    simulation; a form that is judged by a rubric counts as a sheet with one criterion where it is absent.
    An omega of 0 moves nothing: such evidence is shown and never given to the model. Raises FormNotWeighedError.
    """
    table = table or weight_table()
    weights = table.forms.get(form)
    if weights is None:
        raise FormNotWeighedError(f"the table {table.id} does not weigh evidence of the form {form!r}")
    if occasion is None and weights.omega:
        return _weigh_item(table, weights, score, meeting=_Meeting(try_number, hints, options, weights.omega))
    if isinstance(occasion, Sheet) or (occasion is None and weights.rubric):
        return _weigh_sheet(table, weights, score, form=form, sheet=occasion or Sheet())
    if occasion is None or not weights.simulation:
        raise FormNotWeighedError(f"the table {table.id} knows no simulation of the form {form!r}")
    return _weigh_run(table, occasion, score, try_number)


def vote_number(form: str, tries: int) -> int:
    """Return which vote on its question a piece of evidence is at least: ``tries`` of a poll, 1 of every other form.

    The second vote comes after the discussion, so it is the second one even of a learner who was not there for the
    first: such evidence is weighed by this number where it is above that of the meeting.
    """
    return tries if form == _VOTED else 1


@dataclass(frozen=True, slots=True)
class _Meeting:
    """A meeting with an item: the how-manieth, the hints, K, and the table's weights by meeting."""

    try_number: int
    hints: int
    options: int | None
    omegas: tuple[Decimal, ...]


def _weigh_item(table: WeightTable, weights: FormWeights, score: Score, *, meeting: _Meeting) -> Weight:
    omega = meeting.omegas[min(meeting.try_number, len(meeting.omegas)) - 1]
    omega, left = _after_hints(weights, omega, meeting.hints)
    few = table.guessing.fewest_options <= (meeting.options or 0) <= table.guessing.most_options
    guessed_of = meeting.options if weights.guessing and omega and few else None
    reasons = Reasons(
        name=weights.name,
        note=weights.note,
        omega=omega,
        try_number=meeting.try_number,
        hints=meeting.hints if weights.help else 0,
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


def _weigh_sheet(table: WeightTable, weights: FormWeights, score: Score, *, form: str, sheet: Sheet) -> Weight:
    if not weights.rubric:
        raise FormNotWeighedError(f"the table {table.id} knows no rubric for the form {form!r}")
    omega = sheet_omega(sheet, table.rubric)
    return Weight(
        omega=omega,
        y=score,
        # Work was judged; whatever was learnt by doing it was learnt before.
        u=Decimal(0),
        gamma=Decimal(0),
        table=table.id,
        why=sheet_sentence(
            weights.name,
            sheet,
            omega,
            total=table.rubric.sheet_total if is_shared_out(sheet, table.rubric) else None,
        ),
    )


def _weigh_run(table: WeightTable, run: Run, score: Score, try_number: int) -> Weight:
    omega = run_omega(run, table.simulation, try_number)
    return Weight(
        omega=omega,
        y=score,
        u=table.simulation.practice,
        gamma=Decimal(0),
        table=table.id,
        # How often the scenario was met is a reason only where it bears on the weight.
        why=run_sentence(run, omega, try_number if again_factor(run, table.simulation) != 1 else 1),
    )


def _after_hints(weights: FormWeights, omega: Decimal, hints: int) -> tuple[Decimal, Decimal]:
    """Return omega and the share of the score that are left after ``hints``."""
    if not (hints and weights.help):
        return omega, Decimal(1)
    return omega * weights.help.omega_factor, max(1 - weights.help.cost_per_hint * hints, Decimal(0))
