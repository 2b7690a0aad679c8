"""The interpreter of scripts: one conversation, stepped; and the best that can be made of it, by dynamic programming."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeAlias

from qualoop.simulators.service.script import MOOD, MOST_MOOD, START_MOOD, Node, Reply, Script, Variant
from qualoop.values import Text

#: What a breach of the shop's rules takes away, in points.
BREACH: Final = 5
#: A conversation in which nobody repeats themselves is far shorter.
LONGEST: Final = 24

Variables: TypeAlias = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a conversation stands: its node, its variables, how many turns the customer has waited."""

    node: str
    variables: Variables
    waited: int = 0

    @property
    def mood(self) -> int:
        """Return the customer's mood, 0 to 6."""
        return dict(self.variables)[MOOD]


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """A script with one of its customers."""

    script: Script
    variant: Variant
    _best: dict[tuple[str, Variables, int], tuple[float, int]] = field(default_factory=dict, repr=False, compare=False)

    def begin(self) -> Standing:
        """Return where it begins."""
        variables = {MOOD: START_MOOD, **self.variant.variables}
        return Standing(self.script.start, tuple(sorted(variables.items())))

    def node(self, standing: Standing) -> Node:
        """Return what the customer says now."""
        return self.script.nodes[standing.node]

    def is_over(self, standing: Standing) -> bool:
        """Say whether nothing can be said any more: it came to its end, or the customer has left."""
        return standing.mood <= 0 or not self.offered(standing)

    def offered(self, standing: Standing) -> list[int]:
        """Return the places of the replies that can be given now."""
        variables = dict(standing.variables)
        replies = self.node(standing).replies
        return [place for place, reply in enumerate(replies) if all(guard.holds(variables) for guard in reply.when)]

    def answered(self, standing: Standing, reply: Reply) -> Standing:
        """Return where it stands after a reply."""
        variables = dict(standing.variables)
        for name, change in reply.effects.items():
            variables[name] = variables.get(name, 0) + change
        variables[MOOD] = min(max(variables[MOOD], 0), MOST_MOOD)
        to = next(turn.to for turn in reply.goto if all(guard.holds(variables) for guard in turn.when))
        return Standing(to, tuple(sorted(variables.items())))

    def waited(self, standing: Standing) -> Standing:
        """Return where it stands after a turn without an answer."""
        waited = standing.waited + 1
        variables = dict(standing.variables)
        if waited > self.variant.patience:
            variables[MOOD] = max(variables[MOOD] - 1, 0)
        return Standing(standing.node, tuple(sorted(variables.items())), waited)

    def words(self, text: Text) -> Text:
        """Return a text with this customer's words in it."""
        return Text({language: self._filled(words, language) for language, words in text.by_language.items()})

    def _filled(self, words: str, language: str) -> str:
        for name, word in self.variant.words.items():
            words = words.replace(f"{{{name}}}", word[language])
        return words

    def best(self, standing: Standing, depth: int = LONGEST) -> tuple[float, int]:
        """Return the most points that can still be made, without waiting, and the place of the reply that leads there.

        Place -1 where nothing can be said.
        """
        key = (standing.node, standing.variables, depth)
        if key not in self._best:
            found = (0.0, -1)
            if depth > 0 and not self.is_over(standing):
                replies = self.node(standing).replies
                found = max(
                    (worth(replies[place]) + self.best(self.answered(standing, replies[place]), depth - 1)[0], -place)
                    for place in self.offered(standing)
                )
                found = (found[0], -found[1])
            self._best[key] = found
        return self._best[key]

    @cached_property
    def opening(self) -> Text:
        """Return the customer's first words."""
        return self.words(self.script.nodes[self.script.start].says)


def worth(reply: Reply) -> float:
    """Return what a reply is worth: its points, less what a breach costs."""
    return float(sum(reply.points.values()) - (BREACH if reply.breach else 0))


def earned(reply: Reply, part: str) -> int:
    """Return the points of one part."""
    return sum(points for name, points in reply.points.items() if name == part)
