"""The paper of a team check as a PDF: a scratch card for each team, the questions in the same order, a key for the teacher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lti_tool.models import ClassTeamCheck
from lti_tool.services.classes.team_checks import read_items, seed_of
from lti_tool.services.sheets.extra import paper_module
from lti_tool.services.sheets.items import plain
from qualoop.classroom.sheets.layout import Question, set_pages
from qualoop.classroom.sheets.scratch_cards import CardRow, card_pages, key_page
from qualoop.classroom.sheets.shapes import Paper, RowKind
from qualoop.content_packages import block_html, inline_html

CARDS: Final = "cards"
QUESTIONS: Final = "questions"
KEY: Final = "key"
WHATS: Final = (CARDS, QUESTIONS, KEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardWords:
    """What is printed: the title and the course, the few words of `fixed`, and the language of the questions.

    `fixed`: `rule`, `points`, `total`, `key`, `cover`, `team`.
    """

    title: str
    course: str
    language: str
    fixed: Mapping[str, str]


def print_check(check: ClassTeamCheck, what: str, teams: Sequence[str], paper: Paper, *, words: CardWords) -> bytes:
    """Return the cards of the ``teams`` named, the questions, or the key; raise PaperUnavailableError."""
    printing = paper_module("printing")
    fixed = {"name": "", "number": "", "teacher": "", "fill": ""}
    if what == QUESTIONS:
        pages = set_pages(_questions(check, words.language), paper, printing.measure)
        found = _printed(printing, pages, words, "")
    elif what == KEY:
        found = _printed(printing, [key_page(card_rows(check), words.fixed)], words, "")
    else:
        fixed |= {"name": words.fixed["team"], "fill": words.fixed["cover"]}
        pages = card_pages(card_rows(check), paper, words.fixed, printing.measure)
        found = [page for team in teams for page in _printed(printing, pages, words, team)]
    made: bytes = printing.print_sheets(found, paper, fixed)
    return made


def card_rows(check: ClassTeamCheck) -> list[CardRow]:
    """Return the rows of a card: the star stands where the right option is shown."""
    seed = seed_of(check)
    rows = []
    for number, item in enumerate(read_items(check), 1):
        keys = [option.key for option in item.options(seed)]
        rows.append(CardRow(number=number, options=len(keys), right=keys.index(item.right)))
    return rows


def _questions(check: ClassTeamCheck, language: str) -> list[Question]:
    seed = seed_of(check)
    return [
        Question(
            part=item.part,
            kind=RowKind.ONE,
            prompt=plain(block_html(item.item.prompt[language])),
            options=tuple((option.key, plain(inline_html(option.text[language]))) for option in item.options(seed)),
        )
        for item in read_items(check)
    ]


def _printed(printing: Any, pages: Sequence[Any], words: CardWords, team: str) -> list[Any]:
    head = printing.Head(title=words.title, course=words.course, name=team)
    return [
        printing.PrintedPage(head=head, code="", foot=f"{number} / {len(pages)}", page=page)
        for number, page in enumerate(pages, 1)
    ]
