"""The engines that an installation has, by name, and the hash of the code that each computes with."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from qualoop.errors import MissingExtraError
from qualoop.simulators.engine import Engine
from qualoop.simulators.errors import UnknownEngineError

ENTRY_POINT_GROUP: Final = "qualoop.engines"

# What every engine computes with, besides its own package.
_SHARED: Final = ("decided_rounds", "decisions", "distributions", "scoring", "streams")


def engine_names() -> list[str]:
    """Return the names of the installed engines, sorted."""
    return sorted({entry.name for entry in entry_points(group=ENTRY_POINT_GROUP)})


@lru_cache(maxsize=64)
def get_engine(name: str) -> Engine:
    """Return the engine of this name; raise UnknownEngineError, or MissingExtraError where its libraries are missing."""
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.name == name:
            try:
                engine: Engine = entry.load()()
            except ModuleNotFoundError as error:
                # Where no extra is declared, a module that is not there is a fault of ours.
                if not entry.extras:
                    raise
                raise MissingExtraError(f"the engine {name}", ",".join(entry.extras)) from error
            return engine
    known = ", ".join(engine_names()) or "none"
    raise UnknownEngineError(f"no engine {name!r} is installed (there are: {known})")


@lru_cache(maxsize=64)
def engine_hash(name: str) -> str:
    """Return SHA-256, in hex, of what an engine computes with: its package, code and data, and what all engines share.

    Two installations with the same hash compute the same scores from the same file.
    """
    own, shared = _folder_of(get_engine(name)), Path(__file__).parent
    files = sorted([*own.glob("*.py"), *own.glob("*.yaml")]) + [shared / f"{module}.py" for module in _SHARED]
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def starting_folder(engine: Engine) -> Path | None:
    """Return what a new project of an engine begins with besides the standard world; None where that is all.

    It is the folder `starting/NAME` of the engine's package: project.yaml with what the head says besides, and files to copy.
    """
    folder = _folder_of(engine) / "starting" / engine.name
    return folder if folder.is_dir() else None


def _folder_of(engine: Engine) -> Path:
    package = type(engine).__module__.rpartition(".")[0]
    return Path(str(import_module(package).__file__)).parent
