"""How the grade book of each product answers, as data. Where it is known from: docs/platforms.md.

These are the platforms' own ways; how we deal with them stands in `lti_tool.lti.platform_profiles`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from benchmarks.ags_faults import PASSING, Fault
from benchmarks.loopback_server import Answer
from lti_tool.lti.platform_profiles import Product

SECONDS: Final = len("2026-03-02T12:00:00")
MILLISECONDS: Final = len("2026-03-02T12:00:00.000")


class Filter(StrEnum):
    """What comes of a request for the result of one person."""

    QUERY = "query"
    """`?user_id=` works."""
    PATH = "path"
    """Only `/results/<user>` works; `?user_id=` is ignored."""
    FAULTY = "faulty"
    """With `?user_id=` nothing is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """A grade book's ways.

    ``equal`` and ``older`` answer a timestamp that is not later than the last one, None: it is taken. ``exact`` is how
    many characters of a timestamp count. ``malformed`` answers what is no score, ``no_student`` a user who is none here;
    with ``keeps_strangers`` the score of such a user is stored before that. ``ahead`` answers a timestamp more than a
    minute ahead of the clock. ``race`` answers a first score that comes while another one of the same user is under
    way. With ``newline_trap`` a newline in what is malformed makes the answer 200 and `[]`; with ``erases`` a score that
    is not fully graded erases the grade. ``limited`` answers a list that is asked for with `limit`. ``page`` is how many
    entries a list has at most. ``submission`` is the member that says whether a post counts as a new attempt: each does
    unless it says no. ``faults`` are what may happen there and passes by itself.
    """

    product: Product
    taken: Answer = (200, b"", b"")
    equal: Answer | None = (409, b"a score with this or a later timestamp exists", b"")
    older: Answer | None = (409, b"a score with this or a later timestamp exists", b"")
    exact: int = MILLISECONDS
    malformed: Answer = (400, b"not a score", b"")
    no_student: Answer = (400, b'{"error":"no such user in the course"}', b"")
    keeps_strangers: bool = False
    no_access: Answer = (401, b"", b"")
    ahead: Answer | None = None
    race: Answer | None = None
    newline_trap: bool = False
    erases: bool = False
    results: Filter = Filter.QUERY
    limited: Answer | None = None
    page: int | None = None
    submission: str | None = None
    faults: Sequence[Fault] = (*PASSING, Fault.THROTTLED_429)


_EMPTY_LIST: Final = b"[]"

BEHAVIOURS: Final[Mapping[Product, Behaviour]] = {
    each.product: each
    for each in (
        Behaviour(
            product=Product.MOODLE,
            equal=(409, _EMPTY_LIST, b""),
            older=(409, _EMPTY_LIST, b""),
            exact=SECONDS,
            # One answer for all that it does not like, whatever the cause.
            malformed=(400, _EMPTY_LIST, b""),
            no_student=(400, _EMPTY_LIST, b""),
            race=(502, b"", b""),
            newline_trap=True,
            erases=True,
            limited=(404, b"<html>404</html>", b"Content-Type: text/html\r\n"),
            faults=(*PASSING, Fault.RACE_502),
        ),
        Behaviour(
            product=Product.OPEN_EDX,
            taken=(201, b"", b""),
            equal=(400, b'"Score already exists for the provided timestamp."', b""),
            older=(400, b'"A score was already submitted for a later point in time."', b""),
            no_student=(500, b"<h1>Server Error (500)</h1>", b""),
            keeps_strangers=True,
            no_access=(403, b"", b""),
            results=Filter.PATH,
            faults=PASSING,
        ),
        Behaviour(
            product=Product.CANVAS,
            taken=(200, b'{"resultUrl":"http://127.0.0.1/api/lti/courses/1/line_items/1/results/1"}', b""),
            equal=None,
            older=(400, b'{"error":"timestamp is older than the stored result"}', b""),
            malformed=(422, b'{"errors":{"type":"unprocessable_entity","message":"scoreMaximum must be given"}}', b""),
            no_student=(
                422,
                b'{"errors":{"type":"unprocessable_entity","message":"User not found in course or is not a student"}}',
                b"",
            ),
            ahead=(400, b'{"error":"submittedAt is in the future"}', b""),
            submission="https://canvas.instructure.com/lti/submission",
            faults=(*PASSING, Fault.THROTTLED_403, Fault.THROTTLED_429),
        ),
        Behaviour(product=Product.BRIGHTSPACE, page=200),
        Behaviour(product=Product.BLACKBOARD, results=Filter.FAULTY),
        Behaviour(product=Product.GENERIC),
    )
}
