"""A learner's ladder: the tasks of the project with this world's parameters filled in, and the form to answer them in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from qualoop.simulators.decisions import Column, DecisionForm, DecisionTable, Row, TextField
from qualoop.simulators.sql.grading import Rule
from qualoop.simulators.sql.tasks import LadderSpec, TaskSpec, TopicSpec, Window, filled
from qualoop.simulators.streams import WorldKey
from qualoop.values import Text

_ANSWER: Final = Text({"en": "Query", "zh-Hans": "查询语句"})
_TASK: Final = Text({"en": "Task", "zh-Hans": "任务"})
_LEVEL: Final = Text({"en": "Level", "zh-Hans": "等级"})
_QUESTION: Final = Text({"en": "Question", "zh-Hans": "题目"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PosedTask:
    """A task as this world asks it; ``row`` is its place in its topic, from 0."""

    topic: str
    row: int
    spec: TaskSpec
    values: Mapping[str, str]

    @property
    def question(self) -> Text:
        """Return what is asked."""
        texts = self.spec.question.by_language
        return Text({language: filled(text, self.values) for language, text in texts.items()})

    @property
    def solution(self) -> str:
        """Return the query that answers it."""
        return filled(self.spec.solution, self.values)

    def solution_for(self, engine: str) -> str:
        """Return the query that answers it on an engine (`duckdb` or `sqlite`)."""
        return filled(self.spec.sqlite, self.values) if engine == "sqlite" and self.spec.sqlite else self.solution

    @property
    def known_texts(self) -> frozenset[str]:
        """Return what the authors wrote: the solution, and the solution with each of its typical mistakes."""
        count = len(self.spec.mistakes)
        return frozenset({self.solution, *(self.mistaken((place + 0.5) / count) for place in range(count))})

    def mistaken(self, uniform: float) -> str:
        """Return the solution with one of its typical mistakes, by a number in (0, 1)."""
        mistake = self.spec.mistakes[int(uniform * len(self.spec.mistakes))]
        return filled(self.spec.solution.replace(mistake.find, mistake.put), self.values)

    @property
    def rule(self) -> Rule:
        """Return how its rows are compared."""
        return Rule(places=self.spec.places, order=self.spec.order)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlWorld:
    """A learner's tasks, and the key of the sample that they are asked on."""

    spec: LadderSpec
    sample_key: WorldKey
    tasks: tuple[PosedTask, ...]

    def of_topic(self, topic: str) -> tuple[PosedTask, ...]:
        """Return a topic's tasks, in order."""
        return tuple(task for task in self.tasks if task.topic == topic)


def pose(spec: LadderSpec, key: WorldKey) -> SqlWorld:
    """Return the ladder of a world."""
    tasks = tuple(
        PosedTask(topic=name, row=row, spec=task, values=_draw(topic, task, key))
        for name, topic in spec.packs.items()
        for row, task in enumerate(topic.tasks)
    )
    return SqlWorld(spec=spec, sample_key=key.derive("sample"), tasks=tasks)


def _draw(topic: TopicSpec, task: TaskSpec, key: WorldKey) -> dict[str, str]:
    values: dict[str, str] = {}
    wanted = {name.partition(".")[0] for name in task.parameters}
    for name in sorted(wanted):
        choices = topic.parameters[name]
        (uniform,) = key.uniforms("parameter", task.key, name, shape=1)
        if isinstance(choices, Window):
            values |= choices.drawn(name, int(uniform * choices.starts))
        else:
            values[name] = str(choices[int(uniform * len(choices))])
    return values


def form_of(world: SqlWorld) -> DecisionForm:
    """Return the sheet: a table for each topic, a row for each task, a query to be written in each."""
    return DecisionForm(tables=tuple(_table(world, name, topic) for name, topic in world.spec.packs.items()))


def _table(world: SqlWorld, name: str, topic: TopicSpec) -> DecisionTable:
    rows = tuple(
        Row(key=task.spec.key, label=task.spec.title, cells=(task.spec.level, task.question))
        for task in world.of_topic(name)
    )
    field = TextField(key=name, component=name, label=_ANSWER, max_length=world.spec.longest, language="sql")
    return DecisionTable(
        key=name,
        title=topic.title,
        rows=rows,
        fields=(field,),
        columns=(Column(label=_LEVEL), Column(label=_QUESTION)),
        row_label=_TASK,
    )
