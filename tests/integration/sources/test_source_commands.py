"""`qualoop source`, as an operator types it: a secret is printed once, and lists never show one."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from lti_tool.commands import source
from lti_tool.commands.platform_invites import PlatformMissingError
from lti_tool.services.sources.sources import NewKey, SourceMissingError, SourceThereError
from qualoop.exchange import Secret
from tests.factories.sources import Site, event
from tests.factories.tool import SECRET, Tool
from tests.integration.jobs.test_commands import typed

OF_SCHOOL = ("--organisation", "school")


@pytest.fixture
def tool(file_tool: Tool, monkeypatch: pytest.MonkeyPatch) -> Tool:
    monkeypatch.setenv("QUALOOP_DATABASE_URL", file_tool.runtime.settings.database_url)
    monkeypatch.setenv("QUALOOP_SECRET_KEY", SECRET)
    return file_tool


def printed_key(text: str) -> NewKey:
    kid, secret = re.findall(r"^(?:key id|secret): (\S+)$", text, re.MULTILINE)
    return NewKey(kid=kid, secret=Secret(secret))


def test_a_source_is_added_used_and_ended(tool: Tool, capsys: pytest.CaptureFixture[str]) -> None:
    platform = ("--issuer", tool.platform.issuer, "--client-id", tool.platform.client_id)
    assert typed(source, "source", "add", "open-edx", *OF_SCHOOL, "--name", "Our Open edX", *platform) == 0
    first = printed_key(capsys.readouterr().out)
    site = Site(tool, first)
    assert site.send(event()) == ["accepted"]
    assert typed(source, "source", "rotate", "open-edx", *OF_SCHOOL) == 0
    second = printed_key(capsys.readouterr().out)
    assert typed(source, "source", "revoke", "open-edx", *OF_SCHOOL, "--key-id", first.kid) == 0
    assert replace(site, key=second).send(event(2)) == ["accepted"]
    assert typed(source, "source", "list", *OF_SCHOOL) == 0
    listed = capsys.readouterr().out
    assert f"open-edx\tOur Open edX\tactive\t{tool.platform.issuer}" in listed
    assert re.search(rf"{first.kid}\trevoked", listed)
    assert f"{second.kid}\tgood" in listed
    assert first.secret not in listed
    assert second.secret not in listed
    assert typed(source, "source", "revoke", "open-edx", *OF_SCHOOL) == 0
    with pytest.raises(SourceMissingError):
        typed(source, "source", "rotate", "open-edx", *OF_SCHOOL)


def test_what_is_not_there_or_there_already_is_refused(tool: Tool, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(source, "source", "list", *OF_SCHOOL) == 0
    assert "qualoop source add" in capsys.readouterr().out
    typed(source, "source", "add", "own", *OF_SCHOOL)
    with pytest.raises(SourceThereError):
        typed(source, "source", "add", "own", *OF_SCHOOL)
    with pytest.raises(PlatformMissingError):
        typed(source, "source", "add", "other", *OF_SCHOOL, "--issuer", "https://nowhere.example")
    with pytest.raises(SourceMissingError):
        typed(source, "source", "revoke", "own", *OF_SCHOOL, "--key-id", "0000")
