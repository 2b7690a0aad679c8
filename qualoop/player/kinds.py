"""Activity kinds: what can be shown and stepped, by name. A later kind appears everywhere by registering.

A package registers its kinds under the entry-point group `qualoop.activity_kinds`: the name is the kind, the object a
class without constructor arguments that fulfils `ActivityKind`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Protocol

from qualoop.assessment import LinkSettings
from qualoop.player.actions import Action, State, Step
from qualoop.player.errors import UnknownKindError
from qualoop.player.host import Host, Refused
from qualoop.values import Score, Text

ENTRY_POINT_GROUP: Final = "qualoop.activity_kinds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """How an activity is offered to who chooses one; ``minutes`` is None where it takes as long as it takes."""

    title: Text
    summary: Text
    minutes: int | None


class ActivityKind(Protocol):
    """How activities of one kind are opened, stepped, shown and scored. Nothing here keeps state or reads a clock.

    ``content`` is what `open` made of a package's document; hosts keep it by content hash.
    """

    @property
    def kind(self) -> str:
        """Return the kind's name, as packages give it."""

    @property
    def label(self) -> Text:
        """Return what people call the kind."""

    def open(self, document: Mapping[str, Any], /) -> Any:
        """Return the content of a package's document."""

    def describe(self, content: Any, /) -> Description:
        """Return how the content is offered to who chooses activities for a course."""

    def initial_state(self, content: Any, /, seed: int) -> State:
        """Return the state of a new attempt; the same seed gives the same attempt."""

    def step(self, content: Any, state: State, action: Action, /, *, settings: LinkSettings, now: datetime) -> Step:
        """Return what an action makes of a state, which is left as it is.

        Raises StaleActionError, UnknownActionError and ResponseRefusedError; then nothing happened.
        """

    def hand_in(self, content: Any, state: State, /, *, settings: LinkSettings, now: datetime) -> Step:
        """Return the attempt handed in as it stands, because its time is over. Raises StaleActionError where it was."""

    def render(
        self, content: Any, state: State, host: Host, /, *, settings: LinkSettings, refused: Refused | None = None
    ) -> str:
        """Return the element `<qualoop-activity>` as HTML, with what was typed where a response was refused."""

    def review(self, content: Any, state: State, host: Host, /, *, settings: LinkSettings, by_other: bool) -> str:
        """Return everything that was answered as HTML, as far as the settings show it; nothing can be sent from it.

        The attempt is shown as closed. ``by_other`` says that somebody else reads it than who answered.
        """

    def score(self, content: Any, state: State, settings: LinkSettings, /) -> Score:
        """Return what the attempt is worth so far: what is unanswered counts as nothing."""

    def progress(self, content: Any, state: State, /) -> tuple[int, int]:
        """Return how many steps are done, of how many."""


class ActivityKinds:
    """The kinds that an installation has."""

    def __init__(self, makers: Mapping[str, Callable[[], ActivityKind]]) -> None:
        self._makers = dict(makers)
        self._made: dict[str, ActivityKind] = {}

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the kinds, sorted."""
        return iter(sorted(self._makers))

    def get_kind(self, name: str) -> ActivityKind:
        """Return the kind of this name; raise UnknownKindError where it is not installed."""
        if name not in self._made:
            if name not in self._makers:
                known = ", ".join(self) or "none"
                raise UnknownKindError(f"no activity kind {name!r} is installed (there are: {known})")
            self._made[name] = self._makers[name]()
        return self._made[name]


@lru_cache(maxsize=1)
def installed_kinds() -> ActivityKinds:
    """Return the kinds that installed packages registered; each is loaded when it is first asked for."""
    return ActivityKinds({entry.name: partial(_made, entry) for entry in entry_points(group=ENTRY_POINT_GROUP)})


def _made(entry: EntryPoint) -> ActivityKind:
    kind: ActivityKind = entry.load()()
    return kind
