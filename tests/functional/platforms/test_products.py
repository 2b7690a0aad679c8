"""A registration learns which product its platform is, from what a verified launch says."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lti_tool.lti.platform_profiles import TOOL_PLATFORM
from lti_tool.models import Registration
from tests.factories.launches import Case
from tests.factories.tool import Tool


def launch_naming(tool: Tool, code: object) -> str | None:
    """Launch from a platform that names its product; return what is stored then."""
    claims = {TOOL_PLATFORM: {"guid": "lms", "product_family_code": code}}
    case = Case(name="patched", header={}, claims=claims, payload=None, code=None, roles=())
    assert tool.browser().launch(case).status_code == 200
    with tool.runtime.database.reading() as session:
        return session.scalars(select(Registration.product)).one()


def test_the_first_launch_that_tells_the_product_settles_it(fresh_tool: Tool) -> None:
    assert launch_naming(fresh_tool, "canvas") == "canvas"
    [known] = fresh_tool.runtime.registrations.all()
    assert known.registration.profile.at_once == 1
    assert launch_naming(fresh_tool, "moodle") == "canvas", "what is settled stays: a launch cannot change it"


@pytest.mark.parametrize("code", ["home-grown", 7, ["moodle"], None])
def test_an_unknown_product_settles_nothing(fresh_tool: Tool, code: object) -> None:
    assert launch_naming(fresh_tool, code) is None
