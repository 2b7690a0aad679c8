"""Which knowledge points and units have a grade column of their own: what a teacher may choose, and what stands.

A column belongs to the course: the level is that of the learner, whatever link it was practised at. It is made through
the link from whose page it was first switched on. Switched off, it stays in the grade book as it is: no platform says
how many of its grades somebody has worked with since.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.orm import Session

from lti_tool.lti import ags
from lti_tool.lti.platform_profiles import PlatformProfile
from lti_tool.models import ColumnProbe, Delivery, LineItem, MasteryColumn, MasteryColumnValue, OutboxRow
from lti_tool.services.classes.levels import link_codes
from lti_tool.services.courses.members import Link
from lti_tool.services.grades import outbox_decisions
from lti_tool.services.grades.delivery_status import send_now
from lti_tool.services.mastery.levels import ColumnSubject, SubjectKind, is_in
from lti_tool.services.mechanisms.delivery_reasons import Reason, find_reason
from lti_tool.services.mechanisms.outbox import State
from lti_tool.services.moodle.mastery_column_levels import CHANNEL, OFF, REFUSED, THERE, WANTED
from lti_tool.services.moodle.mastery_column_making import Verdict, find_verdict
from qualoop.errors import QualoopError
from qualoop.framework import Framework
from qualoop.values import Text

LONGEST_TITLE: Final = 255


class ColumnGoneError(QualoopError):
    """There is no such grade column in this course."""

    code = "grade-column-gone"


class Keeping(StrEnum):
    """What is known of whether a platform keeps several columns for one link."""

    SEVERAL = "several"
    """It has kept one of ours beside the link's own."""
    UNTRIED = "untried"
    """The first column will show."""
    SINGLE = "single"
    """It has not."""
    NEVER = "never"
    """We know the product, and it does not."""
    NO_GRADES = "no-grades"
    """It takes no grades for this link at all."""
    NO_SCOPE = "no-scope"
    """It does not let us make columns."""

    @property
    def is_possible(self) -> bool:
        """Say whether columns are to be expected to stand."""
        return self in {Keeping.SEVERAL, Keeping.UNTRIED}

    @property
    def may_be_tried(self) -> bool:
        """Say whether a teacher may ask for columns: once more, too, where the platform did not keep one before."""
        return self.is_possible or self is Keeping.SINGLE


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChoice:
    """A knowledge point or unit that may have a column: ``id`` and ``state`` are None where it never had one.

    ``reason`` is why it could not be made, so far or at all. ``counts`` are learners by how the delivery stands.
    """

    subject: ColumnSubject
    title: str
    id: int | None = None
    state: str | None = None
    reason: Reason | None = None
    made_at: datetime | None = None
    counts: Mapping[State, int]

    @property
    def key(self) -> str:
        """What a form calls it."""
        return f"{self.subject.kind}:{self.subject.code}"

    @property
    def is_on(self) -> bool:
        """Say whether it is switched on, whatever came of that."""
        return self.state in {WANTED, THERE, REFUSED}

    @property
    def undelivered(self) -> int:
        """How many grades have not arrived."""
        return sum(count for state, count in self.counts.items() if state is not State.DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """How many columns a choice switched on and off."""

    on: int
    off: int


def keeping(connection: Connection, link: Link, profile: PlatformProfile) -> Keeping:
    """Return what is known of the link's platform."""
    if not profile.keeps_columns:
        return Keeping.NEVER
    row = connection.execute(
        select(LineItem.lineitems_url, LineItem.scopes).where(
            LineItem.resource_link_id == link.resource_link_id, LineItem.organisation_id == link.organisation_id
        )
    ).first()
    if row is None:
        return Keeping.NO_GRADES
    if not row.lineitems_url or ags.SCOPE_LINE_ITEM not in row.scopes.split():
        return Keeping.NO_SCOPE
    verdict = find_verdict(connection, link.organisation_id, link.registration_id)
    if verdict is None:
        return Keeping.UNTRIED
    return Keeping.SINGLE if verdict is Verdict.SINGLE else Keeping.SEVERAL


def list_choices(
    connection: Connection, framework: Framework | None, link: Link, *, language: str
) -> Sequence[ColumnChoice]:
    """Return what the link's activity serves, and what else has a column in its course: units first."""
    rows = {(row.subject, row.code): row for row in connection.execute(_columns_of(link))}
    counts = _counts(connection, link, [row.id for row in rows.values()])
    offered = list(offered_subjects(connection, framework, link))
    offered += [ColumnSubject(SubjectKind(kind), code) for kind, code in sorted(rows)]
    return [
        _choice(subject, _title(framework, subject, language), rows.get((subject.kind, subject.code)), counts)
        for subject in sorted(dict.fromkeys(offered), key=lambda each: each.kind is not SubjectKind.UNIT)
    ]


def offered_subjects(connection: Connection, framework: Framework | None, link: Link) -> Sequence[ColumnSubject]:
    """Return the units and knowledge points that the link's activity serves."""
    codes = link_codes(connection, framework, link)
    units = framework.units.values() if framework else ()
    found = [
        ColumnSubject(SubjectKind.UNIT, unit.code) for unit in units if not set(codes).isdisjoint(unit.knowledge_points)
    ]
    return [*found, *(ColumnSubject(SubjectKind.KNOWLEDGE_POINT, code) for code in codes)]


def choose(
    session: Session,
    framework: Framework | None,
    link: Link,
    wanted: Collection[str],
    *,
    language: str,
    now: datetime,
) -> Changed:
    """Switch on the columns whose keys are ``wanted``, and every other one of the course off.

    What was refused is tried again; keys of what is neither offered nor has a column mean nothing.
    """
    connection = session.connection()
    rows = {(row.subject, row.code): row for row in session.scalars(select(MasteryColumn).where(*_of(link)))}
    known = [*offered_subjects(connection, framework, link)]
    known += [ColumnSubject(SubjectKind(row.subject), row.code) for row in rows.values()]
    on = off = 0
    for subject in dict.fromkeys(known):
        row = rows.get((subject.kind.value, subject.code))
        if f"{subject.kind}:{subject.code}" in wanted and is_in(framework, subject):
            on += row is None or row.state == OFF
            label = f"{subject.code} {_title(framework, subject, language)}"
            _switch_on(session, link, row or _new(link, subject), label=label, language=language, now=now)
        elif row is not None and row.state != OFF:
            off += 1
            _switch_off(session, row, now)
    session.flush()
    return Changed(on=on, off=off)


def get_column(connection: Connection, link: Link, column_id: int) -> MasteryColumn:
    """Return a column of the link's course; raise ColumnGoneError for any other."""
    with Session(connection) as session:
        row = session.scalar(select(MasteryColumn).where(*_of(link), MasteryColumn.id == column_id))
    if row is None:
        raise ColumnGoneError
    return row


def resend_column(session: Session, link: Link, column_id: int, *, person: int | None, now: datetime) -> int:
    """Send again at once: one person's level whatever its state, or (None) every one that is not delivered yet.

    Grades that somebody changed in the grade book are sent again one by one only. Returns how many are sent; 0 where the
    column does not stand. Raises ColumnGoneError.
    """
    column = get_column(session.connection(), link, column_id)
    if column.state != THERE:
        return 0
    query = (
        select(MasteryColumnValue.person_id)
        .join(
            OutboxRow,
            (OutboxRow.channel == CHANNEL)
            & (OutboxRow.target == MasteryColumnValue.column_id)
            & (OutboxRow.subject == MasteryColumnValue.person_id),
            isouter=True,
        )
        .where(MasteryColumnValue.organisation_id == link.organisation_id, MasteryColumnValue.column_id == column_id)
    )
    if person is not None:
        query = query.where(MasteryColumnValue.person_id == person)
    else:
        query = query.where(outbox_decisions.has_not_arrived(), outbox_decisions.may_go_by_itself())
    people = session.scalars(query).all()
    send_now(session, link.organisation_id, people, channel=CHANNEL, target=column_id, now=now)
    return len(people)


def read_values(connection: Connection, link: Link, column_id: int) -> Mapping[int, float]:
    """Return the level that a column was last told, by person id; who has none left is not there."""
    rows = connection.execute(
        select(MasteryColumnValue.person_id, MasteryColumnValue.level).where(
            MasteryColumnValue.organisation_id == link.organisation_id,
            MasteryColumnValue.column_id == column_id,
        )
    )
    return {person: level for person, level in rows if level is not None}


def _switch_on(session: Session, link: Link, row: MasteryColumn, *, label: str, language: str, now: datetime) -> None:
    """Ask for a column that is off, refused or new; one that is being made is tried at once."""
    if row.state == THERE:
        return
    if row.state != WANTED:
        row.title, row.language, row.asked_at = label[:LONGEST_TITLE], language, now
        row.state, row.attempts, row.refusal = WANTED, 0, None
        if row.url is None:
            row.resource_link_id = link.resource_link_id
        _forget_single(session, link)
    row.next_at = now
    session.add(row)


def _switch_off(session: Session, row: MasteryColumn, now: datetime) -> None:
    """Send nothing more to a column. What was delivered last stands, and what was not is dropped."""
    row.state, row.refusal, row.next_at, row.compare_after = OFF, None, None, None
    pending = (
        OutboxRow.organisation_id == row.organisation_id,
        OutboxRow.channel == CHANNEL,
        OutboxRow.target == row.id,
        OutboxRow.state != State.DONE.value,
        OutboxRow.lease.is_(None),
    )
    never = select(OutboxRow.id).where(*pending, OutboxRow.sent_rev == 0)
    session.execute(delete(Delivery).where(Delivery.outbox_id.in_(never)))
    session.execute(delete(OutboxRow).where(OutboxRow.id.in_(never)))
    session.execute(
        update(OutboxRow)
        .where(*pending)
        .values(state=State.DONE.value, rev=OutboxRow.sent_rev, last_error=None, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    # Should it be switched on again, everybody's level is sent anew.
    session.execute(
        delete(MasteryColumnValue).where(
            MasteryColumnValue.organisation_id == row.organisation_id, MasteryColumnValue.column_id == row.id
        )
    )
    outbox_decisions.close_inbox(
        session, row.organisation_id, [(CHANNEL, row.id)], action=outbox_decisions.DISMISS, now=now
    )


def _forget_single(session: Session, link: Link) -> None:
    """Let the platform show again whether it keeps columns: it may have been changed."""
    session.execute(
        delete(ColumnProbe).where(
            ColumnProbe.organisation_id == link.organisation_id,
            ColumnProbe.registration_id == link.registration_id,
            ColumnProbe.verdict == Verdict.SINGLE.value,
        )
    )


def _new(link: Link, subject: ColumnSubject) -> MasteryColumn:
    return MasteryColumn(
        organisation_id=link.organisation_id,
        context_id=link.context_id,
        registration_id=link.registration_id,
        resource_link_id=link.resource_link_id,
        subject=subject.kind.value,
        code=subject.code,
        url=None,
        state=OFF,
    )


def _of(link: Link) -> Sequence[Any]:
    """Return the conditions that a column is one of the link's course."""
    return MasteryColumn.organisation_id == link.organisation_id, MasteryColumn.context_id == link.context_id


def _columns_of(link: Link) -> Any:
    return select(
        MasteryColumn.id,
        MasteryColumn.subject,
        MasteryColumn.code,
        MasteryColumn.state,
        MasteryColumn.refusal,
        MasteryColumn.made_at,
    ).where(*_of(link))


def _counts(connection: Connection, link: Link, columns: Sequence[int]) -> Mapping[int, Mapping[State, int]]:
    """Return how many grades of each column are in which state."""
    found: dict[int, dict[State, int]] = {column: {} for column in columns}
    rows = connection.execute(
        select(OutboxRow.target, OutboxRow.state).where(
            OutboxRow.organisation_id == link.organisation_id,
            OutboxRow.channel == CHANNEL,
            OutboxRow.target.in_(columns),
        )
    )
    for column, name in rows:
        state = State(name)
        found[column][state] = found[column].get(state, 0) + 1
    return found


def _choice(subject: ColumnSubject, title: str, row: Any, counts: Mapping[int, Mapping[State, int]]) -> ColumnChoice:
    if row is None:
        return ColumnChoice(subject=subject, title=title, counts={})
    return ColumnChoice(
        subject=subject,
        title=title,
        id=row.id,
        state=row.state,
        reason=find_reason(row.refusal),
        made_at=row.made_at,
        counts=counts[row.id],
    )


def _title(framework: Framework | None, subject: ColumnSubject, language: str) -> str:
    """Return what a subject is called; its code where the framework does not hold it any more."""
    if framework is None or not is_in(framework, subject):
        return subject.code
    holder: Mapping[str, Any] = framework.units if subject.kind is SubjectKind.UNIT else framework.knowledge_points
    title: Text = holder[subject.code].title
    return title[language]
