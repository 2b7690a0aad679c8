"""The page and the command of the self-test: what they show, keep and give away, and to whom."""

from __future__ import annotations

import argparse
import json

import pytest
from sqlalchemy import select

from lti_tool.commands import platform_check
from lti_tool.lti.registration import Registration
from lti_tool.models import AdminChange
from tests.factories.tool import Tool
from tests.functional.admin.steps import signed_in
from tests.integration.self_test.platform import PAGE, CheckedPlatform


def typed(tool: Tool, monkeypatch: pytest.MonkeyPatch, registration: Registration, *words: str) -> int:
    monkeypatch.setattr(platform_check, "open_runtime", lambda: tool.runtime)
    parser = argparse.ArgumentParser()
    platform_check.register(parser.add_subparsers())
    named = ["--issuer", registration.issuer, "--client-id", registration.client_id]
    arguments = parser.parse_args(["check", *named, *words])
    status: int = arguments.run(arguments)
    return status


def test_the_page_checks_keeps_and_shows(tool: Tool, used: CheckedPlatform, registration: Registration) -> None:
    desk, page = signed_in(tool), f"/admin/platforms/{registration.id}/check"
    assert "It has not been checked yet." in desk.get(page).text
    used.answers["/token"] = (404, PAGE)
    assert desk.post(page, page=page).status_code == 303
    shown = desk.get(page).text
    assert "1 thing does not work." in shown
    assert "Moodle does so where it cannot reach our key address" in shown
    assert "Helen" in shown
    assert "Checked a platform" in desk.get("/admin/people").text
    assert f'href="{page}"' in desk.get(f"/admin/platforms/{registration.id}").text


def test_no_token_and_no_name_is_shown_or_kept(tool: Tool, used: CheckedPlatform, registration: Registration) -> None:
    desk, page = signed_in(tool), f"/admin/platforms/{registration.id}/check"
    desk.post(page, page=page)
    with tool.runtime.database.reading() as session:
        kept = json.dumps([row.details for row in session.scalars(select(AdminChange))])
    for text in (kept, desk.get(page).text):
        assert "t-0123456789" not in text
        assert "Ada" not in text


def test_only_administrators_of_the_organisation_check(
    tool: Tool, used: CheckedPlatform, registration: Registration
) -> None:
    from_other = f"/admin/platforms/{registration.id + 1}/check"
    assert signed_in(tool).get(from_other).status_code == 404
    desk, page = signed_in(tool), f"/admin/platforms/{registration.id}/check"
    assert desk.send(page, csrf="forged").status_code == 403
    assert tool.browser().get(page).status_code in {401, 403}
    assert used.asked == []


def test_the_command_exits_with_1_where_something_does_not_work(
    tool: Tool,
    used: CheckedPlatform,
    registration: Registration,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert typed(tool, monkeypatch, registration) == 0
    assert "[Works] Access token: The platform knows this tool" in capsys.readouterr().out
    used.answers["/jwks"] = (503, b"")
    assert typed(tool, monkeypatch, registration, "--json") == 1
    found = {each["check"]: each for each in json.loads(capsys.readouterr().out)}
    assert found["platform_keys"]["values"] == {"status": 503}
    assert found["platform_keys"]["change"]
    assert typed(tool, monkeypatch, registration, "--language", "zh-Hans") == 1
    assert "[不正常] 平台的密钥" in capsys.readouterr().out
