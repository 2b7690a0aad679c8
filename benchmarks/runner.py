"""Runs a bench and says on which commit and machine: what `qualoop bench` prints.

A bench is a module with `run(say)`, which returns its figures and, for each that could not be measured, the reason.
It calls the functions that production calls: a path of its own would make the figure void.
"""

from __future__ import annotations

import importlib
import os
import platform
import sqlite3
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

#: Each bench by its name. Imported only when it is run: some need servers or peers that others do not.
BENCHES: Final[Mapping[str, str]] = {
    "delivery": "benchmarks.delivery",
    "launch": "benchmarks.launch",
}

Say = Callable[[str], None]


def run(name: str, say: Say) -> dict[str, Any]:
    """Run one bench and return its report; ``say`` gets a line for each step."""
    figures, notes = importlib.import_module(BENCHES[name]).run(say)
    return {
        "bench": name,
        "commit": _commit(),
        "machine": _machine(),
        "figures": {key: _rounded(figure) for key, figure in figures.items()},
        "notes": notes,
    }


def _rounded(figure: float | None) -> float | None:
    """Return a figure with the four digits that a repeat might show again; counts stay whole."""
    return figure if figure is None or isinstance(figure, int) else float(f"{figure:.4g}")


def _commit() -> str:
    """Return the commit, with a plus where files have changed since; empty outside of a clone."""
    folder = Path(__file__).parent
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True
        ).stdout.strip()
        changes = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no"], cwd=folder, capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit + ("+" if changes else "")


def _machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def _processor() -> str:
    """Return the processor's name; Linux says it only in a file."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
