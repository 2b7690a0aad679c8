"""What authors' Markdown says about itself: its sections, its pictures, its length and everything wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from markdown_it.token import Token

from qualoop.content_packages.faults import Fault
from qualoop.content_packages.markdown import LINK_SCHEMES, parsed, plain_text
from qualoop.values import KEY_PATTERN

TOP_HEADING: Final = 3

_LINE_END: Final = re.compile(r"\r\n?|\n")
_TITLE_WITH_KEY: Final = re.compile(rf"(?P<title>.*\S)\s*\{{#(?P<key>{KEY_PATTERN.pattern})\}}")
_HAN: Final = re.compile(r"[㐀-䶿一-鿿]")
_WORD: Final = re.compile(r"[^\W㐀-䶿一-鿿]+(?:['’-][^\W㐀-䶿一-鿿]+)*")


class SectionText(NamedTuple):
    """One section as written: its heading begins at ``line``; ``text`` stands below the first ``above`` lines."""

    key: str
    title: str
    line: int
    above: int
    text: str


class Picture(NamedTuple):
    """One picture that Markdown refers to."""

    line: int
    path: str


class Prose(NamedTuple):
    """What one Markdown text holds. Lines count from 1 within the text."""

    faults: tuple[Fault, ...]
    pictures: tuple[Picture, ...]


def split_sections(text: str) -> tuple[list[SectionText], list[Fault]]:
    """Return the sections of a lesson's text (`## Title {#key}`), and what is wrong with how it is split."""
    lines = _LINE_END.split(text)
    starts = [heading for heading in _headings(parsed(text)) if heading.level == TOP_HEADING - 1]
    bounds = [heading.line - 1 for heading in starts] + [len(lines)]
    before = lines[: bounds[0]]
    faults = []
    if any(line.strip() for line in before):
        faults.append(Fault(1, "section-text-before", "text stands before the first section", "move it into one"))
    sections: list[SectionText] = []
    for heading, end in zip(starts, bounds[1:], strict=True):
        match = _TITLE_WITH_KEY.fullmatch(heading.title)
        body = "\n".join(lines[heading.end : end])
        if not match:
            repair = "write ## Title {#key}"
            faults.append(Fault(heading.line, "section-without-key", f"`{heading.title}` has no key", repair))
            continue
        section = SectionText(match["key"], match["title"], heading.line, heading.end, body)
        faults.extend(_section_faults(section, sections))
        sections.append(section)
    return sections, faults


def _section_faults(section: SectionText, earlier: list[SectionText]) -> Iterator[Fault]:
    if section.key in {other.key for other in earlier}:
        message = f"the section `{section.key}` stands twice"
        yield Fault(section.line, "section-repeated", message, "give it a key of its own")
    if not section.text.strip():
        yield Fault(section.line, "section-empty", f"the section `{section.key}` holds nothing", "write it")


def read_prose(text: str) -> Prose:
    """Return the pictures of a Markdown text and everything in it that may not be shown or would look wrong."""
    tokens = parsed(text)
    faults: list[Fault] = []
    pictures: list[Picture] = []
    for line, token in _leaves(tokens):
        if token.type == "image":
            pictures.append(Picture(line, str(token.attrs.get("src", ""))))
        faults.extend(_token_faults(line, token))
    faults.extend(_heading_faults(tokens))
    return Prose(tuple(faults), tuple(pictures))


def reading_minutes(text: str) -> float:
    """Return how long an adult takes to read ``text``.

    228 English words or 255 Chinese characters a minute: the means of the International Reading Speed Texts
    (Trauzettel-Klosinski and Dietz, 2012, doi:10.1167/iovs.11-8284).
    """
    plain = "\n".join(token.content for _, token in _leaves(parsed(text)) if token.type in {"text", "code_inline"})
    return len(_WORD.findall(plain)) / 228 + len(_HAN.findall(plain)) / 255


class _Heading(NamedTuple):
    line: int
    end: int
    level: int
    title: str


def _headings(tokens: list[Token]) -> Iterator[_Heading]:
    """Iterate over headings that stand for themselves, not inside quotes or lists."""
    for token, content in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0:
            yield _Heading(_line(token), token.map[1] if token.map else 1, int(token.tag[1]), plain_text([content]))


def _heading_faults(tokens: list[Token]) -> Iterator[Fault]:
    before = TOP_HEADING - 1
    for heading in _headings(tokens):
        if heading.level < TOP_HEADING:
            yield Fault(heading.line, "heading-level", f"`{heading.title}` is of too high a level", "begin it with ###")
        elif heading.level > before + 1:
            message = f"`{heading.title}` leaves a level out"
            yield Fault(heading.line, "heading-level", message, f"begin it with {'#' * (before + 1)}")
        before = max(heading.level, TOP_HEADING - 1)


def _token_faults(line: int, token: Token) -> Iterator[Fault]:
    if token.type in {"html_block", "html_inline"} and not token.content.startswith("</"):
        shown = token.content.strip().splitlines()[0]
        yield Fault(line, "markdown-html", f"`{shown}` is HTML and is not shown", "write Markdown, or code in `…`")
    elif token.type == "image" and not plain_text(token.children or []):
        yield Fault(line, "figure-without-alt", "the picture has no alt text", "write ![what it shows](…)")
    elif token.type == "link_open" and not str(token.attrs.get("href", "")).startswith(LINK_SCHEMES):
        yield Fault(line, "link-address", f"`{token.attrs.get('href')}` is not an https address", "use https://")
    elif token.type == "text" and "**" in token.content:
        repair = "move punctuation outside of the stars"
        yield Fault(line, "markdown-stars", "`**` stays visible: the stars make nothing bold here", repair)


def _leaves(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """Iterate over tokens and, inside inline ones, over their children, each with its line."""
    line = 1
    for token in tokens:
        line = _line(token) if token.map else line
        if token.type != "inline":
            yield line, token
            continue
        for child in token.children or ():
            yield line, child
            line += child.type in {"softbreak", "hardbreak"}


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 1
