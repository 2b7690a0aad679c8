"""Makes learners whose abilities are known, and the log of their responses (docs/mastery.md, known truth).

The world obeys the model's own equations: ability drifts, memories fade and grow with practice, form comes and goes,
raters are strict or mild. So what the engine concludes from the log can be held against the truth; that people learn
like this it cannot show. The same plan always makes the same world.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qualoop.mastery.constants import DEFAULT_CONSTANTS, Constants
from qualoop.mastery.logs import ResponseLog

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

LEVELS: Final = 4
"""Of a criterion of a rubric: scores 0, 1/3, 2/3, 1."""
CRITERIA: Final = 4
"""On a rubric sheet: a sheet is this many responses in a row with one rater."""
RUBRIC_OMEGA: Final = 2.5
PAUSE_S: Final = 60.0
"""Between two responses of one sitting."""
SITTING: Final = 10
BREAK_S: Final = 2 * 86_400.0
"""Mean time between two sittings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a world is made of. Shares lie in [0, 1].

    ``two_points`` is the share of items that serve two knowledge points, ``wrong_tags`` the share of tags that the log
    gets wrong, ``sheets`` the share of sittings' blocks of CRITERIA responses that are rubric sheets. ``options`` is
    the number of options of every quiz item, 0 where they are open. ``v_c`` is the variance of the points' difficulty:
    the model's prior for it is so wide that a world drawn from it would hold impossible points.
    """

    learners: int = 400
    responses: int = 80
    items: int = 300
    points: int = 15
    criteria: int = 40
    raters: int = 20
    two_points: float = 0.3
    wrong_tags: float = 0.0
    sheets: float = 0.25
    options: int = 0
    v_c: float = 1.0
    seed: int = 0
    constants: Constants = field(default=DEFAULT_CONSTANTS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What nobody knows of real learners; logits, positive = able, hard, strict.

    ``ability`` (learners,) and ``deviation`` (learners, points) are those at the end of the log, ``difficulty``
    (items + criteria,), ``point_difficulty`` (points,), ``severity`` (raters,). ``tags`` (items + criteria, 2) holds the
    right knowledge points, -1 for none.
    """

    base: float
    ability: Floats
    deviation: Floats
    difficulty: Floats
    point_difficulty: Floats
    severity: Floats
    tags: Indices

    def standing(self) -> Floats:
        """Return every learner's true logit on an average item of each knowledge point: (learners, points)."""
        return self.base + self.ability[:, None] + self.deviation - self.point_difficulty


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """A log in order of time, with one response of every learner in each round, and the truth behind it."""

    log: ResponseLog
    truth: Truth


def make_world(plan: Plan) -> World:
    """Return the world of a plan; deterministic."""
    random = np.random.default_rng(plan.seed)
    c = plan.constants
    tags = _tags(plan, random)
    truth = Truth(
        base=c.base,
        ability=random.normal(0, np.sqrt(c.v_g0), plan.learners),
        deviation=random.normal(0, np.sqrt(c.v_m0), (plan.learners, plan.points)),
        difficulty=random.normal(0, np.sqrt(c.v_b0), plan.items + plan.criteria),
        point_difficulty=random.normal(0, np.sqrt(plan.v_c), plan.points),
        severity=random.normal(0, np.sqrt(c.v_s0), plan.raters),
        tags=tags,
    )
    rounds = _Rounds.planned(plan, random)
    people = _People(plan, truth, random)
    score = np.array([people.respond(rounds, number) for number in range(plan.responses)])
    people.forget(np.arange(plan.points)[None, :].repeat(plan.learners, 0), rounds.at[-1])
    end = replace(truth, ability=people.ability, deviation=people.slow)
    return World(log=_log(plan, rounds, score, _mistagged(plan, tags, random)), truth=end)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rounds:
    """Who meets what, when and rated by whom: arrays (responses, learners); rater -1 where a machine scores."""

    item: Indices
    rater: Indices
    at: Floats

    @classmethod
    def planned(cls, plan: Plan, random: np.random.Generator) -> _Rounds:
        """Draw items, sheets and times."""
        shape = (plan.responses, plan.learners)
        blocks = -(-plan.responses // CRITERIA)
        rated = random.random((blocks, plan.learners)) < (plan.sheets if plan.raters else 0.0)
        by = np.where(rated, random.integers(0, max(plan.raters, 1), rated.shape), -1)
        rater = by.repeat(CRITERIA, axis=0)[: plan.responses]
        rubric = random.integers(0, max(plan.criteria // CRITERIA, 1), rated.shape).repeat(CRITERIA, axis=0)
        place = np.arange(plan.responses)[:, None] % CRITERIA
        criterion = plan.items + rubric[: plan.responses] * CRITERIA + place
        gaps = np.full(shape, PAUSE_S)
        gaps[::SITTING] = random.exponential(BREAK_S, gaps[::SITTING].shape)
        item = np.where(rater >= 0, criterion, random.integers(0, plan.items, shape))
        return cls(item=item, rater=rater, at=np.cumsum(gaps, axis=0))


class _People:
    """All learners at once, answering round by round as the model says that people do."""

    def __init__(self, plan: Plan, truth: Truth, random: np.random.Generator) -> None:
        c = plan.constants
        shape = truth.deviation.shape
        self.plan, self.truth, self.random = plan, truth, random
        self.rows = np.arange(plan.learners)[:, None]
        self.ability, self.slow = truth.ability.copy(), truth.deviation.copy()
        self.form = random.normal(0, np.sqrt(c.v_h0), plan.learners)
        self.fast = random.normal(0, np.sqrt(c.v_f0), shape)
        self.touched = np.full(shape, -1)
        self.at = np.zeros(shape)
        self.responses = 0

    def forget(self, points: Indices, at: Floats) -> None:
        """Let the memories of ``points`` (learners, k) fade to the times ``at`` (learners,); the lost part is redrawn."""
        c, rows = self.plan.constants, self.rows
        time = np.log1p(np.maximum(at[:, None] - self.at[rows, points], 0) / c.tau)
        between = np.log1p(np.maximum(self.responses - self.touched[rows, points] - 1, 0))
        met = self.touched[rows, points] >= 0
        slow = np.where(met, np.exp(-c.phi_m * time), 1.0)
        fast = np.where(met, np.exp(-c.phi_f * time - c.psi * between), 1.0)
        self.slow[rows, points] = self.slow[rows, points] * slow + self._noise(c.v_m0 * (1 - slow**2))
        self.fast[rows, points] = self.fast[rows, points] * fast + self._noise(c.v_f0 * (1 - fast**2))

    def respond(self, rounds: _Rounds, number: int) -> Floats:
        """Return the scores of round ``number``, and let everybody learn from it."""
        truth, rows = self.truth, self.rows
        item, rater, at = rounds.item[number], rounds.rater[number], rounds.at[number]
        points = truth.tags[item]
        share = (points >= 0) / np.maximum((points >= 0).sum(axis=1, keepdims=True), 1)
        points = np.where(points >= 0, points, points[:, :1])
        self.forget(points, at)
        known = self.slow[rows, points] + self.fast[rows, points] - truth.point_difficulty[points]
        logit = truth.base + self.ability + self.form - truth.difficulty[item] + (share * known).sum(axis=1)
        rated = rater >= 0
        logit -= np.where(rated, truth.severity[rater] if self.plan.raters else 0.0, 0.0)
        score = self._scores(logit, rated)
        self._learn(points, share, score, worked=~rated)
        self.at[rows, points], self.touched[rows, points] = at[:, None], self.responses
        self.responses += 1
        return score

    def _scores(self, logit: Floats, rated: NDArray[np.bool_]) -> Floats:
        """Draw right and wrong answers, and levels where a person rates."""
        guess = 1 / self.plan.options if self.plan.options else 0.0
        p = 1 / (1 + np.exp(-logit))
        steps = LEVELS - 1
        level = self.random.binomial(steps, p) / steps
        right = self.random.random(len(p)) < guess + (1 - guess) * p
        return np.where(rated, level, right.astype(float))

    def _learn(self, points: Indices, share: Floats, score: Floats, *, worked: NDArray[np.bool_]) -> None:
        """Let ability drift, form pass, and both memories change by practice."""
        c, rows = self.plan.constants, self.rows
        gain = (c.gain_success * score + c.gain_failure * (1 - score)) * worked
        self.ability += self._noise(np.full(len(score), c.q_g))
        self.form = c.rho_h * self.form + self._noise(np.full(len(score), (1 - c.rho_h**2) * c.v_h0))
        drift = self._noise(np.full(points.shape, c.q_m))
        renewed = self._noise(np.where(share > 0, (1 - c.rho_f**2) * c.v_f0, 0.0))
        # Column by column: an item with one point has it in both, the second time with no share.
        for column in (0, 1):
            of = points[:, column]
            self.slow[rows[:, 0], of] += np.where(share[:, column] > 0, share[:, column] * gain + drift[:, column], 0.0)
            kept = np.where(share[:, column] > 0, c.rho_f, 1.0)
            self.fast[rows[:, 0], of] = self.fast[rows[:, 0], of] * kept + renewed[:, column]

    def _noise(self, variance: Floats) -> Floats:
        """Draw normal noise of these variances."""
        noise: Floats = self.random.normal(0.0, 1.0, variance.shape) * np.sqrt(variance)
        return noise


def _tags(plan: Plan, random: np.random.Generator) -> Indices:
    """Return the right knowledge points of each item and criterion: (items + criteria, 2), -1 for no second one."""
    count = plan.items + plan.criteria
    first = random.permutation(np.arange(count) % plan.points)
    second = (first + random.integers(1, max(plan.points, 2), count)) % plan.points
    both = (random.random(count) < plan.two_points) & (second != first)
    return np.column_stack([first, np.where(both, second, -1)])


def _mistagged(plan: Plan, tags: Indices, random: np.random.Generator) -> Indices:
    """Return the tags as the log has them: a share is another knowledge point than the right one."""
    other = (tags + random.integers(1, max(plan.points, 2), tags.shape)) % plan.points
    wrong = (random.random(tags.shape) < plan.wrong_tags) & (tags >= 0)
    told = np.where(wrong, other, tags)
    return np.where(told[:, :1] == told[:, 1:], tags, told)


def _log(plan: Plan, rounds: _Rounds, score: Floats, tags: Indices) -> ResponseLog:
    """Return the log of all rounds, one after another."""
    item, rater = rounds.item.ravel(), rounds.rater.ravel()
    order = np.arange(plan.responses).repeat(plan.learners)
    learner = np.tile(np.arange(plan.learners), plan.responses)
    rated = rater >= 0
    sheet = (order // CRITERIA) * plan.learners + learner
    used = tags >= 0
    return ResponseLog(
        name=f"synthetic-{plan.seed}",
        learners=_names("u", plan.learners),
        items=(*_names("i", plan.items), *_names("criterion", plan.criteria)),
        point_names=_names("k", plan.points),
        raters=_names("r", plan.raters),
        sheets=_names("s", int(sheet.max(initial=-1)) + 1),
        learner=learner,
        item=item,
        order=order,
        time=rounds.at.ravel(),
        timed=True,
        score=score.ravel(),
        tests=np.arange(plan.learners) % 5 == 0,
        point_start=np.concatenate([[0], np.cumsum(used.sum(axis=1))]),
        points=tags[used],
        rater=rater,
        sheet=np.where(rated, sheet, -1),
        omega=np.where(rated, RUBRIC_OMEGA, 1.0),
        guess=np.where(rated | (plan.options == 0), 0.0, 1 / max(plan.options, 1)),
    )


def _names(prefix: str, count: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{number}" for number in range(count))
