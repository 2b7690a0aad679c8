"""Who may judge what: dates of qualifications, levels, the scope of an invitation; each edge named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from qualoop.classroom.assessors import (
    Hindrance,
    Qualification,
    QualificationKind,
    QualificationRule,
    Scope,
    is_beyond,
    is_double_qualified,
    level_cap,
    task_level,
)
from qualoop.framework import load_framework, shipped_content

DAY = date(2026, 3, 2)
START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC)
TEACHING = Qualification(
    uuid="q", person_id=1, kind=QualificationKind.TEACHING, title="Lecturer", holds_from=DAY, confirmed_by="admin"
)
INDUSTRY = replace(TEACHING, kind=QualificationKind.INDUSTRY)
RULE = QualificationRule(from_level=5, kinds=frozenset({QualificationKind.INDUSTRY}))
SCOPE = Scope(starts_at=START, ends_at=END, tasks=frozenset({"shop"}), learners=frozenset({"l-1"}))


@pytest.mark.parametrize(
    ("held", "day", "holds"),
    [
        (TEACHING, DAY - timedelta(days=1), False),
        (TEACHING, DAY, True),
        (TEACHING, DAY + timedelta(days=9999), True),
        (replace(TEACHING, holds_until=DAY), DAY, True),
        (replace(TEACHING, holds_until=DAY), DAY + timedelta(days=1), False),
        (replace(TEACHING, confirmed_by=""), DAY, False),
        (replace(TEACHING, withdrawn_by="admin"), DAY, False),
    ],
)
def test_a_qualification_holds_on_its_days_once_confirmed(held: Qualification, day: date, *, holds: bool) -> None:
    assert held.holds_on(day) is holds


def test_double_qualified_is_both_on_the_same_day() -> None:
    assert is_double_qualified([TEACHING, INDUSTRY], DAY)
    assert not is_double_qualified([TEACHING, TEACHING], DAY)
    assert not is_double_qualified([TEACHING, replace(INDUSTRY, holds_from=DAY + timedelta(days=1))], DAY)


@pytest.mark.parametrize(
    ("rule", "held", "invited_to", "cap"),
    [
        (QualificationRule(), [], None, None),
        (QualificationRule(), [], 3, 3),
        (RULE, [], None, 4),
        (RULE, [TEACHING], None, 4),
        (RULE, [INDUSTRY], None, None),
        (RULE, [INDUSTRY], 3, 3),
        (RULE, [], 6, 4),
        (replace(RULE, from_level=1), [], None, 0),
        (replace(RULE, kinds=frozenset(QualificationKind)), [INDUSTRY], None, 4),
    ],
)
def test_the_lower_cap_holds(
    rule: QualificationRule, held: list[Qualification], invited_to: int | None, cap: int | None
) -> None:
    assert level_cap(rule, held, DAY, invited_to=invited_to) == cap


@pytest.mark.parametrize(("level", "cap", "beyond"), [(5, 4, True), (4, 4, False), (5, None, False), (None, 1, False)])
def test_beyond_is_above_the_cap(level: int | None, cap: int | None, *, beyond: bool) -> None:
    assert is_beyond(level, cap) is beyond


def test_a_task_has_the_highest_level_of_its_units() -> None:
    framework = load_framework(shipped_content() / "ecommerce")
    ranks = {
        code: max(framework.levels[framework.units[unit].level].rank for unit in units)
        for code, units in framework.units_by_knowledge_point.items()
    }
    low, high = min(ranks, key=ranks.__getitem__), max(ranks, key=ranks.__getitem__)
    assert task_level(framework, [low, high]) == ranks[high] > ranks[low]
    assert task_level(framework, ["NO-SUCH"]) is None
    assert task_level(None, [low]) is None


@pytest.mark.parametrize(
    ("task", "made", "come", "hindrance"),
    [
        ("shop", START, START, None),
        ("shop", START - timedelta(seconds=1), START, Hindrance.EARLY),
        ("shop", END - timedelta(seconds=1), END - timedelta(seconds=1), None),
        ("shop", END - timedelta(seconds=1), END, Hindrance.ENDED),
        ("shop", END, END, Hindrance.ENDED),
        ("other", START, START, Hindrance.TASK),
    ],
)
def test_scope_has_tasks_and_dates(task: str, made: datetime, come: datetime, hindrance: Hindrance | None) -> None:
    assert SCOPE.hindrance(task, made=made, come=come) is hindrance


def test_scope_has_learners_and_may_be_taken_back() -> None:
    assert SCOPE.takes_learner("l-1")
    assert not SCOPE.takes_learner("l-2")
    assert replace(SCOPE, learners=None).takes_learner("l-2")
    assert replace(SCOPE, is_revoked=True).hindrance("shop", made=START, come=START) is Hindrance.ENDED
