"""`qualoop platform`: what an administrator sees who registers a platform by hand."""

from __future__ import annotations

import argparse

import pytest

from lti_tool.commands import platform
from qualoop.commands import Nouns
from qualoop.values import ValueRefusedError
from tests.factories.tool import Tool


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    nouns: Nouns = parser.add_subparsers()
    platform.register(nouns)
    found = parser.parse_args(["platform", *arguments])
    status: int = found.run(found)
    return status


@pytest.fixture
def command(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> Tool:
    monkeypatch.setattr(platform, "open_runtime", lambda: tool.runtime)
    return tool


def test_every_wrong_address_is_named_with_what_was_given(command: Tool) -> None:
    with pytest.raises(ValueRefusedError) as refused:
        run(
            *("add", "--organisation", "school", "--issuer", "https://new.example", "--client-id", "c"),
            *("--auth-login-url", "https://new.example/auth", "--token-url", "ftp://x", "--jwks-url", "javascript:1"),
        )
    assert "token_url (ftp://x), jwks_url (javascript:1)" in str(refused.value)
    assert "auth_login_url" not in str(refused.value)
