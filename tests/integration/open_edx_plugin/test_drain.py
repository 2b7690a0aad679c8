"""The bench of the outbox in small: events reach the tool once each though their sender is killed over and over."""

from __future__ import annotations

from benchmarks.xblock_drain import Drain, drain


def test_nothing_is_lost_or_doubled_while_senders_are_killed() -> None:
    lines: list[str] = []
    found = drain(Drain(events=400, kills=1, within=1), lines.append)
    assert (found.lost, found.doubled, found.kills) == (0, 0, 1)
