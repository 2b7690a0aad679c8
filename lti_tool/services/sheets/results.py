"""What a set of sheets says: by learner, by question, by knowledge point. Only what was recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import Activity, ContentVersion, SheetAnswer, SheetSet, SheetUpload, TagSet
from lti_tool.services.content import tag_sets
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link, Member, list_members
from lti_tool.services.sheets.evidence import counted, rows_that_count, score_of
from lti_tool.services.sheets.upload import UploadState
from qualoop.values import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerResult:
    """What one learner has on paper; ``scores`` are by part, ``points`` by knowledge point."""

    member: Member
    scores: Mapping[str, Score]
    points: Mapping[str, Score]

    @property
    def score(self) -> Score | None:
        """Return the mean over the parts."""
        return Score.mean(self.scores.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SetResults:
    """The results of a set: its parts in the order chosen, its knowledge points by code."""

    parts: Sequence[str]
    codes: Sequence[str]
    learners: Sequence[LearnerResult]

    def part(self, part: str) -> Score | None:
        """Return the mean score of a part."""
        return Score.mean(each.scores[part] for each in self.learners if part in each.scores)

    def point(self, code: str) -> Score | None:
        """Return the mean of a knowledge point, each learner counting once."""
        return Score.mean(each.points[code] for each in self.learners if code in each.points)


def results(session: Session, contents: Contents, link: Link, printed: SheetSet) -> SetResults:
    """Return the results of a set for the learners who are in the course now."""
    query = rows_that_count(link.organisation_id).where(
        SheetSet.id == printed.id, SheetAnswer.event.is_not(None), SheetUpload.state == UploadState.APPLIED
    )
    scores: dict[int, dict[str, Score]] = defaultdict(dict)
    for each in counted(query, session):
        scores[each.person_id][each.answer.part] = score_of(session, contents, each)
    tags = _tags(session, link, printed)
    members = list_members(session.connection(), link)
    learners = [
        LearnerResult(
            member=member,
            scores=scores[member.subject.person_id],
            points=_points(scores[member.subject.person_id], tags),
        )
        for member in members
        if member.subject.person_id in scores
    ]
    codes = sorted({code for shares in tags.values() for code in shares})
    return SetResults(parts=[item["part"] for item in printed.items], codes=codes, learners=learners)


def _tags(session: Session, link: Link, printed: SheetSet) -> Mapping[str, Mapping[str, Decimal]]:
    """Return the knowledge points of each part with their shares, as they are tagged now."""
    found: dict[tuple[str, str], Mapping[str, Mapping[str, str]]] = {}
    rows = session.execute(
        select(Activity.key, ContentVersion.hash, TagSet.tags)
        .join(ContentVersion, ContentVersion.activity_id == Activity.id)
        .join(TagSet, TagSet.version_id == ContentVersion.id)
        .where(
            Activity.organisation_id == link.organisation_id,
            TagSet.organisation_id == link.organisation_id,
            ContentVersion.hash.in_({item["content"] for item in printed.items}),
            tag_sets.holds(),
        )
    )
    for key, content, tags in rows:
        found[key, content] = tags
    return {
        item["part"]: {
            code: Decimal(share)
            for code, share in found.get((item["activity"], item["content"]), {}).get(item["item"], {}).items()
        }
        for item in printed.items
    }


def _points(scores: Mapping[str, Score], tags: Mapping[str, Mapping[str, Decimal]]) -> dict[str, Score]:
    """Return the mean of each knowledge point, parts weighing by their share in it."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    weights: dict[str, Decimal] = defaultdict(Decimal)
    for part, score in scores.items():
        for code, share in tags.get(part, {}).items():
            sums[code] += score * share
            weights[code] += share
    return {code: Score.of(sums[code], weights[code]) for code in sums if weights[code]}
