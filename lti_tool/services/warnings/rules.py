"""What a course looks for: its early-warning policy, the thresholds that differ from it, and how these were before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from lti_tool.models import WarningSetting
from lti_tool.services.courses.members import Link
from qualoop.policies.warning_policy import DEFAULT_WARNING_POLICY, WarningPolicy, warning_policy

KEPT_CHANGES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseRules:
    """What holds in a course; ``shipped`` is the policy as it comes, ``revision`` counts the course's changes from 1.

    ``looked_at`` is when all learners were looked at last, None for never; ``can_undo`` says whether there was a change.
    """

    policy: WarningPolicy
    shipped: WarningPolicy
    revision: int
    looked_at: datetime | None
    can_undo: bool


def course_rules(session: Session, link: Link) -> CourseRules:
    """Return what holds in the link's course."""
    row = session.scalar(_of(link))
    if row is None:
        shipped = warning_policy()
        return CourseRules(policy=shipped, shipped=shipped, revision=1, looked_at=None, can_undo=False)
    shipped = _shipped(row)
    return CourseRules(
        policy=shipped.adjusted(row.thresholds),
        shipped=shipped,
        revision=row.revision,
        looked_at=row.looked_at,
        can_undo=bool(row.history),
    )


def lock_setting(session: Session, link: Link, now: datetime) -> WarningSetting:
    """Return the row of the link's course, made where there is none; nobody else looks at the course before this ends."""
    values = {
        "organisation_id": link.organisation_id,
        "context_id": link.context_id,
        "policy": DEFAULT_WARNING_POLICY,
        "thresholds": {},
        "history": [],
        "revision": 1,
        "updated_at": now,
    }
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    session.execute(insert(WarningSetting).values(values).on_conflict_do_nothing(index_elements=["context_id"]))
    return session.scalars(_of(link).with_for_update().execution_options(populate_existing=True)).one()


def set_thresholds(session: Session, link: Link, wanted: Mapping[str, int], *, by: int, now: datetime) -> None:
    """Let other thresholds hold in a course; warnings that are open follow at the next look. Raises ThresholdsRefusedError."""
    row = lock_setting(session, link, now)
    shipped = _shipped(row)
    thresholds = shipped.adjusted(wanted).thresholds()
    usual = shipped.thresholds()
    changed = {name: value for name, value in thresholds.items() if value != usual[name]}
    if changed == row.thresholds:
        return
    kept = [*row.history, {"thresholds": row.thresholds, "by": row.changed_by, "at": row.updated_at.isoformat()}]
    row.history = kept[-KEPT_CHANGES:]
    row.policy, row.thresholds = shipped.id, changed
    _note_change(row, by, now)
    session.flush()


def undo_thresholds(session: Session, link: Link, *, by: int, now: datetime) -> bool:
    """Let the thresholds before the last change hold again; say whether there were any."""
    row = lock_setting(session, link, now)
    if not row.history:
        return False
    *rest, last = row.history
    row.history, row.thresholds = rest, last["thresholds"]
    _note_change(row, by, now)
    session.flush()
    return True


def _shipped(row: WarningSetting) -> WarningPolicy:
    """Return the policy of a course: the newest one, unless its staff have set thresholds against another."""
    return warning_policy(row.policy if row.thresholds else DEFAULT_WARNING_POLICY)


def _note_change(row: WarningSetting, by: int, now: datetime) -> None:
    row.revision, row.changed_by, row.updated_at = row.revision + 1, by, now


def _of(link: Link) -> Select[WarningSetting]:
    return select(WarningSetting).where(
        WarningSetting.organisation_id == link.organisation_id, WarningSetting.context_id == link.context_id
    )
