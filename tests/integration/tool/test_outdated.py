"""Commands on a database that nobody has brought to this version: they say what to do, and change nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from qualoop import commands
from tests.factories.tool import SECRET


@pytest.mark.parametrize("words", ["keys list", "platform list", "inbox list --organisation school", "job list"])
def test_a_command_asks_for_the_migration(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.db"
    monkeypatch.setenv("QUALOOP_DATABASE_URL", f"sqlite:///{file}")
    monkeypatch.setenv("QUALOOP_SECRET_KEY", SECRET)
    assert commands.main(words.split()) == 1
    told = capsys.readouterr().err
    assert "database-outdated" in told
    assert "qualoop database migrate" in told
    with sqlite3.connect(file) as opened:
        assert opened.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    opened.close()


def test_what_needs_no_tables_works_before_the_migration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUALOOP_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    monkeypatch.setenv("QUALOOP_SECRET_KEY", SECRET)
    assert commands.main(["platform", "show"]) == 0
    assert "/lti/launch" in capsys.readouterr().out
    assert commands.main(["database", "check"]) == 1
    assert commands.main(["database", "migrate"]) == 0
    assert commands.main(["keys", "list"]) == 0
