"""Compiles the loops of the bench's models; they stay plain Python functions otherwise."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, Final

from qualoop.errors import MissingExtraError

COMPILE_FROM: Final = 20_000
"""Below so many rows compiling costs more than it saves."""


def compiled(function: Callable[..., Any], rows: int) -> Callable[..., Any]:
    """Return a function compiled by numba, or as it is where it shall go over few rows.

    Raises MissingExtraError where it needs numba and that is not installed.
    """
    return _compiled(function) if rows >= COMPILE_FROM else function


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function compiled without fast-math, once in a process."""
    try:
        numba: Any = import_module("numba")
    except ModuleNotFoundError as error:
        raise MissingExtraError("`qualoop bench mastery`", "mastery") from error
    made: Callable[..., Any] = numba.njit(function)
    return made
