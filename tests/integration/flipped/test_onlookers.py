"""Who looks at a flipped unit and does not learn in the course is told as what."""

from __future__ import annotations

from html import unescape

import pytest

from tests.factories.flipped import BuiltUnit
from tests.factories.launches import LTI

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("Mentor", "You look at this page as a mentor."),
        ("Instructor", "You look at this page as a teacher."),
        ("ContentDeveloper", "You look at this page, but do not learn in this course."),
        ("Learner", ""),
    ],
)
def test_an_onlooker_is_told_as_what(built: BuiltUnit, role: str, said: str) -> None:
    page = unescape(built.enter("x-1", changes={LTI + "roles": [MEMBERSHIP + role]}).get("unit/").text)
    others = [each for each in ("as a mentor", "as a teacher", "do not learn in this course") if each not in said]
    assert said in page
    assert not [each for each in others if each in page]
    assert ("What you do here counts for nobody." in page) is bool(said)
