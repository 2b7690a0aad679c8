"""A new project costs its author a YAML file and an engine: what `sim new` makes passes every check as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from qualoop.commands import main
from qualoop.content_packages import load_package, start_project
from qualoop.framework import load_framework, shipped_content
from qualoop.simulators import engine_names

FRAMEWORK = load_framework(shipped_content() / "ecommerce")


@pytest.mark.parametrize("engine", engine_names())
def test_a_new_project_passes_untouched(engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, run = tmp_path / "fresh", tmp_path / "run.json"
    assert main(["sim", "new", "fresh", "--engine", engine, "--unit", "SEM-1", "--into", str(tmp_path)]) == 0
    assert main(["content", "check", str(folder)]) == 0, capsys.readouterr().out
    assert main(["sim", "check", "--quick", str(folder)]) == 0, capsys.readouterr().out
    assert main(["sim", "run", str(folder), "--out", str(run)]) == 0
    assert main(["sim", "verify", str(run)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("unit", sorted(FRAMEWORK.units))
def test_every_unit_can_be_headed(unit: str, tmp_path: Path) -> None:
    folder = start_project(tmp_path, "fresh", FRAMEWORK, engine="copy-clinic", unit=unit)
    assert load_package(folder, FRAMEWORK).document["unit"] == unit
