"""A conversation as authors write it: nodes, replies with guards and effects, and what each shows of the adviser.

A script is a graph with a few whole-number variables. `mood` every script has: it begins at 3, lies in 0 … 6, falls when
the customer waits too long, and at 0 the customer leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from qualoop.values import Text

MOOD: Final = "mood"
MOST_MOOD: Final = 6
START_MOOD: Final = 3
PARTS: Final = ("need", "fit", "complaint", "policy")

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
Part = Literal["need", "fit", "complaint", "policy"]
Points = Annotated[int, Field(ge=-5, le=5)]

_WORD: Final = re.compile(r"\{([^{}]*)\}")


class _Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Guard(_Authored):
    """Holds where a variable lies between two bounds, both included."""

    variable: Name
    least: int = -99
    most: int = 99

    def holds(self, variables: Mapping[str, int]) -> bool:
        """Say whether it holds."""
        return self.least <= variables.get(self.variable, 0) <= self.most


class Turn(_Authored):
    """Where the conversation goes on, if every guard holds."""

    to: Name
    when: tuple[Guard, ...] = ()


class Reply(_Authored):
    """What the adviser may say: how long it takes, what it changes, what it shows.

    ``breach`` names the rule of the shop that it breaks; ``why`` is told afterwards.
    """

    text: Text
    seconds: int = Field(ge=5, le=180, description="How long reading and writing takes.")
    when: tuple[Guard, ...] = ()
    effects: dict[Name, int] = {}
    points: dict[Part, Points] = {}
    breach: Name | None = None
    goto: tuple[Turn, ...] = Field(min_length=1, description="The first whose guards hold; the last without any.")
    why: Text


class Node(_Authored):
    """What the customer says, and what may be answered; without replies the conversation is over."""

    says: Text
    replies: tuple[Reply, ...] = ()


class Variant(_Authored):
    """One customer of a script: words put in place of `{name}` in every text, and variables to begin with."""

    words: dict[Name, Text] = {}
    variables: dict[Name, int] = {}
    patience: int = Field(default=2, ge=1, le=6, description="How many turns of waiting cost no mood.")


class Script(_Authored):
    """A conversation."""

    title: Text
    customer: Text
    start: Name
    nodes: dict[Name, Node]
    variants: tuple[Variant, ...] = Field(min_length=1)

    def texts(self) -> Iterator[Text]:
        """Iterate over every text, as authored: with the names of words in it."""
        yield from (self.title, self.customer)
        for node in self.nodes.values():
            yield node.says
            for reply in node.replies:
                yield from (reply.text, reply.why)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.start not in self.nodes:
            raise ValueError(f"there is no node `{self.start}`")
        for name, node in self.nodes.items():
            self._check_ways(name, node)
        self._check_words()
        return self

    def _check_ways(self, name: str, node: Node) -> None:
        if node.replies and all(reply.when for reply in node.replies):
            raise ValueError(f"every reply at `{name}` has a guard: there could be nothing to say")
        for reply in node.replies:
            missing = sorted({turn.to for turn in reply.goto} - set(self.nodes))
            if missing:
                raise ValueError(f"`{name}` leads to `{missing[0]}`, which is not there")
            if reply.goto[-1].when:
                raise ValueError(f"the last way out of `{name}` has a guard: the talk could be stuck")

    def _check_words(self) -> None:
        used = {word for text in self.texts() for words in text.by_language.values() for word in _WORD.findall(words)}
        for number, variant in enumerate(self.variants, start=1):
            missing = sorted(used - set(variant.words))
            if missing:
                raise ValueError(f"customer {number} has no word for `{{{missing[0]}}}`")
