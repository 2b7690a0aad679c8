"""What may go wrong between us and a grade book, and plans of when it does: seeded, so that a run can be repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from hashlib import sha256
from typing import Final

from benchmarks.loopback_server import CLOSE, RESET, SILENCE, Answer

MOST_FAULTS: Final = 4
HTML: Final[Answer] = (200, b"<!DOCTYPE html><html><body>Please log in</body></html>", b"Content-Type: text/html\r\n")


class Fault(StrEnum):
    """What may go wrong with a score. What is saved first, the platform has whatever it answers."""

    ERROR_500 = "500"
    SAVED_500 = "saved-500"
    SAVED_502 = "saved-502"
    RACE_502 = "502"
    BUSY_503 = "503"
    THROTTLED_429 = "429"
    THROTTLED_403 = "throttled-403"
    TOKEN_401 = "401"
    """A token that ended early. The status is the platform's own for it."""
    SILENT = "silent"
    SAVED_SILENT = "saved-silent"
    CLOSED = "closed"
    SAVED_CLOSED = "saved-closed"
    RESET = "reset"
    SAVED_RESET = "saved-reset"
    HELD = "held"
    """Lost for us, but only late: the platform gets it after the next score of the same person, or at the very end."""
    TWICE = "twice"
    """Something on the way sends it a second time, and we get the answer to that."""
    LOGIN_PAGE = "login-page"
    """Something on the way answers instead of the platform: 200, and a page of HTML."""
    FORBIDDEN_403 = "403"
    NOT_A_STUDENT_400 = "not-a-student"
    LOCKED = "locked"
    NOTHING_200 = "nothing-200"
    """Moodle's answer to a malformed score: 200, `[]`, and nothing is stored."""
    GONE_404 = "404"


SAVED: Final = frozenset({Fault.SAVED_500, Fault.SAVED_502, Fault.SAVED_SILENT, Fault.SAVED_CLOSED, Fault.SAVED_RESET})
ANSWERS: Final = {
    Fault.ERROR_500: (500, b'{"error":"a fault"}', b""),
    Fault.SAVED_500: (500, b'{"error":"a fault after it was saved"}', b""),
    Fault.SAVED_502: (502, b"<html>bad gateway</html>", b""),
    Fault.RACE_502: (502, b"", b""),
    Fault.BUSY_503: (503, b"<html>maintenance</html>", b""),
    Fault.THROTTLED_429: (429, b"slow down", b"Retry-After: 1\r\n"),
    Fault.THROTTLED_403: (403, b"403 Forbidden (Rate Limit Exceeded)", b"X-Rate-Limit-Remaining: 0.0\r\n"),
    Fault.SILENT: SILENCE,
    Fault.SAVED_SILENT: SILENCE,
    Fault.CLOSED: CLOSE,
    Fault.SAVED_CLOSED: CLOSE,
    Fault.RESET: RESET,
    Fault.SAVED_RESET: RESET,
    Fault.HELD: CLOSE,
    Fault.LOGIN_PAGE: HTML,
    Fault.FORBIDDEN_403: (403, b"", b""),
    Fault.NOT_A_STUDENT_400: (400, b'{"error":"no such user in the course"}', b""),
    Fault.LOCKED: (500, b"[]", b""),
    Fault.NOTHING_200: (200, b"[]", b""),
    Fault.GONE_404: (404, b"gone", b""),
}
#: What passes by itself, on any platform, and costs no time-out.
PASSING: Final = (
    Fault.ERROR_500,
    Fault.SAVED_500,
    Fault.SAVED_502,
    Fault.BUSY_503,
    Fault.TOKEN_401,
    Fault.CLOSED,
    Fault.SAVED_CLOSED,
    Fault.RESET,
    Fault.SAVED_RESET,
    Fault.HELD,
    Fault.TWICE,
    Fault.LOGIN_PAGE,
)
SILENT: Final = (Fault.SILENT, Fault.SAVED_SILENT)

#: Given the user and the how-manieth score for that user it is, from 0: what goes wrong, if anything.
Plan = Callable[[str, int], Fault | None]
#: Given method and path of any request: what is answered instead of the usual; None: the usual.
Oddity = Callable[[str, str], Answer | None]

_ODD_ANSWERS: Final = (
    HTML,
    (500, b"", b""),
    (503, b"<html>maintenance</html>", b""),
    (404, b"<html>not found</html>", b"Content-Type: text/html\r\n"),
    (200, b"[]", b"Link: &lt;http://127.0.0.1/?from=100&amp;limit=1&gt;; rel=\xe2\x80\x9cnext\xe2\x80\x9d\r\n"),
    CLOSE,
    RESET,
)


def no_faults(user: str, request: int) -> Fault | None:
    """Let nothing go wrong."""


def nothing_odd(method: str, path: str) -> Answer | None:
    """Let every answer be the usual."""


def random_faults(seed: int, share: float, among: Sequence[Fault] = PASSING) -> Plan:
    """Return a plan in which a share of the requests fails, each way of ``among`` about as often as the others.

    Silence costs a time-out each and is rarer. After MOST_FAULTS requests for a user nothing goes wrong any more.
    """
    choices = [*[*among] * 4, *SILENT]

    def plan(user: str, request: int) -> Fault | None:
        dice = _dice(f"{seed} {user} {request}")
        fails = request < MOST_FAULTS and dice % 1000 < share * 1000
        return choices[dice // 1000 % len(choices)] if fails else None

    return plan


def random_oddities(seed: int, share: float) -> Oddity:
    """Return an oddity of a share of the requests for tokens, results and line items; scores are left to the plan."""
    count = 0

    def odd(method: str, path: str) -> Answer | None:
        nonlocal count
        if "/scores" in path:
            return None
        count += 1
        dice = _dice(f"{seed} {count}")
        return _ODD_ANSWERS[dice // 1000 % len(_ODD_ANSWERS)] if dice % 1000 < share * 1000 else None

    return odd


def _dice(throw: str) -> int:
    """Return a number that only the throw decides."""
    return int.from_bytes(sha256(throw.encode()).digest()[:8])
