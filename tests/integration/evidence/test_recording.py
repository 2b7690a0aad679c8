"""Evidence is recorded once, whole or not at all, whether it comes one by one or in batches, and in whatever order."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lti_tool.db import Direct, Driver
from lti_tool.models import InboxItem, MasteryMeeting, MasteryUpdate, TagSet
from lti_tool.services.evidence import entries as evidence_entries
from lti_tool.services.evidence.evidence import Submission
from lti_tool.services.mastery import cache, rows
from lti_tool.services.mastery.tables import KINDS
from qualoop.ledger import EvidenceForm
from qualoop.values import Score
from tests.factories.evidence import NOON
from tests.integration.evidence.conftest import Desk


def spread(desk: Desk, count: int, *, seed: int) -> list[Submission]:
    """Return answers over some days, the last of them now."""
    submissions = desk.school.submissions(count, seed=seed)
    return [
        replace(each, occurred_at=NOON - timedelta(hours=count - number)) for number, each in enumerate(submissions, 1)
    ]


def test_a_batch_gives_the_bits_of_single_answers(desk: Desk) -> None:
    submissions = spread(desk, 60, seed=1)
    for submission in submissions[:30]:
        desk.record(submission)
    desk.record_many(submissions[30:])
    assert desk.states() == desk.replayed()
    assert len(desk.states()["mastery_memory"]) > 10, "there is something to compare"


def test_a_repeat_is_no_second_event(desk: Desk) -> None:
    first, second = spread(desk, 2, seed=1)
    done = desk.record(first)
    states = desk.states()
    assert done.seq is not None
    assert desk.record(first).seq is None
    assert desk.states() == states
    assert [each.seq is None for each in desk.record_many([first, second, second])] == [True, False, True]
    assert len(desk.events()) == 2


def test_another_payload_under_the_same_key_goes_to_the_inbox(desk: Desk) -> None:
    (first,) = spread(desk, 1, seed=1)
    desk.record(first)
    other = next(learner for learner in desk.school.learners if learner != first.learner)
    assert desk.record(replace(first, learner=other)).seq is None
    assert len(desk.events()) == 1
    with desk.database.reading() as session:
        assert session.scalars(select(InboxItem.reason)).all() == ["evidence-conflict"]


def test_late_evidence_is_applied_when_it_arrives(desk: Desk) -> None:
    newest, *others = spread(desk, 8, seed=3)
    desk.record(replace(newest, occurred_at=NOON))
    for late in others:
        desk.record(replace(late, learner=newest.learner))
    assert desk.states() == desk.replayed()
    assert [row[-1] for row in desk.states()["mastery_learner"]] == [8.0]


def test_writers_at_once_leave_what_a_replay_gives(desk: Desk) -> None:
    """Four writers with the same few learners, items and knowledge points: sequence numbers are the order of application."""
    shares = [spread(desk, 12, seed=seed) for seed in range(4)]

    def write(submissions: list[Submission]) -> None:
        for submission in submissions:
            desk.record(submission)

    desk.record(next(desk.school.submissions(1, seed=99)))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, shares))
    assert len(desk.events()) == 49
    assert desk.states() == desk.replayed()


def test_batches_at_once_do_not_lock_each_other_out(desk: Desk) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(desk.record_many, [spread(desk, 90, seed=seed) for seed in range(3)]))
    assert len(desk.events()) == 270
    assert desk.states() == desk.replayed()


def test_the_first_answers_of_all_share_one_generation(desk: Desk) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(desk.record, spread(desk, 4, seed=1)))
    assert desk.states() == desk.replayed()


def test_what_weighs_nothing_is_kept_and_moves_nothing(desk: Desk) -> None:
    (given,) = spread(desk, 1, seed=1)
    attended = replace(given, evidence=replace(given.evidence, form=EvidenceForm.ATTENDANCE))
    assert desk.record(attended).seq is not None
    states = desk.states()
    assert states.pop("mastery_meeting") == [(given.learner, f"{given.evidence.activity}/{given.evidence.part}", -1)]
    assert set(map(len, states.values())) == {0}


def test_a_rater_is_judged_too(desk: Desk) -> None:
    (given,) = spread(desk, 1, seed=1)
    rated = replace(given.evidence, form=EvidenceForm.OBSERVATION, rater="rater-1", hints=0, score=Score("0.25"))
    desk.record(replace(given, evidence=rated))
    ((rater, severity, variance),) = desk.states()["mastery_rater"]
    assert (rater, severity > 0, variance < 0.1) == ("rater-1", True, True)
    assert desk.states() == desk.replayed()


def test_items_and_forms_are_counted_once(desk: Desk) -> None:
    (given,) = spread(desk, 1, seed=1)
    for number in range(3):
        desk.record(replace(given, source=("player", f"again-{number}", "1")))
    exam = replace(given.evidence, form=EvidenceForm.EXAM, score=Score("1"))
    desk.record(replace(given, evidence=exam, source=("exam", "1", "1")))
    with desk.database.connection() as connection:
        place = cache.place_to_advance(connection, desk.school.organisation_id, 0, NOON)
        (update, *_) = cache.list_updates(connection, place, given.learner)
        code = update.codes[0]
        memory = cache.load_learner(connection, place, given.learner, [code]).memories[code]
    assert (memory.row[4], memory.items, memory.forms) == (4.0, 1, 0b101)


def test_an_untagged_part_is_kept_and_waits(desk: Desk) -> None:
    (given,) = spread(desk, 1, seed=1)
    with desk.database.transaction() as session:
        for tag_set in session.scalars(select(TagSet)):
            session.delete(tag_set)
    assert desk.record(given).seq is not None
    with desk.database.reading() as session:
        assert session.scalars(select(InboxItem.reason)).all() == ["part-untagged"]
        assert session.scalar(select(func.count()).select_from(MasteryMeeting)) == 0


def test_a_newer_tag_set_waits_for_a_replay(desk: Desk) -> None:
    first, second = spread(desk, 2, seed=1)
    second = replace(second, evidence=replace(first.evidence, attempt="2"))
    desk.record(first)
    with desk.database.transaction() as session:
        for old in session.scalars(select(TagSet)).all():
            new = TagSet(
                organisation_id=old.organisation_id,
                version_id=old.version_id,
                hash="8" * 64,
                framework=old.framework,
                tags={part: {"NEW.1": "1"} for part in old.tags},
                adopted_at=NOON + timedelta(seconds=1),
            )
            session.add(new)
    desk.record(second)
    with desk.database.reading() as session:
        codes = session.scalars(select(MasteryUpdate.codes).order_by(MasteryUpdate.event_seq)).all()
    assert codes[0] == codes[1] != ";NEW.1;"


def test_entries_tell_what_happened(desk: Desk) -> None:
    (given, *more) = spread(desk, 12, seed=1)
    desk.record_many([given, *(replace(each, learner=given.learner) for each in more)])
    with desk.database.connection() as connection:
        organisation = desk.school.organisation_id
        entries = evidence_entries.list_entries(connection, organisation, given.learner)
        newest = evidence_entries.list_entries(connection, organisation, given.learner, limit=2, newest_first=True)
        code = entries[0].codes[0]
        some = evidence_entries.list_entries(connection, organisation, given.learner, code=code, before=entries[-1].seq)
    assert [entry.seq for entry in entries] == sorted(entry.seq for entry in entries)
    assert newest == [entries[-1], entries[-2]]
    assert some == [entry for entry in entries[:-1] if code in entry.codes]
    assert entries[0].evidence == given.evidence
    assert entries[0].explanation["weight"]["table"] == "w2"


def test_a_learner_of_another_organisation_has_no_entries(desk: Desk) -> None:
    (given,) = spread(desk, 1, seed=1)
    desk.record(given)
    with desk.database.connection() as connection:
        assert evidence_entries.list_entries(connection, desk.school.organisation_id + 1, given.learner) == ()


@pytest.mark.parametrize("count", [2, 5])
def test_a_class_is_read_like_its_learners(desk: Desk, count: int) -> None:
    desk.record_many(spread(desk, 40, seed=1))
    people = desk.school.learners[:count]
    codes = [row[1] for row in desk.states()["mastery_memory"]]
    with desk.database.connection() as connection:
        place = cache.place_to_advance(connection, desk.school.organisation_id, 0, NOON)
        known = cache.load_class(connection, place, people, codes)
        assert known == {each: cache.load_learner(connection, place, each, codes) for each in people}
        assert cache.load_class(connection, place, [], codes) == {}
    states = {row[:2]: list(row[2:9]) for row in desk.states()["mastery_memory"] if row[0] in people}
    assert {(who, code): m.row for who, each in known.items() for code, m in each.memories.items()} == states


def test_an_answer_never_reads_a_whole_generation(desk: Desk) -> None:
    """PostgreSQL knows little of tables that have just grown: it must look rows up all the same."""
    desk.record_many(spread(desk, 60, seed=1))
    if desk.database.is_sqlite:
        return  # SQLite is asked for each row by its key.
    given = json.dumps([["somebody", "something"]])
    with desk.database.connection() as connection:
        explain = Direct(f"EXPLAIN {rows.LOAD_ALL.sqlite}")
        plan = [row[0] for row in Driver(connection).all(explain, [given, 1] * len(KINDS))]
    conditions = [line for line in plan if "Index Cond" in line]
    assert len(conditions) == len(KINDS)
    assert all("given ->> 0" in line for line in conditions)
