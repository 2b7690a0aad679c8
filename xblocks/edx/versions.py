"""Versions of activities that the tool must know before their evidence counts: parts and tags, sent once each."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from random import Random
from typing import TYPE_CHECKING, Any, Final

from django.db.models import F

from qualoop.exchange import VersionRegistration
from xblocks.edx.models import ContentVersion
from xblocks.edx.terms import TERMS, Terms
from xblocks.edx.tool import Answer, Tool

if TYPE_CHECKING:
    # A process that only sends has no need of content.
    from xblocks.common.contents import OpenContent

DUE: Final = "due"
REGISTERED: Final = "registered"
REFUSED: Final = "refused"

INSTALLED: Final = "version-installed"
"""The tool has the package itself, with its own tags: that is as good."""
FINAL: Final = frozenset({"version-differs", "body-refused", "body-unreadable", "body-too-large"})
"""Refusals that no repeat mends."""
MOST_AT_ONCE: Final = 50


def kept_version(opened: OpenContent, now: datetime) -> ContentVersion:
    """Return the row of a version, made with what will be sent of it where it is new."""
    name = {"activity": opened.package.key, "content": opened.hash}
    found: ContentVersion | None = ContentVersion.objects.filter(**name).first()
    if found is None:
        sent = registration_of(opened).model_dump_json(by_alias=True)
        # Two learners may be the first at once.
        found, _ = ContentVersion.objects.get_or_create(**name, defaults={"registration": sent, "next_at": now})
    return found


def registration_of(opened: OpenContent) -> VersionRegistration:
    """Return what the tool must know of a version."""
    package = opened.package
    parts = [{"key": part["key"], "options": part.get("options")} for part in package.manifest["parts"]]
    sent: dict[str, Any] = {
        "kind": package.kind,
        "label": package.version[:32],
        "title": {language: text[:255] for language, text in package.document["title"].items()},
        "parts": parts,
        "framework": package.document["framework"],
        "tags": {part: dict(shares) for part, shares in package.tags.items() if shares},
    }
    return VersionRegistration.model_validate(sent)


def register_due(tool: Tool, now: datetime, *, random: Random, terms: Terms = TERMS) -> bool:
    """Send the versions that are due; return whether the tool answered at all. Doing it twice changes nothing there."""
    due = ContentVersion.objects.filter(state=DUE, next_at__lte=now).order_by("next_at", "id")
    for row in list(due[:MOST_AT_ONCE]):
        target = f"/api/v1/activities/{row.activity}/versions/{row.content}"
        answer = tool.ask("PUT", target, row.registration.encode())
        _note(row, answer, now + _delay(row, answer, random, terms))
        if answer.status is None:
            return False
    return True


def send_again(now: datetime) -> int:
    """Let refused versions be due, and waiting ones at once; return how many there are."""
    found = ContentVersion.objects.exclude(state=REGISTERED)
    count: int = found.update(state=DUE, attempts=0, next_at=now)
    return count


def _delay(row: Any, answer: Answer, random: Random, terms: Terms) -> timedelta:
    return max(terms.delay(row.attempts + 1, random), timedelta(seconds=answer.retry_after_s))


def _note(row: Any, answer: Answer, next_at: datetime) -> None:
    state, error = DUE, answer.code
    if answer.status == HTTPStatus.OK or answer.code == INSTALLED:
        state, error = REGISTERED, ""
    elif answer.code in FINAL:
        state = REFUSED
    ContentVersion.objects.filter(id=row.id).update(
        state=state, last_error=error, next_at=next_at, attempts=F("attempts") + 1
    )
