"""Evidence from a site: recorded once, joined with launches, in the order of each learner, whole or not at all."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from lti_tool.models import (
    Context,
    CriticalError,
    Enrolment,
    Identity,
    InboxItem,
    LedgerEvent,
    Person,
    SourceLearner,
    SourceScore,
)
from lti_tool.services.evidence import locks
from lti_tool.services.sources import judgements
from tests.factories.classrooms import enter
from tests.factories.sources import COURSE, EVIDENCE, Site, event, make_site, shipped_parts
from tests.factories.tool import Tool


def recorded(tool: Tool) -> list[LedgerEvent]:
    with tool.runtime.database.reading() as session:
        query = select(LedgerEvent).where(LedgerEvent.type == "evidence.recorded").order_by(LedgerEvent.id)
        return [*session.scalars(query)]


def count(tool: Tool, model: Any) -> int:
    with tool.runtime.database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def inbox(tool: Tool) -> list[tuple[str, list[Any]]]:
    with tool.runtime.database.reading() as session:
        return [(item.reason, item.actions) for item in session.scalars(select(InboxItem))]


def test_an_event_is_evidence_of_whoever_launches_under_the_same_subject(tool: Tool, site: Site) -> None:
    assert site.send(event(total="0.25")) == ["accepted"]
    [row] = recorded(tool)
    body = json.loads(row.body)
    assert (body["part"], body["score"], body["rater"], row.source) == (
        shipped_parts()[0],
        "1",
        "auto",
        "source:open-edx",
    )
    seat = enter(tool, "s-1", name="Ada")
    assert seat.who.person_uuid == row.learner
    assert count(tool, Person) == 1
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(Context.platform_key)).all() == [COURSE]
        assert session.scalars(select(SourceScore.value)).all() == ["0.25"]
        assert session.scalars(select(Enrolment.roles)).all() == ["learner"]


def test_nothing_personal_is_stored_of_a_learner_who_never_launched(tool: Tool, site: Site) -> None:
    site.send(event())
    with tool.runtime.database.reading() as session:
        identity = session.scalars(select(Identity)).one()
        assert (identity.subject, identity.name, identity.email) == ("s-1", None, None)


def test_a_site_without_a_platform_has_learners_of_its_own(tool: Tool, site: Site) -> None:
    other = make_site(tool, "own", of_platform=False)
    site.send(event())
    assert other.send(event(), event(2)) == ["accepted", "accepted"]
    assert len({row.learner for row in recorded(tool)}) == 2
    assert count(tool, Identity) == 1


def test_what_comes_again_is_there_once(tool: Tool, site: Site) -> None:
    sent = event(), event(2, part=shipped_parts()[1])
    assert site.send(*sent) == ["accepted", "accepted"]
    assert site.send(*sent) == ["duplicate", "duplicate"]
    assert site.send(event(3), event(3), event(3, score="0")) == ["accepted", "duplicate", "event-repeated"]
    assert len(recorded(tool)) == 3


def test_the_same_batch_from_several_senders_at_once_is_there_once(tool: Tool, site: Site) -> None:
    parts = shipped_parts()
    sent = [event(n, learner=f"s-{n}", part=parts[0]) for n in range(1, 6)]
    with ThreadPoolExecutor(3) as senders:
        told = [*senders.map(lambda _: site.send(*sent), range(3))]
    assert {outcome for outcomes in told for outcome in outcomes} <= {"accepted", "duplicate"}
    assert (len(recorded(tool)), count(tool, Person), inbox(tool)) == (5, 5, [])


def test_another_score_under_the_same_id_never_goes_over_what_stands(tool: Tool, site: Site) -> None:
    site.send(event(score="0.5"))
    assert site.send(event(score="1")) == ["event-conflict"]
    assert inbox(tool) == [("evidence-conflict", ["keep", "revise"])]
    assert site.send(event(score="0.5", learner="s-2")) == ["event-conflict"]
    assert inbox(tool) == [("evidence-conflict", ["keep"])]
    assert [json.loads(row.body)["score"] for row in recorded(tool)] == ["0.5"]


def test_events_of_a_learner_are_recorded_in_their_order_and_gaps_are_told(tool: Tool, site: Site) -> None:
    parts = shipped_parts()
    batch = [event(5, part=parts[1]), event(2, part=parts[0]), event(9, learner="s-2")]
    answer = site.ask("POST", EVIDENCE, {"events": batch})
    assert answer.json["gaps"] == [
        {"learner": "s-1", "missing": [[1, 1], [3, 4]]},
        {"learner": "s-2", "missing": [[1, 8]]},
    ]
    assert [row.source_id[-4:] for row in recorded(tool)] == [
        each["id"][-4:] for each in (batch[1], batch[0], batch[2])
    ]
    late = site.ask("POST", EVIDENCE, {"events": [event(4), event(1)]})
    assert late.json["gaps"] == [{"learner": "s-1", "missing": [[3, 3]]}]


def test_an_older_total_that_comes_late_stays_behind(tool: Tool, site: Site) -> None:
    site.send(event(2, total="0.75"))
    site.send(event(1, total="0.5"))
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(SourceScore.value)).all() == ["0.75"]


def test_staff_and_strangers_are_no_learners(tool: Tool, site: Site) -> None:
    assert site.send(event(staff=True), event(2, enrolled=False)) == ["not-counted", "not-counted"]
    assert (recorded(tool), count(tool, Person)) == ([], 0)


def test_what_does_not_count_leaves_no_gap_in_the_numbers(site: Site) -> None:
    before = event(7, staff=True)
    del before["sequence"]
    answer = site.ask("POST", EVIDENCE, {"events": [before, event(8, staff=True, sequence=9), event(1)]})
    assert [each["outcome"] for each in answer.json["results"]] == ["not-counted", "not-counted", "accepted"]
    assert site.ask("POST", EVIDENCE, {"events": [event(2)]}).json["gaps"] == answer.json["gaps"] == []
    assert site.send(event(3, sequence=None)) == ["event-malformed"]


def test_a_judged_part_names_the_judge_by_pseudonym(tool: Tool, site: Site) -> None:
    site.send(event(rater="t-1", form="project", occasion="sheet:6:assessor"))
    teacher = enter(tool, "t-1", role="teacher")
    assert json.loads(recorded(tool)[0].body)["rater"] == teacher.who.person_uuid
    assert site.send(event(rater="t-1", form="project", occasion="sheet:6:assessor")) == ["duplicate"]
    assert site.send(event(rater=None, form="project", occasion="sheet:6:assessor")) == ["event-conflict"]


@pytest.mark.parametrize("tried", ["score", "part"])
def test_what_cannot_be_evidence_is_refused_and_the_rest_is_taken(tool: Tool, site: Site, tried: str) -> None:
    wrong = {
        "score": [
            (event(2, score="1.01"), "event-malformed"),
            (event(3, score=1), "event-malformed"),
            (event(4, score="NaN"), "event-malformed"),
            (event(5, occurred_at="2026-03-02T13:00:00Z"), "event-impossible"),
            (event(6, form="prior_learning"), "event-impossible"),
            (event(7, occasion="what:ever"), "event-impossible"),
            ({"id": "x" * 99}, "event-malformed"),
            (17, "event-malformed"),
        ],
        "part": [
            (event(2, part="no-such-part"), "part-unknown"),
            (event(3, learner="a\nb"), "event-malformed"),
            (event(4, mastery="1"), "event-malformed"),
            (event(5, sequence=0), "event-malformed"),
            (event(6, staff="no"), "event-malformed"),
        ],
    }[tried]
    assert site.send(event(), *(sent for sent, _ in wrong)) == ["accepted", *(code for _, code in wrong)]
    assert len(recorded(tool)) == 1
    assert site.send(event()) == ["duplicate"]


def test_a_clock_that_runs_ahead_a_little_is_taken_for_ours(tool: Tool, site: Site) -> None:
    assert site.send(event(occurred_at="2026-03-02T20:04:59+08:00")) == ["accepted"]
    assert recorded(tool)[0].occurred_at == tool.clock()


def test_where_tags_move_at_that_moment_nothing_is_kept_and_it_may_come_again(
    tool: Tool, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moved(*_: object, **__: object) -> None:
        raise locks.TagsMovedError

    with monkeypatch.context() as patched:
        patched.setattr(judgements.evidence, "record_many", moved)
        answer = site.ask("POST", EVIDENCE, {"events": [event()]}, request_id="00000000-0000-4000-8000-000000000001")
    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, "evidence-tags-moved", "1")
    assert count(tool, SourceLearner) == 0
    assert site.send(event(), request_id="00000000-0000-4000-8000-000000000001") == ["accepted"]


def test_five_hundred_events_are_taken_at_once_and_no_more(tool: Tool, site: Site) -> None:
    parts = shipped_parts()
    events = [event(n, learner=f"s-{n % 50}", part=parts[n % len(parts)], attempt=f"a-{n}") for n in range(1, 501)]
    assert set(site.send(*events)) == {"accepted"}
    answer = site.ask("POST", EVIDENCE, {"events": [*events, event(501)]})
    assert (answer.status_code, answer.json["code"]) == (422, "body-refused")
    assert len(recorded(tool)) == 500


def test_a_breach_in_a_graded_run_is_kept_and_belongs_to_nothing_else(tool: Tool, site: Site) -> None:
    run = {"form": "project", "occasion": "graded-run:4", "score": "0"}
    assert site.send(event(critical=True, **run)) == ["accepted"]
    assert json.loads(recorded(tool)[0].body)["critical"] is True
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(CriticalError.part)).all() == [shipped_parts()[0]]
    assert site.send(event(critical=True, **run)) == ["duplicate"]
    assert site.send(event(**run)) == ["event-conflict"]
    assert site.send(event(2, critical=True)) == ["event-impossible"]
    assert site.send(event(3, **{**run, "score": "1"})) == ["accepted"]
    assert count(tool, CriticalError) == 0
