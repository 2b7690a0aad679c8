"""A live project from its launch to the ledger: nothing counts before a mentor has approved it, and it says for whom."""

from __future__ import annotations

import json
from itertools import count
from typing import Any, Final

import pytest
from sqlalchemy import func, select

from lti_tool.models import (
    Attempt,
    LedgerEvent,
    LinkScore,
    LiveDraft,
    LiveEntry,
    LiveProjectRow,
    Organisation,
    OutboxRow,
    SubmissionFile,
    SubmissionRow,
)
from lti_tool.services import erasure
from lti_tool.services.attempts.submitted_work import MAX_FILE_BYTES
from lti_tool.services.live import decisions
from lti_tool.services.mastery.content_install import ContentImport
from tests.factories.classrooms import Seat
from tests.factories.launches import LTI, TOOL_ORIGIN
from tests.factories.live import (
    ACME,
    PDF,
    LiveCourse,
    all_accepted,
    decide,
    fields_of,
    hand_in,
    live_content,
    plan,
    the_project,
)
from tests.factories.marking import ASSISTANT
from tests.factories.tool import Tool
from tests.functional.marking.steps import send, words

COURSES: Final = count(1)
ROWS: Final = [row.key for row in the_project().rubric.rows]


@pytest.fixture(scope="module")
def content() -> ContentImport:
    return live_content()


@pytest.fixture
def course(tool: Tool) -> LiveCourse:
    return LiveCourse(tool, f"live-{next(COURSES)}")


@pytest.fixture
def sam(course: LiveCourse) -> Seat:
    return course.learner()


@pytest.fixture
def mia(course: LiveCourse) -> Seat:
    return course.mentor()


def judge(seat: Seat, work: str, *, do: str = "approve", **more: str) -> Any:
    """Give every row its second best level in the marking room."""
    page = f"marking/works/{work}/"
    levels = {f"level-{row}": "2" for row in ROWS}
    return send(seat, f"{page}save", page=page, do=do, **levels, **more)


def stored(tool: Tool, seat: Seat, table: Any) -> Any:
    with tool.runtime.database.reading() as session:
        return session.scalars(select(table).where(table.person_id == seat.who.person_id)).first()


def evidence(tool: Tool, seat: Seat) -> list[dict[str, Any]]:
    query = select(LedgerEvent.body).where(
        LedgerEvent.learner == seat.who.person_uuid, LedgerEvent.type == "evidence.recorded"
    )
    with tool.runtime.database.reading() as session:
        bodies = session.scalars(query.order_by(LedgerEvent.id)).all()
    return [json.loads(body) if isinstance(body, str | bytes) else body for body in bodies]


def count_of(tool: Tool, table: Any, work: str) -> int:
    with tool.runtime.database.reading() as session:
        own = select(SubmissionRow.id).where(SubmissionRow.uuid == work)
        inside = select(LiveProjectRow.id).where(LiveProjectRow.submission_id.in_(own))
        column = table.submission_id if table is SubmissionFile else table.live_project_id
        within = own if table is SubmissionFile else inside
        return session.scalar(select(func.count()).select_from(table).where(column.in_(within))) or 0


def test_from_the_launch_to_the_last_milestone(course: LiveCourse, sam: Seat, mia: Seat) -> None:
    tool, teacher = course.tool, course.teacher()
    send(teacher, "live/projects/enterprise", page="live/projects/", enterprise=ACME)
    first = words(sam.get("live/"))
    assert "Enterprise: Acme Trading" in first
    assert "Mentor: Mia Mentor 1" in first
    assert "Keywords and search intent" in first, "each task shows the lessons that it needs"
    assert plan(sam).headers["Location"].endswith("done=handed-in")
    work = course.work(sam)
    queue = words(mia.get("live/projects/"))
    assert "Learner 1 Plan · waits less than an hour" in queue
    assert "About goal" in words(mia.get(f"live/projects/{work}/"))
    decide(mia, work, "return", comment="Which product?")
    assert "Which product?" in words(sam.get("live/"))
    plan(sam, **{"answer-offer": "Warm socks"})
    decide(mia, work, "accept")
    for milestone in the_project().milestones:
        page = words(sam.get("live/"))
        assert f"Work on this task and hand it in: {milestone.title['en']}" in page
        assert hand_in(sam, text=f"Did {milestone.key}", files=[(PDF, "log.pdf")]).status_code == 303
        assert judge(mia, work).status_code == 404, "nothing is judged before all is accepted"
        assert work not in teacher.get("marking/?show=all").text
        decide(mia, work, "accept")
    attempt = stored(tool, sam, Attempt)
    assert (attempt.status, attempt.score, attempt.done, attempt.total) == ("submitted", "0", 5, 5)
    assert evidence(tool, sam) == []
    assert stored(tool, sam, LinkScore) is None
    room = words(mia.get(f"marking/works/{work}/"))
    assert "Warm socks" in room
    assert "Did handover" in room


def test_the_mentors_judgement_becomes_evidence_and_grade(course: LiveCourse, sam: Seat, mia: Seat) -> None:
    tool, teacher = course.tool, course.teacher()
    work = all_accepted(course, sam, mia)
    refused = judge(teacher, work, enterprise=ACME)
    assert refused.status_code == 409
    assert "A mentor of this course judges live projects first." in words(refused)
    assert judge(mia, work, enterprise=" ").status_code == 422, "a judgement names the enterprise"
    assert judge(mia, work, enterprise=ACME).status_code == 303
    assert evidence(tool, sam) == [], "approved is not released"
    send(teacher, "marking/release", page="marking/", do="now")
    found = evidence(tool, sam)
    assert [each["part"] for each in found] == ROWS
    told_of = {(each["form"], each["rater"], each["enterprise"]) for each in found}
    assert told_of == {("live", mia.who.person_uuid, ACME)}
    score = stored(tool, sam, LinkScore)
    assert score.value == stored(tool, sam, Attempt).score == "0.8"
    with tool.runtime.database.reading() as session:
        due = session.scalars(select(OutboxRow.channel).where(OutboxRow.subject == sam.who.person_id)).all()
    assert "ags" in due
    told = words(sam.get("live/"))
    assert "20 of 25 points · 80%" in told
    assert "judged for Acme Trading" in told
    assert "Plan : accepted · Mia Mentor 1 · Acme Trading" in told, "who decided what stays readable"


def test_a_teacher_decides_where_no_mentor_is_and_the_page_says_so(course: LiveCourse, sam: Seat) -> None:
    teacher = course.teacher()
    assert "No mentor is in this course yet, so a teacher decides." in words(sam.get("live/"))
    work = all_accepted(course, sam, teacher)
    assert judge(teacher, work, enterprise=ACME).status_code == 303
    late = course.mentor()
    plan(other := course.learner(2))
    page = words(teacher.get(f"live/projects/{course.work(other)}/"))
    assert "A mentor is in this course, so the mentor decides." in page
    refused = decide(teacher, course.work(other), "accept", seen="1", step="plan")
    assert "live-mentor-decides" in refused.headers["Location"]
    assert "done=accept" in decide(late, course.work(other), "accept").headers["Location"]


def test_drafts_are_kept_and_only_the_learner_sees_them(course: LiveCourse, sam: Seat, mia: Seat) -> None:
    hand_in(sam, do="save", **{"answer-goal": "Forty orders"})
    assert "Forty orders</textarea>" in sam.get("live/").text
    work = course.work(sam)
    assert "Forty orders" not in mia.get(f"live/projects/{work}/").text
    page = hand_in(sam, **{"answer-goal": "Forty orders"})
    assert page.status_code == 422
    assert page.text.count("Answer this question before you hand the plan in.") == 5
    assert "Forty orders</textarea>" in page.text
    plan(sam)
    decide(mia, work, "accept")
    hand_in(sam, do="save", text="First", files=[(PDF, "one.pdf"), (PDF, "two.pdf")])
    assert count_of(course.tool, SubmissionFile, work) == 2
    keep = sam.get("live/").text.split('name="keep" value="')[1][:36]
    hand_in(sam, text="Second", keep=keep, files=[(PDF, "three.pdf")])
    assert count_of(course.tool, SubmissionFile, work) == 2, "what was left out is not kept"
    assert count_of(course.tool, LiveDraft, work) == 0
    assert "one.pdf" in mia.get(f"live/projects/{work}/").text


def test_what_cannot_be_taken_changes_nothing(course: LiveCourse, sam: Seat, mia: Seat) -> None:
    plan(sam)
    work = course.work(sam)
    decide(mia, work, "accept")
    bad = hand_in(sam, text="Kept", links="https://shop.example.test", files=[(b"MZ\x90\x00", "run.exe")])
    assert bad.status_code == 422
    assert "This task is not handed in this way." in words(bad)
    assert "Files of this type are not taken." in words(bad)
    assert "Kept</textarea>" in bad.text
    large = hand_in(sam, files=[(PDF + b"0" * MAX_FILE_BYTES, "large.pdf")])
    assert large.status_code == 422
    assert "A file has at most 20 MB" in words(large)
    assert count_of(course.tool, SubmissionFile, work) == 0
    assert count_of(course.tool, LiveEntry, work) == 2


def test_pages_that_are_older_than_the_project_change_nothing(course: LiveCourse, sam: Seat, mia: Seat) -> None:
    old = fields_of(sam, "live/")
    plan(sam)
    work = course.work(sam)
    stale = plan(sam, **old)
    assert stale.status_code == 409
    assert "What you entered and could not be saved" in words(stale)
    moe = course.mentor(2)
    seen = fields_of(moe, f"live/projects/{work}/")
    decide(mia, work, "return", comment="More, please.")
    both = decide(moe, work, "accept", **seen)
    assert both.status_code == 409
    assert "another mentor" in words(both)
    assert decide(mia, work, "return", comment="x").status_code == 409, "it waits no more"
    taken = sam.browser.client.post(f"{sam.page}live/withdraw", data={**fields_of(sam, "live/")}, base_url=TOOL_ORIGIN)
    assert "live-stale" in taken.headers["Location"]


def test_decisions_are_undone_as_long_as_nothing_rests_on_them(course: LiveCourse, sam: Seat, mia: Seat) -> None:
    plan(sam)
    work = course.work(sam)
    decide(mia, work, "accept")
    moe = course.mentor(2)
    assert "live-nothing-to-undo" in decide(moe, work, "undo", seen="2", step="plan").headers["Location"]
    assert "done=undo" in decide(mia, work, "undo").headers["Location"]
    assert "waits for a decision" in words(sam.get("live/"))
    taken = sam.browser.client.post(f"{sam.page}live/withdraw", data=fields_of(sam, "live/"), base_url=TOOL_ORIGIN)
    assert "done=withdrawn" in taken.headers["Location"]
    assert "About goal</textarea>" in sam.get("live/").text, "what was handed in is there to be changed"
    work = all_accepted(course, sam, mia)
    assert "done=undo" in decide(mia, work, "undo").headers["Location"]
    assert judge(mia, work, enterprise=ACME).status_code == 404, "it is not complete any more"
    decide(mia, work, "accept")
    judge(mia, work, do="save", enterprise=ACME)
    last = str(count_of(course.tool, LiveEntry, work))
    assert "live-too-late" in decide(mia, work, "undo", step="handover", seen=last).headers["Location"]


def test_a_decision_names_an_enterprise_and_what_is_sent_back_a_reason(
    course: LiveCourse, sam: Seat, mia: Seat
) -> None:
    plan(sam)
    work = course.work(sam)
    nameless = decide(mia, work, "accept", enterprise="  ", comment="Fine so far")
    assert nameless.status_code == 422
    assert "Name the enterprise for which you decide." in words(nameless)
    assert "Fine so far</textarea>" in nameless.text
    assert decide(mia, work, "return").status_code == 422
    assert count_of(course.tool, LiveEntry, work) == 1


def test_nobody_else_sees_or_decides_anything(course: LiveCourse, sam: Seat, mia: Seat) -> None:
    plan(sam)
    work = course.work(sam)
    decide(mia, work, "accept")
    hand_in(sam, text="Mine", files=[(PDF, "mine.pdf")])
    file = sam.get("live/").text.split("/live/file/")[1][:36]
    assert sam.get(f"live/file/{file}?download=1").headers["Content-Disposition"].startswith("attachment")
    assert mia.get(f"live/projects/{work}/file/{file}").status_code == 200
    other = course.learner(2)
    hand_in(other, do="save")
    elsewhere = LiveCourse(course.tool, f"{course.course}-b").mentor()
    ann = course.enter("a-1", "Ann", changes={LTI + "roles": [*ASSISTANT]})
    assert other.get(f"live/file/{file}").status_code == 404
    assert other.get(f"live/projects/{work}/").status_code == 403
    assert elsewhere.get(f"live/projects/{work}/").status_code == 404
    assert elsewhere.get(f"live/projects/{work}/file/{file}").status_code == 404
    assert "Learner 1" not in words(elsewhere.get("live/projects/"))
    assert ann.get(f"live/projects/{work}/").status_code == 200
    refused = decide(ann, work, "accept", seen="3", step="baseline")
    assert "live-mentor-decides" in refused.headers["Location"], "an assistant reads, and decides nothing"
    teacher, moe = course.teacher(), course.mentor(2)
    given = send(teacher, f"live/projects/{work}/assign", page=f"live/projects/{work}/", to=moe.who.person_uuid)
    assert "done=assigned" in given.headers["Location"]
    assert mia.get(f"live/projects/{work}/").status_code == 404, "it is another mentor's now"
    assert moe.get(f"live/projects/{work}/").status_code == 200
    assert plan(mia).status_code == 403, "who decides hands nothing in"


def test_a_failure_in_the_midst_of_the_last_decision_leaves_all_as_it_was(
    course: LiveCourse, sam: Seat, mia: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise OSError("the power went off")

    work = all_accepted(course, sam, mia)
    decide(mia, work, "undo")
    before = count_of(course.tool, LiveEntry, work)
    with monkeypatch.context() as patched:
        patched.setattr(decisions, "_keep_only_accepted_files", fails)
        assert decide(mia, work, "accept").status_code == 500
    assert count_of(course.tool, LiveEntry, work) == before
    assert "Result and handover waits for a decision" in words(sam.get("live/"))
    assert "done=complete" in decide(mia, work, "accept").headers["Location"]


def test_an_erased_learner_leaves_no_plan_and_no_artefact(course: LiveCourse, sam: Seat, mia: Seat) -> None:
    tool = course.tool
    plan(sam)
    work = course.work(sam)
    decide(mia, work, "accept", comment="A telling word")
    hand_in(sam, text="Secret margin", files=[(PDF, "margin.pdf")])
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        erasure.erase(session, organisation, sam.who.person_uuid, actor="test", now=tool.clock.now)
    assert count_of(tool, SubmissionFile, work) == 0
    assert count_of(tool, LiveDraft, work) == 0
    with tool.runtime.database.reading() as session:
        own = select(LiveProjectRow.id).where(LiveProjectRow.person_id == sam.who.person_id)
        bodies = session.scalars(select(LiveEntry.body_sealed).where(LiveEntry.live_project_id.in_(own))).all()
    assert bodies == [None, None, None], "who decided what when stays, and no word of it"
    assert work not in mia.get("live/projects/").text
    page = mia.get(f"live/projects/{work}/")
    assert page.status_code == 200
    assert "Secret margin" not in page.text
