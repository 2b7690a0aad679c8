"""Evidence: appended to the ledger per part, joined with the tag set, and turned into mastery, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from lti_tool.db import Prepared, stored_json
from lti_tool.services import inbox, ledger, mastery_cache
from lti_tool.services.contents import OpenContent
from qualoop.ledger import SCORED_BY_MACHINE, Event, EventType, Evidence, EvidenceForm
from qualoop.mastery.engine import Response
from qualoop.mastery.explanation import numbers
from qualoop.player import Answered
from qualoop.policies import weigh
from qualoop.values import Score

PLAYER: Final = "player"

_TAGS = Prepared(
    text(
        "SELECT tags FROM tag_set WHERE version_id = :version_id AND organisation_id = :organisation_id "
        "ORDER BY adopted_at DESC, id DESC LIMIT 1"
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """A learner as the ledger knows one: organisation and random pseudonym."""

    organisation_id: int
    uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One piece of scored evidence as mastery takes it, in ledger order."""

    seq: int
    learner: str
    item: str
    form: str
    score: Score
    hints: int
    options: int | None
    at: datetime


def record_answer(
    connection: Connection,
    learner: Learner,
    opened: OpenContent,
    attempt_uuid: str,
    *,
    answer: Answered,
    now: datetime,
) -> None:
    """Append the evidence of one answered item and advance mastery by it.

    The event names activity, version and part, never a knowledge point: the tag set says what the part serves.
    """
    event = ledger.new_event(
        connection,
        learner.organisation_id,
        EventType.EVIDENCE_RECORDED,
        _as_evidence(opened, attempt_uuid, answer).to_body(),
        source=(PLAYER, f"{attempt_uuid}:{answer.part}", str(answer.try_number)),
        learner=learner.uuid,
        now=now,
    )
    seq = ledger.append(connection, learner.organisation_id, event)
    if seq is None:
        return
    tags = find_tags(connection, learner.organisation_id, opened.version_id).get(answer.part)
    if tags is None:
        _wait_for_tags(connection, learner, opened, answer.part, now=now)
        return
    place = mastery_cache.adopted_place(connection, learner.organisation_id, now)
    apply_evidence(connection, place, as_scored(event, seq, answer.options), tags)


def _as_evidence(opened: OpenContent, attempt_uuid: str, answer: Answered) -> Evidence:
    """Return an answer as evidence of the part that it answers."""
    return Evidence(
        activity=opened.key,
        content=opened.hash,
        part=answer.part,
        score=answer.score,
        form=EvidenceForm.QUIZ,
        rater=SCORED_BY_MACHINE,
        attempt=attempt_uuid,
        tries=answer.try_number,
        hints=answer.hints,
    )


def _wait_for_tags(connection: Connection, learner: Learner, opened: OpenContent, part: str, *, now: datetime) -> None:
    """Tell a person that evidence waits for tags: it is kept, and counts from the next replay on."""
    with Session(connection) as session:
        inbox.put(
            session,
            organisation_id=learner.organisation_id,
            reason="part-untagged",
            subject=f"{opened.hash}:{part}"[: inbox.MAX_SUBJECT],
            details={"activity": opened.key, "content": opened.hash, "part": part},
            owner_role="administrator",
            actions=["tagged"],
            now=now,
        )


def find_tags(connection: Connection, organisation_id: int, version_id: int) -> Mapping[str, Mapping[str, str]]:
    """Return the adopted tag set of a content version: part -> knowledge point -> weight. Empty where there is none."""
    row = _TAGS.one(connection, {"version_id": version_id, "organisation_id": organisation_id})
    if row is None:
        return {}
    tags: Mapping[str, Mapping[str, str]] = stored_json(row[0])
    return tags


def as_scored(event: Event, seq: int, options: int | None) -> Scored:
    """Return what mastery needs of an evidence event."""
    body = event.body
    return Scored(
        seq=seq,
        learner=str(event.learner),
        item=f"{body['activity']}/{body['part']}",
        form=body["form"],
        score=Score(body["score"]),
        hints=body["hints"],
        options=options,
        at=event.occurred_at,
    )


def apply_evidence(connection: Connection, place: mastery_cache.Place, scored: Scored, tags: Mapping[str, str]) -> None:
    """Weigh one piece of evidence, advance mastery by it and keep the explanation. Replay calls this too."""
    meeting = mastery_cache.count_meeting(connection, place, scored.learner, scored.item)
    weight = weigh(scored.form, scored.score, try_number=meeting, hints=scored.hints, options=scored.options)
    response = Response(
        weights={code: float(share) for code, share in tags.items()},
        at=scored.at.timestamp(),
        score=float(weight.y),
        omega=float(weight.omega),
        practice=float(weight.u),
        guess=float(weight.gamma),
    )
    update = mastery_cache.advance(connection, place, learner=scored.learner, item=scored.item, response=response)
    explanation: dict[str, Any] = numbers(update)
    explanation["weight"] = {"table": weight.table, "omega": str(weight.omega), "why": dict(weight.why.by_language)}
    mastery_cache.save_explanation(
        connection, place, event_seq=scored.seq, learner=scored.learner, explanation=explanation
    )
