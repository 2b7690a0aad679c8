"""Peer review over HTTP: the learner's path, the pages of staff, refusals, stale pages, both languages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import insert

from lti_tool.models import CourseGroup, CourseGroupMember
from lti_tool.services.attempts.submitted_work import NewFile, Work
from lti_tool.services.content.rubrics import StoredRubric
from tests.factories import peers
from tests.factories.classrooms import Seat
from tests.factories.marking import Room, open_course
from tests.factories.rubrics import sheet
from tests.factories.tool import Tool
from tests.functional.marking.steps import send, words


@pytest.fixture(scope="module")
def rubric(marked_tool: Tool) -> StoredRubric:
    peers.bring_samples(marked_tool)
    return open_course(marked_tool)


RULES = {"is_on": "on", "reviews": "1", "samples": "3", "hours": "48", "effect": "propose"}


def switch_on(room: Room, **changes: str) -> str:
    answer = send(room.teacher, "marking/peers/change", page="marking/peers/", **RULES | changes)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def judge(seat: Seat, page: str, *, do: str = "hand-in", **fields: str) -> tuple[int, str]:
    levels = {"level-headline": "1", "level-evidence": "2"}
    answer = send(seat, f"{page}save", page=page, do=do, **levels | fields)
    return answer.status_code, words(answer) if answer.status_code != 303 else answer.headers["Location"]


def next_work(seat: Seat) -> str:
    answer = send(seat, "peers/next", page="peers/")
    found = re.search(r"peers/review/[0-9a-f-]{36}/", answer.headers["Location"])
    assert found, answer.headers["Location"]
    return found[0]


def test_the_path_of_a_learner(room: Room) -> None:
    ann, ben = room.learner(1), room.learner(2)
    room.submit(ben, Work(text="Warm feet.", files=[NewFile(name="Ben Learner.txt", data=b"Feet")]))
    peers_off = ann.get("peers/")
    assert (peers_off.status_code, "do not review each other" in words(peers_off)) == (404, True)
    assert "done=rules" in switch_on(room)
    assert "First hand in your own work." in words(ann.get("peers/"))
    room.submit(ann)
    assert "You review the work of others here" in words(ann.get("submission/"))
    for number in (1, 2, 3):
        page = f"peers/samples/sample-{number}/"
        assert "Because of its" not in words(ann.get(page)), "staff's reasons come after"
        half = send(ann, f"{page}rate", page=page, **{"level-headline": "2"})
        assert (half.status_code, "every row needs a level" in words(half)) == (422, True)
        answer = send(ann, f"{page}rate", page=page, **{"level-headline": "2", "level-evidence": "1"})
        assert answer.status_code == 303
    told = words(ann.get("peers/samples/sample-1/"))
    assert "You are 2 levels higher" in told
    assert "Because of its first words." in told
    page = next_work(ann)
    shown = ann.get(page)
    assert "Warm feet." in words(shown)
    assert "Ben" not in shown.text
    assert "Learner 2" not in shown.text
    file = re.search(r"peers/review/[0-9a-f-]+/file/[0-9a-f-]+", shown.text)
    assert file
    assert "Ben" not in str(ann.get(file[0]).headers)
    assert ben.get(file[0]).status_code == 404
    status, text = judge(ann, page)
    assert (status, "write a comment on the whole" in text) == (422, True)
    assert judge(ann, page, comment="Say for whom.")[0] == 303
    assert "1 of 1 reviews handed in" in words(ann.get("peers/"))
    taken_back = send(ann, f"{page}take-back", page=page)
    assert "done=taken-back" in taken_back.headers["Location"]
    assert judge(ann, page, comment="Say for whom.")[0] == 303


def test_a_stale_page_shows_what_was_entered_and_keeps_nothing(room: Room) -> None:
    switch_on(room)
    ann, _ = peers.ready(room, 2)
    page = next_work(ann)
    fields = {"level-headline": "2", "comment": "From the other tab"}
    assert send(ann, f"{page}save", page=page, do="save", **fields).status_code == 303
    stale = send(ann, f"{page}save", page=page, do="save", **{**fields, "seen": "0", "comment": "Mine"})
    assert stale.status_code == 409
    assert "in another tab" in words(stale)
    assert "Mine</textarea>" in stale.text
    assert "From the other tab" in ann.get(page).text


def test_reviews_reach_the_author_and_staff_and_one_is_left_out(room: Room) -> None:
    switch_on(room)
    ann, ben = peers.ready(room, 2)
    review = peers.review(room, ann, 2, 1, words="Too many words, <b>too</b> few facts.")
    assert "You read it when your own reviews are handed in." in words(ben.get("peers/"))
    peers.review(room, ben, 1, 1)
    room.tool.clock.advance(minutes=20)
    told = ben.get("peers/")
    assert "Too many words, &lt;b&gt;too&lt;/b&gt; few facts." in told.text
    assert "Learner 1" not in told.text
    flagged = send(ben, f"peers/received/{review}/flag", page="peers/", reason="It is about another text.")
    assert "done=flagged" in flagged.headers["Location"]
    board = words(room.teacher.get("marking/peers/"))
    assert "1 review is flagged" in board
    work = peers.pool(room).work_of(ben.who.person_id)
    assert work
    uuid = next(each.uuid for each in peers.oversight(room).works if each.flagged)
    place = f"marking/works/{uuid}/"
    page = room.teacher.get(place)
    assert "It is about another text." in words(page)
    assert "what fellow learners propose" in words(page)
    assert re.search(r'name="level-headline" value="2" checked', page.text), "a marker's sheet begins with the proposal"
    settle = f"marking/peers/review/{review}/settle"
    refused = send(room.teacher, settle, page=place, do="out", work=uuid)
    assert "refused=peer-reason" in refused.headers["Location"]
    done = send(room.teacher, settle, page=place, do="out", work=uuid, reason="He is right.")
    assert "done=settled" in done.headers["Location"]
    assert "Your teacher has left this review out." in words(ben.get("peers/"))


def test_rules_that_cannot_be_change_nothing(room: Room) -> None:
    switch_on(room)
    for changes in (
        {"reviews": "7"},
        {"hours": "1e3"},
        {"effect": "stand", "enough": "1"},
        {"effect": "nothing"},
        {"closes_at": "yesterday"},
    ):
        assert "refused=peer-rules" in switch_on(room, **changes), changes
    assert "refused=peer-stand-samples" in switch_on(room, effect="stand", reviews="2", enough="2", samples="1")
    assert peers.pool(room).rules.hours == 48


def test_who_may_not(room: Room, another: Room) -> None:
    switch_on(room)
    ann, _ = peers.ready(room, 2)
    assert room.teacher.get("peers/").status_code == 403
    assert ann.get("marking/peers/").status_code == 403
    page = next_work(ann)
    eve = another.learner(9)
    switch_on(another)
    assert eve.get(page).status_code == 404
    assert ann.get("peers/samples/nothing/").status_code == 404


def test_work_is_given_out_between_the_dates(room: Room) -> None:
    soon = (room.now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    later = (room.now + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    switch_on(room, opens_at=soon, closes_at=later)
    ann, ben = peers.ready(room, 2)
    assert "Work is given out from" in words(ann.get("peers/"))
    assert "refused=peer-shut" in send(ann, "peers/next", page="peers/").headers["Location"]
    room.tool.clock.advance(minutes=90)
    page = next_work(ann)
    room.tool.clock.advance(hours=1)
    assert judge(ann, page, comment="Late.")[0] == 303, "what was given out can be handed in"
    assert "No more work is given out." in words(ben.get("peers/"))


def test_both_languages(room: Room) -> None:
    switch_on(room)
    ann, ben = peers.ready(room, 2)
    peers.review(room, ann, 2, 1)
    peers.review(room, ben, 1, 1)
    room.tool.clock.advance(minutes=20)
    chinese = room.enter("s-1", "Learner 1", locale="zh-CN")
    teacher = room.enter("t-1", "Tina Teacher", role="teacher", locale="zh-CN")
    assert "同学互评" in words(chinese.get("peers/"))
    assert "看开头。" in words(chinese.get("peers/samples/sample-1/"))
    for page in ("marking/peers/", "marking/agreement/", "marking/rubrics/", "marking/rubrics/product-copy/"):
        shown = words(teacher.get(page))
        assert "商品文案" in shown or "双人" in shown or "样稿" in shown
    assert teacher.get("marking/rubrics/nothing/").status_code == 404


def test_how_markers_agree(room: Room) -> None:
    assert "No work has been marked twice yet" in words(room.teacher.get("marking/agreement/"))
    room.setup(second_share=100)
    other = room.enter("t-2", "Olga Other", role="teacher")
    for number, (first, second) in enumerate((((2, 1), (2, 1)), ((0, 0), (1, 0)), ((1, 2), (1, 0))), 1):
        work = room.submit(room.learner(number))
        room.save(room.teacher, work, sheet(*first), approve=True)
        room.save(other, work, sheet(*second), approve=True)
    page = words(room.teacher.get("marking/agreement/"))
    assert "Headline 3 67% 100%" in page
    assert "Evidence 3 67% 67%" in page


def test_the_queue_of_a_group(room: Room) -> None:
    ann, ben = room.learner(1), room.learner(2)
    for seat in (ann, ben):
        room.submit(seat)
    organisation = {"organisation_id": room.link.organisation_id}
    with room.tool.runtime.database.transaction() as session:
        group = session.execute(
            insert(CourseGroup)
            .values(context_id=room.link.context_id, platform_key=f"g-{room.course}", name="Tuesday", **organisation)
            .returning(CourseGroup.id)
        ).scalar_one()
        session.execute(insert(CourseGroupMember).values(group_id=group, person_id=ann.who.person_id, **organisation))
    page = room.teacher.get(f"marking/?show=all&group={group}")
    assert "Learner 1" in page.text
    assert "Learner 2" not in page.text
    assert f'<option value="{group}" selected>Tuesday (1)' in page.text
    assert f"group={group}" in page.text, "the room goes through the same works"
    assert "Learner 2" in room.teacher.get("marking/?show=all&group=99999999999999999999").text
