"""A replay over columns is `kernel.step` event by event, compiled or not, in one run or in several."""

from __future__ import annotations

import importlib.util
from collections import Counter
from dataclasses import fields
from random import Random
from typing import Any

import numpy as np
import pytest

from qualoop.ledger import SCORED_BY_MACHINE
from qualoop.mastery import kernel, segments
from qualoop.mastery.compiling import COMPILE_FROM, is_worth_compiling
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.joining import Joined, Part, join
from qualoop.mastery.replay_plan import FORM_BIT, Plan, plan
from qualoop.mastery.replaying import DAY_S, HEAD, NEVER, POINT, Replaying, Tables
from qualoop.mastery.segments import Fact
from qualoop.policies import CompetenceNumbers, weigh, weight_table
from qualoop.values import Score

EASY = CompetenceNumbers(cut=-2.0, reach=0.5, items=2, forms=2, counted=FORM_BIT["quiz"] | FORM_BIT["live"])
CONTENT = "0" * 64
PARTS = {
    segments.part_name(f"lesson-{number}", "q1", CONTENT): Part(
        tags={"A": "1"} if number % 3 else {"B": "0.7", "A": "0.2", "C": "0.1"}, options=(None, 4, 2, 8)[number % 4]
    )
    for number in range(12)
} | {segments.part_name("talk", "q1", CONTENT): Part(tags={})}

needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="pip install 'qualoop[mastery]'")


def some_facts(count: int, *, seed: int = 1) -> list[Fact]:
    random = Random(seed)
    at = 1_770_000_000_000_000
    facts = []
    for seq in range(1, count + 1):
        at += random.randrange(-1_000_000, 90_000_000_000)
        form = random.choice(["quiz", "quiz", "quiz", "live", "poll", "attendance"])
        facts.append(
            Fact(
                seq=3 * seq,
                occurred_at=at,
                learner=f"learner-{random.randrange(5)}",
                part=random.choice(list(PARTS)),
                form=segments.form_name(form, "", random.choice([1, 2]) if form == "poll" else 1),
                score=random.choice(["0", "0.333333", "0.5", "1"]),
                hints=random.choice([0, 0, 1, 4]),
                rater=random.choice(["rater-1", "rater-2"]) if form == "live" else SCORED_BY_MACHINE,
            )
        )
    return facts


def joined(facts: list[Fact]) -> Joined:
    return join(segments.gather(facts), PARTS, weight_table())


def replaying(found: Joined, made: Plan, *, competence: CompetenceNumbers = EASY, **options: Any) -> Replaying:
    return Replaying(found.log, made, DEFAULT_CONSTANTS, competence=competence, **options)


def same(one: Tables, other: Tables) -> bool:
    """Say whether two tables are the same to the last bit."""
    names = [each.name for each in fields(Tables)]
    return all(np.asarray(getattr(one, n)).tobytes() == np.asarray(getattr(other, n)).tobytes() for n in names)


class Online:
    """What answers one by one do, with nothing but the kernel and dictionaries."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, ...], list[float]] = {}
        self.meetings: Counter[tuple[str, str]] = Counter()
        self.weighed: set[tuple[str, str]] = set()
        self.items: Counter[tuple[str, str]] = Counter()
        self.competent: dict[tuple[str, str], int] = {}
        self.forms: Counter[tuple[str, str]] = Counter()

    def take(self, fact: Fact) -> list[float] | None:
        """Apply a piece of evidence; return the trace that it must leave."""
        part, item = PARTS[fact.part], segments.item_of(fact.part)
        self.meetings[fact.learner, item] += 1
        meeting = self.meetings[fact.learner, item]
        form, _, vote = segments.split_form(fact.form)
        number = max(meeting, vote)
        weight = weigh(form, Score(fact.score), try_number=number, hints=fact.hints, options=part.options)
        if not weight.omega:
            return None
        is_new = (fact.learner, item) not in self.weighed
        self.weighed.add((fact.learner, item))
        learner = self.row("learner", fact.learner, new=kernel.new_learner)
        rows = (
            learner,
            self.row("item", item, new=kernel.new_item),
            self.row("rater", fact.rater, new=kernel.new_rater),
        )
        memories = [self.row("memory", fact.learner, code, new=kernel.new_memory) for code in part.tags]
        points = [self.row("point", code, new=kernel.new_point) for code in part.tags]
        places = tuple(range(len(points)))
        rated = float(fact.rater != SCORED_BY_MACHINE)
        given = (float(weight.y), float(weight.omega), float(weight.u), float(weight.gamma), rated)
        at = fact.occurred_at / 1e6
        before, v_h, severity = [rows[1][0], learner[0], learner[1]], learner[3], rows[2][0]
        shares = [float(share) for share in part.tags.values()]
        touched = [
            [share, m[0], m[1], m[4], (at - m[5]) / DAY_S if m[4] else 0.0, *c]
            for share, m, c in zip(shares, memories, points, strict=True)
        ]
        said = kernel.step(rows, (memories, points, places, places, shares), (at, *given), DEFAULT_CONSTANTS.row())
        counted = (*given[:3], float(part.options or 0), float(meeting))
        trace = [*said, *counted, *before, *learner[:2], v_h * said[5] / said[6], severity, rows[2][0]]
        for code, old, memory, point in zip(part.tags, touched, memories, points, strict=True):
            self.items[fact.learner, code] += is_new
            self.forms[fact.learner, code] |= FORM_BIT[form]
            trace += [*old, *memory[:2], *point]
        return trace

    def row(self, *key: str, new: Any) -> list[float]:
        return self.rows.setdefault(key, new(DEFAULT_CONSTANTS))


def test_a_replay_is_the_kernel_event_by_event() -> None:
    facts = some_facts(400)
    found = joined(facts)
    made = plan(found.log, compile_it=False)
    run = replaying(found, made, compile_it=False)
    run.advance(len(run))
    tables, online = run.tables(), Online()
    for fact in facts:
        online.take(fact)

    for place, name in enumerate(found.learners):
        assert tables.learners[place].tolist() == online.rows["learner", name]
    for place, name in enumerate(found.items):
        if ("item", name) in online.rows:
            assert tables.items[place].tolist() == online.rows["item", name]
    for place, name in enumerate(found.raters):
        assert tables.raters[place].tolist() == online.rows["rater", name]
    for place, (learner, point) in enumerate(zip(made.memory_learner, made.memory_point, strict=True)):
        key = (found.learners[learner], found.codes[point])
        assert tables.memories[place].tolist() == online.rows["memory", *key]
        assert (tables.items_met[place], tables.forms[place]) == (online.items[key], online.forms[key])
    pairs = made.pairs.tolist()
    named = [((found.learners[a], found.items[b]), count) for a, b, count in pairs]
    assert {pair: abs(count) for pair, count in named} == online.meetings
    assert {pair for pair, count in named if count > 0} == online.weighed


def test_a_trace_holds_what_each_event_found_and_left() -> None:
    facts = some_facts(200, seed=2)
    found = joined(facts)
    run = replaying(found, plan(found.log), compile_it=False)
    online = Online()
    for size in (7, 150, 100):
        trace = run.trace(size)
        for number, (begin, end) in enumerate(zip(trace.start[:-1], trace.start[1:], strict=True)):
            fact = facts[trace.first + number]
            numbers = trace.numbers[begin:end].tolist()
            assert len(numbers) == HEAD + POINT * len(PARTS[fact.part].tags)
            assert numbers == (online.take(fact) or [0.0] * len(numbers))
    assert run.done == len(facts)


@needs_numba
def test_compiled_and_plain_give_the_same_bits() -> None:
    found = joined(some_facts(3000, seed=3))
    results = []
    for compile_it in (False, True):
        made = plan(found.log, compile_it=compile_it)
        run = replaying(found, made, competence=EASY._replace(cut=0.0), compile_it=compile_it)
        trace = run.trace(1000)
        run.advance(len(run))
        results.append((made, run.tables(), trace.numbers.tobytes()))
    (plain, tables, trace_bits), (fast, fast_tables, fast_trace_bits) = results

    assert all(np.array_equal(getattr(plain, each.name), getattr(fast, each.name)) for each in fields(Plan))
    assert same(tables, fast_tables)
    assert trace_bits == fast_trace_bits
    assert (tables.competent >= 0).any(), "some became competent"
    assert (tables.competent == NEVER).any(), "and some did not"


def test_several_runs_are_one() -> None:
    found = joined(some_facts(300, seed=4))
    made = plan(found.log)
    whole = replaying(found, made)
    whole.advance(len(whole))
    first = replaying(found, made)
    first.advance(50)
    first.advance(73)
    stopped = first.tables()
    second = replaying(found, made, tables=stopped)
    assert second.done == 123
    second.advance(10_000)

    assert same(whole.tables(), second.tables())
    assert not same(whole.tables(), stopped)


def test_evidence_that_weighs_nothing_is_only_met() -> None:
    name = next(iter(PARTS))
    facts = [Fact(seq, 1_000_000 * seq, "l", name, "attendance", "1", 0, SCORED_BY_MACHINE) for seq in (1, 2)]
    found = joined(facts)
    made = plan(found.log)
    run = replaying(found, made)
    run.advance(2)

    assert made.pairs.tolist() == [[0, 0, -2]]
    assert run.tables().learners[0].tolist() == kernel.new_learner(DEFAULT_CONSTANTS)
    assert run.tables().memories[:, 4].tolist() == [0.0, 0.0, 0.0]
    assert not found.log.moving(made.meeting).any()


def test_an_item_counts_from_the_first_evidence_that_weighs() -> None:
    """Questions of a readiness check on paper, which count for the process alone, and then of the team check."""
    names = [segments.part_name(f"lesson-{number}", "q1", CONTENT) for number in (1, 2, 4)]
    asked = [(name, form) for form in ("process", "process", "quiz", "quiz") for name in names]
    facts = [
        Fact(place, 1_000_000 * place, "l", name, form, "1", 0, SCORED_BY_MACHINE)
        for place, (name, form) in enumerate(asked, start=1)
    ]
    found = joined(facts)
    made = plan(found.log)
    run = replaying(found, made)
    counted = []
    for _ in asked:
        run.advance(1)
        counted.append(run.tables().items_met.tolist())
    assert counted == [[0]] * 6 + [[1], [2], [3]] + [[3]] * 3
    assert made.pairs[:, 2].tolist() == [4, 4, 4]


def test_a_status_is_competent_since_the_event_that_made_it_so() -> None:
    name = segments.part_name("lesson-1", "q1", CONTENT)
    other = segments.part_name("lesson-2", "q1", CONTENT)
    forms = [(name, "quiz"), (name, "live"), (other, "live"), (other, "quiz")]
    facts = [
        Fact(place, 1_000_000 * place, "l", part, form, "1", 0, SCORED_BY_MACHINE)
        for place, (part, form) in enumerate(forms, start=1)
    ]
    found = joined(facts)
    run = replaying(found, plan(found.log))
    run.advance(2)
    assert run.tables().competent.tolist() == [NEVER], "one item only"
    run.advance(2)
    assert run.tables().competent.tolist() == [2], "the third event, counted from 0"


def test_an_empty_log_is_replayed_too() -> None:
    found = joined([])
    run = replaying(found, plan(found.log))
    run.advance(10)
    assert run.done == len(run) == 0
    assert run.trace(5).numbers.tolist() == []


def test_short_logs_are_not_worth_compiling() -> None:
    assert not is_worth_compiling(COMPILE_FROM - 1)
