"""Segments give back what was put into them, or say that they cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from qualoop.errors import MissingExtraError
from qualoop.mastery import segments
from qualoop.mastery.segments import Fact, Facts, SegmentDamagedError

pytest.importorskip("pyarrow", reason="pip install 'qualoop[mastery]'")


def rows(first: int, last: int) -> list[Fact]:
    part = segments.part_name("lesson", "q1", "a" * 64)
    return [
        Fact(seq, 1_770_000_000_000_000 + seq, f"学习者-{seq % 7}", part, "quiz", str(seq % 2), seq % 3, "auto")
        for seq in range(first, last)
    ]


def back(facts: Facts) -> list[Fact]:
    """Return facts as rows."""
    texts = (facts.learner, facts.part, facts.form, facts.score)
    coded = [[each.values[code] for code in each.codes] for each in texts]
    columns = (facts.seq.tolist(), facts.occurred_at.tolist(), *coded, facts.hints.tolist())
    raters = [facts.rater.values[code] for code in facts.rater.codes]
    return [Fact(*row, rater) for row, rater in zip(zip(*columns, strict=True), raters, strict=True)]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    first = segments.write(tmp_path, segments.gather(rows(1, 50)), after=0, through=60)
    second = segments.write(tmp_path, segments.gather(rows(61, 90)), after=60, through=89)

    assert segments.find(tmp_path) == [first, second]
    assert back(segments.join(map(segments.read, (first, second)), 78)) == rows(1, 50) + rows(61, 90)
    assert not list(tmp_path.glob(".new-*"))


def test_the_newest_events_need_no_segment(tmp_path: Path) -> None:
    made = segments.write(tmp_path, segments.gather(rows(1, 50)), after=0, through=49)
    tail = segments.as_stretch(segments.gather(rows(50, 60)))
    assert len(tail) == 10
    assert back(segments.join([segments.read(made), tail], 59)) == rows(1, 60)


def test_there_may_be_no_newest_events(tmp_path: Path) -> None:
    made = segments.write(tmp_path, segments.gather(rows(1, 50)), after=0, through=49)
    tail = segments.as_stretch(segments.gather([]))
    assert back(segments.join([segments.read(made), tail], 49)) == rows(1, 50)
    assert back(segments.join([tail], 0)) == []


def test_the_same_facts_make_the_same_file(tmp_path: Path) -> None:
    names = {
        segments.write(tmp_path / place, segments.gather(rows(1, 50)), after=0, through=49).path.name for place in "ab"
    }
    assert len(names) == 1


def test_segments_behind_a_gap_are_not_used(tmp_path: Path) -> None:
    segments.write(tmp_path, segments.gather(rows(61, 90)), after=60, through=89)
    assert segments.find(tmp_path) == []
    assert segments.find(tmp_path / "nowhere") == []


@pytest.mark.parametrize("place", [0, 200, -1])
def test_one_changed_byte_is_noticed(tmp_path: Path, place: int) -> None:
    made = segments.write(tmp_path, segments.gather(rows(1, 50)), after=0, through=49)
    data = bytearray(made.path.read_bytes())
    data[place] ^= 1
    made.path.write_bytes(data)
    with pytest.raises(SegmentDamagedError, match="do not fit the name"):
        segments.read(made)


def test_a_segment_that_is_gone_is_noticed(tmp_path: Path) -> None:
    made = segments.write(tmp_path, segments.gather(rows(1, 50)), after=0, through=49)
    made.path.unlink()
    with pytest.raises(SegmentDamagedError):
        segments.read(made)


def test_a_segment_under_a_false_name_is_noticed(tmp_path: Path) -> None:
    made = segments.write(tmp_path, segments.gather(rows(1, 50)), after=0, through=49)
    false = made.path.with_name(made.path.name.replace("-000000000000049-", "-000000000000040-"))
    made.path.rename(false)
    with pytest.raises(SegmentDamagedError, match="other events"):
        segments.read(segments.find(tmp_path)[0])


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        segments.write(tmp_path, segments.gather(rows(1, 50)), after=0, through=49)
    assert not list(tmp_path.iterdir())


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"qualoop\[mastery\]"):
        segments.write(tmp_path, segments.gather(rows(1, 5)), after=0, through=9)
