"""Reflections that teachers of the course read and answer: only what was written on a page that said so.

Text and reply are under the learner's data key. Nobody reads what was written when nobody else could read it, or what its
learner has taken back, until it is saved again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import FlippedReply, FlippedText, FlippedUnit
from lti_tool.services.courses.members import Link, Member, get_member, list_members
from lti_tool.services.courses.staff import list_staff
from lti_tool.services.flipped.texts import REFLECTION, TextRefusedError, Writer
from lti_tool.services.people.learner_keys import open_text, sealed_text
from lti_tool.services.people.roles import Permission, may
from lti_tool.services.records.records import RecordMissingError
from qualoop.classroom.flipped_unit import UnitRefusedError

LONGEST_REPLY: Final = 1000
"""Characters of a reply."""


class ReflectionChangedError(UnitRefusedError):
    """The reflection was changed or taken back, or answered by somebody else, since the page was read that was sent."""

    code = "reflection-changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a teacher answered; ``author`` is the name, None where the platform tells none or who it was has left."""

    words: str
    written_at: datetime
    author: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reflection:
    """What a learner wrote at the end of a unit, and the reply to it, None before there is one."""

    member: Member
    words: str
    written_at: datetime
    reply: Reply | None

    @property
    def seen(self) -> str:
        """Return what a reply to it must name: which text and which reply were read."""
        return _seen(self.written_at, self.reply.written_at if self.reply else None)

    @property
    def has_changed(self) -> bool:
        """Say whether it was changed after it was answered."""
        return self.reply is not None and self.written_at > self.reply.written_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Reflections:
    """A class at the end of a unit: who wrote, what waits for an answer first; who keeps it private; who did not write."""

    written: Sequence[Reflection]
    private: Sequence[Member]
    silent: Sequence[Member]

    @property
    def learners(self) -> int:
        """Return how many learners there are."""
        return len(self.written) + len(self.private) + len(self.silent)

    @property
    def answered(self) -> int:
        """Return how many were answered."""
        return sum(each.reply is not None for each in self.written)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReflection:
    """What a learner sees of the own reflection: whether teachers read it, and the reply."""

    is_shared: bool
    reply: Reply | None


def read_reflections(session: Session, unit: FlippedUnit, link: Link, *, secret: str) -> Reflections:
    """Return what the learners of the link's course wrote at the end of a unit.

    Whoever may read them is for the caller to check. Of who was erased or has left the course there is nothing.
    """
    members = list_members(session.connection(), link)
    rows = {
        row.person_id: row
        for row in session.scalars(
            select(FlippedText).where(
                FlippedText.organisation_id == unit.organisation_id,
                FlippedText.flipped_unit_id == unit.id,
                FlippedText.kind == REFLECTION,
            )
        )
    }
    replies = _replies(session, unit)
    staff = list_staff(session.connection(), link, lambda roles: may(roles, Permission.READ_REFLECTIONS))
    names = {each.person_id: each.name for each in staff}
    written, private, silent = [], [], []
    for member in members:
        row = rows.get(member.subject.person_id)
        if row is None:
            silent.append(member)
            continue
        writer = _writer(member, secret)
        words = open_text(session.connection(), writer.owner, row.text_sealed) if row.is_shared else None
        if words is None:
            private.append(member)
            continue
        reply = _opened(session, replies.get(member.subject.person_id), writer, names)
        written.append(Reflection(member=member, words=words, written_at=row.written_at, reply=reply))
    written.sort(key=lambda each: each.reply is not None and not each.has_changed)
    return Reflections(written=written, private=private, silent=silent)


def write_reply(
    session: Session,
    unit: FlippedUnit,
    link: Link,
    learner: str,
    *,
    words: str,
    seen: str,
    author_id: int,
    secret: str,
    now: datetime,
) -> None:
    """Answer the reflection of a learner, by pseudonym, in place of an earlier answer; an empty one takes it back.

    ``seen`` is `Reflection.seen` of what the author has read. Raises RecordMissingError for who is no learner of the course
    or has written nothing, ReflectionChangedError where there is something else by now or nothing that teachers read,
    TextRefusedError for more than LONGEST_REPLY characters.
    """
    member = get_member(session.connection(), link, learner)
    text = _text(session, unit, member.subject.person_id, locked=True)
    if text is None or not (text.is_shared or seen):
        raise RecordMissingError
    row = _replies(session, unit, member.subject.person_id).get(member.subject.person_id)
    if not text.is_shared or seen != _seen(text.written_at, row.written_at if row else None):
        raise ReflectionChangedError("reflection")
    words = words.replace("\r\n", "\n").replace("\0", "").strip()
    if len(words) > LONGEST_REPLY:
        raise TextRefusedError
    if not words:
        if row is not None:
            session.delete(row)
        return
    if row is None:
        row = FlippedReply(
            organisation_id=unit.organisation_id, flipped_unit_id=unit.id, person_id=member.subject.person_id
        )
        session.add(row)
    row.text_sealed = sealed_text(session.connection(), _writer(member, secret).owner, words, now)
    row.author_id, row.written_at = author_id, now
    session.flush()


def take_back(session: Session, unit: FlippedUnit, writer: Writer) -> None:
    """Let nobody else read what a learner wrote from now on, and drop the reply to it; the step stays done."""
    text = _text(session, unit, writer.person_id, locked=True)
    if text is None:
        return
    text.is_shared = False
    for row in _replies(session, unit, writer.person_id).values():
        session.delete(row)
    session.flush()


def own_reflection(session: Session, unit: FlippedUnit, writer: Writer) -> OwnReflection:
    """Return who reads what a learner wrote, and what was answered."""
    text, row = _text(session, unit, writer.person_id), _replies(session, unit, writer.person_id).get(writer.person_id)
    return OwnReflection(is_shared=text is not None and text.is_shared, reply=_opened(session, row, writer, {}))


def _text(session: Session, unit: FlippedUnit, person_id: int, *, locked: bool = False) -> FlippedText | None:
    """Return a learner's reflection; ``locked``, nobody else changes or answers it before the end of the transaction."""
    query = select(FlippedText).where(
        FlippedText.organisation_id == unit.organisation_id,
        FlippedText.flipped_unit_id == unit.id,
        FlippedText.person_id == person_id,
        FlippedText.kind == REFLECTION,
    )
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def _seen(written: datetime, answered: datetime | None) -> str:
    return f"{written.isoformat()}/{answered.isoformat() if answered else ''}"


def _replies(session: Session, unit: FlippedUnit, person_id: int | None = None) -> dict[int, FlippedReply]:
    """Return the replies of a unit, or the one to a person, by person."""
    query = select(FlippedReply).where(
        FlippedReply.organisation_id == unit.organisation_id, FlippedReply.flipped_unit_id == unit.id
    )
    if person_id is not None:
        query = query.where(FlippedReply.person_id == person_id)
    return {row.person_id: row for row in session.scalars(query)}


def _opened(session: Session, row: FlippedReply | None, writer: Writer, names: dict[int, str | None]) -> Reply | None:
    words = open_text(session.connection(), writer.owner, row.text_sealed) if row else None
    if row is None or words is None:
        return None
    return Reply(words=words, written_at=row.written_at, author=names.get(row.author_id))


def _writer(member: Member, secret: str) -> Writer:
    subject = member.subject
    return Writer(
        organisation_id=subject.organisation_id, person_id=subject.person_id, uuid=subject.uuid, secret=secret
    )
