"""Who launches whom: organisations, registrations, keys, launch states, sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Base, Scoped, short


class Organisation(Base):
    """A school, an enterprise or an agency: the tenant that every other row belongs to."""

    __tablename__ = "organisation"

    uuid: Mapped[str] = short(36, unique=True)
    key: Mapped[str] = short(64, unique=True)
    name: Mapped[str] = short()
    kind: Mapped[str] = short(16, default="school")
    created_at: Mapped[datetime]


class Registration(Scoped):
    """A platform that may launch us (LTI 1.3: the pair of issuer and client_id); `pending` until it is approved."""

    __tablename__ = "registration"
    __table_args__ = (UniqueConstraint("issuer", "client_id"),)

    issuer: Mapped[str]
    client_id: Mapped[str] = short()
    name: Mapped[str] = short(default="")
    auth_login_url: Mapped[str]
    token_url: Mapped[str]
    jwks_url: Mapped[str]
    auth_audience: Mapped[str | None]
    algorithms: Mapped[list[Any]]
    service_origins: Mapped[list[Any]]
    product: Mapped[str | None] = short(32)
    state: Mapped[str] = short(16, default="active", server_default="active")
    created_at: Mapped[datetime]


class RegistrationInvite(Scoped):
    """A link with which one platform may register itself, once; the token is stored as its hash.

    `issuer` is the only one that may use it, where the inviter said so; `other_hosts` are hosts that its services may
    have beside the issuer's. `busy_until` keeps a second try away while one is under way.
    """

    __tablename__ = "registration_invite"

    token_hash: Mapped[str] = short(64, unique=True)
    issuer: Mapped[str | None]
    other_hosts: Mapped[list[Any]]
    made_by: Mapped[str] = short()
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    busy_until: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id"), index=True)


class Deployment(Scoped):
    """One deployment of the tool in a platform; `pending` until somebody approves it."""

    __tablename__ = "deployment"
    __table_args__ = (UniqueConstraint("registration_id", "deployment_id"),)

    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    deployment_id: Mapped[str] = short()
    state: Mapped[str] = short(16, default="approved")
    created_at: Mapped[datetime]


class ToolKey(Base):
    """A signing key of this installation: `next` (published), `active` (signs), `retired`. At most one is next, one active.

    It is published from `created_at` until `published_until`; None: no end. The private half is encrypted at rest, and
    empty once the key is retired.
    """

    __tablename__ = "tool_key"
    __table_args__ = (
        Index(
            "ix_tool_key_in_use",
            "purpose",
            "state",
            unique=True,
            sqlite_where=text("state <> 'retired'"),
            postgresql_where=text("state <> 'retired'"),
        ),
    )

    kid: Mapped[str] = short(64, unique=True)
    purpose: Mapped[str] = short(16)
    state: Mapped[str] = short(16)
    public_jwk: Mapped[dict[str, Any]]
    private_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    active_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    published_until: Mapped[datetime | None]
    retired_for: Mapped[str | None] = short()


class LaunchState(Scoped):
    """The state and nonce of one login, consumed once (SEC 10.3.. of the 1EdTech Security Framework).

    `storage_target` names the frame of the platform that keeps the binding for this browser; None: a cookie of ours does.
    """

    __tablename__ = "launch_state"

    state_hash: Mapped[str] = short(64, unique=True)
    binding_hash: Mapped[str] = short(64)
    nonce: Mapped[str] = short(64)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    storage_target: Mapped[str | None] = short()


class LtiSession(Scoped):
    """What one launch opened: bound to registration, deployment, person, context and link."""

    __tablename__ = "lti_session"

    uuid: Mapped[str] = short(36, unique=True)
    secret_hash: Mapped[str] = short(64)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"))
    roles: Mapped[str] = short(128)
    language: Mapped[str] = short(16)
    return_url: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Person(Scoped):
    """A learner, teacher or mentor as the ledger knows one: a random uuid and nothing else."""

    __tablename__ = "person"

    uuid: Mapped[str] = short(36, unique=True)
    created_at: Mapped[datetime]


class Identity(Scoped):
    """Who a person is on one platform. Stands apart so that it can be erased."""

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("registration_id", "subject"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    subject: Mapped[str] = short()
    name: Mapped[str | None]
    email: Mapped[str | None]
    updated_at: Mapped[datetime]


class Context(Scoped):
    """A course of a platform.

    `memberships_url` is where the platform lists its members, `groups_url` where its groups; `roster_wanted_at` is when a
    teacher opened it since the list was last read. `groups_read_at` is when its groups were last asked for, and
    `groups_failure` the code of why that came to nothing.
    """

    __tablename__ = "context"
    __table_args__ = (
        UniqueConstraint("deployment_id", "platform_key"),
        Index(
            "ix_context_roster_wanted_at",
            "roster_wanted_at",
            sqlite_where=text("roster_wanted_at IS NOT NULL"),
            postgresql_where=text("roster_wanted_at IS NOT NULL"),
        ),
    )

    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    platform_key: Mapped[str] = short()
    title: Mapped[str] = short()
    memberships_url: Mapped[str | None]
    roster_wanted_at: Mapped[datetime | None]
    groups_url: Mapped[str | None]
    groups_read_at: Mapped[datetime | None]
    groups_failure: Mapped[str | None] = short(48)
    created_at: Mapped[datetime]


class ResourceLink(Scoped):
    """A place in a course where an activity is shown.

    `platform_dates` are the platform's own dates of it, by their names in `lti.link_variables.DATES`, ISO 8601 in UTC;
    None where the platform tells none. `history` is what it was copied from, kept at its first launch: the platform's
    ids of links and of courses, newest first, and `source`, our row of the link whose settings it took, or None.
    """

    __tablename__ = "resource_link"
    __table_args__ = (UniqueConstraint("context_id", "platform_key"),)

    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    platform_key: Mapped[str] = short()
    title: Mapped[str] = short()
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id"))
    settings: Mapped[dict[str, Any]]
    platform_dates: Mapped[dict[str, Any] | None]
    history: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]


class Enrolment(Scoped):
    """A person's roles in a context.

    `launch_roles` are those of the last launch, None where the person has never launched: then `roles` are those of the
    platform's list of members. `left_at` is when that list was first without the person. `joined_at` is when the person
    was first seen here, None for those who were here before that was kept.
    """

    __tablename__ = "enrolment"
    __table_args__ = (UniqueConstraint("context_id", "person_id"), Index("ix_enrolment_person_id", "person_id"))

    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    roles: Mapped[str] = short(128)
    launch_roles: Mapped[str | None] = short(128)
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
