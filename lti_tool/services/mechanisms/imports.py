"""The one way in for what people bring: read, problems, diff in words, apply in one transaction, undo.

An importer reads and checks before any transaction; `apply` stores in the caller's transaction and returns what undo
needs. Nothing is deleted: what an import replaced is pointed to again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import ImportRun
from qualoop.errors import QualoopError

APPLIED, UNDONE = "applied", "undone"


class ImportMissingError(QualoopError):
    """There is no such import that could be undone in this organisation."""

    code = "import-missing"


class Importer(Protocol):
    """One kind of import, already read and free of problems."""

    @property
    def kind(self) -> str:
        """Return the kind of import."""

    @property
    def source(self) -> str:
        """Return what it came from, for people."""

    def diff(self, session: Session, organisation_id: int) -> Sequence[str]:
        """Say in words what applying would change; nothing where all is there already."""

    def apply(self, session: Session, organisation_id: int, now: datetime) -> Mapping[str, Any]:
        """Store it and return what `undo` needs, as plain JSON."""

    def undo(self, session: Session, organisation_id: int, memory: Mapping[str, Any], now: datetime) -> None:
        """Bring back what was before."""


def apply(session: Session, importer: Importer, organisation_id: int, now: datetime) -> ImportRun | None:
    """Apply an import; None where nothing would change."""
    diff = importer.diff(session, organisation_id)
    if not diff:
        return None
    run = ImportRun(
        uuid=str(uuid.uuid4()),
        organisation_id=organisation_id,
        kind=importer.kind,
        source=importer.source[:255],
        state=APPLIED,
        diff=list(diff),
        undo=dict(importer.apply(session, organisation_id, now)),
        created_at=now,
        applied_at=now,
    )
    session.add(run)
    session.flush()
    return run


def runs(session: Session, organisation_id: int, kind: str, *, at_most: int) -> Sequence[ImportRun]:
    """Return the imports of a kind, the newest first."""
    return session.scalars(
        select(ImportRun)
        .where(ImportRun.organisation_id == organisation_id, ImportRun.kind == kind)
        .order_by(ImportRun.id.desc())
        .limit(at_most)
    ).all()


def undo(
    session: Session, importer: Importer, organisation_id: int, now: datetime, *, run_id: int | None = None
) -> ImportRun:
    """Undo an applied import of this kind, the newest where ``run_id`` names none; raise ImportMissingError."""
    query = select(ImportRun).where(
        ImportRun.organisation_id == organisation_id,
        ImportRun.kind == importer.kind,
        ImportRun.state == APPLIED,
    )
    if run_id is not None:
        query = query.where(ImportRun.id == run_id)
    run = session.scalar(query.order_by(ImportRun.id.desc()).limit(1))
    if run is None:
        raise ImportMissingError
    importer.undo(session, organisation_id, run.undo, now)
    run.state, run.undone_at = UNDONE, now
    session.flush()
    return run
