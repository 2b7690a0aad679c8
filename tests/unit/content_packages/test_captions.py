"""WebVTT files that are captions. What is none is in tests/content/packages/broken/captions-*."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.content_packages.captions import caption_faults

ALLOWED = {
    "the least": "WEBVTT\n\n00:00.000 --> 00:01.000\nHello.\n",
    "hours": "WEBVTT\n\n00:59:59.000 --> 01:00:00.500\nHello.\n",
    "a title, a region, a style, a note": (
        "WEBVTT a talk\n\nREGION\nid:a\n\nSTYLE\n::cue { color: red }\n\nNOTE\nhello --\n\n00:00.000 --> 00:01.000\nHi.\n"
    ),
    "names and settings": "WEBVTT\n\nintro\n00:00.000 --> 00:01.000 align:start line:0\nTwo\nlines.\n",
    "cues at once": "WEBVTT\n\n00:00.000 --> 00:01.000\nA.\n\n00:00.000 --> 00:02.000\nB.\n",
    "a byte order mark and carriage returns": "\ufeffWEBVTT\r\n\r\n00:00.000 --> 00:01.000\r\nHello.\r\n",
}


@pytest.mark.parametrize("case", ALLOWED)
def test_captions(case: str) -> None:
    assert caption_faults(ALLOWED[case]) == []


@pytest.mark.parametrize("header", ["", "WEBVTTx", "webvtt", "\nWEBVTT", "1"])
def test_the_first_line_is_the_header(header: str) -> None:
    text = f"{header}\n\n00:00.000 --> 00:01.000\nHello.\n"
    assert [fault.code for fault in caption_faults(text)] == ["captions-header"]


@given(st.text(max_size=200))
def test_any_text_after_the_header_is_read(text: str) -> None:
    for fault in caption_faults(f"WEBVTT\n\n{text}"):
        assert fault.code.startswith("captions-")
