"""Assignment and Grade Services 2.0: what is asked and how the answers are read.

Requests are built so that every platform we know takes them: exact media types, one-line ASCII JSON, `/scores`
before the query string, scores only when fully graded (Moodle erases a grade for anything else), and timestamps
that strictly increase by whole seconds for each line item and user.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from lti_tool.lti.errors import AnswerMalformedError
from lti_tool.lti.platform_profiles import ResultAddress
from qualoop.values import Score

SCOPE_LINE_ITEM: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
SCOPE_LINE_ITEM_READ: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
SCOPE_SCORE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
SCOPE_RESULT_READ: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"

LINE_ITEM_TYPE: Final = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_TYPE: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE_TYPE: Final = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE: Final = "application/vnd.ims.lis.v2.resultcontainer+json"

#: Open edX stores no more than this of each.
MAX_LABEL: Final = 100
MAX_TAG: Final = 50
MAX_COMMENT: Final = 2000


@dataclass(frozen=True, slots=True)
class LineItem:
    """A grade column; empty strings where the platform says nothing."""

    url: str
    label: str
    score_maximum: Decimal
    resource_link_id: str
    resource_id: str
    tag: str


@dataclass(frozen=True, slots=True)
class Result:
    """What stands in the grade book; `score` is on the scale of `maximum`."""

    user_id: str
    score: Decimal | None
    maximum: Decimal | None


# -- Scores


def scores_url(line_item_url: str) -> str:
    """Return where scores of a line item are posted."""
    return _extended(line_item_url, "scores")


def results_url(line_item_url: str, user_id: str, address: ResultAddress = ResultAddress.BY_QUERY) -> str:
    """Return where the result of one user stands; look for the user in the answer, whatever was asked for.

    No `limit` beside it: Moodle answers that with 404.
    """
    results = _extended(line_item_url, "results")
    if address is ResultAddress.BY_PATH:
        return _extended(results, quote(user_id, safe=""))
    return _with_query(results, {"user_id": user_id}) if address is ResultAddress.BY_QUERY else results


def score_body(
    score: Score,
    *,
    maximum: int,
    user_id: str,
    timestamp: datetime,
    comment: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the body of a score. Send the comment each time: a score without one erases the former comment.

    ``more`` are members of a platform's own.
    """
    body: dict[str, Any] = {
        "userId": user_id,
        "scoreGiven": _number(score * maximum),
        "scoreMaximum": maximum,
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "timestamp": timestamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    if comment:
        body["comment"] = comment[:MAX_COMMENT]
    return _compact({**body, **(more or {})})


def no_grade_body(*, user_id: str, timestamp: datetime) -> bytes:
    """Return the body that takes a grade away where a platform does that for a score that is not ready (Moodle does)."""
    return _compact({
        "userId": user_id,
        "activityProgress": "Initialized",
        "gradingProgress": "NotReady",
        "timestamp": timestamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    })  # fmt: skip


def parse_results(body: bytes) -> tuple[Result, ...]:
    """Return the results of an answer; raise AnswerMalformedError. Users without grade are simply not there."""
    return tuple(
        Result(str(entry.get("userId", "")), _decimal(entry.get("resultScore")), _decimal(entry.get("resultMaximum")))
        for entry in _objects(body)
    )


# -- Line items


def find_line_items_url(line_items_url: str, *, resource_link_id: str, resource_id: str, tag: str) -> str:
    """Return the address that lists the line items of a link. No `limit`: Moodle's paging links are broken."""
    filters = {"resource_link_id": resource_link_id, "resource_id": resource_id, "tag": tag[:MAX_TAG]}
    return _with_query(line_items_url, {name: value for name, value in filters.items() if value})


def find_line_item(items: Iterable[LineItem], *, resource_link_id: str, resource_id: str, tag: str) -> LineItem | None:
    """Return the line item that fits in all three: a platform may ignore our filters."""
    wanted = (resource_link_id, resource_id, tag[:MAX_TAG])
    return next((item for item in items if (item.resource_link_id, item.resource_id, item.tag) == wanted), None)


def line_item_body(
    *,
    label: str,
    maximum: int,
    resource_link_id: str,
    resource_id: str,
    tag: str,
    review: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the body that creates a line item; ``review`` says how what was handed in is opened (submission_review).

    The maximum is an integer (Moodle turns a fraction into 100), and the resource link id is always there (Open edX
    never shows scores of a line item without it).
    """
    return _compact({
        "label": label[:MAX_LABEL] or resource_id[:MAX_LABEL],
        "scoreMaximum": maximum,
        "resourceLinkId": resource_link_id,
        "resourceId": resource_id,
        "tag": tag[:MAX_TAG],
        **({"submissionReview": review} if review else {}),
    })  # fmt: skip


def parse_line_items(body: bytes) -> tuple[LineItem, ...]:
    """Return the line items of a list; raise AnswerMalformedError."""
    return tuple(_line_item(entry) for entry in _objects(body))


def parse_line_item(body: bytes) -> LineItem:
    """Return the line item of an answer to a creation; raise AnswerMalformedError."""
    entry = _json(body)
    if not isinstance(entry, dict):
        raise AnswerMalformedError("a line item is not an object")
    return _line_item(entry)


def _line_item(entry: dict[str, Any]) -> LineItem:
    url = entry.get("id")
    if not isinstance(url, str) or not url:
        raise AnswerMalformedError("a line item has no id")
    label, link, resource, tag = (
        str(entry.get(name) or "") for name in ("label", "resourceLinkId", "resourceId", "tag")
    )
    return LineItem(url, label, _decimal(entry.get("scoreMaximum")) or Decimal(0), link, resource, tag)


# -- Forms


def _extended(url: str, last: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{last}"))


def _with_query(url: str, more: dict[str, str]) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(more))))))


def _compact(body: dict[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def _number(value: Decimal) -> int | float:
    """Return a JSON number. A score has six digits, so the shortest form of the float shows exactly them."""
    return int(value) if value == value.to_integral_value() else float(value)


def _decimal(value: object) -> Decimal | None:
    """Return a JSON number or its text as a decimal, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise AnswerMalformedError("the answer is not JSON") from error


def _objects(body: bytes) -> list[dict[str, Any]]:
    entries = _json(body)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise AnswerMalformedError("the answer is not a list of objects")
    return entries
