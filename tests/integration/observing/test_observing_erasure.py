"""What is forgotten: of an erased learner words and pictures, of an erased mentor the name; pictures after half a year."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from lti_tool.models import (
    ObservationCapture,
    ObservationDevice,
    ObservationInvitation,
    ObservationPhoto,
    Organisation,
    Person,
)
from lti_tool.services import erasure
from lti_tool.services.observing.erasure import purge_observations
from lti_tool.services.people.learner_keys import KeyOwner, open_bytes
from tests.factories.phones import PracticeCourse, digest, join, link_in, photo
from tests.factories.tool import SECRET, Tool


def erase(tool: Tool, learner: str) -> None:
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        erasure.erase(session, organisation, learner, actor="admin", now=tool.clock.now)


def test_words_and_pictures_of_an_erased_learner_go_and_levels_stay(course: PracticeCourse) -> None:
    phone, data = join(course.tool, course.own_link()), photo()
    told = {"sha256": digest(data), "type": "image/jpeg"}
    made = phone.capture("Learner One", 2, overall="Cried in the shop", photos=[told])
    phone.send(made)
    phone.put_photo(made, data)
    one = course.learners[0].who.person_uuid
    erase(course.tool, one)
    with course.tool.runtime.database.reading() as session:
        row = session.scalars(select(ObservationCapture).where(ObservationCapture.capture == made["id"])).one()
        picture = session.scalars(select(ObservationPhoto).where(ObservationPhoto.capture_id == row.id)).one()
    assert (row.signed_sealed, picture.data_sealed) == (None, None)
    assert [each[:3] for each in course.evidence()] == [(one, "headline", "1")]
    page = course.page()
    assert "Cried in the shop" not in page
    assert "Learner One" not in page
    # Nothing new is written about somebody who was erased, and what is known stays as it is.
    assert phone.states(phone.capture(one, 1)) == [("refused", "learner-erased")]
    assert phone.states(made) == [("recorded", "")]
    assert course.corrections() == []


def test_what_was_said_of_a_team_goes_with_one_of_it(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    team = [seat.who.person_uuid for seat in course.learners]
    phone.send(phone.capture(team, 2, overall="Two of them argued"))
    erase(course.tool, team[0])
    assert "Two of them argued" not in course.page()
    assert sorted(row[0] for row in course.evidence()) == sorted(team)


def test_nothing_is_taken_of_a_team_with_somebody_erased(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    team = [seat.who.person_uuid for seat in course.learners]
    made = phone.capture(team, 2, overall="Said too late")
    erase(course.tool, team[0])
    assert phone.states(made) == [("refused", "learner-erased")]
    assert course.evidence() == []


def test_words_go_also_where_the_course_did_not_know_who_was_erased(
    course: PracticeCourse, another: PracticeCourse
) -> None:
    phone = join(course.tool, course.own_link())
    other = another.learners[0].who.person_uuid
    made = phone.capture([course.learners[0].who.person_uuid, other], 2, overall="They quarrelled")
    assert phone.states(made) == [("kept", "observation-learner-unknown")]
    erase(course.tool, other)
    assert "They quarrelled" not in course.page()
    assert course.decide(made, "count") == "refused=learner"


def test_counting_later_writes_nothing_new_about_somebody_erased(course: PracticeCourse) -> None:
    phone = join(course.tool, link_in(course.invite(what="some", task="no-such").text))
    made = phone.capture("Learner One", 2)
    assert phone.states(made) == [("kept", "observation-task")]
    erase(course.tool, course.learners[0].who.person_uuid)
    course.decide(made, "count")
    assert course.evidence() == []


def test_the_key_of_a_team_is_destroyed_too(course: PracticeCourse) -> None:
    """What a backup holds cannot be opened with what the tool still holds."""
    phone = join(course.tool, course.own_link())
    team = [seat.who.person_uuid for seat in course.learners]
    made = phone.capture(team, 2, overall="Words in a backup")
    phone.send(made)
    database = course.tool.runtime.database
    with database.reading() as session:
        row = session.scalars(select(ObservationCapture).where(ObservationCapture.capture == made["id"])).one()
    sealed = row.signed_sealed or b""
    owner = KeyOwner(organisation_id=row.organisation_id, learner=row.key_of, secret=SECRET)
    with database.reading() as session:
        assert open_bytes(session.connection(), owner, sealed) is not None
    erase(course.tool, team[0])
    with database.reading() as session:
        assert open_bytes(session.connection(), owner, sealed) is None


def test_a_mentor_without_an_account_is_found_by_name(course: PracticeCourse) -> None:
    course.invite(name="Findable Mentor")
    with course.tool.runtime.database.reading() as session:
        organisation = session.get_one(Organisation, course.tool.organisation_id)
        (found,) = erasure.find(session, organisation, "findable mentor")
        assert erasure.find(session, organisation, found.learner) == [found]
    assert (found.name, found.platform, found.email) == ("Findable Mentor", "", None)
    erase(course.tool, found.learner)
    with course.tool.runtime.database.reading() as session:
        assert erasure.find(session, organisation, "Findable Mentor") == []


def test_an_erased_mentor_has_no_name_and_no_phone(course: PracticeCourse) -> None:
    phone = join(course.tool, link_in(course.invite(name="Wang Mentor").text))
    phone.send(phone.capture("Learner One", 2))
    with course.tool.runtime.database.reading() as session:
        mentor = session.scalars(
            select(Person.uuid)
            .join(ObservationInvitation, ObservationInvitation.person_id == Person.id)
            .where(ObservationInvitation.name == "Wang Mentor")
        ).one()
    erase(course.tool, mentor)
    assert "Wang Mentor" not in course.page()
    assert phone.get("pack").status_code == 401
    assert len(course.evidence()) == 1


def test_pictures_go_after_half_a_year_and_unused_phones_after_their_last_chance(course: PracticeCourse) -> None:
    tool, data = course.tool, photo()
    phone = join(tool, course.own_link())
    made = phone.capture("Learner One", 2, photos=[{"sha256": digest(data), "type": "image/jpeg"}])
    phone.send(made)
    phone.put_photo(made, data)
    unused = join(tool, link_in(course.invite().text))
    for days, pictures, phones in ((100, 1, 2), (130, 1, 1), (181, 0, 1)):
        with tool.runtime.database.transaction() as session:
            purge_observations(session, tool.clock.now + timedelta(days=days))
            row = session.scalars(select(ObservationCapture).where(ObservationCapture.capture == made["id"])).one()
            kept = session.scalars(select(ObservationPhoto).where(ObservationPhoto.capture_id == row.id)).one()
            there = session.scalars(
                select(ObservationDevice.uuid).where(ObservationDevice.uuid.in_([phone.uuid, unused.uuid]))
            ).all()
        assert (kept.data_sealed is not None, len(there)) == (bool(pictures), phones), days
