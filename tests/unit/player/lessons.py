"""The canary lesson and attempts at it, in the few words that tests need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from qualoop.assessment import LinkSettings
from qualoop.content_packages import Lesson, load_package
from qualoop.player import Action, Event, Host, MicroLessonKind, Refused, State
from tests.unit.player.hosts import FixedHost

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SEED = 7
PACKAGES = Path(__file__).parent / "packages"
KIND = MicroLessonKind()

Fields = Mapping[str, str | Sequence[str]]

# At SEED, in the words of the form, for each item of the canary in the order of the lesson.
RIGHT: Mapping[str, Fields] = {
    "single": {"choice": "1"},
    "multiple": {"choice": ["0", "2"]},
    "number": {"value": "417.25"},
    "text": {"text": "ZQForm  right"},
    "order": {"rank_0": "4", "rank_1": "1", "rank_2": "3", "rank_3": "2"},
    "match": {"match_0": "0", "match_1": "1", "match_2": "2"},
    "spot": {"choice": "2"},
}
PARTLY: Mapping[str, Fields] = {
    "multiple": {"choice": ["0"]},
    "text": {"text": "zqform near"},
    "order": {"rank_0": "1", "rank_1": "2", "rank_2": "4", "rank_3": "3"},
    "match": {"match_0": "0", "match_1": "3", "match_2": "1"},
}
WRONG: Mapping[str, Fields] = {
    "single": {"choice": "0"},
    "multiple": {"choice": ["1"]},
    "number": {"value": "41.7"},
    "text": {"text": "something"},
    "order": {"rank_0": "1", "rank_1": "4", "rank_2": "2", "rank_3": "3"},
    "match": {"match_0": "3", "match_1": "0", "match_2": "1"},
    "spot": {"choice": "0"},
}


@lru_cache(maxsize=1)
def canary() -> Lesson:
    return KIND.open(load_package(PACKAGES / "canary", None).document)


@dataclass(kw_only=True)
class Attempt:
    """An attempt that remembers what happened."""

    settings: LinkSettings = field(default_factory=LinkSettings)
    host: Host = field(default_factory=FixedHost)
    state: State = field(default_factory=lambda: KIND.initial_state(canary(), SEED))
    events: list[Event] = field(default_factory=list)

    def do(self, name: str, **fields: str | int | Sequence[str]) -> Sequence[Event]:
        form = {key: value if isinstance(value, list | tuple) else [str(value)] for key, value in fields.items()}
        step = KIND.step(canary(), self.state, Action(name=name, form=form), settings=self.settings, now=NOW)
        self.state = step.state
        self.events.extend(step.events)
        return step.events

    def go(self, step: str) -> None:
        self.do("go", step=step)

    def answer(self, item: str, number: int, **fields: str | int | Sequence[str]) -> Sequence[Event]:
        return self.do("answer", item=item, **{"try": number}, **fields)

    def html(self, refused: Refused | None = None) -> str:
        return KIND.render(canary(), self.state, self.host, settings=self.settings, refused=refused)
