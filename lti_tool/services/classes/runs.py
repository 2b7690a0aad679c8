"""The graded runs of a class at a practice project: how far each is, the score of every part, and what was decided.

Reads only, and in few statements. What a world holds is not made again here: scores are as they were computed when the
run was played.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from lti_tool.db import stored_json
from lti_tool.models import Activity, Attempt
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link, Member, list_members
from qualoop.content_packages import Project
from qualoop.player.project_state import Missed, ProjectState
from qualoop.values import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedRun:
    """One attempt: how many rounds were played of how many, whether it was handed in; its score and those of its parts.

    ``missed`` are the rounds that closed before they were played, ``has_draft`` says whether a decision is saved for the next round; ``decisions`` are those of the rounds, as they are
    stored.
    """

    attempt: int
    played: int
    rounds: int
    is_done: bool
    has_draft: bool
    score: Score
    parts: Mapping[str, Score]
    decisions: Mapping[str, Any]
    missed: tuple[Missed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsLine:
    """What one learner did: the graded runs in order, and in how many worlds the newest attempt practised."""

    member: Member
    runs: tuple[GradedRun, ...]
    practised: int

    @property
    def finished(self) -> tuple[GradedRun, ...]:
        """Return the runs that were handed in."""
        return tuple(run for run in self.runs if run.is_done)

    def part(self, key: str) -> Score | None:
        """Return the mean score of a part over the finished runs; None where there is none."""
        return Score.mean(run.parts[key] for run in self.finished if key in run.parts)

    @property
    def score(self) -> Score | None:
        """Return the mean score over the finished runs."""
        return Score.mean(run.score for run in self.finished)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRuns:
    """A class at one project, by name."""

    project: Project
    learners: tuple[RunsLine, ...]

    @property
    def finished(self) -> tuple[RunsLine, ...]:
        """Return who has handed a run in."""
        return tuple(line for line in self.learners if line.finished)

    def part(self, key: str) -> Score | None:
        """Return the class's mean of a part, each learner counting once."""
        return Score.mean(score for line in self.finished if (score := line.part(key)) is not None)

    @property
    def score(self) -> Score | None:
        """Return the class's mean score, each learner counting once."""
        return Score.mean(score for line in self.finished if (score := line.score) is not None)

    def histogram(self, bins: int = 10) -> list[int]:
        """Return how many learners' mean scores lie in each tenth; 1 lies in the last."""
        counts = [0] * bins
        for line in self.finished:
            if (score := line.score) is not None:
                counts[min(int(score * bins), bins - 1)] += 1
        return counts


def find_project(connection: Connection, contents: Contents, link: Link) -> Project | None:
    """Return the project that a link shows; None where it shows something else, or nothing yet."""
    version_id = connection.scalar(
        select(Activity.version_id).where(
            Activity.id == link.activity_id, Activity.organisation_id == link.organisation_id
        )
    )
    if version_id is None:
        return None
    content = contents.get(connection, link.organisation_id, version_id).content
    return content if isinstance(content, Project) else None


def class_runs(
    connection: Connection, project: Project, link: Link, *, people: Collection[int] | None = None
) -> ClassRuns:
    """Return the runs of everybody in the course, or of ``people`` only."""
    runs, practised = _runs(connection, link)
    return ClassRuns(
        project=project,
        learners=tuple(
            RunsLine(
                member=member,
                runs=tuple(runs.get(member.subject.person_id, ())),
                practised=practised.get(member.subject.person_id, 0),
            )
            for member in list_members(connection, link, people=people)
        ),
    )


def _runs(connection: Connection, link: Link) -> tuple[Mapping[int, Sequence[GradedRun]], Mapping[int, int]]:
    """Return the graded runs by person, in order, and in how many worlds each practised."""
    query = (
        select(Attempt.person_id, Attempt.number, Attempt.state)
        .where(Attempt.organisation_id == link.organisation_id, Attempt.resource_link_id == link.resource_link_id)
        .order_by(Attempt.person_id, Attempt.number)
    )
    runs: dict[int, list[GradedRun]] = defaultdict(list)
    practised: dict[int, int] = defaultdict(int)
    for person_id, number, stored in connection.execute(query):
        state = ProjectState.from_json(stored_json(stored))
        practised[person_id] += state.worlds
        if state.graded is not None:
            run = state.graded
            runs[person_id].append(
                GradedRun(
                    attempt=number,
                    played=run.played,
                    rounds=run.rounds,
                    is_done=run.done,
                    has_draft=run.draft is not None,
                    score=run.score,
                    parts=run.parts,
                    decisions=run.state,
                    missed=run.missed,
                )
            )
    return runs, practised


def run_rows(found: ClassRuns) -> Iterator[Sequence[str | int | None]]:
    """Return the runs as rows of a file: name, pseudonym, attempt, rounds, handed in, score, each part, decisions."""
    keys = [part.key for part in found.project.parts]
    for line in found.learners:
        for run in line.runs:
            yield (
                line.member.name or line.member.short,
                line.member.subject.uuid,
                run.attempt,
                run.played,
                int(run.is_done),
                run.score.as_text() if run.is_done else None,
                *(run.parts[key].as_text() if run.is_done and key in run.parts else None for key in keys),
                json.dumps(run.decisions, ensure_ascii=False, separators=(",", ":")),
            )
