"""What a learner does in a live project: drafts, hands in, takes back. Everything written is under the learner's key.

Nothing here is judged. Until the last task is accepted the work is in preparation: no marker sees it, nothing counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lti_tool.models import Attempt, LiveDraft, LiveProjectRow, SubmissionFile, SubmissionRow
from lti_tool.services.attempts import submissions
from lti_tool.services.attempts.marking_setups import find_setup
from lti_tool.services.attempts.submissions import Author, NotJudgedError, StoredFile
from lti_tool.services.attempts.submitted_work import EMPTY, CheckedWork, Work, WorkRefusedError, check_work
from lti_tool.services.content.contents import ContentMissingError, Contents
from lti_tool.services.live import entries
from lti_tool.services.live.cases import LiveCase, StepWork, body_of, find_own
from lti_tool.services.live.entries import New
from lti_tool.services.people.learner_keys import sealed_bytes
from qualoop.assessment import AttemptState
from qualoop.assessment.live import Act, LiveStaleError
from qualoop.assessment.marking import Stage
from qualoop.content_packages import LiveProject

MAX_ANSWER: Final = 5000
"""Characters of one answer of the plan."""
ANSWER_MISSING, ANSWER_LONG, KIND_NOT_TAKEN = "answer-missing", "answer-long", "kind-not-taken"

_NOTHING: Final = CheckedWork(text="", links=(), files=())


@dataclass(frozen=True, slots=True, kw_only=True)
class SentStep:
    """What a learner sends of one task: answers of the plan, or the work of a milestone.

    ``seen`` is the revision that the page showed, 0 before anything was saved; ``hands_in`` says whether the mentor is to
    decide about it now.
    """

    step: str
    seen: int
    answers: Mapping[str, str]
    work: Work
    hands_in: bool


def save(session: Session, contents: Contents, author: Author, sent: SentStep, *, secret: str, now: datetime) -> None:
    """Save a task as a draft, or hand it in.

    Dates, and whether the author may work here, are for the caller to check. Raises LiveStaleError, WorkRefusedError,
    ContentMissingError, LearnerErasedError; then nothing is stored.
    """
    case = _locked(session, contents, author, secret=secret, now=now)
    case.standing.check(Act.HAND_IN, sent.step, by=author.uuid)
    if sent.seen != case.revision:
        raise LiveStaleError
    kept = [file for file in case.begun(sent.step).files if file.uuid in sent.work.kept]
    answers, checked = _checked(case.project, sent, kept)
    new = submissions.add_files(session, case.submission_id, checked.files, case.owner, now=now)
    work = StepWork(answers=answers, text=checked.text, links=checked.links, files=[*kept, *new])
    if sent.hands_in:
        _drop_draft(session, case, sent.step)
        entries.add(session, case, _entry(author, sent.step, Act.HAND_IN, body_of(work)), now=now)
        _submit_attempt(session, case, now)
    else:
        _draft(session, case, sent.step, work, now=now)
        entries.touch(session, case, now)
    _drop_files(session, case, sent.step, work, hands_in=sent.hands_in)


def withdraw(
    session: Session, contents: Contents, author: Author, step: str, *, seen: int, secret: str, now: datetime
) -> None:
    """Take back what waits for the mentor, to change it. Raises LiveStaleError: the mentor may have decided meanwhile."""
    case = _locked(session, contents, author, secret=secret, now=now)
    case.standing.check(Act.WITHDRAW, step, by=author.uuid)
    if seen != case.revision:
        raise LiveStaleError
    entries.add(session, case, _entry(author, step, Act.WITHDRAW), now=now)


def _entry(author: Author, step: str, act: Act, body: bytes | None = None) -> New:
    return New(step=step, act=act, person_id=author.person_id, by=author.uuid, body=body)


def _locked(session: Session, contents: Contents, author: Author, *, secret: str, now: datetime) -> LiveCase:
    """Return the author's project, locked, and made where there is none yet."""
    connection = session.connection()
    found = find_own(connection, contents, author, secret=secret)
    if found is None:
        _make(session, author, now)
        found = find_own(connection, contents, author, secret=secret)
    if found is None:
        raise ContentMissingError
    entries.lock(session, author.organisation_id, found.uuid)
    # Whoever held the lock may have changed it.
    return find_own(connection, contents, author, secret=secret) or found


def _make(session: Session, author: Author, now: datetime) -> None:
    """Begin a project for the author's attempt; its work is prepared from here on."""
    attempt = session.scalar(
        select(Attempt)
        .where(
            Attempt.organisation_id == author.organisation_id,
            Attempt.resource_link_id == author.resource_link_id,
            Attempt.person_id == author.person_id,
        )
        .order_by(Attempt.number.desc())
        .limit(1)
        .with_for_update()
    )
    if attempt is None:
        raise ContentMissingError
    # Another tab may have begun it while this one waited.
    if not _has_work(session, attempt):
        _begin(session, author, attempt, now)


def _has_work(session: Session, attempt: Attempt) -> bool:
    query = select(SubmissionRow.id).where(
        SubmissionRow.organisation_id == attempt.organisation_id, SubmissionRow.attempt_id == attempt.id
    )
    return session.scalar(query) is not None


def _begin(session: Session, author: Author, attempt: Attempt, now: datetime) -> None:
    setup = find_setup(
        session.connection(), author.organisation_id, author.resource_link_id, version_id=attempt.version_id
    )
    if setup is None:
        raise NotJudgedError
    begun = submissions.begin_work(session, author, attempt.id, setup, stage=Stage.PREPARING, now=now)
    session.add(
        LiveProjectRow(
            organisation_id=author.organisation_id,
            submission_id=begun.id,
            resource_link_id=author.resource_link_id,
            person_id=author.person_id,
            revision=0,
            done=0,
            created_at=now,
            updated_at=now,
        )
    )
    session.flush()


def _checked(project: LiveProject, sent: SentStep, kept: Sequence[StoredFile]) -> tuple[Mapping[str, str], CheckedWork]:
    """Return what may be kept of a task; raise WorkRefusedError. A draft may leave anything out."""
    milestone = project.find_milestone(sent.step)
    if milestone is None:
        return _checked_answers(project, sent), _NOTHING
    work, wrong = sent.work, {}
    given = {"text": work.text.strip(), "link": any(each.strip() for each in work.links), "file": work.files}
    fields = {"text": "text", "link": "links", "file": "files"}
    wrong = {fields[kind]: KIND_NOT_TAKEN for kind, each in given.items() if each and kind not in milestone.takes}
    checked = _NOTHING
    try:
        checked = check_work(work, kept_sizes=[file.size for file in kept])
    except WorkRefusedError as error:
        wrong |= {name: code for name, code in error.wrong.items() if sent.hands_in or code != EMPTY}
    if wrong:
        raise WorkRefusedError(wrong)
    return {}, checked


def _checked_answers(project: LiveProject, sent: SentStep) -> Mapping[str, str]:
    answers = {
        question.key: sent.answers.get(question.key, "").replace("\r\n", "\n").replace("\x00", "").strip()
        for question in project.plan.questions
    }
    wrong = {f"answer-{key}": ANSWER_LONG for key, text in answers.items() if len(text) > MAX_ANSWER}
    if sent.hands_in:
        wrong |= {f"answer-{key}": ANSWER_MISSING for key, text in answers.items() if not text}
    if wrong:
        raise WorkRefusedError(wrong)
    return answers


def _draft(session: Session, case: LiveCase, step: str, work: StepWork, *, now: datetime) -> None:
    _drop_draft(session, case, step)
    sealed = sealed_bytes(session.connection(), case.owner, body_of(work), now)
    session.add(
        LiveDraft(
            organisation_id=case.organisation_id, live_project_id=case.id, step=step, body_sealed=sealed, saved_at=now
        )
    )
    session.flush()


def _drop_draft(session: Session, case: LiveCase, step: str) -> None:
    session.execute(
        delete(LiveDraft).where(
            LiveDraft.organisation_id == case.organisation_id,
            LiveDraft.live_project_id == case.id,
            LiveDraft.step == step,
        )
    )


def _drop_files(session: Session, case: LiveCase, step: str, work: StepWork, *, hands_in: bool) -> None:
    """Forget files that neither the draft of a task nor what was handed in of it last has any more."""
    last = case.handed_in(step)
    handed_in = set() if last is None or last.work is None else {file.id for file in last.work.files}
    before = handed_in | {file.id for file in case.begun(step).files}
    kept = {file.id for file in work.files} | (set() if hands_in else handed_in)
    session.execute(
        delete(SubmissionFile).where(
            SubmissionFile.organisation_id == case.organisation_id,
            SubmissionFile.submission_id == case.submission_id,
            SubmissionFile.id.in_(before - kept),
        )
    )


def _submit_attempt(session: Session, case: LiveCase, now: datetime) -> None:
    """Let the attempt wait for people: the clock ends it no more, and it has its score from them."""
    session.execute(
        update(Attempt)
        .where(Attempt.organisation_id == case.organisation_id, Attempt.id == case.attempt_id)
        .values(status=AttemptState.SUBMITTED.value, submitted_at=now, closes_at=None)
        .execution_options(synchronize_session=False)
    )
