"""A breach in a graded run holds a knowledge point back until a later graded run is free of it, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from itertools import count
from typing import Final
from uuid import UUID

import pytest
from sqlalchemy import select

from lti_tool.commands.install import read
from lti_tool.models import Activity, ContentVersion, CriticalError, LedgerEvent, Organisation
from lti_tool.services import erasure
from lti_tool.services.evidence import corrections, critical_errors
from lti_tool.services.evidence.corrections import Request
from lti_tool.services.evidence.critical_errors import read_open_errors
from lti_tool.services.evidence.evidence import Submission, record_many
from lti_tool.services.mastery.content_install import ContentImport
from lti_tool.services.moodle.ratings import read_standings
from lti_tool.services.records.as_of import standing_then
from lti_tool.services.records.records import Subject, standing_now
from qualoop.framework import load_framework, shipped_content
from qualoop.ledger import SCORED_BY_MACHINE, Evidence, EvidenceForm, Reason
from qualoop.player.project_state import GRADED, PRACTICE, Mode
from qualoop.policies import GradedRun, PracticeRun, Sheet
from qualoop.records import PointFacts, Status, status_of
from qualoop.simulators import BaselineKind
from qualoop.values import Score
from tests.factories.classrooms import Seat, enter
from tests.factories.replays import run_replay
from tests.factories.tool import SECRET, Tool, make_tool
from tests.integration.practice.test_attempts import act, fields_of, key_of, project_of

DESK: Final = "sales-chat-desk"
LESSON: Final = "sa-1-3-chat-desk"
CODE: Final = "SA-1.4"
JUDGED: Final = Sheet(criteria=8).as_text()
RUN: Final = GradedRun(reliability=None, components=4).as_text()
NUMBERS: Final = count(1)


@cache
def desk_content() -> ContentImport:
    root = shipped_content() / "ecommerce"
    found = read([root / "lessons" / LESSON, root / "projects" / DESK])
    return replace(found, framework=load_framework(root))


@pytest.fixture
def tool(database_url: str) -> Iterator[Tool]:
    made = make_tool(database_url, content=desk_content(), activity=DESK)
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


@pytest.fixture
def seat(tool: Tool) -> Seat:
    """A learner at the desk who is competent in what its policy part shows."""
    entered = enter(tool, "s-1", name="Sam Student", lesson=DESK, title="The chat desk")
    make_competent(tool, entered)
    return entered


def tell(tool: Tool, learner: str, part: str, **more: str | bool) -> str:
    """Record one piece of evidence of the lesson, or of ``activity``; return the uuid of its event."""
    number, activity = next(NUMBERS), str(more.pop("activity", LESSON))
    with tool.runtime.database.transaction() as session:
        content = session.scalars(
            select(ContentVersion.hash)
            .join(Activity, Activity.version_id == ContentVersion.id)
            .where(Activity.organisation_id == tool.organisation_id, Activity.key == activity)
        ).one()
        evidence = Evidence(
            activity=activity,
            content=content,
            part=part,
            score=Score(str(more.pop("score", "1"))),
            form=EvidenceForm(str(more.pop("form", "quiz"))),
            rater=SCORED_BY_MACHINE,
            attempt=f"told-{number}",
            tries=1,
            hints=0,
            occasion=str(more.pop("occasion", "")),
            critical=bool(more.pop("critical", False)),
        )
        given = Submission(
            learner=learner, evidence=evidence, source=("t", str(number), "1"), occurred_at=tool.clock.now
        )
        return record_many(session.connection(), tool.organisation_id, [given], now=tool.clock.now)[0].uuid


def run(tool: Tool, seat: Seat, *, critical: bool = False, score: str = "0", occasion: str = RUN) -> str:
    """Record the policy part of a run of the desk; return the uuid of its event."""
    return tell(
        tool,
        seat.who.person_uuid,
        "policy",
        activity=DESK,
        form="project",
        occasion=occasion,
        critical=critical,
        score=score,
    )


def serving(code: str) -> list[str]:
    """Return the questions of the lesson that serve a knowledge point alone."""
    [package] = [each for each in desk_content().packages if each.key == LESSON]
    return [part for part, weights in package.tags.items() if [*weights] == [code]]


def make_competent(tool: Tool, seat: Seat) -> None:
    items = serving(CODE)
    for number in range(8):
        for item in items:
            tell(tool, str(UUID(int=800 + number)), item, score="0.5", form="observation", occasion=JUDGED)
    for item in items * 8:
        tell(tool, seat.who.person_uuid, item, form="observation", occasion=JUDGED)
        tell(tool, seat.who.person_uuid, item)
    assert status(tool, seat) is Status.COMPETENT


def subject_of(seat: Seat) -> Subject:
    who = seat.who
    return Subject(organisation_id=who.organisation_id, person_id=who.person_id, uuid=who.person_uuid)


def facts(tool: Tool, subject: Subject, then: datetime | None = None) -> PointFacts:
    with tool.runtime.database.reading() as session:
        if then is not None:
            return standing_then(session.connection(), subject, [CODE], then).standing.facts[CODE]
        return standing_now(session.connection(), subject, [CODE], tool.clock.now).facts[CODE]


def status(tool: Tool, seat: Seat, then: datetime | None = None) -> Status:
    return status_of(facts(tool, subject_of(seat), then), now=(then or tool.clock.now).timestamp())


def opened(tool: Tool) -> list[tuple[str, str]]:
    with tool.runtime.database.reading() as session:
        return [(row.activity, row.part) for row in session.scalars(select(CriticalError))]


def correct(tool: Tool, uuid: str, score: str | None = None) -> str:
    """Void an event, or give it another score; return the uuid of the correction."""
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        new = None if score is None else Score(score)
        request = Request(target=UUID(uuid), reason=Reason.ERROR, actor=str(UUID(int=9)), score=new)
        return str(corrections.correct(session, organisation, request, secret=SECRET, now=tool.clock.now).uuid)


def play(seat: Seat, mode: Mode, *, well: bool) -> None:
    """Play a shift turn by turn on the page, by the reference or by a policy that breaks rules; hand a graded one in."""
    act(seat, "open", mode, to=mode)
    project, _, _ = project_of(seat)
    world = project.engine.world(project.spec, key_of(seat, mode))
    plan = project.engine.reference(world) if well else project.engine.baseline(world, BaselineKind.POOR)
    for decision in plan or ():
        now = project_of(seat)[1].run(mode)
        if now is None or now.is_played:
            # Nobody is left to be served.
            break
        assert act(seat, "run", mode, **fields_of(project, world, decision)).status_code == 303
    if mode == GRADED:
        assert act(seat, "hand-in", mode).status_code == 303


def test_a_breach_holds_a_competent_learner_back_until_a_clean_graded_run(tool: Tool, seat: Seat) -> None:
    play(seat, PRACTICE, well=False)
    assert opened(tool) == [], "practice is for making mistakes"
    assert status(tool, seat) is Status.COMPETENT
    competent_at = tool.clock.now

    tool.clock.advance(minutes=30)
    play(seat, GRADED, well=False)
    assert opened(tool) == [(DESK, "policy")]
    assert status(tool, seat) is Status.PROVISIONAL
    assert facts(tool, subject_of(seat)).critical_error
    assert "A critical error limits this part. It stays open until a later graded attempt" in seat.get().text
    assert "an open critical error settled by a later graded run without one" in seat.get(f"record/{CODE}/").text
    breached_at = tool.clock.now
    run_replay(tool)
    assert status(tool, seat) is Status.PROVISIONAL, "a replay loses nothing"

    tool.clock.advance(minutes=30)
    act_again(seat)
    play(seat, GRADED, well=True)
    assert opened(tool) == []
    assert status(tool, seat) is Status.COMPETENT
    told = [status(tool, seat, then) for then in (competent_at, breached_at, tool.clock.now)]
    assert told == [Status.COMPETENT, Status.PROVISIONAL, Status.COMPETENT]


def act_again(seat: Seat) -> None:
    """Begin the second graded attempt."""
    _, _, uuid = project_of(seat)
    assert seat.post("do/restart", attempt=uuid).status_code == 303


def test_a_class_and_a_moodle_see_it_too(tool: Tool, seat: Seat) -> None:
    run(tool, seat, critical=True)
    with tool.runtime.database.reading() as session:
        connection, contents = session.connection(), tool.runtime.contents
        told = read_standings(
            connection, contents, tool.organisation_id, [seat.who.person_uuid], codes=[CODE], now=tool.clock.now
        )
        assert told[seat.who.person_uuid, CODE].status is Status.PROVISIONAL
    teacher = enter(tool, "t-1", role="teacher", name="Tina Teacher", lesson=DESK, title="The chat desk")
    page = teacher.get(f"class/levels/?status={Status.PROVISIONAL}")
    assert "Sam Student" in page.text


def test_what_takes_the_breach_back_settles_it(tool: Tool, seat: Seat) -> None:
    breach = run(tool, seat, critical=True)
    assert status(tool, seat) is Status.PROVISIONAL
    void = correct(tool, breach)
    assert (opened(tool), status(tool, seat)) == ([], Status.COMPETENT), "at once, before levels are computed again"
    correct(tool, void)
    assert opened(tool) == [(DESK, "policy")], "it holds again"
    correct(tool, breach, score="0.75")
    assert opened(tool) == [], "whoever gives a better score has decided that it was none"
    run_replay(tool)
    assert status(tool, seat, tool.clock.now) is Status.COMPETENT


def test_a_clean_run_that_does_not_count_settles_nothing(tool: Tool, seat: Seat) -> None:
    run(tool, seat, critical=True)
    run(tool, seat, score="1", occasion=PracticeRun(components=4).as_text())
    assert opened(tool) == [(DESK, "policy")], "practice settles nothing either"
    clean = run(tool, seat, score="1")
    assert opened(tool) == []
    correct(tool, clean)
    assert opened(tool) == [(DESK, "policy")]
    assert status(tool, seat) is Status.PROVISIONAL


def test_it_follows_the_tags_of_the_part(tool: Tool, seat: Seat) -> None:
    run(tool, seat, critical=True)
    with tool.runtime.database.reading() as session:
        of = (session.connection(), tool.organisation_id, [seat.who.person_uuid, str(UUID(int=7))])
        assert read_open_errors(*of) == {seat.who.person_uuid: {CODE}}
        assert read_open_errors(of[0], tool.organisation_id + 1, of[2]) == {}


def test_a_result_that_is_held_back_is_not_told_by_it(tool: Tool, seat: Seat) -> None:
    held = hiding(tool, seat, run(tool, seat, critical=True))
    assert has_error(tool, held) == (False, False)


@pytest.mark.parametrize("is_held_breach", [True, False])
def test_a_result_that_is_held_back_leaves_an_earlier_breach_open(
    tool: Tool, seat: Seat, *, is_held_breach: bool
) -> None:
    """Else the page of the learner would tell that the held run is clean; or would say that nothing is open."""
    shown = run(tool, seat, critical=True)
    held = hiding(tool, seat, run(tool, seat, critical=is_held_breach))
    assert has_error(tool, held) == (True, True)
    assert has_error(tool, subject_of(seat)) == (is_held_breach, is_held_breach), "teachers see everything"
    before = tool.clock.now
    tool.clock.advance(minutes=5)
    correct(tool, shown)
    assert has_error(tool, held) == (False, False), "a correction is followed there, too"
    assert facts(tool, held, before).critical_error


def test_a_breach_that_weighs_nothing_is_open_then_as_now(tool: Tool, seat: Seat) -> None:
    run(tool, seat, critical=True, occasion="graded-run:4:0")
    assert has_error(tool, subject_of(seat)) == (True, True)


def hiding(tool: Tool, seat: Seat, uuid: str) -> Subject:
    """Return the learner, with the attempt of an event held back."""
    with tool.runtime.database.reading() as session:
        body = session.scalars(select(LedgerEvent.body).where(LedgerEvent.uuid == uuid)).one()
    return replace(subject_of(seat), hidden=frozenset({json.loads(body)["attempt"]}))


def has_error(tool: Tool, subject: Subject) -> tuple[bool, bool]:
    """Return whether an error is open, as it is now, and as of now."""
    return facts(tool, subject).critical_error, facts(tool, subject, tool.clock.now).critical_error


def test_an_erased_learner_leaves_none(tool: Tool, seat: Seat) -> None:
    run(tool, seat, critical=True)
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        erasure.erase(session, organisation, seat.who.person_uuid, actor=str(UUID(int=9)), now=tool.clock.now)
    assert opened(tool) == []


def test_an_answer_pays_nothing_for_it(tool: Tool, seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(critical_errors, "follow", lambda *told: asked.append(len(told[-1])))
    tell(tool, seat.who.person_uuid, serving(CODE)[0])
    run(tool, seat, occasion=PracticeRun(components=4).as_text())
    assert asked == []
    run(tool, seat)
    assert asked == [1]
