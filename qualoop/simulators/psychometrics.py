"""How well a project measures, before a student plays it: difficulty, discrimination, reliability, and what can be exploited.

Synthetic learners (`learners`) play two sets of the declared graded attempts. Reliability is Pearson's r between the two
scores; a part's discrimination is its correlation with skill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any, Final

import numpy as np

from qualoop.simulators.engine import BaselineKind, Engine
from qualoop.simulators.forms import Form, choose_form, make_form
from qualoop.simulators.learners import copied_plan, draw_skills, random_plan, synthetic_plan
from qualoop.simulators.project import FORMS_TRIED, FormBand
from qualoop.simulators.scoring import earned_parts, gap_score
from qualoop.simulators.streams import WorldKey

LEARNERS: Final = 250
SEED: Final = 0
BOT_SEEDS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is measured: an engine with its world's spec and band, how many graded attempts make a score, and how many
    worlds are tried for each.
    """

    engine: Engine
    spec: Any
    band: FormBand
    attempts: int = 1
    keep: str = "mean"
    tried: int = FORMS_TRIED


@dataclass(frozen=True, slots=True, kw_only=True)
class PartQuality:
    """How hard a part is (mean score) and how well it tells the skilled from the unskilled (correlation with skill)."""

    mean: float
    discrimination: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Psychometrics:
    """What ``learners`` synthetic learners showed.

    ``reliability`` is that of the declared score, ``single`` that of one attempt; ``skill`` the correlation of one
    declared score with skill; ``curve`` pairs skill (the mean of a tenth of the learners) with their mean score.
    """

    learners: int
    mean: float
    deviation: float
    reliability: float
    single: float
    skill: float
    curve: tuple[tuple[float, float], ...]
    parts: Mapping[str, PartQuality]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploit:
    """How a bot fares over several forms: scores in [0, 1], of the whole where ``part`` is empty, else of that part."""

    bot: str
    part: str = ""
    median: float
    highest: float


def measure(
    task: Task, *, learners: int = LEARNERS, seed: int = SEED, forms: int | None = None, parts: bool = True
) -> Psychometrics:
    """Return what synthetic learners show of a task.

    Every attempt is in a fresh world; with ``forms`` the worlds are drawn from that many, which is quicker and hardly
    changes the figures. ``parts`` looks at each part as well, in the first attempt.
    """
    key = WorldKey.of_seed(seed, "psychometrics")
    skills = draw_skills(learners, key)
    make = _form_maker(task, key, forms)
    scores = np.empty((2, task.attempts, learners))
    part_scores: dict[str, list[float]] = {}
    for learner, skill in enumerate(skills):
        for half in range(2):
            for attempt in range(task.attempts):
                form = make(learner, half * task.attempts + attempt)
                plan = synthetic_plan(
                    task.engine, form.world, skill, key.derive("plan", learner, half * task.attempts + attempt)
                )
                score = gap_score(task.engine.value(form.world, plan), form.standard)
                scores[half, attempt, learner] = float(score)
                if parts and half == attempt == 0:
                    for part in earned_parts(task.engine, form.world, plan, form.standard, score=score):
                        part_scores.setdefault(part.part, []).append(part.score)
    return _summary(skills, scores, part_scores, task.keep)


def _form_maker(task: Task, key: WorldKey, forms: int | None) -> Callable[[int, int], Form]:
    if forms is None:
        return lambda learner, attempt: choose_form(
            task.engine, task.spec, key.derive("world", learner, attempt), task.band, tried=task.tried
        )
    pool = [
        choose_form(task.engine, task.spec, key.derive("pool", number), task.band, tried=task.tried)
        for number in range(forms)
    ]
    # Coprime strides, so that no learner meets a world twice before all were met.
    return lambda learner, attempt: pool[(learner * 7 + attempt) % forms]


def _summary(
    skills: Sequence[float], scores: Any, part_scores: Mapping[str, Sequence[float]], keep: str
) -> Psychometrics:
    declared = scores.max(axis=1) if keep == "best" else scores[:, -1] if keep == "latest" else scores.mean(axis=1)
    order = np.argsort(skills)
    tenths = [part for part in np.array_split(order, min(10, len(skills))) if part.size]
    known = np.array(skills)
    return Psychometrics(
        learners=len(skills),
        mean=float(declared.mean()),
        deviation=float(declared.std()),
        reliability=correlation(declared[0], declared[1]),
        single=correlation(scores[0, 0], scores[1, 0]),
        skill=correlation(declared[0], known),
        curve=tuple((float(known[tenth].mean()), float(declared[0][tenth].mean())) for tenth in tenths),
        parts={
            part: PartQuality(mean=fmean(values), discrimination=correlation(np.array(values), known))
            for part, values in part_scores.items()
        },
    )


def correlation(first: Any, second: Any) -> float:
    """Return Pearson's r; 0 where one of the two does not vary."""
    a, b = first - first.mean(), second - second.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size > 0 else 0.0


def exploits(task: Task, *, seeds: int = BOT_SEEDS, seed: int = SEED) -> list[Exploit]:
    """Return how every bot fares over ``seeds`` forms, in whole and in each part."""
    key = WorldKey.of_seed(seed, "bots")
    found: dict[tuple[str, str], list[float]] = {}
    for number in range(seeds):
        form = choose_form(task.engine, task.spec, key.derive(number), task.band, tried=task.tried)
        for bot, plan in _bots(task, form, key.derive("chance", number)):
            score = gap_score(task.engine.value(form.world, plan), form.standard)
            found.setdefault((bot, ""), []).append(float(score))
            for part in earned_parts(task.engine, form.world, plan, form.standard, score=score):
                found.setdefault((bot, part.part), []).append(part.score)
    return [
        Exploit(bot=bot, part=part, median=median(scores), highest=max(scores)) for (bot, part), scores in found.items()
    ]


def _bots(task: Task, form: Form, chance: WorldKey) -> Iterator[tuple[str, Any]]:
    engine, world = task.engine, form.world
    for kind in BaselineKind:
        plan = engine.baseline(world, kind)
        if plan is not None:
            yield kind.value, plan
    yield "random", random_plan(engine, world, chance)
    other = make_form(engine, task.spec, chance.derive("other"), 0)
    copied = copied_plan(engine, world, other.world)
    if copied is not None:
        yield "copied", copied
