"""The class block: roll call, marks, what learners see and what they do not, what the platform is told."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from webob import Request
from xblock.scorable import Score

from tests.factories.rubrics import RUBRIC as RUBRIC_FILE
from tests.fakes.block_runtime import FixedEnrolments
from tests.integration.xblocks.class_room import FULL_MARKS, MARKED, ClassRoom, placed, said, undo_id
from xblocks.kp_class import KpClassBlock


@pytest.fixture
def room() -> ClassRoom:
    made = ClassRoom()
    made.opens("ann", "ben", "cai")
    return made


def marks(room: ClassRoom, who: str, **changed: str) -> Any:
    return room.act("save", who=who, **{**FULL_MARKS, **changed})


def test_a_class_is_opened_checked_into_and_ended(room: ClassRoom) -> None:
    assert "The class has not begun." in room.view("ann")
    assert room.counts() == {"waiting": 3}
    room.act("open")
    assert room.check_in("ann").status_code == 200
    assert "You are checked in." in room.check_in("ann").text
    assert room.counts() == {"present": 1, "waiting": 2}
    room.act("close")
    assert room.counts() == {"present": 1, "absent": 2}
    assert "Absent" in room.view("ben")
    assert "The class is over." not in room.view("ann")


def test_a_wrong_code_is_counted_and_after_five_only_the_teacher_can_help(room: ClassRoom) -> None:
    room.act("open")
    good = room.live["code"]
    bad = "000000" if not good.startswith("000") else "111111"
    replies = [room.check_in("ann", bad) for _ in range(5)]
    assert {reply.status_code for reply in replies} == {422}
    assert "This is not the code" in replies[0].text
    assert "Too many wrong codes" in replies[4].text
    assert "Too many wrong codes" in room.check_in("ann").text
    assert room.check_in("ben").status_code == 200
    room.act("mark", mark="ann present")
    assert room.counts() == {"present": 2, "waiting": 1}


@pytest.mark.parametrize(("age", "status"), [(0, 200), (19, 200), (40, 422)])
def test_an_older_code_is_good_for_a_while_by_the_servers_clock(
    room: ClassRoom, monkeypatch: pytest.MonkeyPatch, age: int, status: int
) -> None:
    room.act("open")
    code = room.live["code"]
    now = datetime.now(UTC) + timedelta(seconds=age)
    monkeypatch.setattr("xblocks.kp_class.block.datetime", SimpleNamespace(now=lambda _: now))

    assert room.check_in("ann", code).status_code == status


def test_who_comes_late_is_late_and_never_absent() -> None:
    room = ClassRoom(place=placed(late_minutes=0, **MARKED))
    room.opens("ann")
    room.act("open")
    room.check_in("ann")

    assert room.counts() == {"late": 1}


def test_a_check_in_of_a_class_that_is_not_open_is_refused(room: ClassRoom) -> None:
    assert said(room.check_in("ann", "123456").text) == ["The class is not open."]
    room.act("open")
    code = room.live["code"]
    room.act("close")
    assert said(room.check_in("ann", code).text) == ["The class is not open."]
    assert room.counts() == {"absent": 3}


def test_everybody_else_is_present_by_one_button_and_it_can_be_taken_back(room: ClassRoom) -> None:
    room.act("mark", mark="ben excused")
    page = room.act("all-present").text
    assert said(page) == ["Marked present: 2."]
    assert room.counts() == {"present": 2, "excused": 1}
    assert said(room.act("undo", undo=undo_id(page)).text) == ["Taken back."]
    assert room.counts() == {"excused": 1, "waiting": 2}


def test_what_was_changed_since_stays_when_an_action_is_taken_back(room: ClassRoom) -> None:
    page = room.act("all-present").text
    done = undo_id(page)
    room.act("mark", mark="cai late")
    page = room.act("undo", undo=done).text
    assert "except of these" in page
    assert ">cai</li>" in page.replace("<li>", ">").replace(">>", ">") or "<li>cai</li>" in page
    assert room.counts() == {"late": 1, "waiting": 2}


def test_two_of_the_staff_at_once_never_overwrite_each_other(room: ClassRoom) -> None:
    seen = str(room.rev)
    room.send("teacher", "mark", rev=seen, mark="ann late")
    reply = room.send("assistant", "mark", rev=seen, mark="ann absent")
    assert reply.status_code == 422
    assert "Somebody else changed the same thing" in reply.text
    assert "<li>ann</li>" in reply.text
    assert room.counts() == {"late": 1, "waiting": 2}
    # The same, seen as it is now, is meant; and of another learner nothing was in the way.
    assert room.send("assistant", "mark", rev=seen, mark="ben absent").status_code == 200
    assert room.act("mark", "assistant", mark="ann absent").status_code == 200
    assert room.counts() == {"absent": 2, "waiting": 1}


def test_marks_that_somebody_else_wrote_meanwhile_are_shown_and_what_was_typed_is_kept(room: ClassRoom) -> None:
    seen = str(room.rev)
    room.send("teacher", "save", rev=seen, who="ann", points="3")
    page = room.send("assistant", "save", rev=seen, who="ann", points="9", comment="Mine").text
    assert 'value="9"' in page
    assert ">Mine</textarea>" in page
    assert room.act("save", "assistant", who="ann", points="9").status_code == 200
    assert room.table().splitlines()[1].split(",")[7] == "9"


def test_a_draft_is_nobodys_business_until_it_is_released(room: ClassRoom) -> None:
    page = marks(room, "ann").text
    assert "The draft is kept." in page
    assert "Well asked." not in room.view("ann")
    assert (room.grades("ann"), room.state("ann")["score"]) == ([], None)
    page = marks(room, "ann", release="1").text
    assert "Released: 1." in page
    learner = room.view("ann")
    assert "Well asked." in learner
    assert "7.5 of 10 points" in learner
    assert "everything" in learner
    # 2 of 2 and 1 of 1 for the rows, 7.5 of 10 points: 10.5 of 13.
    assert room.grades("ann") == [pytest.approx(10.5 / 13, abs=1e-6)]
    assert room.state("ann")["score"] == "0.807692"
    assert "Well asked." not in room.view("ben")


def test_what_is_not_complete_is_kept_and_not_released(room: ClassRoom) -> None:
    reply = room.act("save", who="ann", points="7", release="1")
    assert reply.status_code == 422
    assert "Something is not marked yet" in reply.text
    assert room.grades("ann") == []
    marks(room, "ben")
    page = room.act("release-all").text
    assert said(page)[0].startswith("Released: 1.")
    assert "<li>ann</li>" in page
    assert (len(room.grades("ben")), room.grades("ann")) == (1, [])


@pytest.mark.parametrize(
    ("typed", "kept", "note"),
    [
        ("12", "10", "Points lie between"),
        ("-3", "0", "Points lie between"),
        ("7,5", "7.5", "The draft is kept"),
        ("much", "", "Points are a number"),
        ("1e400", "10", "Points lie between"),
        ("NaN", "", "Points are a number"),
        ("9.999", "10", "Points lie between"),
    ],
)
def test_points_lie_between_nothing_and_all(room: ClassRoom, typed: str, kept: str, note: str) -> None:
    page = room.act("save", who="ann", points=typed).text

    assert note in page
    assert room.table().splitlines()[1].split(",")[7] == kept


def test_points_within_a_level_are_in_its_range_and_those_of_another_level_are_not_meant() -> None:
    room = ClassRoom(place=placed(rubric=RUBRIC_FILE))
    room.opens("ann")
    judged = {"r-level-headline": "2", "r-level-evidence": "1"}
    assert "1–3" in room.act("show", who="ann").text
    page = room.act("save", who="ann", **judged, **{"r-points-evidence": "9"}).text
    assert said(page) == [
        "Points within a level are a number in its range. Where they were not, its lowest were written."
    ]
    page = room.act("save", who="ann", **judged, **{"r-points-evidence": "2.5"}).text
    assert said(page) == ["The draft is kept. The learner does not see it yet."]
    page = room.act("save", who="ann", **{**judged, "r-level-evidence": "2"}, **{"r-points-evidence": "2.5"}).text
    assert said(page) == ["The draft is kept. The learner does not see it yet."]
    assert room.block("ann").register["cells"]["ann"]["rubric"]["value"]["judged"] == {
        "headline": [2, "4"],
        "evidence": [2, "4"],
    }


def test_a_released_mark_that_is_taken_back_leaves_the_grade_book(room: ClassRoom) -> None:
    marks(room, "ann", release="1")
    page = room.act("withdraw", who="ann").text
    assert "Taken out of the grade book." in page
    assert room.grades("ann")[-1] == 0.0
    assert not room.block("ann").has_submitted_answer()
    assert room.state("ann")["score"] is None


def test_what_is_changed_after_the_release_is_a_draft_again(room: ClassRoom) -> None:
    marks(room, "ann", release="1")
    marks(room, "ann", points="10")
    assert room.state("ann")["score"] == "0.807692"
    room.act("release-all")
    assert room.state("ann")["score"] == "1"
    assert room.grades("ann")[-1] == 1.0


def test_completion_is_to_have_come_and_to_be_marked(room: ClassRoom) -> None:
    room.act("open")
    room.check_in("ann")
    marks(room, "ann", release="1")
    room.act("mark", mark="ann absent")

    assert room.completions("ann") == [0.5, 1.0, 0.5]


def test_without_anything_to_mark_there_is_no_grade_and_attendance_is_all() -> None:
    room = ClassRoom(place=placed())
    room.opens("ann")
    room.act("mark", mark="ann present")
    room.act("save", who="ann", points="5", release="1")

    assert (room.grades("ann"), room.completions("ann")) == ([], [1.0])
    assert room.block("ann").max_score() == 1.0
    assert not room.block("ann").has_submitted_answer()


def test_the_instructors_task_rescores_from_what_staff_gave(room: ClassRoom) -> None:
    marks(room, "ann", release="1")
    block = room.block("ann")
    block.location = block.scope_ids.usage_id
    earned = block.get_score()
    block.set_score(Score(raw_earned=0.25, raw_possible=1.0))
    assert room.state("ann")["score"] == "0.25"
    assert room.grades("ann") == [pytest.approx(earned.raw_earned)]
    # The platform gives a published grade back to the block.
    block._publish_grade = lambda score, _only_if_higher: block.set_score(score)
    block.rescore(only_if_higher=False)
    assert room.block("ann").get_score() == earned
    # An author who makes it out of 20 has the same points count half as much.
    room.place.fields["max_points"] = 20.0  # type: ignore[index]
    assert room.block("ann").calculate_score().raw_earned == pytest.approx(10.5 / 23, abs=1e-6)


def test_a_grade_that_comes_back_with_nobodys_block_changes_nothing(room: ClassRoom) -> None:
    marks(room, "ann", release="1")
    block = room.block("ann")
    block.scope_ids = block.scope_ids._replace(user_id=None)
    block.set_score(Score(raw_earned=0.0, raw_possible=1.0))
    room.block("teacher", staff=True).set_score(Score(raw_earned=0.0, raw_possible=1.0))
    assert room.state("ann")["score"] == "0.807692"
    assert room.state("teacher")["score"] is None


def test_somebody_without_an_account_is_in_the_list_and_reaches_no_grade_book(room: ClassRoom) -> None:
    page = room.act("add", name="  Dana   <b>Guest</b> ").text
    assert "Dana &lt;b&gt;Guest&lt;/b&gt;" in page
    assert room.act("add", name="dana <B>guest</B>").status_code == 422
    assert room.act("add", name=" ").status_code == 422
    key = next(line.split(",")[2] for line in room.table().splitlines() if "Dana" in line)
    room.act("mark", mark=f"{key} present")
    marks(room, key, release="1")
    assert room.counts() == {"present": 1, "waiting": 3}
    assert room.published == []


def test_links_are_https_and_nothing_else(room: ClassRoom) -> None:
    assert "A link begins with https://" in marks(room, "ann", link="javascript:alert(1)").text
    assert "A link begins with https://" in marks(room, "ann", link="https://a b").text
    marks(room, "ann", link="https://photos.example/1", release="1")
    learner = room.view("ann")
    assert 'href="https://photos.example/1" target="_blank" rel="noopener noreferrer"' in learner
    assert "javascript" not in learner


@pytest.mark.parametrize("action", ["open", "mark", "save", "all-present", "apply", "undo", "show"])
def test_learners_cannot_do_what_staff_do(room: ClassRoom, action: str) -> None:
    before = room.block("ann").register
    reply = room.send("ann", action, staff=False, who="ben", mark="ann present", rev="99")

    assert (reply.status_code, reply.json) == (403, {"error": "staff-only"})
    assert room.block("ann").register == before


@pytest.mark.parametrize("handler", ["live", "table"])
def test_neither_codes_nor_tables_are_for_learners(room: ClassRoom, handler: str) -> None:
    room.act("open")
    reply = room.block("ann").handle(handler, Request.blank("/"), "class")

    assert (reply.status_code, reply.json) == (403, {"error": "staff-only"})


def test_a_learners_page_has_nothing_of_anybody_else(room: ClassRoom) -> None:
    marks(room, "ben", comment="Only for Ben", release="1")
    room.act("open")
    key = room.block("teacher", staff=True).register["session"]["key"]
    for view in ("student_view", "public_view", "author_view"):
        html = room.view("ann", name=view)
        assert "ben" not in html
        assert "Only for Ben" not in html
        assert key not in html
        assert room.live["code"] not in html
    block = room.block("ann")
    for told in (block.student_view_data(), block.index_dictionary(), room.state("ann")):
        assert "ben" not in json.dumps(told)


@pytest.mark.parametrize("action", ["nonsense", "act", ""])
def test_actions_that_nobody_knows_are_refused(room: ClassRoom, action: str) -> None:
    assert room.act(action).status_code == 404


def test_people_and_forms_that_cannot_be_are_refused_and_change_nothing(room: ClassRoom) -> None:
    before = room.block("teacher", staff=True).register
    assert room.act("mark", mark="nobody present").status_code == 422
    assert room.act("mark", mark="ann sleeping").status_code == 404
    assert room.act("save", who="nobody").status_code == 422
    assert room.act("undo", undo="-1").status_code == 422
    assert room.act("undo", undo="9" * 400).status_code == 422
    assert room.block("teacher", staff=True).handle("act", Request.blank("/"), "open").status_code == 405
    assert room.block("teacher", staff=True).register == before


def test_in_a_library_nothing_is_graded_and_nobody_checks_in() -> None:
    room = ClassRoom(place=placed(is_course=False, **MARKED))
    room.opens("ann")
    room.act("open")
    assert "Only who is enrolled" in room.check_in("ann").text
    marks(room, "ann", release="1")
    assert room.published == []


def test_who_is_not_enrolled_cannot_check_in() -> None:
    room = ClassRoom(services={"enrollments": FixedEnrolments(enrolled={7: False})})
    room.opens("ann")
    room.act("open")

    assert said(room.check_in("ann").text) == ["Only who is enrolled in the course can check in."]


@pytest.mark.parametrize(
    "masquerade", [{"user_name": "wei", "role": "student"}, {"user_name": None, "role": "student"}]
)
def test_what_staff_do_while_they_look_as_a_learner_counts_for_nobody(
    room: ClassRoom, monkeypatch: pytest.MonkeyPatch, masquerade: dict[str, Any]
) -> None:
    room.act("open")
    code, before = room.live["code"], room.block("ann").register
    course = room.block("ann").scope_ids.usage_id.context_key
    settings = {course: SimpleNamespace(**masquerade)}
    crum = SimpleNamespace(get_current_user=lambda: SimpleNamespace(masquerade_settings=settings))
    monkeypatch.setitem(sys.modules, "crum", crum)
    assert "What you do here counts for nobody." in room.check_in("tina", code).text
    room.view("tina")
    assert room.block("ann").register == before
    settings[course] = SimpleNamespace(user_name=None, role="staff")
    assert room.check_in("ann", code).status_code == 200


def test_after_the_due_date_nobody_checks_in_and_the_page_is_still_there(
    room: ClassRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.act("open")
    monkeypatch.setattr(KpClassBlock, "due", datetime.now(UTC) - timedelta(minutes=10), raising=False)
    assert "This closed at its due date" in room.check_in("ann").text
    assert "past the due date" in room.view("ann")
    assert room.state("ann")["is_closed"]
    monkeypatch.setattr(KpClassBlock, "graceperiod", timedelta(hours=1), raising=False)
    assert room.check_in("ann").status_code == 200


@pytest.fixture
def platform_without_plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("serves_learners", "is_site"):
        monkeypatch.setattr(f"xblocks.common.register_store.{name}", lambda: True)


@pytest.mark.usefixtures("platform_without_plug_in")
def test_where_several_could_overwrite_each_other_nothing_is_taken_in() -> None:
    room = ClassRoom()
    reply = room.act("add", name="Dana")
    for shown in (room.view("teacher", staff=True), room.view("author", name="author_view"), reply.text):
        assert "Nothing can be written here" in shown
    assert (reply.status_code, room.block("teacher", staff=True).register) == (422, {})


def test_who_has_not_signed_in_reads_what_it_is_about(room: ClassRoom) -> None:
    html = room.view("guest", is_authenticated=False)
    assert ("Enrol in the course to take part." in html, "<form" in html) == (True, False)
    block = room.block("guest", is_authenticated=False)
    assert block.handle("act", Request.blank("/", method="POST"), "check-in").json == {"error": "sign-in"}
