"""Tokens of a roll call: good in their interval and the margin after it, by one clock, and for nobody without the key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from qualoop.classroom.roll_call import (
    MARKS,
    ROTATION,
    TOKEN_BYTES,
    Presence,
    RollTimes,
    Rotation,
    accepts_code,
    accepts_token,
    presence,
    short_code,
    token,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
KEY = bytes(range(32))

moments = st.integers(0, 10**12).map(lambda ms: NOON + timedelta(milliseconds=ms % (86400 * 365 * 1000)))
rotations = st.builds(
    Rotation,
    interval=st.integers(1000, 60_000).map(lambda ms: timedelta(milliseconds=ms)),
    margin=st.integers(0, 60_000).map(lambda ms: timedelta(milliseconds=ms)),
)


@given(rotations, moments, st.integers(0, 200_000))
def test_a_token_is_good_from_when_it_is_shown_until_the_margin_ends(
    rotation: Rotation, shown: datetime, later: int
) -> None:
    scanned = shown + timedelta(milliseconds=later)
    sent = token(KEY, rotation.window(shown))
    is_good = scanned - rotation.margin < rotation.ends(shown)
    assert accepts_token(KEY, sent, scanned, rotation) is is_good
    assert accepts_code(KEY, short_code(KEY, rotation.window(shown)), scanned, rotation) or not is_good


@given(rotations, moments)
def test_a_token_is_not_good_before_its_interval(rotation: Rotation, at: datetime) -> None:
    assert not accepts_token(KEY, token(KEY, rotation.window(at) + 1), at, rotation)


@given(moments, st.binary(min_size=32, max_size=32))
def test_another_session_has_other_tokens(at: datetime, key: bytes) -> None:
    sent = token(key, ROTATION.window(at))
    assert accepts_token(KEY, sent, at) is (key == KEY)


@given(moments)
def test_a_token_is_unguessable_and_a_code_is_six_digits(at: datetime) -> None:
    assert TOKEN_BYTES * 8 >= 128
    assert len(token(KEY, ROTATION.window(at))) >= 15
    code = short_code(KEY, ROTATION.window(at))
    assert len(code) == 6
    assert code.isdigit()


@given(st.text(max_size=40), moments)
def test_whatever_is_sent_is_only_compared(sent: str, at: datetime) -> None:
    assert accepts_token(KEY, sent, at) is False or len(sent) == 22


@given(moments, st.integers(-3600, 3600), st.integers(0, 240))
def test_who_came_is_never_absent(opened: datetime, seconds: int, late: int) -> None:
    times = RollTimes(opened_at=opened, late_at=opened + timedelta(minutes=late))
    checked = opened + timedelta(seconds=seconds)
    stands = presence(checked, "", times)
    assert stands is (Presence.LATE if seconds > late * 60 else Presence.PRESENT)
    assert presence(checked, "", RollTimes()) is Presence.WAITING
    assert presence(None, "", times) is Presence.ABSENT


@given(st.sampled_from(MARKS), st.none() | moments)
def test_a_mark_by_hand_counts_before_a_scan(mark: Presence, checked: datetime | None) -> None:
    assert presence(checked, mark.value, RollTimes(opened_at=NOON, late_at=NOON)) is mark
