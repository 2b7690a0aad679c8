"""Runs one function body compiled by numba or as plain Python: the same bits, once in lists and once in arrays."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from functools import cache
from types import FunctionType
from typing import Any, Final

import numpy as np

from qualoop.errors import MissingExtraError
from qualoop.mastery import kernel

#: From this many events on compiling (some seconds, once a process) costs less than it saves.
COMPILE_FROM: Final = 100_000


def is_worth_compiling(events: int) -> bool:
    """Say whether ``events`` are run faster compiled, and numba is there to do it."""
    return events >= COMPILE_FROM and importlib.util.find_spec("numba") is not None


@cache
def compiled(loop: Callable[..., Any], *helpers: Callable[..., Any]) -> Callable[..., Any]:
    """Return a loop compiled together with the kernel and the helpers that it calls by name, once a process.

    Helpers do plain arithmetic and call nothing but those before them. What they call of the kernel is one of them too.
    Raises MissingExtraError where numba is missing.
    """
    if importlib.util.find_spec("numba") is None:
        raise MissingExtraError("compiled replay", "mastery")
    numba: Any = importlib.import_module("numba")
    jit = numba.njit(error_model="numpy", inline="always", _nrt=False)
    made: dict[str, Any] = {}
    for helper in helpers:
        made[helper.__name__] = jit(_copy(helper, made))
    whole: Callable[..., Any] = kernel.compiled(_copy(loop, made))
    return whole


def _copy(function: Any, made: Mapping[str, Any]) -> Any:
    """Return a function that calls the compiled forms of the helpers made so far."""
    return FunctionType(function.__code__, {**function.__globals__, **made}, function.__name__)


def as_lists(value: Any) -> Any:
    """Return arrays, also in tuples, as lists: plain Python is several times faster on them, with the same bits."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    return tuple(as_lists(each) for each in value) if isinstance(value, tuple) else value
