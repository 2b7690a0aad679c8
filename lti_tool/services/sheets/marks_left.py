"""Rows of a recorded table that are nobody's for sure: they stay, encrypted, and wait in the inbox for a person."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import InboxItem, MarkFile
from lti_tool.services.mechanisms import inbox
from lti_tool.services.sheets.marks_files import Bringer, Kept, find_kept, known_people, read_file, read_kept
from lti_tool.services.sheets.marks_files_states import APPLIED
from qualoop.classroom.mark_heads import ID_HEADS, IGNORED
from qualoop.classroom.mark_tables import Problem, ReadTable, Trouble
from qualoop.classroom.row_matching import Suggestion, suggest

REASON: Final = "table-rows-waiting"
_SETTLED: Final = "settled"
_TEACHER: Final = "teacher"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftRow:
    """A row that waits: what it says (head, cell), why it is nobody's for sure, and whom it may mean.

    ``trouble`` is None where it is somebody's for sure by now: of a learner who has come into the course since, say.
    With ``faults``, which are of its cells, it cannot be recorded.
    """

    number: int
    text: str
    trouble: Trouble | None
    cells: Sequence[tuple[str, str]]
    suggestions: Sequence[Suggestion]
    faults: Sequence[Problem]


def rows_left(session: Session, by: Bringer, row: MarkFile) -> Kept | None:
    """Return the table with those of its rows alone that say something and are nobody's for sure; None without any.

    What its columns are stays as all of the table had it.
    """
    kept, found = find_kept(session, by, row), read_file(session, by, row)
    if kept is None:
        return None
    said = [index for index, meaning in enumerate(found.meanings) if meaning and meaning not in ID_HEADS]
    telling = {number for number, cells in kept.lines() if any(cells[index] for index in said)}
    nobodys = {each.row for each in found.problems if each.trouble.is_about_whom}
    meanings = {index: meaning or IGNORED for index, meaning in enumerate(found.meanings)}
    left = replace(kept.only(frozenset(telling & nobodys)), columns=meanings)
    return left if left.table.rows else None


def list_left(session: Session, by: Bringer, row: MarkFile, *, most: int) -> Sequence[LeftRow]:
    """Return the rows of a recorded table that wait, in their order."""
    kept = find_kept(session, by, row) if row.state == APPLIED else None
    if kept is None:
        return ()
    found, people = read_kept(session, by, row, kept, matches={}), known_people(session, by.link)
    wrong: Mapping[int, Problem] = {each.row: each for each in found.problems if each.trouble.is_about_whom}
    sure = {each.row: each.learner for each in found.entries}
    said = [index for index, meaning in enumerate(found.meanings) if meaning and meaning not in ID_HEADS]
    named = [index for index, meaning in enumerate(found.meanings) if meaning in ID_HEADS]
    rows = []
    for number, cells in kept.lines()[:most]:
        problem = wrong.get(number)
        near = suggest(problem.told, people) if problem else ()
        rows.append(
            LeftRow(
                number=number,
                text=", ".join(cells[index] for index in named if cells[index]),
                trouble=problem.trouble if problem else None,
                cells=[(kept.table.header[index], cells[index]) for index in said if cells[index]],
                suggestions=[Suggestion(learner=sure[number], by="now")] if number in sure else near,
                faults=faults_of(found, {number}),
            )
        )
    return rows


def faults_of(found: ReadTable, numbers: Container[int]) -> Sequence[Problem]:
    """Return what is wrong with the cells of some rows."""
    return [each for each in found.problems if each.row in numbers and not each.trouble.is_about_whom]


def count_left(session: Session, rows: Sequence[MarkFile]) -> dict[str, int]:
    """Return how many rows of some tables of one organisation wait, by uuid; of those alone of which any do."""
    kept = {row.uuid: row.organisation_id for row in rows if row.state == APPLIED and row.table_sealed is not None}
    items = select(InboxItem.subject, InboxItem.details).where(
        InboxItem.organisation_id.in_(set(kept.values())), InboxItem.reason == REASON, InboxItem.subject.in_(kept)
    )
    return {subject: int(details["rows"]) for subject, details in session.execute(items)} if kept else {}


def note_left(session: Session, row: MarkFile, count: int, *, now: datetime) -> None:
    """Put into the inbox how many rows of a table wait, or close it there."""
    if count:
        inbox.put(
            session,
            organisation_id=row.organisation_id,
            reason=REASON,
            subject=row.uuid,
            details={"rows": count, "table": row.uuid},
            owner_role=_TEACHER,
            actions=["dismiss"],
            now=now,
        )
        return
    item = _item(session, row)
    if item is not None and item.state == inbox.OPEN:
        item.state, item.resolved_at, item.resolution = inbox.RESOLVED, now, _SETTLED
        session.flush()


def _item(session: Session, row: MarkFile) -> InboxItem | None:
    return session.scalar(
        select(InboxItem).where(
            InboxItem.organisation_id == row.organisation_id,
            InboxItem.reason == REASON,
            InboxItem.subject == row.uuid,
        )
    )
