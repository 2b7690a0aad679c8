"""Roll call by a token that changes every few seconds, checked against the server's clock and no other.

A token deters and does not prevent: a picture or a call passes any code on.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

TOKEN_BYTES: Final = 16
"""128 bits: 22 characters of base64url."""
SHORT_DIGITS: Final = 6
MAX_CODE_TRIES: Final = 5
"""Wrong short codes that one learner may send in one session."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """How tokens change: a new one every ``interval``, each good for its interval and ``margin`` after it.

    The margin covers the way from the projector through a camera to us; it never reaches back before the interval.
    """

    interval: timedelta = timedelta(seconds=5)
    margin: timedelta = timedelta(seconds=10)

    def window(self, at: datetime) -> int:
        """Return the number of the interval that a moment lies in."""
        return (at - _EPOCH) // self.interval

    def ends(self, at: datetime) -> datetime:
        """Return when the interval of a moment ends, and with it the token that is shown."""
        return _EPOCH + (self.window(at) + 1) * self.interval

    def good(self, at: datetime) -> range:
        """Return the numbers of the intervals whose tokens are good at a moment."""
        return range(self.window(at - self.margin), self.window(at) + 1)


ROTATION: Final = Rotation()


def token(key: bytes, window: int) -> str:
    """Return the token of an interval: 128 bits that only who has ``key`` can make."""
    return urlsafe_b64encode(_digest(key, b"token", window)[:TOKEN_BYTES]).rstrip(b"=").decode()


def short_code(key: bytes, window: int) -> str:
    """Return the digits that are shown beside the token for those whose camera does not see it."""
    number = int.from_bytes(_digest(key, b"short", window)[:8]) % 10**SHORT_DIGITS
    return f"{number:0{SHORT_DIGITS}d}"


def accepts_token(key: bytes, sent: str, at: datetime, rotation: Rotation = ROTATION) -> bool:
    """Say whether a token is good at a moment of the server's clock."""
    return _is_any([token(key, window) for window in rotation.good(at)], sent)


def accepts_code(key: bytes, sent: str, at: datetime, rotation: Rotation = ROTATION) -> bool:
    """Say whether short digits are good at a moment; how often somebody may try is the caller's to count."""
    return _is_any([short_code(key, window) for window in rotation.good(at)], sent)


class Presence(StrEnum):
    """What a roll call says of a learner."""

    WAITING = "waiting"
    PRESENT = "present"
    LATE = "late"
    ABSENT = "absent"
    EXCUSED = "excused"


MARKS: Final = (Presence.PRESENT, Presence.LATE, Presence.ABSENT, Presence.EXCUSED)
"""What a teacher may mark by hand."""
CAME: Final = frozenset({Presence.PRESENT, Presence.LATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class RollTimes:
    """When the roll call began, None before that, and from when on one is late."""

    opened_at: datetime | None = None
    late_at: datetime | None = None


def first_sign(checked_at: datetime | None, joined_at: datetime, *, took_part: bool) -> datetime | None:
    """Return the first sign that somebody is in the room: the scan, else when a device came that voted or answered there.

    A device that only came is no sign: the six letters are passed on as easily as a link.
    """
    return checked_at or (joined_at if took_part else None)


def presence(checked_at: datetime | None, mark: str, times: RollTimes) -> Presence:
    """Return where a learner stands. A mark by hand counts before a scan; who scanned early waits, and is then present.

    Who comes late is late, never absent.
    """
    if mark:
        return Presence(mark)
    if checked_at is None:
        return Presence.ABSENT
    if times.opened_at is None:
        return Presence.WAITING
    return Presence.LATE if times.late_at is not None and checked_at > times.late_at else Presence.PRESENT


def _digest(key: bytes, purpose: bytes, window: int) -> bytes:
    return hmac.digest(key, purpose + b":" + str(window).encode(), "sha256")


def _is_any(good: list[str], sent: str) -> bool:
    """Compare with all, in constant time."""
    return sum([hmac.compare_digest(each.encode(), sent.encode()) for each in good]) > 0
