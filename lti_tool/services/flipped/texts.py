"""What learners write in a flipped unit: what is still unclear, and a reflection; each under the learner's own data key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import FlippedText, FlippedUnit, Person
from lti_tool.services.people.learner_keys import KeyOwner, open_text, sealed_text
from qualoop.classroom.flipped_unit import UnitRefusedError

MUDDIEST: Final = "muddiest"
REFLECTION: Final = "reflection"
LONGEST: Final = {MUDDIEST: 1000, REFLECTION: 4000}


class TextRefusedError(UnitRefusedError):
    """A text is too long, or there is none where one is needed."""

    code = "flipped-text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Whose text: ``uuid`` is the learner's pseudonym, ``secret`` the installation's."""

    organisation_id: int
    person_id: int
    uuid: str
    secret: str

    @property
    def owner(self) -> KeyOwner:
        """Return whose key it is under."""
        return KeyOwner(organisation_id=self.organisation_id, learner=self.uuid, secret=self.secret)


def write(
    session: Session,
    unit: FlippedUnit,
    writer: Writer,
    words: str,
    *,
    kind: str,
    now: datetime,
    is_shared: bool = False,
) -> None:
    """Keep what a learner wrote, in place of what was written before; an empty muddiest point takes it away.

    ``is_shared`` says that the page told the learner that teachers read it with the name. Raises TextRefusedError for more characters than are taken, and for an empty reflection.
    """
    words = words.replace("\r\n", "\n").strip()
    if len(words) > LONGEST[kind] or (kind == REFLECTION and not words):
        raise TextRefusedError(kind)
    row = _find(session, unit, writer.person_id, kind)
    if not words:
        if row is not None:
            session.delete(row)
        return
    sealed = sealed_text(session.connection(), writer.owner, words, now)
    if row is None:
        row = FlippedText(
            organisation_id=unit.organisation_id, flipped_unit_id=unit.id, person_id=writer.person_id, kind=kind
        )
        session.add(row)
    row.text_sealed, row.written_at, row.is_shared = sealed, now, is_shared
    session.flush()


def own_texts(session: Session, unit: FlippedUnit, writer: Writer) -> dict[str, str]:
    """Return what a learner wrote, by kind."""
    found = {}
    for kind in LONGEST:
        row = _find(session, unit, writer.person_id, kind)
        words = open_text(session.connection(), writer.owner, row.text_sealed) if row else None
        if words is not None:
            found[kind] = words
    return found


def list_muddiest(session: Session, unit: FlippedUnit, people: set[int], *, secret: str) -> list[str]:
    """Return what is still unclear to some people of the course, without saying to whom."""
    rows = session.execute(
        select(FlippedText.person_id, FlippedText.text_sealed, Person.uuid)
        .join(Person, Person.id == FlippedText.person_id)
        .where(
            FlippedText.organisation_id == unit.organisation_id,
            FlippedText.flipped_unit_id == unit.id,
            FlippedText.kind == MUDDIEST,
        )
    )
    connection = session.connection()
    found = (
        open_text(connection, KeyOwner(organisation_id=unit.organisation_id, learner=learner, secret=secret), sealed)
        for person, sealed, learner in rows.all()
        if person in people
    )
    return sorted(words for words in found if words)


def _find(session: Session, unit: FlippedUnit, person_id: int, kind: str) -> FlippedText | None:
    return session.scalar(
        select(FlippedText).where(
            FlippedText.organisation_id == unit.organisation_id,
            FlippedText.flipped_unit_id == unit.id,
            FlippedText.person_id == person_id,
            FlippedText.kind == kind,
        )
    )
