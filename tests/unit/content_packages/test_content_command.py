"""`qualoop content`: what authors see in the terminal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from qualoop.commands import content, main
from qualoop.content_packages import load_package
from tests.factories.packages import BROKEN, PACKAGES, broken_copy, ecommerce


class Noun:
    """The entry point of the noun, without an installation."""

    name = "content"
    extras: Sequence[str] = ()

    def load(self) -> ModuleType:
        return content


def run(*arguments: object) -> int:
    return main(["content", *map(str, arguments)], entry_points=[Noun()])


def test_check_is_quiet_about_sound_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", PACKAGES / "full", PACKAGES / "minimal") == 0
    assert capsys.readouterr().out == "2 checked, 0 to mend\n"


def test_check_prints_every_problem_of_every_package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = broken_copy("everything-at-once", tmp_path)
    shutil.copytree(PACKAGES / "minimal", tmp_path / "minimal")
    expected = (BROKEN / "everything-at-once/problems.txt").read_text(encoding="utf-8").splitlines()

    assert run("check", tmp_path) == 1

    lines = capsys.readouterr().out.splitlines()
    assert lines[:-1] == [f"{package}/{problem}" for problem in expected]
    assert lines[-1] == f"2 checked, {len(expected)} to mend"


def test_check_of_a_folder_without_packages_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "items.yaml").write_text("items: []\n", encoding="utf-8")
    assert run("check", tmp_path) == 1
    assert f"{tmp_path}/lesson.yaml:1: file-missing" in capsys.readouterr().out


def test_check_says_what_is_wrong_with_the_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty, absent = tmp_path / "empty", tmp_path / "absent"
    empty.mkdir()
    assert run("check", absent, empty, PACKAGES / "minimal") == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{absent}: folder-missing: there is no such folder (mend the path)",
        f"{empty}: package-missing: the folder is empty (qualoop content new KEY begins a package)",
        "1 checked, 2 to mend",
    ]


def test_check_takes_the_nearest_framework(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "framework.yaml").write_text("format: something-else\n", encoding="utf-8")
    shutil.copytree(PACKAGES / "minimal", tmp_path / "lessons/minimal")

    assert run("check", tmp_path) == 1
    told = capsys.readouterr()
    assert f"{tmp_path}/framework.yaml:" in told.out
    assert told.err == ""


def test_new_makes_a_package_that_passes_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("new", "my-lesson", "--into", tmp_path, "--knowledge-point", "SEM-1.4") == 0
    assert run("check", tmp_path) == 0
    assert "1 checked, 0 to mend" in capsys.readouterr().out
    assert load_package(tmp_path / "my-lesson", ecommerce()).tags == {"first-question": {"SEM-1.4": "1"}}


@pytest.mark.parametrize("file", ["lesson", "items"])
def test_new_leads_editors_to_the_schema(tmp_path: Path, file: str) -> None:
    assert run("new", "my-lesson", "--into", tmp_path) == 0

    modeline, *_ = (tmp_path / f"my-lesson/{file}.yaml").read_text(encoding="utf-8").splitlines()
    relative = modeline.removeprefix("# yaml-language-server: $schema=")
    schema = json.loads((tmp_path / "my-lesson" / relative).read_text(encoding="utf-8"))
    assert schema["type"] == "object"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["My lesson"], "value"),
        (["../outside"], "value"),
        (["taken"], "package-exists"),
        (["other", "--knowledge-point", "SEM-9.9"], "framework-unknown-code"),
    ],
)
def test_new_says_why_it_refuses(
    arguments: list[str], code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").mkdir()

    assert run("new", *arguments, "--into", tmp_path) == 1
    assert capsys.readouterr().err.startswith(f"qualoop: {code}: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taken"]


@pytest.mark.parametrize(("arguments", "field"), [([], "steps"), (["items.yaml"], "items")])
def test_schema_prints_json(arguments: list[str], field: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema", *arguments) == 0
    assert field in json.loads(capsys.readouterr().out)["properties"]
