"""What is wrong inside one text, figure or caption file: the checkers' common word, before a file name is known."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """One thing wrong at a line (from 1) of the text that was checked, and what would mend it."""

    line: int
    code: str
    message: str
    repair: str = ""
