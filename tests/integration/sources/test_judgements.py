"""A mark that is told again with a later try revises the one before: a repeat is never a second piece of evidence."""

from __future__ import annotations

import json
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from lti_tool.models import Job, LedgerEvent, MasteryGeneration, MasteryMemory, Organisation, SourceScore
from lti_tool.services.evidence import corrections
from lti_tool.services.evidence.corrected import list_corrected
from lti_tool.services.evidence.entries import list_entries
from lti_tool.services.ledger.standings import read_standings
from lti_tool.services.sources import sources
from lti_tool.services.sources.evidence import record_batch
from lti_tool.services.sources.sources import KnownSource
from qualoop.ledger import Reason
from qualoop.values import Score
from tests.factories.classrooms import enter
from tests.factories.replays import run_replay
from tests.factories.sources import INLINE, INLINE_HASH, Site, event, shipped_parts
from tests.factories.tool import SECRET, Tool
from tests.integration.sources.test_evidence import inbox, recorded

OTHER_ID = "00000000-0000-4000-8000-00000000aaaa"
OTHER_HASH = "cd" * 32


def mark(number: int = 1, **changed: Any) -> dict[str, Any]:
    """Return a row of a rubric sheet that the teacher t-1 has marked."""
    return event(number, **{"rater": "t-1", "form": "observation", "occasion": "sheet:4:assessor", **changed})


def own(number: int, **changed: Any) -> dict[str, Any]:
    """Return such a row of a version that the site carries itself."""
    return mark(number, **{"activity": INLINE, "content": INLINE_HASH, "part": "q1", **changed})


def revised(tool: Tool) -> list[LedgerEvent]:
    with tool.runtime.database.reading() as session:
        query = select(LedgerEvent).where(LedgerEvent.type == "assertion.revised").order_by(LedgerEvent.id)
        return [*session.scalars(query)]


def standing_scores(tool: Tool) -> list[str | None]:
    """Return the score that each piece of evidence has now, None where it is voided."""
    with tool.runtime.database.connection() as connection:
        standings = read_standings(connection, tool.organisation_id)
    found: list[str | None] = []
    for row in recorded(tool):
        standing = standings.get(row.uuid)
        score = Score(json.loads(row.body)["score"]) if standing is None else standing.score
        found.append(None if score is None else score.as_text())
    return found


def memories(tool: Tool) -> dict[str, tuple[float, float]]:
    """Return slow memory and number of responses by knowledge point, as they are adopted."""
    with tool.runtime.database.reading() as session:
        rows = session.execute(
            select(MasteryMemory.code, MasteryMemory.m, MasteryMemory.n)
            .join(MasteryGeneration, MasteryGeneration.id == MasteryMemory.generation_id)
            .where(MasteryGeneration.state == "adopted")
        )
        return {code: (m, n) for code, m, n in rows}


def correct(tool: Tool, row: LedgerEvent, score: str | None) -> None:
    request = corrections.Request(
        target=UUID(row.uuid),
        reason=Reason.ERROR,
        actor="somebody",
        score=None if score is None else Score(score),
    )
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        corrections.correct(session, organisation, request, secret=SECRET, now=tool.clock())


@pytest.mark.parametrize("at_once", [True, False], ids=["one batch", "two batches"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"form": "project", "occasion": "sheet:6:peer"},
        {"form": "process", "occasion": ""},
    ],
    ids=["observation", "project", "points"],
)
def test_a_mark_that_was_changed_is_one_piece_of_evidence(
    tool: Tool, site: Site, *, at_once: bool, given: dict[str, str]
) -> None:
    slip, mended = mark(score="0", **given), mark(2, score="1", total="0.75", **given, **{"try": 2})
    told = site.send(slip, mended) if at_once else [*site.send(slip), *site.send(mended)]
    assert told == ["accepted", "accepted"]
    assert standing_scores(tool) == ["1"]
    [first], [later] = recorded(tool), revised(tool)
    assert json.loads(first.body)["score"] == "0"
    assert json.loads(later.body) == {"target": first.uuid, "reason": "superseded", "score": "1"}
    teacher = enter(tool, "t-1", role="teacher").who.person_uuid
    assert (later.source, later.source_id, later.attempt) == ("source:open-edx", mended["id"], "2")
    assert (later.learner, later.actor) == (first.learner, teacher)
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(SourceScore.value)).all() == ["0.75"]
        assert session.scalar(select(func.count()).select_from(Job)) == 1


def test_mastery_is_that_of_the_changed_mark_alone_after_the_replay(tool: Tool, site: Site) -> None:
    site.send(mark(score="0"))
    site.send(mark(2, score="1", **{"try": 2}))
    run_replay(tool)
    assert memories(tool)
    assert all(m > 0 and n == 1 for m, n in memories(tool).values())


def test_what_comes_again_is_revised_once(tool: Tool, site: Site) -> None:
    slip, mended = mark(score="0"), mark(2, score="1", **{"try": 2})
    assert site.send(slip, mended) == ["accepted", "accepted"]
    for _ in range(2):
        assert site.send(slip, mended) == ["duplicate", "duplicate"]
    assert site.send(mended) == ["duplicate"]
    assert (len(recorded(tool)), len(revised(tool)), inbox(tool)) == (1, 1, [])


def test_something_else_under_the_id_of_a_revision_goes_to_a_person(tool: Tool, site: Site) -> None:
    site.send(mark(score="0"), mark(2, score="1", **{"try": 2}), mark(1, id=OTHER_ID, learner="s-2", rater="t-2"))
    assert site.send(mark(2, score="0.5", **{"try": 2})) == ["event-conflict"]
    assert site.send(mark(2, score="1", rater="t-2", **{"try": 2})) == ["event-conflict"]
    assert inbox(tool) == [("evidence-conflict", ["keep"])]
    assert standing_scores(tool) == ["1", "1"]


def test_the_highest_try_holds_in_whatever_order_they_come(tool: Tool, site: Site) -> None:
    tries = [mark(number, score=score, **{"try": number}) for number, score in ((1, "0"), (2, "0.25"), (3, "1"))]
    assert site.send(tries[2]) == ["accepted"]
    assert site.send(tries[0]) == ["duplicate"]
    assert site.send(tries[1]) == ["duplicate"]
    assert standing_scores(tool) == ["1"]
    assert site.send(mark(4, score="0.75", **{"try": 4})) == ["accepted"]
    assert standing_scores(tool) == ["0.75"]
    assert site.ask("POST", "/api/v1/evidence", {"events": [tries[1]]}).json["gaps"] == []


def test_a_try_that_says_the_same_score_is_known_too(tool: Tool, site: Site) -> None:
    for number in (1, 3):
        assert site.send(mark(number, score="0.5", **{"try": number})) == ["accepted"]
    learner = recorded(tool)[0].learner
    assert site.send(mark(2, score="1", **{"try": 2})) == ["duplicate"], "the third holds"
    assert site.send(mark(3, score="0.5", **{"try": 3})) == ["duplicate"]
    assert (standing_scores(tool), len(revised(tool)), inbox(tool)) == (["0.5"], 1, [])
    assert learner
    with tool.runtime.database.connection() as connection:
        place = (connection, tool.organisation_id, learner)
        assert list_corrected(*place) == [], "there is nothing to tell anybody of"
        assert [entry.correction for entry in list_entries(*place)] == [None]
    assert site.send(mark(4, score="1", **{"try": 4})) == ["accepted"]
    with tool.runtime.database.connection() as connection:
        assert [each.score for each in list_corrected(connection, tool.organisation_id, learner)] == [Score("1")]
    assert standing_scores(tool) == ["1"]


def test_a_try_before_one_that_was_voided_does_not_come_back(tool: Tool, site: Site) -> None:
    site.send(mark(1, score="0"))
    site.send(mark(3, score="1", **{"try": 3}))
    correct(tool, recorded(tool)[0], None)
    assert site.send(mark(2, score="0.25", **{"try": 2})) == ["duplicate"]
    assert site.send(mark(3, score="0.25", id=OTHER_ID, **{"try": 3})) == ["duplicate"]
    assert standing_scores(tool) == [None]
    assert site.send(mark(5, score="0.75", **{"try": 5})) == ["accepted"]
    assert site.send(mark(4, score="0.25", **{"try": 4})) == ["duplicate"]
    assert standing_scores(tool) == [None, "0.75"], "the mark was changed after that"


def test_a_first_try_beside_a_voided_one_is_a_judgement_of_its_own(tool: Tool, site: Site) -> None:
    assert site.send(mark(2, score="0")) == ["accepted"]
    correct(tool, recorded(tool)[0], None)
    assert site.send(mark(1, score="1")) == ["accepted"], "late as it is: who never counts tries loses nothing"
    assert standing_scores(tool) == [None, "1"]


def test_several_changes_in_one_batch_follow_their_numbers(tool: Tool, site: Site) -> None:
    back = mark(3, score="0", **{"try": 3})
    assert site.send(back, mark(score="0"), mark(2, score="1", **{"try": 2})) == ["accepted"] * 3
    assert (standing_scores(tool), len(revised(tool))) == (["0"], 2)


@pytest.mark.parametrize(
    "changed",
    [
        {"learner": "s-2", "sequence": 1},
        {"attempt": "attempt-2"},
        {"rater": "t-2"},
        {"part": "other"},
        {"rater": None, "form": "quiz", "occasion": ""},
    ],
    ids=["learner", "attempt", "rater", "part", "machine"],
)
def test_what_is_of_another_judgement_stands_for_itself(tool: Tool, site: Site, changed: dict[str, Any]) -> None:
    if "part" in changed:
        changed = {"part": shipped_parts()[1]}
    site.send(mark(score="0"))
    assert site.send(mark(2, score="1", **{"try": 2}, **changed)) == ["accepted"]
    assert (standing_scores(tool), revised(tool)) == (["0", "1"], [])


def test_a_learners_second_try_is_a_meeting_of_its_own(tool: Tool, site: Site) -> None:
    assert site.send(event(score="0"), event(2, score="1", **{"try": 2})) == ["accepted", "accepted"]
    assert (standing_scores(tool), revised(tool)) == (["0", "1"], [])


def test_the_same_try_under_another_id_is_another_judgement(tool: Tool, site: Site) -> None:
    assert site.send(mark(score="0")) == ["accepted"]
    assert site.send(mark(2, score="1")) == ["accepted"]
    assert standing_scores(tool) == ["0", "1"]


def test_what_people_decided_about_a_mark_holds_until_it_is_changed(tool: Tool, site: Site) -> None:
    site.send(mark(score="0"))
    correct(tool, recorded(tool)[0], "0.5")
    assert site.send(mark(2, score="0.75", **{"try": 2})) == ["accepted"]
    assert standing_scores(tool) == ["0.75"]
    correct(tool, recorded(tool)[0], None)
    assert site.send(mark(3, score="1", **{"try": 3})) == ["accepted"]
    assert standing_scores(tool) == [None, "1"], "what was voided stays void, and the mark counts anew"
    assert site.send(mark(4, score="0.25", **{"try": 4})) == ["accepted"]
    assert standing_scores(tool) == [None, "0.25"]


def test_marks_of_a_version_that_was_not_there_are_one_piece_too(tool: Tool, site: Site) -> None:
    assert site.send(own(1, score="0"), own(2, score="1", **{"try": 2})) == ["waits", "waits"]
    site.register()
    assert standing_scores(tool) == ["1"]
    # The content was renewed before the mark was changed: it is the same row of the same work.
    site.register(content=OTHER_HASH)
    assert site.send(own(3, score="0.5", content=OTHER_HASH, **{"try": 3})) == ["accepted"]
    assert (standing_scores(tool), len(recorded(tool))) == (["0.5"], 1)


def test_a_version_that_comes_beside_a_batch_makes_no_second_piece(tool: Tool, site: Site) -> None:
    site.register(content=OTHER_HASH)
    assert site.send(own(1, score="0")) == ["waits"]
    later = own(2, score="1", content=OTHER_HASH, **{"try": 2})
    with tool.runtime.database.reading() as session:
        row = sources.get(session, tool.organisation_id, "open-edx")
        source = KnownSource(
            id=row.id, organisation_id=row.organisation_id, key=row.key, registration_id=row.registration_id
        )
    with ThreadPoolExecutor(1) as registering:
        with tool.runtime.database.connection() as connection:
            record_batch(connection, source, [later], now=tool.clock())
            registered = registering.submit(site.register)
            wait_until_blocked(tool, registered)
        assert registered.result().json["taken_up"] == 1
    assert standing_scores(tool) == ["1"]


def wait_until_blocked(tool: Tool, other: Future[Any]) -> None:
    """Wait until another transaction waits for a lock; on SQLite it does from its beginning."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    deadline = time.monotonic() + 20
    while not tool.runtime.database.is_sqlite and not other.done() and time.monotonic() < deadline:
        with tool.runtime.database.snapshot() as connection:
            if connection.scalar(waiting):
                return
        time.sleep(0.01)
