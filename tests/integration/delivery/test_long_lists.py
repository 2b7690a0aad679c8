"""A grade book whose lists come in pages: each is read to its end, or as far as it takes, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from benchmarks.ags_platforms import BEHAVIOURS
from lti_tool.lti.errors import LtiError
from lti_tool.lti.platform_profiles import Product
from lti_tool.outgoing import Reply
from lti_tool.services.grades.pages import read_pages
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import State
from lti_tool.services.moodle.grade_comparison import Compared
from tests.factories.schools import user_of
from tests.integration.delivery.conftest import ITEM, Delivery
from tests.integration.delivery.test_overrides import comparison, delivered
from tests.integration.delivery.test_retries import state_of

FIRST = "https://lms.example/results"


def send_from(pages: Mapping[str, Reply], asked: list[str]) -> Iterator[Reply]:
    """Read made-up pages, noting which are asked for."""

    def send(url: str) -> Reply:
        asked.append(url)
        return pages[url]

    return read_pages(send, FIRST, most=3)


def page(following: str = "", *, status: int = 200) -> Reply:
    return Reply(status, {"link": f'<{following}>; rel="next"'} if following else {}, b"[]")


def test_every_page_is_read_and_none_before_it_is_needed() -> None:
    asked: list[str] = []
    pages = send_from({FIRST: page("/results?p=2"), f"{FIRST}?p=2": page()}, asked)
    next(pages)
    assert asked == [FIRST]
    assert len(list(pages)) == 1
    assert asked == [FIRST, f"{FIRST}?p=2"]


def test_behind_a_refusal_nothing_follows() -> None:
    asked: list[str] = []
    assert [reply.status for reply in send_from({FIRST: page("/results?p=2", status=403)}, asked)] == [403]
    assert asked == [FIRST]


@pytest.mark.parametrize(
    ("pages", "asked_for"),
    [
        ({FIRST: page("https://elsewhere.example/results")}, 1),
        ({FIRST: page("http://lms.example/results?p=2")}, 1),
        ({FIRST: page(FIRST)}, 1),
        ({FIRST: page("/results?p=2"), f"{FIRST}?p=2": page("/results?p=3"), f"{FIRST}?p=3": page("/results?p=4")}, 3),
    ],
    ids=["another host", "without TLS", "a loop", "too many"],
)
def test_what_cannot_be_followed_is_no_end(pages: Mapping[str, Reply], asked_for: int) -> None:
    asked: list[str] = []
    with pytest.raises(LtiError):
        list(send_from(pages, asked))
    assert len(asked) == asked_for


def test_a_header_as_moodle_sends_it_names_no_page() -> None:
    header = {"link": f"<{FIRST}?limit=2&amp;from=2>; rel=“next”"}
    assert len(list(send_from({FIRST: Reply(200, header, b"[]")}, []))) == 1


def test_grades_on_later_pages_are_compared(delivery: Delivery) -> None:
    delivery.stub.behaviour = replace(BEHAVIOURS[Product.BRIGHTSPACE], page=1)
    school = delivery.school
    school.score_all(dict.fromkeys(school.people, "0.5"), delivery.clock.now)
    delivery.worker().run_once()
    delivery.stub.scores[ITEM, user_of(2)].append(("2026-03-02T12:30:00.000Z", 42.0))
    before = delivery.stub.requests["results"]

    of = (school.organisation_id, school.link)
    assert comparison(delivery).compare(*of, delivery.clock.now) == Compared(shown=3, changed=1)
    assert delivery.stub.requests["results"] - before == 3
    assert state_of(delivery, school.people[2]).reason is Reason.OVERRIDDEN


def test_of_a_list_that_does_not_end_nothing_is_believed(delivery: Delivery) -> None:
    delivered(delivery)
    loop = f'Link: <{delivery.stub.base_url}/courses/1/lineitems/7/lineitem/results>; rel="next"\r\n'.encode()
    grades = b'[{"userId": "user-0", "resultScore": 1, "resultMaximum": 100}]'
    delivery.stub.odd = lambda _, path: (200, grades, loop) if "/results" in path else None
    of = (delivery.school.organisation_id, delivery.school.link)
    assert comparison(delivery).compare(*of, delivery.clock.now) is None
    assert state_of(delivery, delivery.school.people[0]).state is State.DONE


def test_a_column_on_a_later_page_is_not_made_again(delivery: Delivery) -> None:
    delivery.line_item = None
    delivery.stub.behaviour = replace(BEHAVIOURS[Product.BRIGHTSPACE], page=1)
    ours = {"label": "Keywords", "scoreMaximum": 100, "resourceLinkId": "link-1", "resourceId": "lesson"}
    for number, tag in ((54, "something else"), (55, "qualoop-score")):
        url = f"{delivery.stub.base_url}/courses/1/lineitems/{number}/lineitem"
        delivery.stub.line_items.append({**ours, "id": url, "tag": tag})
    delivery.school.score(delivery.school.people[0], "0.5", delivery.clock.now)
    delivery.worker().run_once()
    assert len(delivery.stub.line_items) == 2
    assert len(delivery.taken(item="55")) == 1


def test_a_list_of_columns_that_does_not_end_makes_none(delivery: Delivery) -> None:
    delivery.line_item = None
    loop = b'Link: </courses/1/lineitems>; rel="next"\r\n'
    delivery.stub.odd = lambda method, _: (200, b"[]", loop) if method == "GET" else None
    delivery.school.score(delivery.school.people[0], "0.5", delivery.clock.now)
    delivery.worker().run_once()
    waiting = state_of(delivery, delivery.school.people[0])
    assert (waiting.state, waiting.reason, delivery.stub.line_items) == (State.DUE, Reason.UNREADABLE, [])
