"""What appeals and withdrawals leave on a learner's knowledge points."""

from __future__ import annotations

import pytest

from qualoop.ledger import EventType
from qualoop.records import Flag, FlagRow, Outcome, open_appeals, settle_flags

OPENED, DECIDED, DECISION = EventType.APPEAL_OPENED, EventType.APPEAL_DECIDED, EventType.DECISION_MADE


def opened(uuid: str, *codes: str) -> FlagRow:
    return FlagRow(uuid, OPENED, {"framework": "1", "knowledge_points": list(codes)})


def decided(appeal: str, outcome: Outcome = Outcome.UPHELD) -> FlagRow:
    return FlagRow(f"of {appeal}", DECIDED, {"appeal": appeal, "outcome": outcome.value})


def decision(outcome: str, *codes: str) -> FlagRow:
    return FlagRow("d", DECISION, {"framework": "1", "knowledge_points": list(codes), "outcome": outcome})


def test_nothing_is_flagged_without_events() -> None:
    assert settle_flags([]) == {}


@pytest.mark.parametrize("outcome", [Outcome.UPHELD, Outcome.CHANGED])
def test_an_appeal_stands_until_it_is_decided(outcome: Outcome) -> None:
    rows = [opened("a", "SEM-1.1", "SEM-1.2"), opened("b", "SEM-1.2")]
    assert settle_flags(rows) == {"SEM-1.1": Flag.APPEAL, "SEM-1.2": Flag.APPEAL}
    assert settle_flags([*rows, decided("a", outcome)]) == {"SEM-1.2": Flag.APPEAL}
    assert open_appeals([*rows, decided("a", outcome)]) == {"b": ("SEM-1.2",)}
    assert settle_flags([*rows, decided("a", outcome), decided("b", outcome)]) == {}


def test_a_withdrawal_stands_until_it_is_taken_back() -> None:
    withdrawn = decision("withdrawn", "SEM-1.1", "SEM-1.2")
    assert settle_flags([withdrawn, decision("reinstated", "SEM-1.1")]) == {"SEM-1.2": Flag.WITHDRAWN}
    assert settle_flags([withdrawn, decision("reinstated", "SEM-1.1"), withdrawn])["SEM-1.1"] is Flag.WITHDRAWN


def test_an_appeal_stands_over_a_withdrawal_and_uncovers_it_again() -> None:
    rows = [opened("a", "SEM-1.1"), decision("withdrawn", "SEM-1.1")]
    assert settle_flags(rows) == {"SEM-1.1": Flag.APPEAL}
    assert settle_flags([*rows, decided("a")]) == {"SEM-1.1": Flag.WITHDRAWN}


def test_a_decision_of_another_kind_flags_nothing() -> None:
    assert settle_flags([decision("awarded", "SEM-1.1")]) == {}
