"""A class of 300 with 40 knowledge points, on both databases: a handful of statements, each over an index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import numpy as np
import pytest
from sqlalchemy import event, insert, select, update
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.models import (
    Activity,
    Enrolment,
    MasteryLearner,
    MasteryMemory,
    MasteryPoint,
    Person,
    ResourceLink,
    TagSet,
)
from lti_tool.services.classes.level_map import NOT_SECURE, ClassMap, Filters, class_map
from lti_tool.services.classes.status import STATUSES, error_table, met_table, remedial_table, status_table
from lti_tool.services.courses.members import Link
from lti_tool.services.mastery import cache
from qualoop.framework import KnowledgePoint
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.readings import Reading, read_point
from qualoop.records import PointFacts, Status, is_remedial, status_of
from qualoop.sequencing import RESTING, ClassMove, is_met
from tests.factories.packages import ecommerce
from tests.factories.schools import School, make_school
from tests.factories.tool import NOON

CODES = tuple(ecommerce().knowledge_points)[:40]
ALLOWED = 12
ALL = Filters()


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
        place = cache.place_to_advance(session.connection(), school.organisation_id, 0, NOON)
        pseudonyms = session.scalars(select(Person.uuid).where(Person.id.in_(school.people))).all()
        states(session, place, pseudonyms, codes)
        return link_of(school, link)


def link_of(school: School, link: ResourceLink) -> Link:
    return Link(
        organisation_id=school.organisation_id,
        registration_id=school.registration_id,
        context_id=link.context_id,
        resource_link_id=link.id,
        activity_id=link.activity_id,
    )


def states(session: Session, place: cache.Place, people: Sequence[str], codes: Sequence[str]) -> None:
    """Add what the engine keeps of a class: drawn, with old and new, sure and unsure, known and hardly known."""
    draw = Random(3)
    where = {"organisation_id": place.organisation_id, "generation_id": place.generation_id}
    points = [{**where, "code": code, "c": draw.gauss(0, 0.5), "v_c": draw.choice([0.001, 0.4])} for code in codes[:-1]]
    session.execute(insert(MasteryPoint), points)
    session.execute(
        insert(MasteryLearner),
        [
            {**where, "learner": person, "g": draw.gauss(0.4, 0.9), "v_g": 0.1, "h": 0.0, "v_h": 0.1, "responses": 99.0}
            for person in people
        ],
    )
    session.execute(
        insert(MasteryMemory),
        [memory(draw) | where | {"learner": person, "code": code} for person in people for code in codes],
    )


def memory(draw: Random) -> dict[str, object]:
    """Return what the engine might keep of one learner and one knowledge point."""
    return {
        "m": draw.gauss(0.2, 0.6),
        "v_m": draw.uniform(0.01, 0.25),
        "f": 0.0,
        "v_f": 0.3,
        "n": 4.0,
        "at": (NOON - timedelta(days=draw.choice([0, 3, 40, 900, 2000]))).timestamp(),
        "responses": 9.0,
        "items": draw.randint(1, 5),
        "forms": draw.choice([1, 3, 1 << 9, 1 | 1 << 9]),
        "competent_at": draw.choice([None, None, NOON]),
    }


def found_in(database: Database, link: Link, filters: Filters = ALL) -> ClassMap:
    with database.reading() as reading:
        return class_map(reading.connection(), ecommerce(), link, filters=filters, now=NOON)


def test_a_large_class_takes_a_handful_of_statements(database: Database, asked: list[str]) -> None:
    link = furnish(database, 300, CODES)
    asked.clear()
    found = found_in(database, link)
    assert len(asked) <= ALLOWED
    assert found.cells.level.shape == (300, 40)
    assert {point.code for point in found.points} == set(CODES)
    assert set(found.cells.n.flatten().tolist()) == {4}


def facts_of(kept: cache.Memory, reading: Reading, point: KnowledgePoint) -> PointFacts:
    return PointFacts(
        reading=reading,
        items=kept.items,
        forms=kept.forms,
        last=kept.row[5],
        was_competent=kept.competent_at is not None,
        review_months=point.review_after_months,
    )


def test_levels_and_statuses_are_those_that_are_read_one_by_one(database: Database) -> None:
    link = furnish(database, 12, CODES)
    found, met = found_in(database, link), set()
    with database.reading() as reading:
        place = cache.find_adopted(reading.connection(), link.organisation_id)
        assert place
        people = [member.subject.uuid for member in found.members]
        known = cache.load_class(reading.connection(), place, people, CODES)
    errors = error_table(dict.fromkeys(people, frozenset(CODES)), people, codes=[each.code for each in found.points])
    months = [point.review_after_months for point in found.points]
    with_errors = status_table(found.cells, months, now=NOON, errors=errors)
    for row, person in enumerate(people):
        standing = known[person]
        for column, point in enumerate(found.points):
            kept = standing.memories[point.code]
            at = NOON.timestamp()
            reading = read_point(
                standing.learner, kept.row, standing.points.get(point.code), at=at, constants=DEFAULT_CONSTANTS
            )
            shown = [float(each[row, column]) for each in (found.cells.level, found.cells.low, found.cells.high)]
            assert shown == pytest.approx([reading.level, reading.low, reading.high], abs=1e-12)
            facts = facts_of(kept, reading, point)
            status = status_of(facts, now=at)
            assert STATUSES[found.status[row, column]] is status
            held_back = status_of(replace(facts, critical_error=True), now=at)
            assert STATUSES[with_errors[row, column]] is held_back
            met.add(status)
    assert met == {Status.DEVELOPING, Status.PROVISIONAL, Status.COMPETENT, Status.REVIEW_DUE}


def test_states_of_people_elsewhere_are_not_read(database: Database) -> None:
    link = furnish(database, 3, CODES[:2])
    with database.transaction() as session:
        stranger = Person(organisation_id=link.organisation_id, uuid="0" * 36, created_at=NOON)
        session.add(stranger)
        place = cache.place_to_advance(session.connection(), link.organisation_id, 0, NOON)
        session.execute(
            insert(MasteryMemory),
            [
                memory(Random(1))
                | {"organisation_id": place.organisation_id, "generation_id": place.generation_id}
                | {"learner": "0" * 36, "code": CODES[0]}
            ],
        )
    assert "0" * 36 not in {member.subject.uuid for member in found_in(database, link).members}


def test_filters_narrow_rows_and_columns(database: Database) -> None:
    link = furnish(database, 12, CODES)
    everything = found_in(database, link)
    unit = everything.unit_of[CODES[0]].code
    assert found_in(database, link, Filters(unit=unit)).columns == [0, 1, 2]
    assert found_in(database, link, Filters(unit="none of ours")).columns == []
    somebody = everything.members[4].subject.uuid
    assert found_in(database, link, Filters(name=somebody[:6])).rows == [4]
    due = found_in(database, link, Filters(status="review-due", point=CODES[1]))
    assert due.columns == [1]
    assert {STATUSES[due.status[row, 1]] for row in due.rows} == {Status.REVIEW_DUE}
    levels = [float(due.cells.level[row, 1]) for row in due.rows]
    assert levels == sorted(levels)


def test_the_weakest_points_are_named_with_what_to_do(database: Database) -> None:
    found = found_in(database, furnish(database, 40, CODES))
    means = {point.code: float(found.cells.level[:, column].mean()) for column, point in enumerate(found.points)}
    assert [weak.point.code for weak in found.weakest] == sorted(means, key=means.__getitem__)[:3]
    columns = {point.code: column for column, point in enumerate(found.points)}
    met = met_table(found.cells)
    for weak in found.weakest:
        assert weak.mean == pytest.approx(means[weak.point.code])
        column = columns[weak.point.code]
        behind = [row for row in range(40) if STATUSES[found.status[row, column]] not in RESTING]
        assert (weak.known, weak.concerned, weak.secure) == (40, len(behind), 40 - len(behind))
        lacked = [
            base.code
            for base in ecommerce().prerequisites_of(weak.point.code)
            if base.code in columns and 2 * sum(not met[row, columns[base.code]] for row in behind) > len(behind)
        ]
        assert (weak.advice.move is ClassMove.BASE_FIRST) == bool(lacked)
        assert weak.target.code == (lacked[0] if lacked else weak.point.code)
        assert [lesson.title for lesson in weak.lessons] == ["Keywords"]


def test_those_concerned_are_found_by_the_filter(database: Database) -> None:
    link = furnish(database, 40, CODES)
    [weak, *_] = found_in(database, link).weakest
    found = found_in(database, link, Filters(point=weak.point.code, status=NOT_SECURE))
    assert len(found.rows) == weak.concerned
    levels = [float(found.cells.level[row, found.columns[0]]) for row in found.rows]
    assert levels == sorted(levels)


def test_what_is_met_and_where_help_is_due_are_as_for_one_learner(database: Database) -> None:
    cells = found_in(database, furnish(database, 12, CODES)).cells
    cells.n[0] = 1
    met, remedial = met_table(cells), remedial_table(cells, cells.items)
    for spot in np.ndindex(cells.n.shape):
        reading = Reading(
            *(float(each[spot]) for each in (cells.level, cells.low, cells.high)),
            int(cells.n[spot]),
            mean=float(cells.mean[spot]),
            sd=float(cells.sd[spot]),
        )
        assert met[spot] == is_met(reading)
        assert remedial[spot] == is_remedial(reading, int(cells.items[spot]))
    assert {*met.flatten().tolist()} == {*remedial.flatten().tolist()} == {True, False}
