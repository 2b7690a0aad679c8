"""Faults of a block's own files are told in the author's language, whatever the reader of packages finds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import yaml

import qualoop
from qualoop.authored_files import Problem
from tests.integration.xblocks.learners import Learner, placed
from tests.integration.xblocks.test_inline import MINIMAL
from xblocks.common import problem_words as module
from xblocks.common.problem_words import problem_words

ROOT = Path(qualoop.__file__).parent
SENTENCES = yaml.safe_load(Path(module.__file__).with_name("problem_words.zh-Hans.yaml").read_text(encoding="utf-8"))
MAKERS = {"add", "Fault", "Problem", "_fault"}
CODE = re.compile(r"[a-z]+(-[a-z]+)+")


def codes_in_source() -> Iterator[str]:
    """Yield the codes that the readers of packages give, as far as they stand in their source."""
    places = [
        *(ROOT / "content_packages").rglob("*.py"),
        *(ROOT / "assessment").glob("rubric*.py"),
        ROOT / "authored_files.py",
    ]
    for path in (*places, Path(module.__file__).with_name("inline.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                texts = [one.value for one in node.args if isinstance(one, ast.Constant)] if name in MAKERS else []
                yield from (text for text in texts if isinstance(text, str) and CODE.fullmatch(text))


def test_every_code_of_the_readers_has_a_chinese_sentence() -> None:
    codes = set(codes_in_source())
    broken = Path("tests/content/packages/broken").rglob("problems.txt")
    told = {
        found[1]
        for path in broken
        for found in re.finditer(r"^[^:]+:\d+: ([a-z-]+):", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert len(codes) > 40
    assert {code for code in codes | told if code not in SENTENCES and not code.startswith("schema-")} == set()
    assert all(re.search("[\u4e00-\u9fff].*。$", text) for text in SENTENCES.values())


def test_a_fault_is_told_in_chinese_with_place_and_value() -> None:
    problem = Problem(
        file="items.yaml", line=5, code="kp-unknown", message="`SEM-9.9` is none of ECQ", repair="mend it"
    )

    assert problem_words(problem, "en") == str(problem)
    chinese = problem_words(problem, "zh-Hans")
    assert chinese.startswith("items.yaml 第 5 行：框架里没有这个知识点。")
    assert chinese.endswith("（SEM-9.9）[kp-unknown]")
    odd = replace(problem, code="schema-never-seen")
    assert "不符合格式" in problem_words(odd, "zh-Hans")
    assert problem_words(replace(problem, code="new-code"), "zh-Hans") == str(replace(problem, code="new-code"))


def test_studio_shows_an_author_the_faults_in_chinese() -> None:
    broken = {**MINIMAL, "items.yaml": MINIMAL["items.yaml"].replace("prompt:", "prmpt:")}
    author = Learner(place=placed("", fields={"files": broken}), language="zh-cn")

    assert "items.yaml 第 5 行：没有这个字段。请删除，或改正拼写。" in author.view("author_view")
