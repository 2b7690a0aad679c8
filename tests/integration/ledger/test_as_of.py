"""Two times: what was known at one moment about another one."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from lti_tool.services.ledger.as_of import MomentUnreadableError, evidence_as_of, read_moment
from tests.factories.tool import NOON
from tests.integration.ledger.conftest import School

LEARNER = str(uuid.UUID(int=5))
HOUR = timedelta(hours=1)


def believed(school: School, *, at: int, about: int) -> dict[str, str | None]:
    """Return part -> score, as known ``at`` hours after noon about what had happened ``about`` hours after noon."""
    with school.tool.runtime.database.reading() as session:
        rows = evidence_as_of(
            session.connection(),
            school.tool.organisation_id,
            LEARNER,
            recorded_by=NOON + at * HOUR,
            occurred_by=NOON + about * HOUR,
        )
    return {row.evidence.part: None if row.score is None else row.score.as_text() for row in rows}


def test_what_arrives_late_was_not_known_before(school: School) -> None:
    school.record(LEARNER, "on-time")
    school.tool.clock.advance(hours=3)
    school.record(LEARNER, "late", occurred_at=NOON + HOUR)
    assert believed(school, at=2, about=2) == {"on-time": "0.5"}
    assert believed(school, at=3, about=2) == {"on-time": "0.5", "late": "0.5"}
    assert believed(school, at=3, about=0) == {"on-time": "0.5"}


def test_corrections_count_from_when_they_were_made(school: School) -> None:
    first = school.record(LEARNER, "voided-later")
    second = school.record(LEARNER, "revised-later")
    school.tool.clock.advance(hours=1)
    void = school.correct(first.uuid)
    school.correct(second.uuid, "1")
    school.tool.clock.advance(hours=1)
    school.correct(void.uuid)
    assert believed(school, at=0, about=5) == {"voided-later": "0.5", "revised-later": "0.5"}
    assert believed(school, at=1, about=5) == {"voided-later": None, "revised-later": "1"}
    assert believed(school, at=2, about=0) == {"voided-later": "0.5", "revised-later": "1"}


def test_a_belief_names_what_corrected_it(school: School) -> None:
    event = school.record(LEARNER, "p-1")
    made = school.correct(event.uuid)
    with school.tool.runtime.database.reading() as session:
        (row,) = evidence_as_of(
            session.connection(), school.tool.organisation_id, LEARNER, recorded_by=NOON, occurred_by=NOON
        )
    assert row.standing
    assert (row.uuid, row.standing.by, row.evidence.score.as_text()) == (event.uuid, str(made.uuid), "0.5")


def test_nobody_elses_evidence_is_in_it(school: School) -> None:
    school.record(str(uuid.UUID(int=6)), "of-another")
    other = school.another()
    school.record(LEARNER, "own")
    assert believed(school, at=5, about=5) == {"own": "0.5"}
    with school.tool.runtime.database.reading() as session:
        assert evidence_as_of(session.connection(), other.id, LEARNER, recorded_by=NOON, occurred_by=NOON) == ()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02", datetime(2026, 3, 2, 23, 59, 59, 999999, UTC)),
        ("2026-03-02T08:00", datetime(2026, 3, 2, 8, tzinfo=UTC)),
        ("2026-03-02T08:00+08:00", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-03-02T08:00:00.000001Z", datetime(2026, 3, 2, 8, 0, 0, 1, UTC)),
    ],
)
def test_a_date_means_its_end_and_a_time_itself(text: str, moment: datetime) -> None:
    assert read_moment(text) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "2026-03-02T25:00", "0001-01-01T00:00+14:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(MomentUnreadableError):
        read_moment(text)
