"""Without a platform that has competencies, the plug-in says so and goes on."""

from __future__ import annotations

import sys
from io import StringIO
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.fakes.plugin_batches import ANN, COURSE, NOON
from xblocks.edx import competencies
from xblocks.edx.models import CourseMastery


def run(verb: str) -> str:
    out = StringIO()
    call_command("qualoop_competencies", verb, COURSE, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("verb", ["prepare", "feed", "falls"])
def test_a_platform_without_competencies_is_named_as_that(verb: str) -> None:
    with pytest.raises(CommandError, match="competencies-missing: the platform has no openedx_learning"):
        run(verb)


def test_a_library_of_another_form_is_not_half_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openedx_learning", ModuleType("openedx_learning"))
    monkeypatch.setitem(sys.modules, "openedx_learning.api", ModuleType("openedx_learning.api"))
    with pytest.raises(competencies.CompetenciesMissingError, match="has no GradedObjectScore"):
        competencies.find_library()


def test_only_courses_have_points() -> None:
    assert competencies.point_key(COURSE, "SEM-1.1") == "block-v1:School+EC101+2026+type@kp_point+block@SEM-1.1"
    with pytest.raises(competencies.TaxonomyRefusedError):
        competencies.point_key("library-v1:School+EC", "SEM-1.1")


def test_statuses_go_as_one_or_nothing_and_appeals_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded: list[tuple[int, dict[str, str]]] = []

    def record(*, user_id: int, scores: list[Any]) -> int:
        recorded.append((user_id, {score.object_id.rpartition("@")[2]: str(score.fraction) for score in scores}))
        return len(scores)

    library = {"GradedObjectScore": SimpleNamespace, "record_graded_object_statuses": record}
    monkeypatch.setattr(competencies, "find_library", lambda: library)
    statuses = {
        "A-1": "competent",
        "A-2": "review-due",
        "A-3": "provisional",
        "A-4": "under-appeal",
        "A-5": "withdrawn",
    }
    points = [{"code": code, "status": status} for code, status in statuses.items()]
    CourseMastery.objects.create(learner=ANN, course=COURSE, points=points, as_of=NOON, told_at=NOON)
    fed = competencies.feed(SimpleNamespace(user_of=lambda _: SimpleNamespace(id=7)), COURSE)
    assert (fed.learners, fed.raised) == (1, 4)
    assert recorded == [(7, {"A-1": "1", "A-2": "1", "A-3": "0", "A-5": "0"})]
