"""What a mentor decides about a live project, and what follows from the last decision: the work is there to be judged.

Nothing counts before. A decision names the enterprise for which it was made, and can be taken back as long as nothing
rests on it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lti_tool.models import LiveLink, MarkRow, SubmissionFile, SubmissionRow
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link
from lti_tool.services.live import entries
from lti_tool.services.live.cases import LiveCase, get_case
from lti_tool.services.live.entries import New, comment_body
from lti_tool.services.marking.cases import Desk, Marker
from lti_tool.services.marking.live_people import check_may_decide, list_mentors
from lti_tool.services.people.learner_keys import sealed_bytes
from lti_tool.services.people.roles import Role
from qualoop.assessment.live import Act, LiveRefusedError, LiveStaleError, Standing
from qualoop.assessment.marking import MAX_COMMENT, MAX_ENTERPRISE, Stage
from qualoop.content_packages import LiveProject


class EnterpriseMissingError(LiveRefusedError):
    """A decision names the enterprise for which it is made."""

    code = "live-enterprise"


class CommentMissingError(LiveRefusedError):
    """What is sent back says what is to be done about it."""

    code = "live-comment"


class CommentLongError(LiveRefusedError):
    """A comment is too long."""

    code = "live-comment-long"


class TooLateError(LiveRefusedError):
    """The judgement has begun, so what it rests on stays."""

    code = "live-too-late"


class MentorUnknownError(LiveRefusedError):
    """Nobody of that name is a mentor in this course."""

    code = "live-mentor-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a mentor sends: accept, return or undo. ``seen`` is how many entries the page showed.

    ``language`` is that in which the tasks are named in the work that is judged at the end.
    """

    act: Act
    step: str
    seen: int
    comment: str = ""
    enterprise: str = ""
    language: str = "en"


def decide(session: Session, contents: Contents, desk: Desk, decision: Decision, *, now: datetime) -> Standing:
    """Decide about what waits, or take the last decision back; return where the project stands then.

    Raises SubmissionMissingError and leaves of LiveRefusedError; then nothing is stored. LearnerErasedError where a
    comment is about an erased learner.
    """
    marker = desk.marker
    case = _locked(session, contents, desk)
    check_may_decide(session.connection(), case.link, marker)
    if decision.seen != case.standing.seen:
        raise LiveStaleError
    case.standing.check(decision.act, decision.step, by=marker.uuid)
    comment, enterprise = _checked(decision)
    if decision.act is Act.UNDO:
        _take_up_again(session, case)
    new = New(
        step=decision.step,
        act=decision.act,
        person_id=marker.person_id,
        by=marker.uuid,
        body=comment_body(comment),
        enterprise=enterprise,
    )
    after = entries.add(session, case, new, now=now)
    if after.current is None:
        _hand_over(session, case, marker, language=decision.language, now=now)
    return after


def assign(session: Session, contents: Contents, desk: Desk, *, to: str, now: datetime) -> None:
    """Give a project to one mentor of the course, by pseudonym; to any of them where ``to`` is empty.

    Who may call this is for the caller to check. Raises SubmissionMissingError, MentorUnknownError.
    """
    case = _locked(session, contents, desk)
    known = {each.uuid: each.person_id for each in list_mentors(session.connection(), case.link)}
    if to and (to not in known or known[to] == case.person_id):
        raise MentorUnknownError
    entries.touch(session, case, now, mentor_id=known.get(to))
    if case.standing.current is None and case.stage is Stage.WAITING and to:
        session.execute(_row(case).values(assigned_to=known[to]))


def name_enterprise(session: Session, link: Link, enterprise: str, *, by: int, now: datetime) -> None:
    """Say for which enterprise the projects of a link are done; raise EnterpriseMissingError for none."""
    name = checked_name(enterprise)
    row = session.scalar(
        select(LiveLink)
        .where(LiveLink.organisation_id == link.organisation_id, LiveLink.resource_link_id == link.resource_link_id)
        .with_for_update()
    )
    if row is None:
        row = LiveLink(organisation_id=link.organisation_id, resource_link_id=link.resource_link_id)
        session.add(row)
    row.enterprise, row.changed_by, row.updated_at = name, by, now
    session.flush()


def checked_name(enterprise: str) -> str:
    """Return the name of an enterprise as it is kept; raise EnterpriseMissingError."""
    name = "".join(each for each in enterprise if each.isprintable()).strip()[:MAX_ENTERPRISE]
    if not name:
        raise EnterpriseMissingError
    return name


def _locked(session: Session, contents: Contents, desk: Desk) -> LiveCase:
    entries.lock(session, desk.link.organisation_id, desk.work)
    return get_case(session.connection(), contents, desk)


def _checked(decision: Decision) -> tuple[str, str]:
    """Return comment and enterprise as they are kept; what is taken back needs neither."""
    if decision.act is Act.UNDO:
        return "", ""
    comment = decision.comment.replace("\r\n", "\n").replace("\x00", "").strip()
    if len(comment) > MAX_COMMENT:
        raise CommentLongError
    if decision.act is Act.RETURN and not comment:
        raise CommentMissingError
    return comment, checked_name(decision.enterprise)


def _hand_over(session: Session, case: LiveCase, marker: Marker, *, language: str, now: datetime) -> None:
    """Let the whole work wait in the marking room: as old as its last hand-in, for the mentor who accepted it."""
    project = case.project
    last = case.handed_in(project.steps[-1])
    words = _whole(case, project.shown_language(language))
    packed = json.dumps({"text": words, "links": _links(case)}, ensure_ascii=False).encode()
    _keep_only_accepted_files(session, case)
    session.execute(
        _row(case).values(
            work_sealed=sealed_bytes(session.connection(), case.owner, packed, now),
            stage=Stage.WAITING.value,
            submitted_at=last.entry.at if last else now,
            assigned_to=marker.person_id if Role.MENTOR.value in marker.roles else None,
        )
    )


def _take_up_again(session: Session, case: LiveCase) -> None:
    """Let a work that was complete be prepared again; raise TooLateError once its judgement has begun."""
    if case.stage is Stage.PREPARING:
        return
    begun = session.scalar(
        select(MarkRow.id)
        .where(MarkRow.organisation_id == case.organisation_id, MarkRow.submission_id == case.submission_id)
        .limit(1)
    )
    if case.stage is not Stage.WAITING or begun is not None:
        raise TooLateError
    session.execute(_row(case).values(work_sealed=None, stage=Stage.PREPARING.value, assigned_to=None))


def _keep_only_accepted_files(session: Session, case: LiveCase) -> None:
    """Forget files of drafts that were never handed in: what is judged is what was accepted."""
    accepted = [file.id for step in case.project.steps for file in _work(case, step)]
    session.execute(
        delete(SubmissionFile).where(
            SubmissionFile.organisation_id == case.organisation_id,
            SubmissionFile.submission_id == case.submission_id,
            SubmissionFile.id.not_in(accepted),
        )
    )


def _work(case: LiveCase, step: str) -> Any:
    last = case.handed_in(step)
    return last.work.files if last and last.work else ()


def _links(case: LiveCase) -> list[str]:
    works = [last.work for step in case.project.steps if (last := case.handed_in(step)) and last.work]
    return list(dict.fromkeys(link for work in works for link in work.links))


def _whole(case: LiveCase, language: str) -> str:
    """Return plan and milestones as one text to be judged, with the names of the files of each."""
    return "\n\n\n".join(_told(case.project, case, step, language) for step in case.project.steps)


def _told(project: LiveProject, case: LiveCase, step: str, language: str) -> str:
    last = case.handed_in(step)
    work = last.work if last else None
    milestone = project.find_milestone(step)
    if work is None:
        return ""
    if milestone is None:
        asked = [
            f"{question.title[language]}\n{work.answers.get(question.key, '')}" for question in project.plan.questions
        ]
        return "\n\n".join(asked)
    files = [f"[{file.name}]" for file in work.files]
    return "\n".join(each for each in (f"# {milestone.title[language]}", work.text, *work.links, *files) if each)


def _row(case: LiveCase) -> Any:
    """Return the change of the row of a project's work."""
    return (
        update(SubmissionRow)
        .where(SubmissionRow.organisation_id == case.organisation_id, SubmissionRow.id == case.submission_id)
        .execution_options(synchronize_session=False)
    )
