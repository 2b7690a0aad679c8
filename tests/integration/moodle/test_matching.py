"""Matching by ID number against a Moodle: both sides' lists, pages, scales, failures, the daily look."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from lti_tool.lti.moodle_errors import MoodleTokenError, MoodleUnreadableError
from lti_tool.lti.moodle_web_services import LIST_COMPETENCIES, LIST_FRAMEWORKS, SCALE_VALUES
from lti_tool.models import MoodleMatch, MoodleService, Organisation, Registration
from lti_tool.outgoing import OutgoingError
from lti_tool.services.moodle.matching import MoodleFrameworkMissingError, MoodleMatcher
from lti_tool.services.moodle.sites import MoodleNotConnectedError, MoodleTokenSealedError, site_of
from tests.fakes.moodle_site import PATH, TOKEN, Answer
from tests.integration.moodle.conftest import CODE, Connected


def matches(connected: Connected) -> dict[str, MoodleMatch]:
    with connected.tool.runtime.database.reading() as session:
        return {row.code: row for row in session.scalars(select(MoodleMatch).where(MoodleMatch.is_current))}


def service(connected: Connected) -> MoodleService:
    with connected.tool.runtime.database.reading() as session:
        return session.scalars(select(MoodleService)).one()


def test_both_sides_are_listed(connected: Connected) -> None:
    connected.site.add_competency("SEM-1")
    connected.site.add_competency("sem-1.3 ")
    connected.site.add_competency("BAKING-1")
    found = connected.match()
    assert [match.code for match in found.matches] == [CODE]
    assert "SEM-1.2" in found.missing
    assert CODE not in found.missing
    assert found.similar == [("SEM-1.3", "sem-1.3")]
    assert ("BAKING-1", "About BAKING-1") in found.foreign
    assert found.frameworks == [("SKILLS-2026", "Bakery qualification 2026", 1)]
    report = service(connected).report
    assert report["missing"]["count"] == len(found.missing)
    assert report["foreign"]["listed"] == [list(each) for each in found.foreign]


def test_units_of_ours_are_not_foreign(quick: Connected) -> None:
    with quick.tool.runtime.database.reading() as session:
        framework = quick.tool.runtime.contents.find_framework(session.connection(), quick.tool.organisation_id)
    assert framework is not None
    quick.site.add_competency(next(iter(framework.units)))
    assert quick.match().foreign == []


def test_frameworks_that_have_nothing_to_do_with_us_are_not_listed(quick: Connected) -> None:
    quick.site.add_framework(["COOKING-1"], id_number="COOKING")
    assert quick.match().foreign == []


def test_a_code_in_two_frameworks_is_rated_in_none_until_one_is_named(quick: Connected) -> None:
    quick.site.add_framework([CODE], id_number="SKILLS-2027")
    assert quick.match().duplicates == [CODE]
    assert matches(quick) == {}
    MoodleMatcher(quick.tool.runtime).match(quick.registration, only="SKILLS-2027")
    assert matches(quick)[CODE].competency_id == 101
    quick.match()
    assert matches(quick)[CODE].competency_id == 101, "the choice is kept"
    MoodleMatcher(quick.tool.runtime).match(quick.registration, only="")
    assert matches(quick) == {}


def test_a_framework_that_is_not_there(quick: Connected) -> None:
    with pytest.raises(MoodleFrameworkMissingError):
        MoodleMatcher(quick.tool.runtime).match(quick.registration, only="NONE")
    assert service(quick).failure == "moodle-framework-missing"


def test_long_lists_come_in_pages(quick: Connected) -> None:
    for number in range(250):
        quick.site.add_competency(f"X-{number}")
    quick.site.add_competency("SEM-1.2")
    assert {match.code for match in quick.match().matches} == {CODE, "SEM-1.2"}
    skips = [call["skip"] for call in quick.site.called(LIST_COMPETENCIES)]
    assert skips[-3:] == ["0", "100", "200"]


def test_pages_that_are_too_large_are_asked_for_in_halves(quick: Connected) -> None:
    for number in range(20):
        quick.site.add_competency(f"X-{number}")
        quick.site.competencies[-1]["description"] = "x" * 40_000
    assert len(quick.match().foreign) == 20


def test_a_list_without_end_is_given_up(quick: Connected) -> None:
    endless = json.dumps([quick.site.competencies[0]] * 100).encode()
    quick.site.odd = lambda function, _: Answer(endless) if function == LIST_COMPETENCIES else None
    with pytest.raises(Exception, match="more competencies than are read at once"):
        quick.match()
    assert service(quick).failure == "moodle-too-much"


def test_a_scale_of_its_own_goes_before_the_framework_s(quick: Connected) -> None:
    quick.site.scale = ["None", "Some", "Good", "Excellent"]
    own = '[{"scaleid":"3"},{"id":3,"scaledefault":1,"proficient":1},{"id":4,"proficient":1}]'
    quick.site.competencies[0] |= {"scaleid": 3, "scaleconfiguration": own}
    quick.match()
    row = matches(quick)[CODE]
    assert (row.competent, row.not_yet, row.competent_name, row.not_yet_name) == (3, 2, "Good", "Some")


def test_a_scale_without_a_proficient_grade_is_told(quick: Connected) -> None:
    quick.site.frameworks[0]["scaleconfiguration"] = '[{"scaleid":"2"},{"id":2,"scaledefault":1}]'
    assert quick.match().no_scale == [CODE]
    assert matches(quick) == {}


def test_names_of_grades_are_not_needed(quick: Connected) -> None:
    quick.site.odd = lambda function, _: Answer(b"<html>") if function == SCALE_VALUES else None
    quick.match()
    assert matches(quick)[CODE].competent_name == ""


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (Answer(b"<html>"), MoodleUnreadableError, "moodle-unreadable"),
        (Answer(b'{"exception":"x","errorcode":"invalidtoken"}'), MoodleTokenError, "moodle-token"),
        (Answer(b'[{"id":"one"}]'), MoodleUnreadableError, "moodle-unreadable"),
        (Answer(None), OutgoingError, "outgoing-connection-broken"),
    ],
)
def test_a_matching_that_fails_leaves_everything_as_it_was(
    connected: Connected, answer: Answer, error: type[Exception], code: str
) -> None:
    connected.site.odd = lambda function, _: answer if function == LIST_COMPETENCIES else None
    with pytest.raises(error):
        connected.match()
    assert list(matches(connected)) == [CODE]
    assert service(connected).failure == code
    connected.site.odd = lambda _function, _: None
    connected.match()
    assert service(connected).failure is None


def test_what_matches_no_more_is_switched_off_and_comes_back(connected: Connected) -> None:
    first = matches(connected)[CODE].id
    taken = connected.site.competencies.pop()
    connected.match()
    assert matches(connected) == {}
    connected.site.competencies.append(taken)
    connected.match()
    assert matches(connected)[CODE].id == first, "so that what was rated is known"


def test_it_is_matched_again_every_day(connected: Connected) -> None:
    connected.work(1)
    connected.site.add_competency("SEM-1.2")
    before = len(connected.site.called(LIST_FRAMEWORKS))
    connected.work(3)
    assert len(connected.site.called(LIST_FRAMEWORKS)) == before
    connected.tool.clock.advance(days=1)
    connected.work(1)
    assert set(matches(connected)) == {CODE, "SEM-1.2"}


# -- The token


def test_s13_the_token_goes_to_the_registration_s_origin_in_the_body(quick: Connected) -> None:
    quick.match()
    assert quick.site.heads
    for head in quick.site.heads:
        assert head.startswith(f"POST {PATH} HTTP/1.1\r\n")
        assert TOKEN not in head


def test_s31_the_token_is_encrypted_and_bound_to_its_registration(quick: Connected) -> None:
    registration, sealed = quick.registration, service(quick).token_encrypted
    assert sealed is not None
    assert TOKEN.encode() not in sealed
    secret = quick.tool.runtime.settings.secret_key
    site = site_of(registration, sealed, secret=secret)
    assert site.token == TOKEN
    assert TOKEN not in repr(site)
    with pytest.raises(MoodleTokenSealedError):
        site_of(registration, sealed, secret="another secret, long enough to be one")
    other = type(registration)(**{**registration_fields(registration), "id": registration.id + 1})
    with pytest.raises(MoodleTokenSealedError):
        site_of(other, sealed, secret=secret)


def registration_fields(registration: object) -> dict[str, object]:
    names = ("id", "organisation_id", "issuer", "client_id", "auth_login_url", "token_url", "jwks_url")
    return {name: getattr(registration, name) for name in names}


def test_s31_another_organisation_has_no_token(connected: Connected) -> None:
    """A registration of another school on the same Moodle: neither token nor matches are shared."""
    database, now = connected.tool.runtime.database, connected.now
    with database.transaction() as session:
        other = Organisation(uuid="o-2", key="other", name="Other", created_at=now)
        session.add(other)
        session.flush()
        known = session.scalars(select(Registration)).one()
        added = Registration(
            organisation_id=other.id,
            issuer=known.issuer,
            client_id="client-2",
            auth_login_url=known.auth_login_url,
            token_url=known.token_url,
            jwks_url=known.jwks_url,
            algorithms=["RS256"],
            service_origins=[],
            product="moodle",
            created_at=now,
        )
        session.add(added)
        session.flush()
        added_id = added.id
    connected.tool.runtime.registrations.forget()
    with pytest.raises(MoodleNotConnectedError):
        MoodleMatcher(connected.tool.runtime).match(connected.tool.runtime.registrations.get(added_id).registration)
