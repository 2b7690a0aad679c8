"""The end of a class says which inboxes of its course are not empty: of paper and tables here."""

from __future__ import annotations

import html
import re
from dataclasses import replace

from lti_tool.services.sheets.course_inbox import PaperWaiting, count_waiting
from lti_tool.services.sheets.marks_files import MARKS
from tests.factories.class_sessions import Classroom, open_classroom
from tests.factories.classrooms import LESSON, enter
from tests.factories.mark_tables import bring, change_table
from tests.factories.paper_halls import Hall

TABLE = f"Student number,{LESSON}/same-meaning\nada,7\nghost,3\nnobody,4\n".encode()
NOTHING = PaperWaiting(unread=0, unrecorded=0, unclear=0, rows=0)


def room_of(hall: Hall) -> Classroom:
    """Return a class of the hall's course that is on."""
    room = Classroom(hall.tool, "hall", enter(hall.tool, "t", role="teacher"))
    room.plan()
    room.do("open")
    return room


def waiting(page: str) -> list[tuple[str, str]]:
    """Return what a page says that waits, with where it leads."""
    _, found, rest = page.partition("Still waiting in this course:")
    lines = (
        re.findall(r'<li[^>]*><a href="[^"]*?/class/([^"]*)">([^<]*)</a>', rest.partition("</ul>")[0]) if found else []
    )
    return [(where, html.unescape(line)) for where, line in lines]


def asked(room: Classroom) -> list[tuple[str, str]]:
    return waiting(room.teacher.get(f"class/sessions/{room.row().uuid}/end").text)


def counted(hall: Hall, **changes: int) -> PaperWaiting:
    with hall.tool.runtime.database.reading() as session:
        return count_waiting(session, replace(hall.link, **changes))


def test_what_waits_is_said_before_the_end_and_after_it(hall: Hall) -> None:
    room = room_of(hall)
    assert asked(room) == []
    # Of two sheets one is answered, the other one is not.
    upload = hall.upload([hall.scan(0, hall.right()), hall.scan(1, {})])
    assert asked(room) == [("paper/#back", "2 scanned pages are not read yet")]
    hall.read()
    lines = [
        ("paper/#back", "1 upload of sheets is read, but not recorded yet"),
        ("paper/#back", "1 page or answer on paper waits for a decision"),
    ]
    assert asked(room) == lines
    change_table(hall, bring(hall, TABLE, kind=MARKS, full=10))
    lines.append(("paper/tables/", "2 rows of tables are nobody’s for sure"))
    assert asked(room) == lines
    assert waiting(room.console()) == []
    # It is said, and hinders nothing.
    room.do("close")
    assert room.row().state == "closed"
    assert waiting(room.console()) == lines
    hall.change(upload)
    assert waiting(room.console()) == lines[1:]
    hall.change(upload, undo=True)
    assert waiting(room.console()) == lines[2:]


def test_nothing_of_others_is_counted(hall: Hall) -> None:
    hall.upload(hall.scans({}))
    hall.read()
    hall.upload(hall.scans(hall.right()))
    change_table(hall, bring(hall, TABLE, kind=MARKS, full=10))
    found = counted(hall)
    assert min(found.unread, found.unrecorded, found.unclear, found.rows) > 0
    assert counted(hall, context_id=hall.link.context_id + 1000) == NOTHING
    assert counted(hall, organisation_id=hall.link.organisation_id + 1000) == NOTHING
    other = open_classroom(hall.tool, "another")
    other.plan()
    other.do("open")
    assert asked(other) == []
