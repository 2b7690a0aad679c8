"""The page that a launch opens is drawn once and filled in: everybody gets their own tokens and nobody else's."""

from __future__ import annotations

import re

from tests.factories.launches import Case
from tests.factories.tool import Tool

OWN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=value=\")[0-9a-f]{64}(?=\")")


def _page(tool: Tool, subject: str) -> str:
    case = Case(name=subject, header={}, claims={"sub": subject}, payload=None, code=None, roles=())
    response = tool.browser().launch(case)
    assert response.status_code == 200
    return response.text


def test_two_learners_get_the_same_page_but_for_what_is_their_own(tool: Tool) -> None:
    one, other = _page(tool, "one"), _page(tool, "other")
    assert OWN.sub("", one) == OWN.sub("", other)
    own, others = set(OWN.findall(one)), set(OWN.findall(other))
    assert len(own) == len(others) == 3, "the launch, its token and the attempt"
    assert not own & others
    assert "\0" not in one
