"""What the commands share that read folders of authored files: the framework of a package, and problems as they are printed."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from qualoop.authored_files import AuthoredFilesError, Problem
from qualoop.commands import DONE, FAILED
from qualoop.content_packages import Package, load_package
from qualoop.framework import FRAMEWORK_FILE, Framework, load_framework, shipped_content


def add_framework(verb: argparse.ArgumentParser) -> None:
    """Add the option that names the framework where the nearest one will not do."""
    text = f"the folder with {FRAMEWORK_FILE} (default: the nearest above the package, else the one with Qualoop)"
    verb.add_argument("--framework", type=Path, metavar="DIR", help=text)


def find_framework(folder: Path, given: Path | None) -> Framework:
    """Return the framework of a package: the given one, else the nearest above it, else the one that is shipped.

    Raises AuthoredFilesError with every problem of its files, each with its folder.
    """
    above = (place for place in folder.resolve().parents if (place / FRAMEWORK_FILE).is_file())
    return framework_in(given or next(above, shipped_content() / "ecommerce"))


@lru_cache(maxsize=4)
def framework_in(folder: Path) -> Framework:
    """Return the framework in a folder, loaded once for all the packages below it; raises as `find_framework`."""
    try:
        return load_framework(folder)
    except AuthoredFilesError as error:
        raise AuthoredFilesError(problem.below(folder) for problem in error.problems) from error


def load_below(folder: Path, framework: Framework) -> Package:
    """Return the package in a folder; raise AuthoredFilesError with every problem it has, each with the folder."""
    try:
        return load_package(folder, framework)
    except AuthoredFilesError as error:
        raise AuthoredFilesError(problem.below(folder) for problem in error.problems) from error


def check_place(file: Path | None) -> None:
    """Raise OSError where a file could not be written, before the long work is done that would be lost."""
    if file is not None:
        with file.open("ab"):
            pass


def print_problems(problems: Collection[Problem | str], checked: str = "") -> int:
    """Print what a check found, a line a problem, and how many they are after what was checked; return the exit status.

    All of it goes to stdout: it is what was asked for.
    """
    for problem in problems:
        print(problem)
    print(f"{checked}{len(problems)} to mend")
    return FAILED if problems else DONE
