"""The evidence of a class: the table equals what each learner's own page shows, and what the ledger's entries say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, insert, select

from lti_tool.db import Direct, Driver
from lti_tool.models import Enrolment, Identity, MasteryGeneration, MasteryUpdate, Person
from lti_tool.services.evidence.entries import list_entries
from lti_tool.services.learners.evidence import ClassLine, class_evidence, learner_evidence, required
from lti_tool.services.learners.evidence_trends import read_trends
from lti_tool.services.mastery.explanations import HEAD, POINT, Head, Point, pack, unpacked
from lti_tool.services.records.learner_records import point_page
from lti_tool.services.records.records import Subject
from lti_tool.services.records.timelines import Sitting, by_day, entries_page
from qualoop.mastery.moves import left, without
from qualoop.policies.multi_form import multi_form_rule
from tests.factories.class_sessions import CHOICE, Classroom
from tests.factories.classrooms import Seat
from tests.integration.programme.steps import link_of

RULE = multi_form_rule()
SERVED = "SEM-1.1"


def subject_of(room: Classroom, seat: Seat) -> Subject:
    return Subject(organisation_id=room.tool.organisation_id, person_id=seat.who.person_id, uuid=seat.who.person_uuid)


def lines(room: Classroom) -> dict[str, ClassLine]:
    parts = room.tool.runtime
    with parts.database.reading() as session:
        connection = session.connection()
        framework = parts.contents.find_framework(connection, room.tool.organisation_id)
        assert framework
        about = required(connection, framework, link_of(room))
        found = class_evidence(session, about, link_of(room), rule=RULE, now=room.tool.clock.now)
    return {line.member.name or "": line for line in found}


def hold_class(room: Classroom, present: Seat) -> None:
    """Hold a class with one question, at which one learner is and votes."""
    room.plan()
    poll = room.ask(**CHOICE)
    room.do("open")
    room.do("roll")
    room.move(poll, "first")
    present.post(f"in-class/{room.row().uuid}/vote", poll=poll, round="1", choice="0")
    present.post(f"in-class/{room.row().uuid}/here", number=room.number())
    room.do("close")


def test_presence_and_votes_are_counted_for_who_was_there(room: Classroom) -> None:
    one, _ = room.learner(1), room.learner(2)
    hold_class(room, one)
    found = lines(room)
    mine, other = found["Learner 1"].process, found["Learner 2"].process
    assert (mine.came, mine.expected, mine.voted, mine.asked) == (1, 1, 1, 1)
    assert (other.came, other.expected, other.voted, other.asked) == (0, 1, 0, 0)


def test_moves_in_arrays_are_those_of_the_entries_and_of_their_explanations(room: Classroom) -> None:
    seat = room.learner(1)
    seat.answer(right=[True, False, True, False])
    seat.finish()
    room.tool.clock.advance(days=3)
    seat.restart()
    seat.answer(right=[False, True, True, False])
    with room.tool.runtime.database.reading() as session:
        connection = session.connection()
        entries = list_entries(connection, room.tool.organisation_id, seat.who.person_uuid)
        codes = {code for entry in entries for code in entry.codes}
        trends = read_trends(connection, room.tool.organisation_id, [seat.who.person_uuid], codes)
    moves = trends[seat.who.person_uuid].moves
    for code in codes:
        own = [entry for entry in entries if code in entry.codes]
        assert len(own) == len(moves[code])
        for entry, move in zip(own, moves[code], strict=True):
            assert move == pytest.approx(entry.moves[code], abs=1e-9)
            [row] = [each for each in entry.explanation["kps"] if each["kp"] == code]
            assert 100 * without([move]).level == pytest.approx(float(row["before"]), abs=0.06)
            assert 100 * left(move).level == pytest.approx(float(row["after"]), abs=0.06)


def test_what_weighs_nothing_is_no_answer_and_no_gap(room: Classroom) -> None:
    """The second of three touches the memory a month later: what it lets fade is not lost."""
    seat, parts = room.learner(1), room.tool.runtime
    seat.answer(right=[True])
    for _ in range(2):
        room.tool.clock.advance(days=30)
        seat.finish()
        seat.restart()
        seat.answer(right=[True])
    with parts.database.transaction() as session:
        own = select(MasteryUpdate).where(MasteryUpdate.learner == seat.who.person_uuid)
        row = session.scalars(own.order_by(MasteryUpdate.event_seq)).all()[1]
        head, points = unpacked(row.numbers)
        assert not any(point.days < 29 for point in points)
        row.numbers = pack([*head._replace(omega=0.0), *(number for point in points for number in point)])
    with parts.database.reading() as session:
        who = seat.who.person_uuid
        trends = read_trends(session.connection(), room.tool.organisation_id, [who], [SERVED])
    moves = trends[who].moves[SERVED]
    assert [move.is_counted for move in moves] == [True, False, True]
    [gain] = lines(room)["Learner 1"].gains
    assert gain.count == 2
    assert gain.first[0] == pytest.approx(without(moves[2:]).level)


def test_what_is_held_back_is_no_gap_on_the_page_of_a_learner(room: Classroom) -> None:
    """The second of three attempts is held: the page has two answers, and what the second let fade has faded."""
    seat, parts = room.learner(1), room.tool.runtime
    seat.answer(right=[True, True])
    for _ in range(2):
        room.tool.clock.advance(days=30)
        seat.finish()
        seat.restart()
        seat.answer(right=[True])
    with parts.database.reading() as session:
        connection = session.connection()
        entries = list_entries(connection, room.tool.organisation_id, seat.who.person_uuid, code=SERVED)
        held = frozenset({entries[2].evidence.attempt})
        subject = replace(subject_of(room, seat), hidden=held)
        framework = parts.contents.find_framework(connection, room.tool.organisation_id)
        assert framework
        about = required(connection, framework, link_of(room))
        page = learner_evidence(
            session, parts.contents, about, link_of(room), subject=subject, rule=RULE, language="en"
        )
        asked = {"code": SERVED, "before": None, "language": "en", "now": room.tool.clock.now}
        point = point_page(connection, parts.contents, framework, subject, **asked)
        shown = entries_page(connection, room.tool.organisation_id, seat.who.person_uuid, before=None, hidden=held)
    walked = [entry.move(SERVED, is_counted=number != 2) for number, entry in enumerate(entries)]
    expected = without(walked[1:]).level
    lost = without([move for move in walked[1:] if move.is_counted]).level
    assert expected != pytest.approx(lost, abs=1e-4)
    [gain] = page.gains
    assert gain.count == 3
    assert gain.first[0] == pytest.approx(expected)
    assert point.gain
    assert point.gain.count == 3
    assert point.gain.first_level == pytest.approx(expected)
    assert [len(day.sittings) for day in by_day(shown.entries, shown.read)] == [1, 1]


def test_two_sittings_that_interleave_fade_over_each_other(room: Classroom) -> None:
    """Six answers by turns in two attempts, late on one day: each sitting lets the other's memory fade."""
    seat = room.learner(1)
    for _ in range(6):
        seat.answer(right=[True])
        seat.finish()
        seat.restart()
        room.tool.clock.advance(hours=1)
    with room.tool.runtime.database.reading() as session:
        found = list_entries(session.connection(), room.tool.organisation_id, seat.who.person_uuid)
    entries = [
        replace(entry, evidence=replace(entry.evidence, attempt=f"a{number % 2}")) for number, entry in enumerate(found)
    ]
    own = [entry for entry in entries if entry.evidence.attempt == "a0"]
    others = [entry for entry in entries if entry.evidence.attempt == "a1"]
    walked = [entry.move(SERVED, is_counted=number % 2 == 0) for number, entry in enumerate(entries)]
    [change] = Sitting(entries=tuple(reversed(own)), others=tuple(others)).changes
    assert change.before == pytest.approx(without(walked).level)
    assert change.after == pytest.approx(left(walked[4]).level)
    [lost] = Sitting(entries=tuple(reversed(own))).changes
    assert change.before != pytest.approx(lost.before, abs=1e-4)


def test_who_was_right_twice_in_class_has_gained_whoever_answered_in_between(room: Classroom) -> None:
    """Three learners on a fresh knowledge point: the others come from wrong, so that it shows to be hard."""
    seats = [room.learner(number) for number in (1, 2, 3)]
    room.plan()
    poll = room.ask(**CHOICE)
    room.do("open")
    for number, (state, after, choices) in enumerate(
        (("first", ("first-closed", "discussion"), "011"), ("second", ("second-closed",), "001")), start=1
    ):
        room.move(poll, state)
        for seat, choice in zip(seats, choices, strict=True):
            room.vote(seat, poll, number, choice=choice)
        for following in after:
            room.move(poll, following)
    room.do("close")
    found, parts, together = lines(room), room.tool.runtime, dict[str, float]()
    for seat, name, rises in zip(seats, ("Learner 1", "Learner 2", "Learner 3"), (True, True, False), strict=True):
        [gain] = found[name].gains
        assert (gain.gain > 0) is rises
        with parts.database.reading() as session:
            entries = list_entries(session.connection(), room.tool.organisation_id, seat.who.person_uuid)
        [row] = entries[-1].explanation["kps"]
        assert 100 * gain.gain == pytest.approx(float(row["after"]) - float(row["before"]), abs=0.11)
        [[change]] = [sitting.changes for day in by_day(entries) for sitting in day.sittings]
        together[name] = change.gain
    # What a sitting did holds its first answer, too.
    assert together["Learner 1"] > 0 > together["Learner 3"]
    page = seats[0].get(f"record/{gain.code}/").text
    assert "has raised the level from" in page
    assert "has lowered" not in page


def test_the_table_and_the_page_of_a_learner_agree(room: Classroom) -> None:
    seat = room.learner(1)
    seat.answer(right=[True, False, True, True])
    hold_class(room, seat)
    line, parts = lines(room)["Learner 1"], room.tool.runtime
    with parts.database.reading() as session:
        connection = session.connection()
        framework = parts.contents.find_framework(connection, room.tool.organisation_id)
        assert framework
        about = required(connection, framework, link_of(room))
        page = learner_evidence(
            session, parts.contents, about, link_of(room), subject=subject_of(room, seat), rule=RULE, language="en"
        )
    assert page.process == line.process
    assert [(gain.code, gain.count) for gain in page.gains] == [(gain.code, gain.count) for gain in line.gains]
    assert page.mean_gain == pytest.approx(line.mean_gain, abs=2e-3)
    assert (page.forms.forms, page.forms.assessors) == (line.forms.forms, line.forms.assessors)


def test_nobody_of_another_course_is_in_the_table(room: Classroom, another: Classroom) -> None:
    room.learner(1, "Only Here")
    another.learner(2, "Only There")
    assert set(lines(room)) == {"Only Here"}
    assert set(lines(another)) == {"Only There"}


def test_a_class_of_300_takes_no_more_statements_than_one_of_one(
    room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.learner(1).answer(right=[True])
    of_one = statements(room, monkeypatch)
    fill(room, 300, 20)
    assert statements(room, monkeypatch) == of_one
    assert room.teacher.get("class/evidence/").text.count('role="rowheader"') == 301
    assert len(room.teacher.get("class/evidence.csv").text.splitlines()) == 302


def statements(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many statements the table of the class takes, by the connection or by its driver."""
    counted: list[str] = []
    engine, run = room.tool.runtime.database.engine, Driver.run

    def count(*told: object) -> None:
        counted.append("")

    def run_counted(self: Driver, statement: Direct, parameters: Sequence[Any]) -> Any:
        counted.append("")
        return run(self, statement, parameters)

    with monkeypatch.context() as patched:
        patched.setattr(Driver, "run", run_counted)
        event.listen(engine, "before_cursor_execute", count)
        lines(room)
        event.remove(engine, "before_cursor_execute", count)
    return len(counted)


def fill(room: Classroom, learners: int, answers: int) -> None:
    """Put learners with answers on SEM-1.1 into the course, row by row as evidence leaves them."""
    # The last two are a rater's severity: nobody judged.
    numbers = pack([*([0.5] * (HEAD - 2)), 0.0, 0.0, *([0.2] * POINT)])
    assert len(numbers) == 4 * (len(Head._fields) + len(Point._fields))
    organisation, now = {"organisation_id": room.tool.organisation_id}, room.tool.clock.now
    with room.tool.runtime.database.transaction() as session:
        generation = session.scalar(
            select(MasteryGeneration.id).where(MasteryGeneration.organisation_id == room.tool.organisation_id)
        )
        for number in range(learners):
            uuid = f"00000000-0000-4000-8000-{link_of(room).context_id:06}{number:06}"
            person = Person(**organisation, uuid=uuid, created_at=now)
            session.add(person)
            session.flush()
            named = {**organisation, "person_id": person.id, "updated_at": now}
            name, registration = f"Learner {number:03}", link_of(room).registration_id
            session.add(Enrolment(**named, context_id=link_of(room).context_id, roles="learner"))
            session.add(Identity(**named, registration_id=registration, subject=uuid, name=name))
            rows = [
                {
                    **organisation,
                    "generation_id": generation,
                    "learner": uuid,
                    "event_seq": 10**9 + number * 1000 + each,
                    "codes": ";SEM-1.1;",
                    "numbers": numbers,
                }
                for each in range(answers)
            ]
            session.execute(insert(MasteryUpdate), rows)
