"""SVG files as figures: what may be in them. What may not is in tests/content/packages/broken/svg-*."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.content_packages.svg import svg_faults

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'

ALLOWED = {
    "an XML declaration": f'<?xml version="1.0" encoding="UTF-8"?>{HEAD}</svg>',
    "a comment": f"<!-- drawn by hand -->{HEAD}</svg>",
    "references inside": f'{HEAD}<defs><path id="p"/></defs><use href="#p"/><use xlink:href="#p"/></svg>',
    "paint inside": f'{HEAD}<path fill="url(#g)" style="marker-end: url(#m)"/></svg>',
    "a style sheet": f"{HEAD}<style>.a {{ fill: #123; }}</style></svg>",
    "an embedded photograph": f'{HEAD}<image href="data:image/png;base64,iVBORw0KGgo="/></svg>',
    "text and its description": f'{HEAD}<title>t</title><desc>d</desc><text lang="zh">字</text></svg>',
}

REFUSED = {
    "an embedded drawing": (
        f'{HEAD}<image href="data:image/svg+xml;base64,PHN2Zy8+"/></svg>',
        "svg-external-reference",
    ),
    "a link": (f'{HEAD}<a href="https://example.org"><path/></a></svg>', "svg-element"),
    "animation": (f'{HEAD}<path><animate attributeName="x"/></path></svg>', "svg-element"),
    "an element of an editor": (f'{HEAD}<i:x xmlns:i="http://www.inkscape.org/"/></svg>', "svg-element"),
    "a base": (f'{HEAD}<g xml:base="https://example.org/"/></svg>', "svg-external-reference"),
    "quoted paint outside": (f'{HEAD}<path fill="url( &quot;a.svg#p&quot;)"/></svg>', "svg-external-reference"),
    "an upper-case handler": (f'{HEAD}<path ONCLICK="x"/></svg>', "svg-event-handler"),
    "an unknown encoding": (f'<?xml version="1.0" encoding="ebcdic-9"?>{HEAD}</svg>', "svg-not-well-formed"),
    "words": ("no drawing", "svg-not-well-formed"),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_still_drawings_are_allowed(case: str) -> None:
    assert svg_faults(ALLOWED[case].encode()) == []


@pytest.mark.parametrize("case", REFUSED)
def test_what_runs_or_loads_is_refused(case: str) -> None:
    data, code = REFUSED[case]
    assert code in [fault.code for fault in svg_faults(data.encode())]


def test_a_billion_laughs_are_not_expanded() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 30))
    data = f'<!DOCTYPE svg [<!ENTITY e0 "ha">{entities}]>{HEAD}<text>&e29;</text></svg>'

    assert [fault.code for fault in svg_faults(data.encode())] == ["svg-doctype"]


@given(st.binary(max_size=300))
def test_any_bytes_give_faults_and_no_error(data: bytes) -> None:
    assert svg_faults(data)
