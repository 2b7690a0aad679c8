"""Ratings of competencies: what makes one, what does not, what follows a try whose end is unknown."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import select, update

from lti_tool.lti.moodle_web_services import GRADE, SUMMARY
from lti_tool.models import Identity, MasteryMemory, MoodleRating, Organisation, OutboxRow
from lti_tool.services.administration import inbox_actions
from lti_tool.services.erasure import erase
from lti_tool.services.mechanisms import inbox, outbox
from lti_tool.services.mechanisms.outbox import DEFAULT_TERMS
from lti_tool.services.moodle import sites
from lti_tool.services.moodle.channel import MoodleChannel
from lti_tool.services.moodle.ratings import CHANNEL, Scope, send_again
from tests.factories.classrooms import Seat
from tests.factories.held_results import show_results
from tests.fakes.moodle_site import Answer, answer_of
from tests.integration.moodle.conftest import CODE, Connected

YEARS = 365 * 10
"""Days after which a review is due of whatever knowledge point."""


def test_who_becomes_competent_is_rated_once(connected: Connected) -> None:
    connected.become_competent(connected.learner())
    connected.work(4)
    assert connected.site.grades(4, CODE) == [2]
    [[(_, note)]] = connected.site.ratings.values()
    assert note == "Qualoop: competent on 2026-03-02 (UTC), from 4 answers."
    assert connected.rows() == [("done", None)]
    with connected.tool.runtime.database.reading() as session:
        assert session.scalars(select(MoodleRating.grade)).all() == [2]


def test_the_note_names_nobody_and_speaks_the_language_that_was_chosen(quick: Connected) -> None:
    with quick.tool.runtime.database.transaction() as session:
        sites.set_switch(session, quick.registration, falls=None, language="zh-Hans", now=quick.now)
    quick.become_competent(quick.learner())
    quick.work()
    assert list(quick.site.ratings.values()) == [[(2, "Qualoop：2026-03-02（UTC）达到“胜任”，依据 4 次作答。")]]


def test_who_is_not_competent_is_not_rated(quick: Connected) -> None:
    quick.learner().answer(right=[True] * 4)
    quick.work()
    assert quick.site.called(GRADE) == []
    assert quick.rows() == []


def test_a_subject_that_is_no_user_id_is_left_alone(quick: Connected) -> None:
    quick.become_competent(quick.learner("s-4"))
    quick.work()
    assert quick.rows() == []


def test_more_evidence_for_the_same_status_sends_nothing(connected: Connected) -> None:
    seat = connected.learner()
    connected.become_competent(seat)
    connected.work()
    seat.finish()
    seat.restart()
    seat.answer(right=[True] * 2)
    connected.work(3)
    assert connected.site.grades(4, CODE) == [2]


def test_a_rating_that_would_tell_a_held_result_waits_for_it(connected: Connected) -> None:
    seat, release = connected.learner(), connected.now + timedelta(hours=2)
    show_results(connected.tool, seat, "on_date", shown_at=release)
    connected.become_competent(seat)
    connected.work(3)
    assert (connected.site.called(GRADE), connected.rows()) == ([], [("due", None)])
    connected.tool.clock.now = release
    connected.work(1)
    assert connected.site.grades(4, CODE) == [2]


# -- Falls


def test_a_review_that_falls_due_by_time_alone_is_a_fall(connected: Connected) -> None:
    connected.become_competent(connected.learner())
    connected.work()
    connected.tool.clock.advance(days=YEARS)
    connected.work(4)
    assert connected.site.grades(4, CODE) == [2, 1]
    assert "a review is due on 2036-" in connected.site.ratings.popitem()[1][-1][1]


def test_where_the_switch_says_no_nothing_falls_until_it_says_yes(connected: Connected) -> None:
    connected.switch(falls=False)
    connected.become_competent(connected.learner())
    connected.work()
    connected.tool.clock.advance(days=YEARS)
    connected.work(3)
    assert connected.site.grades(4, CODE) == [2]
    connected.switch(falls=True)
    connected.work(3)
    assert connected.site.grades(4, CODE) == [2, 1]


def test_what_this_tool_never_rated_does_not_fall(quick: Connected) -> None:
    """The teacher rated the learner in Moodle; here the learner has evidence, and is not competent."""
    competency = quick.site.competencies[0]["id"]
    quick.site.ratings[4, competency] = [(2, "by hand")]
    quick.learner().answer(right=[False] * 4)
    quick.work(3)
    assert quick.site.grades(4, CODE) == [2]


def test_after_a_fall_who_is_competent_again_is_rated_again(quick: Connected) -> None:
    seat = quick.learner()
    quick.become_competent(seat)
    quick.work()
    forget_competence(quick, seat)
    quick.work()
    assert quick.site.grades(4, CODE) == [2, 1]
    quick.tool.clock.advance(hours=1)
    with quick.tool.runtime.database.transaction() as session:
        session.execute(update(MasteryMemory).values(competent_at=quick.now, m=3.0, items=4, forms=3))
    quick.tool.clock.advance(days=1)
    quick.work()
    assert quick.site.grades(4, CODE) == [2, 1, 2]


def forget_competence(connected: Connected, seat: Seat) -> None:
    """Let the memory be what a replay makes of it when the evidence was corrected; the daily look finds it."""
    with connected.tool.runtime.database.transaction() as session:
        values = {"competent_at": None, "m": 0.0, "items": 1, "forms": 1}
        session.execute(update(MasteryMemory).where(MasteryMemory.learner == seat.who.person_uuid).values(values))
    connected.tool.clock.advance(days=1)


# -- Tries whose end is unknown


@pytest.mark.parametrize("times", [1, 2])
def test_a_rating_whose_answer_is_lost_is_not_made_twice(connected: Connected, times: int) -> None:
    left = [GRADE] * times
    connected.site.loses = lambda function: function in left and not left.remove(function)
    connected.become_competent(connected.learner())
    connected.work(2)
    assert connected.rows() == [("due", "moodle-no-answer")]
    connected.tool.clock.advance(minutes=5)
    connected.work(2)
    assert connected.site.grades(4, CODE) == [2]
    assert connected.rows() == [("done", None)]
    assert len(connected.site.called(SUMMARY)) == 1


def test_a_rating_that_did_not_arrive_is_made_after_a_look(connected: Connected) -> None:
    answers = [Answer(None)]
    connected.site.odd = lambda function, _: answers.pop() if function == GRADE and answers else None
    connected.become_competent(connected.learner())
    connected.work(2)
    connected.tool.clock.advance(minutes=5)
    connected.work(2)
    assert connected.site.grades(4, CODE) == [2]
    assert [name for name, _ in connected.site.calls][-3:] == [GRADE, SUMMARY, GRADE]


@pytest.mark.parametrize("was_rated", [True, False])
def test_a_worker_that_dies_between_sending_and_noting_doubles_nothing(
    connected: Connected, *, was_rated: bool
) -> None:
    """Its try is written down before the request; whoever takes the row over looks first."""
    connected.become_competent(connected.learner())
    connected.work(1)
    runtime = connected.tool.runtime
    with runtime.database.connection() as connection:
        (parcel,) = outbox.claim(
            connection, MoodleChannel(runtime), at_most=9, terms=DEFAULT_TERMS, random=Random(1), now=connected.now
        )
    if was_rated:
        parcel.channel.send(parcel.message, parcel.row.timestamp)
        with runtime.database.transaction() as session:
            # Killed before it noted the answer: not even the grade was written down.
            session.execute(MoodleRating.__table__.delete())
    connected.tool.clock.advance(minutes=2)
    connected.work(2)
    assert connected.site.grades(4, CODE) == [2]
    assert connected.rows() == [("done", None)]


def test_a_fall_after_a_try_whose_end_is_unknown_is_sent_only_where_something_stands(quick: Connected) -> None:
    seat = quick.learner()
    quick.site.odd = lambda function, _: Answer(b"", 502) if function == GRADE else None
    quick.become_competent(seat)
    quick.work(2)
    assert quick.rows() == [("due", "answer-unreadable")]
    quick.site.odd = lambda _function, _: None
    forget_competence(quick, seat)
    quick.work(2)
    assert quick.site.grades(4, CODE) == []
    assert quick.rows() == [("done", None)]


def test_a_status_that_changes_on_the_way_is_sent_too(connected: Connected) -> None:
    """What is in flight bears the older grade: the row is claimed again."""
    seat = connected.learner()
    connected.become_competent(seat)
    connected.work(1)
    runtime = connected.tool.runtime
    channel = MoodleChannel(runtime)
    with runtime.database.connection() as connection:
        (parcel,) = outbox.claim(
            connection, channel, at_most=9, terms=DEFAULT_TERMS, random=Random(1), now=connected.now
        )
    with runtime.database.transaction() as session:
        values = {"competent_at": None, "m": 0.0, "items": 1, "forms": 1}
        session.execute(update(MasteryMemory).values(values))
    result = channel.send(parcel.message, parcel.row.timestamp)
    seat.finish()
    seat.restart()
    seat.answer(right=[False])
    work_noticing(connected)
    with runtime.database.connection() as connection:
        finished = [outbox.Finished(parcel.row, result)]
        outbox.finish(connection, finished, terms=DEFAULT_TERMS, random=Random(1), now=connected.now)
    connected.tool.clock.advance(minutes=2)
    connected.work(2)
    assert connected.site.grades(4, CODE) == [2, 1]


def work_noticing(connected: Connected) -> None:
    """Seal and follow, within the lease of what is on its way."""
    connected.work(1)


# -- Refusals


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (answer_of("core_competency_read_competency", "bad token"), "moodle-entry"),
        (answer_of("core_user_create_users", "not in service"), "moodle-function"),
        ({"exception": "required_capability_exception", "errorcode": "nopermissions"}, "moodle-capability"),
        (answer_of("core_competency_delete_evidence", "bogus"), "competency-gone"),
        (answer_of("core_competency_grade_competency", "grade 3 invalid"), "rating-refused"),
        ({"exception": "x", "errorcode": "never heard of"}, "moodle-refused"),
    ],
)
def test_a_refusal_waits_for_a_person_and_says_why(quick: Connected, answer: object, reason: str) -> None:
    quick.site.odd = lambda function, _: Answer(json.dumps(answer).encode()) if function == GRADE else None
    quick.become_competent(quick.learner())
    quick.work(2)
    assert quick.rows() == [("needs-person", reason)]
    quick.tool.clock.advance(days=2)
    quick.work(3)
    assert len(quick.site.called(GRADE)) == 1, "looked at every day, and tried no more"


def test_a_new_token_sends_again_what_waits(quick: Connected) -> None:
    quick.store_token("f" * 32)
    quick.become_competent(quick.learner())
    quick.work(2)
    assert quick.rows() == [("needs-person", "moodle-entry")]
    quick.store_token()
    registration = quick.registration
    scope = Scope(organisation_id=registration.organisation_id, registration_id=registration.id)
    with quick.tool.runtime.database.transaction() as session:
        assert send_again(session, scope, now=quick.now) == 1
        assert inbox.open_items(session, registration.organisation_id) == []
    quick.work(1)
    assert quick.site.grades(4, CODE) == [2]


def test_the_inbox_sends_ratings_again(connected: Connected) -> None:
    connected.store_token("f" * 32)
    connected.become_competent(connected.learner())
    connected.work(2)
    connected.store_token()
    with connected.tool.runtime.database.transaction() as session:
        (item,) = inbox.open_items(session, connected.registration.organisation_id)
        assert item.details["channel"] == CHANNEL
        inbox_actions.decide(session, item.organisation_id, item.id, action="send-again", now=connected.now)
    connected.work(1)
    assert connected.site.grades(4, CODE) == [2]
    assert connected.rows() == [("done", None)]


def test_a_busy_moodle_is_left_alone_as_long_as_it_says(quick: Connected) -> None:
    busy = [Answer(b"", 503, "Retry-After: 120\r\n")]
    quick.site.odd = lambda function, _: busy.pop() if function == GRADE and busy else None
    quick.become_competent(quick.learner())
    quick.work(2)
    assert quick.rows() == [("due", "busy")]
    quick.tool.clock.advance(seconds=60)
    quick.work(1)
    assert quick.site.grades(4, CODE) == []
    quick.tool.clock.advance(seconds=60)
    quick.work(1)
    assert quick.site.grades(4, CODE) == [2]


def test_who_has_no_account_there_any_more_is_told_so(quick: Connected) -> None:
    quick.become_competent(quick.learner())
    quick.work(1)
    with quick.tool.runtime.database.transaction() as session:
        session.execute(Identity.__table__.delete())
    quick.work(1)
    assert quick.rows() == [("needs-person", "no-identity")]


def test_without_a_token_nothing_is_sent(quick: Connected) -> None:
    quick.become_competent(quick.learner())
    quick.work(1)
    with quick.tool.runtime.database.transaction() as session:
        sites.forget_token(session, quick.registration)
    quick.work(2)
    assert quick.rows() == [("needs-person", "moodle-entry")]
    assert quick.site.called(GRADE) == []


# -- A competency that was replaced in Moodle


def test_a_competency_that_was_made_anew_is_rated_anew(quick: Connected) -> None:
    quick.become_competent(quick.learner())
    quick.work(2)
    quick.site.competencies[:] = [{"id": 999, "idnumber": CODE, "shortname": "anew", "competencyframeworkid": 1}]
    quick.match()
    quick.work(3)
    assert quick.site.ratings[4, 999][0][0] == 2


def test_several_learners_are_rated_each(quick: Connected) -> None:
    for user in ("4", "5", "6"):
        quick.become_competent(quick.learner(user))
    quick.work(3)
    assert [quick.site.grades(user, CODE) for user in (4, 5, 6)] == [[2], [2], [2]]


def test_a_row_of_one_organisation_never_reaches_the_moodle_of_another(connected: Connected) -> None:
    """The match of one school, and the person of another: whatever made such a row, it finds nothing to send."""
    connected.become_competent(connected.learner())
    connected.work(1)
    with connected.tool.runtime.database.transaction() as session:
        other = Organisation(uuid="o-2", key="other", name="Other", created_at=connected.now)
        session.add(other)
        session.flush()
        session.execute(update(OutboxRow).where(OutboxRow.channel == CHANNEL).values(organisation_id=other.id))
    connected.work(1)
    assert connected.rows() == [("needs-person", "no-competency")]
    assert connected.site.called(GRADE) == []


def test_who_is_erased_leaves_no_rating_here(connected: Connected) -> None:
    seat = connected.learner()
    connected.become_competent(seat)
    connected.work(2)
    with connected.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, connected.tool.organisation_id)
        erase(session, organisation, seat.who.person_uuid, actor="system", now=connected.now)
    assert connected.rows() == []
    with connected.tool.runtime.database.reading() as session:
        assert session.scalars(select(MoodleRating.id)).all() == []
