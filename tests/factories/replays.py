"""Learners who do all kinds of things, replays of it, and every number that comes of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select

from lti_tool.models import Activity, ContentVersion, Job, MasteryGeneration, MasteryUpdate, Organisation
from lti_tool.services.evidence import evidence
from lti_tool.services.evidence.checks import Submission
from lti_tool.services.mastery import cache, replay, replay_steps
from lti_tool.services.mastery.replay import Choice
from lti_tool.services.mechanisms import jobs
from lti_tool.services.mechanisms.jobs import JobState, Progress
from qualoop.ledger import SCORED_BY_MACHINE, Evidence, EvidenceForm
from qualoop.values import Score
from tests.factories.tool import Tool

LEARNERS = tuple(str(uuid.UUID(int=number)) for number in range(1, 4))
FORMS = (EvidenceForm.QUIZ, EvidenceForm.QUIZ, EvidenceForm.PROJECT, EvidenceForm.LIVE, EvidenceForm.ATTENDANCE)
OCCASIONS = {
    EvidenceForm.PROJECT: ("", "sheet:6:peer", "graded-run:4:0.85", "practice-run:3", "checkpoints:2"),
    EvidenceForm.LIVE: ("", "sheet:5:assessor"),
}


def answer_some(tool: Tool, count: int, *, seed: int, learners: Sequence[str] = LEARNERS) -> list[str]:
    """Let learners do all kinds of things in every lesson, well and badly, over weeks; return the events' uuids."""
    random = Random(seed)
    places = parts_of(tool)
    done = []
    for number in range(count):
        tool.clock.advance(minutes=random.randrange(1, 3000), milliseconds=random.randrange(1000))
        activity, content, part = random.choice(places)
        form = random.choice(FORMS)
        judged = form in {EvidenceForm.PROJECT, EvidenceForm.LIVE}
        submission = Submission(
            learner=random.choice(learners),
            evidence=Evidence(
                activity=activity,
                content=content,
                part=part,
                score=Score(random.choice(["0", "0.333333", "0.5", "1"])),
                form=form,
                rater=random.choice(["rater-1", "rater-2"]) if judged else SCORED_BY_MACHINE,
                attempt=f"{seed}-{number}",
                tries=1,
                hints=random.randrange(3),
                occasion=random.choice(OCCASIONS.get(form, ("",))),
            ),
            source=("test", f"{seed}-{number}", "1"),
            occurred_at=tool.clock.now,
        )
        with tool.runtime.database.connection() as connection:
            done.append(evidence.record(connection, tool.organisation_id, submission, now=tool.clock.now).uuid)
    return done


def parts_of(tool: Tool) -> list[tuple[str, str, str]]:
    """Return activity, content and part of a few parts: learners meet them again and again."""
    with tool.runtime.database.reading() as session:
        rows = session.execute(
            select(Activity.key, ContentVersion.hash, ContentVersion.manifest)
            .join(ContentVersion, ContentVersion.id == Activity.version_id)
            .where(Activity.kind == "micro-lesson")
            .order_by(Activity.key)
        ).all()
    return [(key, content, part["key"]) for key, content, manifest in rows for part in manifest["parts"]][:15]


def start(tool: Tool, choice: Choice = replay.ADOPTING) -> tuple[Job, Organisation]:
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        return replay.start(session, organisation, tool.clock.now, choice), organisation


def run_replay(
    tool: Tool,
    choice: Choice = replay.ADOPTING,
    *,
    folder: Path | None = None,
    report: Callable[[Job, Progress], object] = lambda *_: None,
) -> JobState:
    """Run the replay as the command does."""
    job, organisation = start(tool, choice)
    return replay_steps.run(
        tool.runtime.database,
        job,
        organisation,
        folder=folder,
        clock=tool.clock,
        report=lambda progress: report(job, progress),
    )


def stopping(tool: Tool, when: Callable[[Progress], bool]) -> Callable[[Job, Progress], None]:
    def report(job: Job, progress: Progress) -> None:
        if when(progress):
            with tool.runtime.database.transaction() as session:
                jobs.stop(session, job.uuid, tool.clock.now)

    return report


def mastery(tool: Tool, state: str = "adopted") -> dict[str, Any]:
    """Return every number and explanation of a generation."""
    with tool.runtime.database.reading() as session:
        generation = session.scalars(select(MasteryGeneration.id).where(MasteryGeneration.state == state)).one()
        connection = session.connection()
        states = cache.dump_states(connection, cache.Place(tool.organisation_id, generation))
        updates = session.execute(
            select(MasteryUpdate.event_seq, MasteryUpdate.learner, MasteryUpdate.codes, MasteryUpdate.numbers)
            .where(MasteryUpdate.generation_id == generation)
            .order_by(MasteryUpdate.event_seq)
        ).all()
    return {**states, "updates": [tuple(row) for row in updates]}
