"""A sound framework loads; each file in broken/ is one way to spoil it, with the problems that must be found."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from qualoop.framework import AuthoredFilesError, load_framework

HERE = Path(__file__).parent
CASES = sorted(path.stem for path in (HERE / "broken").glob("*.yaml"))


def spoilt(case: dict[str, Any], root: Path) -> Path:
    """Copy the sound framework and make the changes of a case to it."""
    shutil.copytree(HERE / "sound", root)
    for change in case["changes"]:
        path = root / change["file"]
        text = path.read_text(encoding="utf-8")
        assert text.count(change["replace"]) >= 1, f"{change} changes nothing"
        path.write_text(text.replace(change["replace"], change["by"], 1), encoding="utf-8")
    return root


@pytest.mark.parametrize("name", CASES)
def test_every_problem_is_found_where_it_is(name: str, tmp_path: Path) -> None:
    case = yaml.safe_load((HERE / "broken" / f"{name}.yaml").read_text(encoding="utf-8"))
    with pytest.raises(AuthoredFilesError) as raised:
        load_framework(spoilt(case, tmp_path / "framework"))
    assert [str(problem) for problem in raised.value.problems] == case["problems"]
