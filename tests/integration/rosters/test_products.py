"""Each product's way of listing members, whole and with something wrong in the middle of it: all of it or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lti_tool.lti.nrps import MEMBERS_TYPE
from lti_tool.lti.platform_profiles import Product
from lti_tool.services.rosters import pages as roster_pages
from qualoop.errors import QualoopError
from tests.factories.rosters import TEACHER, Course, running_course
from tests.fakes.listing_platform import Answer, ListingPlatform, Request, member

CLASS = 450
HTML = Answer(200, b"<!DOCTYPE html><html><body>Log in</body></html>", {"Content-Type": "text/html"})

#: Given the platform, where a page begins and the query, the Link header of that page.
Linked = Callable[[ListingPlatform, int, int], str]


def plain(platform: ListingPlatform, following: int, size: int) -> str:
    """Moodle, Blackboard: one link, and whatever role was asked for is lost in it."""
    return f'<{platform.memberships_url}&limit={size}&from={following}>; rel="next"'


def numbered(platform: ListingPlatform, following: int, size: int) -> str:
    """Open edX: pages have numbers, and the page before is named, too."""
    url = f"{platform.memberships_url}&limit={size}&page="
    page = following // size + 1
    return f'<{url}{max(page - 2, 1)}>; rel="prev", <{url}{page}>; rel="next"'


def bookmarked(platform: ListingPlatform, following: int, size: int) -> str:
    """Canvas: four relations in one header, the next one by a bookmark in which case matters."""
    url = f"{platform.memberships_url}&per_page={size}&page="
    links = {"current": f"bookmark:Aa{following - size}", "next": f"bookmark:Aa{following}", "first": "1", "last": "9"}
    return ",".join(f'<{url}{page}>; rel="{relation}"' for relation, page in links.items())


class Ways:
    """How one product lists: its pages' size whatever is asked for (None: as asked), and its links."""

    def __init__(self, size: int | None, linked: Linked) -> None:
        self.size = size
        self.linked = linked

    def begin(self, request: Request, size: int) -> int:
        """Return where the page begins that a request asks for."""
        page = request.query.get("page", ["1"])[0]
        if "from" in request.query:
            return int(request.query["from"][0])
        return int(page.removeprefix("bookmark:Aa")) if "bookmark" in page else (int(page) - 1) * size

    def page(self, platform: ListingPlatform, request: Request) -> Answer:
        size = self.size or int(request.query.get("limit", ["100"])[0])
        begin = self.begin(request, size)
        headers = {"Content-Type": MEMBERS_TYPE}
        if begin + size < len(platform.members):
            headers["Link"] = self.linked(platform, begin + size, size)
        return Answer(200, json.dumps({"members": platform.members[begin : begin + size]}).encode(), headers)


WAYS = {
    Product.MOODLE: Ways(None, plain),
    Product.OPEN_EDX: Ways(None, numbered),
    Product.CANVAS: Ways(50, bookmarked),
    Product.BRIGHTSPACE: Ways(200, plain),
    Product.BLACKBOARD: Ways(None, plain),
    Product.GENERIC: Ways(1, plain),
}


def learners(count: int) -> list[dict[str, Any]]:
    return [member(f"s-{number}", name=f"Learner {number}") for number in range(count)]


@pytest.fixture(params=WAYS)
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Ways:
    monkeypatch.setattr(roster_pages, "MAX_PAGES", CLASS + 9)
    return WAYS[request.param]


@pytest.fixture
def course(sqlite_url: str, ways: Ways) -> Iterator[Course]:
    with running_course(sqlite_url) as made:
        made.platform.odd = lambda request: None if request.path == "/token" else ways.page(made.platform, request)
        yield made


def test_a_large_class_is_read_whole(course: Course, ways: Ways) -> None:
    count = CLASS if ways.size != 1 else 20
    first, *others = learners(count)
    long = first | {"name": "名" * 500}
    course.read(long, *others, others[-1])
    assert sorted(course.names(), key=str) == sorted(["名" * 255, *(each["name"] for each in others)])
    assert course.reads()[0].remarks == {"names-cut": 1, "repeated": 1}


def spoiling(course: Course, ways: Ways, spoil: Callable[[Answer], Answer]) -> None:
    """Let something be wrong with the second page."""
    pages = iter(range(99_999))

    def odd(request: Request) -> Answer:
        page = ways.page(course.platform, request)
        return spoil(page) if next(pages) == 1 else page

    course.platform.odd = odd


def linking(link: str) -> Callable[[Answer], Answer]:
    return lambda page: Answer(page.status, page.body, {**page.headers, "Link": link})


SPOILED: list[tuple[Callable[[Answer], Answer], str]] = [
    (lambda _: HTML, "roster-unreadable"),
    (lambda page: Answer(200, page.body[:-9], page.headers), "roster-unreadable"),
    # Moodle's own link of other lists: the brackets and marks of a page, not of a header.
    (linking("&lt;http://127.0.0.1/?from=1&amp;limit=1&gt;; rel=next"), "roster-link-unreadable"),
    (linking('<https://elsewhere.example.test/members?page=3>; rel="next"'), "lti-service-origin"),
    (linking('</a>; rel="next", </b>; rel="next"'), "roster-link-unreadable"),
]


def test_a_fault_on_the_second_page_leaves_the_class_as_it_was(course: Course, ways: Ways) -> None:
    course.read(*learners(3))
    before = course.members()
    for spoil, code in SPOILED:
        spoiling(course, ways, spoil)
        with pytest.raises(QualoopError) as refused:
            course.read(*learners(CLASS))
        assert refused.value.code == course.reads()[0].code == code
        assert course.members() == before


def test_pages_without_end_leave_the_class_as_it_was(
    course: Course, ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.read(*learners(3))
    before = course.members()
    monkeypatch.setattr(roster_pages, "MAX_PAGES", 5)
    course.platform.odd = lambda _: Answer(
        200,
        json.dumps({"members": [TEACHER]}).encode(),
        {"Link": ways.linked(course.platform, 100 * (len(course.platform.asked) + 1), 100)},
    )
    with pytest.raises(QualoopError) as refused:
        course.read(*learners(3))
    assert refused.value.code == "roster-too-large"
    assert course.members() == before
