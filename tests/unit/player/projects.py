"""A practice project for tests, on the engine of `tests.fakes.engines`, and attempts at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from qualoop.assessment import LinkSettings
from qualoop.content_packages.project import Project, ProjectPart
from qualoop.player import Action, Event, Refused
from qualoop.player.errors import DecisionRefusedError
from qualoop.player.project import PracticeProjectKind
from qualoop.simulators import WorldKey, engine_hash, engine_names
from qualoop.simulators.project import Attempts, FormBand, Scoring
from qualoop.simulators.run_files import played_digest
from qualoop.values import Text
from tests.fakes.engines import GOODS, StallEngine, StallSpec
from tests.unit.player.hosts import FixedHost

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
FAKE_HASH = "e5" * 32
"""That of an engine which is installed in no process, such as the stall."""


def hash_of(engine: str) -> str:
    """Return the hash of an engine by its name."""
    return engine_hash(engine) if engine in engine_names() else FAKE_HASH


KIND = PracticeProjectKind(hash_of)
SEED = 2**127 + 5

BRIEF = {
    "en": "<h3>Your stall</h3><p>You sell five goods on two mornings.</p>",
    "zh-Hans": "<h3>你的摊位</h3><p>你要在两个早晨出售五种商品。</p>",
}
DEBRIEF = {
    "en": "<h3>zqdebrief: what is left at night</h3><p>Order up to the critical ratio.</p>",
    "zh-Hans": "<h3>zqdebrief：晚上剩下的</h3><p>订到临界比例。</p>",
}


def project(rounds: int = 2, **changes: Any) -> Project:
    given: dict[str, Any] = {
        "key": "market-stall",
        "version": "1.0.0",
        "title": Text({"en": "The market stall", "zh-Hans": "集市摊位"}),
        "summary": Text({"en": "You order for two mornings.", "zh-Hans": "你要为两个早晨订货。"}),
        "minutes": 20,
        "mode": "simulation",
        "unit": "SCM-1",
        "knowledge_points": ("SCM-1.1",),
        "languages": ("en", "zh-Hans"),
        "authors": ("A. Author",),
        "licence": "CC-BY-4.0",
        "sources": ({"title": "A source", "url": "https://example.org/source"},),
        "engine": StallEngine(),
        "spec": StallSpec(rounds=rounds),
        "parts": (
            ProjectPart(key="orders", title=Text({"en": "Orders", "zh-Hans": "订货"}), lessons=("newsvendor",)),
            ProjectPart(key="prices", title=Text({"en": "Prices", "zh-Hans": "定价"}), lessons=()),
            ProjectPart(key="signs", title=Text({"en": "Signs", "zh-Hans": "立牌"}), lessons=()),
        ),
        "form_band": FormBand(least_share=Decimal("0.05")),
        "attempts": Attempts(),
        "score": Scoring(reliability=Decimal("0.84")),
        "roles": (),
        "brief": BRIEF,
        "debrief": DEBRIEF,
    }
    return Project(**given | changes)


PROJECT = project()


def cells(order: float | str = 60, price: str = "usual", **changes: str) -> dict[str, str]:
    """Return the fields of a decision; ``changes`` by `FIELD_ROW`."""
    fields = {}
    for key, _, _ in GOODS:
        fields[f"order.{key}"] = str(order)
        fields[f"price.{key}"] = price
    return fields | {name.replace("_", "."): value for name, value in changes.items()}


def played(log: str, *, engine: str = FAKE_HASH) -> str:
    """Return the digest of a run of the stall with these decisions."""
    world = PROJECT.spec.model_dump(mode="json")
    return played_digest(log, project=PROJECT.key, engine="stall", engine_hash=engine, world=world)


@dataclass(kw_only=True)
class Attempt:
    """An attempt that is worked at as its pages would."""

    content: Project = PROJECT
    settings: LinkSettings = field(default_factory=LinkSettings)
    host: FixedHost = field(default_factory=FixedHost)
    state: dict[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state = self.state or KIND.initial_state(self.content, seed=SEED)

    def moment(self) -> dict[str, str]:
        run = self.state[self.state["at"]]
        return {"mode": self.state["at"], "world": str(run["number"]), "round": str(run["played"])}

    def send(self, name: str, fields: Mapping[str, str], *, at: Mapping[str, str] | None = None) -> tuple[Event, ...]:
        moment = at if at is not None else self.moment() if self.state["at"] else {}
        form = {key: [value] for key, value in {**moment, **fields}.items()}
        step = KIND.step(self.content, self.state, Action(name=name, form=form), settings=self.settings, now=NOW)
        self.state = step.state
        self.events += step.events
        return step.events

    def refused(self, name: str, fields: Mapping[str, str]) -> Refused:
        """Send what must be refused; the state stays as it is."""
        action = Action(name=name, form={key: [value] for key, value in {**self.moment(), **fields}.items()})
        try:
            KIND.step(self.content, self.state, action, settings=self.settings, now=NOW)
        except DecisionRefusedError as error:
            return Refused(action=action, error=error)
        raise AssertionError("nothing was refused")

    def html(self, refused: Refused | None = None) -> str:
        return KIND.render(self.content, self.state, self.host, settings=self.settings, refused=refused)

    def review(self) -> str:
        return KIND.review(self.content, self.state, self.host, settings=self.settings, by_other=True)

    def open(self, mode: str) -> None:
        self.send("open", {"to": mode})

    def play(self, order: float = 60, price: str = "usual") -> None:
        self.send("run", cells(order, price))

    def play_all(self, mode: str) -> None:
        self.open(mode)
        for order in (60, 90):
            self.play(order)


def finished(attempt: Attempt) -> Attempt:
    attempt.play_all("graded")
    attempt.send("hand-in", {})
    return attempt


def graded_world(attempt: Attempt) -> Any:
    key = WorldKey.of_seed(SEED, PROJECT.key, "graded").derive("form", attempt.state["graded"]["number"])
    return PROJECT.engine.world(PROJECT.spec, key), key
