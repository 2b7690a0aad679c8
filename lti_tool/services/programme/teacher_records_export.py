"""A teacher's record as a file for a title review: rows for spreadsheets, and JSON for programs. Holds what the page shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

from lti_tool.services.programme.teacher_records import EntryLine
from lti_tool.services.programme.teacher_records_built import BuiltLine
from qualoop.classroom.assessors import Qualification, is_double_qualified
from qualoop.records.teacher_record import EntryState, Indicators
from qualoop.spreadsheet_cells import Value

FORMAT: Final = "qualoop-teacher-record"
FORMAT_VERSION: Final = 1
SHOWN: Final = (EntryState.CONFIRMED, EntryState.CLAIMED, EntryState.REFUSED)


def record_rows(
    entries: Sequence[EntryLine],
    built: Sequence[BuiltLine],
    qualifications: Sequence[Qualification],
    *,
    holder: str,
    name: Callable[[str], str],
    language: str,
) -> list[Sequence[Value]]:
    """Return a row for each entry, thing built and qualification.

    A row: sort, what, where, from, until, days, state, who confirmed, link, ``holder``: the name of whose record it is.
    ``name`` words sorts and states.
    """
    rows: list[Sequence[Value]] = []
    for line in entries:
        body, state = line.entry.body, line.entry.state
        if state in SHOWN:
            period = (body.starts.isoformat(), body.ends.isoformat())
            rows.append((name(body.kind), body.title, body.place, *period, body.days, name(state), line.by, body.link))
    for each in qualifications:
        until = each.holds_until.isoformat() if each.holds_until else None
        dates = (each.holds_from.isoformat(), until)
        rows.append((name(each.kind), each.title, each.issuer, *dates, None, name(qualification_state(each)), "", ""))
    for thing in built:
        day = thing.at.date().isoformat()
        rows.append(
            (name(f"built-{thing.kind}"), thing.title[language], thing.course, day, day, None, name("derived"), "", "")
        )
    return [(*row, holder) for row in rows]


def record_document(
    holder: str,
    entries: Sequence[EntryLine],
    built: Sequence[BuiltLine],
    qualifications: Sequence[Qualification],
    *,
    name: str | None,
    found: Indicators,
    now: datetime,
) -> bytes:
    """Return the record as JSON in UTF-8; ``holder`` is the pseudonym of whose it is, ``name`` None where none is told."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "holder": holder,
        "name": name,
        "exported_at": now.isoformat(),
        "double_qualified": is_double_qualified(qualifications, now.date()),
        "indicators": asdict(found),
        "entries": [_entry(line) for line in entries if line.entry.state in SHOWN],
        "qualifications": [_qualification(each) for each in qualifications],
        "built": [
            {
                "kind": thing.kind.value,
                "title": dict(thing.title.by_language),
                "course": thing.course,
                "at": thing.at.isoformat(),
            }
            for thing in built
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2).encode()


def qualification_state(each: Qualification) -> str:
    """Return the word for where a qualification stands: confirmed, claimed or withdrawn."""
    return "withdrawn" if each.withdrawn_by else "confirmed" if each.confirmed_by else "claimed"


def _entry(line: EntryLine) -> dict[str, Any]:
    body = line.entry.body
    return {
        "kind": body.kind.value,
        "title": body.title,
        "place": body.place,
        "starts": body.starts.isoformat(),
        "ends": body.ends.isoformat(),
        "days": body.days,
        "link": body.link,
        "state": line.entry.state.value,
        "decided_by": line.by,
        "document": line.document.name if line.document else None,
    }


def _qualification(each: Qualification) -> dict[str, Any]:
    return {
        "kind": each.kind.value,
        "title": each.title,
        "issuer": each.issuer,
        "from": _day(each.holds_from),
        "until": _day(each.holds_until),
        "state": qualification_state(each),
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
