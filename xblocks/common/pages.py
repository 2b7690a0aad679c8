"""What blocks show besides the player: an activity to read without answering, notices, the author's and Studio's pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape, unescape
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.filters import do_striptags

from qualoop.content_packages import ASSET_SCHEME, Lesson, MediaStep, Project, QuestionStep, ReadingStep
from xblocks.common.host import BlockHost
from xblocks.common.rubric_view import rubric_rows

_ASSET_IN_HTML: Final = re.compile(rf'(?<= src="){ASSET_SCHEME}([^"]+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence above a page; ``tone`` is empty, `partly` or `bad`; ``rows`` are listed below it."""

    text: str
    tone: str = ""
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A step to read: its title and safe HTML; of what is asked, neither."""

    key: str
    title: str | None = None
    html: str | None = None


def notice(
    host: BlockHost,
    title: str,
    text: str,
    *,
    name: str = "",
    restart: bool = False,
    notes: Sequence[Note] = (),
    below: str = "",
) -> str:
    """Return a notice in the place of an activity, of which ``name`` is the title.

    ``restart`` is a button that begins it again; ``below`` is safe HTML that follows.
    """
    return draw("notice.html", host, title=title, text=text, name=name, restart=restart, notes=notes, below=below)


def reading(host: BlockHost, content: Lesson | Project, *, notes: Sequence[Note]) -> str:
    """Return all that an activity has to read, one step after the other, with what it asks locked.

    Nothing of an item or of a world is in it; by what people judge the work is. ``notes`` stand above.
    """
    language = content.shown_language(host.language)
    steps = tuple(_passages(content, language, host))
    rubric = content.rubric if isinstance(content, Project) else None
    return draw(
        "reading.html",
        host,
        content=content,
        content_language=language,
        steps=steps,
        notes=notes,
        rubric=rubric_rows(rubric, host.language) if rubric is not None else [],
        rubric_title=rubric.title[host.language] if rubric is not None else "",
    )


def plain_text(content: Lesson | Project, language: str) -> str:
    """Return what an activity has to read, without marks and without what it asks."""
    shown = content.shown_language(language)
    if isinstance(content, Project):
        texts = [content.summary[shown], do_striptags(content.brief.get(shown, ""))]
    else:
        sections = content.sections[shown].values()
        texts = [content.summary[shown], *(f"{section.title} {do_striptags(section.html)}" for section in sections)]
    return " ".join(texts)


def draw(template: str, host: Any, **page: Any) -> str:
    """Return a template of the blocks, drawn for a host."""
    found = _environment().get_template(template)
    return found.render(host=host, gettext=host.gettext, ngettext=host.ngettext, **page)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("xblocks.common"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _passages(content: Lesson | Project, language: str, host: BlockHost) -> Iterator[Passage]:
    if isinstance(content, Project):
        yield Passage(key="brief", title=host.gettext("The brief"), html=_hosted(content.brief.get(language, ""), host))
        yield Passage(key="rounds")
        return
    for step in content.steps:
        if isinstance(step, QuestionStep):
            yield Passage(key=step.key)
        else:
            yield _passage(step, content, language, host)


def _passage(step: ReadingStep | MediaStep, lesson: Lesson, language: str, host: BlockHost) -> Passage:
    if isinstance(step, MediaStep):
        transcript = step.transcript.get(language) or next(iter(step.transcript.values()))
        return Passage(key=step.key, title=step.title[language], html=_hosted(transcript, host))
    section = lesson.get_section(step.section, language)
    return Passage(key=step.key, title=section.title, html=_hosted(section.html, host))


def _hosted(html: str, host: BlockHost) -> str:
    """Put the block's addresses into HTML that `content_packages` made safe."""
    return _ASSET_IN_HTML.sub(lambda found: escape(host.asset_url(unescape(found[1]))), html)
