"""A class of 300 with 40 knowledge points, on both databases: a handful of statements, each over an index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import event, insert, select, update

from lti_tool.db import Database
from lti_tool.models import Activity, Enrolment, MasteryState, Person, ResourceLink, TagSet
from lti_tool.services import mastery_cache
from lti_tool.services.class_members import Link
from lti_tool.services.class_overview import ClassOverview, class_overview
from tests.factories.packages import ecommerce
from tests.factories.schools import School, make_school
from tests.factories.tool import NOON

CODES = tuple(ecommerce().knowledge_points)[:40]
ALLOWED = 12


@pytest.fixture
def asked(database: Database) -> Iterator[list[str]]:
    """The statements that the database was asked."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


def furnish(database: Database, people: int, codes: Sequence[str]) -> Link:
    """Fill the database with a class whose learners all have a level on each of ``codes``."""
    school = make_school(database, "https://lms.example.test", people=people, now=NOON)
    with database.transaction() as session:
        link = session.get_one(ResourceLink, school.link)
        session.execute(update(Activity).values(version_id=school.version_id))
        session.execute(
            insert(Enrolment),
            [
                {
                    "organisation_id": school.organisation_id,
                    "context_id": link.context_id,
                    "person_id": person,
                    "roles": "learner",
                    "updated_at": NOON,
                }
                for person in school.people
            ],
        )
        session.add(
            TagSet(
                organisation_id=school.organisation_id,
                version_id=school.version_id,
                hash="1" * 64,
                framework="ECQ 0.1.0",
                tags={f"item-{number}": {code: "1"} for number, code in enumerate(codes)},
                adopted_at=NOON,
            )
        )
        place = mastery_cache.adopted_place(session.connection(), school.organisation_id, NOON)
        pseudonyms = session.scalars(select(Person.uuid).where(Person.id.in_(school.people))).all()
        session.execute(insert(MasteryState), states(place, pseudonyms, codes))
        return link_of(school, link)


def link_of(school: School, link: ResourceLink) -> Link:
    return Link(
        organisation_id=school.organisation_id,
        registration_id=school.registration_id,
        context_id=link.context_id,
        resource_link_id=link.id,
        activity_id=link.activity_id,
    )


def states(place: mastery_cache.Place, people: Sequence[str], codes: Sequence[str]) -> list[dict[str, object]]:
    """Return the rows of what the engine keeps of a class."""
    rows: list[tuple[str, str, list[float]]] = [(mastery_cache.KNOWLEDGE_POINT, code, [0.1, 0.05]) for code in codes]
    for person in people:
        rows.append((mastery_cache.LEARNER, person, [0.2, 0.1, 0.0, 0.1, 9]))
        rows += [
            (mastery_cache.MEMORY, f"{person}|{code}", [0.1, 0.1, 0.0, 0.3, 4, NOON.timestamp(), 9]) for code in codes
        ]
    return [
        {
            "organisation_id": place.organisation_id,
            "generation_id": place.generation_id,
            "owner": owner,
            "subject": subject,
            "numbers": numbers,
        }
        for owner, subject, numbers in rows
    ]


def overview(database: Database, link: Link) -> ClassOverview:
    with database.reading() as reading:
        return class_overview(reading.connection(), ecommerce(), link, now=NOON)


def test_a_large_class_takes_a_handful_of_statements(database: Database, asked: list[str]) -> None:
    link = furnish(database, 300, CODES)
    asked.clear()
    found = overview(database, link)
    assert len(asked) <= ALLOWED
    assert len(found.learners) == 300
    assert set(found.codes) == set(CODES)
    assert {len(line.readings) for line in found.learners} == {40}
    assert {reading.n for line in found.learners for reading in line.readings.values()} == {4}


def test_states_of_people_elsewhere_are_not_read(database: Database) -> None:
    link = furnish(database, 3, CODES[:2])
    with database.transaction() as session:
        stranger = Person(organisation_id=link.organisation_id, uuid="0" * 36, created_at=NOON)
        session.add(stranger)
        place = mastery_cache.adopted_place(session.connection(), link.organisation_id, NOON)
        session.execute(insert(MasteryState), states(place, ["0" * 36], [])[-1:])
    assert "0" * 36 not in {line.member.subject.uuid for line in overview(database, link).learners}
