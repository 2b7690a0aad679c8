"""`qualoop assessor rule`: shown, set, taken off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qualoop.commands import main
from tests.factories.tool import SECRET, Tool, make_tool


@pytest.fixture
def tool(tmp_path: Path) -> Iterator[Tool]:
    """A tool on SQLite: each command opens the database anew."""
    made = make_tool(f"sqlite:///{tmp_path / 'qualoop.db'}")
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


def test_the_rule_is_set_and_taken_off(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUALOOP_DATABASE_URL", tool.runtime.database.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("QUALOOP_SECRET_KEY", SECRET)

    def said(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["qualoop", "assessor", "rule", "--organisation", "school", *words])
        assert main() == 0
        return capsys.readouterr().out

    assert "Nothing is asked" in said()
    assert "From level 5 on" in said("--from-level", "5", "--kind", "industry")
    assert "confirmed qualification: industry." in said()
    assert "industry and teaching" in said("--from-level", "6")
    assert "Nothing is asked" in said("--off")
