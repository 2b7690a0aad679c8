"""A phone of one organisation sees and changes nothing of another one, whatever of theirs it names in what it signs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from lti_tool.models import ObservationCapture, ObservationMember, Organisation
from lti_tool.services.erasure import erase
from lti_tool.services.observing.receive import course_uuid
from tests.factories.phones import Phone, PracticeCourse, install, join
from tests.factories.tenants import CANARY, Tenant, checksums, two_tenants
from tests.factories.tool import make_tool


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tenant, Tenant]]:
    tool = make_tool(f"sqlite:///{tmp_path_factory.mktemp('phones') / 'tool.db'}")
    ours, theirs = two_tenants(tool)
    install(ours.tool)
    with tool.runtime.database.transaction() as session:
        # What fills their rows is no number that a phone can name.
        session.execute(
            update(ObservationCapture)
            .where(ObservationCapture.organisation_id == theirs.organisation_id)
            .values(capture="44444444-4444-4444-8444-444444444444")
        )
    yield ours, theirs
    tool.runtime.database.close()
    tool.runtime.http.close()


@pytest.fixture
def phone(tenants: tuple[Tenant, Tenant]) -> Phone:
    ours, _ = tenants
    return join(ours.tool, PracticeCourse(ours.tool, ours.teacher).own_link())


def test_the_pack_says_nothing_of_theirs(phone: Phone) -> None:
    answer = phone.get("pack")
    assert (answer.status_code, CANARY in answer.text) == (200, False)


def test_what_names_their_learner_task_or_observation_changes_nothing_of_theirs(
    phone: Phone, tenants: tuple[Tenant, Tenant]
) -> None:
    ours, theirs = tenants
    before = checksums(ours.tool, theirs.organisation_id)
    stranger, target = theirs.learner.who.person_uuid, theirs.one("observation_capture", "capture")
    made = phone.capture(stranger, 2, replaces=target)
    answer = phone.send(made)[0]
    assert (answer["state"], answer["code"]) == ("kept", "observation-target")
    assert CANARY not in str(answer)
    with ours.tool.runtime.database.reading() as session:
        row = session.scalars(select(ObservationCapture).where(ObservationCapture.capture == made["id"])).one()
        member = session.scalars(select(ObservationMember).where(ObservationMember.capture_id == row.id)).one()
    # Their learner's key seals nothing of ours, and nobody here is known by that name.
    assert (row.organisation_id, row.key_of, member.person_id) == (ours.organisation_id, row.uuid, None)
    course = PracticeCourse(ours.tool, ours.teacher)
    assert course.decide(made, "count") == "done=count"
    assert course.decide(made, "count") == "refused=learner"
    assert course.decide(made, "assign", signed=stranger, person=stranger) == "refused=learner"
    assert CANARY not in course.page()
    assert checksums(ours.tool, theirs.organisation_id) == before


def test_an_observation_for_their_course_or_under_their_number_is_ours_or_refused(
    phone: Phone, tenants: tuple[Tenant, Tenant]
) -> None:
    ours, theirs = tenants
    before = checksums(ours.tool, theirs.organisation_id)
    with ours.tool.runtime.database.reading() as session:
        organisation = session.get_one(Organisation, theirs.organisation_id).uuid
    elsewhere = course_uuid(organisation, theirs.one("observation_invitation", "context_id"))
    one = phone.pack["learners"][0]["uuid"]
    assert phone.states(phone.capture(one, 2, course=elsewhere)) == [("refused", "observation-other-course")]
    theirs_own = theirs.one("observation_capture", "capture")
    assert phone.put_photo({"id": theirs_own}, b"x", theirs.one("observation_photo", "sha256")).status_code == 404
    assert checksums(ours.tool, theirs.organisation_id) == before


def test_their_erasure_leaves_ours_alone(phone: Phone, tenants: tuple[Tenant, Tenant]) -> None:
    ours, theirs = tenants
    stranger = theirs.learner.who.person_uuid
    made = phone.capture([phone.pack["learners"][0]["uuid"], stranger], 2, overall="Words of ours")
    phone.send(made)
    with ours.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, theirs.organisation_id)
        erase(session, organisation, stranger, actor="admin", now=ours.tool.clock.now)
    assert "Words of ours" in PracticeCourse(ours.tool, ours.teacher).page()
