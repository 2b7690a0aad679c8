"""Authors' Markdown to safe HTML: CommonMark and tables, figures with captions, no raw HTML.

Two walls stand one behind the other: the parser escapes raw HTML, and whatever it makes goes through an allow-list
sanitiser. Pictures point to `asset:figures/…`; the player puts the host's address in place of `asset:`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

ASSET_SCHEME: Final = "asset:"
LINK_SCHEMES: Final = ("https://", "mailto:")
CACHED_TEXTS: Final = 4096

_INLINE_TAGS: Final = {"a", "br", "code", "em", "img", "strong"}
_BLOCK_TAGS: Final = {
    *("p", "h3", "h4", "h5", "h6", "hr", "blockquote", "pre", "ul", "ol", "li"),
    *("table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption"),
}
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "img": {"src", "alt", "loading"},
    "ol": {"start"},
    "td": {"class"},
    "th": {"class"},
}


@lru_cache(maxsize=CACHED_TEXTS)
def block_html(text: str) -> str:
    """Return Markdown with paragraphs, lists and figures (sections, prompts, solutions) as safe HTML."""
    return _cleaned(_writer().render(text), _INLINE_TAGS | _BLOCK_TAGS).strip()


@lru_cache(maxsize=CACHED_TEXTS)
def inline_html(text: str) -> str:
    """Return Markdown of one phrase (options, hints, feedback) as safe HTML without block elements."""
    return _cleaned(_writer().renderInline(text), _INLINE_TAGS).strip()


def parsed(text: str) -> list[Token]:
    """Return the tokens of ``text`` as the author meant them: raw HTML and forbidden addresses stay visible as such."""
    return _reader().parse(text)


def plain_text(tokens: Sequence[Token]) -> str:
    """Return what a reader sees of inline tokens, without marks: for titles and word counts."""
    parts = [" " if token.type in {"softbreak", "hardbreak"} else token.content for token in walked(tokens)]
    return "".join(part for part in parts if part).strip()


def walked(tokens: Sequence[Token]) -> Iterator[Token]:
    """Iterate over the leaves of a token tree: inline containers are opened, pictures are kept whole."""
    for token in tokens:
        if token.type == "inline":
            yield from token.children or ()
        else:
            yield token


def _cleaned(html: str, tags: set[str]) -> str:
    return nh3.clean(
        html,
        tags=tags,
        attributes={tag: names for tag, names in _ATTRIBUTES.items() if tag in tags},
        attribute_filter=_kept_attribute,
        url_schemes={"https", "mailto", "asset"},
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _kept_attribute(tag: str, name: str, value: str) -> str | None:
    """Keep pictures inside the package, links outside it and only the alignment classes."""
    allowed = {
        ("img", "src"): value.startswith(ASSET_SCHEME),
        ("a", "href"): value.startswith(LINK_SCHEMES),
        ("td", "class"): value.startswith("align-"),
        ("th", "class"): value.startswith("align-"),
    }
    return value if allowed.get((tag, name), True) else None


class _Renderer(RendererHTML):
    """Writes pictures lazily loaded, and with their title as caption where they stand alone."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        source = escape(f"{ASSET_SCHEME}{token.attrs.get('src', '')}")
        alt = escape(self.renderInlineAsText(token.children, options, env))
        caption = escape(str(token.attrs.get("title", "")))
        image = f'<img src="{source}" alt="{alt}" loading="lazy">'
        return f"{image}<figcaption>{caption}</figcaption>" if token.meta.get("figure") and caption else image


@lru_cache(maxsize=1)
def _writer() -> MarkdownIt:
    """Return the parser that makes pages: raw HTML is escaped."""
    parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
    parser.core.ruler.push("figures", _mark_figures)
    parser.core.ruler.push("alignment", _mark_alignment)
    return parser


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    """Return the parser that checks: it recognises raw HTML and every address, so that both can be refused."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    parser.validateLink = lambda _url: True  # type: ignore[assignment]
    return parser


def is_picture_alone(token: Token) -> bool:
    """Tell whether an inline token holds one picture and nothing else."""
    return token.type == "inline" and [child.type for child in token.children or ()] == ["image"]


def _mark_figures(state: StateCore) -> None:
    """Make a paragraph that holds nothing but one picture a figure."""
    for index, token in enumerate(state.tokens):
        if is_picture_alone(token) and index and not state.tokens[index - 1].hidden:
            state.tokens[index - 1].tag = state.tokens[index + 1].tag = "figure"
            (token.children or [])[0].meta["figure"] = True


def _mark_alignment(state: StateCore) -> None:
    """Put the alignment of table cells into a class: a style attribute would break the content security policy."""
    for token in state.tokens:
        if token.type in {"td_open", "th_open"} and "style" in token.attrs:
            token.attrSet("class", "align-" + str(token.attrs.pop("style")).removeprefix("text-align:"))
