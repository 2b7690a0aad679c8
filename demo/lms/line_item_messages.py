"""Reads and writes line items as the Assignment and Grade Services 2.0 have them (section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from demo.lms import claims
from demo.lms.gradebook import Grade, LineItem
from demo.lms.score_messages import LEAST, MOST
from demo.lms.settings import LmsSettings
from qualoop.errors import QualoopError

LONGEST_LABEL: Final = 255
TEXT_MEMBERS: Final = {"resourceLinkId": "resource_link_id", "resourceId": "resource_id", "tag": "tag"}


class LineItemRefusedError(QualoopError):
    """A line item is not complete or not well formed."""

    code = "line-item-refused"


def read_line_item(body: Mapping[str, Any]) -> dict[str, str | None]:
    """Return checked column values by name; raise LineItemRefusedError naming the bad member."""
    label, maximum = body.get("label"), body.get("scoreMaximum")
    if not isinstance(label, str) or not 0 < len(label.strip()) <= LONGEST_LABEL:
        raise LineItemRefusedError(f"label is a text of 1 to {LONGEST_LABEL} characters")
    if isinstance(maximum, bool) or not isinstance(maximum, int | Decimal) or not LEAST <= maximum <= MOST:
        raise LineItemRefusedError(f"scoreMaximum is a number between {LEAST} and {MOST}")
    values: dict[str, str | None] = {"label": label.strip(), "score_maximum": str(maximum)}
    for name, column in TEXT_MEMBERS.items():
        value = body.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > LONGEST_LABEL):
            raise LineItemRefusedError(f"{name} is a text of at most {LONGEST_LABEL} characters")
        values[column] = value
    return values


def write_line_item(item: LineItem, course_id: str, settings: LmsSettings) -> dict[str, Any]:
    """Return a line item as its JSON."""
    message: dict[str, Any] = {
        "id": claims.line_item_url(settings, course_id, item.id),
        "label": item.label,
        "scoreMaximum": _json_number(item.score_maximum),
    }
    for name, column in TEXT_MEMBERS.items():
        if value := getattr(item, column):
            message[name] = value
    return message


def write_result(grade: Grade, item: LineItem, line_item_url: str) -> dict[str, Any]:
    """Return a grade as a result (section 3.3), in the column's maximum."""
    address, _, query = line_item_url.partition("?")
    return {
        "id": f"{address}/results/{grade.user_id}?{query}",
        "scoreOf": line_item_url,
        "userId": grade.user_id,
        "resultScore": _json_number(grade.value),
        "resultMaximum": _json_number(item.score_maximum),
        "comment": grade.comment,
    }


def _json_number(number: Decimal) -> int | float:
    """Return a number for the wire, where the standard wants a JSON number; nothing is computed with it."""
    return int(number) if number == int(number) else float(number)
