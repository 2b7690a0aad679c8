"""What a block gives the plug-in: with the state or not at all, of whom it is, and nothing where nobody may be known."""

from __future__ import annotations

import sys
import uuid
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from webob import Request, Response

from tests.fakes.block_runtime import FixedEnrolments, FixedUserService
from tests.integration.xblocks.learners import TEST_LESSONS, Learner, placed, questions, right_form
from xblocks.common import evidence
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


@pytest.mark.parametrize(
    "looking",
    [
        {"role": "student", "user_name": "wei"},
        {"role": "student", "user_name": None},
        {"role": "student", "user_name": None, "group_id": 1, "user_partition_id": 50},
    ],
    ids=["one-learner", "any-learner", "any-of-a-group"],
)
def test_what_staff_do_as_a_learner_counts_for_nobody_and_the_page_says_so(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, looking: dict[str, Any]
) -> None:
    # As any learner, the platform names the member of staff and says that nobody of the staff is there.
    who = learner(user_is_staff=False, user_role="student")
    masquerade = look(who, monkeypatch, **looking)

    assert "This is a preview" in who.view()
    assert answered(who).status_code == 200
    assert "This is a preview" in who.act("go", step="read").text
    assert (outbox.batches, who.published, who.block().score) == ([], [], "")
    # As oneself one is staff: what is done then is marked so.
    masquerade.role, masquerade.user_name = "staff", None
    assert "This is a preview" not in who.view()
    who.act("finish", unanswered="0")
    who.act("restart")
    answered(replace(who, attributes=WHO | {"user_is_staff": True}))
    assert [batch.is_staff for batch in outbox.batches] == [True]
    assert who.block().score == "1"


def look(who: Learner, monkeypatch: pytest.MonkeyPatch, **how: Any) -> SimpleNamespace:
    """Let staff look at the course in a way; return the platform's `CourseMasquerade`."""
    masquerade = SimpleNamespace(**how)
    by_course = {who.block().scope_ids.usage_id.context_key: masquerade}
    user = SimpleNamespace(masquerade_settings=by_course)
    monkeypatch.setitem(sys.modules, "crum", SimpleNamespace(get_current_user=lambda: user))
    return masquerade


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


class NoExternalIds(FixedUserService):
    """The service of a site whose external ids of type `lti` were taken away: it raises, as the platform's does."""

    def get_external_user_id(self, kind: str) -> str | None:
        raise ValueError(f"External ID type: {kind} does not exist")


def test_a_site_without_external_ids_knows_learners_by_the_courses_own(outbox: Outbox) -> None:
    service = NoExternalIds(language="en", attributes=WHO)
    who = Learner(place=placed("minimal"), services={"user": service})

    assert answered(who).status_code == 200
    assert [batch.learner for batch in outbox.batches] == ["anon"]
    assert who.grades() == [(1.0, 1.0)]


def test_whose_evidence_could_be_nobodys_is_told_so_and_nothing_is_kept(outbox: Outbox) -> None:
    service = NoExternalIds(language="en", attributes=WHO | {"anonymous_user_id": None})
    who = Learner(place=placed("minimal"), services={"user": service})
    before = who.attempt
    response = answered(who)

    assert (response.status_code, response.json) == (503, {"error": "learner-unknown"})
    assert (who.attempt, who.grades(), outbox.batches) == (before, [], [])
    assert who.act("go", step="read").status_code == 200


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
