"""Group work: mates are rated until that is closed, marks count once they are approved, and move nobody's level."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from lti_tool.models import ClassPeerRating, MasteryMemory, MasteryUpdate, Organisation
from lti_tool.services import erasure
from lti_tool.services.classes.team_erasure import purge_team_words
from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import Seat
from tests.factories.team_classes import TeamClass, team_class

Given = list[tuple[Seat, int | str]]
PLAN = {"title": "A poster", "low": "0.5", "high": "1.2", "penalty": "0"}


def trio(room: Classroom, **plan: str) -> TeamClass:
    """Return a class of four: three are a team, the fourth is one of another."""
    found = team_class(room, 4, pairs=False)
    found.pair(*found.learners[:3])
    found.pair(found.learners[3])
    assert "done=task-planned" in found.post("group-work/plan", **{**PLAN, **plan})
    return found


def rate(found: TeamClass, seat: Seat, given: Given, **more: str) -> str:
    form = {f"points-{mate.who.person_uuid}": str(points) for mate, points in given}
    answer = seat.post(f"in-class/{found.room.row().uuid}/team", do="rate", task=found.task().uuid, **form, **more)
    return answer.headers.get("Location", str(answer.status_code))


def change(found: TeamClass, do: str, seat: Seat | None = None, **form: str) -> str:
    team = {"team": found.team_of(seat).uuid} if seat else {}
    return found.post("group-work/change", do=do, task=found.task().uuid, **team, **form)


def ratings(found: TeamClass) -> list[tuple[int, int, int]]:
    with found.room.tool.runtime.database.reading() as session:
        query = select(ClassPeerRating).where(ClassPeerRating.task_id == found.task().id).order_by(ClassPeerRating.id)
        return [(each.rater_id, each.ratee_id, each.points) for each in session.scalars(query)]


def test_a_mark_is_product_times_factor_and_counts_once_approved(room: Classroom) -> None:
    found = trio(room, penalty="5")
    a, b, c = found.learners[:3]
    assert "done=rated" in rate(found, a, [(b, 4), (c, 2), (a, 5)])
    assert "done=rated" in rate(found, b, [(a, 3), (c, 3)])
    # Until it is closed they can be changed; the later ones count whole.
    rate(found, a, [(b, 3), (c, 3)])
    assert "done=rated" in rate(found, a, [(b, 4), (c, 2), (a, 5)])
    assert len(ratings(found)) == 5
    assert "refused=class-rating-open" in change(found, "approve", a)
    change(found, "close")
    assert "refused=class-no-product" in change(found, "approve", a)
    assert found.events(a) == []
    assert "refused=class-product" in change(found, "product", a, product="101")
    assert "done=product" in change(found, "product", a, product="90")
    page = found.page("group-work")
    assert "1 of 3 did not rate" in page
    for text in ("0.833", "70.0", "1.200", "100.0", "not approved"):
        assert text in page, text
    assert "done=approved" in change(found, "approve", a)
    scores = [[(body["form"], body["score"]) for body in found.events(seat)] for seat in (a, b, c)]
    assert scores == [[("process", "0.9")], [("process", "1")], [("process", "0.7")]]
    assert found.events(found.learners[3]) == []
    assert "Your mark: 70.0 of 100" in found.see(c)
    assert "factor 0.833, penalty 5" in found.see(c)


def test_what_mates_say_moves_nobodys_level(room: Classroom) -> None:
    found = trio(room)
    a, b, c = found.learners[:3]
    rate(found, a, [(b, 0), (c, 5)])
    change(found, "close")
    change(found, "product", a, product="10")
    change(found, "approve", a)
    people = [seat.who.person_uuid for seat in (a, b, c)]
    with room.tool.runtime.database.reading() as session:
        for model in (MasteryMemory, MasteryUpdate):
            assert session.scalars(select(model.learner).where(model.learner.in_(people))).all() == []


def test_nobody_rates_outside_the_own_team_or_leaves_a_mate_out(room: Classroom) -> None:
    found = trio(room)
    a, b, c, alone = found.learners
    for given in ([(b, 3)], [], [(b, 3), (c, 6)], [(b, 3), (c, "x")], [(b, 3), (c, 3), (alone, 5)], [(b, 3), (c, "")]):
        assert "refused=class-rating" in rate(found, a, given), given
    assert "refused=class-rating" in rate(found, alone, [(a, 3), (b, 3), (c, 3)])
    assert ratings(found) == []


def test_after_the_deadline_or_the_closing_nothing_is_taken(room: Classroom) -> None:
    ends = room.tool.clock.now + timedelta(hours=1)
    found = trio(room, deadline=f"{ends:%Y-%m-%dT%H:%M}")
    a, b, c = found.learners[:3]
    assert "refused=class-task" in found.post("group-work/plan", **PLAN, deadline="2001-01-01T00:00")
    assert "refused=class-task" in found.post("group-work/plan", **{**PLAN, "title": " "})
    assert "refused=class-factor" in found.post("group-work/plan", **{**PLAN, "low": "1.3"})
    # Group work goes on after the hour.
    room.do("close")
    assert "done=rated" in rate(found, a, [(b, 3), (c, 3)])
    room.tool.clock.advance(hours=1)
    assert "refused=class-rating-late" in rate(found, b, [(a, 3), (c, 3)])
    assert "The ratings are closed. Yours are in." in found.see(a)
    assert "done=product" in change(found, "product", a, product="80")
    # By the server's clock it is closed, whether or not anybody pressed it.
    assert "done=approved" in change(found, "approve", a)
    assert [body["score"] for body in found.events(b)] == ["0.8"]


def test_an_approval_is_taken_back_and_given_again(room: Classroom) -> None:
    found = trio(room)
    a = found.learners[0]
    change(found, "close")
    change(found, "product", a, product="80")
    change(found, "approve", a)
    assert "refused=class-approved" in change(found, "approve", a)
    assert "refused=class-approved" in change(found, "product", a, product="70")
    assert "done=withdrawn" in change(found, "withdraw", a)
    assert "refused=class-moved" in change(found, "withdraw", a)
    assert len(found.events(a, "assertion.voided")) == 1
    room.tool.clock.advance(seconds=1)
    change(found, "product", a, product="70")
    change(found, "approve", a)
    assert [body["score"] for body in found.events(a)] == ["0.8", "0.7"]
    assert "refused=class-moved" in change(found, "remove")


def test_comments_are_for_the_teacher_and_go_with_whom_they_are_about(room: Classroom) -> None:
    found = trio(room)
    a, b, c = found.learners[:3]
    note = {f"comment-{b.who.person_uuid}": "Wrote all of it 全部"}
    rate(found, a, [(b, 5), (c, 1)], **note)
    with room.tool.runtime.database.reading() as session:
        sealed = session.scalars(select(ClassPeerRating.comment_sealed)).all()
    assert not any("Wrote" in (each or "") for each in sealed)
    assert "Wrote all of it 全部" in found.page("group-work")
    assert "Wrote all of it" in found.see(a)
    assert "Wrote all of it" not in found.see(b)
    assert "refused=class-rating" in rate(found, a, [(b, 5), (c, 1)], **{f"comment-{b.who.person_uuid}": "x" * 1001})
    with room.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, room.row().organisation_id)
        erasure.erase(session, organisation, b.who.person_uuid, actor="operator", now=room.tool.clock.now)
    assert "Wrote all of it" not in found.page("group-work")
    assert len(ratings(found)) == 2


def test_a_phone_that_is_nobodys_for_sure_rates_nobody(room: Classroom) -> None:
    found, phone = trio(room), room.phone()
    b, c = found.learners[1:3]
    phone.enter(room.row().code or "")
    phone.post("name", name="Learner 1")
    form = {f"points-{mate.who.person_uuid}": "3" for mate in (b, c)}
    text = phone.post("team", do="rate", task=found.task().uuid, **form).text
    assert "Your teacher has not confirmed yet that this device is yours" in text
    assert ratings(found) == []


def test_without_teams_no_group_work_is_set(room: Classroom) -> None:
    found = team_class(room, 2, pairs=False)
    assert "refused=class-team-size" in found.post("group-work/plan", **PLAN)


def test_comments_are_kept_for_a_year(room: Classroom) -> None:
    found = trio(room)
    a, b, c = found.learners[:3]
    rate(found, a, [(b, 5), (c, 1)], **{f"comment-{b.who.person_uuid}": "Wrote all of it"})
    for days, is_kept in ((365, True), (366, False)):
        with room.tool.runtime.database.transaction() as session:
            purge_team_words(session, room.tool.clock.now + timedelta(days=days))
        assert ("Wrote all of it" in found.page("group-work")) == is_kept
    assert len(ratings(found)) == 2
