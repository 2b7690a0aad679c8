"""What the reviews of a work say together, as it stands: read by the marking room and by the release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from lti_tool.models import PeerReview, PeerScore, PeerSetup, Person, SubmissionRow
from lti_tool.services.marking.peer_pool import OUT
from qualoop.assessment.marking import Mark, MarkSheet, Position, sheet_of
from qualoop.assessment.peer_marks import PeerRow, peer_sheet, rows_of
from qualoop.assessment.peer_rules import Effect
from qualoop.assessment.rubric import Rubric


@dataclass(frozen=True, slots=True, kw_only=True)
class PeersSaid:
    """What reviewers say of a work: together by row, the sheet of the nearest levels, and each one's levels by pseudonym.

    ``stands`` where it is a mark without a marker, ``proposes`` where a marker's sheet begins with it.
    """

    rows: Sequence[PeerRow]
    sheet: MarkSheet
    reviews: Mapping[str, MarkSheet]
    stands: bool
    proposes: bool

    @property
    def mark(self) -> Mark | None:
        """Return the mark that it is, None where it does not stand."""
        if not self.stands:
            return None
        return Mark(position=Position.PEERS, marker="", is_approved=True, sheet=self.sheet)


def find_said(connection: Connection, organisation_id: int, submission_id: int, rubric: Rubric) -> PeersSaid | None:
    """Return what reviewers say of a work; None where nobody has handed a review in that counts."""
    score = connection.execute(
        select(PeerScore.rows, PeerScore.stands, PeerSetup.is_on, PeerSetup.effect)
        .join(SubmissionRow, SubmissionRow.id == PeerScore.submission_id)
        .join(PeerSetup, PeerSetup.resource_link_id == SubmissionRow.resource_link_id)
        .where(
            PeerScore.organisation_id == organisation_id,
            SubmissionRow.organisation_id == organisation_id,
            PeerSetup.organisation_id == organisation_id,
            PeerScore.submission_id == submission_id,
        )
    ).first()
    if score is None:
        return None
    rows = rows_of(score.rows)
    return PeersSaid(
        rows=rows,
        sheet=peer_sheet(rubric, rows),
        reviews=_reviews(connection, organisation_id, submission_id),
        stands=score.stands,
        proposes=score.is_on and score.effect != Effect.ADVISE.value,
    )


def _reviews(connection: Connection, organisation_id: int, submission_id: int) -> Mapping[str, MarkSheet]:
    """Return the levels that each reviewer gave, by pseudonym; without those that staff left out."""
    rows = connection.execute(
        select(Person.uuid, PeerReview.judged)
        .join(Person, Person.id == PeerReview.person_id)
        .where(
            PeerReview.organisation_id == organisation_id,
            Person.organisation_id == organisation_id,
            PeerReview.submission_id == submission_id,
            PeerReview.done_at.is_not(None),
            PeerReview.standing != OUT,
        )
        .order_by(PeerReview.id)
    )
    return {row.uuid: sheet_of(row.judged, {}) for row in rows}
