"""What a command says, in one line, of an error that is not ours: a file that is not there, a database that does not answer.

Whoever brings a library into the command line says here what its errors mean (`explain`), so that no command has to.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import Any, Final

Words = Callable[[Any], str]

_REMEDIES: Final[Mapping[int | None, str]] = {
    errno.ENOENT: "mend the path",
    errno.ENOTDIR: "what the path goes through is a file: mend it",
    errno.EISDIR: "name a file in it",
    errno.EEXIST: "name another, or take it away",
    errno.ENAMETOOLONG: "shorten it",
    errno.EACCES: "name another place, or ask who may",
    errno.EPERM: "name another place, or ask who may",
    errno.EROFS: "name a place that can be written to",
    errno.ENOSPC: "make room, and call it again",
    errno.EADDRINUSE: "name another port, or stop what listens there",
}


def _of_the_system(error: OSError) -> str:
    said = error.strerror or str(error) or type(error).__name__
    named = f"{error.filename}: {said}" if error.filename is not None else said
    remedy = _REMEDIES.get(error.errno)
    return f"{named} ({remedy})" if remedy else named


def _of_a_number(error: OverflowError) -> str:
    return f"a number is larger than can be worked with: {error} (take a smaller one)"


_KNOWN: Final[dict[type[BaseException], tuple[str, Words]]] = {
    OSError: ("file", _of_the_system),
    OverflowError: ("number", _of_a_number),
}


def explain(kind: type[BaseException], code: str, words: Words) -> None:
    """Let errors of this kind be told by ``words(error)``, one sentence with what to do, under a stable code."""
    _KNOWN[kind] = (code, words)


def told(error: BaseException) -> str | None:
    """Return the line that a command says of an error; None where nobody explained it: then it is a fault of ours."""
    for kind in type(error).__mro__:
        if kind in _KNOWN:
            code, words = _KNOWN[kind]
            return f"{code}: {' '.join(words(error).split())}"
    return None
