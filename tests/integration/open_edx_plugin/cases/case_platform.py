"""What the platform says and is told: grades that a crash kept from it, overrides, learners who are retired."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from random import Random
from types import ModuleType, SimpleNamespace

import pytest
from django.dispatch import Signal

from qualoop.values import Score
from tests.fakes.plugin_batches import ANN, BEN, COURSE, Clock, ScriptedTool, batch
from tests.fakes.plugin_platform import STATE, School
from xblocks.edx import checks, learners, metrics, outbox, receivers, sending, work
from xblocks.edx.models import Difference, EvidenceEvent, GradeCheck, GradeOverride
from xblocks.edx.platform import KeptScore, score_in, share_of
from xblocks.edx.tool import Answer

USAGE = batch().usage
SOON = timedelta(minutes=3)


def kept(score: str, graded: str | None, usage: str = USAGE) -> KeptScore:
    return KeptScore(usage=usage, score=Score(score), graded=None if graded is None else Score(graded))


def later() -> datetime:
    return datetime.now(UTC) + SOON


def user(name: str) -> SimpleNamespace:
    """Return a user of the platform, whose id is the name here."""
    return SimpleNamespace(id=name)


@pytest.mark.parametrize(
    ("graded", "published"), [(None, 1), ("0.2", 1), ("0.5", 0)], ids=["never", "an-older-one", "published"]
)
def test_a_grade_that_a_crash_kept_from_the_platform_is_published_again(graded: str | None, published: int) -> None:
    outbox.record(batch())
    STATE.kept[ANN, COURSE] = [kept("0.5", graded)]
    assert checks.sweep(School(), datetime.now(UTC)).checks == 0  # its request may still be under way
    assert checks.sweep(School(), later()).published == published
    assert STATE.published == [(ANN, USAGE, Score("0.5"))] * published
    assert checks.sweep(School(), later()).checks == 0
    assert Difference.objects.filter(kind="grade-missing").count() == published


def test_one_block_that_is_gone_keeps_no_other_from_being_repaired_and_is_tried_again() -> None:
    outbox.record(batch())
    STATE.kept[ANN, COURSE] = [kept("0.5", None, "gone"), kept("0.5", None)]
    STATE.broken.add("gone")
    found = checks.sweep(School(), later())
    assert (found.published, found.failed) == (1, 1)
    STATE.broken.clear()
    assert checks.sweep(School(), later()).published == 1
    assert not Difference.objects.filter(kind="grade-missing", repaired_at=None).exists()


def test_at_night_everybody_is_compared_and_old_payloads_go() -> None:
    for learner in (ANN, BEN):
        outbox.record(batch(learner))
    checks.sweep(School(), later())
    EvidenceEvent.objects.filter(outbox__learner=ANN).update(
        state="sent", settled_at=datetime.now(UTC) - timedelta(days=31)
    )
    STATE.kept[BEN, COURSE] = [kept("1", "0.9"), kept("0.3", "0.3", "before-the-plug-in")]
    found = checks.reconcile(School(), datetime.now(UTC))
    assert (found.checks, found.scores, found.published, found.without_evidence) == (2, 2, 1, 1)
    assert EvidenceEvent.objects.get(outbox__learner=ANN).payload == ""
    assert EvidenceEvent.objects.get(outbox__learner=BEN).payload
    outbox.record(batch(ANN))
    assert EvidenceEvent.objects.count() == 2


@pytest.fixture
def platform_signals(monkeypatch: pytest.MonkeyPatch) -> dict[str, Signal]:
    """A platform that has the signals at their addresses; the last one is missing."""
    signals: dict[str, Signal] = {}
    for address, name, _ in receivers.SIGNALS[:-1]:
        module = sys.modules.get(address) or ModuleType(address)
        monkeypatch.setitem(sys.modules, address, module)
        signals[name] = Signal()
        setattr(module, name, signals[name])
        parent = address
        while "." in parent:
            parent = parent.rpartition(".")[0]
            if parent not in sys.modules:
                monkeypatch.setitem(sys.modules, parent, ModuleType(parent))
    assert receivers.connect() == list(signals)
    return signals


def test_signals_are_taken_where_the_platform_has_them(platform_signals: dict[str, Signal]) -> None:
    STATE.ids["ann"] = [ANN]
    outbox.record(batch())
    checks.sweep(School(), later())
    course = SimpleNamespace(id=COURSE)
    platform_signals["SUBSECTION_SCORE_CHANGED"].send(
        sender=None, course=course, user=user("ann"), subsection_grade=None, course_structure=None
    )
    assert GradeCheck.objects.get().asked_at > datetime.now(UTC) - timedelta(minutes=1)
    # Of whom nothing was recorded, nothing is kept; and nothing that fails here stops a teacher.
    platform_signals["SUBSECTION_SCORE_CHANGED"].send(sender=None, course=course, user=user("nobody"))
    assert GradeCheck.objects.count() == 1


def test_a_grade_set_in_the_gradebook_is_noted_though_only_the_subsections_score_is_signalled(
    platform_signals: dict[str, Signal],
) -> None:
    STATE.ids["ann"] = [ANN]
    outbox.record(batch())

    def answered() -> None:
        platform_signals["SUBSECTION_SCORE_CHANGED"].send(
            sender=None,
            course=SimpleNamespace(id=COURSE),
            course_structure=None,
            user=user("ann"),
            subsection_grade=SimpleNamespace(location="sub-1"),
        )

    def noted() -> list[tuple[str, str]]:
        return list(GradeOverride.objects.values_list("usage", "share"))

    answered()
    assert noted() == []  # an answer is no override
    STATE.overrides["ann", COURSE, "sub-1"] = Score("0.9")
    answered()
    assert noted() == [("sub-1", "0.9")]
    STATE.overrides.clear()
    answered()
    assert noted() == [("sub-1", "")]


def test_grades_set_without_a_signal_are_found_by_comparing() -> None:
    STATE.ids["ann"] = [ANN]
    outbox.record(batch())
    STATE.overrides |= {("ann", COURSE, "sub-1"): Score("0.9"), ("ann", "course-v1:Other+C+1", "sub-2"): Score("0.1")}
    assert work.reconcile().overrides == 1
    assert list(GradeOverride.objects.values_list("usage", "share")) == [("sub-1", "0.9")]
    first = GradeOverride.objects.get().override_id
    assert work.reconcile().overrides == 0
    assert GradeOverride.objects.get().override_id == first
    STATE.overrides.clear()
    # So does the look at who did something.
    outbox.record(batch(number=2))
    assert checks.sweep(School(), later()).overrides == 1
    assert GradeOverride.objects.get().share == ""


def test_where_overrides_cannot_be_read_grades_are_still_repaired(monkeypatch: pytest.MonkeyPatch) -> None:
    outbox.record(batch())
    STATE.kept[ANN, COURSE] = [kept("0.5", None)]

    def gone(*_: object) -> None:
        raise ImportError

    monkeypatch.setattr(School, "overrides", gone)
    assert checks.sweep(School(), later()).published == 1


def test_a_grade_that_staff_set_is_told_after_the_learners_evidence_once_for_each_change(
    platform_signals: dict[str, Signal],
) -> None:
    STATE.ids["ann"] = [ANN, "another-id-of-hers"]
    outbox.record(batch())
    tool, clock = ScriptedTool(answers=[Answer(status=None, code="unreachable")]), Clock()

    def override() -> None:
        platform_signals["SUBSECTION_OVERRIDE_CHANGED"].send(
            sender=None, user_id="ann", course_id=COURSE, usage_id="sub-1", only_if_higher=False
        )

    def told() -> list[tuple[str | None, str]]:
        sending.send_due(tool, clock, random=Random(1))
        clock.advance(hours=7)
        return [(body["score"], body["place"]) for _, target, body in tool.asked if "/overrides/" in target]

    STATE.overrides["ann", COURSE, "sub-1"] = Score("0.9")
    override()
    assert told() == []  # the tool does not know yet what the grade was set over
    assert told() == [("0.9", "sub-1")]
    override()
    assert len(told()) == 1
    tool.registered = Answer(status=422, code="body-refused")
    STATE.overrides.clear()
    override()
    assert told()[1:] == [(None, "sub-1")]
    assert (metrics.measure(clock()).overrides_refused, len(told())) == (1, 2)
    tool.registered = Answer(status=200, body={})
    assert sending.send_again(clock()) == 0
    told()
    assert metrics.measure(clock()).overrides_refused == 0
    assert len({target for _, target, _ in tool.asked if "/overrides/" in target}) == 2
    assert learners.forget([ANN]) == 1
    assert not GradeOverride.objects.exists()


def test_retirement_forgets_and_says_when_it_could_not(platform_signals: dict[str, Signal]) -> None:
    STATE.ids["ann"] = [ANN]
    outbox.record(batch())
    retired = platform_signals["USER_RETIRE_LMS_MISC"]
    retired.send(sender=None, user="ann")
    assert not EvidenceEvent.objects.exists()
    assert not GradeCheck.objects.exists()
    with pytest.raises(KeyError):
        retired.send(sender=None, user="nobody")


@pytest.mark.parametrize(
    ("state", "score"),
    [
        ('{"score": "0.5", "state": {}}', Score("0.5")),
        ('{"score": ""}', None),
        ('{"score": 0.5}', None),
        ('{"score": "7"}', None),
        ("[1]", None),
        ("{", None),
        (None, None),
    ],
)
def test_a_stored_state_is_read_or_left_alone(state: str | None, score: Score | None) -> None:
    assert score_in(state) == score
    assert (share_of(1.0, 4.0), share_of(None, 4.0), share_of(1.0, 0)) == (Score("0.25"), None, None)
