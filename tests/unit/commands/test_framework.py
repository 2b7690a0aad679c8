"""`qualoop framework show` and `check`, on the framework that ships and on others."""

from __future__ import annotations

import json
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from qualoop.commands import ENTRY_POINT_GROUP, main
from qualoop.framework import load_framework, shipped_content

NOUNS = [EntryPoint(name="framework", value="qualoop.commands.framework", group=ENTRY_POINT_GROUP)]
SOUND = Path(__file__).parent.parent / "framework" / "sound"


def run(*arguments: str) -> int:
    return main(["framework", *arguments], entry_points=NOUNS)


def test_check_counts_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check") == 0
    assert "14 units, 48 knowledge points" in capsys.readouterr().out
    assert run("check", str(SOUND)) == 0
    assert "TEA 1.2.0 (draft): 2 levels" in capsys.readouterr().out


def test_check_prints_every_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (SOUND / "framework.yaml").read_text(encoding="utf-8").replace("weight: 40", "weight: 39")
    (tmp_path / "framework.yaml").write_text(text, encoding="utf-8")
    assert run("check", str(tmp_path)) == 1
    told = capsys.readouterr()
    *lines, last = told.out.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["weights-sum", *["file-missing"] * 3]
    assert lines[0].startswith(f"{tmp_path}/framework.yaml:")
    assert (last, told.err) == ("4 to mend", "")


def test_the_tree(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", str(SOUND)) == 0
    assert capsys.readouterr().out.splitlines() == [
        "TEA 1.2.0 (draft)  Tea house",
        "",
        "G1  Front",
        "  HOST  Host",
        "    BREW  Brew tea  [ONE, 3 credits]",
        "      TIME  Time",
        "      LEAF  Leaf",
        "      WATER  Water",
        "  SERVE  Serve tea  [TWO, 2 credits]",
        "    LEAF  Leaf",
    ]


def test_one_thing_in_chinese_whatever_the_case_of_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "time", str(SOUND), "--lang", "zh-Hans") == 0
    assert capsys.readouterr().out.splitlines() == [
        "TIME  时间",
        "skill, reviewed every 12 months",
        "会掌握时间。",
        "Units:",
        "  BREW  沏茶",
        "Builds on:",
        "  LEAF  茶叶",
        "  WATER  水",
    ]


def test_everything_with_a_code_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    document = load_framework(shipped_content() / "ecommerce").to_document()
    sections = ("domains", "levels", "job_groups", "posts", "units", "knowledge_points", "certificate_directions")
    for section in sections:
        record = document[section][-1]
        assert run("show", record["code"]) == 0
        assert record["title"]["en"] in capsys.readouterr().out.splitlines()[0]


def test_json_of_all_and_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    framework = load_framework(SOUND)
    assert run("show", "--json", str(SOUND)) == 0
    assert json.loads(capsys.readouterr().out) == framework.to_document()
    assert run("show", "BREW", str(SOUND), "--json") == 0
    assert json.loads(capsys.readouterr().out) == framework.to_document()["units"][0]


def test_an_unknown_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "SEM-9") == 1
    assert capsys.readouterr().err.startswith("qualoop: framework-unknown-code: 'SEM-9'")
