"""What the QR code of a page says: which sheet, which version, which page. No name, nothing that can be guessed.

    QL  SSSSSSSSSS  V  P  MMMMMM
        sheet       version, page, the start of an HMAC-SHA-256 over all before it

Capital letters and digits only, so that a QR code of 25 modules a side (ISO/IEC 18004, alphanumeric mode) holds it with
a quarter of it to spare.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U."""
SHEET_LENGTH: Final = 10
"""50 bits: nobody comes upon the sheet of somebody else."""
VERSIONS: Final = "ABCD"
MAX_PAGES: Final = 9
_MARK: Final = "QL"
_MAC_LENGTH: Final = 6
_PURPOSE: Final = b"qualoop sheet 1:"
_CODE: Final = re.compile(
    f"{_MARK}([{LETTERS}]{{{SHEET_LENGTH}}})([{VERSIONS}])([1-{MAX_PAGES}])([{LETTERS}]{{{_MAC_LENGTH}}})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCode:
    """One page of one sheet: ``sheet`` is its random name, ``version`` a letter, ``page`` counts from 1."""

    sheet: str
    version: str
    page: int


def new_sheet(random: Callable[[int], int]) -> str:
    """Return a new random name of a sheet; ``random(n)`` gives a number from 0 to n - 1."""
    return "".join(LETTERS[random(len(LETTERS))] for _ in range(SHEET_LENGTH))


def code_text(code: PageCode, secret: str) -> str:
    """Return what the QR code of a page holds, signed with the installation's ``secret``."""
    body = f"{_MARK}{code.sheet}{code.version}{code.page}"
    return body + _mac(body, secret)


def find_code(text: str, secret: str) -> PageCode | None:
    """Return the page that a QR code names; None for a code of somebody else's, or one that this secret did not sign."""
    found = _CODE.fullmatch(text)
    if found is None or not hmac.compare_digest(found[4], _mac(text[:-_MAC_LENGTH], secret)):
        return None
    return PageCode(sheet=found[1], version=found[2], page=int(found[3]))


def _mac(body: str, secret: str) -> str:
    digest = hmac.digest(secret.encode(), _PURPOSE + body.encode(), "sha256")
    return "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:_MAC_LENGTH])
