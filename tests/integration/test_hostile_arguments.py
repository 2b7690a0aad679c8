"""No command shows a traceback, whatever is typed after it and whatever its files and its database hold."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from qualoop.commands import main
from tests.factories.command_lines import hostile_files, hostile_lines, nouns, verbs
from tests.factories.databases import sqlite_template
from tests.factories.tool import SECRET


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Return what a command printed; fail where it ended otherwise than a command may, or without a word."""
    status = main(arguments)
    printed = capsys.readouterr()
    said = printed.out + printed.err
    assert status in {0, 1, 2}, arguments
    assert status == 0 or said.strip(), arguments
    assert "Traceback" not in said, arguments
    return said


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of hostile files, in an installation that has a school."""
    shutil.copy(sqlite_template(), tmp_path / "qualoop.db")
    monkeypatch.setenv("QUALOOP_DATABASE_URL", f"sqlite:///{tmp_path / 'qualoop.db'}")
    monkeypatch.setenv("QUALOOP_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("QUALOOP_SECRET_KEY", SECRET)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main(["organisation", "add", "school", "--name", "School"]) == 0
    hostile_files(tmp_path / "here")
    return tmp_path / "here"


@pytest.mark.parametrize("noun", nouns())
def test_hostile_arguments(noun: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, verb in verbs(noun):
        for line in hostile_lines(verb, place, every=False):
            told([*words, *line], capsys)


@pytest.mark.soak
@pytest.mark.parametrize("noun", nouns())
def test_every_hostile_argument(noun: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, verb in verbs(noun):
        for line in hostile_lines(verb, place, every=True):
            told([*words, *line], capsys)


@pytest.mark.parametrize(
    "address", ["sqlite:////dev/null/nowhere.db", "sqlite:///binary", "postgresql+psycopg://x@127.0.0.1:1/x"]
)
def test_a_database_that_cannot_be_used(
    address: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUALOOP_DATABASE_URL", address)
    for arguments in (["platform", "list"], ["database", "migrate"], ["content", "list", "--organisation", "school"]):
        assert told(arguments, capsys).startswith("qualoop: "), arguments


def test_a_registration_that_is_not_there_is_refused_before_anything_is_printed(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["platform", "show", "--organisation", "school", "--issuer", "https://lms.example", "--client-id", "nobody"]
    assert main(asked) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("qualoop: platform-missing")
