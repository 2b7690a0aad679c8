"""What `plugin_run` can be told to do, once its Django is set up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from qualoop.classroom.class_marks import Scheme, snapshot
from qualoop.classroom.register import PRESENCE, RELEASED, RUBRIC, SCORE, Action, Change, Register
from tests.factories.rubrics import the_rubric
from tests.fakes.plugin_batches import ANN, COURSE, batch, lesson
from xblocks.edx import mastery, metrics, outbox, work
from xblocks.edx.models import ContentVersion, EvidenceEvent, EvidenceOutbox
from xblocks.kp_class.evidence import Source, with_evidence

CONTENT = "cd" * 32


def record() -> None:
    """Let Ann answer in a lesson that the tool has and in one that only the course has."""
    opened = lesson()
    own = replace(opened, package=replace(opened.package, key="own-lesson", content_hash=CONTENT))
    outbox.record(batch(ANN, count=3))
    outbox.record(batch(ANN, number=2, count=2, opened=own, activity="own-lesson", content=CONTENT))
    outbox.record(batch("staff-1", is_staff=True))


def record_class() -> None:
    """Let Ann have come to a class that is over, and be marked there by a rubric and by points."""
    _release_class({"headline": [2, "4"], "evidence": [1, "2"]})


def correct_class() -> None:
    """Let the same teacher first release a slip, and then what was meant."""
    _release_class({"headline": [0, "0"], "evidence": [1, "2"]}, {"headline": [2, "4"], "evidence": [1, "2"]})


def _release_class(*judged: dict[str, list[Any]]) -> None:
    """Release marks of Ann in a class that is over, one set after another."""
    action = Action(what="save", by="teacher-1", at=datetime(2026, 3, 2, 10, tzinfo=UTC))
    scheme = Scheme(rubric=the_rubric(), full=Decimal(10))
    register = Register().opened(action.at, session_id="s", key="00", late_after=timedelta(minutes=5))
    register = register.closed(action.at)
    usage = SimpleNamespace(context_key=COURSE)
    block = SimpleNamespace(scope_ids=SimpleNamespace(usage_id=usage))
    for rows in judged:
        rubric = {"judged": rows, "comments": {"": "Only for Ann"}}
        wanted = {PRESENCE: "late", SCORE: {"points": "7.5", "comment": ""}, RUBRIC: rubric}
        register = register.changed(
            [Change(learner=ANN, field=name, value=value) for name, value in wanted.items()], action
        )
        released = Change(learner=ANN, field=RELEASED, value=snapshot(register, ANN, scheme))
        register = register.changed([released], action)
        register, batches = with_evidence(
            register, Source(block=block, scheme=scheme, codes=("SEM-1.1",), now=action.at)
        )
        for one in batches:
            outbox.record(replace(one, enrolled=True))


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
        "points": {code: one.known.responses for code, one in found.points.items() if one.known} if found else None,
    }


VERBS: dict[str, Callable[[], Any]] = {
    "record": record,
    "record_class": record_class,
    "correct_class": correct_class,
    "send": send,
    "forget_answers": forget_answers,
    "pull": pull,
    "show": show,
}
