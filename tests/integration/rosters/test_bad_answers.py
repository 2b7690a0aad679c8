"""Whatever a platform answers: a code, a line in the log of readings, and a class that is as it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lti_tool.lti.nrps import RosterMember, parse_members
from lti_tool.lti.roster_errors import RosterLoopError, RosterSlowError, RosterTooLargeError
from lti_tool.services.rosters import pages as roster_pages
from lti_tool.services.rosters.pages import roster_of
from lti_tool.services.rosters.roster import PATIENCE_OF_A_PERSON_S, Outcome, RosterReader
from qualoop.errors import QualoopError
from tests.factories.rosters import TEACHER, Course, running_course
from tests.fakes.listing_platform import MEMBERS_PATH, SCOPE, Answer, Request, member

SAM, LI = member("s-1", name="Sam Student"), member("s-2", name="李 小龍")
HTML = Answer(200, b"<!DOCTYPE html><html><body>Log in</body></html>", {"Content-Type": "text/html"})


@pytest.fixture
def course(sqlite_url: str) -> Iterator[Course]:
    """One kind of database is enough: nothing is written."""
    with running_course(sqlite_url) as made:
        yield made


def linking(target: str) -> Callable[[Request], Answer | None]:
    """Return the oddity of a page whose next page is ``target``."""
    body = json.dumps({"members": [TEACHER]}).encode()
    return lambda _: Answer(200, body, {"Link": f'<{target}>; rel="next"'})


@pytest.mark.parametrize(
    ("answer", "code", "status"),
    [
        (HTML, "roster-unreadable", None),
        (Answer(200, b'{"members":[{"user_id":7}]}'), "roster-unreadable", None),
        (Answer(200, b'{"members":[]}'), "roster-empty", None),
        (Answer(200, json.dumps({"members": [SAM | {"status": "Inactive"}]}).encode()), "roster-empty", None),
        (Answer(302, b"", {"Location": "/login"}), "roster-unreadable", 302),
        (Answer(401), "roster-refused", 401),
        (Answer(403), "roster-refused", 403),
        (Answer(403, b"", {"X-Rate-Limit-Remaining": "0.0"}), "roster-busy", 403),
        (Answer(404, b"<html>no such course</html>"), "roster-gone", 404),
        (Answer(429, b"", {"Retry-After": "30"}), "roster-busy", 429),
        (Answer(503, b"<html>maintenance</html>"), "roster-busy", 503),
        (Answer(500), "roster-platform-error", 500),
        (Answer(400), "roster-platform-error", 400),
        (Answer(200, b'{"members":[]}', {"Link": "nonsense"}), "roster-link-unreadable", None),
        (Answer(200, b" " * 300_000), "outgoing-too-large", None),
    ],
)
def test_a_bad_answer_has_a_code_and_changes_nothing(
    course: Course, answer: Answer, code: str, status: int | None
) -> None:
    course.read(SAM, LI)
    before, people = course.members(), course.people()
    course.platform.odd = lambda _: answer
    with pytest.raises(QualoopError) as refused:
        course.read(LI)
    assert refused.value.code == code
    read = course.reads()[0]
    assert (read.outcome, read.code, read.status) == (Outcome.FAILED, code, status)
    assert read.finished_at is not None
    assert (course.members(), course.people()) == (before, people)


def test_a_bad_last_page_undoes_the_good_ones_before(course: Course) -> None:
    course.read(SAM)
    people = course.people()
    course.platform.page_size = 1
    course.platform.odd = lambda request: HTML if "from=2" in request.path else None
    with pytest.raises(QualoopError, match="not JSON"):
        course.read(LI, member("s-3"))
    assert (course.names(), course.people()) == (["Sam Student"], people)


def test_a_platform_that_is_down_changes_nothing(course: Course) -> None:
    course.read(SAM)
    with course.tool.runtime.database.transaction() as session:
        context = session.get_one(type(course.context()), course.context().id)
        # Nothing listens on the discard port; its origin is the platform's own all the same.
        context.memberships_url = f"http://127.0.0.1:9{MEMBERS_PATH}"
    with pytest.raises(QualoopError) as refused:
        course.reader().update(course.tool.organisation_id, course.context().id)
    assert refused.value.code == "lti-service-origin"
    assert course.names() == ["Sam Student"]


# -- Paging


@pytest.mark.parametrize("page_size", [1, 2, 3, 100])
def test_every_page_is_read(course: Course, page_size: int) -> None:
    course.platform.page_size = page_size
    course.read(*(member(f"s-{number}", name=f"Learner {number}") for number in range(6)))
    assert course.names() == [f"Learner {number}" for number in range(6)]
    assert len(course.platform.asked) == -(-7 // page_size)


def test_what_is_asked_names_no_role(course: Course) -> None:
    course.platform.page_size = 1
    course.read(SAM)
    assert all("role" not in request.query for request in course.platform.asked)
    assert course.platform.asked[0].query == {"type_id": ["1"], "limit": ["100"]}


def test_a_circle_of_pages_is_noticed(course: Course) -> None:
    course.read(SAM)
    course.platform.odd = linking(f"{course.platform.memberships_url}&limit=100")
    with pytest.raises(RosterLoopError):
        course.read()
    assert course.names() == ["Sam Student"]


def test_pages_without_end_are_given_up(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster_pages, "MAX_PAGES", 5)
    course.platform.odd = lambda request: linking(f"{course.platform.url}{request.path}1")(request)
    with pytest.raises(RosterTooLargeError):
        course.read(SAM)
    assert len(course.platform.asked) == 5


def test_more_members_than_we_take_are_refused(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster_pages, "MAX_MEMBERS", 3)
    course.read(SAM, LI)
    with pytest.raises(RosterTooLargeError):
        course.read(SAM, LI, member("s-3"))
    assert course.names() == ["Sam Student", "李 小龍"]


def test_a_next_page_of_another_origin_gets_no_request(course: Course) -> None:
    course.platform.odd = linking("https://elsewhere.example.test/members?page=2")
    with pytest.raises(QualoopError) as refused:
        course.read(SAM)
    assert refused.value.code == course.reads()[0].code == "lti-service-origin"


def test_what_takes_too_long_for_a_person_goes_on_in_the_worker(course: Course) -> None:
    course.work()
    ticks = iter(range(0, 1000, 5))
    parts = course.tool.runtime
    slow = RosterReader(
        parts.database,
        course.reader()._services,
        parts.registrations,
        clock=parts.clock,
        monotonic=lambda: float(next(ticks)),
    )
    course.platform.page_size, course.platform.members = 1, [TEACHER, SAM, LI, *map(member, "abcdef")]
    with pytest.raises(RosterSlowError):
        slow.update(course.tool.organisation_id, course.context().id)
    assert len(course.platform.asked) < 1 + PATIENCE_OF_A_PERSON_S
    assert course.names() == []
    assert course.work() == 1
    assert len(course.names()) == 8


# -- Access


def test_a_token_that_the_platform_no_longer_takes_is_renewed_once(course: Course) -> None:
    course.read(SAM)
    course.platform.tokens += 1
    course.read(SAM, LI)
    assert course.names() == ["Sam Student", "李 小龍"]
    assert len(course.platform.token_requests) == 2


def test_without_the_right_to_read_members_one_token_more_is_asked_for_and_no_other(course: Course) -> None:
    course.platform.odd = lambda _: Answer(401)
    with pytest.raises(QualoopError):
        course.read(SAM)
    assert (len(course.platform.token_requests), len(course.platform.asked)) == (2, 2)


@pytest.mark.parametrize(
    ("error", "code"), [("invalid_scope", "roster-refused"), ("invalid_client", "lti-access-token-refused")]
)
def test_a_platform_that_gives_no_token_is_told_apart(course: Course, error: str, code: str) -> None:
    course.platform.refuses_token = error
    with pytest.raises(QualoopError):
        course.read(SAM)
    assert course.reads()[0].code == code
    assert SCOPE.encode().replace(b":", b"%3A").replace(b"/", b"%2F") in course.platform.token_requests[0].body


# -- Odd people


def test_two_people_may_have_one_name(course: Course) -> None:
    course.read(SAM, member("s-9", name="Sam Student"))
    assert course.names() == ["Sam Student", "Sam Student"]


def test_of_somebody_who_is_named_twice_the_last_counts(course: Course) -> None:
    course.platform.page_size = 2
    assert course.read(SAM, LI, SAM | {"name": "Samira Student"}).members == 3
    assert course.names() == ["Samira Student", "李 小龍"]
    assert course.reads()[0].remarks == {"repeated": 1}


def test_a_name_of_500_characters_is_cut_and_counted(course: Course) -> None:
    course.read(SAM | {"name": "名" * 500}, LI)
    assert course.names() == ["名" * 255, "李 小龍"]
    assert course.reads()[0].remarks == {"names-cut": 1}


def test_a_hostile_name_is_stored_as_text(course: Course) -> None:
    name = "Robert'); DROP TABLE person;-- <img src=x onerror=alert(1)>"
    course.read(SAM | {"name": name + "\u0000\u202e"})
    assert course.names() == [name]


ROLES = st.sampled_from(["Learner", "Instructor", "Mentor", "http://x.test/unknown"])
PEOPLE = st.dictionaries(
    st.sampled_from([f"s-{number}" for number in range(8)]),
    st.fixed_dictionaries(
        {"status": st.sampled_from(["Active", "Active", "Inactive"]), "roles": st.lists(ROLES, max_size=2)},
        optional={"name": st.text(max_size=12), "given_name": st.text(max_size=12)},
    ),
    min_size=1,
)


def read(entries: list[dict[str, object]]) -> list[RosterMember]:
    return list(parse_members(json.dumps({"members": entries}).encode()))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(PEOPLE, st.data())
def test_any_order_of_pages_and_any_repetition_gives_the_same_class(
    people: dict[str, dict[str, object]], data: st.DataObject
) -> None:
    entries = [TEACHER, *({"user_id": subject, **rest} for subject, rest in people.items())]
    repeated = [*entries, *data.draw(st.lists(st.sampled_from(entries), max_size=5))]
    shuffled = data.draw(st.permutations(repeated))
    pages = [shuffled[start : start + 3] for start in range(0, len(shuffled), 3)]
    found = [each for page in data.draw(st.permutations(pages)) for each in read(page)]
    assert roster_of(found).members == roster_of(read(entries)).members
