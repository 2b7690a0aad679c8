"""Sheets of paper for a course: a set is laid out once, stored as it is printed, and printed as often as wanted.

One sheet for each learner, the versions in turn, and blank ones for whoever is not on the list. Which item is where is
known from the stored layout, by the item's name; nobody ever counts positions.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from lti_tool.models import Sheet, SheetSet
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link, Member, list_members
from lti_tool.services.sheets.extra import paper_module
from lti_tool.services.sheets.items import PaperItem, find_lesson, question_of
from qualoop.classroom.sheets.codes import VERSIONS, PageCode, code_text, new_sheet
from qualoop.classroom.sheets.layout import set_pages, version_order
from qualoop.classroom.sheets.shapes import Page, Paper
from qualoop.errors import QualoopError

MAX_TITLE: Final = 120
MAX_ITEMS: Final = 40
MAX_BLANKS: Final = 60
MOST_LISTED: Final = 100
QUESTIONS: Final = "questions"
"""Beside the versions in a set's pages: the questions that sheets with boxes alone leave out."""
_SEEDS: Final = 2**31


class SheetRefusedError(QualoopError):
    """Sheets cannot be printed like that: ``reason`` says why."""

    code = "sheet-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SheetMissingError(QualoopError):
    """There are no such sheets in this course."""

    code = "sheet-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPlan:
    """What is to be printed: ``parts`` are activity/item, ``versions`` how many (1 to 4), ``blanks`` sheets of nobody."""

    title: str
    parts: Sequence[str]
    versions: int
    paper: Paper
    language: str
    boxes_only: bool = False
    blanks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetSummary:
    """A set as a list shows it."""

    row: SheetSet
    sheets: int
    blanks: int


def make_set(session: Session, contents: Contents, link: Link, plan: SheetPlan, *, now: datetime) -> SheetSet:
    """Lay sheets out and store them; raise SheetRefusedError, SheetTooLongError, PaperUnavailableError."""
    connection = session.connection()
    items = _chosen(connection, contents, link.organisation_id, plan.parts)
    members = list_members(connection, link)
    if not members and not plan.blanks:
        raise SheetRefusedError("nobody")
    seed = secrets.randbelow(_SEEDS)
    row = SheetSet(
        organisation_id=link.organisation_id,
        uuid=str(uuid.uuid4()),
        context_id=link.context_id,
        registration_id=link.registration_id,
        title=" ".join(plan.title.split())[:MAX_TITLE],
        paper=plan.paper.value,
        language=plan.language,
        seed=seed,
        items=[_stored(item) for item in items.values()],
        pages=_pages(items, plan, seed),
        created_at=now,
    )
    session.add(row)
    session.flush()
    session.add_all(_sheets(row, members, plan))
    session.flush()
    return row


def _chosen(
    connection: Connection, contents: Contents, organisation_id: int, chosen: Sequence[str]
) -> dict[str, PaperItem]:
    """Return the chosen items by part, each once, in the order chosen; raise SheetRefusedError."""
    wanted = list(dict.fromkeys(chosen))
    if not wanted or len(wanted) > MAX_ITEMS:
        raise SheetRefusedError("no-items" if not wanted else "too-many-items")
    lessons = dict.fromkeys(part.partition("/")[0] for part in wanted)
    there: dict[str, PaperItem] = {}
    for key in lessons:
        lesson = find_lesson(connection, contents, organisation_id, key)
        there |= {item.part: item for item in lesson.items} if lesson else {}
    if any(part not in there or there[part].kind is None for part in wanted):
        raise SheetRefusedError("item-unfit")
    return {part: there[part] for part in wanted}


def _stored(item: PaperItem) -> dict[str, Any]:
    return {
        "part": item.part,
        "activity": item.activity,
        "content": item.content,
        "item": item.item.key,
        "kind": item.kind.value if item.kind else "",
    }


def _pages(items: Mapping[str, PaperItem], plan: SheetPlan, seed: int) -> dict[str, Any]:
    """Return the pages of every version, as they are stored."""
    measure: Callable[[str, float], float] = paper_module("printing").measure
    made: dict[str, Any] = {}
    for version in VERSIONS[: 1 if plan.boxes_only else plan.versions]:
        order = list(items) if plan.boxes_only else version_order(list(items), seed, version)
        questions = [question_of(items[part], plan.language, seed, version) for part in order]
        pages = set_pages(questions, plan.paper, measure, boxes_only=plan.boxes_only)
        made[version] = [page.to_json() for page in pages]
        if plan.boxes_only:
            made[QUESTIONS] = [page.to_json() for page in set_pages(questions, plan.paper, measure)]
    return made


def _sheets(row: SheetSet, members: Sequence[Member], plan: SheetPlan) -> Iterator[Sheet]:
    """Give a sheet for each learner, neighbours on the list with different versions, then the blank ones."""
    versions = sorted(set(row.pages) - {QUESTIONS})
    people: list[int | None] = [member.subject.person_id for member in members]
    for number, person_id in enumerate([*people, *[None] * plan.blanks], 1):
        yield Sheet(
            organisation_id=row.organisation_id,
            sheet_set_id=row.id,
            code=new_sheet(secrets.randbelow),
            version=versions[(number - 1) % len(versions)],
            number=number,
            person_id=person_id,
        )


def list_sets(session: Session, link: Link) -> list[SheetSummary]:
    """Return what was printed for the link's course, the newest first."""
    rows = session.scalars(
        select(SheetSet)
        .where(SheetSet.organisation_id == link.organisation_id, SheetSet.context_id == link.context_id)
        .order_by(SheetSet.id.desc())
        .limit(MOST_LISTED)
    ).all()
    counted = session.execute(
        select(Sheet.sheet_set_id, func.count(Sheet.id), func.count(Sheet.person_id))
        .where(Sheet.organisation_id == link.organisation_id, Sheet.sheet_set_id.in_([row.id for row in rows]))
        .group_by(Sheet.sheet_set_id)
    )
    counts = {key: (count, named) for key, count, named in counted}
    return [
        SheetSummary(row=row, sheets=counts[row.id][0], blanks=counts[row.id][0] - counts[row.id][1]) for row in rows
    ]


def get_set(session: Session, link: Link, set_uuid: str) -> SheetSet:
    """Return sheets of the link's course; raise SheetMissingError."""
    row = session.scalar(
        select(SheetSet).where(
            SheetSet.organisation_id == link.organisation_id,
            SheetSet.context_id == link.context_id,
            SheetSet.uuid == set_uuid,
        )
    )
    if row is None:
        raise SheetMissingError
    return row


def pages_of(row: SheetSet, version: str) -> list[Page]:
    """Return the pages of a version as they were printed; none for a version that there is not."""
    return [Page.from_json(stored) for stored in row.pages.get(version, ())]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintWords:
    """The words of a sheet in its language. ``foot`` takes version, page and of how many."""

    course: str
    nobody: str
    foot: Callable[[str, int, int], str]
    fixed: Mapping[str, str]


def print_set(
    session: Session, link: Link, row: SheetSet, words: PrintWords, *, secret: str, numbers: Collection[int] = ()
) -> bytes:
    """Return the sheets as a PDF, all or those with the ``numbers``; raise PaperUnavailableError.

    A learner who is not in the course any more is printed without a name.
    """
    printing = paper_module("printing")
    names = {each.subject.person_id: each.name or each.short for each in list_members(session.connection(), link)}
    sheets = session.scalars(
        select(Sheet)
        .where(Sheet.organisation_id == row.organisation_id, Sheet.sheet_set_id == row.id)
        .order_by(Sheet.number)
    ).all()
    pages = {version: pages_of(row, version) for version in row.pages}
    found = []
    for sheet in sheets:
        if numbers and sheet.number not in numbers:
            continue
        name = None if sheet.person_id is None else names.get(sheet.person_id, words.nobody)
        head = printing.Head(title=row.title, course=words.course, name=name)
        of = pages[sheet.version]
        for place, page in enumerate(of, 1):
            code = code_text(PageCode(sheet=sheet.code, version=sheet.version, page=place), secret)
            foot = words.foot(sheet.version, place, len(of))
            found.append(printing.PrintedPage(head=head, code=code, foot=foot, page=page))
    made: bytes = printing.print_sheets(found, Paper(row.paper), words.fixed)
    return made


def print_questions(row: SheetSet, words: PrintWords) -> bytes:
    """Return the questions of a set whose sheets have boxes alone, to be shown or handed out; raise SheetMissingError."""
    printing = paper_module("printing")
    of = pages_of(row, QUESTIONS)
    if not of:
        raise SheetMissingError
    head = printing.Head(title=row.title, course=words.course, name="")
    found = [
        printing.PrintedPage(head=head, code="", foot=words.foot("", place, len(of)), page=page)
        for place, page in enumerate(of, 1)
    ]
    made: bytes = printing.print_sheets(found, Paper(row.paper), {**words.fixed, "name": "", "fill": ""})
    return made
