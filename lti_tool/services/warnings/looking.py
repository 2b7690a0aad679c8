"""Looks at the learners of a course: opens, updates and withdraws warnings. A button and the worker do the same.

Facts are read first, and what follows is written in a transaction of its own: a look at 300 learners keeps nobody waiting.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, insert, or_, select
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.models import Context, Deployment, EarlyWarning, Enrolment, WarningSetting
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link, list_members
from lti_tool.services.learners.evidence import required
from lti_tool.services.warnings.early_warnings import (
    DECIDED,
    OPEN,
    WITHDRAWN,
    Act,
    Happening,
    add_events,
    default_owner,
    list_owners,
)
from lti_tool.services.warnings.facts import Around, read_facts
from lti_tool.services.warnings.rules import course_rules, lock_setting
from qualoop.policies.warning_policy import WarningPolicy
from qualoop.records.early_warning import (
    Decided,
    Look,
    Reason,
    decide_by,
    look,
    quiet_keys,
    reason_from,
    reasons_to_look,
)

EVERY: Final = timedelta(days=1)
SLEEPS: Final = timedelta(days=60)
"""A course into which nobody has come for so long is over: a last look withdraws its warnings, and there is none after."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a look at a course came to."""

    learners: int = 0
    opened: int = 0
    updated: int = 0
    withdrawn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The reasons that hold for each learner of a course, by person, and by which rules."""

    reasons: Mapping[int, Sequence[Reason]]
    policy: WarningPolicy
    revision: int


def look_now(database: Database, contents: Contents, link: Link, *, secret: str, now: datetime) -> Looked | None:
    """Look at every learner of the link's course, in a reading and a transaction of its own.

    Without a framework there is nothing to look by, and the course stays as it is: None.
    """
    with database.reading() as reading:
        found = find_reasons(reading, contents, link, secret=secret, now=now)
    if found is None:
        return None
    with database.transaction() as session:
        return apply(session, link, found, now=now)


def look_due(
    database: Database, contents: Contents, *, secret: str, now: datetime, is_ending: Callable[[], bool] = lambda: False
) -> int:
    """Look at the courses at which nobody has looked for a day; return at how many. One that fails is logged."""
    with database.reading() as reading:
        due = _due(reading, now)
    done = 0
    for link in due:
        if is_ending():
            break
        try:
            look_now(database, contents, link, secret=secret, now=now)
            done += 1
        except Exception:
            log.exception("the learners of course %d cannot be looked at", link.context_id)
    return done


def find_reasons(session: Session, contents: Contents, link: Link, *, secret: str, now: datetime) -> Found | None:
    """Return what the facts of the link's course give, None without a framework; a course that is over gives no reason.

    Reads only.
    """
    rules = course_rules(session, link)
    connection = session.connection()
    framework = contents.find_framework(connection, link.organisation_id)
    members = list_members(connection, link)
    here = (Context.organisation_id == link.organisation_id, Context.id == link.context_id)
    if not members or not session.scalar(select(_is_alive(now)).where(*here)):
        return Found(reasons={}, policy=rules.policy, revision=rules.revision)
    if framework is None:
        return None
    around = Around(
        framework=framework,
        about=required(connection, framework, link),
        policy=rules.policy,
        secret=secret,
        now=now,
    )
    facts = read_facts(session, link, members, around)
    reasons = {person: reasons_to_look(each, rules.policy, now) for person, each in facts.items()}
    return Found(reasons=reasons, policy=rules.policy, revision=rules.revision)


def apply(session: Session, link: Link, found: Found, *, now: datetime) -> Looked:
    """Bring the warnings of the link's course up to what was found at ``now``, unless somebody has looked later.

    Who has left the course by now, or was erased, has no warning any more.
    """
    setting = lock_setting(session, link, now)
    if setting.looked_at is not None and setting.looked_at > now:
        return Looked(learners=len(found.reasons))
    members = {member.subject.person_id for member in list_members(session.connection(), link)}
    found = replace(found, reasons={person: each for person, each in found.reasons.items() if person in members})
    policy = found.policy
    open_now, decided = _standing(session, link, policy, now)
    staff = {each.person_id for each in list_owners(session, link)}
    owner = default_owner(session, link)
    counts = dict.fromkeys(Look, 0)
    happened: list[Happening] = []
    opened: list[dict[str, Any]] = []
    for person in sorted({*found.reasons, *open_now}):
        reasons = found.reasons.get(person, ())
        row = open_now.get(person)
        before = [reason_from(document) for document in row.reasons] if row else None
        step = look(before, reasons, quiet_keys(decided.get(person, ()), reasons, policy, now))
        counts[step] += 1
        if row is None and step is Look.OPEN:
            opened.append(_opened(link, person, found, reasons=reasons, owner=owner, now=now))
        elif row is not None:
            happened += _bring_up(row, step, found, reasons=reasons, now=now)
            happened += _own(row, owner if row.owner_id not in staff else row.owner_id)
    setting.looked_at = now
    add_events(session, link.organisation_id, [*_inserted(session, link, opened), *happened], by=None, now=now)
    return Looked(
        learners=len(found.reasons),
        opened=counts[Look.OPEN],
        updated=counts[Look.UPDATE],
        withdrawn=counts[Look.WITHDRAW],
    )


def _opened(
    link: Link,
    person: int,
    found: Found,
    *,
    reasons: Sequence[Reason],
    owner: int | None,
    now: datetime,
) -> dict[str, Any]:
    """Return the row of a new warning."""
    return {
        "organisation_id": link.organisation_id,
        "uuid": str(uuid.uuid4()),
        "context_id": link.context_id,
        "person_id": person,
        "owner_id": owner,
        "state": OPEN,
        "reasons": [reason.to_document() for reason in reasons],
        "policy": found.policy.id,
        "revision": found.revision,
        "opened_at": now,
        "due_at": decide_by(reasons, found.policy, now),
        "looked_at": now,
        "decision": "",
    }


def _inserted(session: Session, link: Link, opened: Sequence[Mapping[str, Any]]) -> list[Happening]:
    """Insert new warnings, all of a class in two statements; return that they were opened."""
    if not opened:
        return []
    session.execute(insert(EarlyWarning), list(opened))
    query = select(EarlyWarning.uuid, EarlyWarning.id).where(
        EarlyWarning.organisation_id == link.organisation_id, EarlyWarning.uuid.in_([each["uuid"] for each in opened])
    )
    ids: dict[str, int] = dict(session.execute(query).all())
    return [
        Happening(warning=ids[each["uuid"]], act=Act.OPENED, details={"reasons": each["reasons"]}) for each in opened
    ]


def _own(row: EarlyWarning, owner: int | None) -> list[Happening]:
    """Let an open warning be somebody's who is of the course's staff."""
    if row.state != OPEN or row.owner_id == owner:
        return []
    row.owner_id = owner
    return [Happening(warning=row.id, act=Act.ARRANGED, details={"owner": owner, "due": row.due_at.isoformat()})]


def _bring_up(
    row: EarlyWarning, step: Look, found: Found, *, reasons: Sequence[Reason], now: datetime
) -> list[Happening]:
    """Update or withdraw an open warning; figures that merely went on are no event of their own."""
    row.looked_at = now
    documents = [reason.to_document() for reason in reasons]
    if step is Look.WITHDRAW:
        row.state, row.closed_at = WITHDRAWN, now
        return [Happening(warning=row.id, act=Act.WITHDRAWN, details={"reasons": documents})]
    if step is Look.UPDATE:
        before = {reason_from(document).key for document in row.reasons}
        row.reasons, row.policy, row.revision = documents, found.policy.id, found.revision
        # A reason that is new may be about a class that comes before what was arranged.
        fresh = [reason for reason in reasons if reason.key not in before]
        row.due_at = min(row.due_at, decide_by(fresh, found.policy, now)) if fresh else row.due_at
        if before != {reason.key for reason in reasons}:
            return [Happening(warning=row.id, act=Act.CHANGED, details={"reasons": documents})]
    return []


def _standing(
    session: Session, link: Link, policy: WarningPolicy, now: datetime
) -> tuple[dict[int, EarlyWarning], dict[int, list[Decided]]]:
    """Return the open warnings of a course by person, and what was decided lately."""
    rows = session.scalars(
        select(EarlyWarning)
        .where(
            EarlyWarning.organisation_id == link.organisation_id,
            EarlyWarning.context_id == link.context_id,
            or_(
                EarlyWarning.state == OPEN,
                (EarlyWarning.state == DECIDED) & (EarlyWarning.closed_at > now - timedelta(days=policy.quiet_days)),
            ),
        )
        .order_by(EarlyWarning.id)
        .with_for_update()
    ).all()
    open_now = {row.person_id: row for row in rows if row.state == OPEN}
    decided: dict[int, list[Decided]] = {}
    for row in rows:
        if row.state == DECIDED and row.closed_at is not None:
            reasons = [reason_from(document) for document in row.reasons]
            decided.setdefault(row.person_id, []).append(Decided(at=row.closed_at, reasons=reasons))
    return open_now, decided


def _is_alive(now: datetime) -> ColumnElement[bool]:
    """Return the condition on a context that somebody has come into the course lately."""
    return exists().where(
        Enrolment.organisation_id == Context.organisation_id,
        Enrolment.context_id == Context.id,
        Enrolment.updated_at > now - SLEEPS,
    )


def _due(session: Session, now: datetime) -> list[Link]:
    """Return the courses of every organisation that are alive, or have open warnings, and were not looked at for a day."""
    has_open = exists().where(
        EarlyWarning.organisation_id == Context.organisation_id,
        EarlyWarning.context_id == Context.id,
        EarlyWarning.state == OPEN,
    )
    rows = session.execute(
        select(Context.organisation_id, Context.id, Deployment.registration_id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(WarningSetting, WarningSetting.context_id == Context.id, isouter=True)
        .where(
            or_(_is_alive(now), has_open),
            or_(WarningSetting.looked_at.is_(None), WarningSetting.looked_at <= now - EVERY),
        )
        .order_by(Context.id)
    )
    return [
        Link(
            organisation_id=organisation,
            registration_id=registration,
            context_id=context,
            resource_link_id=0,
            activity_id=None,
        )
        for organisation, context, registration in rows
    ]
