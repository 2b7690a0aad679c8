"""Every acknowledged vote is there, although the server is killed while a class votes. Small; the bench has the hall."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import classroom


def test_no_acknowledged_vote_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classroom, "VOTE_WITHIN_S", 1.0)
    monkeypatch.setattr(classroom, "KILLS", 1)
    figures = classroom.measure(tmp_path, 6, say=lambda _: None)
    assert figures["votes_lost"] == 0
    assert set(figures) == {"join_s_300", "vote_p95_ms", "votes_lost", "checkin_s_300"}
