"""A ledger to write to: an organisation with tagged activities, and what its learners answer, in any number."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Final

from lti_tool.db import Database
from lti_tool.models import Activity, ContentVersion, Organisation, TagSet
from lti_tool.services.evidence.evidence import Submission
from qualoop.ledger import SCORED_BY_MACHINE, Evidence, EvidenceForm
from qualoop.values import Score

NOON: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PARTS: Final = tuple(f"item-{number}" for number in range(1, 11))
TAGS_HASH: Final = "7" * 64
SCORES: Final = ("0", "0.25", "0.5", "1", "1")


@dataclass(frozen=True, kw_only=True)
class LedgerSchool:
    """An organisation whose activities have ten parts each, three in ten of them for two knowledge points."""

    organisation_id: int
    activities: tuple[str, ...]
    learners: tuple[str, ...]

    def submissions(self, count: int, *, seed: int, at: datetime = NOON) -> Iterator[Submission]:
        """Return answers of the learners; the same seed gives the same."""
        random = Random(seed)
        for number in range(count):
            yield self.submission(f"{seed}-{number}", random, at)

    def submission(self, attempt: str, random: Random, at: datetime = NOON) -> Submission:
        """Return one answer in an attempt of its own."""
        activity, part = random.choice(self.activities), random.choice(PARTS)
        evidence = Evidence(
            activity=activity,
            content=content_of(activity),
            part=part,
            score=Score(random.choice(SCORES)),
            form=EvidenceForm.QUIZ,
            rater=SCORED_BY_MACHINE,
            attempt=attempt,
            tries=1,
            hints=random.choice((0, 0, 0, 1)),
        )
        return Submission(
            learner=random.choice(self.learners),
            evidence=evidence,
            source=("player", f"{attempt}:{part}", "1"),
            occurred_at=at,
        )


def content_of(activity: str) -> str:
    """Return the content hash of an activity's only version."""
    return f"{int(activity.removeprefix('activity-')):064x}"


def activity_keys(count: int) -> tuple[str, ...]:
    """Return the keys of a school's activities."""
    return tuple(f"activity-{number}" for number in range(count))


def pseudonyms(count: int) -> tuple[str, ...]:
    """Return the pseudonyms of a school's learners."""
    return tuple(str(uuid.UUID(int=number + 1000)) for number in range(count))


def make_ledger_school(
    database: Database, *, activities: int = 20, points: int = 40, learners: int = 300
) -> LedgerSchool:
    """Fill an empty database."""
    keys = activity_keys(activities)
    random = Random(7)
    with database.transaction() as session:
        organisation = Organisation(
            uuid=str(uuid.UUID(int=1)), key="ledger-school", name="Ledger school", kind="school", created_at=NOON
        )
        session.add(organisation)
        session.flush()
        owned = {"organisation_id": organisation.id}
        for key in keys:
            activity = Activity(**owned, key=key, kind="micro-lesson", created_at=NOON)
            session.add(activity)
            session.flush()
            version = ContentVersion(
                **owned,
                activity_id=activity.id,
                hash=content_of(key),
                label="1.0.0",
                document="{}",
                manifest={"parts": [{"key": part, "options": random.choice((None, 4, None, 2))} for part in PARTS]},
                installed_at=NOON,
            )
            session.add(version)
            session.flush()
            activity.version_id = version.id
            tags = {part: _weights(random, points) for part in PARTS}
            session.add(
                TagSet(
                    **owned, version_id=version.id, hash=TAGS_HASH, framework="ECQ 0.1.0", tags=tags, adopted_at=NOON
                )
            )
        identity = organisation.id
    return LedgerSchool(organisation_id=identity, activities=keys, learners=pseudonyms(learners))


def _weights(random: Random, points: int) -> dict[str, str]:
    """Return one or two knowledge points with their shares."""
    codes = random.sample([f"SEM-{number}.1" for number in range(points)], random.choices((1, 2), (7, 3))[0])
    return {code: "1" if len(codes) == 1 else "0.5" for code in codes}
