"""Checks the tool's answer to a request for content: Deep Linking 2.0, 4.5, and Security Framework 1.0, 5.2.2.

lti1p3platform checks the signature only. Who it is from and for, its times, its nonce and its items are checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from demo.lms.claims import CLAIM, DL_CLAIM
from demo.lms.settings import LmsSettings
from qualoop.errors import QualoopError

LIFE: Final = timedelta(minutes=5)
LEEWAY: Final = timedelta(seconds=60)
LONGEST: Final = 4000
MOST_ITEMS: Final = 100


class ContentRefusedError(QualoopError):
    """The answer is not taken; nothing of it is in the course."""

    code = "content-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentItem:
    """A link that a teacher chose; ``maximum`` is None where it is not graded."""

    title: str
    text: str
    url: str | None
    custom: Mapping[str, str]
    maximum: Decimal | None
    resource_id: str | None
    tag: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentAnswer:
    """An answer of the right form from the right tool. Whether its nonce and data are good is unchecked."""

    nonce: str
    expires: datetime
    data: str
    items: tuple[ContentItem, ...]


def read_answer(claims: Mapping[str, Any], settings: LmsSettings, now: datetime) -> ContentAnswer:
    """Return the answer of verified claims; raise ContentRefusedError."""
    audience = claims.get("aud")
    expected = {
        "iss": (claims.get("iss"), settings.client_id),
        "aud": (settings.base_url in (audience if isinstance(audience, list) else [audience]), True),
        "message_type": (claims.get(f"{CLAIM}/message_type"), "LtiDeepLinkingResponse"),
        "version": (claims.get(f"{CLAIM}/version"), "1.3.0"),
        "deployment_id": (claims.get(f"{CLAIM}/deployment_id"), settings.deployment_id),
    }
    wrong = [name for name, (value, wanted) in expected.items() if value != wanted]
    if wrong:
        raise ContentRefusedError(f"{wrong[0]} is wrong")
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    if issued > now + LEEWAY or expires < now - LEEWAY or expires - issued > LIFE:
        raise ContentRefusedError("the answer is not valid now, or for too long")
    items = claims.get(f"{DL_CLAIM}/content_items", [])
    if not isinstance(items, list) or len(items) > MOST_ITEMS:
        raise ContentRefusedError("content_items is no list, or too long")
    return ContentAnswer(
        nonce=_text(claims, "nonce"),
        expires=expires,
        data=_text(claims, f"{DL_CLAIM}/data"),
        items=tuple(_item(item) for item in items),
    )


def _item(item: Any) -> ContentItem:
    if not isinstance(item, dict) or item.get("type") != "ltiResourceLink":
        raise ContentRefusedError("an item is no ltiResourceLink")
    custom, line_item = item.get("custom", {}), item.get("lineItem")
    if not isinstance(custom, dict) or not all(isinstance(value, str) for value in custom.values()):
        raise ContentRefusedError("custom holds something else than texts")
    column = line_item if isinstance(line_item, dict) else {}
    return ContentItem(
        title=_text(item, "title"),
        text=_text(item, "text", optional=True) or "",
        url=_text(item, "url", optional=True),
        custom=custom,
        maximum=_maximum(column) if line_item is not None else None,
        resource_id=_text(column, "resourceId", optional=True),
        tag=_text(column, "tag", optional=True),
    )


def _maximum(column: Mapping[str, Any]) -> Decimal:
    value = column.get("scoreMaximum")
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ContentRefusedError("scoreMaximum is no whole number above 0")
    return Decimal(value)


def _text(values: Mapping[str, Any], name: str, *, optional: bool = False) -> Any:
    value = values.get(name)
    if value is None and optional:
        return None
    if not isinstance(value, str) or not (value or optional) or len(value) > LONGEST:
        raise ContentRefusedError(f"{name} is missing, too long or no text")
    return value


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        pass
    raise ContentRefusedError(f"{name} is a time in whole seconds")
