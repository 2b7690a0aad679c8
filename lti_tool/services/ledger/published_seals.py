"""The seals that anybody may read: of each organisation the newest, and those of one, page by page."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import LedgerSeal, Organisation


def newest_seals(session: Session, *, after: int, most: int) -> Sequence[tuple[Organisation, LedgerSeal]]:
    """Return up to ``most`` organisations with their newest seals, in the order of their rows, from the one ``after`` on."""
    newest = (
        select(LedgerSeal.organisation_id, func.max(LedgerSeal.number).label("number"))
        .group_by(LedgerSeal.organisation_id)
        .subquery()
    )
    rows = session.execute(
        select(Organisation, LedgerSeal)
        .join(newest, newest.c.organisation_id == Organisation.id)
        .join(
            LedgerSeal,
            (LedgerSeal.organisation_id == Organisation.id) & (LedgerSeal.number == newest.c.number),
        )
        .where(Organisation.id > after)
        .order_by(Organisation.id)
        .limit(most)
    )
    return [(organisation, seal) for organisation, seal in rows]


def list_seals(session: Session, organisation_uuid: str, *, before: int, most: int) -> Sequence[LedgerSeal]:
    """Return up to ``most`` seals of an organisation, the newest first: those with a number below ``before``, 0 for all."""
    query = (
        select(LedgerSeal)
        .join(Organisation, Organisation.id == LedgerSeal.organisation_id)
        .where(Organisation.uuid == organisation_uuid)
        .order_by(LedgerSeal.number.desc())
        .limit(most)
    )
    return session.scalars(query.where(LedgerSeal.number < before) if before else query).all()
