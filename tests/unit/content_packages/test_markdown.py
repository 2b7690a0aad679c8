"""Markdown of authors as HTML of pages: what is kept, what is shown as text, what is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.content_packages import block_html, inline_html
from qualoop.content_packages.prose import read_prose, reading_minutes, split_sections

RENDERED = {
    "emphasis": ("*a* **b** `c`", "<p><em>a</em> <strong>b</strong> <code>c</code></p>"),
    "html is text": ("a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>"),
    "a link opens elsewhere": (
        '[a](https://example.org/ "t")',
        '<p><a href="https://example.org/" title="t" target="_blank" rel="noopener noreferrer">a</a></p>',
    ),
    "a picture alone is a figure": (
        '![a *b* "c"](figures/a.svg "C & d")',
        (
            '<figure><img src="asset:figures/a.svg" alt="a b &quot;c&quot;" loading="lazy">'
            "<figcaption>C &amp; d</figcaption></figure>"
        ),
    ),
    "a figure without caption": (
        "![a](figures/a.svg)",
        '<figure><img src="asset:figures/a.svg" alt="a" loading="lazy"></figure>',
    ),
    "a picture in a line": (
        'see ![a](figures/a.svg "t")',
        '<p>see <img src="asset:figures/a.svg" alt="a" loading="lazy"></p>',
    ),
    "alignment is a class": (
        "| a |\n|--:|\n| 1 |",
        (
            '<table>\n<thead>\n<tr>\n<th class="align-right">a</th>\n</tr>\n</thead>\n'
            '<tbody>\n<tr>\n<td class="align-right">1</td>\n</tr>\n</tbody>\n</table>'
        ),
    ),
}


@pytest.mark.parametrize("case", RENDERED)
def test_blocks(case: str) -> None:
    text, html = RENDERED[case]
    assert block_html(text) == html


def test_a_phrase_has_no_paragraph() -> None:
    assert inline_html("*a* ![b](figures/b.svg)") == (
        '<em>a</em> <img src="asset:figures/b.svg" alt="b" loading="lazy">'
    )


TAGS = {
    *("a", "br", "code", "em", "img", "strong", "p", "h3", "h4", "h5", "h6", "hr", "blockquote", "pre"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption"),
}
ATTRIBUTES = {
    "a": {"href", "title", "target", "rel"},
    "img": {"src", "alt", "loading"},
    "ol": {"start"},
    "td": {"class"},
    "th": {"class"},
}
ATTACKS = [
    "<script>alert(1)</script>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "![a](https://example.org/a.svg)",
    '![a](x"onerror="alert(1))',
    "<img src=x onerror=alert(1)>",
    '<a href="https://example.org" style="position:fixed">a</a>',
    "```\n</code></pre><script>alert(1)</script>\n```",
    "[a]: javascript:alert(1)\n\n[a]",
    '<https://example.org/"onclick=alert(1)>',
]


class Elements(HTMLParser):
    """What a browser makes of HTML: elements with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_harmless(html: str) -> None:
    for tag, attributes in Elements(html).found:
        assert tag in TAGS
        assert attributes.keys() <= ATTRIBUTES.get(tag, set())
        assert re.match(r"https://|mailto:", attributes.get("href") or "https://")
        assert (attributes.get("src") or "asset:").startswith("asset:")


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("render", [block_html, inline_html])
def test_nothing_runs_and_nothing_loads_from_elsewhere(attack: str, render: Callable[[str], str]) -> None:
    assert_harmless(render(attack))


@given(st.text(alphabet=st.sampled_from("<>()[]{}!:\"'`*#&;=/ \nascriptjhon"), max_size=200) | st.text(max_size=200))
def test_any_text_becomes_harmless_html(text: str) -> None:
    assert_harmless(block_html(text))
    assert_harmless(inline_html(text))


@given(st.text(max_size=200))
def test_reading_never_fails_and_stays_inside_the_text(text: str) -> None:
    lines = [fault.line for fault in read_prose(text).faults] + [fault.line for fault in split_sections(text)[1]]
    assert all(1 <= line <= len(re.split(r"\r\n?|\n", text)) for line in lines)


def test_sections_are_split_at_headings_with_keys_and_not_inside_code() -> None:
    text = "## One {#one}\n\ntext\n\n```\n## Not a heading {#no}\n```\n\n## *Two* parts {#two}\nmore\n"
    sections, faults = split_sections(text)

    assert faults == []
    assert [(section.key, section.title, section.line) for section in sections] == [
        ("one", "One", 1),
        ("two", "Two parts", 9),
    ]
    assert "## Not a heading" in sections[0].text


def test_an_underlined_title_is_no_part_of_its_section() -> None:
    sections, _ = split_sections("One {#one}\n---\n\ntext\n")
    assert sections == [("one", "One", 1, 2, "\ntext\n")]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("word " * 228, 1), ("字" * 255, 1), ("word " * 114 + "字" * 510, 2.5), ("", 0), ("it's well-known 2.5", 4 / 228)],
)
def test_reading_time_counts_words_and_characters(text: str, minutes: float) -> None:
    assert reading_minutes(text) == pytest.approx(minutes)
