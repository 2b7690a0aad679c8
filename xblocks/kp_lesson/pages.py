"""What the block shows besides the player: the lesson to read without answering, and notices."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape, unescape
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.filters import do_striptags

from qualoop.content_packages import ASSET_SCHEME, Lesson, MediaStep, QuestionStep, ReadingStep
from xblocks.common.host import BlockHost

_ASSET_IN_HTML: Final = re.compile(rf'(?<= src="){ASSET_SCHEME}([^"]+)')


def notice(host: BlockHost, title: str, text: str, *, restart: bool = False) -> str:
    """Return a notice in the place of the lesson; with ``restart``, a button that begins the lesson again."""
    return _render("notice.html", host, title=title, text=text, restart=restart)


def reading(host: BlockHost, lesson: Lesson, *, remarks: list[str]) -> str:
    """Return all that a lesson has to read, one step after the other, with its questions locked.

    Nothing of an item is in it. ``remarks`` stand above.
    """
    language = lesson.shown_language(host.language)
    steps = [_shown(step, lesson, language, host) for step in lesson.steps]
    return _render("reading.html", host, lesson=lesson, content_language=language, steps=steps, remarks=remarks)


def plain_text(lesson: Lesson, language: str) -> str:
    """Return what a lesson has to read, without marks and without its items."""
    shown = lesson.shown_language(language)
    sections = lesson.sections[shown].values()
    texts = [lesson.summary[shown], *(f"{section.title} {do_striptags(section.html)}" for section in sections)]
    return " ".join(texts)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("xblocks.kp_lesson"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _render(template: str, host: BlockHost, **page: Any) -> str:
    found = _environment().get_template(template)
    return found.render(host=host, gettext=host.gettext, ngettext=host.ngettext, **page)


def _shown(step: ReadingStep | QuestionStep | MediaStep, lesson: Lesson, language: str, host: BlockHost) -> Any:
    """Return what a page without answering shows of a step: its title and safe HTML; of a question neither."""
    if isinstance(step, QuestionStep):
        return {"key": step.key, "title": None, "html": None}
    if isinstance(step, MediaStep):
        transcript = step.transcript.get(language) or next(iter(step.transcript.values()))
        return {"key": step.key, "title": step.title[language], "html": _hosted(transcript, host)}
    section = lesson.get_section(step.section, language)
    return {"key": step.key, "title": section.title, "html": _hosted(section.html, host)}


def _hosted(html: str, host: BlockHost) -> str:
    """Put the block's addresses into HTML that `content_packages` made safe."""
    return _ASSET_IN_HTML.sub(lambda found: escape(host.asset_url(unescape(found[1]))), html)
