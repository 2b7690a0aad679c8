"""Nothing that was acknowledged is lost, and nothing is there twice, although the server is killed while phones send."""

from __future__ import annotations

from pathlib import Path

from benchmarks.classroom_phones import measure


def test_killed_in_the_midst_of_receiving(tmp_path: Path) -> None:
    merged = measure(tmp_path, observations=60, kills=2)
    assert merged.evidence == merged.wanted
    assert (merged.acknowledged, merged.lost) == (60, frozenset())
