"""Two requests of one learner at once, from two tabs and by two workers: what each brings is kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from webob import Request

from tests.fakes.courseware.models import StudentModule
from tests.fakes.plugin_batches import ANN, batch
from tests.fakes.plugin_platform import School
from tests.integration.xblocks import learners
from tests.integration.xblocks.learners import placed, questions, right_form
from xblocks.common.contents import SHIPPED
from xblocks.edx import outbox
from xblocks.edx.models import EvidenceEvent
from xblocks.edx.platform import OpenEdx

from .case_blocks import LESSON, CourseLearner
from .case_other_people import install

ON_SQLITE = connection.vendor == "sqlite"


@dataclass(kw_only=True)
class SiteLearner(CourseLearner):
    """A learner who sends forms of more than one page."""

    def form(self, number: int) -> Request:
        """Return the right answer to a question, as its form sends it."""
        _, item = questions(self.lesson)[number]
        form = {"attempt": [self.attempt["id"]], "item": [item.key], "try": ["1"], **right_form(item, self.seed)}
        return Request.blank("/", method="POST", POST=[(name, text) for name, all_ in form.items() for text in all_])

    @property
    def answered(self) -> set[str]:
        return {key for key, item in self.attempt["player"]["items"].items() if item["tries"]}


@pytest.fixture
def learner(monkeypatch: pytest.MonkeyPatch) -> SiteLearner:
    monkeypatch.setattr(learners.TestLessonBlock, "contents", SHIPPED)
    monkeypatch.setattr(learners, "TEST_LESSONS", SHIPPED)
    return SiteLearner(place=placed(LESSON))


def keys(learner: SiteLearner) -> list[str]:
    return [item.key for _, item in questions(learner.lesson)][:2]


def read(blocks: Sequence[Any]) -> None:
    """Let blocks read what is stored, as a request does before it acts."""
    for block in blocks:
        assert block.state
        assert block.score == ""
        assert block.published == {}


def test_two_answers_that_read_the_same_state_are_both_kept_and_both_graded(learner: SiteLearner) -> None:
    forms = [learner.form(0), learner.form(1)]
    both = [learner.block(), learner.block()]
    read(both)
    for block, form in zip(both, forms, strict=True):
        assert block.handle("act", form, "answer").status_code == 200
    assert learner.answered == set(keys(learner))
    assert EvidenceEvent.objects.count() == 2
    assert learner.grades()[-1][0] == float(learner.block().score) == float(learner.attempt["score"])
    assert learner.block().published["score"] == learner.block().score


def test_the_same_answer_from_two_tabs_is_one(learner: SiteLearner) -> None:
    form = learner.form(0)
    both = [learner.block(), learner.block()]
    read(both)
    for block in both:
        assert block.handle("act", form, "answer").status_code == 200
    assert EvidenceEvent.objects.count() == 1
    assert len(learner.attempt["player"]["items"][keys(learner)[0]]["tries"]) == 1


def test_a_view_that_began_before_an_answer_was_kept_takes_nothing_back(learner: SiteLearner) -> None:
    first, second = learner.block(), learner.block()
    # Both are first views, which begin an attempt: there is one.
    for block in (first, second):
        assert not block.state
    pages = [block.render("student_view").content for block in (first, second)]
    attempt = learner.attempt["id"]
    assert all(attempt in page for page in pages)
    slow = learner.block()
    assert slow.state["id"] == attempt
    assert learner.block().handle("act", learner.form(0), "answer").status_code == 200
    slow.render("student_view")
    assert learner.answered == set(keys(learner)[:1])


def test_a_state_that_staff_deleted_is_not_brought_back_by_a_page_from_before(learner: SiteLearner) -> None:
    forms = [learner.form(0), learner.form(1)]
    assert learner.block().handle("act", forms[0], "answer").status_code == 200
    open_page = learner.block()
    assert open_page.score
    StudentModule.objects.all().delete()
    assert open_page.handle("act", forms[1], "answer").status_code == 409
    assert (learner.answered, learner.block().score, learner.block().published) == (set(), "", {})


def test_what_is_refused_and_what_fails_writes_nothing_over_the_newest(
    learner: SiteLearner, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = [learner.form(0), learner.form(1)]
    stale, failing = learner.block(), learner.block()
    read([stale, failing])
    assert learner.block().handle("act", forms[0], "answer").status_code == 200
    other = Request.blank("/", method="POST", POST=[("attempt", "another"), ("item", "x"), ("try", "1")])
    assert stale.handle("act", other, "answer").status_code == 409

    def broken(_: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(outbox, "record", broken)
    assert failing.handle("act", forms[1], "answer").status_code == 503
    assert learner.answered == set(keys(learner)[:1])


def test_the_adapter_holds_the_platforms_own_row_and_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Key(str):
        __slots__ = ()
        block_type = "kp_lesson"

    modules = {
        "opaque_keys.edx.keys": {name: SimpleNamespace(from_string=Key) for name in ("UsageKey", "CourseKey")},
        "lms.djangoapps.courseware.models": {"StudentModule": StudentModule},
    }
    install(monkeypatch, {"opaque_keys": {}, "opaque_keys.edx": {}, **modules})

    def held() -> Mapping[str, Any]:
        with transaction.atomic():
            return OpenEdx().hold_state(5, "course-v1:A+B+C", "lesson-1")

    assert (held(), StudentModule.objects.get().module_type) == ({}, "kp_lesson")
    for stored, found in (('{"score": "1"}', {"score": "1"}), ("[1]", {}), ("", {})):
        StudentModule.objects.update(state=stored)
        assert held() == found
    assert StudentModule.objects.count() == 1


def test_where_the_row_cannot_be_held_nothing_is_done_and_it_is_said(
    learner: SiteLearner, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = learner.form(0)

    def waited(*_: Any) -> None:
        raise OSError("lock wait timeout exceeded")

    monkeypatch.setattr(School, "hold_state", waited)
    answer = learner.block().handle("act", form, "answer")
    assert (answer.status_code, answer.json) == (503, {"error": "evidence-not-kept"})
    assert (learner.answered, learner.grades()) == (set(), [])


@pytest.mark.skipif(ON_SQLITE, reason="SQLite has one writer and no locks of rows: tried on the servers")
def test_two_workers_are_one_after_the_other(learner: SiteLearner) -> None:
    forms = [learner.form(0), learner.form(1)]
    start = threading.Barrier(2)

    def work(form: Request) -> int:
        try:
            block = learner.block()
            read([block])
            start.wait(timeout=10)
            status: int = block.handle("act", form, "answer").status_code
        finally:
            connection.close()
        return status

    with ThreadPoolExecutor(max_workers=2) as pool:
        assert list(pool.map(work, forms)) == [200, 200]
    assert learner.answered == set(keys(learner))
    events = EvidenceEvent.objects.order_by("sequence").values_list("outbox__learner", "sequence")
    assert list(events) == [(ANN, 1), (ANN, 2)]
    assert learner.grades()[-1][0] == float(learner.block().score)


@pytest.mark.skipif(ON_SQLITE, reason="SQLite has one writer and no locks of rows: tried on the servers")
def test_who_waits_for_a_learners_first_event_locks_nobody_else_out() -> None:
    def work(number: int) -> None:
        try:
            outbox.record(batch(number=number))
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=2) as pool:
        with transaction.atomic():
            outbox.record(batch(number=1))
            waiting = [pool.submit(work, number) for number in (2, 3)]
            # Until both have come to the row that is not committed yet.
            time.sleep(1.5)
        for each in waiting:
            each.result()
    numbers = EvidenceEvent.objects.order_by("sequence").values_list("sequence", flat=True)
    assert list(numbers) == [1, 2, 3]
