"""Runs a bench and says on which commit and machine: what `qualoop bench` prints.

A bench is a module with `run(say)`, which returns its figures and, for each that could not be measured, the reason.
It calls the functions that production calls: a path of its own would make the figure void. A module may also have
`add_arguments(parser)`, and then its `run(say, arguments)` gets what was given behind the name; and `missed(figures)`,
which returns a line for each figure that is worse than it must be: what `--gate` fails on.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sqlite3
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

#: Each bench by its name. Imported only when it is run: some need servers or peers that others do not.
BENCHES: Final[Mapping[str, str]] = {
    "classroom": "benchmarks.classroom",
    "delivery": "benchmarks.delivery",
    "evidence": "benchmarks.evidence",
    "launch": "benchmarks.launch",
    "mastery": "benchmarks.mastery",
    "pages": "benchmarks.pages",
    "replay": "benchmarks.replay",
    "sim": "benchmarks.sim",
    "xblock": "benchmarks.xblock",
}

Say = Callable[[str], None]
Figures = Mapping[str, float | None]
Notes = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a bench module offers."""

    run: Callable[..., tuple[Figures, Notes]]
    add_arguments: Callable[[argparse.ArgumentParser], None] | None = None
    missed: Callable[[Figures], Sequence[str]] | None = None


def find(name: str) -> Bench:
    """Import the bench of a name (a key of BENCHES)."""
    module = importlib.import_module(BENCHES[name])
    return Bench(
        run=module.run,
        add_arguments=getattr(module, "add_arguments", None),
        missed=getattr(module, "missed", None),
    )


def report(name: str, bench: Bench, say: Say, options: argparse.Namespace) -> dict[str, Any]:
    """Run a bench and return its report; ``say`` gets a line for each step."""
    figures, notes = bench.run(say, options) if bench.add_arguments is not None else bench.run(say)
    return {
        "bench": name,
        "commit": _commit(),
        "machine": _machine(),
        "figures": {key: _rounded(figure) for key, figure in figures.items()},
        "notes": dict(notes),
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
