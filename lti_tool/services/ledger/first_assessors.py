"""Who has judged what an appeal is about: whoever that is does not decide it.

What counts is how it stood when the appeal was opened. So nobody becomes free to decide by having the own judgement
voided afterwards, and whoever marks anew because of the appeal may decide it.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from lti_tool.models import Attempt, LedgerEvent, PeerReview, Person, SubmissionRow
from lti_tool.services.content import parts
from lti_tool.services.ledger.as_of import Belief, evidence_as_of
from lti_tool.services.ledger.markers import find_markers
from qualoop.ledger import SCORED_BY_MACHINE, Evidence
from qualoop.policies import Judge, Sheet, read_occasion


def find_first_assessors(
    connection: Connection, appeal: LedgerEvent, learner: str, codes: Collection[str]
) -> frozenset[str]:
    """Return the pseudonyms of those whose judgements of a learner counted on knowledge points when an appeal was opened.

    These are the raters of evidence, whoever else approved a mark of such a work (of two markers who agree, evidence names
    the first) or reviewed it (a peer is a rater under another name), and whoever gave it the score that stood in its place.
    The machine is nobody.
    """
    known = evidence_as_of(
        connection,
        appeal.organisation_id,
        learner,
        recorded_by=appeal.recorded_at,
        occurred_by=appeal.recorded_at,
    )
    wanted = set(codes)
    counted = [
        belief
        for belief in known
        if belief.seq < appeal.id
        and belief.score is not None
        and wanted & _codes_of(connection, appeal.organisation_id, belief)
    ]
    raters = {belief.evidence.rater for belief in counted} - {SCORED_BY_MACHINE}
    attempts = {belief.evidence.attempt for belief in counted}
    markers = find_markers(connection, appeal.organisation_id, attempts, until=appeal.recorded_at)
    raters.update(*markers.values())
    reviewed = {each.evidence.attempt for each in counted if _is_of_peers(each.evidence)}
    raters |= _reviewers_of(connection, appeal.organisation_id, reviewed)
    corrections = {belief.standing.by for belief in counted if belief.standing is not None}
    return frozenset(raters | _actors_of(connection, appeal.organisation_id, corrections))


def _codes_of(connection: Connection, organisation_id: int, belief: Belief) -> set[str]:
    """Return the knowledge points that evidence serves, by the newest tags or by those that levels are counted by."""
    evidence = belief.evidence
    version = parts.find_version(connection, organisation_id, evidence.activity, evidence.content)
    if version is None:
        return set()
    tag_sets = parts.tags_around(connection, organisation_id, version)
    return {code for tags in tag_sets for code, _ in tags.get(evidence.part, ())}


def _is_of_peers(evidence: Evidence) -> bool:
    sheet = read_occasion(evidence.occasion)
    return isinstance(sheet, Sheet) and sheet.judge is Judge.PEER


def _reviewers_of(connection: Connection, organisation_id: int, attempts: Collection[str]) -> set[str]:
    """Return who has reviewed the works of some attempts."""
    if not attempts:
        return set()
    query = (
        select(Person.uuid)
        .join(PeerReview, PeerReview.person_id == Person.id)
        .join(SubmissionRow, SubmissionRow.id == PeerReview.submission_id)
        .join(Attempt, Attempt.id == SubmissionRow.attempt_id)
        .where(
            Person.organisation_id == organisation_id,
            PeerReview.organisation_id == organisation_id,
            SubmissionRow.organisation_id == organisation_id,
            Attempt.organisation_id == organisation_id,
            Attempt.uuid.in_(sorted(attempts)),
            PeerReview.done_at.is_not(None),
        )
    )
    return set(connection.scalars(query))


def _actors_of(connection: Connection, organisation_id: int, events: Collection[str]) -> set[str]:
    """Return who has done some events, given by uuid."""
    if not events:
        return set()
    query = select(LedgerEvent.actor).where(
        LedgerEvent.organisation_id == organisation_id, LedgerEvent.uuid.in_(sorted(events))
    )
    return set(connection.scalars(query))
