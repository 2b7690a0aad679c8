"""Corrections: the newest holds, a void of a correction withdraws it, and the order in which they are read is no matter."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.ledger import (
    Correction,
    CorrectionRefusedError,
    CorrectionRow,
    EventType,
    Reason,
    settle_corrections,
)
from qualoop.values import Score

EVIDENCE = UUID(int=1000)


def row(seq: int, target: UUID = EVIDENCE, score: str | None = None) -> CorrectionRow:
    correction = Correction(target=target, reason=Reason.ERROR, score=None if score is None else Score(score))
    return CorrectionRow(seq, str(UUID(int=seq)), correction)


def standing_of(rows: list[CorrectionRow], target: UUID = EVIDENCE) -> object:
    found = settle_corrections(rows).get(str(target))
    return found and ("void" if found.voided else str(found.score))


def test_without_corrections_everything_stands() -> None:
    assert settle_corrections([]) == {}


def test_the_newest_correction_holds() -> None:
    rows = [row(1, score="0.5"), row(2, score="0.75"), row(3, UUID(int=1001))]
    assert standing_of(rows) == "0.75"
    assert standing_of([*rows, row(4)]) == "void"
    assert standing_of(rows, UUID(int=1001)) == "void"


def test_a_void_of_a_void_lets_the_event_hold_again() -> None:
    rows = [row(1), row(2, UUID(int=1))]
    assert standing_of(rows) is None
    assert standing_of([*rows, row(3, UUID(int=2))]) == "void"


def test_a_withdrawn_revision_gives_way_to_the_one_before() -> None:
    rows = [row(1, score="0.5"), row(2, score="0.75"), row(3, UUID(int=2))]
    assert standing_of(rows) == "0.5"


def test_a_standing_names_the_event_that_made_it() -> None:
    standing = settle_corrections([row(7, score="1")])[str(EVIDENCE)]
    assert (standing.by, standing.seq, standing.reason) == (str(UUID(int=7)), 7, Reason.ERROR)


@given(st.data())
def test_any_order_of_reading_gives_the_same(data: st.DataObject) -> None:
    rows: list[CorrectionRow] = []
    for seq in range(1, data.draw(st.integers(1, 12)) + 1):
        earlier = [EVIDENCE, UUID(int=1001), *(UUID(int=number) for number in range(1, seq))]
        score = data.draw(st.sampled_from([None, "0", "0.5", "1"]))
        rows.append(row(seq, data.draw(st.sampled_from(earlier)), score))
    assert settle_corrections(data.draw(st.permutations(rows))) == settle_corrections(rows)


@given(st.data())
def test_it_is_what_undoing_one_after_the_other_gives(data: st.DataObject) -> None:
    """Compare with the plain definition: what holds is the newest correction that does not itself stand withdrawn."""
    rows: list[CorrectionRow] = []
    for seq in range(1, data.draw(st.integers(1, 10)) + 1):
        targets = [EVIDENCE, *(UUID(int=number) for number in range(1, seq))]
        target = data.draw(st.sampled_from(targets))
        score = data.draw(st.sampled_from([None, "0.5"])) if target == EVIDENCE else None
        rows.append(row(seq, target, score))

    def holds(one: CorrectionRow) -> bool:
        return not any(str(other.correction.target) == one.uuid and holds(other) for other in rows)

    newest = next((one for one in reversed(rows) if one.correction.target == EVIDENCE and holds(one)), None)
    expected = newest and ("void" if newest.correction.score is None else str(newest.correction.score))
    assert standing_of(rows) == expected


@pytest.mark.parametrize(
    "correction",
    [
        Correction(target=EVIDENCE, reason=Reason.APPEAL),
        Correction(target=EVIDENCE, reason=Reason.FRAUD, score=Score("0.25"), note="sealed-text-1.AAAA"),
    ],
)
def test_a_body_gives_the_correction_back(correction: Correction) -> None:
    assert Correction.from_body(correction.type, correction.to_body()) == correction


BODY: dict[str, Any] = {"target": str(EVIDENCE), "reason": "error"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (EventType.ASSERTION_VOIDED, {"reason": "error"}),
        (EventType.ASSERTION_VOIDED, {**BODY, "target": "the first one"}),
        (EventType.ASSERTION_VOIDED, {**BODY, "reason": "expired"}),
        (EventType.ASSERTION_VOIDED, {**BODY, "score": "0.5"}),
        (EventType.ASSERTION_VOIDED, {**BODY, "unit": "SEM-1"}),
        (EventType.ASSERTION_REVISED, BODY),
        (EventType.ASSERTION_REVISED, {**BODY, "score": "1.5"}),
        (EventType.ASSERTION_REVISED, {**BODY, "score": "0.50"}),
        (EventType.EVIDENCE_RECORDED, BODY),
    ],
)
def test_what_is_no_correction_is_refused(kind: EventType, body: dict[str, Any]) -> None:
    with pytest.raises(CorrectionRefusedError):
        Correction.from_body(kind, body)
