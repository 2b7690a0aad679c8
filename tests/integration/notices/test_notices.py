"""What a person hears of: derived each time from ledger and links, seen once, never somebody else's."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from lti_tool.models import LedgerEvent, NoticeSeen, Organisation
from lti_tool.services import erasure
from lti_tool.services.evidence import corrections
from lti_tool.services.ledger import flags
from qualoop.ledger import EventType, Reason
from qualoop.records import Outcome
from qualoop.values import Score
from tests.factories.classrooms import Seat, enter
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.tool import NOON, SECRET, Tool
from tests.integration.link_settings.settings_page import change, send, teacher, uuid_of, value_of
from tests.integration.pages.reading_html import text_of

ALL_RIGHT = [True] * 10
EMPTY = "There are no notices."
ASSESSOR = str(uuid.UUID(int=78))


def at(**after: float) -> str:
    """Return a moment after the tests' noon as the form of the settings sends it."""
    return f"{NOON + timedelta(**after):%Y-%m-%dT%H:%M}"


def page(seat: Seat) -> str:
    return text_of(seat.get("notices/"))


def press(seat: Seat, path: str, **fields: str) -> int:
    html = seat.get("notices/").text
    csrf, to = re.search(r'name="csrf" value="([0-9a-f]+)"', html), re.search(r'name="to" value="(\d+)"', html)
    form = {"csrf": csrf[1] if csrf else "", **({"to": to[1]} if to else {}), **fields}
    return seat.browser.client.post(f"{seat.page}notices/{path}", data=form, base_url=TOOL_ORIGIN).status_code


def correct(tool: Tool, score: Score | None) -> None:
    """Give the first answer of the ledger another score; None voids it."""
    with tool.runtime.database.transaction() as session:
        query = select(LedgerEvent.uuid).where(LedgerEvent.type == EventType.EVIDENCE_RECORDED.value)
        target = session.scalars(query.order_by(LedgerEvent.id)).first()
        request = corrections.Request(target=uuid.UUID(target), reason=Reason.ERROR, actor="somebody", score=score)
        organisation = session.get_one(Organisation, tool.organisation_id)
        corrections.correct(session, organisation, request, secret=SECRET, now=tool.clock())


def appeal(tool: Tool, learner: str) -> uuid.UUID:
    with tool.runtime.database.transaction() as session:
        framework = tool.runtime.contents.find_framework(session.connection(), tool.organisation_id)
        assert framework is not None
        said = flags.Notice(learner=uuid.UUID(learner), codes=("SEM-1.1",), actor=learner, secret=SECRET)
        organisation = session.get_one(Organisation, tool.organisation_id)
        return flags.open_appeal(session, organisation, framework, said, now=tool.clock())


def decide(tool: Tool, opened: uuid.UUID, outcome: Outcome) -> None:
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        flags.decide_appeal(session, organisation, opened, outcome, actor=ASSESSOR, now=tool.clock())


def test_with_nothing_to_say_the_page_says_so(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=ALL_RIGHT)
    learner.finish()
    assert EMPTY in page(learner)
    assert EMPTY in page(teacher(tool))


def test_a_score_that_was_held_back_is_announced_when_its_date_has_passed(tool: Tool) -> None:
    seat = teacher(tool)
    change(seat, due_at=at(days=1), show_feedback="after_due", show_solution="after_due", show_score="after_due")
    learner, other = enter(tool, "s-1"), enter(tool, "s-2")
    learner.answer(right=ALL_RIGHT)
    learner.finish()
    assert EMPTY in page(learner)
    tool.clock.advance(days=1, minutes=1)
    learner, other = enter(tool, "s-1"), enter(tool, "s-2")
    assert "Your result is out. Keywords and intent:" in page(learner)
    assert EMPTY in page(other)
    assert "Results are out. Keywords and intent." in page(teacher(tool))


def test_a_score_that_a_teacher_moved_is_announced_with_what_counts_now(tool: Tool) -> None:
    learner, idle, seat = enter(tool, "s-1"), enter(tool, "s-2"), teacher(tool)
    learner.answer(right=ALL_RIGHT[:2])
    tool.clock.advance(hours=3)
    change(seat, due_at=at(hours=-1), late="once", late_deduction="50")
    percent = round(float(value_of(tool, learner) or 0) * 100)
    assert f"Your result now is {percent}%." in page(learner)
    assert EMPTY in page(idle)


def test_an_extension_is_announced_to_its_learner_alone_without_its_reason(tool: Tool) -> None:
    learner, other, seat = enter(tool, "s-1"), enter(tool, "s-2"), teacher(tool)
    change(seat, due_at=at(days=1))
    send(seat, "extend", person=uuid_of(tool, learner), due_at=at(days=3), extra_attempts="0", reason="was ill")
    assert "You have an extension. Keywords and intent." in page(learner)
    assert "was ill" not in page(learner)
    assert EMPTY in page(other)
    send(seat, "take-back", person=uuid_of(tool, learner))
    assert "You have an extension" not in page(learner)


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (Score("0.5"), "An answer now counts 50%. It was 100%: an error was found."),
        (None, "An answer does not count any more. It was 100%: an error was found."),
    ],
)
def test_corrected_evidence_is_announced(tool: Tool, score: Score | None, said: str) -> None:
    learner, other = enter(tool, "s-1"), enter(tool, "s-2")
    learner.answer(right=[True])
    correct(tool, score)
    assert said in page(learner)
    assert EMPTY in page(other)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.UPHELD, "The result stands."),
        (Outcome.CHANGED, "Your appeal was granted and the result was changed."),
    ],
)
def test_an_appeal_waits_with_the_teacher_and_is_answered_to_the_learner(
    tool: Tool, outcome: Outcome, said: str
) -> None:
    learner, other, seat = enter(tool, "s-1", name="Li Wei"), enter(tool, "s-2"), teacher(tool)
    opened = appeal(tool, learner.who.person_uuid)
    assert "Li Wei An appeal waits for a decision." in page(seat)
    assert f"class/{learner.who.person_uuid}/SEM-1.1/" in seat.get("notices/").text
    assert EMPTY in page(other)
    decide(tool, opened, outcome)
    assert "waits for a decision" not in page(seat)
    assert said in page(learner)
    assert EMPTY in page(other)


def test_an_appeal_is_not_told_to_the_teacher_of_another_course(tool: Tool) -> None:
    learner = enter(tool, "s-1", name="Li Wei")
    appeal(tool, learner.who.person_uuid)
    elsewhere = enter(
        tool,
        "t-2",
        role="teacher",
        context={"id": "c-2", "title": "Other"},
        title="Other",
        lesson="sem-1-2-organic-search",
    )
    assert "Li Wei" not in page(elsewhere)


def test_the_text_to_copy_is_in_both_languages_and_names_nobody(tool: Tool) -> None:
    learner, seat = enter(tool, "s-1", name="Li Wei"), teacher(tool)
    appeal(tool, learner.who.person_uuid)
    found = re.search(r"<textarea[^>]*>([^<]*)</textarea>", seat.get("notices/").text)
    assert found
    english, chinese = found[1].split("\n")
    assert english.startswith("An appeal waits for a decision.")
    assert chinese.startswith("有一项申诉等待裁定")
    assert "Li Wei" not in found[1]


def test_what_was_seen_is_no_news_until_something_comes_or_it_is_taken_back(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True])
    correct(tool, Score("0.5"))
    assert "1 new" in page(learner)
    assert press(learner, "seen") == 303
    assert "Nothing new." in page(learner)
    assert "An answer now counts 50%" in page(learner)
    assert press(learner, "undo") == 303
    assert "1 new" in page(learner)
    assert press(learner, "seen") == 303
    tool.clock.advance(minutes=1)
    appeal_ = appeal(tool, learner.who.person_uuid)
    decide(tool, appeal_, Outcome.UPHELD)
    assert "1 new" in page(learner)


def test_what_came_after_the_page_was_shown_stays_new(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True])
    correct(tool, Score("0.5"))
    shown = re.search(r'name="to" value="(\d+)"', learner.get("notices/").text)
    assert shown
    tool.clock.advance(minutes=1)
    decide(tool, appeal(tool, learner.who.person_uuid), Outcome.UPHELD)
    assert press(learner, "seen", to=shown[1]) == 303
    assert "1 new" in page(learner)


@pytest.mark.parametrize("to", ["", "-1", "x", "9" * 17, "9" * 400, "٣"])
def test_odd_moments_do_no_harm(tool: Tool, to: str) -> None:
    learner = enter(tool, "s-1")
    assert press(learner, "seen", to=to) == 303
    assert learner.get("notices/").status_code == 200


def test_marking_needs_the_token_of_the_form(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    assert press(learner, "seen", csrf="0" * 64) == 403
    assert press(learner, "undo", csrf="0" * 64) == 403


def test_an_erased_learner_leaves_nothing(tool: Tool) -> None:
    learner, seat = enter(tool, "s-1", name="Li Wei"), teacher(tool)
    appeal(tool, learner.who.person_uuid)
    learner.answer(right=[True])
    correct(tool, Score("0.5"))
    press(learner, "seen")
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        erasure.erase(session, organisation, learner.who.person_uuid, actor="operator", now=tool.clock())
    assert EMPTY in page(seat)
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(NoticeSeen)).all() == []
