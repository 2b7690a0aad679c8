"""The sizes that keep the code readable, and the words that must not be in it."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("qualoop", "lti_tool", "xblocks", "demo", "benchmarks", "tests")
FILE_LINES = 400
FUNCTION_LINES = 40
POSITIONAL = 4
SUPPRESSIONS = 10
# Split, so that this file does not hold what it looks for.
FOREIGN = [re.compile(rf"\.\./sha{''}red"), re.compile(rf"(?<![\w.-])sha{''}red/(reference|data|design)")]
TEXT = {
    ".py",
    ".md",
    ".cfg",
    ".toml",
    ".yaml",
    ".html",
    ".css",
    ".ts",
    ".mjs",
    ".json",
    ".txt",
    ".sh",
    ".po",
    ".svg",
    "",
}


@cache
def tracked() -> tuple[Path, ...]:
    """Return the project's files: those that git tracks, in a copy without git all that are not built."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return tuple(path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file())
    built = {".venv", "node_modules", "dist", "build", "var", "__pycache__", ".mypy_cache", ".ruff_cache"}
    return tuple(path for path in ROOT.rglob("*") if path.is_file() and not built & set(path.parts))


def python_files() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in ROOMS]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("suffix", [".py", ".ts"])
def test_files_are_short(suffix: str) -> None:
    sizes = {name(p): len(p.read_text(encoding="utf-8").splitlines()) for p in tracked() if p.suffix == suffix}
    assert {path: size for path, size in sizes.items() if size > FILE_LINES} == {}


def test_functions_are_short_and_take_few_positional_arguments() -> None:
    long, wide = [], []
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES:
                long.append(f"{name(path)}:{node.lineno} {node.name}")
            arguments = [a.arg for a in node.args.posonlyargs + node.args.args if a.arg not in {"self", "cls"}]
            if len(arguments) > POSITIONAL and "tests" not in path.parts:
                wide.append(f"{name(path)}:{node.lineno} {node.name}")
    assert long == []
    assert wide == []


def test_every_folder_of_code_is_a_package() -> None:
    """A folder without __init__.py is invisible to the import contracts."""
    folders = {p.parent for p in python_files() if p.relative_to(ROOT).parts[0] in ROOMS[:5]}
    without = {name(folder) for folder in folders if not (folder / "__init__.py").exists()}
    assert without - {"lti_tool/migrations/versions"} == set()


def test_suppressions_are_few_and_reasoned() -> None:
    found = [
        f"{name(path)}:{number} {line.strip()}"
        for path in python_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"#\s*noqa", line) and path != Path(__file__)
    ]
    assert len(found) <= SUPPRESSIONS, "\n".join(found)
    assert [line for line in found if not re.search(r"noqa: [A-Z0-9, ]+ - \w", line)] == []


def test_nothing_points_outside_of_the_project() -> None:
    hits = [
        f"{name(path)}: {pattern.pattern}"
        for path in tracked()
        if path.suffix in TEXT and path != Path(__file__)
        for pattern in FOREIGN
        if pattern.search(path.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert hits == []


def test_no_drawers() -> None:
    drawers = {"utils", "helpers", "misc", "common", "util", "helper"}
    parts = {name(p) for p in python_files() if drawers & {*p.relative_to(ROOT).parts[:-1], p.stem}}
    assert {path for path in parts if not path.startswith("xblocks/common/")} == set()


def test_the_front_end_lock_has_no_addresses() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text(encoding="utf-8")


def test_the_requirement_locks_have_no_addresses() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in path.read_text(encoding="utf-8"), path
