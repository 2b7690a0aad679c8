from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey

from demo.lms.app import create_lms
from demo.lms.settings import ActivityDeclaration, LmsSettings
from qualoop.values import Text
from tests.integration.demo.fake_tool import FakeTool, form_of
from tests.integration.demo.logins import HELEN, SIYUAN, logged_in


@pytest.fixture
def settings(tmp_path: Path) -> LmsSettings:
    return LmsSettings(
        data_folder=tmp_path,
        base_url="http://127.0.0.1:8701",
        tool_url="http://localhost:8702",
        activities=(
            ActivityDeclaration(
                key="intent",
                title=Text({"en": "Search intent", "zh-Hans": "搜索意图"}),
                description=Text({"en": "What a searcher wants.", "zh-Hans": "搜索者想要什么。"}),
            ),
            ActivityDeclaration(
                key="warm-up",
                title=Text({"en": "Warm-up", "zh-Hans": "热身"}),
                description=Text({"en": "No grade.", "zh-Hans": "不计分。"}),
                graded=False,
            ),
        ),
    )


@pytest.fixture(scope="session")
def tool_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "fake-1", "alg": "RS256", "use": "sig"}, private=True)


@pytest.fixture
def tool(settings: LmsSettings, tool_key: RSAKey) -> FakeTool:
    return FakeTool(settings, tool_key)


@pytest.fixture
def lms(settings: LmsSettings, tool: FakeTool) -> Flask:
    return create_lms(settings, clock=lambda: datetime.now(UTC), fetch_tool_keys=tool.key_set)


@pytest.fixture
def student(lms: Flask, settings: LmsSettings) -> FlaskClient:
    return logged_in(lms, settings, SIYUAN)


@pytest.fixture
def teacher(lms: Flask, settings: LmsSettings) -> FlaskClient:
    return logged_in(lms, settings, HELEN)


@pytest.fixture
def line_item_url(settings: LmsSettings) -> str:
    return f"{settings.base_url}/lti/courses/1/lineitems/1/lineitem?type_id=1"


@pytest.fixture
def login(student: FlaskClient) -> dict[str, str]:
    """The login initiation of one launch by the student."""
    return form_of(student.get("/course/activities/intent/launch"))[1]
