"""A teacher sets a link: learners are bound by it, scores that count follow, the ledger does not move."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lti_tool.models import LinkChange, LinkExtension, OutboxRow, ResourceLink
from lti_tool.services.attempts.closing import BEING_WORKED_OUT, close_due
from tests.factories.classrooms import enter
from tests.factories.tool import NOON, Tool
from tests.integration.link_settings.settings_page import (
    attempts_of,
    change,
    csrf_of,
    events,
    outbox_of,
    rev_of,
    score_of,
    send,
    teacher,
    uuid_of,
    value_of,
)
from tests.integration.pages.reading_html import text_of

ALL_RIGHT, ALL_WRONG = [True] * 10, [False] * 10


def at(**after: float) -> str:
    """Return a moment after the tests' noon as the form sends it."""
    return f"{NOON + timedelta(**after):%Y-%m-%dT%H:%M}"


def test_a_due_date_lowers_the_grade_of_late_answers_and_never_the_evidence(tool: Tool) -> None:
    learner = enter(tool, "s-1", name="Lea Learner")
    learner.answer(right=ALL_RIGHT[:5])
    in_time = value_of(tool, learner)
    tool.clock.advance(days=1, hours=1)
    before, sent = events(tool), rev_of(tool, learner)
    assert change(teacher(tool), due_at=at(hours=-1), late="daily", late_deduction="10").status_code == 303
    # One hour before: the answers at noon were an hour late, that is one day begun.
    expected = f"{float(in_time or 0) * 0.9:.6f}".rstrip("0")
    assert value_of(tool, learner) == expected
    assert events(tool) == before
    assert rev_of(tool, learner) == sent + 1
    # With the due date at noon itself, the answers were in time.
    assert change(teacher(tool), due_at=at(), late="daily").status_code == 303
    assert value_of(tool, learner) == in_time


def test_only_what_a_change_moves_is_sent_again(tool: Tool) -> None:
    early, late = enter(tool, "s-1"), enter(tool, "s-2")
    early.answer(right=ALL_RIGHT)
    tool.clock.advance(hours=2)
    late.answer(right=ALL_RIGHT)
    before = [rev_of(tool, seat) for seat in (early, late)]
    change(teacher(tool), due_at=at(hours=1), late="once", late_deduction="50")
    assert [rev_of(tool, seat) for seat in (early, late)] == [before[0], before[1] + 1]
    assert float(value_of(tool, late) or 0) == float(value_of(tool, early) or 0) / 2


def test_who_has_answered_nothing_gets_no_score_from_a_change(tool: Tool) -> None:
    idle = enter(tool, "s-1")
    change(teacher(tool), due_at=at(hours=1))
    assert (value_of(tool, idle), outbox_of(tool, idle)) == (None, None)
    idle.answer(right=ALL_WRONG)
    change(teacher(tool), due_at=at(hours=2))
    assert value_of(tool, idle) is not None


def test_saving_the_same_again_is_no_change(tool: Tool) -> None:
    seat = teacher(tool)
    change(seat, due_at=at(days=1))
    change(seat, due_at=at(days=1))
    with tool.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LinkChange)) == 1


def test_which_attempt_counts_can_be_changed_later(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=ALL_RIGHT)
    learner.finish()
    best = value_of(tool, learner)
    learner.restart()
    learner.answer(right=ALL_WRONG)
    learner.finish()
    assert value_of(tool, learner) == best
    seat = teacher(tool)
    change(seat, counts="latest")
    latest = value_of(tool, learner)
    assert float(latest or 0) < float(best or 0)
    change(seat, counts="mean")
    mean = (float(best or 0) + float(latest or 0)) / 2
    assert float(value_of(tool, learner) or 0) == pytest.approx(mean, abs=1e-6)
    send(seat, "restore")
    assert value_of(tool, learner) == best


def test_before_it_opens_there_is_nothing_to_see_and_no_attempt_is_begun(tool: Tool) -> None:
    change(teacher(tool), opens_at=at(days=1))
    learner = enter(tool, "s-1")
    page = learner.get()
    assert "This activity is not open yet" in text_of(page)
    assert 'name="step"' not in page.text
    assert attempts_of(tool) == []
    tool.clock.advance(days=1)
    assert "This activity is not open yet" not in text_of(enter(tool, "s-1").get())
    assert len(attempts_of(tool)) == 1


def test_an_attempt_under_way_is_handed_in_as_it_stands_when_the_link_closes(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    change(teacher(tool), due_at=at(hours=1), grace_minutes="10", late="refuse")
    learner.get()
    tool.clock.advance(hours=1, minutes=10)
    learner.answer(right=ALL_RIGHT[:2])
    earned = value_of(tool, learner)
    assert float(earned or 0) > 0, "in the last moment of the grace it still counts"
    tool.clock.advance(seconds=1)
    text = text_of(learner.get())
    assert "It closed" in text
    [attempt] = attempts_of(tool)
    assert attempt.status == "evaluated"
    assert attempt.submitted_at == NOON + timedelta(hours=1, minutes=10)
    assert value_of(tool, learner) == earned
    assert "Try the lesson again" not in text


def test_an_answer_after_the_close_changes_nothing_but_hands_in(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=ALL_RIGHT[:2])
    change(teacher(tool), due_at=at(hours=1), late="refuse")
    before, earned = events(tool), value_of(tool, learner)
    tool.clock.advance(hours=1, seconds=1)
    form = {"item": "whatever", "try": "1"}
    response = learner.browser.act(learner.page, "answer", **form)
    assert "It closed" in response.text
    assert (events(tool), value_of(tool, learner)) == (before, earned)
    assert attempts_of(tool)[0].status == "evaluated"


def test_the_worker_hands_in_what_nobody_comes_back_to(tool: Tool) -> None:
    learner, other = enter(tool, "s-1"), enter(tool, "s-2")
    for seat in (learner, other):
        seat.get()
        seat.answer(right=ALL_RIGHT[:1])
    change(teacher(tool), closes_at=at(hours=1), show_score="after_submit")
    send(teacher(tool), "extend", person=uuid_of(tool, other), closes_at=at(hours=3), reason="ill")

    def close() -> int:
        runtime = tool.runtime
        secret = runtime.settings.secret_key
        return close_due(runtime.database, runtime.contents, secret=secret, clock=tool.clock, is_ending=lambda: False)

    tool.clock.advance(hours=1)
    assert close() == 0
    # What was sent in the last second may still be on its way.
    tool.clock.advance(seconds=BEING_WORKED_OUT.total_seconds())
    assert close() == 0
    tool.clock.advance(seconds=1)
    assert close() == 1
    assert [each.status for each in attempts_of(tool)] == ["evaluated", "active"]
    assert close() == 0
    tool.clock.advance(hours=2)
    assert close() == 1


def test_who_comes_after_the_close_finds_it_closed_and_begins_nothing(tool: Tool) -> None:
    change(teacher(tool), closes_at=at(hours=1))
    tool.clock.advance(hours=2)
    text = text_of(enter(tool, "s-1").get())
    assert "This activity is closed" in text
    assert "Ask your teacher" in text
    assert attempts_of(tool) == []


def test_a_teacher_may_look_whatever_the_dates(tool: Tool) -> None:
    seat = teacher(tool)
    change(seat, opens_at=at(days=1))
    assert "not open yet" not in seat.get().text


def test_an_extension_gives_time_and_attempts_and_can_be_taken_back(tool: Tool) -> None:
    learner = enter(tool, "s-1", name="Lea Learner")
    tool.clock.advance(hours=2)
    learner.answer(right=ALL_RIGHT)
    full = value_of(tool, learner)
    seat = teacher(tool)
    change(seat, due_at=at(hours=1), late="once", late_deduction="50", max_attempts="1")
    assert float(value_of(tool, learner) or 0) == float(full or 0) / 2
    person = uuid_of(tool, learner)
    given = send(seat, "extend", person=person, due_at=at(hours=3), extra_attempts="1", reason="ill")
    assert given.status_code == 303
    assert value_of(tool, learner) == full
    learner.browser.act(learner.page, "go", step="_summary")
    text = text_of(learner.get())
    assert "your teacher gave you more time" in text
    assert "Attempt 1 of 2" in text
    page = text_of(seat.get("settings/"))
    assert "Lea Learner" in page
    assert "ill" in page
    send(seat, "take-back", person=person)
    assert float(value_of(tool, learner) or 0) == float(full or 0) / 2
    with tool.runtime.database.reading() as session:
        [kept] = session.scalars(select(LinkExtension)).all()
    assert kept.taken_back_at is not None
    assert kept.reason == "ill"


def test_another_extension_takes_the_place_of_the_one_before(tool: Tool) -> None:
    learner, seat = enter(tool, "s-1"), teacher(tool)
    change(seat, due_at=at(hours=1))
    for hours in (3, 5):
        send(seat, "extend", person=uuid_of(tool, learner), due_at=at(hours=hours))
    with tool.runtime.database.reading() as session:
        rows = session.scalars(select(LinkExtension).order_by(LinkExtension.id)).all()
    assert [row.taken_back_at is None for row in rows] == [False, True]


def test_the_platforms_dates_hold_where_nothing_is_set_and_the_page_says_whose_they_are(tool: Tool) -> None:
    learner, seat = enter(tool, "s-1"), teacher(tool)
    with tool.runtime.database.transaction() as session:
        link = session.get_one(ResourceLink, seat.who.resource_link_id)
        link.platform_dates = {"submission_until": (NOON + timedelta(hours=1)).isoformat()}
    learner.get()
    assert "Due 2 Mar 2026 13:00" in text_of(learner.get())
    assert "from the course platform" in text_of(seat.get("settings/"))
    change(seat, due_at=at(hours=2))
    assert "Due 2 Mar 2026 14:00" in text_of(learner.get())


def test_scores_that_are_held_back_reach_neither_learner_nor_platform(tool: Tool) -> None:
    seat = teacher(tool)
    change(
        seat,
        due_at=at(hours=1),
        show_feedback="after_due",
        show_solution="after_due",
        show_score="after_due",
    )
    learner = enter(tool, "s-1")
    learner.answer(right=ALL_RIGHT)
    assert score_of(tool, learner) is None, "what is not handed in does not count yet"
    learner.finish()
    row = outbox_of(tool, learner)
    assert row is not None
    assert row.next_at == NOON + timedelta(hours=1)
    text = text_of(learner.get())
    assert "Your score is shown from 2 Mar 2026 13:00" in text
    assert "points" not in text
    assert "Held back by the settings" in text_of(seat.get("class/"))
    seat.post("class/send-again", person="all")
    row = outbox_of(tool, learner)
    assert row is not None
    assert row.next_at == NOON + timedelta(hours=1), "nobody sends it before"
    tool.clock.advance(hours=1)
    assert "points" in text_of(learner.get())


def test_what_was_held_back_goes_out_when_it_is_let_go_and_what_was_sent_is_not_sent_again(tool: Tool) -> None:
    seat, waiting, sent = teacher(tool), enter(tool, "s-1"), enter(tool, "s-2")
    for learner in (waiting, sent):
        learner.answer(right=ALL_RIGHT)
        learner.finish()
    with tool.runtime.database.transaction() as session:
        row = session.scalars(select(OutboxRow).where(OutboxRow.subject == sent.who.person_id)).one()
        row.state, row.sent_rev = "done", row.rev
    revs = rev_of(tool, sent)
    change(seat, show_score="never", show_solution="never", show_feedback="never")
    row = outbox_of(tool, waiting)
    assert row is not None
    assert row.next_at.year == 9999
    change(seat)
    row, done = outbox_of(tool, waiting), outbox_of(tool, sent)
    assert row is not None
    assert done is not None
    assert (row.next_at, row.state) == (NOON, "due")
    assert (done.state, done.rev) == ("done", revs)


def test_settings_that_do_not_go_together_are_refused_and_kept_in_the_form(tool: Tool) -> None:
    seat = teacher(tool)
    response = change(seat, opens_at=at(hours=2), due_at=at(hours=1))
    assert response.status_code == 422
    assert "It would be due before it opens." in response.text
    assert at(hours=2) in response.text
    with tool.runtime.database.reading() as session:
        assert session.get_one(ResourceLink, seat.who.resource_link_id).settings == {}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("due_at", "yesterday"),
        ("due_at", "9999-12-31T23:59"),
        ("due_at", "0001-01-01T00:00+23:00"),
        ("grace_minutes", "-1"),
        ("grace_minutes", "99999999999999999999"),
        ("max_attempts", "²"),
        ("late", "sometimes"),
        ("late_deduction", "101"),
    ],
)
def test_hostile_fields_are_refused_with_their_name(tool: Tool, field: str, text: str) -> None:
    response = change(teacher(tool), **{field: text})
    assert response.status_code == 422
    assert f'id="wrong-{field}"' in response.text


@pytest.mark.parametrize("number", ["", "0", "x", "9" * 40])
def test_an_earlier_setting_that_is_not_there_changes_nothing(tool: Tool, number: str) -> None:
    seat = teacher(tool)
    change(seat, due_at=at(hours=1))
    send(seat, "restore", change=number or "-1")
    with tool.runtime.database.reading() as session:
        assert session.get_one(ResourceLink, seat.who.resource_link_id).settings == {"due_at": f"{at(hours=1)}Z"}


def test_earlier_settings_can_be_used_again(tool: Tool) -> None:
    seat = teacher(tool)
    change(seat, due_at=at(hours=1))
    change(seat, due_at=at(hours=2))
    with tool.runtime.database.reading() as session:
        first = session.scalars(select(LinkChange).order_by(LinkChange.id)).first()
    assert first is not None
    send(seat, "restore", change=str(first.id))
    with tool.runtime.database.reading() as session:
        assert session.get_one(ResourceLink, seat.who.resource_link_id).settings == {"due_at": f"{at(hours=1)}Z"}


def test_a_learner_may_not(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    assert learner.get("settings/").status_code == 403
    for path in ("change", "restore", "extend", "take-back"):
        assert learner.post(f"settings/{path}", person=uuid_of(tool, learner), due_at=at(hours=1)).status_code == 403


def test_nobody_of_another_course_gets_an_extension_here(tool: Tool) -> None:
    stranger = enter(tool, "s-9", context={"id": "c-9", "title": "Another"})
    seat = teacher(tool)
    assert send(seat, "extend", person=uuid_of(tool, stranger), due_at=at(hours=1)).status_code == 404
    change(seat, due_at=at(hours=1))
    mine, theirs = enter(tool, "s-1"), stranger
    assert mine.who.resource_link_id != theirs.who.resource_link_id
    with tool.runtime.database.reading() as session:
        assert session.get_one(ResourceLink, theirs.who.resource_link_id).settings == {}
    assert csrf_of(seat)


def test_a_form_without_the_token_changes_nothing(tool: Tool) -> None:
    seat = teacher(tool)
    response = seat.browser.client.post(
        f"{seat.page}settings/change", data={"do": "save", "due_at": at(hours=1)}, base_url="https://tool.example.test"
    )
    assert response.status_code == 403


def test_what_breaks_in_the_middle_leaves_everything_as_it_was(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = enter(tool, "s-1")
    tool.clock.advance(hours=2)
    learner.answer(right=ALL_RIGHT)
    seat, value = teacher(tool), value_of(tool, learner)
    csrf_of(seat)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the process died")

    monkeypatch.setattr("lti_tool.services.grades.link_changes.scores.update", broken)
    assert change(seat, due_at=at(hours=1), late="once").status_code == 500
    monkeypatch.undo()
    with tool.runtime.database.reading() as session:
        assert session.get_one(ResourceLink, seat.who.resource_link_id).settings == {}
        assert session.scalars(select(LinkChange)).all() == []
    assert value_of(tool, learner) == value
