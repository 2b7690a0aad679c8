"""Reads GET /api/v1/changes into the table that blocks read: page by page, each kept together with its cursor."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Q
from pydantic import ValidationError

from qualoop.exchange import Change, ChangesPage
from xblocks.edx.clock import Clock
from xblocks.edx.learners import retired_among
from xblocks.edx.models import CourseMastery, Cursor
from xblocks.edx.terms import TERMS
from xblocks.edx.tool import UNREADABLE, Answer, Tool

CHANGES: Final = "changes"
TARGET: Final = "/api/v1/changes"
PAGE: Final = 200
MOST_PAGES: Final = 500
FOREIGN_CURSOR: Final = "cursor-unreadable"
"""The tool does not know the cursor, since it is another tool than before: everything is read anew."""


@dataclass(slots=True, kw_only=True)
class Pulled:
    """What a run of the reader did; ``error`` is the code with which it ended early, or `busy` where another one reads."""

    pages: int = 0
    changes: int = 0
    error: str = ""


def pull(tool: Tool, clock: Clock) -> Pulled:
    """Read until there is nothing newer."""
    pulled = Pulled()
    with _leased(clock()) as lease:
        if not lease:
            pulled.error = "busy"
        while lease and pulled.pages < MOST_PAGES:
            if not _next_page(tool, clock, lease, pulled):
                break
    return pulled


def caught_up_at() -> datetime | None:
    """Return when there was last nothing newer than what is kept; None before that."""
    found: datetime | None = Cursor.objects.filter(name=CHANGES).values_list("current_at", flat=True).first()
    return found


def _next_page(tool: Tool, clock: Clock, lease: str, pulled: Pulled) -> bool:
    """Read one page; return whether there is another one."""
    after = Cursor.objects.values_list("value", flat=True).get(name=CHANGES)
    asked_at = clock()
    answer = tool.ask("GET", f"{TARGET}?{urlencode({**({'after': after} if after else {}), 'limit': PAGE})}")
    if answer.status == HTTPStatus.NOT_MODIFIED:
        return _keep_cursor(lease, current_at=asked_at, last_error="")
    if answer.code == FOREIGN_CURSOR and after:
        _keep_cursor(lease, value="", last_error=answer.code)
        return True
    page = _page(answer)
    if page is None:
        pulled.error = answer.code or UNREADABLE
        return _keep_cursor(lease, last_error=pulled.error)
    if not _keep(page, lease, asked_at):
        pulled.error = "lease-lost"
        return False
    pulled.pages, pulled.changes = pulled.pages + 1, pulled.changes + len(page.changes)
    return page.more


def _page(answer: Answer) -> ChangesPage | None:
    if not answer.is_good:
        return None
    try:
        return ChangesPage.model_validate(answer.body)
    except ValidationError:
        return None


def _keep(page: ChangesPage, lease: str, now: datetime) -> bool:
    """Keep a page and how far it goes, or nothing; return whether the lease still held."""
    with transaction.atomic():
        cursor = Cursor.objects.select_for_update().filter(name=CHANGES, lease=lease).first()
        if cursor is None:
            return False
        away = retired_among({change.learner for change in page.changes})
        for change in page.changes:
            if change.learner not in away:
                _keep_change(change, page, now)
        if cursor.anew_since is not None and not page.is_anew:
            # Everybody was told again: of whom nothing was said, nothing is known any more.
            CourseMastery.objects.filter(told_at__lt=cursor.anew_since).delete()
        cursor.anew_since = (cursor.anew_since or now) if page.is_anew else None
        cursor.value, cursor.last_error = page.cursor, ""
        cursor.current_at = cursor.current_at if page.more else now
        cursor.save()
    return True


def _keep_change(change: Change, page: ChangesPage, now: datetime) -> None:
    CourseMastery.objects.update_or_create(
        learner=change.learner,
        course=change.course,
        defaults={
            "framework": page.framework or "",
            "points": [point.model_dump(mode="json") for point in change.knowledge_points],
            "following": change.next.model_dump(mode="json") if change.next is not None else None,
            "as_of": page.at,
            "told_at": now,
        },
    )


def _keep_cursor(lease: str, **values: Any) -> bool:
    """Note something at the cursor; return False, for there is nothing more to read."""
    Cursor.objects.filter(name=CHANGES, lease=lease).update(**values)
    return False


@contextmanager
def _leased(now: datetime) -> Iterator[str]:
    """Hold the cursor; give an empty lease where another reader holds it."""
    lease = str(uuid.uuid4())
    Cursor.objects.get_or_create(name=CHANGES)
    free = Cursor.objects.filter(Q(lease="") | Q(leased_until__lte=now), name=CHANGES)
    held = free.update(lease=lease, leased_until=now + TERMS.lease)
    try:
        yield lease if held else ""
    finally:
        Cursor.objects.filter(name=CHANGES, lease=lease).update(lease="", leased_until=None)
