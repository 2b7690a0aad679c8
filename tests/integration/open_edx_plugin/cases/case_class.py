"""The class block on a platform with the plug-in: roster, gate, register under a lock, evidence, grades of others."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from xblock.scorable import Score as PlatformScore

from qualoop.classroom.register import PRESENCE, Action, Change, Register, RegisterMovedError
from qualoop.values import Score
from tests.fakes.block_runtime import FixedEnrolments
from tests.fakes.plugin_batches import ANN, BEN
from tests.fakes.plugin_platform import STATE, School
from tests.integration.xblocks.class_room import FULL_MARKS, MARKED, ClassRoom, placed
from xblocks.common import register_people
from xblocks.edx import checks, learners, registers
from xblocks.edx.models import ClassRegister, ContentVersion, EvidenceEvent
from xblocks.edx.platform import CoursePlace, RosterEntry
from xblocks.edx.versions import registration_of
from xblocks.kp_class.evidence import opened_class
from xblocks.kp_class.fields import scheme_of

USAGE = "class-1"
COURSE = "CourseKey(is_course=True)"
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
TEACHER = "0b9d3a52-5a0e-4d3a-9d0e-1c1f0e6d2a99"


@dataclass(kw_only=True)
class SiteRoom(ClassRoom):
    """A class on the site; keys of people are external ids, and one of them asks by a name."""

    services: Mapping[str, Any] = field(default_factory=lambda: {"enrollments": FixedEnrolments(enrolled={7: True})})

    def act(self, action: str, who: str = TEACHER, /, **form: str) -> Any:
        return super().act(action, who, **form)

    @property
    def register(self) -> Register:
        return registers.read(USAGE)


@pytest.fixture
def room() -> SiteRoom:
    return furnished()


def furnished() -> SiteRoom:
    """Return a class of Ann and Ben, whom the platform knows."""
    STATE.people[COURSE] = [
        RosterEntry(key=ANN, username="ann", name="Ann Lee", email="ann@x.test"),
        RosterEntry(key=BEN, username="ben", name="Ben Oduya", email="ben@x.test"),
    ]
    STATE.ids |= {"ann": [ANN], "ben": [BEN]}
    STATE.enrolled |= {(ANN, COURSE), (BEN, COURSE)}
    return SiteRoom()


def sent() -> list[tuple[Any, ...]]:
    events = [json.loads(event.payload) for event in EvidenceEvent.objects.order_by("id")]
    names = ("learner", "part", "score", "form", "try")
    return [tuple(event[name] for name in names) for event in events]


def test_the_list_is_the_courses_and_nobody_has_to_open_the_block(room: SiteRoom) -> None:
    page = room.view(TEACHER, staff=True)
    assert page.index("Ann Lee") < page.index("Ben Oduya")
    assert room.view(ANN)
    assert room.register.people == {}
    assert not ClassRegister.objects.exists()
    assert "ann@x.test" not in room.table()
    data = "E-mail,Username,Attendance\nben@x.test,,late\n,ann,present\n"
    room.act("apply", table=data)
    assert room.counts() == {"present": 1, "late": 1}


def test_presence_is_evidence_once_the_class_is_over_and_never_of_a_knowledge_point(room: SiteRoom) -> None:
    room.act("open")
    room.check_in(ANN)
    room.act("mark", mark=f"{BEN} absent")
    assert sent() == []
    room.act("close")
    assert sent() == [(ANN, "attendance", "1", "attendance", 1)]
    # Who is marked afterwards was there, too; nobody is told twice.
    room.act("mark", mark=f"{BEN} late")
    room.act("mark", mark=f"{ANN} excused")
    room.act("mark", mark=f"{ANN} present")
    assert sent() == [(ANN, "attendance", "1", "attendance", 1), (BEN, "attendance", "1", "attendance", 1)]
    events = [json.loads(event.payload) for event in EvidenceEvent.objects.order_by("id")]
    assert [event.get("rater") for event in events] == [None, TEACHER]
    version = json.loads(ContentVersion.objects.get().registration)
    assert "attendance" not in version["tags"]
    assert version["tags"]["row-1"] == {"SEM-1.1": "1"}


def test_what_is_released_is_evidence_of_each_row_by_who_observed(room: SiteRoom) -> None:
    room.act("save", who=ANN, **FULL_MARKS)
    assert sent() == []
    room.act("save", who=ANN, release="1", **FULL_MARKS)
    assert sent() == [
        (ANN, "row-1", "1", "observation", 1),
        (ANN, "row-2", "1", "observation", 1),
        (ANN, "points", "0.75", "process", 1),
    ]
    event = json.loads(EvidenceEvent.objects.order_by("id")[0].payload)
    assert (event["rater"], event["occasion"], event["staff"]) == (TEACHER, "sheet:2:assessor", False)
    assert event["total"] == "0.807692"
    text = " ".join(event.payload for event in EvidenceEvent.objects.all())
    assert not [word for word in ("Ann", "Well asked", "ann@", "username", "teacher") if word in text]
    # The same again is nothing new; another level is another observation of that row only.
    room.act("save", who=ANN, release="1", **FULL_MARKS)
    room.act("save", who=ANN, release="1", **{**FULL_MARKS, "r-level-row-2": "0"})
    assert sent()[3:] == [(ANN, "row-2", "0", "observation", 2)]


def test_grade_and_completion_are_published_for_the_learner_and_not_for_who_asks(room: SiteRoom) -> None:
    room.act("open")
    room.check_in(ANN)
    assert STATE.completions == {(ANN, USAGE): Decimal("0.5")}
    room.act("save", who=ANN, release="1", **FULL_MARKS)
    assert STATE.published == [(ANN, USAGE, Score("0.807692"))]
    assert STATE.completions == {(ANN, USAGE): Decimal(1)}
    assert room.published == []
    room.act("withdraw", who=ANN)
    assert STATE.cleared == [(ANN, USAGE)]
    assert room.register.told[ANN]["published"] == {"score": "", "completion": "0.5"}


def test_one_learner_whose_grade_fails_keeps_no_other_from_theirs_and_it_goes_later(room: SiteRoom) -> None:
    STATE.broken.add(USAGE)
    room.act("save", who=ANN, release="1", **FULL_MARKS)
    assert STATE.published == []
    STATE.broken.clear()
    assert "1 grade is on its way" in room.view(TEACHER, staff=True)
    _ = room.live
    assert STATE.published == [(ANN, USAGE, Score("0.807692"))]
    assert "on its way" not in room.view(TEACHER, staff=True)


def test_a_grade_that_a_crash_kept_from_the_platform_is_published_by_the_sweeper(
    room: SiteRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xblocks.common.register_grades._publish", lambda *_: False)
    room.act("save", who=ANN, release="1", **FULL_MARKS)
    assert STATE.published == []
    found = checks.sweep(School(), datetime.now(UTC) + timedelta(minutes=3))
    assert (found.scores, found.published) == (1, 1)
    assert STATE.published == [(ANN, USAGE, Score("0.807692"))]


def test_what_the_platform_sets_by_hand_stands_and_a_changed_maximum_moves_nothing_by_itself(room: SiteRoom) -> None:
    room.act("save", who=ANN, release="1", **FULL_MARKS)
    room.block(ANN).set_score(PlatformScore(raw_earned=0.25, raw_possible=1.0))
    STATE.grades[ANN, USAGE] = Score("0.25")
    room.place.fields["max_points"] = 20.0  # type: ignore[index]
    before = len(sent())
    room.act("mark", mark=f"{BEN} late")
    checks.sweep(School(), datetime.now(UTC) + timedelta(minutes=3))
    assert STATE.published == [(ANN, USAGE, Score("0.807692"))]
    assert len(sent()) == before
    assert room.state(ANN)["score"] == "0.25"


def test_a_list_that_was_cut_says_so_and_who_checked_in_is_on_it_by_name(
    room: SiteRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Not listed" not in room.view(TEACHER, staff=True)
    monkeypatch.setattr(register_people, "MAX_PEOPLE", 1)
    page = room.view(TEACHER, staff=True)
    assert "Not listed until they check in: 1." in page
    assert "Ben Oduya" not in page
    room.act("open")
    room.check_in(BEN)
    assert re.search(r">\s*ben\s*<", room.view(TEACHER, staff=True))


def test_a_release_of_the_platform_that_cannot_be_asked_keeps_nobody_out(
    room: SiteRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moved(*_: Any) -> Any:
        raise ModuleNotFoundError("it has moved")

    monkeypatch.setattr(School, "places", moved)
    monkeypatch.setattr(School, "roster", moved)
    room.place = placed(prework=["sem-1-1"], **MARKED)
    room.act("open")
    assert room.check_in(ANN).status_code == 200
    room.act("add", name="Dana Guest")
    assert room.counts() == {"present": 1, "waiting": 1}


def test_evidence_that_cannot_be_kept_keeps_the_register_as_it_was(
    room: SiteRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = room.register

    def broken(_: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("xblocks.edx.outbox.record", broken)
    reply = room.act("save", who=ANN, release="1", **FULL_MARKS)
    assert (reply.status_code, reply.json) == (503, {"error": "evidence-not-kept"})
    assert room.register == before
    assert STATE.published == []


def test_nothing_is_recorded_of_somebody_who_left_the_course_or_has_no_account(room: SiteRoom) -> None:
    STATE.enrolled.discard((BEN, COURSE))
    room.act("add", name="Dana Guest")
    dana = next(iter(room.register.people))
    for who in (BEN, dana):
        room.act("save", who=who, release="1", **FULL_MARKS)
    assert sent() == []
    assert [learner for learner, _, _ in STATE.published] == [BEN]


@pytest.mark.parametrize(
    ("completion", "score", "ready_at", "is_open"),
    [
        ("1", None, 0.0, True),
        ("0.5", "0.9", 0.0, False),
        ("1", "0.5", 60.0, False),
        ("1", "0.6", 60.0, True),
        ("0", "0.6", 60.0, True),
        (None, "0.1", 0.0, True),
        (None, None, 0.0, False),
    ],
)
def test_work_before_class_opens_the_part_in_class(
    room: SiteRoom, completion: str | None, score: str | None, ready_at: float, *, is_open: bool
) -> None:
    room.place = placed(prework=["sem-1-1", "gone"], ready_at=ready_at, **MARKED)
    lesson = CoursePlace(usage="lesson-9", title="Keywords", path="/courses/c/jump_to/lesson-9")
    STATE.places["sem-1-1"] = [lesson]
    STATE.follows_completion = completion is not None
    if completion:
        STATE.completions[ANN, "lesson-9"] = Decimal(completion)
    if score:
        STATE.grades[ANN, "lesson-9"] = Score(score)
    room.act("open")
    page = room.view(ANN)
    assert 'href="/courses/c/jump_to/lesson-9"' in page
    assert ('name="code"' in page) is is_open
    assert (room.check_in(ANN).status_code == 200) is is_open
    assert room.state(ANN)["missing"] == ([] if is_open else ["sem-1-1"])
    assert "not in this course" in room.act("show", who=ANN).text


def test_staff_let_somebody_in_and_take_that_back(room: SiteRoom) -> None:
    room.place = placed(prework=["sem-1-1"], **MARKED)
    STATE.places["sem-1-1"] = [CoursePlace(usage="lesson-9", title="Keywords", path="/x")]
    room.act("open")
    assert "What is asked for before class comes first." in room.check_in(ANN).text
    room.act("let-in", who=ANN)
    assert room.state(ANN)["is_gate_open"]
    assert not room.state(BEN)["is_gate_open"]
    room.act("let-in", who=ANN)
    assert not room.state(ANN)["is_gate_open"]


def test_who_is_retired_is_in_no_register_any_more(room: SiteRoom) -> None:
    room.act("save", who=ANN, release="1", **{**FULL_MARKS, "comment": "About Ann"})
    room.act("mark", mark=f"{BEN} late")
    learners.forget([ANN, TEACHER])
    text = ClassRegister.objects.get().document
    assert not [word for word in (ANN, TEACHER, "About Ann") if word in text]
    assert room.register.value(BEN, PRESENCE) == "late"


def test_two_blocks_have_registers_of_their_own(room: SiteRoom) -> None:
    other = SiteRoom(place=placed(name="class-2", **MARKED))
    room.act("mark", mark=f"{ANN} late")
    assert (room.counts(), other.counts()) == ({"late": 1, "waiting": 1}, {"waiting": 2})


def test_of_many_who_write_at_once_nobody_is_lost_and_no_two_see_the_same_revision() -> None:
    """Threads with connections of their own: on SQLite they wait for the file, on PostgreSQL for the row."""

    def write(number: int) -> list[int]:
        revs = []
        for turn in range(5):
            change = Change(learner=f"learner-{number}-{turn}", field=PRESENCE, value="present")
            action = Action(what="mark", by=str(number), at=NOW)
            after = registers.change(
                COURSE, USAGE, lambda it, change=change, action=action: it.changed([change], action)
            )
            revs.append(after.rev)
        connection.close()
        return revs

    with ThreadPoolExecutor(8) as pool:
        revs = [rev for found in pool.map(write, range(8)) for rev in found]
    assert len(registers.read(USAGE).cells) == 40
    assert sorted(revs) == list(range(1, 41))


def test_of_two_who_saw_the_same_and_change_the_same_one_is_told() -> None:
    start, told = threading.Barrier(2), []

    def mark(word: str) -> None:
        change = Change(learner=ANN, field=PRESENCE, value=word)
        start.wait()
        try:
            registers.change(
                COURSE, USAGE, lambda it: it.changed([change], Action(what="mark", by=word, at=NOW, seen=0))
            )
            told.append("written")
        except RegisterMovedError:
            told.append("moved")
        finally:
            connection.close()

    threads = [threading.Thread(target=mark, args=(word,)) for word in ("late", "absent")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["moved", "written"]


def test_what_fails_while_it_is_written_leaves_everything_as_it_was() -> None:
    registers.change(COURSE, USAGE, lambda it: it.met(ANN, "Ann"))
    before = ClassRegister.objects.values().get()
    with pytest.raises(ZeroDivisionError):
        registers.change(COURSE, USAGE, lambda _: 1 / 0)  # type: ignore[arg-type,return-value]
    assert ClassRegister.objects.values().get() == before


def test_the_version_of_a_class_is_what_the_tool_takes() -> None:
    block = SiteRoom(place=placed(**MARKED)).block(TEACHER)
    sent_version = registration_of(opened_class(scheme_of(block), ("SEM-1.1", "SEM-1.2", "SEM-1.3")))
    assert [part.key for part in sent_version.parts] == ["attendance", "row-1", "row-2", "points"]
    assert sum(map(Decimal, sent_version.tags["points"].values())) == 1
