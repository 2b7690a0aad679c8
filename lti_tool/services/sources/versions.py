"""Content that a platform carries itself: its manifest and tags are registered before its evidence can count.

Such a version has no document here, so nobody can be shown it; a later install of the package with the same hash brings
it. Tags of installed content come with its package alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from lti_tool.models import Activity, ContentVersion, Organisation
from lti_tool.services.mastery import cache, content_install
from lti_tool.services.mastery.content_install import ChosenTags
from lti_tool.services.sources import waiting
from lti_tool.services.sources.api_errors import (
    FrameworkMissingError,
    VersionDiffersError,
    VersionInstalledError,
)
from qualoop.exchange import Fault, MessageRefusedError, RegisteredVersion, VersionRegistration
from qualoop.framework import Framework
from qualoop.ledger import canonical_body


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionName:
    """Which version of which activity: key and content hash."""

    organisation_id: int
    activity: str
    content: str


def register(
    connection: Connection,
    name: VersionName,
    sent: VersionRegistration,
    *,
    framework: Framework | None,
    now: datetime,
) -> RegisteredVersion:
    """Register a version, or other tags of it; doing it again changes nothing. What waited for it is recorded.

    Other tags hold for answers from the next replay on, as at an install. Raises MessageRefusedError,
    FrameworkMissingError, VersionDiffersError, VersionInstalledError.
    """
    _check_tags(sent, framework)
    with Session(connection) as session:
        # One after another, so that what is adopted later has the greater number, also for who looks in between.
        owner = select(Organisation.id).where(Organisation.id == name.organisation_id)
        session.execute(owner.with_for_update(key_share=True))
        activity = _activity(session, name, sent.kind, now)
        version = content_install.find_version(session, activity, name.content)
        is_new = version is None
        version = version or _store(session, activity, name, sent, now=now)
        if not _is_of(version.manifest, sent):
            raise VersionDiffersError
        waits, tags_hash = _adopt(session, version, name, sent, now=now)
        session.flush()
    taken_up = waiting.take_up(connection, name.organisation_id, name.activity, name.content, now=now)
    return RegisteredVersion(
        activity=name.activity,
        content=name.content,
        tags_hash=tags_hash,
        is_new=is_new,
        counts_from_replay=waits,
        taken_up=taken_up,
    )


def _check_tags(sent: VersionRegistration, framework: Framework | None) -> None:
    """Raise where tags name another framework than the organisation's, or knowledge points that it has not."""
    if framework is None or framework.code != sent.framework.code:
        raise FrameworkMissingError
    strange = [
        Fault(pointer=f"/tags/{part}", detail=f"{framework.code} {framework.version} has no knowledge point {code}")
        for part, shares in sent.tags.items()
        for code in shares
        if framework.find_knowledge_point(code) is None
    ]
    if strange:
        raise MessageRefusedError(strange)


def _activity(session: Session, name: VersionName, kind: str, now: datetime) -> Activity:
    """Return the activity, made where there is none: with no version that it could show."""
    found = content_install.find_activity(session, name.organisation_id, name.activity)
    if found is None:
        found = Activity(organisation_id=name.organisation_id, key=name.activity, kind=kind[:32], created_at=now)
        session.add(found)
        session.flush()
    return found


def _store(
    session: Session, activity: Activity, name: VersionName, sent: VersionRegistration, *, now: datetime
) -> ContentVersion:
    titles = sent.title.model_dump(by_alias=True, exclude_none=True)
    version = ContentVersion(
        organisation_id=name.organisation_id,
        activity_id=activity.id,
        hash=name.content,
        label=sent.label,
        document="",
        manifest={"parts": [part.model_dump() for part in sent.parts], **({"title": titles} if titles else {})},
        installed_at=now,
    )
    session.add(version)
    session.flush()
    return version


def _is_of(manifest: Mapping[str, Any], sent: VersionRegistration) -> bool:
    """Say whether a manifest has the parts that were sent, and no others."""
    return _options(manifest["parts"]) == _options(part.model_dump() for part in sent.parts)


def _options(parts: Iterable[Mapping[str, Any]]) -> dict[str, int | None]:
    return {part["key"]: part.get("options") for part in parts}


def _adopt(
    session: Session, version: ContentVersion, name: VersionName, sent: VersionRegistration, *, now: datetime
) -> tuple[bool, str]:
    """Let the tags hold that were sent; return whether answers count by those before until a replay, and their hash."""
    tags = {part: dict(shares) for part, shares in sent.tags.items()}
    framework = sent.framework.model_dump()
    tags_hash = hashlib.sha256(canonical_body({"framework": framework, "tags": tags})).hexdigest()
    newest = content_install.newest_tags(session, version)
    if newest is not None and newest.hash == tags_hash:
        return False, tags_hash
    if version.document:
        raise VersionInstalledError
    chosen = ChosenTags(key=name.activity, tags=tags, tags_hash=tags_hash, framework=framework)
    content_install.adopt_tags(session, version, chosen, now)
    has_evidence = cache.has_evidence(session.connection(), name.organisation_id)
    return newest is not None and has_evidence, tags_hash
