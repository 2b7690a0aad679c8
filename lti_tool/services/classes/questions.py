"""Where the questions of a class come from: items of installed lessons, and versions registered for those made on the spot."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import Activity, ContentVersion, Organisation
from lti_tool.services.courses.members import Link
from lti_tool.services.mastery import content_install
from lti_tool.services.mastery.content_install import ChosenTags
from qualoop.assessment import guess_floor
from qualoop.classroom.questions import KINDS, PART, Question
from qualoop.framework import Framework
from qualoop.ledger import canonical_body
from qualoop.values import Text

LESSON: Final = "micro-lesson"
SPOT_KIND: Final = "class-question"
ATTENDANCE_KEY: Final = "class-attendance"
ATTENDANCE_PART: Final = "attendance"
_TITLES: Final = {"en": "A question in class", "zh-Hans": "课堂提问"}
_ATTENDANCE: Final = {"en": "Class attendance", "zh-Hans": "课堂出勤"}
_KEY_DIGITS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An item of a lesson that can be asked in class."""

    activity_key: str
    content_hash: str
    item_key: str
    kind: str
    prompt: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedLesson:
    """A lesson with the items that can be asked."""

    title: Text
    questions: Sequence[Offered]


def items_of(document: str) -> dict[str, Mapping[str, Any]]:
    """Return the items of a lesson's stored document by key."""
    return {item["key"]: item for item in json.loads(document).get("items", ())}


def list_offered(session: Session, link: Link, activity_key: str) -> OfferedLesson | None:
    """Return what of an installed lesson can be asked, None where there is no such lesson."""
    row = session.execute(
        select(ContentVersion.hash, ContentVersion.document)
        .join(Activity, Activity.version_id == ContentVersion.id)
        .where(
            Activity.organisation_id == link.organisation_id,
            Activity.key == activity_key,
            Activity.kind == LESSON,
        )
    ).first()
    if row is None or not row[1]:
        return None
    document = json.loads(row[1])
    return OfferedLesson(
        title=Text(document["title"]),
        questions=[
            Offered(
                activity_key=activity_key,
                content_hash=row[0],
                item_key=item["key"],
                kind=item["type"],
                prompt=Text(item["prompt"]),
            )
            for item in document["items"]
            if item["type"] in KINDS
        ],
    )


def list_lessons(session: Session, link: Link) -> Sequence[str]:
    """Return the keys of the organisation's installed lessons, that of the link first."""
    rows = session.execute(
        select(Activity.id, Activity.key)
        .where(
            Activity.organisation_id == link.organisation_id,
            Activity.kind == LESSON,
            Activity.version_id.is_not(None),
        )
        .order_by(Activity.key)
    ).all()
    return [key for _, key in sorted(rows, key=lambda row: row[0] != link.activity_id)]


def register(
    session: Session,
    organisation_id: int,
    question: Question,
    points: Mapping[str, str],
    *,
    framework: Framework,
    now: datetime,
) -> tuple[str, str, str]:
    """Register manifest and tags of a question; return activity, content hash and part that its evidence names.

    The same question with the same tags is the same version. Raises ClassRefusedError for knowledge points that the
    framework has not.
    """
    content_hash = question.content_hash
    part = {"key": PART, "type": question.item.type, "options": guess_floor(question.item), "max": "1"}
    wanted = Wanted(
        key=f"{SPOT_KIND}-{content_hash[:_KEY_DIGITS]}",
        kind=SPOT_KIND,
        content_hash=content_hash,
        manifest={"parts": [part], "title": _TITLES},
        tags={PART: dict(points)},
    )
    store(session, organisation_id, wanted, _named(framework), now=now)
    return wanted.key, content_hash, PART


def register_attendance(
    session: Session, organisation_id: int, framework: Framework | None, now: datetime
) -> tuple[str, str, str]:
    """Register what attendance is evidence of: one part that serves no knowledge point, since presence shows no skill."""
    manifest = {"parts": [{"key": ATTENDANCE_PART, "type": "attendance", "options": None, "max": "1"}]}
    content_hash = hashlib.sha256(canonical_body({"kind": ATTENDANCE_KEY, **manifest})).hexdigest()
    wanted = Wanted(
        key=ATTENDANCE_KEY,
        kind=ATTENDANCE_KEY,
        content_hash=content_hash,
        manifest={**manifest, "title": _ATTENDANCE},
        tags={ATTENDANCE_PART: {}},
    )
    named = _named(framework) if framework else {"code": "none", "version": "0"}
    store(session, organisation_id, wanted, named, now=now, once=True)
    return wanted.key, content_hash, ATTENDANCE_PART


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A version without a document that evidence may name: its manifest, and its tags by part (code -> weight)."""

    key: str
    kind: str
    content_hash: str
    manifest: Mapping[str, Any]
    tags: Mapping[str, Mapping[str, str]]


def _named(framework: Framework) -> dict[str, str]:
    return {"code": framework.code, "version": framework.version}


def store(
    session: Session,
    organisation_id: int,
    wanted: Wanted,
    framework: Mapping[str, str],
    *,
    now: datetime,
    once: bool = False,
) -> None:
    """Store activity, version and tags where they are not there; ``once`` keeps whatever tags it has."""
    if once and _is_stored(session, organisation_id, wanted):
        return
    # One after another: two classes may end at once.
    owner = select(Organisation.id).where(Organisation.id == organisation_id)
    session.execute(owner.with_for_update(key_share=True))
    activity = content_install.find_activity(session, organisation_id, wanted.key)
    if activity is None:
        activity = Activity(organisation_id=organisation_id, key=wanted.key, kind=wanted.kind, created_at=now)
        session.add(activity)
        session.flush()
    version = content_install.find_version(session, activity, wanted.content_hash)
    if version is None:
        version = ContentVersion(
            organisation_id=organisation_id,
            activity_id=activity.id,
            hash=wanted.content_hash,
            label="1",
            document="",
            manifest=dict(wanted.manifest),
            installed_at=now,
        )
        session.add(version)
        session.flush()
    tags_hash = hashlib.sha256(canonical_body({"framework": dict(framework), "tags": wanted.tags})).hexdigest()
    newest = content_install.newest_tags(session, version)
    if newest is None or (newest.hash != tags_hash and not once):
        chosen = ChosenTags(key=wanted.key, tags=wanted.tags, tags_hash=tags_hash, framework=framework)
        content_install.adopt_tags(session, version, chosen, now)
    session.flush()


def _is_stored(session: Session, organisation_id: int, wanted: Wanted) -> bool:
    """Say whether activity, version and tags are there, so that nobody has to wait to see it."""
    activity = content_install.find_activity(session, organisation_id, wanted.key)
    version = content_install.find_version(session, activity, wanted.content_hash)
    return version is not None and content_install.newest_tags(session, version) is not None
