"""A block of a course on a platform with the plug-in: an answer is state, evidence and grade."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from xblock.runtime import DictKeyValueStore

from tests.fakes.block_runtime import BlockRuntime, CurrentUser
from tests.fakes.courseware.user_state import request_store
from tests.fakes.plugin_batches import ANN
from tests.integration.xblocks import learners
from tests.integration.xblocks.learners import Learner, placed, questions, right_form
from xblocks.common.contents import SHIPPED
from xblocks.edx import outbox
from xblocks.edx.models import EvidenceEvent


@dataclass(kw_only=True)
class UserService:
    attributes: Mapping[str, Any]

    def get_current_user(self) -> CurrentUser:
        return CurrentUser(opt_attrs=self.attributes)

    def get_external_user_id(self, kind: str) -> str:
        assert kind == "lti"
        return ANN


@dataclass(kw_only=True)
class Enrolments:
    is_enrolled: bool

    def get_active_enrollments_by_course_and_user(self, course: str, user_id: int) -> list[str]:
        return ["enrolment"] if self.is_enrolled else []


@dataclass(kw_only=True)
class CourseLearner(Learner):
    """A learner of a course, as Open edX says so; the state is in its table, and each request has its own copy."""

    is_enrolled: bool = True
    user_id: Any = 5
    authored: DictKeyValueStore = field(default_factory=DictKeyValueStore)
    attributes: dict[str, Any] = field(
        default_factory=lambda: {"edx-platform.user_id": 5, "edx-platform.is_authenticated": True}
    )

    def block(self) -> Any:
        self.store = request_store(self.user_id, self.authored)
        runtime = BlockRuntime(self.store, language=self.language)
        runtime.published = self.published
        runtime._services |= {
            "user": UserService(attributes=self.attributes),
            "enrollments": Enrolments(is_enrolled=self.is_enrolled),
        }
        return self.place.block(runtime, self.user_id)


def answer_first(learner: Learner) -> int:
    _, item = questions(learner.lesson)[0]
    learner.view()
    status: int = learner.answer(item.key, right_form(item, learner.seed)).status_code
    return status


LESSON = "sem-1-1-keywords-and-intent"


@pytest.fixture
def learner(monkeypatch: pytest.MonkeyPatch) -> CourseLearner:
    monkeypatch.setattr(learners.TestLessonBlock, "contents", SHIPPED)
    monkeypatch.setattr(learners, "TEST_LESSONS", SHIPPED)
    return CourseLearner(place=placed(LESSON))


def test_an_answer_is_evidence_and_grade(learner: CourseLearner) -> None:
    assert answer_first(learner) == 200
    sent = json.loads(EvidenceEvent.objects.get().payload)
    assert (sent["learner"], sent["activity"], sent["score"], sent["staff"]) == (ANN, LESSON, "1", False)
    assert sent["attempt"] == learner.attempt["id"]
    assert sent["total"] == learner.block().score
    assert learner.grades()


def test_what_cannot_be_kept_as_evidence_is_not_kept_at_all(
    learner: CourseLearner, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner.view()
    before = learner.attempt

    def broken(_: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(outbox, "record", broken)
    _, item = questions(learner.lesson)[0]
    answer = learner.answer(item.key, right_form(item, learner.seed))
    assert (answer.status_code, answer.json) == (503, {"error": "evidence-not-kept"})
    assert (learner.attempt, learner.grades()) == (before, [])


def test_somebody_who_is_not_in_the_course_leaves_no_evidence_and_no_grade(learner: CourseLearner) -> None:
    learner.is_enrolled = False
    assert answer_first(learner) == 200
    assert (EvidenceEvent.objects.count(), learner.grades()) == (0, [])


def test_staff_are_marked(learner: CourseLearner) -> None:
    learner.attributes["edx-platform.user_is_staff"] = True
    answer_first(learner)
    assert json.loads(EvidenceEvent.objects.get().payload)["staff"] is True
