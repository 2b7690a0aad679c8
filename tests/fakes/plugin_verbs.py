"""What `plugin_run` can be told to do, once its Django is set up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.utils import timezone

from tests.fakes.plugin_batches import ANN, COURSE, batch, lesson
from xblocks.edx import mastery, metrics, outbox, work
from xblocks.edx.models import ContentVersion, EvidenceEvent, EvidenceOutbox

CONTENT = "cd" * 32


def record() -> None:
    """Let Ann answer in a lesson that the tool has and in one that only the course has."""
    opened = lesson()
    own = replace(opened, package=replace(opened.package, key="own-lesson", content_hash=CONTENT))
    outbox.record(batch(ANN, count=3))
    outbox.record(batch(ANN, number=2, count=2, opened=own, activity="own-lesson", content=CONTENT))
    outbox.record(batch("staff-1", is_staff=True))


def send() -> None:
    """Send what is due."""
    work.send()


def forget_answers() -> None:
    """Be as after a crash between an answer of the tool and its being noted."""
    EvidenceEvent.objects.update(state="waiting", outcome="")
    EvidenceOutbox.objects.update(state="due", next_at=timezone.now(), lease="gone", leased_until=timezone.now())


def pull() -> None:
    """Read what changed."""
    work.pull()


def show() -> dict[str, Any]:
    """Return how everything stands."""
    found = mastery.find_map(COURSE, ANN)
    return {
        "metrics": metrics.measure(timezone.now()).as_json(),
        "outcomes": [
            [event.outbox.learner, event.sequence, event.outcome, event.problem]
            for event in EvidenceEvent.objects.order_by("outbox_id", "sequence")
        ],
        "versions": dict(ContentVersion.objects.values_list("activity", "state")),
        "points": {code: one.responses for code, one in found.points.items()} if found else None,
    }


VERBS: dict[str, Callable[[], Any]] = {
    "record": record,
    "send": send,
    "forget_answers": forget_answers,
    "pull": pull,
    "show": show,
}
