"""What is taught: activities, their immutable versions, tag sets, frameworks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Id, Scoped, short


class Activity(Scoped):
    """A lesson, project or session by its stable key; points to the version that new attempts take."""

    __tablename__ = "activity"
    __table_args__ = (UniqueConstraint("organisation_id", "key"),)

    key: Mapped[str] = short(64)
    kind: Mapped[str] = short(32)
    # No foreign key: activity and version would each need the other to be there first.
    version_id: Mapped[int | None] = mapped_column(Id)
    # What its links begin with: whoever places it may change them there.
    link_settings: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    created_at: Mapped[datetime]


class ContentVersion(Scoped):
    """One immutable version of an activity's content, known by its hash, with the manifest of its parts."""

    __tablename__ = "content_version"
    __table_args__ = (UniqueConstraint("activity_id", "hash"),)

    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    hash: Mapped[str] = short(64)
    label: Mapped[str] = short(32)
    document: Mapped[str]
    manifest: Mapped[dict[str, Any]]
    installed_at: Mapped[datetime]


class ContentAsset(Scoped):
    """A file of a content version: a figure, a recording, its captions."""

    __tablename__ = "content_asset"
    __table_args__ = (UniqueConstraint("version_id", "path"),)

    version_id: Mapped[int] = mapped_column(ForeignKey("content_version.id"))
    path: Mapped[str] = short()
    media_type: Mapped[str] = short(64)
    sha256: Mapped[str] = short(64)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class TagSet(Scoped):
    """Which knowledge points the parts of one content version serve, with which weights."""

    __tablename__ = "tag_set"
    __table_args__ = (UniqueConstraint("version_id", "hash"),)

    version_id: Mapped[int] = mapped_column(ForeignKey("content_version.id"))
    hash: Mapped[str] = short(64)
    framework: Mapped[str] = short(64)
    tags: Mapped[dict[str, Any]]
    adopted_at: Mapped[datetime]


class FrameworkVersion(Scoped):
    """One immutable version of a qualification framework."""

    __tablename__ = "framework_version"
    __table_args__ = (UniqueConstraint("organisation_id", "hash"),)

    code: Mapped[str] = short(32)
    version: Mapped[str] = short(32)
    hash: Mapped[str] = short(64)
    document: Mapped[str]
    adopted_at: Mapped[datetime]
