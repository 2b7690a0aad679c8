"""A live project as one timeline, for the learner's page and the mentor's: each task as the templates show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy import Connection

from lti_tool.services.live.cases import EMPTY_WORK, Happened, LiveCase, StepWork
from lti_tool.services.marking.live_people import find_enterprise, list_mentors
from lti_tool.views.guards import Session, runtime
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.assessment.live import Act, Standing, StepState, standing_of
from qualoop.content_packages import LiveProject
from qualoop.content_packages.live import PLAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task of the timeline. ``questions`` are the plan's, with their help; ``begun`` is what its form begins with.

    ``due`` is None where it has no date, or none yet; ``days`` is how long after the plan it is due.
    """

    key: str
    number: int
    title: str
    hand_in: str
    questions: Sequence[tuple[str, str, str]]
    takes: Sequence[str]
    lessons: Sequence[str]
    state: StepState
    days: int | None
    due: datetime | None
    is_late: bool
    handed_in: Happened | None
    decision: Happened | None
    begun: StepWork
    has_draft: bool


def timeline(
    project: LiveProject, case: LiveCase | None, *, language: str, lessons: Mapping[str, str], now: datetime
) -> Sequence[Task]:
    """Return the tasks of a project in their order; ``lessons`` are titles by key."""
    standing = case.standing if case else standing_of(project.steps, ())
    words = Wording(language=language)
    return [
        _task(project, case, standing, key, number=number, words=words, lessons=lessons, now=now)
        for number, key in enumerate(project.steps, 1)
    ]


def _task(
    project: LiveProject,
    case: LiveCase | None,
    standing: Standing,
    key: str,
    *,
    number: int,
    words: Wording,
    lessons: Mapping[str, str],
    now: datetime,
) -> Task:
    milestone, shown = project.find_milestone(key), project.shown_language(words.language)
    state, handed_in = standing.state(key), case.handed_in(key) if case else None
    days = milestone.due_days if milestone else None
    due = standing.due_at(key, days)
    needed = milestone.lessons if milestone else project.plan.lessons
    return Task(
        key=key,
        number=number,
        title=milestone.title[shown] if milestone else words.gettext("Plan"),
        hand_in=milestone.hand_in[shown] if milestone else "",
        questions=[] if milestone else _questions(project, shown),
        takes=milestone.takes if milestone else (),
        lessons=[lessons[lesson] for lesson in needed if lesson in lessons],
        state=state,
        days=days,
        due=due,
        is_late=_is_late(due, state, handed_in, now),
        handed_in=handed_in if handed_in and state is not StepState.OPEN else None,
        decision=case.decision(key) if case else None,
        begun=case.begun(key) if case else EMPTY_WORK,
        has_draft=case is not None and key in case.drafts,
    )


def _questions(project: LiveProject, shown: str) -> Sequence[tuple[str, str, str]]:
    return [
        (question.key, question.title[shown], question.help[shown] if question.help else "")
        for question in project.plan.questions
    ]


def _is_late(due: datetime | None, state: StepState, handed_in: Happened | None, now: datetime) -> bool:
    """Say whether a milestone came, or comes, after its date: a notice for both, and nothing else."""
    if due is None:
        return False
    settled = state in {StepState.WAITING, StepState.ACCEPTED} and handed_in is not None
    return (handed_in.entry.at if settled and handed_in else now) > due


def shared_page(
    connection: Connection, session: Session, project: LiveProject, case: LiveCase | None
) -> dict[str, Any]:
    """Return what both pages of a project show."""
    parts, link = runtime(), link_of(session)
    titles = parts.contents.find_titles(connection, session.organisation_id, project.lessons)
    lessons = {key: title[session.language] for key, title in titles.items()}
    return {
        "project": project,
        "shown": project.shown_language(session.language),
        "brief": project.brief[project.shown_language(session.language)],
        "tasks": timeline(project, case, language=session.language, lessons=lessons, now=parts.clock()),
        "history": case.history if case else (),
        "mentors": list_mentors(connection, link),
        "enterprise": find_enterprise(connection, link.organisation_id, link.resource_link_id),
        "is_complete": case is not None and case.standing.current is None,
        "PLAN": PLAN,
        "undo_word": Act.UNDO.value,
    }


def file_address(endpoint: str, **where: Any) -> Any:
    """Return what says where a file of a task is fetched."""
    return lambda file, **more: url_for(endpoint, file=file.uuid, **where, **more)
