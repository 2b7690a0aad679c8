"""Evidence: appended to the ledger per part, joined with the tag set, and turned into mastery, in one transaction.

An answer in a lesson, a row of an import and a message to an interface all come through `record` or `record_many`.
Everything is checked first: what cannot be evidence is refused with row and field, and then nothing at all is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring as _quote
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from lti_tool.db import Driver
from lti_tool.services.content import parts
from lti_tool.services.content.contents import OpenContent
from lti_tool.services.content.parts import Remembered, Tags, Version
from lti_tool.services.evidence import checks, critical_errors, locks
from lti_tool.services.evidence.checks import EvidenceBatchRefusedError, Submission
from lti_tool.services.evidence.locks import Locked
from lti_tool.services.ledger import ledger
from lti_tool.services.mastery import cache, steps
from lti_tool.services.mastery.cache import AdoptedPlace
from lti_tool.services.mastery.steps import Scored
from lti_tool.services.mechanisms import inbox
from qualoop.ledger import SCORED_BY_MACHINE, Event, EventType, Evidence, EvidenceForm
from qualoop.player import Answered, PartScored, RunScored
from qualoop.player import Event as PlayerEvent
from qualoop.policies import GradedRun, PracticeRun
from qualoop.simulators.run_files import run_name

__all__ = [
    "EvidenceBatchRefusedError",
    "Learner",
    "Recorded",
    "Submission",
    "record",
    "record_events",
    "record_many",
    "record_rows",
]

PLAYER: Final = "player"
GRADED: Final = "graded"

_pseudonyms: Remembered[str] = Remembered()


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """A learner as the ledger knows one: organisation and random pseudonym."""

    organisation_id: int
    uuid: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one submission: its event's uuid and sequence number; ``seq`` is None for a repeat."""

    uuid: str
    seq: int | None


def record_events(
    connection: Connection,
    learner: Learner,
    opened: OpenContent,
    attempt_uuid: str,
    *,
    events: Sequence[PlayerEvent],
    now: datetime,
) -> None:
    """Append the evidence of what happened in one attempt, answered items and scored runs, and advance mastery by it.

    The events name activity, version and part, never a knowledge point: the tag set says what the part serves.
    """
    found: list[tuple[str, Evidence]] = []
    for event in events:
        if isinstance(event, Answered):
            found.append((event.part, _answer_evidence(opened, attempt_uuid, event)))
        elif isinstance(event, RunScored):
            found += [
                (f"{event.mode}-{event.digest[:16]}:{part.part}", _run_evidence(opened, attempt_uuid, event, part))
                for part in event.parts
            ]
    submissions = [
        Submission(
            learner=learner.uuid,
            evidence=each,
            source=(PLAYER, f"{attempt_uuid}:{key}", str(each.tries)),
            occurred_at=now,
        )
        for key, each in found
    ]
    if submissions:
        record_many(connection, learner.organisation_id, submissions, now=now)


def _run_evidence(opened: OpenContent, attempt_uuid: str, run: RunScored, part: PartScored) -> Evidence:
    """Return one component of a run as evidence: it weighs by the reliability of its mode, or as practice.

    A critical error counts in the graded mode alone: practice is for making mistakes.
    """
    is_graded = run.mode == GRADED
    occasion: GradedRun | PracticeRun = PracticeRun(components=part.components)
    if is_graded:
        occasion = GradedRun(reliability=part.reliability, components=part.components)
    return Evidence(
        activity=opened.key,
        content=opened.hash,
        part=part.part,
        score=part.score,
        form=EvidenceForm.PROJECT,
        rater=SCORED_BY_MACHINE,
        attempt=attempt_uuid,
        tries=1 if is_graded else run.number,
        hints=0,
        occasion=occasion.as_text(),
        run=run_name(run.digest, opened.hash),
        critical=part.critical and is_graded,
    )


def _answer_evidence(opened: OpenContent, attempt_uuid: str, answer: Answered) -> Evidence:
    """Return an answer as evidence of the part that it answers."""
    return Evidence(
        activity=opened.key,
        content=opened.hash,
        part=answer.part,
        score=answer.score,
        form=answer.form,
        rater=SCORED_BY_MACHINE,
        attempt=attempt_uuid,
        tries=answer.try_number,
        hints=answer.hints,
    )


def record(connection: Connection, organisation_id: int, submission: Submission, *, now: datetime) -> Recorded:
    """Record one piece of evidence; as `record_many`."""
    return record_many(connection, organisation_id, (submission,), now=now)[0]


def record_many(
    connection: Connection, organisation_id: int, submissions: Sequence[Submission], *, now: datetime
) -> list[Recorded]:
    """Append evidence, in the order given, and advance mastery by what is new; return what became of each.

    Late evidence is welcome: it is applied when it arrives. Raises EvidenceBatchRefusedError with every fault of every
    row; then nothing is written.
    """
    versions = checks.check(connection, organisation_id, submissions, now=now)
    driver = Driver(connection)
    locked = None if driver.is_sqlite else _lock(connection, organisation_id, submissions, versions)
    done = _append(connection, organisation_id, submissions, now)
    new = [
        (submission, recorded.seq, version)
        for submission, recorded, version in zip(submissions, done, versions, strict=True)
        if recorded.seq is not None
    ]
    graded = [submission for submission, _, _ in new if submission.evidence.is_graded_run]
    if graded:
        critical_errors.follow(connection, organisation_id, graded)
    if new:
        _advance(connection, organisation_id, new, locked=locked, now=now)
    return done


def hold_all(connection: Connection, organisation_id: int) -> None:
    """Let nobody else record in this organisation until the transaction ends: for who records in several steps."""
    locks.take_all(Driver(connection), organisation_id)


def _lock(
    connection: Connection, organisation_id: int, submissions: Sequence[Submission], versions: Sequence[Version]
) -> Locked:
    """Wait for everybody who records on a common row, whether a replay is adopted in the meantime or not."""
    tags = {version.id: parts.tags_around(connection, organisation_id, version) for version in dict.fromkeys(versions)}
    points = {
        code
        for submission, version in zip(submissions, versions, strict=True)
        for known in tags[version.id]
        for code, _ in known.get(submission.evidence.part, ())
    }
    return locks.take(Driver(connection), organisation_id, submissions, points)


def _advance(
    connection: Connection,
    organisation_id: int,
    new: Sequence[tuple[Submission, int, Version]],
    *,
    locked: Locked | None,
    now: datetime,
) -> None:
    """Advance mastery by evidence that is in the ledger, by the tags that the adopted generation counts by."""
    # Only now: a generation that is adopted while this waits for the ledger must get the evidence.
    place = cache.place_to_advance(connection, organisation_id, new[0][1], now)
    known: dict[Version, Tags] = {}
    pieces: list[Scored] = []
    for submission, seq, version in new:
        tags = known.get(version)
        if tags is None:
            tags = known[version] = _tags(connection, organisation_id, version, place)
        weights = tags.get(submission.evidence.part)
        if weights is None:
            _wait_for_tags(connection, organisation_id, submission.evidence, now=now)
        else:
            pieces.append(_scored(submission, seq, version, weights))
    if place is not None and pieces:
        if locked is not None:
            locked.check(piece.weights for piece in pieces)
        steps.advance(Driver(connection), place, pieces)


def _tags(connection: Connection, organisation_id: int, version: Version, place: AdoptedPlace | None) -> Tags:
    """Return the tags of a version: of the generation that takes the evidence, else those a replay will count by."""
    if place is not None:
        return parts.tags_of(connection, organisation_id, version, place.tags)
    return next(iter(parts.tags_around(connection, organisation_id, version)), {})


def record_rows(
    connection: Connection, organisation_id: int, rows: Iterable[Mapping[str, Any]], *, now: datetime
) -> list[Recorded]:
    """Record the evidence in rows from a file or a message (`evidence_checks.read_rows`); as `record_many`."""
    found, faults = checks.read_rows(rows)
    if faults:
        faults += checks.find_faults(connection, organisation_id, found, now=now)
        raise EvidenceBatchRefusedError(sorted(faults, key=lambda fault: fault.row))
    return record_many(connection, organisation_id, [submission for _, submission in found], now=now)


def _append(
    connection: Connection, organisation_id: int, submissions: Sequence[Submission], now: datetime
) -> list[Recorded]:
    """Append the events of submissions to the ledger."""
    organisation = _pseudonyms.get(
        connection, organisation_id, lambda: ledger.organisation_pseudonym(connection, organisation_id)
    )
    done = []
    for submission in submissions:
        source, source_id, attempt = submission.source
        event = Event(
            uuid=ledger.new_uuid(now),
            type=EventType.EVIDENCE_RECORDED,
            organisation=organisation or "",
            learner=submission.learner,
            actor=submission.actor,
            occurred_at=submission.occurred_at,
            recorded_at=now,
            source=source,
            source_id=source_id,
            attempt=attempt,
            body=submission.evidence.to_body(),
        )
        canonical = canonical_evidence(submission.evidence)
        seq = ledger.append(connection, organisation_id, event, canonical=canonical)
        done.append(Recorded(str(event.uuid), seq))
    return done


def canonical_evidence(evidence: Evidence) -> bytes:
    """Return the RFC 8785 form of the body of ``evidence``: what `canonical_body` gives, without looking at each value.

    The keys stand in their order. Raises UnicodeEncodeError for half of a surrogate pair.
    """
    critical = '"critical":true,' if evidence.critical else ""
    occasion = f'"occasion":{_quote(evidence.occasion)},' if evidence.occasion else ""
    run = f'"run":{_quote(evidence.run)},' if evidence.run else ""
    enterprise = f'"enterprise":{_quote(evidence.enterprise)},' if evidence.enterprise else ""
    return (
        f'{{"activity":{_quote(evidence.activity)},"attempt":{_quote(evidence.attempt)},'
        f'"content":{_quote(evidence.content)},{critical}{enterprise}"form":{_quote(evidence.form.value)},"hints":{evidence.hints:d},'
        f'{occasion}"part":{_quote(evidence.part)},"rater":{_quote(evidence.rater)},{run}"score":{_quote(evidence.score.as_text())},'
        f'"try":{evidence.tries:d}}}'
    ).encode()


def _scored(submission: Submission, seq: int, version: Version, weights: tuple[tuple[str, float], ...]) -> Scored:
    """Return what mastery takes of a submission."""
    evidence = submission.evidence
    return Scored(
        seq=seq,
        learner=submission.learner,
        item=f"{evidence.activity}/{evidence.part}",
        form=evidence.form.value,
        occasion=evidence.occasion,
        score=evidence.score,
        tries=evidence.tries,
        hints=evidence.hints,
        options=version.options.get(evidence.part),
        rater=evidence.rater,
        at=submission.occurred_at,
        weights=weights,
    )


def _wait_for_tags(connection: Connection, organisation_id: int, evidence: Evidence, *, now: datetime) -> None:
    """Tell a person that evidence waits for tags: it is kept, and counts from the next replay on."""
    with Session(connection) as session:
        inbox.put(
            session,
            organisation_id=organisation_id,
            reason="part-untagged",
            subject=f"{evidence.content}:{evidence.part}"[: inbox.MAX_SUBJECT],
            details={"activity": evidence.activity, "content": evidence.content, "part": evidence.part},
            owner_role="administrator",
            actions=["tagged"],
            now=now,
        )
