"""Events reach the tool in order, whatever fails on the way, and what cannot is set apart for a person."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import OperationalError, connection

from tests.fakes.plugin_batches import ANN, BEN, Clock, ScriptedTool, batch
from xblocks.edx import metrics, outbox, sending
from xblocks.edx.models import ContentVersion, EvidenceEvent, EvidenceOutbox
from xblocks.edx.terms import TERMS, Terms
from xblocks.edx.tool import Answer

DOWN = Answer(status=None, code="unreachable")


def send(tool: ScriptedTool, clock: Clock, terms: Terms = TERMS) -> sending.Sent:
    return sending.send_due(tool, clock, random=Random(1), terms=terms)


def row(learner: str = ANN) -> Any:
    return EvidenceOutbox.objects.get(learner=learner)


def test_a_version_is_registered_before_its_evidence_and_both_are_sent_once() -> None:
    outbox.record(batch(ANN, count=3))
    outbox.record(batch(BEN))
    tool, clock = ScriptedTool(), Clock()
    assert send(tool, clock).events == 4
    assert [method for method, *_ in tool.asked] == ["PUT", "POST"]
    assert tool.asked[0][2]["parts"]
    assert [event["sequence"] for event in tool.events if event["learner"] == ANN] == [1, 2, 3]
    assert (row().state, row().lease, row().last_status) == ("done", "", 200)
    send(tool, clock)
    assert len(tool.asked) == 2


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (DOWN, "due"),
        (Answer(status=503, code="engine-unavailable", retry_after_s=3600), "due"),
        (Answer(status=409, code="evidence-tags-moved"), "due"),
        (Answer(status=401, code="signature-wrong"), "due"),
        (Answer(status=301, code="http-301"), "due"),
        (Answer(status=200, body={"results": [], "gaps": []}), "due"),
        (Answer(status=200, body={"results": [{"id": str(uuid.uuid4()), "outcome": "accepted"}], "gaps": []}), "due"),
        (Answer(status=422, code="body-refused"), "needs-person"),
    ],
    ids=["down", "busy", "moved", "key", "elsewhere", "says-nothing", "of-another", "not-understood"],
)
def test_what_fails_is_kept_and_tried_again_later(answer: Answer, state: str) -> None:
    outbox.record(batch())
    tool, clock = ScriptedTool(answers=[answer]), Clock()
    sent = send(tool, clock)
    assert (sent.events, sent.error) == (0, answer.code or "answer-unreadable")
    assert (row().state, row().lease, row().attempts) == (state, "", 1)
    send(tool, clock)
    assert row().state == state  # not before its time
    clock.advance(hours=2)
    if state == "needs-person":
        sending.send_again(clock())
    send(tool, clock)
    assert (row().state, row().attempts, EvidenceEvent.objects.get().state) == ("done", 0, "sent")
    if answer.retry_after_s:
        assert len(tool.events) == 2


def test_the_tool_being_down_for_a_day_loses_nothing_and_keeps_the_order() -> None:
    tool, clock = ScriptedTool(answers=[DOWN] * 6), Clock()
    outbox.record(batch(ANN))
    for number in range(2, 8):
        send(tool, clock)
        clock.advance(hours=4)
        outbox.record(batch(ANN, number=number))
    assert metrics.measure(clock()).lag_s > 20 * 3600
    tool.answers.clear()
    tool.asked.clear()
    clock.advance(hours=7)
    send(tool, clock)
    assert [event["sequence"] for event in tool.events] == [1, 2, 3, 4, 5, 6, 7]
    assert metrics.measure(clock()).lag_s == 0


def test_after_the_last_try_a_person_is_needed_and_can_send_it_again() -> None:
    terms = Terms(tries=2)
    outbox.record(batch())
    tool, clock = ScriptedTool(answers=[DOWN, DOWN]), Clock()
    for _ in range(3):
        send(tool, clock, terms)
        clock.advance(hours=12)
    assert (row().state, row().last_error, len(tool.events)) == ("dead", "unreachable", 2)
    assert sending.send_again(clock()) == 1
    send(tool, clock, terms)
    assert row().state == "done"


def test_a_refused_event_is_set_apart_and_holds_nothing_up() -> None:
    outbox.record(batch(count=3))
    problem = {
        "type": "urn:x", "title": "", "status": 422, "code": "part-unknown",
        "errors": [{"pointer": "/part", "detail": "there is none"}],
    }  # fmt: skip

    def of_event(event: Any) -> dict[str, Any]:
        return {"outcome": "refused", "problem": problem} if event["sequence"] == 2 else {"outcome": "waits"}

    tool, clock = ScriptedTool(result=of_event), Clock()
    assert send(tool, clock).refused == 1
    found = EvidenceEvent.objects.order_by("sequence").values_list("state", "outcome", "problem")
    assert list(found) == [
        ("sent", "waits", ""),
        ("refused", "refused", "part-unknown: /part there is none"),
        ("sent", "waits", ""),
    ]
    assert row().state == "done"
    tool.result = lambda _: {"outcome": "accepted"}
    sending.send_again(clock(), learner=ANN)
    send(tool, clock)
    assert [event["sequence"] for event in tool.events] == [1, 2, 3, 2]


def test_versions_that_the_tool_has_itself_are_as_good_and_those_it_refuses_wait_for_a_person() -> None:
    outbox.record(batch())
    tool, clock = ScriptedTool(registered=Answer(status=409, code="framework-missing")), Clock()
    assert send(tool, clock).events == 1  # evidence waits at the tool
    clock.advance(minutes=1)
    tool.registered = Answer(status=422, code="body-refused")
    send(tool, clock)
    assert ContentVersion.objects.get().state == "refused"
    sending.send_again(clock())
    tool.registered = Answer(status=409, code="version-installed")
    send(tool, clock)
    assert ContentVersion.objects.get().state == "registered"


def test_two_senders_at_once_never_hold_the_same_learner() -> None:
    for number in range(12):
        outbox.record(batch(f"learner-{number:02}"))
    now, held, start = Clock()(), [], threading.Barrier(4)
    lock = threading.Lock()

    def claim_some() -> None:
        start.wait()
        while (parcel := _retrying(lambda: sending.claim(now, at_most=2))) is not None:
            with lock:
                held.extend(event.event_id for event in parcel.events)
        connection.close()

    threads = [threading.Thread(target=claim_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) == len(set(held)) >= 2
    rest = []
    while (parcel := sending.claim(now, at_most=50)) is not None:
        rest.extend(event.event_id for event in parcel.events)
    assert len({*held, *rest}) == 12


def _retrying(do: Callable[[], Any]) -> Any:
    """SQLite has one writer at a time, and says so."""
    while True:
        try:
            return do()
        except OperationalError:
            continue


def test_what_a_crashed_sender_held_is_sent_by_another_and_its_late_result_changes_nothing() -> None:
    outbox.record(batch(count=2))
    clock = Clock()
    lost = sending.claim(clock(), at_most=10)
    assert lost is not None
    tool = ScriptedTool()
    send(tool, clock)
    assert tool.events == []
    clock.advance(minutes=11)
    again = sending.claim(clock(), at_most=10)
    assert again is not None
    assert again.body == lost.body
    sending._put_off(lost, DOWN, clock(), random=Random(1), terms=Terms())
    assert row().lease == again.lease


def test_evidence_that_came_while_its_learner_was_being_sent_stays_due() -> None:
    outbox.record(batch())
    clock, tool = Clock(), ScriptedTool()
    parcel = sending.claim(clock(), at_most=10)
    assert parcel is not None
    outbox.record(batch(number=2))
    answer = tool.ask("POST", sending.TARGET, parcel.body)
    results = sending._results(parcel, answer)
    assert results is not None
    sending.settle(parcel, results, clock())
    assert (row().state, EvidenceEvent.objects.filter(state="waiting").count()) == ("due", 1)


def test_a_request_never_holds_more_than_the_tool_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    outbox.record(batch(count=5))
    monkeypatch.setattr(sending, "BODY_ROOM", 1200)
    tool, clock = ScriptedTool(), Clock()
    send(tool, clock)
    sizes = [len(body["events"]) for method, _, body in tool.asked if method == "POST"]
    assert sum(sizes) == 5
    assert max(sizes) <= 3


def test_waits_grow_and_stay_below_six_hours() -> None:
    waits = [Terms().delay(tried, Random(1)) for tried in (1, 2, 5, 40)]
    assert waits == sorted(waits)
    assert timedelta(seconds=9) < waits[0] < timedelta(seconds=11)
    assert waits[-1] < timedelta(hours=6.7)
