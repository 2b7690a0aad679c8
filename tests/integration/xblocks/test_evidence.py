"""What a block gives the plug-in: with the state or not at all, of whom it is, and nothing where nobody may be known."""

from __future__ import annotations

import sys
import uuid
from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from webob import Request, Response

from tests.fakes.block_runtime import FixedEnrolments
from tests.integration.xblocks.learners import TEST_LESSONS, Learner, placed, questions, right_form
from xblocks.common import activity, evidence
from xblocks.common.evidence import EvidenceBatch
from xblocks.common.platform import find_plugin, in_one_transaction

WHO = {"lti": "5e0d-lti", "user_id": 7, "anonymous_user_id": "anon", "is_authenticated": True}


@dataclass(kw_only=True)
class Outbox:
    """The plug-in's module as blocks know it."""

    broken: bool = False
    batches: list[EvidenceBatch] = field(default_factory=list)

    def record(self, batch: EvidenceBatch) -> None:
        if self.broken:
            raise OSError("the disk is full")
        self.batches.append(batch)


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> Outbox:
    found = Outbox()
    monkeypatch.setattr(evidence, "find_plugin", lambda module: found if module == "outbox" else None)
    monkeypatch.setattr(activity, "in_one_transaction", nullcontext)
    return found


def learner(**attributes: Any) -> Learner:
    return Learner(place=placed("minimal"), attributes=WHO | attributes)


def answered(who: Learner) -> Response:
    ((_, item),) = questions(who.lesson)
    return who.answer(item.key, right_form(item, who.seed))


def test_an_answer_is_evidence_of_its_part_by_the_id_that_the_tool_knows(outbox: Outbox) -> None:
    who = learner()
    answered(who)

    (batch,) = outbox.batches
    assert (batch.learner, batch.is_staff, batch.enrolled) == ("5e0d-lti", False, None)
    assert (batch.activity, batch.content) == ("minimal", TEST_LESSONS.get("minimal").hash)
    assert (batch.usage, batch.attempt) == ("lesson-1", who.attempt["id"])
    (part,) = batch.parts
    assert (part.part, part.score.as_text(), part.form, part.tries) == ("what-is-typed", "1", "quiz", 1)


def test_the_same_answer_is_the_same_event_and_another_try_is_another(outbox: Outbox) -> None:
    who = learner()
    answered(who)
    ((_, item),) = questions(who.lesson)
    before = who.attempt["id"]
    again = uuid.uuid5(evidence._EVENTS, f"{before}:{item.key}:1")

    assert outbox.batches[0].parts[0].event_id == again


def test_where_the_evidence_is_not_kept_the_answer_is_not_either_and_sending_it_again_works(outbox: Outbox) -> None:
    who = learner()
    before = who.attempt
    outbox.broken = True
    response = answered(who)

    assert (response.status_code, response.json) == (503, {"error": "evidence-not-kept"})
    assert who.attempt == before
    assert (who.block().score, who.published) == ("", [])
    outbox.broken = False
    assert answered(who).status_code == 200
    assert who.grades() == [(1.0, 1.0)]


def test_where_publishing_fails_the_next_action_tells_the_platform(outbox: Outbox) -> None:
    who = learner()
    block = who.block()
    block.runtime.publish = _fails
    ((_, item),) = questions(who.lesson)
    form = {"attempt": who.attempt["id"], "item": item.key, "try": "1", **right_form(item, who.seed)}
    with pytest.raises(ConnectionError):
        block.handle("act", _post(form), "answer")

    assert who.block().score == "1"
    assert who.grades() == []
    who.act("go", step="read")
    assert who.grades() == [(1.0, 1.0)]
    who.act("go", step="ask")
    assert len(who.grades()) == 1


def test_two_requests_at_once_are_one_answer(outbox: Outbox) -> None:
    who = learner()
    ((_, item),) = questions(who.lesson)
    form = {"attempt": who.attempt["id"], "item": item.key, "try": "1", **right_form(item, who.seed)}
    # Both have read the state before either has saved.
    both = [who.block(), who.block()]
    for block in both:
        assert block.state["player"]["items"] == {}
    for block in both:
        assert block.handle("act", _post(form), "answer").status_code == 200

    assert len(who.attempt["player"]["items"][item.key]["tries"]) == 1
    assert len({batch.parts[0].event_id for batch in outbox.batches}) == 1
    assert set(who.grades()) == {(1.0, 1.0)}


@pytest.mark.parametrize(
    ("attributes", "known"),
    [({"user_is_staff": True}, True), ({"user_role": "instructor"}, True), ({"user_role": "student"}, False)],
)
def test_staff_are_marked(outbox: Outbox, attributes: dict[str, Any], *, known: bool) -> None:
    answered(learner(**attributes))

    assert outbox.batches[0].is_staff is known


def test_who_is_not_enrolled_can_look_and_leaves_neither_evidence_nor_grade(outbox: Outbox) -> None:
    services = {"enrollments": FixedEnrolments(enrolled={7: False})}
    who = Learner(place=placed("minimal"), attributes=WHO, services=services)

    assert answered(who).status_code == 200
    assert (outbox.batches, who.published) == ([], [])


def test_who_is_enrolled_is_said_to_be(outbox: Outbox) -> None:
    services = {"enrollments": FixedEnrolments(enrolled={7: True})}
    answered(Learner(place=placed("minimal"), attributes=WHO, services=services))

    assert outbox.batches[0].enrolled is True


def test_what_staff_do_in_the_place_of_a_learner_counts_for_nobody(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = learner()
    place = who.block().scope_ids.usage_id.context_key
    masquerades = {place: SimpleNamespace(user_name="wei")}
    crum = SimpleNamespace(get_current_user=lambda: SimpleNamespace(masquerade_settings=masquerades))
    monkeypatch.setitem(sys.modules, "crum", crum)

    assert answered(who).status_code == 200
    assert (outbox.batches, who.published) == ([], [])
    masquerades[place].user_name = None
    who.act("go", step="read")
    assert who.grades() == [(1.0, 1.0)]


def test_in_a_library_there_is_no_evidence(outbox: Outbox) -> None:
    answered(Learner(place=placed("minimal", is_course=False), attributes=WHO))

    assert outbox.batches == []


def test_who_has_not_signed_in_reads_and_cannot_send(outbox: Outbox) -> None:
    guest = learner(is_authenticated=False)

    assert "Enrol in the course" in guest.view()
    assert guest.send("answer", {}).json == {"error": "sign-in"}
    assert guest.block().state == {}


def test_without_a_user_service_the_block_works_and_says_nothing_of_anybody(outbox: Outbox) -> None:
    who = Learner(place=placed("minimal"), services={"user": None})

    assert answered(who).status_code == 200
    assert who.grades() == [(1.0, 1.0)]
    assert outbox.batches == []


def test_without_the_plug_in_nothing_is_recorded() -> None:
    assert find_plugin("outbox") is None
    with in_one_transaction():
        assert answered(learner()).status_code == 200


def _fails(*_: Any) -> None:
    raise ConnectionError


def _post(form: dict[str, Any]) -> Request:
    pairs = [
        (name, value) for name, values in form.items() for value in ([values] if isinstance(values, str) else values)
    ]
    return Request.blank("/", method="POST", POST=pairs)
