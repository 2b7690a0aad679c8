"""Which items of installed lessons can be put on paper, and how. Reads only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from lti_tool.models import Activity
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link
from qualoop.assessment import Item, MultipleChoice, NumberItem, ShortText, SingleChoice, presented_order
from qualoop.classroom.sheets.layout import Question, version_seed
from qualoop.classroom.sheets.shapes import RowKind
from qualoop.content_packages import Lesson, block_html, inline_html
from qualoop.values import Text

PICTURE, MOVED, LONG = "picture", "moved", "long"
"""Why an item cannot be on paper: it has a picture, things are moved or pointed at, or it is too long."""
LESSON: Final = "micro-lesson"
_ENDS: Final = re.compile(r"</p>|</li>|</tr>|<br */?>|</h[3-6]>")
_TAG: Final = re.compile(r"<[^<>]*>")
_LONGEST: Final = 1500
_KINDS: Final = ((SingleChoice, RowKind.ONE), (MultipleChoice, RowKind.MANY), (NumberItem | ShortText, RowKind.MARKED))


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperItem:
    """An item of an installed lesson. ``kind`` is None, and ``why`` says why, where it cannot be on paper."""

    activity: str
    content: str
    item: Item
    number: int
    kind: RowKind | None
    why: str = ""

    @property
    def part(self) -> str:
        """Return what names it among the parts of several lessons."""
        return f"{self.activity}/{self.item.key}"

    def prompt(self, language: str) -> str:
        """Return the question as plain text."""
        return plain(block_html(self.item.prompt[language]))


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLesson:
    """An installed lesson; ``items`` only where they were asked for."""

    key: str
    title: Text
    items: Sequence[PaperItem] = ()


def plain(html: str) -> str:
    """Return what a reader sees of safe HTML, a line for each paragraph, entry of a list and row of a table."""
    broken = _ENDS.sub("\n", html.replace("<li>", "\N{BULLET} ").replace("</td>", "   ").replace("</th>", "   "))
    lines = (unescape(_TAG.sub("", line)).strip() for line in broken.split("\n"))
    return "\n".join(line for line in lines if line)


def list_lessons(connection: Connection, contents: Contents, organisation_id: int) -> list[PaperLesson]:
    """Return the installed lessons of the organisation, by key."""
    rows = connection.execute(_installed(organisation_id))
    return [
        PaperLesson(key=key, title=contents.get_offer(connection, organisation_id, version_id).description.title)
        for key, version_id in rows
        if version_id is not None
    ]


def own_activity(connection: Connection, link: Link) -> str | None:
    """Return the key of the activity that a link shows, None where nothing was chosen for it."""
    key: str | None = connection.scalar(
        select(Activity.key).where(Activity.id == link.activity_id, Activity.organisation_id == link.organisation_id)
    )
    return key


def find_lesson(connection: Connection, contents: Contents, organisation_id: int, key: str) -> PaperLesson | None:
    """Return an installed lesson with its items in their order, None where there is none of this key.

    What its author wrote for readiness checks comes last: no step of the lesson asks it.
    """
    row = connection.execute(_installed(organisation_id).where(Activity.key == key)).first()
    if row is None or row[1] is None:
        return None
    opened = contents.get(connection, organisation_id, row[1])
    lesson = opened.content
    if not isinstance(lesson, Lesson):
        return None
    all_items = {**lesson.items, **lesson.readiness}
    items = [_paper_item(opened.key, opened.hash, item, number) for number, item in enumerate(all_items.values(), 1)]
    return PaperLesson(key=key, title=lesson.title, items=items)


def question_of(found: PaperItem, language: str, seed: int, version: str) -> Question:
    """Return an item as it is asked in a version: its options in the version's order."""
    options: tuple[tuple[str, str], ...] = ()
    if isinstance(found.item, SingleChoice | MultipleChoice):
        order = presented_order(found.item, version_seed(seed, version))
        shown = [found.item.options[index] for index in order]
        options = tuple((option.key, plain(inline_html(option.text[language]))) for option in shown)
    return Question(
        part=found.part,
        kind=found.kind or RowKind.MARKED,
        prompt=_with_unit(found, language),
        options=options,
    )


def _with_unit(found: PaperItem, language: str) -> str:
    unit = found.item.unit if isinstance(found.item, NumberItem) else None
    return f"{found.prompt(language)} ({unit[language]})" if unit else found.prompt(language)


def _installed(organisation_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(Activity.key, Activity.version_id)
        .where(Activity.organisation_id == organisation_id, Activity.kind == LESSON, Activity.version_id.is_not(None))
        .order_by(Activity.key)
    )


def _paper_item(activity: str, content: str, item: Item, number: int) -> PaperItem:
    kind = next((kind for types, kind in _KINDS if isinstance(item, types)), None)
    why = MOVED if kind is None else PICTURE if item.figure else LONG if _is_long(item) else ""
    return PaperItem(activity=activity, content=content, item=item, number=number, kind=None if why else kind, why=why)


def _is_long(item: Item) -> bool:
    return any(len(text) > _LONGEST for text in item.prompt.by_language.values())
