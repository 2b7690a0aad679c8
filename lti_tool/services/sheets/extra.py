"""The door to what needs the extra `paper`: where it is not installed, that is said, and everything else runs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from qualoop.errors import QualoopError


class PaperUnavailableError(QualoopError):
    """Sheets cannot be printed or read here: the extra `paper` is not installed (pip install qualoop[paper])."""

    code = "paper-unavailable"


def paper_module(name: str) -> Any:
    """Return a module of `qualoop.classroom.paper`; raise PaperUnavailableError."""
    return _loaded(f"qualoop.classroom.paper.{name}")


def workbook_reader() -> Any:
    """Return openpyxl; raise PaperUnavailableError, also where it would unfold entities."""
    # It takes defusedxml where that is installed, and is open to XML bombs where not.
    _loaded("defusedxml")
    return _loaded("openpyxl")


def _loaded(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise PaperUnavailableError from error
