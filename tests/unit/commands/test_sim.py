"""`qualoop sim`: which framework a project is of, and what its author reads where something is not as it must be."""

from __future__ import annotations

import shutil
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from qualoop.commands import ENTRY_POINT_GROUP, main
from tests.factories.packages import PACKAGES

NOUNS = [EntryPoint(name="sim", value="qualoop.commands.sim", group=ENTRY_POINT_GROUP)]
TEA = Path(__file__).parent.parent / "framework" / "sound"


def run(*arguments: object) -> int:
    return main(["sim", *map(str, arguments)], entry_points=NOUNS)


def new(into: Path, unit: str, *more: object) -> int:
    return run("new", "tea-copy", "--engine", "copy-clinic", "--unit", unit, "--into", into, *more)


def test_the_nearest_framework_above_is_the_projects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(TEA, tmp_path / "tea")
    assert new(tmp_path / "tea/projects", "BREW") == 0, capsys.readouterr().err
    assert "code: TEA" in (tmp_path / "tea/projects/tea-copy/project.yaml").read_text(encoding="utf-8")
    assert run("run", tmp_path / "tea/projects/tea-copy") == 0
    assert run("check", tmp_path / "tea/projects/tea-copy", "--quick") == 0


def test_another_framework_can_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new(tmp_path, "BREW") == 1
    assert new(tmp_path, "BREW", "--framework", TEA) == 0, capsys.readouterr().err
    assert run("run", tmp_path / "tea-copy") == 1
    assert "framework" in capsys.readouterr().err
    assert run("run", tmp_path / "tea-copy", "--framework", TEA) == 0


def test_a_project_can_be_named_by_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert new(tmp_path, "SEM-1") == 0
    monkeypatch.chdir(tmp_path / "tea-copy")
    assert run("run", ".") == 0


def test_what_is_no_project_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for folder in (PACKAGES / "minimal", tmp_path, tmp_path / "absent", tmp_path / "file"):
        for verb in ("run", "check", "bench"):
            assert run(verb, folder) == 1
            told = capsys.readouterr()
            assert told.out == ""
            assert told.err.startswith("qualoop: package-missing: ")
            assert told.err.count("\n") == 1
            assert "qualoop sim new" in told.err


def test_a_check_tells_its_problems_on_stdout_with_their_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new(tmp_path, "SEM-1") == 0
    (tmp_path / "tea-copy/brief.en.md").unlink()
    capsys.readouterr()
    assert run("check", tmp_path / "tea-copy") == 1
    told = capsys.readouterr()
    assert told.out.splitlines()[0].startswith(f"{tmp_path / 'tea-copy'}/brief.en.md:1: file-missing")
    assert told.out.splitlines()[-1] == "1 to mend"
    assert told.err == ""


@pytest.mark.parametrize("name", ["absent/file", "folder", "file/below"])
def test_where_nothing_can_be_written_is_told_before_the_work(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert new(tmp_path, "SEM-1") == 0
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.setattr("qualoop.commands.sim_check.examine", lambda *_, **__: pytest.fail("minutes of work"))
    capsys.readouterr()
    for words in (("check", tmp_path / "tea-copy", "--report"), ("run", tmp_path / "tea-copy", "--out")):
        assert run(*words, tmp_path / name) == 1
        told = capsys.readouterr()
        assert (told.out, told.err.count("\n")) == ("", 1)
        assert told.err.startswith(f"qualoop: file: {tmp_path / name}: ")


@pytest.mark.parametrize("name", ["absent", "folder", "/dev/zero", "empty"])
def test_what_is_no_run_is_refused_in_one_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    assert run("verify", tmp_path / name) == 1
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert told.err.startswith(("qualoop: file: ", "qualoop: run-file: "))


def test_yaml_that_cannot_be_read_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new(tmp_path, "SEM-1") == 0
    (tmp_path / "tea-copy/project.yaml").write_text("key: [", encoding="utf-8")
    capsys.readouterr()
    assert run("run", tmp_path / "tea-copy") == 1
    assert capsys.readouterr().err.startswith(f"{tmp_path}/tea-copy/project.yaml:1: yaml-syntax")
