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
from lti_tool.services.observing_erasure import purge_observations
from tests.factories.phones import PracticeCourse, digest, join, link_in, photo
from tests.factories.tool import Tool


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
