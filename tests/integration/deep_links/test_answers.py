"""A request has one answer, whoever is faster and on each kind of database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import select

from lti_tool.lti.errors import AlreadyAnsweredError
from lti_tool.models import DeepLink
from lti_tool.services.launches import deep_links
from tests.factories.choosing import DL, FIRST, SECOND, open_chooser, request_of, sent_by
from tests.factories.tool import Tool

AT_ONCE = 4


def give(tool: Tool, request_id: int, item: dict[str, Any]) -> str | None:
    """Answer a request and return the nonce of the answer, None where it is refused."""
    with tool.runtime.database.connection() as connection:
        try:
            return deep_links.give_answer(
                connection, tool.organisation_id, request_id, [item], now=tool.clock.now
            ).nonce
        except AlreadyAnsweredError:
            return None


def request_id(tool: Tool) -> int:
    with tool.runtime.database.reading() as session:
        return session.scalars(select(DeepLink.id)).one()


def test_submits_at_the_same_time_give_one_answer(tool: Tool) -> None:
    open_chooser(tool)
    asked = request_id(tool)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        nonces = list(pool.map(lambda _: give(tool, asked, {"title": "a"}), range(AT_ONCE)))
    assert None not in nonces
    assert len(set(nonces)) == 1


def test_different_submits_at_the_same_time_give_one_answer(tool: Tool) -> None:
    open_chooser(tool)
    asked = request_id(tool)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        nonces = list(pool.map(lambda number: give(tool, asked, {"title": str(number)}), range(AT_ONCE)))
    assert len([nonce for nonce in nonces if nonce]) == 1


def test_an_answer_is_kept_as_it_was_given(tool: Tool) -> None:
    data = 'x"<é\u2028發\n'
    chooser = open_chooser(tool, request_of(tool, data=data))
    sent = sent_by(chooser.answer(FIRST, SECOND))
    assert sent.claims[DL + "data"] == data
    assert sent_by(chooser.answer(FIRST, SECOND)) == sent
    with tool.runtime.database.reading() as session:
        row = session.scalars(select(DeepLink)).one()
    assert row.answer
    assert (row.answer["items"], row.answer["nonce"]) == (sent.items, sent.claims["nonce"])
    assert row.answered_at == tool.clock.now


def test_old_requests_go(tool: Tool) -> None:
    open_chooser(tool)
    with tool.runtime.database.connection() as connection:
        assert deep_links.purge_requests(connection, tool.clock.now + deep_links.LIFE) == 0
    tool.clock.now += deep_links.LIFE
    tool.clock.advance(seconds=1)
    with tool.runtime.database.connection() as connection:
        assert deep_links.purge_requests(connection, tool.clock.now) == 1
