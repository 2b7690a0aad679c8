"""One answer is one transaction, and one attempt is one score: whatever is clicked twice, at once or too late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text

from lti_tool.models import Attempt, LedgerEvent, LinkScore, MasteryUpdate, OutboxRow
from tests.factories.tool import Tool
from tests.integration.tool.conftest import Learner, sit_down


def count(tool: Tool, table: type) -> int:
    query = select(func.count()).select_from(table)
    if table is LedgerEvent:
        query = query.where(LedgerEvent.type == "evidence.recorded")
    with tool.runtime.database.reading() as session:
        return session.scalar(query) or 0


def score(tool: Tool) -> Decimal:
    with tool.runtime.database.reading() as session:
        return Decimal(session.scalars(select(LinkScore.value)).one())


def test_an_answer_becomes_evidence_mastery_score_and_outbox_row(tool: Tool, learner: Learner) -> None:
    assert learner.answer(learner.items[0]).status_code == 200
    assert [count(tool, table) for table in (LedgerEvent, MasteryUpdate, LinkScore, OutboxRow)] == [1, 1, 1, 1]
    assert score(tool) == Decimal("0.1")


def test_all_right_is_a_score_of_one(tool: Tool, learner: Learner) -> None:
    for item in learner.items:
        assert learner.answer(item).status_code == 200, item.key
    assert score(tool) == 1
    assert count(tool, LedgerEvent) == len(learner.items)


def test_a_resubmit_makes_no_second_evidence(tool: Tool, learner: Learner) -> None:
    item = learner.items[0]
    assert [learner.answer(item).status_code for _ in range(3)] == [200, 200, 200]
    assert count(tool, LedgerEvent) == 1


def test_clicks_at_once_make_one_evidence(tool: Tool, learner: Learner) -> None:
    """Four browsers with the same cookie send the same answer at the same moment."""
    item = learner.items[0]
    form = learner.form(item)

    def click(_: int) -> int:
        return learner.browser.act(learner.page, "answer", **form).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(click, range(4))) == {200}
    assert [count(tool, table) for table in (LedgerEvent, LinkScore, OutboxRow)] == [1, 1, 1]


def test_two_tabs_share_one_attempt(tool: Tool) -> None:
    first, second = sit_down(tool), sit_down(tool)
    first.answer(first.items[0])
    second.answer(second.items[0])
    second.answer(second.items[1])
    assert (count(tool, Attempt), count(tool, LedgerEvent)) == (1, 2)


def test_a_response_that_does_not_fit_is_422_with_the_field(tool: Tool, learner: Learner) -> None:
    item = next(item for item in learner.items if item.type == "number")
    response = learner.browser.act(learner.page, "answer", item=item.key, **{"try": "1", "value": "many"})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.text
    assert 'value="many"' in response.text
    assert count(tool, LedgerEvent) == 0


@pytest.mark.parametrize("action", ["answer", "hint", "reveal", "finish", "go", "restart"])
def test_nonsense_is_never_a_fault_of_ours(learner: Learner, action: str) -> None:
    for form in ({}, {"item": "x", "try": "\x00"}, {"item": learner.items[0].key, "try": "1", "choice": "-1"}):
        assert learner.browser.act(learner.page, action, **form).status_code < 500


def test_an_unknown_action_is_refused(learner: Learner) -> None:
    assert learner.browser.act(learner.page, "explode").status_code == 400


def test_without_script_the_page_is_shown_again(learner: Learner) -> None:
    response = learner.browser.act(learner.page, "go", fragment=False, step="_summary")
    assert (response.status_code, response.headers["Location"]) == (303, learner.page)


def test_what_a_teacher_tries_is_no_evidence(tool: Tool) -> None:
    browser = tool.browser()
    page = browser.open_lesson(role="teacher")
    browser.get(page)
    learner = Learner(browser, page, sit_down(tool).lesson)
    item = learner.items[0]
    browser.act(page, "answer", item=item.key, **{"try": "1"}, choice="0")
    assert count(tool, LedgerEvent) == 0


def test_an_attempt_keeps_the_version_it_began_with(tool: Tool, learner: Learner) -> None:
    database = tool.runtime.database
    with database.transaction() as session:
        other = session.execute(
            text(
                "SELECT v.id FROM content_version v JOIN activity a ON a.id = v.activity_id WHERE a.key LIKE 'sem-1-2%'"
            )
        ).scalar_one()
        session.execute(text("UPDATE activity SET version_id = :v WHERE key LIKE 'sem-1-1%'"), {"v": other})
    assert learner.lesson.title["en"] in learner.browser.get(learner.page).text


def test_another_attempt_counts_only_if_it_is_better(tool: Tool, learner: Learner) -> None:
    for item in learner.items[:3]:
        learner.answer(item)
    remaining = len(learner.items) - 3
    assert learner.browser.act(learner.page, "finish", unanswered=str(remaining)).status_code == 200
    assert learner.browser.act(learner.page, "restart").status_code == 200
    learner.answer(learner.items[0])
    assert count(tool, Attempt) == 2
    assert score(tool) == Decimal("0.3")
