"""What the tool tells is kept page by page, and blocks read only that, with its age."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.fakes.plugin_batches import ANN, BEN, COURSE, NOON, Clock, ScriptedTool
from tests.fakes.plugin_platform import STATE
from xblocks.common.cache import Following, PointLevel, PointState
from xblocks.edx import learners, mastery, people, pulling
from xblocks.edx.models import CourseMastery, Cursor
from xblocks.edx.platform import CoursePlace
from xblocks.edx.tool import Answer


def point(code: str, level: int | None) -> dict[str, Any]:
    bound = {"low": None, "high": None} if level is None else {"low": level - 5, "high": level + 5}
    return {"code": code, "status": "developing", "level": level, **bound, "responses": 3, "last": None}


def change(learner: str, *points: dict[str, Any], following: Any = None) -> dict[str, Any]:
    return {"learner": learner, "course": COURSE, "knowledge_points": list(points), "next": following}


def page(*changes: dict[str, Any], cursor: str, at: datetime = NOON, **more: Any) -> Answer:
    told = {"more": False, "is_anew": False, **more}
    return Answer(
        status=200,
        body={"at": at.isoformat(), "framework": "ECQ 0.1.0", "changes": list(changes), "cursor": cursor, **told},
    )


def asked_after(tool: ScriptedTool) -> list[str]:
    return [target.partition("?")[2] for _, target, _ in tool.asked]


def test_pages_follow_one_another_and_the_newest_word_on_a_learner_holds() -> None:
    tool = ScriptedTool(
        answers=[
            page(change(ANN, point("SEM-1.1", 40)), change(BEN, point("SEM-1.1", 70)), cursor="c1", more=True),
            page(change(ANN, point("SEM-1.1", 55), point("SEM-1.2", None)), cursor="c2"),
            Answer(status=304),
        ]
    )
    assert pulling.pull(tool, Clock(now=NOON)).changes == 3
    later = NOON + timedelta(hours=5)
    assert pulling.pull(tool, Clock(now=later)).error == ""
    assert asked_after(tool) == ["limit=200", "after=c1&limit=200", "after=c2&limit=200"]
    found = mastery.find_map(COURSE, ANN)
    assert found is not None
    known = PointLevel(level=55, low=50, high=60, responses=3)
    assert dict(found.points) == {
        "SEM-1.1": PointState(status="developing", known=known),
        "SEM-1.2": PointState(status="developing", known=None),
    }
    # Nothing newer was to be had, so what is shown holds since then.
    assert found.as_of == later


def test_where_the_tool_does_not_answer_the_old_is_shown_with_its_age() -> None:
    down = Answer(status=None, code="unreachable")
    tool = ScriptedTool(answers=[page(change(ANN, point("SEM-1.1", 40)), cursor="c1"), down])
    pulling.pull(tool, Clock(now=NOON))
    assert pulling.pull(tool, Clock(now=NOON + timedelta(days=2))).error == "unreachable"
    found = mastery.find_map(COURSE, ANN)
    assert found is not None
    assert found.as_of == NOON
    assert Cursor.objects.get().last_error == "unreachable"


@pytest.mark.parametrize("body", [{}, {"changes": "all"}, None, [1]], ids=["empty", "text", "nothing", "list"])
def test_an_answer_that_cannot_be_read_changes_nothing(body: Any) -> None:
    tool = ScriptedTool(answers=[page(change(ANN, point("SEM-1.1", 40)), cursor="c1"), Answer(status=200, body=body)])
    pulling.pull(tool, Clock(now=NOON))
    assert pulling.pull(tool, Clock(now=NOON)).error == "answer-unreadable"
    assert Cursor.objects.get().value == "c1"


def test_a_telling_of_everybody_removes_whom_it_does_not_name() -> None:
    tool = ScriptedTool(
        answers=[
            page(change(ANN), change(BEN), cursor="c1"),
            page(change(ANN), cursor="c2", is_anew=True, more=True),
            page(cursor="c3"),
        ]
    )
    pulling.pull(tool, Clock(now=NOON))
    pulling.pull(tool, Clock(now=NOON + timedelta(hours=1)))
    assert list(CourseMastery.objects.values_list("learner", flat=True)) == [ANN]


def test_a_cursor_of_another_tool_begins_anew() -> None:
    tool = ScriptedTool(
        answers=[
            page(change(ANN), cursor="c1"),
            Answer(status=400, code="cursor-unreadable"),
            page(change(BEN), cursor="d1", is_anew=True),
        ]
    )
    pulling.pull(tool, Clock(now=NOON))
    pulling.pull(tool, Clock(now=NOON))
    assert asked_after(tool) == ["limit=200", "after=c1&limit=200", "limit=200"]
    assert Cursor.objects.get().value == "d1"


def test_nothing_comes_back_of_whom_the_platform_retired() -> None:
    tool = ScriptedTool(answers=[page(change(ANN), cursor="c1"), page(change(ANN), change(BEN), cursor="c2")])
    pulling.pull(tool, Clock(now=NOON))
    learners.forget([ANN])
    pulling.pull(tool, Clock(now=NOON))
    assert list(CourseMastery.objects.values_list("learner", flat=True)) == [BEN]


def test_two_readers_do_not_read_at_once() -> None:
    class Nested(ScriptedTool):
        def ask(self, method: str, target: str, body: bytes = b"") -> Answer:
            inner = pulling.pull(ScriptedTool(answers=[page(cursor="c9")]), Clock(now=NOON))
            assert inner.error == "busy"
            return super().ask(method, target, body)

    pulling.pull(Nested(answers=[page(cursor="c1")]), Clock(now=NOON))
    assert (Cursor.objects.get().value, Cursor.objects.get().lease) == ("c1", "")


def test_staff_see_their_class_by_the_names_that_the_platform_has() -> None:
    STATE.ids.update({"zoe": [ANN], "ben": [BEN]})
    tool = ScriptedTool(answers=[page(change(ANN, point("SEM-1.1", 40)), change(BEN), cursor="c1")])
    pulling.pull(tool, Clock(now=NOON))
    assert [one.label for one in mastery.class_maps(COURSE, with_names=True)] == ["ben", "zoe"]
    assert mastery.class_maps("course-v1:Other+C+1", with_names=True) == []


def test_without_names_the_platform_is_not_asked_for_any(monkeypatch: pytest.MonkeyPatch) -> None:
    STATE.ids.update({"zoe": [ANN], "ben": [BEN]})
    pulling.pull(ScriptedTool(answers=[page(change(ANN), change(BEN), cursor="c1")]), Clock(now=NOON))
    monkeypatch.setattr(mastery, "load_platform", lambda: pytest.fail("asked for names"))
    found = mastery.class_maps(COURSE, with_names=False)
    assert [(one.label, one.learner) for one in found] == [("", learner) for learner in sorted((ANN, BEN))]


def test_what_to_do_next_is_kept_and_its_place_in_the_course_is_found() -> None:
    step = {"activity": "sem-1-3", "address": "https://tool.example/lti/activity/sem-1-3"}
    texts = {"title": {"en": "Paid search"}, "reason": {"en": "It is weak."}}
    answers = [page(change(ANN, following={**step, **texts}), cursor="c1")]
    assert mastery.read_at() is None
    pulling.pull(ScriptedTool(answers=answers), Clock(now=NOON))
    found = mastery.find_map(COURSE, ANN)
    assert found is not None
    assert found.following == Following(activity="sem-1-3", title=texts["title"], reason=texts["reason"])
    assert mastery.read_at() == NOON
    STATE.places["sem-1-3"] = [CoursePlace(usage="u", title="Paid search", path="/courses/c/jump_to/u")]
    assert mastery.find_place(COURSE, "sem-1-3") == "/courses/c/jump_to/u"
    assert mastery.find_place(COURSE, "sem-9-9") is None


def test_a_release_that_cannot_be_asked_for_places_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "load_platform", lambda: None)
    assert mastery.find_place(COURSE, "sem-1-3") is None
