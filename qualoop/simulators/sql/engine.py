"""The SQL ladder: questions about a shop's data, answered by queries that run in a sandbox and are marked by their rows.

value = mean marks of the sheet that was handed in last; the reference is the authors' solutions. A state keeps what
queries brought, so that looking at it runs none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from qualoop.simulators.decisions import Decision, DecisionForm, Plan, packed, unpacked
from qualoop.simulators.engine import BaselineKind, Bound, Happened, PartScore, Refusal, Standard, State
from qualoop.simulators.sql.ladder import SqlWorld, form_of, pose
from qualoop.simulators.sql.ladder_view import panels_of, results_of
from qualoop.simulators.sql.marking import Outcome, mark, sheet_marks, topic_marks
from qualoop.simulators.sql.running import Runner, shared
from qualoop.simulators.sql.tasks import LadderSpec
from qualoop.simulators.sql.texts import sentence
from qualoop.simulators.streams import WorldKey
from qualoop.simulators.views import View
from qualoop.values import Text

# Bytes of all queries of a sheet: three sheets and what they brought fit into a state.
MOST_BYTES: Final = 15_000

_TOO_MUCH: Final = Text(
    {
        "en": "The queries of a sheet take 15,000 bytes at most, all together: shorten the longest.",
        "zh-Hans": "一张答卷的全部查询合计不得超过 15000 字节：请缩短最长的几条。",
    }
)
_CHARACTERS: Final = Text(
    {
        "en": "The query holds characters that cannot be stored, such as NUL: type it anew.",
        "zh-Hans": "查询中含有无法保存的字符（例如 NUL）：请重新输入。",
    }
)
_BLANKS: Final = frozenset("\t\n\r")
_BOTS: Final[Mapping[BaselineKind, str]] = {
    BaselineKind.NAIVE: "",
    BaselineKind.POOR: "",
    BaselineKind.NOTHING: "",
    BaselineKind.SPEND_ALL: "select * from sales",
    BaselineKind.RATIO_TRICK: "select country, count(*) from sales group by country",
}


class SqlLadderEngine:
    """The engine `sql-ladder`. ``runner`` is the installation's where none is given."""

    name = "sql-ladder"
    value_tolerance: float = 0.0
    spec_model: type[BaseModel] = LadderSpec

    def __init__(self, runner: Runner | None = None) -> None:
        self._given = runner

    def _runner(self) -> Runner:
        return self._given or shared()

    def world(self, spec: LadderSpec, key: WorldKey) -> SqlWorld:
        """Return the tasks with this key's parameters, on this key's sample."""
        return pose(spec, key)

    def form(self, world: SqlWorld) -> DecisionForm:
        """Return the sheet, which is the same in every round."""
        return form_of(world)

    def rounds(self, world: SqlWorld) -> int:
        """Return how often the sheet is handed in."""
        return world.spec.rounds

    def initial(self, world: SqlWorld) -> State:
        """Return the state of an empty sheet."""
        return {"sheets": [], "outcomes": []}

    def check(self, world: SqlWorld, state: State, decision: Decision) -> list[Refusal]:
        """Return what keeps a sheet from being stored."""
        refusals = list(_unstorable(decision))
        if sum(_size(text) for texts in decision.values() for text in texts) > MOST_BYTES:
            refusals.append(Refusal(code="sql-sheet-too-long", text=_TOO_MUCH))
        return refusals

    def step(self, world: SqlWorld, state: State, decision: Decision, run: WorldKey) -> tuple[State, Happened]:
        """Return the state with a sheet marked; ``realised`` is by how much its marks are better than those before."""
        outcomes = mark(world, decision, self._runner(), show=True)
        before = _outcomes(state)
        sheets = [*state["sheets"], _without_repeats(packed(decision, form_of(world)), self._last(world, state))]
        gained = sheet_marks(world, outcomes) - (sheet_marks(world, before) if before else 0.0)
        after = {"sheets": sheets, "outcomes": [outcome.as_state() for outcome in outcomes]}
        return after, Happened(panels=results_of(world, outcomes), realised=gained)

    def view(self, world: SqlWorld, state: State, run: WorldKey, *, role: str = "") -> View:
        """Return how the sheet stands. No query is run: the state has what they brought."""
        done = len(state["sheets"])
        form = form_of(world)
        return View(
            round=done,
            rounds=world.spec.rounds,
            panels=panels_of(world, _outcomes(state)),
            form=form if done < world.spec.rounds else None,
            standing=(self._last(world, state) or form.defaults()) if done < world.spec.rounds else {},
        )

    def plan(self, world: SqlWorld, state: State) -> Plan:
        """Return the sheets handed in."""
        form = form_of(world)
        plan: list[Decision] = []
        for stored in state["sheets"]:
            plan.append(unpacked(_with_repeats(stored, plan[-1] if plan else None), form))
        return plan

    def value(self, world: SqlWorld, plan: Plan) -> float:
        """Return the marks of the last sheet, in [0, 1]; raise SqlSandboxError where queries cannot be run."""
        return sheet_marks(world, self._marked(world, plan)) if plan else 0.0

    def oracle(self, world: SqlWorld) -> Bound:
        """Return full marks: nobody has more than all rows right."""
        return Bound(value=1.0, plan=self.reference(world))

    def reference(self, world: SqlWorld) -> Plan:
        """Return the authors' solutions."""
        return self._always(world, [task.solution for task in world.tasks])

    def baseline(self, world: SqlWorld, kind: BaselineKind) -> Plan | None:
        """Return the sheet of a bot: the same text for every task. Who knows nothing hands in nothing."""
        return self._always(world, [_BOTS[kind]] * len(world.tasks))

    def scores(self, world: SqlWorld, plan: Plan, /, standard: Standard | None = None) -> Sequence[PartScore]:
        """Return every topic's marks. Marks add up, so that a topic's Shapley share is simply what it lost."""
        outcomes = self._marked(world, plan)
        marks = topic_marks(world, outcomes)
        return [
            PartScore(part=topic, score=share, lost=(1.0 - share) / len(marks), why=_why(world, topic, outcomes))
            for topic, share in marks.items()
        ]

    def wrong_text(self, world: SqlWorld, field: str, row: int, uniform: float) -> str:
        """Return a typical mistake in a task's answer, by a number in (0, 1): what synthetic learners hand in."""
        return world.of_topic(field)[row].mistaken(uniform)

    def _marked(self, world: SqlWorld, plan: Plan) -> list[Outcome]:
        return mark(world, plan[-1], self._runner(), show=False)

    def _always(self, world: SqlWorld, texts: Sequence[str]) -> Plan:
        sheet: dict[str, list[str]] = {topic: [] for topic in world.spec.packs}
        for task, text in zip(world.tasks, texts, strict=True):
            sheet[task.topic].append(text)
        return [sheet] * world.spec.rounds

    def _last(self, world: SqlWorld, state: State) -> Decision | None:
        plan = self.plan(world, state)
        return plan[-1] if plan else None


def _outcomes(state: State) -> list[Outcome]:
    return [Outcome.from_state(stored) for stored in state["outcomes"]]


def _without_repeats(sheet: Mapping[str, Any], before: Decision | None) -> dict[str, Any]:
    """Return a packed sheet with null for each text that stood there before: hardly more is stored than was changed."""
    if before is None:
        return dict(sheet)
    return {
        topic: [None if text == old else text for text, old in zip(texts, before[topic], strict=True)]
        for topic, texts in sheet.items()
    }


def _with_repeats(stored: Mapping[str, Any], before: Decision | None) -> dict[str, Any]:
    if before is None:
        return dict(stored)
    return {
        topic: [old if text is None else text for text, old in zip(texts, before[topic], strict=True)]
        for topic, texts in stored.items()
    }


def _size(text: object) -> int:
    """Return how long a text is as JSON, which is how it is stored."""
    return len(json.dumps(str(text)))


def _unstorable(decision: Decision) -> Iterator[Refusal]:
    for topic, texts in decision.items():
        for row, text in enumerate(texts):
            if not all(letter.isprintable() or letter in _BLANKS or letter.isspace() for letter in str(text)):
                yield Refusal(code="sql-characters", text=_CHARACTERS, field=topic, row=row)


def _why(world: SqlWorld, topic: str, outcomes: Sequence[Outcome]) -> Text:
    """Return how many of a topic's tasks are right, and what was found in the one that lost most."""
    own = [(task, outcome) for task, outcome in zip(world.tasks, outcomes, strict=True) if task.topic == topic]
    right = sum(outcome.marks >= 1.0 for _, outcome in own)
    task, worst = min(own, key=lambda pair: pair[1].marks)
    found = sentence(worst.code, column=worst.column, line=worst.line)
    english, chinese = f"{right} of {len(own)} right.", f"{len(own)} 题中答对 {right} 题。"
    if worst.marks < 1.0:
        english += f" {task.spec.title['en']}: {found['en']}"
        chinese += f"{task.spec.title['zh-Hans']}：{found['zh-Hans']}"
    return Text({"en": english, "zh-Hans": chinese})
