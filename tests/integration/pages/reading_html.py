"""What a page says: its text without marks, and its numbers where a test wants them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from werkzeug.test import TestResponse

LATER = "Some of your results are shown later."
OWN_PAGES = (
    "record/SEM-1.1/",
    "record/timeline/",
    "record/",
    "record/evidence/",
    "record/download",
    "record/download?format=json",
)
"""Every page on which a learner reads of the own evidence."""


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(response: TestResponse, *, status: int = 200) -> str:
    """Return the text of a page, blanks folded; the page must have been answered with ``status``."""
    assert response.status_code == status, response.text
    parser = _Text()
    parser.feed(response.text)
    return re.sub(r"\s+", " ", " ".join(parser.parts))
