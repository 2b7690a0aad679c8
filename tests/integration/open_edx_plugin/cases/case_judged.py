"""Work that people judge, on a platform with the plug-in: text and register in its tables, evidence of each row, the grade."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from xblock.runtime import DictKeyValueStore

from qualoop.classroom.register import Register
from qualoop.values import Score
from tests.fakes.block_runtime import BlockRuntime, FixedEnrolments
from tests.fakes.courseware.user_state import request_store
from tests.fakes.plugin_batches import ANN, BEN
from tests.fakes.plugin_platform import STATE, School
from tests.integration.xblocks.judged_room import SECURE, STRONG, JudgedRoom
from tests.integration.xblocks.learners import Learner
from xblocks.edx import checks, learners, registers, work, works
from xblocks.edx.models import ClassRegister, EvidenceEvent, GradeCheck, HandedInWork
from xblocks.edx.platform import KeptScore, RosterEntry
from xblocks.kp_practice import texts

USAGE = "clinic-1"
COURSE = "CourseKey(is_course=True)"
NUMBERS = {ANN: 5, BEN: 6}
TEACHER = "teacher-0b9d3a52"


@dataclass(kw_only=True)
class SiteLearner(Learner):
    """Somebody of the course; state is in the platform's table, and each request has its own copy."""

    authored: DictKeyValueStore

    def block(self) -> Any:
        self.store = request_store(NUMBERS.get(str(self.user_id), 9), self.authored)
        runtime = BlockRuntime(self.store, attributes=self.attributes, services=self.services)
        runtime.published = self.published
        return self.place.block(runtime, NUMBERS.get(str(self.user_id), 9))  # type: ignore[arg-type]


@dataclass(kw_only=True)
class SiteRoom(JudgedRoom):
    """The block on the site."""

    services: Mapping[str, Any] = field(default_factory=lambda: {"enrollments": FixedEnrolments(enrolled={7: True})})
    authored: DictKeyValueStore = field(default_factory=DictKeyValueStore)

    def who(self, name: str, **attributes: Any) -> Learner:
        found = super().who(name, **attributes)
        known = {each: getattr(found, each) for each in ("place", "user_id", "attributes", "services", "published")}
        return SiteLearner(**known, authored=self.authored)

    @property
    def register(self) -> Register:
        return registers.read(USAGE)

    @property
    def rev(self) -> int:
        return self.register.rev


@pytest.fixture
def room() -> SiteRoom:
    STATE.people[COURSE] = [
        RosterEntry(key=ANN, username="ann", name="Ann Lee", email="ann@x.test"),
        RosterEntry(key=BEN, username="ben", name="Ben Oduya", email="ben@x.test"),
    ]
    STATE.ids |= {"ann": [ANN], "ben": [BEN]}
    STATE.enrolled |= {(ANN, COURSE), (BEN, COURSE)}
    return SiteRoom()


def sent(part: str = "") -> list[dict[str, Any]]:
    events = [json.loads(event.payload) for event in EvidenceEvent.objects.order_by("id")]
    return [event for event in events if part in {"", event["part"]}]


def test_a_work_is_marked_and_each_row_is_evidence_of_the_works_own_time(room: SiteRoom) -> None:
    room.hand_in(ANN)
    assert {event["part"] for event in sent()} == {"compliance", "search"}, "what the machine scores is told at once"
    assert HandedInWork.objects.get().learner == ANN
    assert room.register.people == {}, "names are the platform's"
    page = room.who(TEACHER).view()
    assert "Ann Lee" in page
    handed_in = HandedInWork.objects.get().handed_in_at

    room.mark("save", TEACHER, who=ANN, **SECURE)
    assert len(sent()) == 2
    room.mark("save", TEACHER, who=ANN, release="1", **STRONG | {"r-level-tone": "1"})

    (tone,) = sent("tone")
    assert (tone["score"], tone["form"], tone["rater"]) == ("0.333333", "project", TEACHER)
    assert tone["occasion"] == "sheet:4:assessor"
    assert datetime.fromisoformat(tone["occurred_at"]) == handed_in
    assert tone["attempt"] == HandedInWork.objects.get().attempt
    assert {event["part"] for event in sent()} == {"compliance", "search", "accuracy", "benefit", "structure", "tone"}
    assert School().graded(ANN, USAGE) == Score("0.85")
    assert (BEN, USAGE) not in STATE.grades


def test_what_is_marked_anew_is_told_as_another_try_and_the_same_never_twice(room: SiteRoom) -> None:
    room.hand_in(ANN)
    room.mark("save", TEACHER, who=ANN, release="1", **STRONG)
    before = len(sent())
    room.mark("save", TEACHER, who=ANN, release="1", **STRONG)
    assert len(sent()) == before
    room.mark("save", TEACHER, who=ANN, release="1", **STRONG | {"r-level-tone": "2"})
    assert [event["try"] for event in sent("tone")] == [1, 2]
    assert len(sent()) == before + 1


def test_a_grade_that_did_not_reach_the_platform_is_published_by_the_sweeper(room: SiteRoom) -> None:
    room.hand_in(ANN)
    STATE.broken.add(USAGE)
    room.mark("save", TEACHER, who=ANN, release="1", **STRONG)
    assert School().graded(ANN, USAGE) is None
    assert "1 grade has not reached the platform yet." in room.who(TEACHER).view()
    STATE.broken.clear()
    checks.sweep(School(), datetime.now(UTC) + timedelta(minutes=3))
    assert School().graded(ANN, USAGE) == Score(1)


def test_text_attempt_and_queue_are_kept_all_or_none(room: SiteRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(works, "keep", full)
        with pytest.raises(OSError, match="disk"):
            room.hand_in(ANN)
    assert room.who(ANN).attempt["status"] == "active"
    assert not HandedInWork.objects.exists()
    assert not ClassRegister.objects.exists()
    assert room.register.cells == {}


def test_whoever_is_retired_leaves_no_text_and_no_mark(room: SiteRoom) -> None:
    for name in (ANN, BEN):
        room.hand_in(name)
        room.mark("save", TEACHER, who=name, release="1", **SECURE)
    learners.forget([ANN])
    assert list(HandedInWork.objects.values_list("learner", flat=True)) == [BEN]
    assert ANN not in json.dumps(room.register.as_json())
    works.keep(USAGE, ANN, "another", "text", at=datetime.now(UTC))
    assert HandedInWork.objects.count() == 1


def test_one_reads_only_a_text_of_its_learner_and_block(room: SiteRoom) -> None:
    room.hand_in(ANN)
    attempt = HandedInWork.objects.get().attempt
    block = room.who(ANN).block()
    assert texts.read(block, ANN, attempt)
    assert texts.read(block, BEN, attempt) is None
    assert works.read("another-block", ANN, attempt) is None


def test_staff_who_delete_a_learners_state_empty_the_register_and_the_grade(room: SiteRoom) -> None:
    room.hand_in(ANN)
    room.mark("save", TEACHER, who=ANN, release="1", **SECURE)
    block = room.who(ANN).block()
    block.clear_student_state(user_id=ANN)
    assert School().graded(ANN, USAGE) is None
    assert room.who(ANN).block().stage_of(ANN) is None
    room.fields = {"activity_key": "sem-search-terms"}
    assert not hasattr(room.who(ANN).block(), "clear_student_state"), "else the platform would clear no score of it"


def test_in_a_library_nothing_is_locked_and_the_block_works(room: SiteRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_course(*_: Any) -> None:
        raise ValueError("lib:A:B is no course")

    monkeypatch.setattr(School, "hold_state", no_course)
    room.is_course = False
    page = room.who(TEACHER).view()
    assert "The project, as learners see it" in page
    assert room.who(ANN).act("open", to="graded").status_code == 200


def approved(room: SiteRoom) -> None:
    """Let two works be approved, and their date of release come."""
    for name in (ANN, BEN):
        room.hand_in(name)
        room.mark("save", TEACHER, who=name, approve="1", **STRONG)
    room.fields = {"release_at": datetime.now(UTC) - timedelta(minutes=1)}


def test_who_looks_after_the_date_publishes_the_own_grade_and_the_sweeper_the_rest(room: SiteRoom) -> None:
    approved(room)
    assert "Your marks" in room.who(ANN).view()
    assert [who for who, _, _ in STATE.published] == [ANN]
    room.who(BEN).view()
    assert [who for who, _, _ in STATE.published] == [ANN], "a page publishes only what it has released itself"
    checks.sweep(School(), datetime.now(UTC) + timedelta(minutes=3))
    assert School().graded(BEN, USAGE) == Score(1)


def test_marks_are_released_by_the_sweeper_where_nobody_looks(room: SiteRoom) -> None:
    approved(room)

    class Broken:
        def release_due(self, _now: datetime) -> None:
            raise OSError("the store is away")

    ClassRegister.objects.create(
        usage="broken", course=COURSE, document=ClassRegister.objects.get().document, updated_at=datetime.now(UTC)
    )
    STATE.blocks |= {"broken": Broken(), USAGE: room.who("").block()}
    work.sweep()
    assert {part["learner"] for part in sent("tone")} == {ANN, BEN}
    checks.sweep(School(), datetime.now(UTC) + timedelta(minutes=3))
    assert (School().graded(ANN, USAGE), School().graded(BEN, USAGE)) == (Score(1), Score(1))
    assert "Your marks" in room.who(BEN).view()


def test_what_is_released_again_after_it_was_taken_back_is_published_again(room: SiteRoom) -> None:
    approved(room)
    room.mark("release-all", TEACHER)
    for name in (ANN, BEN):
        room.mark("withdraw", TEACHER, who=name)
    room.who(ANN).view()
    assert School().graded(ANN, USAGE) is None, "no date releases what staff took back"
    for name in (ANN, BEN):
        room.mark("save", TEACHER, who=name, approve="1", **STRONG)
    GradeCheck.objects.update(checked_at=datetime.now(UTC))
    room.who(ANN).view()
    checks.sweep(School(), datetime.now(UTC) + timedelta(minutes=3))
    assert School().graded(BEN, USAGE) == Score(1), "though it is no news as evidence"


@pytest.mark.parametrize(("is_judged", "score"), [(True, "1"), (False, "0.4")])
def test_of_a_block_that_was_made_another_the_one_score_counts_that_it_has_now(
    room: SiteRoom, *, is_judged: bool, score: str
) -> None:
    room.hand_in(ANN)
    room.mark("save", TEACHER, who=ANN, release="1", **STRONG)
    STATE.kept[ANN, COURSE] = [KeptScore(usage=USAGE, score=Score("0.4"), graded=Score(1))]
    room.fields = {} if is_judged else {"activity_key": "sem-search-terms"}
    STATE.blocks[USAGE] = room.who("").block()
    checks.sweep(School(), datetime.now(UTC) + timedelta(minutes=3))
    assert School().graded(ANN, USAGE) == Score(score)
    assert len(STATE.published) == (1 if is_judged else 2)


def test_rows_are_locked_in_one_order_everywhere(room: SiteRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (BEN, ANN):
        room.hand_in(name)
        room.mark("save", TEACHER, who=name, approve="1", **STRONG)
    room.mark("release-all", TEACHER)
    assert [event["learner"] for event in sent("tone")] == sorted([ANN, BEN])
    found: list[bool] = []
    clear_score, forget = School.clear_score, registers.forget

    def clear(school: School, learner: str, usage: str) -> None:
        found.append(room.register.value(learner, "released") is not None)
        clear_score(school, learner, usage)

    def forgets(ids: Any) -> None:
        found.append(EvidenceEvent.objects.exists() and not HandedInWork.objects.filter(learner__in=ids).exists())
        forget(ids)

    monkeypatch.setattr(School, "clear_score", clear)
    monkeypatch.setattr(registers, "forget", forgets)
    room.who(ANN).block().clear_student_state(user_id=ANN)
    learners.forget([BEN])
    assert found == [True, True], "state before register; text before register before outbox"
