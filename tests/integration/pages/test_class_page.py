"""The teacher's page of one link: who did what, what they know, whether the grades arrived."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from lti_tool.models import Delivery, OutboxRow
from tests.factories.classrooms import Seat, enter
from tests.factories.launches import AGS
from tests.factories.tool import Tool
from tests.integration.pages.reading_html import text_of


def teacher(tool: Tool) -> Seat:
    return enter(tool, "t-1", name="Tina Teacher", role="teacher")


def row_of(page: str, name: str) -> str:
    """Return the row of a learner in the table of work."""
    rows: list[str] = re.findall(r"<tr.*?</tr>", page, re.DOTALL)
    [row] = [row for row in rows if name in row and "rowheader" in row]
    return row


def fail_delivery(tool: Tool, **changes: object) -> None:
    """Let the only delivery stand as a worker leaves it."""
    with tool.runtime.database.transaction() as session:
        row = session.scalars(select(OutboxRow)).one()
        for name, value in changes.items():
            setattr(row, name, value)
        session.add(
            Delivery(
                organisation_id=row.organisation_id,
                outbox_id=row.id,
                rev=row.rev,
                value="1",
                timestamp=tool.clock(),
                started_at=tool.clock(),
                finished_at=tool.clock(),
                outcome="later",
                status=503,
                detail="busy",
            )
        )


def test_where_nobody_has_come_the_page_says_so(tool: Tool) -> None:
    text = text_of(teacher(tool).get("class/"))
    assert "Nobody has opened it yet" in text
    assert "Tina Teacher" not in text


def test_counts_and_mean_are_those_of_the_class(tool: Tool) -> None:
    for number, right in enumerate(([True] * 10, [False] * 10, [True])):
        learner = enter(tool, f"s-{number}", name=f"Learner Number {number}")
        learner.answer(right=right)
        if len(right) == 10:
            learner.finish()
    text = text_of(teacher(tool).get("class/"))
    assert "Learners 3 Have opened it 3 Have finished 2 Mean score of those" in text
    scores = [int(score) for score in re.findall(r"1 (\d+)% 2 Mar", text)]
    assert scores[0] == 100
    assert f"Mean score of those {round(sum(scores[:2]) / 2)}%" in text


def test_a_learner_of_the_course_who_has_not_opened_this_link_is_there(tool: Tool) -> None:
    enter(tool, "s-1", name="Li Wei", lesson="sem-1-2-organic-search")
    text = text_of(teacher(tool).get("class/"))
    assert "Learners 1 Have opened it 0 Have finished 0" in text
    assert "Li Wei Not started" in text


def test_a_row_tells_progress_attempts_score_and_time(tool: Tool) -> None:
    learner = enter(tool, "s-1", name="Li Wei")
    learner.answer(right=[True] * 10)
    learner.finish()
    tool.clock.advance(hours=1)
    learner.restart()
    row = row_of(teacher(tool).get("class/").text, "Li Wei")
    assert re.search(r"Trying again\s*<span class=\"q-muted\">\d+/16", row)
    assert '<td role="cell" class="q-number" data-label="Attempts">2</td>' in row
    assert "<strong>100%</strong>" in row
    assert "2 Mar 2026 13:00" in row


def test_who_has_no_name_has_the_beginning_of_the_pseudonym(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    assert f"Learner {learner.who.person_uuid[:4]}" in text_of(teacher(tool).get("class/"))


def test_a_grade_waits_until_it_is_sent(tool: Tool) -> None:
    enter(tool, "s-1", name="Li Wei").answer(right=[True])
    assert "Waiting to be sent" in row_of(teacher(tool).get("class/").text, "Li Wei")


@pytest.mark.parametrize(
    ("state", "attempts", "words"),
    [
        ("due", 2, "Not delivered yet"),
        ("done", 0, "Delivered"),
        ("needs-person", 1, "Needs you"),
        ("dead", 16, "Given up"),
    ],
)
def test_a_delivery_says_in_words_how_it_stands(tool: Tool, state: str, attempts: int, words: str) -> None:
    enter(tool, "s-1", name="Li Wei").answer(right=[True])
    fail_delivery(tool, state=state, attempts=attempts, last_error="busy", next_at=tool.clock() + timedelta(minutes=10))
    row = row_of(teacher(tool).get("class/").text, "Li Wei")
    assert words in row
    assert "(HTTP 503)" in row
    assert ("Next try 2 Mar 2026 12:10" in row) is (state == "due")


def test_a_teacher_sends_one_grade_again(tool: Tool) -> None:
    learner = enter(tool, "s-1", name="Li Wei")
    learner.answer(right=[True])
    fail_delivery(tool, state="dead", attempts=16, last_error="busy")
    seat = teacher(tool)
    response = seat.post("class/send-again", person=learner.who.person_uuid)
    assert response.status_code == 303
    assert "1 grade is on its way again." in text_of(seat.browser.get(response.headers["Location"]))
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(OutboxRow)).one().state == "due"


def test_a_teacher_sends_all_undelivered_grades_again(tool: Tool) -> None:
    for number in range(2):
        enter(tool, f"s-{number}").answer(right=[True])
    seat = teacher(tool)
    response = seat.post("class/send-again", person="all")
    assert "2 grades are on their way again." in text_of(seat.browser.get(response.headers["Location"]))


def test_where_there_is_nothing_to_send_the_page_says_so(tool: Tool) -> None:
    seat = teacher(tool)
    response = seat.post("class/send-again", person="all")
    assert "Nothing was sent" in text_of(seat.browser.get(response.headers["Location"]))


def test_a_grade_that_was_changed_in_the_grade_book_is_shown_beside_ours(tool: Tool) -> None:
    enter(tool, "s-1", name="Li Wei").answer(right=[True] * 10)
    fail_delivery(tool, state="needs-person", last_error="overridden", seen_value="0.620000", seen_at=tool.clock())
    page = teacher(tool).get("class/").text
    row = re.sub(r"<[^>]+>", "", row_of(page, "Li Wei"))
    for words in ("Changed in the grade book", "that grade stands", "In the grade book: 62%", "Send again"):
        assert words in row
    assert "Send all undelivered grades again" not in page


def test_a_comparison_that_the_platform_does_not_answer_says_so(tool: Tool) -> None:
    enter(tool, "s-1").answer(right=[True])
    seat = teacher(tool)
    response = seat.post("class/compare-grades")
    assert response.status_code == 303
    assert "showed none of the grades" in text_of(seat.browser.get(response.headers["Location"]))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?compared=2&changed=0", "2 grades in the grade book are the ones that were sent."),
        ("?compared=2&changed=1", "1 grade was changed in the grade book."),
        ("?compared=nonsense", "Who did what"),
    ],
)
def test_what_a_comparison_found_stands_on_the_page(tool: Tool, query: str, words: str) -> None:
    enter(tool, "s-1").answer(right=[True])
    assert words in text_of(teacher(tool).get(f"class/{query}"))


def test_learners_compare_nothing(tool: Tool) -> None:
    assert enter(tool, "s-1").post("class/compare-grades").status_code == 403


def test_a_course_that_takes_no_grades_has_no_column_for_them(tool: Tool) -> None:
    no_grades = {AGS: None}
    enter(tool, "s-1", changes=no_grades).answer(right=[True])
    page = enter(tool, "t-1", role="teacher", changes=no_grades).get("class/")
    assert "The course takes no grades for this activity" in text_of(page)
    assert "Send again" not in page.text


def test_a_learner_opens_to_attempts_grade_and_evidence(tool: Tool) -> None:
    learner = enter(tool, "s-1", name="Li Wei")
    learner.answer(right=[True, False])
    text = text_of(teacher(tool).get(f"class/{learner.who.person_uuid}/"))
    for words in ("Li Wei", "Attempt 1", "is the score that counts", "The 2 answers behind this", "Four people search"):
        assert words in text


def test_the_pages_speak_chinese(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True])
    seat = enter(tool, "t-1", role="teacher", locale="zh-CN")
    text = text_of(seat.get("class/"))
    for words in ("学习情况", f"学员 {learner.who.person_uuid[:4]}", "进行中", "等待发送", "掌握情况"):
        assert words in text
    assert "查看所依据的 1 次作答" in text_of(seat.get(f"class/{learner.who.person_uuid}/"))
