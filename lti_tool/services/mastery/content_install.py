"""Installs content for an organisation: immutable versions with manifest, files and tag set, and the framework.

A version, once installed, never changes; installing the same content again changes nothing. New attempts take the
version that the activity points to, running attempts keep theirs. Adoption of tags and framework is an event, because
a replay must know what held when.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.db import micros
from lti_tool.models import Activity, ContentAsset, ContentVersion, FrameworkVersion, Organisation, TagSet
from lti_tool.services.content import rubrics, tag_sets
from lti_tool.services.ledger import ledger
from lti_tool.services.mastery import cache
from qualoop.assessment.rubric import Rubric
from qualoop.content_packages import Package
from qualoop.framework import Framework
from qualoop.ledger import EventType

Tags: TypeAlias = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class ContentImport:
    """A checked framework and checked packages, ready to be installed (see services.imports.Importer)."""

    source: str
    framework: Framework | None = None
    packages: Sequence[Package] = field(default_factory=tuple)
    kind: str = "content"

    def diff(self, session: Session, organisation_id: int) -> Sequence[str]:
        """Say what installing would change."""
        lines = []
        framework = self.framework
        if framework and _newest_framework_hash(session, organisation_id) != framework.content_hash:
            lines.append(f"adopts the framework {framework.code} {framework.version}")
        for package in self.packages:
            activity = find_activity(session, organisation_id, package.key)
            version = find_version(session, activity, package.content_hash)
            if activity is None:
                lines.append(f"adds {package.key} {package.version}")
            elif version is None or activity.version_id != version.id:
                lines.append(f"changes {package.key} to {package.version} ({package.content_hash[:12]})")
            old = newest_tags(session, version)
            if version is not None and (old is None or old.hash != package.tags_hash):
                lines.append(f"tags {package.key} anew: {_changed_parts(old.tags if old else {}, package.tags)}")
        return lines

    def tags_wait(self, session: Session, organisation_id: int) -> bool:
        """Say whether installing tags anew what is installed, where answers go on counting by the tags before."""
        for package in self.packages:
            version = find_version(session, find_activity(session, organisation_id, package.key), package.content_hash)
            if (old := newest_tags(session, version)) and old.hash != package.tags_hash:
                return cache.has_evidence(session.connection(), organisation_id)
        return False

    def apply(self, session: Session, organisation_id: int, now: datetime) -> Mapping[str, Any]:
        """Install, and return which version each activity pointed to before."""
        # One after another, so that what is adopted later has the greater number, also for who looks in between.
        session.execute(
            select(Organisation.id).where(Organisation.id == organisation_id).with_for_update(key_share=True)
        )
        before: dict[str, int | None] = {}
        if self.framework:
            _adopt_framework(session, organisation_id, self.framework, now)
        for package in self.packages:
            activity = find_activity(session, organisation_id, package.key)
            before[package.key] = activity.version_id if activity else None
            _install(session, organisation_id, activity, package, now=now)
        return {"versions": before}

    def undo(self, session: Session, organisation_id: int, memory: Mapping[str, Any], now: datetime) -> None:
        """Let every activity point to the version that it had; running attempts are not touched."""
        for key, version_id in memory["versions"].items():
            activity = find_activity(session, organisation_id, key)
            if activity is not None:
                activity.version_id = version_id
        session.flush()


def _install(
    session: Session, organisation_id: int, activity: Activity | None, package: Package, *, now: datetime
) -> None:
    """Store one package where it is not stored yet, and let its activity point to it."""
    if activity is None:
        activity = Activity(organisation_id=organisation_id, key=package.key, kind=package.kind, created_at=now)
        session.add(activity)
        session.flush()
    version = find_version(session, activity, package.content_hash)
    if version is None or not version.document:
        version = _store_version(session, version or _new_version(activity, package), package, now)
    if "rubric" in package.document:
        rubrics.install(session, organisation_id, Rubric.model_validate(package.document["rubric"]), now)
    activity.version_id = version.id
    activity.link_settings = dict(package.link_settings)
    newest = newest_tags(session, version)
    if newest is None or newest.hash != package.tags_hash:
        framework = package.document["framework"]
        chosen = ChosenTags(key=package.key, tags=package.tags, tags_hash=package.tags_hash, framework=framework)
        adopt_tags(session, version, chosen, now)
    session.flush()


def _new_version(activity: Activity, package: Package) -> ContentVersion:
    return ContentVersion(organisation_id=activity.organisation_id, activity_id=activity.id, hash=package.content_hash)


def _store_version(session: Session, version: ContentVersion, package: Package, now: datetime) -> ContentVersion:
    """Store a version with its files: a new one, or one of which a platform had registered the manifest alone."""
    version.label, version.manifest, version.installed_at = package.version, package.manifest, now
    version.document = json.dumps(package.document, ensure_ascii=False, separators=(",", ":"))
    session.add(version)
    session.flush()
    session.add_all(
        ContentAsset(
            organisation_id=version.organisation_id,
            version_id=version.id,
            path=path,
            media_type=asset.media_type,
            sha256=asset.sha256,
            data=asset.data,
        )
        for path, asset in package.assets.items()
    )
    return version


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenTags:
    """Tags of a version of the activity ``key``; ``framework`` has the `code` and `version` of what they name."""

    key: str
    tags: Tags
    tags_hash: str
    framework: Mapping[str, str]


def adopt_tags(session: Session, version: ContentVersion, chosen: ChosenTags, now: datetime) -> None:
    """Let a tag set of a version hold from now on, a new one or one that held before, and say so in the ledger."""
    framework = chosen.framework
    tag_set = session.scalar(
        select(TagSet).where(TagSet.version_id == version.id, TagSet.hash == chosen.tags_hash)
    ) or TagSet(
        organisation_id=version.organisation_id,
        version_id=version.id,
        hash=chosen.tags_hash,
        framework=f"{framework['code']} {framework['version']}",
        tags=chosen.tags,
    )
    tag_set.adopted_at = now
    session.add(tag_set)
    session.flush()
    body = {
        "activity": chosen.key,
        "content": version.hash,
        "tags": chosen.tags,
        "tags_hash": chosen.tags_hash,
        "framework": {"code": framework["code"], "version": framework["version"]},
    }
    key = f"tags:{tag_set.id}:{micros(now)}"
    _record(session, version.organisation_id, EventType.TAGS_ADOPTED, body, key=key, now=now)


def _adopt_framework(session: Session, organisation_id: int, framework: Framework, now: datetime) -> None:
    """Store a framework version where it is new and say so in the ledger."""
    if _newest_framework_hash(session, organisation_id) == framework.content_hash:
        return
    row = session.scalar(
        select(FrameworkVersion).where(
            FrameworkVersion.organisation_id == organisation_id, FrameworkVersion.hash == framework.content_hash
        )
    )
    if row is None:
        row = FrameworkVersion(
            organisation_id=organisation_id,
            code=framework.code,
            version=framework.version,
            hash=framework.content_hash,
            document=json.dumps(framework.to_document(), ensure_ascii=False, separators=(",", ":")),
            adopted_at=now,
        )
        session.add(row)
    row.adopted_at = now
    session.flush()
    body = {"code": framework.code, "version": framework.version, "hash": framework.content_hash}
    key = f"framework:{row.id}:{micros(now)}"
    _record(session, organisation_id, EventType.FRAMEWORK_ADOPTED, body, key=key, now=now)


def _record(
    session: Session, organisation_id: int, kind: EventType, body: dict[str, Any], *, key: str, now: datetime
) -> None:
    """Append an adoption to the ledger."""
    connection = session.connection()
    event = ledger.new_event(connection, organisation_id, kind, body, source=("install", key, ""), now=now)
    ledger.append(connection, organisation_id, event)


def find_activity(session: Session, organisation_id: int, key: str) -> Activity | None:
    """Return the activity of the organisation with this key."""
    return session.scalar(select(Activity).where(Activity.organisation_id == organisation_id, Activity.key == key))


def find_version(session: Session, activity: Activity | None, content_hash: str) -> ContentVersion | None:
    """Return the version of an activity with this content hash."""
    if activity is None:
        return None
    return session.scalar(
        select(ContentVersion).where(ContentVersion.activity_id == activity.id, ContentVersion.hash == content_hash)
    )


def newest_tags(session: Session, version: ContentVersion | None) -> TagSet | None:
    """Return the tag set of a version that holds."""
    if version is None:
        return None
    return session.scalar(select(TagSet).where(TagSet.version_id == version.id, tag_sets.holds()))


def _changed_parts(old: Tags, new: Tags) -> str:
    """Say how many parts serve other knowledge points, or with other shares."""
    count = sum(old.get(part) != new.get(part) for part in {*old, *new})
    return f"{count} part{'s' * (count != 1)} of it serve{'s' * (count == 1)} other knowledge points"


def _newest_framework_hash(session: Session, organisation_id: int) -> str | None:
    return session.scalar(
        select(FrameworkVersion.hash)
        .where(FrameworkVersion.organisation_id == organisation_id)
        .order_by(FrameworkVersion.adopted_at.desc(), FrameworkVersion.id.desc())
        .limit(1)
    )
