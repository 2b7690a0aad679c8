"""What cannot be evidence is refused with row and field, and then nothing of the whole batch is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from lti_tool.models import Attempt, LedgerEvent
from lti_tool.services.evidence.checks import MOST_TOLD, Fault
from lti_tool.services.evidence.evidence import EvidenceBatchRefusedError, Recorded, record_rows
from tests.factories.evidence import NOON, TAGS_HASH, content_of
from tests.factories.schools import make_school
from tests.integration.evidence.conftest import Desk

GOOD: dict[str, Any] = {
    "learner": "00000000-0000-0000-0000-0000000003e8",
    "source": "csv",
    "source_id": "line-1",
    "source_attempt": "1",
    "occurred_at": "2026-03-02T11:00:00+00:00",
    "activity": "activity-1",
    "attempt": "paper-7",
    "content": content_of("activity-1"),
    "form": "exam",
    "hints": 0,
    "part": "item-1",
    "rater": "auto",
    "score": "0.5",
    "try": 1,
}


def import_rows(desk: Desk, rows: list[dict[str, Any]]) -> list[Recorded]:
    with desk.database.connection() as connection:
        return record_rows(connection, desk.school.organisation_id, rows, now=NOON)


def refused(desk: Desk, *changes: dict[str, Any]) -> EvidenceBatchRefusedError:
    """Return why a batch with such rows behind a good one is refused, and make sure that nothing was written."""
    with pytest.raises(EvidenceBatchRefusedError) as caught:
        import_rows(desk, [GOOD, *({**GOOD, "source_id": f"line-{n}"} | change for n, change in enumerate(changes, 2))])
    with desk.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LedgerEvent)) == 0
    return caught.value


def test_good_rows_are_recorded(desk: Desk) -> None:
    late = {**GOOD, "source_id": "line-2", "occurred_at": "2026-03-01T19:00:00+08:00", "tags": TAGS_HASH}
    done = import_rows(desk, [GOOD, late])
    assert [each.uuid for each in done] == [uuid for _, uuid in desk.events()]
    assert desk.states() == desk.replayed()


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("score", "1.01", "a score lies in [0, 1]"),
        ("score", "-0.1", "a score lies in [0, 1]"),
        ("score", "NaN", "a score lies in [0, 1]"),
        ("score", 0.5, "is text"),
        ("score", "half", "not a number"),
        ("part", "item-99", "activity-1 has no part 'item-99'"),
        ("content", "e" * 64, "no version"),
        ("content", "latest", "64 hexadecimal digits"),
        ("form", "rumour", "is one of"),
        ("form", "prior_learning", "is no evidence"),
        ("occurred_at", "2026-03-02T12:00:01+00:00", "lies in the future"),
        ("occurred_at", "2026-03-02T11:00:00", "with an offset"),
        ("occurred_at", "yesterday", "with an offset"),
        ("tags", "9" * 64, "there is no tag set"),
        ("learner", "", "never empty"),
        ("learner", "x" * 37, "at most 36"),
        ("rater", "r" * 65, "at most 64"),
        ("attempt", "half of \ud83d", "cannot be printed"),
        ("source_id", "line\x00", "cannot be printed"),
        ("actor", 7, "is text"),
        ("try", 0, "less than can be"),
        ("hints", True, "is a whole number"),
        ("knowledge_point", "SEM-1.1", "no place in evidence"),
    ],
)
def test_a_fault_names_row_and_field(desk: Desk, field: str, value: object, told: str) -> None:
    (fault,) = refused(desk, {field: value}).faults
    assert (fault.row, fault.field) == (2, field)
    assert told in fault.message


def test_an_unknown_activity_has_no_such_content(desk: Desk) -> None:
    (fault,) = refused(desk, {"activity": "activity-77"}).faults
    assert (fault.row, fault.field) == (2, "content")
    assert "of activity-77 is installed" in fault.message


def test_every_fault_of_every_row_is_told(desk: Desk) -> None:
    error = refused(desk, {"score": "2", "occurred_at": "?"}, {"part": "item-99"}, {"occurred_at": "2027-01-01T00:00Z"})
    places = [(fault.row, fault.field) for fault in error.faults]
    assert places == [(2, "occurred_at"), (2, "score"), (3, "part"), (4, "occurred_at")]
    assert str(error).splitlines()[2] == str(error.faults[2]) == "row 3, part: " + error.faults[2].message


def test_a_long_list_of_faults_is_cut_short(desk: Desk) -> None:
    error = refused(desk, *({"part": "item-99"} for _ in range(MOST_TOLD + 5)))
    assert len(error.faults) == MOST_TOLD + 5
    assert str(error).splitlines()[-1] == "and 5 more"


def test_nothing_happens_before_its_attempt_began(desk: Desk) -> None:
    make_school(desk.database, "https://lms.example.test", people=1, now=NOON)
    with desk.database.transaction() as session:
        attempt = session.scalars(select(Attempt)).one()
        attempt.organisation_id = desk.school.organisation_id
        attempt.started_at = NOON - timedelta(minutes=30)
        uuid = attempt.uuid
    begun = {"attempt": uuid, "occurred_at": "2026-03-02T11:29:59+00:00"}
    assert refused(desk, begun).faults == (
        Fault(2, "occurred_at", "2026-03-02T11:29:59+00:00 is before the attempt began"),
    )
    assert import_rows(desk, [{**GOOD, "attempt": uuid, "occurred_at": "2026-03-02T11:30:00+00:00"}])[0].seq


def test_a_bad_submission_takes_the_good_ones_with_it(desk: Desk) -> None:
    good, bad = desk.school.submissions(2, seed=1)
    with pytest.raises(EvidenceBatchRefusedError, match="row 2, part"):
        desk.record_many([good, replace(bad, evidence=replace(bad.evidence, part="item-99"))])
    assert desk.events() == []
