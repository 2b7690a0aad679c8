"""From when an item counts, and by which meeting a piece of evidence weighs: online, replayed and as of a day alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from lti_tool.services.evidence import evidence
from lti_tool.services.evidence.checks import Submission
from lti_tool.services.evidence.entries import list_entries
from lti_tool.services.mastery import replay_log
from lti_tool.services.mastery.replay import Choice
from lti_tool.services.records.as_of import standing_then
from lti_tool.services.records.records import Subject, standing_now
from qualoop.ledger import SCORED_BY_MACHINE, Evidence, EvidenceForm
from qualoop.policies import GradedRun, PracticeRun
from qualoop.records import PointFacts
from qualoop.records.building import facts_from_evidence
from qualoop.values import Score
from tests.factories.replays import LEARNERS, mastery, parts_of, run_replay
from tests.factories.tool import Tool, make_tool

POINTS = ("SEM-1.1", "SEM-1.2", "SEM-1.3", "SEM-1.4")


@dataclass
class Learner:
    """Somebody whose every answer is right, and the parts that may be asked."""

    tool: Tool
    uuid: str = LEARNERS[0]
    parts: list[tuple[str, str, str]] = field(default_factory=list)
    done: int = 0

    def answers(self, part: int, form: EvidenceForm, *, tries: int = 1, occasion: str = "") -> None:
        activity, content, key = self.parts[part]
        self.done += 1
        self.tool.clock.advance(minutes=1)
        submission = Submission(
            learner=self.uuid,
            evidence=Evidence(
                activity=activity,
                content=content,
                part=key,
                score=Score(1),
                form=form,
                rater=SCORED_BY_MACHINE,
                attempt=str(self.done),
                tries=tries,
                hints=0,
                occasion=occasion,
            ),
            source=("test", str(self.done), "1"),
            occurred_at=self.tool.clock.now,
        )
        with self.tool.runtime.database.connection() as connection:
            evidence.record(connection, self.tool.organisation_id, submission, now=self.tool.clock.now)

    def facts(self, then: datetime | None = None) -> dict[str, PointFacts]:
        """Return what is known now, or was at a moment, of every knowledge point with evidence."""
        subject = Subject(organisation_id=self.tool.organisation_id, person_id=0, uuid=self.uuid)
        with self.tool.runtime.database.reading() as session:
            connection, now = session.connection(), self.tool.clock.now
            standing = (
                standing_then(connection, subject, POINTS, then).standing
                if then
                else standing_now(connection, subject, POINTS, now)
            )
        return {code: facts for code, facts in standing.facts.items() if facts.known}

    def weights(self) -> list[tuple[str, str]]:
        """Return omega and its reason for each piece of evidence that weighed, in ledger order."""
        with self.tool.runtime.database.reading() as session:
            found = list_entries(session.connection(), self.tool.organisation_id, self.uuid)
        return [(each.omega, each.explanation["weight"]["why"]["en"]) for each in found]


@pytest.fixture
def learner(database_url: str) -> Iterator[Learner]:
    tool = make_tool(database_url)
    yield Learner(tool, parts=parts_of(tool))
    tool.runtime.database.close()


def replays_alike(learner: Learner, folder: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Say whether a replay, most of it from segments, gives what the answers gave when they came."""
    monkeypatch.setattr(replay_log, "SEGMENT_ROWS", 3)
    online = mastery(learner.tool)
    run_replay(learner.tool, folder=folder)
    return mastery(learner.tool) == online


def test_an_item_counts_from_the_first_evidence_that_weighs(
    learner: Learner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readiness items on paper count for the process alone; the same ones count in the team check after it."""
    for part in range(8):
        learner.answers(part, EvidenceForm.PROCESS)
    assert not learner.facts(), "what weighs nothing is no evidence of skill"
    between = learner.tool.clock.now
    for part in range(6):
        learner.answers(part, EvidenceForm.QUIZ)
    facts = learner.facts()
    assert sum(each.items for each in facts.values()) == 6
    assert {omega for omega, _ in learner.weights()} == {"0.3"}, "a question that was seen before is a repeat"
    with learner.tool.runtime.database.reading() as session:
        for code, each in facts.items():
            entries = list_entries(session.connection(), learner.tool.organisation_id, learner.uuid, code=code)
            assert facts_from_evidence(each.reading, entries).items == each.items
    then = learner.tool.clock.now
    learner.tool.clock.advance(minutes=1)
    learner.answers(0, EvidenceForm.QUIZ)
    assert {code: each.items for code, each in learner.facts().items()} == {c: f.items for c, f in facts.items()}
    assert {code: each.items for code, each in learner.facts(then).items()} == {c: f.items for c, f in facts.items()}
    assert not learner.facts(between)
    assert replays_alike(learner, tmp_path, monkeypatch)


def test_a_second_vote_weighs_as_one_without_a_first(
    learner: Learner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner.answers(0, EvidenceForm.POLL)
    learner.answers(0, EvidenceForm.POLL, tries=2)
    learner.answers(1, EvidenceForm.POLL, tries=2)
    learner.answers(2, EvidenceForm.QUIZ, tries=2)
    weights = learner.weights()
    assert [omega for omega, _ in weights] == ["0.5", "0.2", "0.2", "1"]
    assert weights[2][1] == weights[1][1]
    assert replays_alike(learner, tmp_path, monkeypatch)
    assert learner.weights() == weights


def test_a_graded_run_weighs_the_same_after_practice(
    learner: Learner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice, graded = PracticeRun().as_text(), GradedRun(reliability=Decimal("0.92")).as_text()
    for occasion in (practice, practice, graded):
        learner.answers(0, EvidenceForm.PROJECT, occasion=occasion)
    assert learner.weights() == [
        ("0.3", "Practice run of a simulation: weight 0.3."),
        ("0.3", "Practice run of a simulation: weight 0.3."),
        ("3", "Graded run of a simulation, retest reliability 0.92: weight 3."),
    ]
    online = mastery(learner.tool)
    assert replays_alike(learner, tmp_path, monkeypatch)
    run_replay(learner.tool, Choice(adopt=False, weights="w1"), folder=tmp_path)
    by_w1 = mastery(learner.tool, "computed")
    assert by_w1["mastery_memory"] != online["mastery_memory"], "the former table is still there to compare with"
