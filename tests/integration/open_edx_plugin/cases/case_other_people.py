"""What the adapter asks of Open edX's own modules about other people: modules of their names stand in for them here."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.dispatch import Signal

from qualoop.values import Score
from tests.fakes.plugin_batches import ANN
from xblocks.edx.platform import CoursePlace, KeptScore, OpenEdx

COURSE = "course-v1:A+B+C"
LESSON = "block-v1:A+B+C+type@kp_lesson+block@one"
ANN_USER = SimpleNamespace(id=1, username="ann", email="ann@x.test", profile=SimpleNamespace(name="Ann Lee"))


class Rows(list[Any]):
    """A query set of a few rows; conditions are looked at where a row has the field. `held`: in a transaction, each time."""

    held: ClassVar[list[bool]] = []

    def filter(self, **wanted: Any) -> Rows:
        return Rows(row for row in self if all(getattr(row, name, value) == value for name, value in wanted.items()))

    def select_for_update(self) -> Rows:
        self.held.append(connection.in_atomic_block)
        return self

    def select_related(self, *_: str) -> Rows:
        return self

    def first(self) -> Any:
        return self[0] if self else None

    def values_list(self, *names: str, flat: bool = False) -> list[Any]:
        return [getattr(row, names[0]) for row in self]


@dataclass(kw_only=True)
class Site:
    """What the stand-ins know and were told."""

    grades: Rows = field(default_factory=Rows)
    completions: Rows = field(default_factory=Rows)
    overrides: Rows = field(default_factory=Rows)
    is_followed: bool = True
    sent: list[Mapping[str, Any]] = field(default_factory=list)
    submitted: list[Mapping[str, Any]] = field(default_factory=list)
    was_held: list[tuple[list[bool], bool]] = field(default_factory=list)


def block(usage: str, key: str = "sem-1-1") -> Any:
    location = type("Location", (), {"__str__": lambda _: usage, "course_key": COURSE})()
    return SimpleNamespace(location=location, display_name="Keywords", activity_key=key)


class Key(str):
    __slots__ = ()
    block_type = "kp_lesson"


class ItemNotFoundError(Exception):
    pass


class InvalidKeyError(Exception):
    pass


@dataclass(kw_only=True)
class Store:
    """The platform's store of courses; it notes what it was asked for."""

    got: list[str] = field(default_factory=list)
    sought: list[str] = field(default_factory=list)

    def get_item(self, usage: str) -> Any:
        self.got.append(usage)
        if usage != LESSON:
            raise ItemNotFoundError
        return block(usage)

    def get_items(self, course: str, qualifiers: Mapping[str, str]) -> list[Any]:
        self.sought.append(qualifiers["category"])
        return [block(LESSON), block("other", "sem-9")] if qualifiers["category"] == "kp_lesson" else []


STORE = Store()


def install(monkeypatch: pytest.MonkeyPatch, modules: Mapping[str, Mapping[str, Any]]) -> None:
    """Let modules of the platform be there, with these names in them."""
    for name, values in modules.items():
        for depth in range(1, name.count(".") + 2):
            part = ".".join(name.split(".")[:depth])
            if part not in sys.modules:
                monkeypatch.setitem(sys.modules, part, ModuleType(part))
        for key, value in values.items():
            monkeypatch.setattr(sys.modules[name], key, value, raising=False)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    made = Site()
    Rows.held.clear()
    STORE.got.clear()
    signal = Signal()

    def keep(**told: Any) -> None:
        made.was_held.append((list(Rows.held), connection.in_atomic_block))
        Rows.held.clear()
        made.sent.append({name: value for name, value in told.items() if name not in {"signal", "sender"}})

    signal.connect(keep, weak=False)

    install(monkeypatch, modules_of(made, signal))
    return made


def modules_of(site: Site, signal: Signal) -> Mapping[str, Mapping[str, Any]]:
    """Return the platform's modules, as far as the adapter asks them for somebody's work."""
    ids = Rows([SimpleNamespace(external_user_id=ANN, user=ANN_USER, external_id_type__name="lti")])
    completions = SimpleNamespace(
        filter=site.completions.filter, submit_completion=lambda **told: site.submitted.append(told)
    )
    switch = SimpleNamespace(is_enabled=lambda: site.is_followed)
    overrides = SimpleNamespace(objects=site.overrides)
    return {
        "opaque_keys": {"InvalidKeyError": InvalidKeyError},
        "opaque_keys.edx": {},
        "opaque_keys.edx.keys": {name: SimpleNamespace(from_string=Key) for name in ("UsageKey", "CourseKey")},
        "xmodule.modulestore.django": {"modulestore": lambda: STORE},
        "xmodule.modulestore.exceptions": {"ItemNotFoundError": ItemNotFoundError},
        "lms.djangoapps.grades.api": {"signals": SimpleNamespace(SCORE_PUBLISHED=signal)},
        "lms.djangoapps.grades.models": {"PersistentSubsectionGradeOverride": overrides},
        "lms.djangoapps.courseware.models": {"StudentModule": SimpleNamespace(objects=site.grades)},
        "openedx.core.djangoapps.external_user_ids.models": {"ExternalId": SimpleNamespace(objects=ids)},
        "completion.models": {"BlockCompletion": SimpleNamespace(objects=completions)},
        "completion.waffle": {"ENABLE_COMPLETION_TRACKING_SWITCH": switch},
    }


def test_a_grade_of_somebody_who_is_not_there_goes_by_the_signal_with_their_user(site: Site) -> None:
    site.grades.append(SimpleNamespace(state="{}", grade=None, max_grade=None))
    OpenEdx().publish_score(ANN, KeptScore(usage=LESSON, score=Score("0.75"), graded=None))
    OpenEdx().clear_score(ANN, LESSON)
    first, second = site.sent

    assert site.was_held == [([True], True)] * 2, "else an older state could be written over what the learner does now"
    assert (first["user"], first["raw_earned"], first["raw_possible"]) == (ANN_USER, 0.75, 1.0)
    assert (second["user"], second["raw_earned"], second["score_deleted"]) == (ANN_USER, None, True)
    assert {told["only_if_higher"] for told in site.sent} == {False}
    assert str(first["block"].location) == LESSON


def test_grades_and_completion_are_read_and_written_where_the_site_follows_them(site: Site) -> None:
    platform = OpenEdx()
    assert (platform.graded(ANN, LESSON), platform.completed(ANN, LESSON)) == (None, Decimal(0))
    site.grades.append(SimpleNamespace(student=ANN_USER, module_state_key=LESSON, grade=3.0, max_grade=4.0))
    site.completions.append(SimpleNamespace(user=ANN_USER, block_key=LESSON, completion=0.5))
    assert (platform.graded(ANN, LESSON), platform.completed(ANN, LESSON)) == (Score("0.75"), Decimal("0.5"))
    platform.publish_completion(ANN, LESSON, Decimal("0.5"))
    assert site.submitted == [{"user": ANN_USER, "block_key": LESSON, "completion": 0.5}]
    site.is_followed = False
    platform.publish_completion(ANN, LESSON, Decimal(1))
    assert (platform.completed(ANN, LESSON), len(site.submitted)) == (None, 1)


def test_grades_that_staff_set_are_shares_of_what_can_be_had(site: Site) -> None:
    def overridden(usage: str, earned: float | None, possible: float | None) -> Any:
        names = {"grade__user_id": 1, "grade__course_id": COURSE, "grade__usage_key": usage}
        grade = SimpleNamespace(usage_key=usage, possible_graded=8.0)
        return SimpleNamespace(grade=grade, earned_graded_override=earned, possible_graded_override=possible, **names)

    site.overrides += [overridden("a", 2.0, 4.0), overridden("b", 2.0, None), overridden("c", 9.0, 0.0)]
    site.overrides += [overridden("only-ungraded", None, 4.0), overridden("of-nothing", 1.0, 4.0)]
    site.overrides[-1].grade.possible_graded = site.overrides[-1].possible_graded_override = 0.0
    shares = {"a": Score("0.5"), "b": Score("0.25"), "c": Score("1")}
    assert OpenEdx().overrides(ANN, COURSE) == shares
    assert OpenEdx().overrides("0b9d3a52-5a0e-4d3a-9d0e-000000000000", COURSE) == {}
    found = {row.grade.usage_key: OpenEdx().find_override(1, COURSE, row.grade.usage_key) for row in site.overrides}
    assert found == {**shares, "only-ungraded": None, "of-nothing": None}
    assert OpenEdx().find_override(2, COURSE, "a") is None


def test_places_are_found_by_key_of_the_block_or_of_the_activity_and_only_in_the_course(site: Site) -> None:
    place = CoursePlace(usage=LESSON, title="Keywords", path=f"/courses/{COURSE}/jump_to/{LESSON}")

    other = CoursePlace(usage="other", title="Keywords", path=f"/courses/{COURSE}/jump_to/other")
    gone = "block-v1:gone"

    assert OpenEdx().places(COURSE, [LESSON, "sem-1-1", gone]) == {LESSON: [place], "sem-1-1": [place], gone: []}
    assert OpenEdx().places("course-v1:other", [LESSON]) == {LESSON: []}
    # For however many activities, the course is looked through once.
    STORE.sought.clear()
    found = OpenEdx().places(COURSE, ["sem-9", "sem-1-1", "sem-2"])
    assert (found, len(STORE.sought)) == ({"sem-9": [other], "sem-1-1": [place], "sem-2": []}, 2)
    assert STORE.got == [LESSON, gone, LESSON]
