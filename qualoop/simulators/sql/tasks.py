"""The ladder's tasks as authors write them: packs/TOPIC.yaml beside project.yaml. The model is the documentation.

A pack is a topic: it is scored as one component. Parameters make a task another one in every world, so that a query
copied from another learner is wrong even before the samples differ.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

from qualoop.assessment.items import Key
from qualoop.values import Text

Construct = Literal["cte", "join", "window", "aggregate"]
Choice = str | int
Order = Annotated[str, Field(pattern=r"^\d+( desc)?$")]

_PLACE: Final = re.compile(r"\{([a-z_]+(?:\.[a-z]+)?)\}")


class _Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Window(_Authored):
    """Days that a task looks at: {NAME.from} up to, not including, {NAME.to}. Starts are every ``step`` days."""

    days: StrictInt = Field(description="Length.", ge=1, le=400)
    first: dt.date = Field(description="The earliest start.")
    last: dt.date = Field(description="The latest start.")
    step: StrictInt = Field(default=7, description="Days between possible starts.", ge=1, le=100)

    @property
    def starts(self) -> int:
        """Return how many starts there are."""
        return max((self.last - self.first).days // self.step + 1, 1)

    def drawn(self, name: str, place: int) -> dict[str, str]:
        """Return the values of the window with the start of this place (from 0)."""
        start = self.first + dt.timedelta(days=place * self.step)
        end = start + dt.timedelta(days=self.days)
        return {f"{name}.from": start.isoformat(), f"{name}.to": end.isoformat()}


class Mistake(_Authored):
    """A typical mistake: the solution with ``find`` replaced by ``put``."""

    find: str = Field(description="A part of the solution.", min_length=1)
    put: str = Field(description="What stands there instead.")
    why: Text = Field(description="What was overlooked, in a phrase.")


class TaskSpec(_Authored):
    """A task: a question, a query that answers it, and what is often got wrong."""

    key: Key = Field(description="Unique in the project; never changes.")
    level: str = Field(description="Code of the framework's level, such as L3.", pattern=r"^L\d$")
    title: Text = Field(description="A few words.")
    question: Text = Field(description="What is asked, with its {parameters}; says the columns and their order.")
    solution: str = Field(
        description="A query that answers it, with its {parameters}.", min_length=10, max_length=2_000
    )
    sqlite: str | None = Field(
        default=None, description="The same in SQLite's dialect, where the solution does not run there."
    )
    order: tuple[Order, ...] = Field(
        default=(), description="Order that is asked for: column numbers from 1, such as `2 desc`."
    )
    constructs: tuple[Construct, ...] = Field(
        default=(), description="Constructs that the task asks to be used; a fifth of its marks hangs on them."
    )
    places: StrictInt = Field(default=2, description="Decimals that numbers are compared in.", ge=0, le=6)
    mistakes: tuple[Mistake, ...] = Field(description="Typical mistakes.", min_length=1, max_length=6)

    @model_validator(mode="after")
    def _mistakes_change_the_solution(self) -> Self:
        for mistake in self.mistakes:
            if mistake.find not in self.solution:
                raise ValueError(f"the solution of {self.key} has no {mistake.find!r} to be mistaken in")
            if mistake.find == mistake.put:
                raise ValueError(f"a mistake of {self.key} changes nothing")
        return self

    @property
    def parameters(self) -> frozenset[str]:
        """Return the names of the parameters that its texts have places for."""
        texts = (self.solution, self.sqlite or "", *self.question.by_language.values())
        return frozenset(name for text in texts for name in _PLACE.findall(text))


class TopicSpec(_Authored):
    """packs/TOPIC.yaml: a topic with its tasks, from the easiest up."""

    title: Text = Field(description="The topic.")
    parameters: dict[Annotated[str, Field(pattern=r"^[a-z_]+$")], Window | tuple[Choice, ...]] = Field(
        description="What differs between worlds: windows of days, or lists of values."
    )
    tasks: tuple[TaskSpec, ...] = Field(min_length=1, max_length=12)

    @model_validator(mode="after")
    def _parameters_known(self) -> Self:
        known = {
            full
            for name, values in self.parameters.items()
            for full in ([f"{name}.from", f"{name}.to"] if isinstance(values, Window) else [name])
        }
        for task in self.tasks:
            unknown = sorted(task.parameters - known)
            if unknown:
                raise ValueError(f"{task.key} uses unknown parameters: {', '.join(unknown)}")
        return self


class LadderSpec(_Authored):
    """What a project's `world` says for the engine `sql-ladder`; its topics are the project's packs."""

    data: Key = Field(default="online-retail", description="A data set that the tool brings.")
    rounds: StrictInt = Field(
        default=3, description="How often the sheet can be handed in; the last time counts.", ge=1, le=3
    )
    longest: StrictInt = Field(default=2_000, description="Characters of one query, at most.", ge=200, le=4_000)
    packs: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")], TopicSpec] = Field(
        description="The topics: packs/TOPIC.yaml.", min_length=1, max_length=8
    )

    @model_validator(mode="after")
    def _keys_unique(self) -> Self:
        keys = [task.key for topic in self.packs.values() for task in topic.tasks]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"task keys stand twice: {', '.join(twice)}")
        return self


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its {parameters} filled in; what is no parameter stays as it is."""
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), text)
