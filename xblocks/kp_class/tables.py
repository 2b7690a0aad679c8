"""A table in a class block: read, what it would change said in words, taken over at once, taken back by the journal."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qualoop.assessment.marking import MarkSheet
from qualoop.assessment.rubric import Rubric
from qualoop.classroom.class_marks import Scheme, fitting_sheet, points_in, sheet_in
from qualoop.classroom.mark_heads import identity_of
from qualoop.classroom.mark_tables import Problem, Trouble
from qualoop.classroom.register import CHECKED_AT, IMPORT, LINK, PRESENCE, RELEASED, RUBRIC, SCORE, Register
from qualoop.classroom.register_tables import ReadRegister, read_register
from qualoop.classroom.tables import Table, TableRefusedError, read_csv
from qualoop.spreadsheet_cells import Value, as_csv
from xblocks.common.register_people import Somebody, added_key, cleaned_name
from xblocks.kp_class.acts import TABLE, ActRefusedError, Deed, Said, Shown
from xblocks.kp_class.words import FIELDS, PRESENCES

MAX_TABLE: Final = 500_000
MOST_SHOWN: Final = 60


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


HEADS: Final = (_("Learner"), _("Username"), _("Pseudonym"), _("Attendance"), _("Checked in"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What a table would change: ``data`` is the table itself as base64, ``added`` are people whom it brings, by key."""

    data: str
    found: ReadRegister
    added: Mapping[str, str]
    people: Sequence[Somebody]
    adds: bool


def preview(deed: Deed) -> Shown:
    """Read a table and show what it would change; nothing is written."""
    return Shown(panel=TABLE, table=_dry_run(deed, deed.register))


def apply(deed: Deed) -> Shown:
    """Take a table over, all of it or nothing; what somebody changed since the dry run is a conflict."""
    said: list[DryRun] = []

    def make(it: Register) -> Register:
        run = _dry_run(deed, it)
        said[:] = [run]
        for key, name in run.added.items():
            it = it.met(key, name)
        return it.changed(run.found.changes, deed.action(IMPORT))

    deed.change(make)
    run = said[0]
    if not run.found.changes and not run.added:
        raise ActRefusedError("nothing")
    learners = len({change.learner for change in run.found.changes})
    done = Said(code="imported", tone="good", count=learners)
    left = tuple(_left(run.found))
    return Shown(said=(done, Said(code="rows-left", tone="partly", rows=left)) if left else (done,))


def _left(found: ReadRegister) -> Iterator[str]:
    """Give the rows that were nobody's for sure, by number and name: a block keeps none of them."""
    for problem in found.problems:
        if isinstance(problem, Problem) and problem.trouble.is_about_whom:
            yield f"{problem.row}: {problem.text}" if problem.text else str(problem.row)


def _dry_run(deed: Deed, register: Register) -> DryRun:
    data = _data(deed.form)
    try:
        table = read_csv(data)
    except TableRefusedError as error:
        raise ActRefusedError(f"table-{error.reason}") from error
    people, adds = deed.people(), "add" in deed.form
    known = [who.known() for who in people]
    found = read_register(table, register, deed.scheme, known)
    added: dict[str, str] = {}
    if adds:
        added = dict(_newcomers(table, found))
        known += [Somebody(key=key, name=name).known() for key, name in added.items()]
        found = read_register(table, register, deed.scheme, known)
    return DryRun(
        data=base64.b64encode(data).decode("ascii"),
        found=found,
        added=added,
        people=[*people, *(Somebody(key=key, name=name) for key, name in added.items())],
        adds=adds,
    )


def _data(form: Mapping[str, str]) -> bytes:
    """Return the table of a form: a file as base64, else what was pasted; raise ActRefusedError."""
    encoded, pasted = form.get("data", ""), form.get("table", "")
    try:
        data = base64.b64decode(encoded, validate=True) if encoded else pasted.encode()
    except (binascii.Error, ValueError) as error:
        raise ActRefusedError("table-unreadable") from error
    if not data.strip():
        raise ActRefusedError("no-table")
    if len(data) > MAX_TABLE:
        raise ActRefusedError("table-too-large")
    return data


def _newcomers(table: Table, found: ReadRegister) -> Iterator[tuple[str, str]]:
    """Give key and name of people whom nobody here is called like, where a row names one by name."""
    column = next((index for index, head in enumerate(table.header) if identity_of(head) == "name"), None)
    unknown = {problem.row for problem in found.problems if problem.trouble == Trouble.UNKNOWN}
    for number, row in zip(table.numbers, table.rows, strict=True):
        name = cleaned_name(row[column]) if column is not None else ""
        if number in unknown and name:
            yield added_key(name), name


def said_changes(block: Any, run: DryRun, register: Register, scheme: Scheme) -> list[dict[str, str]]:
    """Return what a table would change, in words: who, what, from what, to what."""
    names = {who.key: who.name for who in run.people}
    say = block.ugettext
    return [
        {
            "who": names.get(change.learner, ""),
            "what": say(FIELDS[change.field]),
            "before": cell_words(block, change.field, register.value(change.learner, change.field), scheme.rubric),
            "after": cell_words(block, change.field, change.value, scheme.rubric),
        }
        for change in run.found.changes[:MOST_SHOWN]
    ]


def cell_words(block: Any, field: str, value: Any, rubric: Rubric | None) -> str:
    """Return what a cell holds, as staff read it; empty for nothing."""
    if value is None:
        return ""
    if field == PRESENCE:
        return str(block.ugettext(next(words for mark, words in PRESENCES.items() if mark == value)))
    if field == SCORE:
        return " · ".join(part for part in (value.get("points", ""), value.get("comment", "")) if part)
    if field == RUBRIC and rubric is not None:
        return "; ".join(_row_words(block, value, rubric))
    return str(value) if field == LINK else ""


def _row_words(block: Any, value: Any, rubric: Rubric) -> Iterator[str]:
    sheet, language = sheet_in(value), block.language()
    for row in rubric.rows:
        level = sheet.level_of(row.key)
        if level is not None and level < len(row.levels):
            yield f"{row.title[language]}: {row.levels[level].title[language]}"


def as_table(block: Any, register: Register, scheme: Scheme, people: Sequence[Somebody], *, is_empty: bool) -> bytes:
    """Return the register as CSV; ``is_empty`` leaves the cells out that one fills in: a template."""
    say, language = block.ugettext, block.language()
    rows = scheme.rubric.rows if scheme.rubric is not None else ()
    heads = [say(head) for head in HEADS] + [row.title[language] for row in rows]
    heads += [say(_("Points")), say(_("Comment"))] if scheme.full else []
    heads += [say(_("Link")), say(_("Released"))]
    lines: list[Sequence[Value]] = [heads]
    for who in people:
        cells = [""] * (len(heads) - 3) if is_empty else list(_cells(block, register, scheme, who))
        lines.append([who.name, who.username, who.key, *cells])
    return as_csv(lines)


def _cells(block: Any, register: Register, scheme: Scheme, who: Somebody) -> Iterator[Value]:
    mark = register.presence_of(who.key)
    is_known = bool(register.value(who.key, PRESENCE) or register.value(who.key, CHECKED_AT))
    yield block.ugettext(PRESENCES[mark]) if is_known else ""
    checked = register.value(who.key, CHECKED_AT)
    yield checked[:16].replace("T", " ") if checked else ""
    rubric = scheme.rubric
    sheet = fitting_sheet(rubric, register.value(who.key, RUBRIC)) if rubric is not None else MarkSheet()
    for row in rubric.rows if rubric is not None else ():
        level = sheet.level_of(row.key)
        yield "" if level is None else level + 1
    if scheme.full:
        score = register.value(who.key, SCORE)
        points = points_in(score)
        yield "" if points is None else format(points, "f")
        yield " ".join((score or {}).get("comment", "").split())
    yield register.value(who.key, LINK) or ""
    released = register.value(who.key, RELEASED)
    yield released["share"] if released else ""


TABLE_ACTS: Final = {"table": preview, "apply": apply}
