"""Captures are read strictly, and clocks are put right as far as anybody can know."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.assessment.rubric import content_hash
from qualoop.classroom.observation import (
    CaptureRefusedError,
    clock_skew,
    corrected_time,
    fitted_sheet,
    read_capture,
    read_moment,
    words_of,
)
from tests.factories.rubrics import the_rubric

NOW = datetime(2026, 11, 28, 8, 15, tzinfo=UTC)


def payload(**changes: Any) -> bytes:
    made = {
        "v": 1,
        "id": str(uuid.UUID(int=1)),
        "device": str(uuid.UUID(int=2)),
        "seq": 1,
        "course": str(uuid.UUID(int=3)),
        "learner": str(uuid.UUID(int=4)),
        "task": "rubric:product-copy",
        "rubric": content_hash(the_rubric()),
        "rows": {"headline": {"level": 2, "comment": " Clear. "}, "evidence": {"level": 1, "points": "2.5"}},
        "overall": "",
        "photos": [],
        "enterprise": "",
        "made_at": "2026-11-28T08:15:00.000Z",
        "replaces": None,
        **changes,
    }
    return json.dumps(made).encode()


def test_a_capture_says_levels_points_and_words() -> None:
    capture = read_capture(payload(overall="Fine"))
    sheet = fitted_sheet(capture, the_rubric())
    assert (sheet.rows["headline"].level, sheet.rows["headline"].points) == (2, Decimal(4))
    assert (sheet.rows["evidence"].level, sheet.rows["evidence"].points) == (1, Decimal("2.5"))
    assert words_of(capture) == {"headline": "Clear.", "": "Fine"}
    assert capture.made_at == NOW


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[" * 60_000,
        b'{"rows":' * 8_000,
        b"x" * 70_000,
        payload(overall="\ud800"),
        payload(seq=2**53),
        payload(seq=True),
        payload(seq="1"),
        payload(id="1"),
        payload(id=str(uuid.UUID(int=1)).upper() + "x"),
        payload(replaces=str(uuid.UUID(int=1))),
        payload(task="../../etc"),
        payload(task="a b"),
        payload(rubric="0"),
        payload(made_at="1999-01-01T00:00:00Z"),
        payload(made_at="2026-13-01T00:00:00Z"),
        payload(made_at=1),
        payload(photos=[{"sha256": "0" * 64, "type": "image/svg+xml"}]),
        payload(photos=[{"sha256": "0" * 64, "type": "image/jpeg"}] * 7),
        payload(learner=None, team=[str(uuid.UUID(int=each)) for each in range(13)]),
    ],
)
def test_hostile_input_is_refused_and_nothing_else_happens(data: bytes) -> None:
    with pytest.raises(CaptureRefusedError) as refused:
        read_capture(data)
    assert refused.value.code == "observation-unreadable"


@given(st.binary(max_size=300))
def test_whatever_bytes_come_are_a_capture_or_refused(data: bytes) -> None:
    with pytest.raises(CaptureRefusedError):
        read_capture(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner),
        max_leaves=20,
    )
)
def test_whatever_rows_come_are_read_or_refused(rows: Any) -> None:
    with pytest.raises(CaptureRefusedError):
        read_capture(payload(rows=rows))


@given(st.timedeltas(min_value=timedelta(days=-3), max_value=timedelta(days=3)), st.integers(0, 10**6))
def test_a_wrong_clock_is_put_right(skew: timedelta, passed_ms: int) -> None:
    """Whatever a clock shows: what happened so long ago is known to have happened so long ago."""
    skew = timedelta(milliseconds=round(skew / timedelta(milliseconds=1)))
    happened, received = NOW, NOW + timedelta(milliseconds=passed_ms)
    shown, shown_then = received + skew, happened + skew
    assert corrected_time(shown_then, clock_skew(received, shown), received) == happened


def test_nothing_happens_after_it_has_come() -> None:
    assert corrected_time(NOW + timedelta(hours=5), timedelta(0), NOW) == NOW


@pytest.mark.parametrize(
    "text", ["", "x", None, 5, "2026-11-28T08:15:00", "2026-11-28T08:15:00+00:00", "2026-02-31T00:00:00Z"]
)
def test_no_other_moment_is_read(text: object) -> None:
    assert read_moment(text) is None
