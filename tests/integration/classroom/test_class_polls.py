"""Votes in a class: two rounds, hidden until shown, closed on the server, evidence for each part."""

from __future__ import annotations

import json

from sqlalchemy import select

from lti_tool.models import ClassDevice, ClassVote, LedgerEvent, Organisation
from lti_tool.services import erasure
from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import LESSON, Seat

FIGURED = ("sem-1-3-paid-search", "why-first")


def evidence(room: Classroom, seat: Seat) -> list[dict[str, object]]:
    with room.tool.runtime.database.reading() as session:
        rows = session.scalars(
            select(LedgerEvent)
            .where(LedgerEvent.learner == seat.who.person_uuid, LedgerEvent.type == "evidence.recorded")
            .order_by(LedgerEvent.id)
        )
        return [body if isinstance(body := row.body, dict) else json.loads(body) for row in rows]


def test_two_votes_become_evidence_and_a_switch(room: Classroom) -> None:
    first, second = room.learner(1), room.learner(2)
    room.plan()
    room.do("open")
    poll = room.ask()
    room.move(poll, "first")
    assert (
        "Your vote is saved"
        in first.get(room.vote(first, poll, 1, choice="1").headers["Location"][len(first.page) :]).text
    )
    room.vote(second, poll, 1, choice="0")
    assert evidence(room, first) == []
    room.move(poll, "first-closed")
    [body] = evidence(room, first)
    assert (body["form"], body["score"], body["try"], body["part"]) == ("poll", "0", 1, "question")
    room.move(poll, "discussion")
    room.move(poll, "second")
    room.vote(first, poll, 2, choice="0")
    room.move(poll, "second-closed")
    assert [each["score"] for each in evidence(room, first)] == ["0", "1"]
    page = room.teacher.get(f"class/sessions/{room.row().uuid}/report").text
    assert "SEM-1.1" in page
    assert "did not vote" in page


def test_nothing_is_shown_before_the_teacher_shows_it(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    room.do("open")
    poll = room.ask(explanation="Because it fits.")
    room.move(poll, "first")
    room.vote(learner, poll, 1, choice="0")
    screen, seat = f"/class/screen/{room.row().screen_key}/", f"in-class/{room.row().uuid}/"
    for _ in range(2):
        for html in (room.phone().get(screen).text, learner.get(seat).text):
            assert "q-class-bar" not in html
            assert "Because it fits" not in html
            assert "Learner 1" not in html
        assert "q-class-bar" in room.console()
        room.move(poll, "first-closed")
    room.move(poll, "shown")
    for html in (room.phone().get(screen).text, learner.get(seat).text):
        assert "q-class-bar" in html
        assert "Because it fits" in html
        assert "Learner 1" not in html


def test_what_comes_late_changes_nothing(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    room.do("open")
    poll = room.ask()
    room.move(poll, "first")
    room.vote(learner, poll, 1, choice="0")
    room.move(poll, "first-closed")
    late = room.vote(learner, poll, 1, choice="1")
    assert late.headers["Location"].endswith("refused=class-vote-late")
    room.move(poll, "discussion")
    room.move(poll, "second")
    assert "refused" in room.vote(learner, poll, 1, choice="1").headers["Location"]
    assert room.move(poll, "first").headers["Location"].endswith("refused=class-moved")
    with room.tool.runtime.database.reading() as session:
        [vote] = session.scalars(select(ClassVote).where(ClassVote.class_poll_id == room.polls()[0].id))
        assert (vote.round, vote.score) == (1, "1")


def test_an_empty_vote_is_refused_and_the_last_one_counts(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    room.do("open")
    poll = room.ask()
    room.move(poll, "first")
    empty = room.vote(learner, poll, 1)
    assert (empty.status_code, "Please give an answer first." in empty.text) == (422, True)
    room.vote(learner, poll, 1, choice="1")
    room.tool.clock.advance(seconds=1)
    room.vote(learner, poll, 1, choice="0")
    room.do("close")
    [body] = evidence(room, learner)
    assert body["score"] == "1"
    assert room.polls()[0].state == "first-closed"


def test_an_item_of_a_lesson_is_evidence_of_that_lesson(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    page = room.teacher.get(f"class/sessions/{room.row().uuid}/ask?lesson={LESSON}").text
    content = page.partition('name="content" value="')[2][:64]
    sent = {"activity": LESSON, "content": content, "item": "orders-expected"}
    for _ in range(2):
        room.teacher.post(f"class/sessions/{room.row().uuid}/add", **sent)
    room.do("open")
    [poll] = room.polls()
    room.move(poll.uuid, "first")
    room.vote(learner, poll.uuid, 1, value="12345")
    room.move(poll.uuid, "first-closed")
    [body] = evidence(room, learner)
    assert (body["activity"], body["part"], body["content"]) == (LESSON, "orders-expected", content)


def test_every_kind_can_be_asked(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    room.do("open")
    answers: dict[str, dict[str, str]] = {
        "multiple-choice": {"choice": "0"},
        "ordering": {"rank_0": "1", "rank_1": "2", "rank_2": "3"},
        "number": {"value": "2.5"},
        "short-text": {"text": "keyword"},
    }
    lines = {"number": "", "short-text": "keyword", "ordering": "a\nb\nc", "multiple-choice": "*a\n*b\nc"}
    for kind, fields in answers.items():
        poll = room.ask(kind=kind, lines=lines[kind], answer="2.5" if kind == "number" else "")
        room.move(poll, "first")
        assert "done=voted" in room.vote(learner, poll, 1, **fields).headers["Location"], kind
        room.move(poll, "first-closed")
        room.move(poll, "shown")
        assert learner.get(f"in-class/{room.row().uuid}/").status_code == 200
    assert len(evidence(room, learner)) == 4
    with room.tool.runtime.database.reading() as session:
        sealed = session.scalars(select(ClassVote).where(ClassVote.text_sealed.is_not(None))).all()
        assert all("keyword" not in (vote.text_sealed or "") and vote.response == [] for vote in sealed)
    assert "keyword" in room.teacher.get(f"class/sessions/{room.row().uuid}/report").text


def test_an_opinion_leaves_no_evidence(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    room.do("open")
    poll = room.ask(point="", lines="tea\ncoffee")
    room.move(poll, "first")
    room.vote(learner, poll, 1, choice="0")
    room.move(poll, "first-closed")
    room.move(poll, "shown")
    assert evidence(room, learner) == []


def test_two_polls_never_take_votes_at_once(room: Classroom) -> None:
    room.plan()
    room.do("open")
    one, two = room.ask(), room.ask(prompt="And which?")
    room.move(one, "first")
    assert room.move(two, "first").headers["Location"].endswith("refused=class-moved")


def test_another_course_sees_and_changes_nothing(room: Classroom, another: Classroom) -> None:
    stranger = another.learner(1)
    another.plan()
    room.plan()
    room.do("open")
    poll, uuid = room.ask(), room.row().uuid
    room.move(poll, "first")
    assert stranger.get(f"in-class/{uuid}/").status_code == 404
    assert another.teacher.get(f"class/sessions/{uuid}/").status_code == 404
    assert another.teacher.post(f"class/sessions/{uuid}/change", do="close").status_code == 404
    assert stranger.post(f"in-class/{uuid}/vote", poll=poll, round="1", choice="0").status_code == 404
    assert stranger.get(f"class/sessions/{uuid}/").status_code == 403
    assert room.row().state == "open"


def test_a_question_that_is_not_complete_comes_back_as_it_was_typed(room: Classroom) -> None:
    room.plan()
    sent = {"kind": "ordering", "prompt": "Which <first>?", "lines": "only\ntwo", "point": "SEM-1.1"}
    answer = room.teacher.post(f"class/sessions/{room.row().uuid}/make", **sent)
    assert answer.status_code == 422
    assert "Give two to eight different lines" in answer.text
    assert "Which &lt;first&gt;?</textarea>" in answer.text
    assert '<option value="ordering" selected>' in answer.text
    assert room.polls() == []


def test_what_no_database_takes_is_left_out(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan(title="Hour\0 two", plan="5 a\0b")
    room.do("open")
    room.do("notes", notes="x\0y")
    assert (room.row().title, room.row().notes) == ("Hour two", "xy")
    poll = room.ask(prompt="Which\0?")
    room.move(poll, "first")
    assert room.phone().enter("A\0BC").status_code == 200
    assert room.vote(learner, "\0", 1, choice="0").status_code == 404
    assert room.teacher.post(f"class/sessions/{room.row().uuid}/mark", mark="\0:present").status_code == 404
    for path in ("live/%00", "s/%00/", "screen/%00/", f"here/{room.row().uuid}/%00"):
        assert room.phone().get(f"/class/{path}").status_code in {200, 404}


def test_a_picture_is_sent_once_its_question_was_asked(room: Classroom) -> None:
    lesson, item = FIGURED
    room.plan()
    page = room.teacher.get(f"class/sessions/{room.row().uuid}/ask?lesson={lesson}").text
    content = page.partition('name="content" value="')[2][:64]
    room.teacher.post(f"class/sessions/{room.row().uuid}/add", activity=lesson, content=content, item=item)
    room.do("open")
    [poll] = room.polls()
    url = f"/class/figure/{room.row().uuid}/{poll.uuid}"
    assert room.phone().get(url).status_code == 404
    room.move(poll.uuid, "first")
    sent = room.phone().get(url)
    assert (sent.status_code, "sandbox" in sent.headers["Content-Security-Policy"]) == (200, True)
    assert url in room.phone().get(f"/class/screen/{room.row().screen_key}/").text


def test_an_erased_learner_leaves_no_words_and_no_device(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    room.do("open")
    poll = room.ask(kind="short-text", lines="keyword", point="SEM-1.1")
    room.move(poll, "first")
    room.vote(learner, poll, 1, text="my own words")
    room.move(poll, "first-closed")
    learner.post(f"in-class/{room.row().uuid}/pair")
    person, database = learner.who, room.tool.runtime.database
    with database.transaction() as session:
        organisation = session.get_one(Organisation, room.tool.organisation_id)
        erasure.erase(session, organisation, person.person_uuid, actor="operator", now=room.tool.clock.now)
    with database.reading() as session:
        [vote] = session.scalars(select(ClassVote).where(ClassVote.class_poll_id == room.polls()[0].id))
        assert (vote.text_sealed, vote.score) == (None, "0")
        assert session.scalars(select(ClassDevice.id).where(ClassDevice.person_id == person.person_id)).all() == []
    assert "my own words" not in room.teacher.get(f"class/sessions/{room.row().uuid}/report").text
