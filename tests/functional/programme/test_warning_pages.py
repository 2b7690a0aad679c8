"""Early warnings over HTTP: who sees what, decisions, rules, bad input; and nothing of it for learners."""

from __future__ import annotations

import re
from html import unescape

import pytest

from lti_tool.views import warnings
from tests.factories.class_sessions import Classroom, open_classroom
from tests.factories.classrooms import Seat, enter
from tests.factories.launches import LTI
from tests.integration.programme.steps import plan_ahead

DECIDED = {"decision": "plan", "note": "Agreed to catch up.", "words": "See you on Monday."}


def warned(room: Classroom) -> tuple[Seat, Classroom, str]:
    """Return a learner who has done nothing for twenty days, the teacher's new launch, and the path of the warning."""
    plan_ahead(room)
    room.learner(1, "Wu Idle").answer(right=[True])
    room.tool.clock.advance(days=20)
    seat, here = room.learner(1, "Wu Idle"), open_classroom(room.tool, room.name)
    answer = here.teacher.post("class/warnings/look")
    assert "opened=1" in answer.headers["Location"]
    return seat, here, path_of(here)


def path_of(here: Classroom, state: str = "open") -> str:
    found = re.search(r"class/warnings/[0-9a-f-]{36}/", here.teacher.get(f"class/warnings/?state={state}").text)
    assert found
    return found[0]


def test_many_warnings_are_on_several_pages_and_those_of_others_apart(
    room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warnings, "SHOWN", 2)
    plan_ahead(room)
    for number in range(3):
        room.learner(number)
    room.tool.clock.advance(days=20)
    here = open_classroom(room.tool, room.name)
    here.teacher.post("class/warnings/look")
    for mine in ("", "&mine=1"):
        first, second = (here.teacher.get(f"class/warnings/?page={page}{mine}").text for page in (0, 1))
        assert (first.count("Make a decision"), second.count("Make a decision")) == (2, 1)
        assert ("Next page" in first, "Previous page" in first) == (True, False)
        assert ("Next page" in second, "Previous page" in second) == (False, True)
    assert here.teacher.get("class/warnings/?page=-1").text.count("Make a decision") == 2
    assert here.teacher.get("class/warnings/?page=x").status_code == 200


def test_without_a_framework_nobody_is_looked_at_and_the_page_says_so(
    room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.learner(1)
    monkeypatch.setattr(type(room.tool.runtime.contents), "find_framework", lambda *_: None)
    answer = room.teacher.post("class/warnings/look")
    page = room.teacher.get(f"class/warnings/?{answer.headers['Location'].partition('?')[2]}").text
    assert "Nobody was looked at" in page
    assert "Looked at everybody" not in page


def said(page: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", page))


def test_before_the_first_look_the_page_says_what_to_do(room: Classroom) -> None:
    page = room.teacher.get("class/warnings/").text
    assert "Nobody has looked yet" in page
    assert "GDPR Article 22" in page


def test_a_look_lists_who_may_need_somebody_with_the_figures_and_their_pages(room: Classroom) -> None:
    seat, here, path = warned(room)
    page = here.teacher.get("class/warnings/").text
    assert "Has done nothing in this course for 20 days." in page
    assert "Wu Idle" in page
    assert f"class/evidence/{seat.who.person_uuid}/#process" in page
    one = here.teacher.get(path).text
    assert "Tina Teacher decides until" in said(one)
    assert here.teacher.get(f"class/evidence/{seat.who.person_uuid}/").status_code == 200


def test_the_same_in_chinese(room: Classroom) -> None:
    warned(room)
    here = open_classroom(room.tool, room.name)
    here.teacher.post("language", language="zh-Hans", back="warnings")
    page = here.teacher.get("class/warnings/").text
    assert "已有 20 天未在本课程中进行任何学习。" in page
    assert "《个人信息保护法》第二十四条" in page


def test_a_decision_is_kept_with_its_note_and_shown_to_nobody_else(room: Classroom) -> None:
    seat, here, path = warned(room)
    other = room.learner(2, "Other Learner")
    answer = here.teacher.post(path + "decide", **DECIDED)
    assert answer.headers["Location"].endswith("done=decided")
    page = here.teacher.get(path).text
    assert "Agreed to catch up." in page
    own = seat.get("record/evidence/").text
    assert "See you on Monday." in own
    assert "Agreed to catch up." not in own
    assert "warning" not in said(own).lower()
    assert "Monday" not in other.get("record/evidence/").text
    assert "From your teacher: 1" in said(seat.get("record/").text)
    assert "From your teacher" not in other.get("record/").text


@pytest.mark.parametrize(
    ("form", "kept"),
    [({"decision": "plan", "note": ""}, "plan"), ({"decision": "expel", "note": "Out!"}, "Out!"), ({}, "")],
)
def test_a_decision_without_note_is_refused_and_nothing_typed_is_lost(
    room: Classroom, form: dict[str, str], kept: str
) -> None:
    _, here, path = warned(room)
    answer = here.teacher.post(path + "decide", **form)
    assert answer.status_code == 422
    assert "Nothing was saved" in answer.text
    assert kept in answer.text
    assert path_of(here) == path


def test_a_second_decision_is_told_and_changes_nothing(room: Classroom) -> None:
    _, here, path = warned(room)
    here.teacher.post(path + "decide", **DECIDED)
    again = here.teacher.post(path + "decide", decision="false-alarm", note="Mine.")
    assert again.status_code == 409
    assert "Somebody was faster" in again.text
    assert "Mine." not in here.teacher.get(path).text


def test_a_decision_can_be_taken_back(room: Classroom) -> None:
    seat, here, path = warned(room)
    here.teacher.post(path + "decide", **DECIDED)
    here.teacher.post(path + "take-back")
    assert path_of(here) == path
    assert "Monday" not in seat.get("record/evidence/").text
    assert here.teacher.post(path + "take-back").status_code == 409


def test_handing_over_takes_somebody_of_the_staff_and_a_day_that_can_be_read(room: Classroom) -> None:
    _, here, path = warned(room)
    page = here.teacher.get(path).text
    owner = re.search(r'<option value="([0-9a-f-]{36})"', page)
    assert owner
    for wrong in (
        {"owner": owner[1], "due": "soon"},
        {"owner": "nobody", "due": "2026-03-30"},
        {"owner": owner[1], "due": "2031-01-01"},
    ):
        assert here.teacher.post(path + "arrange", **wrong).status_code == 422
    answer = here.teacher.post(path + "arrange", owner=owner[1], due="2026-04-01")
    assert answer.headers["Location"].endswith("done=arranged")
    assert "1 Apr 2026" in here.teacher.get(path).text


def test_learners_get_no_page_of_warnings(room: Classroom) -> None:
    seat, _, path = warned(room)
    for page in ("class/warnings/", path, "class/warnings/rules/", "class/evidence/", "class/evidence.csv"):
        assert seat.get(page).status_code == 403
    for form in ("class/warnings/look", path + "decide", "class/warnings/rules/save"):
        assert seat.post(form, **DECIDED).status_code == 403


def test_staff_of_another_course_find_nothing(room: Classroom, another: Classroom) -> None:
    seat, _, path = warned(room)
    there = open_classroom(another.tool, another.name)
    assert there.teacher.get(path).status_code == 404
    assert there.teacher.post(path + "decide", **DECIDED).status_code == 404
    assert there.teacher.get(f"class/evidence/{seat.who.person_uuid}/").status_code == 404
    assert "Wu Idle" not in there.teacher.get("class/warnings/").text


def test_rules_are_visible_set_and_undone(room: Classroom) -> None:
    page = room.teacher.get("class/warnings/rules/").text
    values = dict(re.findall(r'name="([a-z_.]+)" value="(\d+)"', page))
    assert values["idle.days"] == "14"
    switches = dict.fromkeys(re.findall(r'name="([a-z_]+\.is_on)"', page), "1")
    wanted = {**values, **switches, "idle.days": "30", "falling.is_on": ""}
    assert room.teacher.post("class/warnings/rules/save", **wanted).headers["Location"].endswith("done=saved")
    changed = room.teacher.get("class/warnings/rules/").text
    assert 'name="idle.days" value="30"' in changed
    assert "usually 14" in changed
    assert len(re.findall(r'type="checkbox"[^>]* checked', changed)) == len(switches) - 1
    room.teacher.post("class/warnings/rules/undo")
    assert 'name="idle.days" value="14"' in room.teacher.get("class/warnings/rules/").text


@pytest.mark.parametrize(
    ("name", "value"), [("idle.days", "0"), ("idle.days", "-3"), ("idle.days", "x"), ("absent.missed", "9")]
)
def test_rules_that_make_no_sense_are_refused_at_their_field(room: Classroom, name: str, value: str) -> None:
    page = room.teacher.get("class/warnings/rules/").text
    values = dict(re.findall(r'name="([a-z_.]+)" value="(\d+)"', page))
    answer = room.teacher.post("class/warnings/rules/save", **{**values, name: value})
    assert answer.status_code == 422
    assert f'id="wrong-{name}"' in answer.text


def test_an_assistant_decides_and_sets_no_rules(room: Classroom) -> None:
    _, here, path = warned(room)
    roles = ["http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"]
    context = {"id": room.name, "title": "Search marketing", "type": ["CourseSection"]}
    assistant = enter(
        room.tool, f"{room.name}-a-1", name="Ana Assistant", context=context, changes={LTI + "roles": roles}
    )
    assert "readonly" in assistant.get("class/warnings/rules/").text
    assert assistant.post("class/warnings/rules/save").status_code == 403
    assert assistant.post(path + "decide", **DECIDED).headers["Location"].endswith("done=decided")
    assert "Ana Assistant" in here.teacher.get(path).text
