"""Work that people judge, in the block: handed in, marked by staff by the project's rubric, released, graded."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from lxml import etree
from webob import Request
from xblock.scorable import Score

from qualoop.classroom import register
from tests.fakes.block_runtime import BlockRuntime, FixedEnrolments, Store
from tests.integration.xblocks.judged_room import ROUNDS, SECURE, STRONG, TEACHER, TEXTS, JudgedRoom
from tests.integration.xblocks.test_practice import FormFields
from xblocks.common import platform, register_store
from xblocks.kp_practice import KpPracticeBlock

ANN, BEN = "ann", "ben"


@pytest.fixture
def room() -> JudgedRoom:
    return JudgedRoom()


def test_a_learner_sees_the_rubric_before_and_the_own_text_after_handing_in(room: JudgedRoom) -> None:
    before = room.who(ANN).view()
    assert all(
        words in before for words in ("By what it is judged: Product copy", "Benefit for this customer", "Secure")
    )
    after = room.hand_in(ANN)

    assert "Waits to be marked" in after
    assert "&lt;b&gt;Thought 1&lt;/b&gt;" in after
    assert "<b>Thought 1" not in after
    assert f'href="#{room.who(ANN).block().host().id_prefix}-work"' in after
    assert room.who(ANN).completions()[-1] == 1.0
    assert room.who(ANN).grades() == [], "before marks are released there is no grade, not even one of nothing"
    assert not room.who(ANN).block().has_submitted_answer()


def test_staff_mark_from_draft_to_release_and_only_then_the_learner_knows(room: JudgedRoom) -> None:
    room.hand_in(ANN)
    room.hand_in(BEN)
    assert room.figures() == {"Waits": 2}
    work = room.mark("show", who=ANN).text
    assert "&lt;b&gt;Thought 1&lt;/b&gt;" in work

    room.mark("save", who=ANN, **SECURE, **{"r-comment-tone": "Warm, not loud."})
    assert room.figures() == {"Waits": 1, "Draft": 1}
    assert "Warm, not loud." not in room.who(ANN).view()
    assert "Is being marked" in room.who(ANN).view()
    reply = room.mark("save", who=ANN, release="1", **SECURE, **{"r-comment-tone": "Warm, not loud."})

    assert "Released. It is in the grade book" in reply.text
    assert room.grades(ANN) == [0.8]
    assert room.grades(BEN) == []
    page = room.who(ANN).view()
    assert all(words in page for words in ("80%", "16 of 20 points", "Warm, not loud.", "Marked"))
    assert room.who(ANN).block().get_score() == Score(0.8, 1.0)
    assert "Warm, not loud." not in room.who(BEN).view()


def test_an_assistant_approves_and_a_teacher_releases_what_is_approved(room: JudgedRoom) -> None:
    for name in (ANN, BEN):
        room.hand_in(name)
    room.mark("save", "teacher-assistant", who=ANN, approve="1", **STRONG)
    assert room.figures() == {"Waits": 1, "Approved": 1}
    assert room.grades(ANN) == []

    assert "Released: 1." in room.mark("release-all").text
    assert (room.grades(ANN), room.grades(BEN)) == ([1.0], [])


@pytest.mark.parametrize(("hours", "grades"), [(-1, [1.0]), (1, [])])
def test_what_is_approved_is_released_when_its_date_has_come_by_whoever_looks(hours: int, grades: list[float]) -> None:
    room = JudgedRoom(fields={"release_at": datetime.now(UTC) + timedelta(hours=hours)})
    room.hand_in(ANN)
    room.mark("save", who=ANN, approve="1", **STRONG)
    page = room.who(BEN).view()

    assert "Your marks" not in page
    assert room.grades(ANN) == grades
    assert ("Marks are released at" in room.who(ANN).view()) is not bool(grades)


def test_what_is_not_complete_stays_a_draft(room: JudgedRoom) -> None:
    room.hand_in(ANN)
    reply = room.mark("save", who=ANN, release="1", **{"r-level-tone": "2"})

    assert reply.status_code == 422
    assert "Something is not marked yet" in reply.text
    assert room.figures() == {"Draft": 1}


def test_of_two_markers_at_one_work_the_second_is_told(room: JudgedRoom) -> None:
    room.hand_in(ANN)
    seen = str(room.rev)
    room.mark("save", who=ANN, **SECURE)
    reply = room.mark("save", "teacher-two", who=ANN, rev=seen, **STRONG)

    assert reply.status_code == 422
    assert "Somebody else changed the same thing" in reply.text
    assert 'value="3" checked' in reply.text, "what was typed stands in the form"
    room.mark("save", "teacher-two", who=ANN, release="1", **STRONG)
    assert room.grades(ANN) == [1.0]


def test_a_second_attempt_waits_for_the_marks_of_the_first_and_the_best_counts(room: JudgedRoom) -> None:
    page = room.hand_in(ANN)
    assert "/act/restart?" not in page
    assert room.state(ANN)["status"] == "submitted"
    assert (room.state(ANN)["score"], room.state(ANN)["can_restart"]) == (None, False)
    before = room.who(ANN).attempt["id"]
    room.who(ANN).act("restart")
    assert room.who(ANN).attempt["id"] == before, "a form of an older page begins nothing either"

    room.mark("save", who=ANN, release="1", **STRONG)
    assert (room.state(ANN)["score"], room.state(ANN)["can_restart"]) == ("1", True)
    room.who(ANN).act("restart")
    room.hand_in(ANN)
    assert "These are the marks of your earlier attempt." in room.who(ANN).view()
    room.mark("save", who=ANN, release="1", **SECURE)
    page = room.who(ANN).view()
    assert room.who(ANN).block().get_score() == Score(1.0, 1.0)
    assert "This attempt alone: 80%." in page


def test_a_release_can_be_withdrawn_and_taken_back(room: JudgedRoom) -> None:
    room.hand_in(ANN)
    room.mark("save", who=ANN, release="1", **SECURE)
    assert "Taken out of the grade book." in room.mark("withdraw", who=ANN).text
    assert room.grades(ANN) == [0.8, 0.0]
    assert not room.who(ANN).block().has_submitted_answer()
    newest = room.who(TEACHER).block().register["journal"][0]["id"]
    room.mark("undo", undo=str(newest))
    assert room.grades(ANN) == [0.8, 0.0, 0.8]


def test_the_instructors_task_rescores_from_what_the_marker_gave_and_its_override_stands(room: JudgedRoom) -> None:
    room.hand_in(ANN)
    room.mark("save", who=ANN, release="1", **SECURE)
    block = room.who(ANN).block()
    block.set_score(Score(raw_earned=0.5, raw_possible=1.0))
    assert room.who(ANN).block().get_score() == Score(0.5, 1.0)
    room.who(ANN).block().rescore(only_if_higher=False)
    assert room.published[-1].data["value"] == pytest.approx(0.8)
    staff = room.who(TEACHER).block()
    staff.set_score(Score(raw_earned=0.1, raw_possible=1.0))
    assert room.who(ANN).block().calculate_score() == Score(0.8, 1.0)


@pytest.mark.parametrize("action", ["list", "show", "save", "release-all", "withdraw", "newer", "undo"])
def test_a_learner_marks_nothing_and_reads_no_work(room: JudgedRoom, action: str) -> None:
    room.hand_in(ANN)
    request = Request.blank("/", method="POST", POST=[("who", ANN), ("release", "1"), *STRONG.items()])
    reply = room.who(BEN).block().handle("act", request, f"mark-{action}")

    assert (reply.status_code, reply.json) == (403, {"error": "staff-only"})
    assert "Thought 1" not in room.who(BEN).view()
    assert room.figures() == {"Waits": 1}


@pytest.mark.parametrize(
    ("name", "is_course", "enrolled"), [(TEACHER, True, True), (ANN, False, True), (ANN, True, False)]
)
def test_what_staff_try_or_who_is_not_in_the_course_hands_in_is_in_no_queue(
    name: str, *, is_course: bool, enrolled: bool
) -> None:
    services = {"enrollments": FixedEnrolments(enrolled={7: enrolled})}
    room = JudgedRoom(is_course=is_course, services=services)
    page = room.hand_in(name)

    assert room.figures() == {}
    assert ("You look at this as staff" in page) is (name == TEACHER)


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"who": "nobody"}, 422),
        ({}, 422),
        ({"who": ANN, "r-level-tone": "99", "r-comment": "x" * 5000, "rev": "9" * 40}, 200),
    ],
)
def test_forms_may_hold_anything(room: JudgedRoom, form: dict[str, str], status: int) -> None:
    room.hand_in(ANN)

    assert room.mark("save", **form).status_code == status
    assert room.mark("show", **form).status_code == 200
    assert room.mark("nothing-of-ours").status_code == 404


def test_where_several_people_cannot_write_nothing_is_taken_in_and_all_are_told(
    room: JudgedRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register_store, "serves_learners", lambda: True)

    assert "Open the Qualoop activity of this name in your course." in room.who(ANN).view()
    assert room.mark("list").status_code == 404


def test_authors_are_told_in_studio_that_the_plug_in_is_missing(
    room: JudgedRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "migrate qualoop" not in room.who(TEACHER).view("author_view"), "a workbench needs none"
    monkeypatch.setattr(platform, "_settings", lambda: SimpleNamespace(SERVICE_VARIANT="cms"))
    monkeypatch.setattr(register_store, "find_plugin", lambda _: None)
    monkeypatch.setattr("xblocks.common.language.find_language", lambda: None)

    assert "migrate qualoop" in room.who(TEACHER).view("author_view")


def test_what_nobody_could_mark_is_refused_and_the_attempt_stays(
    room: JudgedRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = room.who(ANN)
    learner.act("open", to="graded")
    html = room.who(ANN).view()
    texts = {f"{key}.copy": text for key, text in TEXTS.items()}
    for _ in range(ROUNDS):
        html = room.who(ANN).send("run", {**FormFields(html, "run").fields, **texts}).text
    form = FormFields(html, "hand-in").fields
    room.services = {"enrollments": FixedEnrolments(enrolled={7: False})}
    reply = room.who(ANN).send("hand-in", form)
    assert (reply.status_code, reply.json) == (403, {"error": "work-not-taken"})
    room.services = {}
    with monkeypatch.context() as patch:
        patch.setattr(register_store, "serves_learners", lambda: True)
        assert room.who(ANN).send("hand-in", form).status_code == 403
    assert room.who(ANN).attempt["status"] == "active"
    assert "Waits to be marked" in room.who(ANN).send("hand-in", form).text


def test_marks_of_one_work_are_not_written_on_the_next(room: JudgedRoom) -> None:
    room.hand_in(ANN)
    room.mark("save", who=ANN, release="1", **SECURE)
    page = FormFields(room.mark("show", who=ANN).text, "mark-save").fields
    room.who(ANN).act("restart")
    room.hand_in(ANN)
    reply = room.mark("save", attempt=page["attempt"][0], who=ANN, release="1", **STRONG)

    assert reply.status_code == 422
    assert 'value="3" checked' not in reply.text, "what was typed was of another work"
    assert room.figures() == {"Waits": 1}
    assert room.grades(ANN) == [0.8]


def test_staff_are_told_before_the_block_is_full(room: JudgedRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    room.hand_in(ANN)
    assert "almost full" not in room.who(TEACHER).view()
    monkeypatch.setattr(register, "MAX_BYTES", 500)
    assert "almost full" in room.who(TEACHER).view()


def test_authors_are_told_what_stays_in_the_tool(room: JudgedRoom) -> None:
    author = room.who(TEACHER)

    assert "Staff of the course mark it here. Peer review" in author.view("author_view")
    assert "Peer review and a second marker" in author.view("studio_view")
    assert all("Benefit for this customer" in author.view(view) for view in ("author_view", "public_view"))
    assert author.block().validate().empty


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("2027-01-31 09:00", "2027-01-31T09:00:00+00:00"), ("", None), ("soon", "refused")],
)
def test_the_date_of_release_is_set_in_studio(room: JudgedRoom, typed: str, kept: str | None) -> None:
    block = room.who(TEACHER).block()
    request = Request.blank("/", method="POST", body=json.dumps({"values": {"release_at": typed}}).encode())
    reply = block.handle("submit_studio_edits", request)

    assert reply.status_code == (400 if kept == "refused" else 200)
    found = block.release_at
    assert (None if found is None else found.isoformat()) == (None if kept == "refused" else kept)


def test_exports_take_no_work_along(room: JudgedRoom) -> None:
    room.hand_in(ANN)
    node = etree.Element("unknown_root")
    room.who(TEACHER).block().add_xml_to_node(node)
    node.attrib.pop("xblock-family")
    copy: Any = KpPracticeBlock.parse_xml(node, BlockRuntime(Store()), room.who(TEACHER).block().scope_ids)

    assert "Thought" not in etree.tostring(node).decode()
    assert (copy.register, copy.works) == ({}, {})


def test_staff_read_chinese(room: JudgedRoom) -> None:
    room.hand_in(ANN)
    room.language = "zh-cn"

    assert all(words in room.mark("show", who=ANN).text for words in ("已提交的内容", "批准", "向学员发布"))
    assert "等待评分" in room.who(ANN).view()
