"""How fast scores leave the outbox, and whether any is lost or stale after faults and crashes.

Worker, database and HTTP client are the product's own; the platforms are stubs on loopback, in a process of their own.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from numpy.random import Generator, default_rng

from benchmarks.delivery_scene import TOP, Outcome, Scene, compare, sqlite_url, staged
from benchmarks.runner import Figures, Notes
from lti_tool.lti.platform_profiles import Product

SCORES: Final = 10_000
ROUNDS: Final = 5
MUST_PER_S: Final = 1000
LINGER_S: Final = 0.2

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chaos:
    """How hard the second part is: by default as the figures want it.

    ``faults`` is the share of the requests that fail. While the first ``changing`` workers live, ``changes`` scores of
    each platform rise every fifth of a second. After ``most_kills`` the worker is left alone.
    """

    scores: int = SCORES
    faults: float = 0.15
    kill_every_s: float = 2.0
    changing: int = 6
    changes: int = 7
    most_kills: int = 20
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Survived:
    """What became of it: ``given_up`` rows waited for a person, who sent them again."""

    outcome: Outcome
    kills: int
    given_up: int
    struck: Counter[str]


def run(say: Say = lambda line: print(line, file=sys.stderr)) -> tuple[Figures, Notes]:
    """Return the figures of the bench `delivery`, and why one is missing."""
    rates = sorted(_rate(say) for _ in range(ROUNDS))
    with sqlite_url() as url:
        survived = survive(url, Chaos(), say)
    outcome = survived.outcome
    return {
        "scores_per_s": rates[len(rates) // 2],
        "lost": outcome.lost,
        "stale": outcome.stale,
        "lowered": outcome.lowered,
        "repeated": outcome.repeated,
        "doubled": outcome.doubled,
        "given_up": survived.given_up,
        "kills": survived.kills,
        "faults": survived.struck.total(),
        "ahead_of_clock_s": outcome.ahead_s,
    }, {}


def missed(figures: Figures) -> Sequence[str]:
    """Return a line for each figure that is worse than it must be."""
    never = ("lost", "stale", "lowered", "repeated", "doubled")
    found = [f"{key} is {figures[key]}, must be 0" for key in never if figures[key]]
    rate = figures["scores_per_s"]
    if rate is not None and rate < MUST_PER_S:
        found.append(f"scores_per_s is {rate:.0f}, must be {MUST_PER_S} at least")
    return found


def survive(url: str, chaos: Chaos, say: Say) -> Survived:
    """Deliver scores to a platform of each product through faults, killing the worker over and over.

    ``url`` is of an empty database.
    """
    random = default_rng(chaos.seed)
    people = -(-chaos.scores // len(Product))
    with staged(url, [*Product], people=people, faults=chaos.faults, seed=chaos.seed) as scene:
        for each in scene.classes:
            each.score({person: int(random.integers(1, TOP // 2)) for person in each.school.people})
        kills, is_done = 0, False
        while not is_done and kills < chaos.most_kills:
            is_done = _live(scene, chaos, random, changes=chaos.changes if kills < chaos.changing else 0)
            kills += 1
            say(f"killed the worker; {scene.due()} of {people * len(scene.classes)} rows are due")
        given_up = _finish(scene)
        struck = sum((Counter(each.report()["faults"]) for each in scene.classes), Counter[str]())
        say(f"faults: {dict(struck)}; {given_up} rows given up and sent again")
        return Survived(outcome=compare(scene), kills=kills, given_up=given_up, struck=struck)


def _finish(scene: Scene) -> int:
    """Let a last worker deliver what is left, and a teacher send again what was given up; return how much that was."""
    if not scene.due() and not scene.given_up():
        return 0
    with scene.worker("--quick"):
        _wait(scene)
        given_up = sum(each.send_again() for each in scene.classes)
        _wait(scene)
    return given_up


def _live(scene: Scene, chaos: Chaos, random: Generator, *, changes: int) -> bool:
    """Let a worker live for its time, and some scores rise meanwhile; say whether everything was delivered."""
    with scene.worker("--quick"):
        end = time.monotonic() + chaos.kill_every_s
        while time.monotonic() < end:
            for each in scene.classes if changes else ():
                each.score_some(changes, random)
            time.sleep(LINGER_S)
    return not changes and not scene.due()


def _wait(scene: Scene) -> None:
    if not scene.wait():
        raise TimeoutError("not everything was delivered")


def _rate(say: Say) -> float:
    """Return how many scores a second one worker delivers, out of a full outbox, without faults."""
    with sqlite_url() as url, staged(url, [Product.GENERIC], people=SCORES) as scene:
        (only,) = scene.classes
        only.score(dict.fromkeys(only.school.people, 500))
        with scene.worker():
            begun = time.perf_counter()
            _wait(scene)
            rate = SCORES / (time.perf_counter() - begun)
        if len(only.report()["scores"]) != SCORES:
            raise RuntimeError("the platform has not seen every score")
    say(f"{rate:.0f} scores a second")
    return rate
