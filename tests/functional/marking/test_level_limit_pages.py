"""The qualification rule on the page of a work: told before the work is done, and when approving or correcting is tried."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from lti_tool.services.people import assessor_qualifications
from lti_tool.services.people.assessor_qualifications import NewQualification
from qualoop.classroom.assessors import QualificationKind, QualificationRule
from tests.factories.marking import ASSISTANT, Room
from tests.functional.marking.steps import save, send, words

LEVELS = {"level_headline": "1", "level_evidence": "1", "points_evidence": "2"}


@pytest.fixture
def ruled(room: Room) -> Iterator[Room]:
    """A room in which work of level 4 is judged by who is qualified in industry; Xu is."""
    expert = room.enter("x-1", "Xu Expert", roles=ASSISTANT)
    new = NewQualification(kind=QualificationKind.INDUSTRY, title="Store manager", holds_from=date(2026, 1, 1))
    with room.tool.runtime.database.transaction() as session:
        place = (session, room.tool.organisation_id)
        made = assessor_qualifications.add(*place, expert.who.person_id, new, by="admin", now=room.now)
        assessor_qualifications.confirm(*place, made.uuid, by="admin", now=room.now)
    yield room
    set_rule(room, None)


def set_rule(room: Room, from_level: int | None) -> None:
    rule = QualificationRule(from_level=from_level, kinds=frozenset({QualificationKind.INDUSTRY}))
    with room.tool.runtime.database.transaction() as session:
        assessor_qualifications.set_rule(session, room.tool.organisation_id, rule, now=room.now)


def test_the_page_says_who_can_approve_before_anything_is_judged(ruled: Room) -> None:
    work = ruled.submit(ruled.learner())
    set_rule(ruled, 4)
    page = ruled.teacher.get(f"marking/works/{work}/")
    told = words(page)
    assert "Only qualified assessors judge this work" in told
    assert "It is of Level 4. From Level 4 on your organisation asks for: Industry qualification." in told
    assert "The learner has neither grade nor evidence before a qualified assessor has approved." in told
    assert "Who can do it in this course: Xu Expert." in told
    assert 'value="approve"' not in page.text
    expert = ruled.enter("x-1", "Xu Expert", roles=ASSISTANT)
    other = expert.get(f"marking/works/{work}/")
    assert "Only qualified assessors" not in words(other)
    assert 'value="approve"' in other.text


def test_approving_all_the_same_saves_a_draft_and_says_so(ruled: Room) -> None:
    work = ruled.submit(ruled.learner())
    set_rule(ruled, 4)
    page = save(ruled.teacher, work, do="approve", **LEVELS)
    assert page.status_code == 422
    assert "Saved as a draft, and not approved." in words(page)
    assert room_stage(ruled, work) == "draft"


def test_a_draft_that_its_marker_cannot_approve_is_offered_to_who_can(ruled: Room) -> None:
    work = ruled.submit(ruled.learner())
    address = f"marking/works/{work}/"
    set_rule(ruled, 4)
    save(ruled.teacher, work, do="approve", **LEVELS)
    ann, expert = (ruled.enter(*who, roles=ASSISTANT) for who in (("a-1", "Ann"), ("x-1", "Xu Expert")))
    for seat in (ruled.teacher, ann):
        assert "Take this work over" not in words(seat.get(address))
    assert "You have them: take it over and go on from what is saved." in words(expert.get(address))
    answer = send(expert, f"{address}take-over", page=address)
    assert "done=taken" in answer.headers["Location"]
    assert "This work is yours to mark now." in words(expert.get(f"{address}?done=taken"))
    assert save(expert, work, do="approve", **LEVELS).status_code == 303
    assert room_stage(ruled, work) == "approved"


def test_who_leads_the_marking_takes_any_draft_over(ruled: Room) -> None:
    work = ruled.submit(ruled.learner())
    address = f"marking/works/{work}/"
    ann = ruled.enter("a-1", "Ann", roles=ASSISTANT)
    save(ann, work, do="save", **LEVELS)
    assert words(ruled.teacher.get(address)).count("Take this work over") == 1
    assert "done=taken" in send(ruled.teacher, f"{address}take-over", page=address).headers["Location"]


def test_correcting_is_not_offered_and_refused(ruled: Room) -> None:
    work = ruled.submit(ruled.learner())
    ruled.approve(ruled.teacher, work, 1, 1)
    ruled.release(work)
    address = f"marking/works/{work}/"
    set_rule(ruled, 4)
    page = ruled.teacher.get(address)
    assert "You cannot correct these marks." in words(page)
    assert "Correct these marks" not in words(page)
    fields = {"level-headline": "2", "level-evidence": "1", "points-evidence": "2", "reason": "error"}
    answer = send(ruled.teacher, f"{address}correct", page=address, **fields)
    assert answer.status_code == 409
    assert "Only qualified assessors judge work of this level. Nothing was corrected." in words(answer)


def room_stage(room: Room, work: str) -> str:
    return room.case(room.teacher, work).stage.value
