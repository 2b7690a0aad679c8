"""The page of one table: what is wrong with it, what its columns are, whose rows wait, and how it is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import PurePath
from typing import Any, Final

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session as DbSession
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.models import MarkFile
from lti_tool.services.classes.sessions import ClassMissingError, list_sessions
from lti_tool.services.courses.members import list_members
from lti_tool.services.people.roles import Permission
from lti_tool.services.people.sessions import NotAllowedError
from lti_tool.services.sheets import marks_files, marks_import, marks_left, marks_tasks
from lti_tool.services.sheets.marks_files import Bringer, Kept, MarkFileMovedError, MarkFileTwiceError, known_people
from lti_tool.services.sheets.marks_files_states import READ
from lti_tool.services.sheets.marks_import import MarkImport
from lti_tool.services.sheets.marks_settling import RowRefusedError
from lti_tool.views.guards import Session, runtime
from lti_tool.views.marks_words import (
    MEANINGS,
    OF_ATTENDANCE,
    OF_MARKS,
    SUGGESTED,
    TABLE_REFUSED,
    TROUBLES,
    table_words,
)
from lti_tool.views.teaching import link_of
from qualoop.classroom.mark_heads import ATTENDANCE
from qualoop.classroom.mark_tables import ReadTable, Trouble
from qualoop.classroom.row_matching import suggest
from qualoop.classroom.session import ClassRefusedError, SessionState
from qualoop.values import find_whole

LEAVE: Final = "leave:"
LEFT: Final = "left"
MOST_SHOWN: Final = 60
MOST_SAMPLES: Final = 5
MOST_COLUMNS: Final = 16
_MOST_DIGITS: Final = 14
UNPROCESSABLE: Final = 422


def table_page(
    session: Session, table: str, *, refused: str = "", done: str = "", chosen: Mapping[int, str] | None = None
) -> str:
    """Return the page of a table; ``chosen`` is who stands as chosen for rows that wait."""
    words = table_words(session)
    if refused:
        words["refused"] = TABLE_REFUSED[refused]
    context = _context(session, table)
    done = done or request.args.get("done", "")
    return render_template("marks_file.html", done=done, chosen=chosen or {}, **context, **words)


def _context(session: Session, table: str) -> dict[str, Any]:
    by = bringer(session)
    with runtime().database.reading() as reading:
        row = marks_files.get_file(reading, by.link, table)
        kept, found = marks_files.find_kept(reading, by, row), marks_files.read_file(reading, by, row)
        members = list_members(reading.connection(), by.link)
        context = {
            **_dry_run(reading, by, row, found, language=session.language),
            **_whose(reading, by, row, found),
            "columns": _columns(kept, found) if row.state == READ else (),
            "tasks": _offered(reading, session) if row.state == READ and row.kind != ATTENDANCE else (),
            "left": marks_left.list_left(reading, by, row, most=MOST_SHOWN),
            "left_count": marks_left.count_left(reading, [row]).get(row.uuid, 0),
            **_classes(reading, by, row),
        }
    listed = {entry.learner for entry in found.entries}
    return {
        "session": session,
        "here": "teaching",
        "row": row,
        "members": members,
        "names": {member.subject.uuid: member.name or member.short for member in members},
        "unlisted": sum(member.subject.uuid not in listed for member in members),
        "class_title": PurePath(row.name).stem,
        "meanings": {**MEANINGS, **(OF_ATTENDANCE if row.kind == ATTENDANCE else OF_MARKS)},
        "troubles": TROUBLES,
        "suggested": SUGGESTED,
        "may_apply": session.may(Permission.RELEASE_MARKS),
        **context,
    }


def _dry_run(reading: DbSession, by: Bringer, row: MarkFile, found: ReadTable, *, language: str) -> dict[str, Any]:
    counted = marks_import.counted(row, found)
    tasks = {} if row.kind == ATTENDANCE else marks_tasks.list_tasks(reading, row.organisation_id)
    samples = [] if row.kind == ATTENDANCE else counted.entries[:MOST_SAMPLES]
    return {
        "entries": len(found.entries),
        "learners": len({each.learner for each in counted.entries}),
        "skipped": len(found.entries) - len(counted.entries),
        "samples": [(each.learner, tasks[each.part].label(language), each.score) for each in samples],
        "is_twice": row.state == READ and marks_import.stands_already(reading, by, row),
        "twice": TABLE_REFUSED["mark-file-twice"],
        "is_sure": found.is_sure,
    }


def _whose(reading: DbSession, by: Bringer, row: MarkFile, found: ReadTable) -> dict[str, Any]:
    """Return what is wrong with a read table, apart from the rows of which a person could say whose they are."""
    if row.state != READ:
        return {"problems": (), "unknown": (), "near": {}}
    wrong = [each for each in found.problems if each.trouble.is_about_whom and each.trouble is not Trouble.ROW_TWICE]
    shown, people = wrong[:MOST_SHOWN], known_people(reading, by.link)
    return {
        "problems": [each for each in found.problems if each not in wrong][:MOST_SHOWN],
        "unknown": shown,
        "near": {each.row: suggest(each.told, people) for each in shown},
    }


def _columns(kept: Kept | None, found: ReadTable) -> Sequence[Mapping[str, Any]]:
    """Return the columns that say anything, those first that are taken for nothing yet: title, meaning, two cells."""
    if kept is None:
        return ()
    table = kept.table
    told = [
        {"index": index, "title": title, "meaning": kept.columns.get(index) or meaning, "cells": cells[:2]}
        for index, (title, meaning) in enumerate(zip(table.header, found.meanings, strict=True))
        if (cells := [row[index] for row in table.rows if row[index]])
    ]
    return sorted(told, key=lambda each: bool(each["meaning"]))[:MOST_COLUMNS]


def _offered(reading: DbSession, session: Session) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """Return the tasks that a column can be of, by activity: title, then name and head of each."""
    tasks = [each for each in marks_tasks.list_tasks(reading, session.organisation_id).values() if each.is_offered]
    return [
        (own[0].title[session.language], [(each.name, each.head(session.language)) for each in own])
        for own in (list(group) for _, group in groupby(tasks, key=lambda each: each.activity))
    ]


def _classes(reading: DbSession, by: Bringer, row: MarkFile) -> dict[str, Any]:
    """Return the classes that a table of attendance can be of, and the only one that was held on its day."""
    if row.state != READ or row.kind != ATTENDANCE:
        return {"classes": (), "class_of_day": ""}
    over = [each for each in list_sessions(reading, by.link) if each.state == SessionState.CLOSED]
    held = [each.uuid for each in over if (each.opened_at or each.created_at).date() == row.held_at.date()]
    return {"classes": over, "class_of_day": held[0] if len(held) == 1 else ""}


def change(
    session: Session, table: str, do: Callable[[DbSession, MarkFile], str], *, chosen: Mapping[int, str] | None = None
) -> AnyResponse:
    """Change a table in one transaction, and say what came of it.

    What was ``chosen`` for rows that go on waiting stands on the page, since it would have to be chosen again.
    """
    if not session.may(Permission.VIEW_CLASS):
        raise NotAllowedError
    try:
        with runtime().database.transaction() as transaction:
            done = do(transaction, marks_files.get_file(transaction, link_of(session), table, locked=True))
    except (MarkFileMovedError, MarkFileTwiceError, ClassMissingError, ClassRefusedError) as error:
        return _back(session, table, refused=error.code)
    except RowRefusedError as error:
        page = table_page(session, table, refused=error.reason, chosen=chosen)
        return Response(page, UNPROCESSABLE)
    if done == LEFT and chosen:
        return Response(table_page(session, table, done=done, chosen=chosen))
    return _back(session, table, done=done) if done else _back(session, table, refused="nothing")


def chosen_in(prefix: str) -> dict[int, str]:
    """Return what a form says for numbers: `row-7=…` -> 7; empty choices are none."""
    return {
        number: value
        for field, value in request.form.items()
        if field.startswith(prefix) and (number := find_number(field.removeprefix(prefix))) is not None and value
    }


def find_number(text: str) -> int | None:
    """Return the number of a row or column, None for a text that is none."""
    return find_whole(text, _MOST_DIGITS)


def importer(session: Session, transaction: DbSession, row: MarkFile) -> MarkImport:
    """Return a table as an import in the name of who looks at it."""
    framework = runtime().contents.find_framework(transaction.connection(), session.organisation_id)
    return MarkImport(row=row, by=bringer(session), framework=framework)


def bringer(session: Session) -> Bringer:
    """Return who looks at tables, of which course."""
    return Bringer(link=link_of(session), actor=session.person_uuid, secret=runtime().settings.secret_key)


def _back(session: Session, table: str, **said: Any) -> AnyResponse:
    return redirect(url_for("marks_files.show_one", launch=session.uuid, table=table, **said), 303)
