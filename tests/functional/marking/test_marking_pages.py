"""The marking room over HTTP: queue, work beside rubric, what is saved and refused, release and correction."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from lti_tool.services.attempts.submitted_work import Work
from tests.factories.classrooms import Seat
from tests.factories.marking import ASSISTANT, MENTOR, Room
from tests.factories.rubrics import sheet
from tests.functional.marking.steps import only_work, save, send, words


@pytest.fixture
def ann(room: Room) -> Seat:
    return room.enter("a-1", "Ann Assistant", roles=ASSISTANT)


def test_from_the_queue_to_the_learner(room: Room) -> None:
    sam = room.learner()
    work = room.submit(sam, Work(text="Warm feet on a cold ward.", links=("https://shop.example.test/socks",)))
    queue = words(room.teacher.get("marking/"))
    assert "Learner 1" in queue
    assert "0 of 1 marked" in queue
    page = room.teacher.get(f"marking/works/{only_work(room.teacher)}/")
    assert "Warm feet on a cold ward." in words(page)
    assert 'rel="noopener noreferrer nofollow"' in page.text
    assert "Each claim has a fact" in words(page), "the work stands beside the rubric"
    answer = save(room.teacher, work, do="approve", level_headline="2", level_evidence="1", points_evidence="2.5")
    assert answer.status_code == 303
    assert "Your marks" not in words(sam.get("submission/")), "nothing before the release"
    released = send(room.teacher, "marking/release", page="marking/", do="now")
    assert "done=released" in released.headers["Location"]
    told = words(sam.get("submission/"))
    assert "6.5 of 10 points · 65%" in told
    assert "Given: Secure" in told


def test_a_form_with_faults_keeps_what_was_entered(room: Room) -> None:
    work = room.submit(room.learner())
    page = save(
        room.teacher, work, level_headline="1", level_evidence="1", points_evidence="99", comment_headline="Nice"
    )
    assert page.status_code == 422
    assert "These points are not on the level that you chose." in words(page)
    assert 'value="99"' in page.text
    assert "Nice</textarea>" in page.text
    assert re.search(r'name="level-headline" value="1" checked', page.text)
    assert not room.case(room.teacher, work).stored, "nothing was saved"


def test_an_incomplete_mark_is_saved_and_says_what_is_missing(room: Room) -> None:
    work = room.submit(room.learner())
    page = save(room.teacher, work, do="approve", level_headline="1")
    assert page.status_code == 422
    assert "Saved as a draft." in words(page)
    assert words(page).count("This row has no level yet.") == 1
    assert room.case(room.teacher, work).stored


def test_a_page_of_before_shows_what_was_entered_and_saves_nothing(room: Room) -> None:
    work = room.submit(room.learner())
    page = f"marking/works/{work}/"
    room.save(room.teacher, work, sheet(1, 1))
    answer = send(room.teacher, f"{page}save", page=page, seen="0", comment="Mine", **{"level-headline": "2"})
    assert answer.status_code == 409
    assert "Mine</textarea>" in answer.text
    assert 'name="seen" value="1"' in answer.text, "so that it can be saved now"
    assert room.case(room.teacher, work).marking.marks["first"].sheet == sheet(1, 1)


def test_what_is_written_is_kept_whoever_was_quicker(room: Room, ann: Seat) -> None:
    work = room.submit(room.learner())
    page = f"marking/works/{work}/"
    fields = {"comment": "Mine <b>alone</b>", "comment-headline": "A telling word", "level-headline": "2"}
    room.save(room.teacher, work, sheet(1, 1), approve=True)
    approved = send(room.teacher, f"{page}save", page=page, **fields)
    assert approved.status_code == 409
    assert "Undo the approval first" in words(approved)
    for text in ("What you had written is not saved.", "Mine <b>alone</b>", "A telling word"):
        assert text in words(approved)
    taken = send(ann, f"{page}save", page=page, **fields)
    assert taken.status_code == 409
    assert "A telling word" in words(taken)
    assert room.case(room.teacher, work).marking.marks["first"].sheet == sheet(1, 1)


def test_a_correction_that_is_refused_keeps_its_form(room: Room) -> None:
    work = room.submit(room.learner())
    room.approve(room.teacher, work, 1, 1)
    room.release()
    page = f"marking/works/{work}/"
    same = {"level-headline": "1", "level-evidence": "1", "reason": "appeal", "note": "Looked at again."}
    refused = send(room.teacher, f"{page}correct", page=page, **same)
    assert refused.status_code == 409
    assert "The marks say that already." in words(refused)
    assert 'value="Looked at again."' in refused.text
    assert '<option value="appeal" selected>' in refused.text


def test_a_revision_that_is_none(room: Room) -> None:
    work = room.submit(room.learner())
    page = f"marking/works/{work}/"
    for seen in ("", "x", "-1", "9" * 50, "1.0"):
        answer = send(room.teacher, f"{page}save", page=page, seen=seen, **{"level-headline": "2"})
        assert answer.status_code == 409, seen


def test_approve_goes_on_to_the_next_and_undo_comes_back(room: Room) -> None:
    works = []
    for number in (1, 2):
        works.append(room.submit(room.learner(number)))
        room.tool.clock.advance(minutes=1)
    answer = save(room.teacher, works[0], do="approve", level_headline="2", level_evidence="1")
    assert works[1] in answer.headers["Location"]
    undone = send(room.teacher, f"marking/works/{works[0]}/undo", page=f"marking/works/{works[0]}/")
    assert "done=undone" in undone.headers["Location"]
    assert not room.case(room.teacher, works[0]).marking.is_in("first")


def test_the_second_marker_reads_nothing_of_the_first(room: Room, ann: Seat) -> None:
    room.setup(second_share=100)
    work = room.submit(room.learner())
    room.save(room.teacher, work, sheet(2, 1, overall="A telling word"), approve=True)
    page = ann.get(f"marking/works/{work}/")
    assert "A telling word" not in page.text
    assert "checked" not in page.text.replace("data-q-keys checked", "")
    assert "judgement is hidden until both are approved" in words(page)
    save(ann, work, do="approve", level_headline="0", level_evidence="1")
    both = words(room.teacher.get(f"marking/works/{work}/?show=all"))
    assert "They differ" in both
    assert "They agree" in both
    assert "Ann Assistant" in both
    save(room.teacher, work, do="approve", level_headline="1", level_evidence="1")
    assert "Mark approved" in words(room.teacher.get(f"marking/works/{work}/"))


def test_a_planned_release_waits_for_its_moment(room: Room) -> None:
    sam = room.learner()
    room.approve(room.teacher, room.submit(sam), 1, 1)
    at = (room.now + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    answer = send(room.teacher, "marking/release", page="marking/", do="later", at=at)
    assert "done=planned" in answer.headers["Location"]
    assert room.marks(sam) is None
    for wrong in ("", "tomorrow", "2026-13-01T00:00", "9" * 500):
        refused = send(room.teacher, "marking/release", page="marking/", do="later", at=wrong)
        assert "refused=unreadable" in refused.headers["Location"]


def test_released_marks_are_corrected_with_a_reason(room: Room) -> None:
    sam = room.learner()
    work = room.submit(sam)
    room.approve(room.teacher, work, 1, 1)
    room.release()
    page = f"marking/works/{work}/"
    fields = {"level-headline": "2", "level-evidence": "1"}
    assert send(room.teacher, f"{page}correct", page=page, reason="whim", **fields).status_code == 422
    room.tool.clock.advance(minutes=1)
    answer = send(room.teacher, f"{page}correct", page=page, reason="error", note="Overlooked.", **fields)
    assert "done=corrected" in answer.headers["Location"]
    told = words(sam.get("submission/"))
    assert "5 of 10 points" in told
    assert "corrected" in told
    assert "Overlooked" not in told


# -- Who may


def test_what_learners_cannot_open(room: Room) -> None:
    sam, other = room.learner(), room.learner(2)
    work = room.submit(other)
    csrf = {"csrf": re.findall(r'name="csrf" value="([0-9a-f]+)"', sam.get().text)[0]}
    for path in ("marking/", f"marking/works/{work}/", "marking/setup/", f"marking/works/{work}/file/x"):
        assert sam.get(path).status_code == 403
    for path in ("marking/release", f"marking/works/{work}/save", f"marking/works/{work}/correct"):
        assert (
            sam.browser.client.post(sam.page + path, data=csrf, base_url="https://tool.example.test").status_code == 403
        )


def test_an_assistant_marks_and_does_not_release(room: Room, ann: Seat) -> None:
    work = room.submit(room.learner())
    assert save(ann, work, do="approve", level_headline="1", level_evidence="1").status_code == 303
    for path in ("marking/release", f"marking/works/{work}/correct", f"marking/works/{work}/arrange"):
        assert send(ann, path, page="marking/").status_code == 403
    assert ann.get("marking/setup/").status_code == 403
    assert "Release" not in words(ann.get("marking/"))


def test_another_course_knows_nothing_of_it(room: Room, another: Room) -> None:
    work = room.submit(room.learner())
    for path in (f"marking/works/{work}/", f"marking/works/{work}/file/x"):
        assert another.teacher.get(path).status_code == 404
    page = another.teacher.get("marking/?show=all&where=course")
    assert work not in page.text
    for verb in ("save", "undo", "arrange", "correct"):
        assert send(another.teacher, f"marking/works/{work}/{verb}", page="marking/").status_code == 404
    room.approve(room.teacher, work, 1, 1)
    assert "done=none" in send(another.teacher, "marking/release", page="marking/", work=work).headers["Location"]


def test_a_mentor_names_the_enterprise(room: Room) -> None:
    mia = room.enter("m-1", "Mia Mentor", roles=MENTOR)
    work = room.submit(room.learner())
    assert mia.get(f"marking/works/{work}/").status_code == 404
    page = f"marking/works/{work}/"
    send(room.teacher, f"{page}arrange", page=page, do="assign", to=mia.who.person_uuid)
    assert "Marking" in words(mia.get("marking/"))
    refused = save(mia, work, do="approve", level_headline="1", level_evidence="1")
    assert refused.status_code == 422
    assert "Say for which enterprise you judge" in words(refused)
    assert (
        save(mia, work, do="approve", level_headline="1", level_evidence="1", enterprise="海南贸易").status_code == 303
    )
    assert room.case(room.teacher, work).stored["first"].enterprise == "海南贸易"


# -- How it is set


def test_the_set_up_page(room: Room) -> None:
    page = room.teacher.get("marking/setup/")
    assert "Product copy" in words(page)
    version = str(room.rubric.version_id)
    form = {"rubric": version, "form": "live", "second_share": "20", "release_at": "2026-06-01T12:00"}
    assert "done=setup" in send(room.teacher, "marking/setup/change", page="marking/setup/", **form).headers["Location"]
    page = room.teacher.get("marking/setup/")
    assert 'value="20"' in page.text
    assert 'value="2026-06-01T12:00"' in page.text


def test_set_ups_that_are_refused(room: Room) -> None:
    good = {"rubric": str(room.rubric.version_id), "form": "project", "second_share": "0", "release_at": ""}
    for change in (
        {"rubric": "0"},
        {"rubric": "9" * 40},
        {"rubric": "x"},
        {"form": "quiz"},
        {"second_share": "101"},
        {"second_share": "-1"},
        {"release_at": "soon"},
    ):
        answer = send(room.teacher, "marking/setup/change", page="marking/setup/", **{**good, **change})
        assert "refused=" in answer.headers["Location"], change
        assert room.teacher.get(answer.headers["Location"].split(room.teacher.page)[1]).status_code == 200


def test_both_languages(room: Room) -> None:
    room.submit(room.learner())
    teacher = room.enter("t-1", "Tina Teacher", role="teacher", locale="zh-CN")
    assert "已提交的作业" in words(teacher.get("marking/"))
    page = words(teacher.get(f"marking/works/{only_work(teacher)}/"))
    assert "针对任务书中的顾客" in page
    assert "确认评分" in page
