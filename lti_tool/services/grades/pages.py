"""Reads the pages of a list of a platform's grade book one after the other, as far as somebody needs them.

Which platform gives a long list in pages, and how many entries at once, is its own affair (AGS 2.0, 3.2.4 and 3.3.4;
Brightspace gives 200). It is as with members: the next page is of the same origin, and none comes twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from lti_tool.lti.errors import AnswerMalformedError
from lti_tool.lti.nrps import find_next_url
from lti_tool.lti.roster_errors import RosterLinkError
from lti_tool.outgoing import Reply

SUCCESS: Final = range(200, 300)


def read_pages(send: Callable[[str], Reply], first: str, *, most: int) -> Iterator[Reply]:
    """Give the answers from the address ``first`` on; behind one that is no success nothing follows.

    Raises AnswerMalformedError where a page was read before or there are more than ``most``, ServiceOriginError where
    the next one is of another origin: then nobody knows what the rest of the list holds.
    """
    page: str | None = first
    read: set[str] = set()
    while page is not None:
        if page in read:
            raise AnswerMalformedError("a next page was read before")
        if len(read) == most:
            raise AnswerMalformedError(f"there are more than {most} pages")
        read.add(page)
        reply = send(page)
        yield reply
        page = _next(reply, page) if reply.status in SUCCESS else None


def _next(reply: Reply, page: str) -> str | None:
    """Return the address of the next page. A header that cannot be read names none: Moodle sends such to short lists."""
    try:
        return find_next_url(reply.headers, page)
    except RosterLinkError:
        return None
