"""What every answer of a sheet is worth: runs the queries where they must be run, and compares their rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from qualoop.simulators.decisions import Decision
from qualoop.simulators.sql.errors import SqlSandboxError
from qualoop.simulators.sql.grading import Difference, Grade, credit, grade
from qualoop.simulators.sql.ladder import PosedTask, SqlWorld
from qualoop.simulators.sql.running import Runner
from qualoop.simulators.sql.sandbox import Answer
from qualoop.simulators.sql.structure import find_constructs

SHOWN_ROWS: Final = 3
_SHOWN_LETTERS: Final = 300
_DIGITS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one answer is worth: ``marks`` in [0, 1], the code of what was found, and the learner's own first rows."""

    marks: float
    code: str
    column: int | None = None
    line: int | None = None
    rows: int = 0
    shown: tuple[str, ...] = ()

    def as_state(self) -> list[Any]:
        """Return it as it stands in the state."""
        return [self.marks, self.code, self.column, self.line, self.rows, list(self.shown)]

    @classmethod
    def from_state(cls, stored: Sequence[Any]) -> Self:
        """Return what `as_state` stored."""
        marks, code, column, line, rows, shown = stored
        return cls(marks=marks, code=code, column=column, line=line, rows=rows, shown=tuple(shown))


_NOTHING: Final = Outcome(marks=0.0, code="empty")
_SOLVED: Final = Outcome(marks=1.0, code=Difference.NONE.value)


def mark(world: SqlWorld, decision: Decision, runner: Runner, *, show: bool) -> list[Outcome]:
    """Return the outcome of every task's answer, in the order of the world's tasks.

    With ``show`` the solution is run as any other text, so that its rows can be shown, and a text that wanted time or
    memory a moment ago is run again; without, the solution is right by definition and costs nothing. Raises
    SqlSandboxError where queries cannot be run; then nothing counts.
    """
    texts = [str(decision[task.topic][task.row]).strip() for task in world.tasks]
    outcomes = [_without_running(task, text, show=show) for task, text in zip(world.tasks, texts, strict=True)]
    open_ = [place for place, outcome in enumerate(outcomes) if outcome is None]
    if open_:
        asked = [(world.tasks[place], texts[place]) for place in open_]
        for place, outcome in zip(open_, _run(world, asked, runner, anew=show), strict=True):
            outcomes[place] = outcome
    return [outcome or _NOTHING for outcome in outcomes]


def _without_running(task: PosedTask, text: str, *, show: bool) -> Outcome | None:
    if not text:
        return _NOTHING
    return _SOLVED if not show and text == task.solution.strip() else None


def _run(world: SqlWorld, asked: Sequence[tuple[PosedTask, str]], runner: Runner, *, anew: bool) -> list[Outcome]:
    engine = runner.engine()
    solutions = [task.solution_for(engine) for task, _ in asked]
    texts = [*solutions, *(text for _, text in asked)]
    trusted = frozenset(solutions).union(*(task.known_texts for task, _ in asked))
    answers = runner.answers(world.spec.data, world.sample_key, texts, trusted=trusted, anew=anew)
    expected, mine = answers[: len(asked)], answers[len(asked) :]
    return [
        _outcome(task, text, answer, solution, dialect=engine)
        for (task, text), answer, solution in zip(asked, mine, expected, strict=True)
    ]


def _outcome(task: PosedTask, text: str, answer: Answer, solution: Answer, *, dialect: str) -> Outcome:
    if solution.fault is not None:
        raise SqlSandboxError(f"the solution of {task.spec.key} did not run ({solution.fault}); nothing was graded")
    if answer.fault is not None:
        return Outcome(marks=0.0, code=answer.fault, line=answer.line)
    found = grade(answer.rows, solution.rows, task.rule)
    wanted = frozenset(task.spec.constructs)
    shows = not wanted or (found.f1 > 0 and wanted <= find_constructs(text, dialect))
    marks = credit(found, shows_constructs=shows, asks_order=bool(task.spec.order), asks_constructs=bool(wanted))
    return Outcome(
        marks=round(marks, _DIGITS),
        code=_code(found, shows=shows),
        column=found.column,
        rows=len(answer.rows),
        shown=_shown(answer),
    )


def _code(found: Grade, *, shows: bool) -> str:
    return "no-construct" if found.difference is Difference.NONE and not shows else found.difference.value


def _shown(answer: Answer) -> tuple[str, ...]:
    """Return the first rows as texts, so short that the state of a whole sheet stays small."""
    rows: list[str] = []
    left = _SHOWN_LETTERS
    for row in answer.rows[:SHOWN_ROWS]:
        text = " | ".join(_cell(value) for value in row)
        # Escapes of other scripts take more room than letters of this one.
        text = text[: max(0, left * len(text) // max(len(json.dumps(text)), 1))]
        rows.append(text)
        left -= len(json.dumps(text))
    return tuple(rows)


def _cell(value: Any) -> str:
    return "NULL" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


def topic_marks(world: SqlWorld, outcomes: Sequence[Outcome]) -> Mapping[str, float]:
    """Return the mean marks of every topic."""
    sums: dict[str, list[float]] = {}
    for task, outcome in zip(world.tasks, outcomes, strict=True):
        sums.setdefault(task.topic, []).append(outcome.marks)
    return {topic: sum(marks) / len(marks) for topic, marks in sums.items()}


def sheet_marks(world: SqlWorld, outcomes: Sequence[Outcome]) -> float:
    """Return the marks of a sheet: the mean over topics, which weigh alike, of the mean over their tasks."""
    marks = topic_marks(world, outcomes)
    return sum(marks.values()) / len(marks)
