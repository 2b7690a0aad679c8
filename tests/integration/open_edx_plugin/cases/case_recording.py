"""What blocks hand over is kept once, in order, with the state or not at all."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.db import transaction

from qualoop.values import Score
from tests.fakes.plugin_batches import ANN, BEN, COURSE, batch
from tests.fakes.plugin_platform import STATE
from xblocks.common.evidence import PartEvidence
from xblocks.edx import learners, outbox
from xblocks.edx.models import ContentVersion, EvidenceEvent, EvidenceOutbox, GradeCheck


def numbers(learner: str) -> list[int]:
    return list(
        EvidenceEvent.objects.filter(outbox__learner=learner).order_by("sequence").values_list("sequence", flat=True)
    )


def test_events_are_numbered_by_learner_and_an_event_told_twice_is_one() -> None:
    outbox.record(batch(ANN, count=2))
    outbox.record(batch(BEN))
    outbox.record(batch(ANN, count=3))
    assert (numbers(ANN), numbers(BEN)) == ([1, 2, 3], [1])
    assert ContentVersion.objects.count() == 1
    assert set(EvidenceOutbox.objects.values_list("learner", "rev", "state")) == {(ANN, 3, "due"), (BEN, 1, "due")}


def test_an_event_says_all_that_the_tool_wants_and_nothing_of_the_person() -> None:
    outbox.record(batch(total=Score("0.25")))
    sent = json.loads(EvidenceEvent.objects.get().payload)
    assert sent["staff"] is False
    assert (sent["learner"], sent["course"], sent["score"], sent["sequence"]) == (ANN, COURSE, "0.5", 1)
    assert sent["total"] == "0.25"
    assert set(sent) == {
        "id", "learner", "course", "activity", "content", "part", "score", "form", "attempt", "try", "hints",
        "sequence", "occurred_at", "staff", "enrolled", "occasion", "run", "total",
    }  # fmt: skip


def test_a_breach_is_told_of_a_graded_run_alone() -> None:
    run: dict[str, Any] = {"part": "policy", "score": Score("0"), "form": "project", "tries": 1, "components": 4}
    given = [
        PartEvidence(event_id=uuid.UUID(int=number), mode=mode, critical=critical, **run)
        for number, (mode, critical) in enumerate([("practice", False), ("graded", False), ("graded", True)])
    ]
    outbox.record(batch(parts=tuple(given)))
    sent = [json.loads(event.payload) for event in EvidenceEvent.objects.order_by("id")]
    assert [(one["occasion"], one.get("critical")) for one in sent] == [
        ("practice-run:4", None), ("graded-run:4", None), ("graded-run:4", True),
    ]  # fmt: skip


def test_what_staff_do_is_marked_and_leaves_no_gap_in_the_numbers() -> None:
    outbox.record(batch(is_staff=True, count=2))
    outbox.record(batch(number=2))
    outbox.record(batch(number=3, is_staff=True))
    outbox.record(batch(number=4))
    sent = [json.loads(event.payload) for event in EvidenceEvent.objects.order_by("id")]
    assert [(one["staff"], one.get("sequence")) for one in sent] == [
        (True, None), (True, None), (False, 1), (True, None), (False, 2),
    ]  # fmt: skip


def test_what_its_transaction_undoes_was_never_recorded() -> None:
    with transaction.atomic():
        outbox.record(batch())
        transaction.set_rollback(True)
    assert not EvidenceEvent.objects.exists()
    outbox.record(batch())
    assert numbers(ANN) == [1]


@pytest.mark.parametrize(
    ("enrolled", "known", "kept"),
    [(False, True, 0), (None, True, 1), (None, False, 0)],
    ids=["not-enrolled", "the-platform-says-so", "nobody-knows"],
)
def test_nothing_is_evidence_before_enrolment_is_known(*, enrolled: bool | None, known: bool, kept: int) -> None:
    if known:
        STATE.ids["ann"] = [ANN]
        STATE.enrolled.add((ANN, COURSE))
    outbox.record(batch(enrolled=enrolled))
    assert EvidenceEvent.objects.count() == kept


def test_who_was_retired_leaves_nothing_and_is_not_recorded_again() -> None:
    outbox.record(batch(ANN, count=2))
    outbox.record(batch(BEN))
    assert learners.forget([ANN, "somebody-else"]) == 1
    outbox.record(batch(ANN, number=2))
    assert (numbers(ANN), numbers(BEN)) == ([], [1])
    assert list(GradeCheck.objects.values_list("learner", flat=True)) == [BEN]


def test_new_evidence_does_not_hurry_a_try_that_was_put_off_but_wakes_what_was_given_up() -> None:
    outbox.record(batch(ANN))
    outbox.record(batch(BEN))
    before = EvidenceOutbox.objects.get(learner=ANN).next_at
    EvidenceOutbox.objects.filter(learner=ANN).update(attempts=3)
    EvidenceOutbox.objects.filter(learner=BEN).update(attempts=16, state="dead")
    outbox.record(batch(ANN, number=2))
    outbox.record(batch(BEN, number=2))
    rows = {row.learner: (row.state, row.attempts) for row in EvidenceOutbox.objects.all()}
    assert rows == {ANN: ("due", 3), BEN: ("due", 0)}
    assert EvidenceOutbox.objects.get(learner=ANN).next_at == before
