"""Rubrics of an organisation: immutable versions by content hash, reused by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update
from sqlalchemy.orm import Session

from lti_tool.models import RubricRow, RubricVersion
from lti_tool.services.content.parts import Remembered
from qualoop.assessment.rubric import Rubric, content_hash, document_of
from qualoop.errors import QualoopError


class RubricMissingError(QualoopError):
    """There is no such rubric in this organisation."""

    code = "rubric-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRubric:
    """One version of a rubric, as the organisation has it."""

    version_id: int
    hash: str
    rubric: Rubric


_opened: Remembered[StoredRubric] = Remembered()


def install(session: Session, organisation_id: int, rubric: Rubric, now: datetime) -> StoredRubric:
    """Store a version of a rubric, and let new set-ups take it; what is there already is only made the newest again."""
    owner = session.scalar(
        select(RubricRow).where(RubricRow.organisation_id == organisation_id, RubricRow.key == rubric.key)
    )
    if owner is None:
        owner = RubricRow(organisation_id=organisation_id, key=rubric.key, created_at=now)
        session.add(owner)
        session.flush()
    identity = content_hash(rubric)
    version = session.scalar(
        select(RubricVersion).where(
            RubricVersion.organisation_id == organisation_id,
            RubricVersion.rubric_id == owner.id,
            RubricVersion.hash == identity,
        )
    )
    if version is None:
        version = RubricVersion(
            organisation_id=organisation_id,
            rubric_id=owner.id,
            hash=identity,
            label=rubric.version,
            document=document_of(rubric),
            installed_at=now,
        )
        session.add(version)
        session.flush()
    session.execute(
        update(RubricRow)
        .where(RubricRow.id == owner.id, RubricRow.organisation_id == organisation_id)
        .values(version_id=version.id)
    )
    return StoredRubric(version_id=version.id, hash=identity, rubric=Rubric.model_validate(version.document))


def list_newest(connection: Connection, organisation_id: int) -> Sequence[StoredRubric]:
    """Return the newest version of every rubric, by key."""
    rows = connection.execute(_versions(organisation_id).where(RubricRow.version_id == RubricVersion.id))
    return [_opened_row(connection, organisation_id, row) for row in rows]


def find_newest(connection: Connection, organisation_id: int, key: str) -> StoredRubric | None:
    """Return the newest version of the rubric of that key, or None."""
    query = _versions(organisation_id).where(RubricRow.version_id == RubricVersion.id, RubricRow.key == key)
    row = connection.execute(query).first()
    return None if row is None else _opened_row(connection, organisation_id, row)


def get(connection: Connection, organisation_id: int, version_id: int) -> StoredRubric:
    """Return a version of a rubric of the organisation; raise RubricMissingError."""

    def find() -> StoredRubric | None:
        row = connection.execute(_versions(organisation_id).where(RubricVersion.id == version_id)).first()
        return None if row is None else _stored(row)

    found = _opened.get(connection, (organisation_id, version_id), find)
    if found is None:
        raise RubricMissingError
    return found


def _versions(organisation_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(RubricVersion.id, RubricVersion.hash, RubricVersion.document)
        .join(RubricRow, RubricRow.id == RubricVersion.rubric_id)
        .where(RubricVersion.organisation_id == organisation_id, RubricRow.organisation_id == organisation_id)
        .order_by(RubricRow.key)
    )


def _opened_row(connection: Connection, organisation_id: int, row: Row[*tuple[Any, ...]]) -> StoredRubric:
    """Return a version that was just read, made a model once in a process."""
    return _opened.get(connection, (organisation_id, row.id), lambda: _stored(row)) or _stored(row)


def _stored(row: Row[*tuple[Any, ...]]) -> StoredRubric:
    return StoredRubric(version_id=row.id, hash=row.hash, rubric=Rubric.model_validate(row.document))
