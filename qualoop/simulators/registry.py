"""The engines that an installation has, by name, and the hash of the code that each computes with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from qualoop.errors import MissingExtraError
from qualoop.simulators.engine import Engine
from qualoop.simulators.errors import EnginePlaceError, UnknownEngineError

ENTRY_POINT_GROUP: Final = "qualoop.engines"

# What every engine computes with, besides its own code.
_SHARED: Final = ("decided_rounds", "decisions", "distributions", "scoring", "streams")
_COMPUTED_WITH: Final = frozenset({".py", ".yaml", ".json"})
_STARTING: Final = "starting"


def engine_names() -> list[str]:
    """Return the names of the installed engines, sorted."""
    return sorted({entry.name for entry in entry_points(group=ENTRY_POINT_GROUP)})


def get_engine(name: str) -> Engine:
    """Return the engine of this name.

    Raises UnknownEngineError, MissingExtraError where its libraries are missing, EnginePlaceError where nobody could say
    what code belongs to it.
    """
    return loaded(name)[0]


def engine_hash(name: str) -> str:
    """Return SHA-256, in hex, of what an engine computes with: its code and data, and what all engines share.

    Its own is the package of its class with all folders below, or the one module where there is no package. Two
    installations with the same hash compute the same scores from the same file. Raises what `get_engine` raises.
    """
    return loaded(name)[1]


@lru_cache(maxsize=64)
def loaded(name: str) -> tuple[Engine, str]:
    """Return an engine with its hash, which is taken when it is loaded: what lies on the disk later may be another one."""
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.name == name:
            try:
                engine: Engine = entry.load()()
            except ModuleNotFoundError as error:
                # Where no extra is declared, a module that is not there is a fault of ours.
                if not entry.extras:
                    raise
                raise MissingExtraError(f"the engine {name}", ",".join(entry.extras)) from error
            return engine, _hashed(engine)
    known = ", ".join(engine_names()) or "none"
    raise UnknownEngineError(f"no engine {name!r} is installed (there are: {known})")


def _hashed(engine: Engine) -> str:
    shared = Path(__file__).parent
    files = [*sorted(_files_of(_home_of(engine)))]
    files += [(f"{module}.py", shared / f"{module}.py") for module in _SHARED]
    digest = hashlib.sha256()
    for relative, path in files:
        digest.update(f"{relative}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def starting_folder(engine: Engine) -> Path | None:
    """Return what a new project of an engine begins with besides the standard world; None where that is all.

    It is the folder `starting/NAME` of the engine's package: project.yaml with what the head says besides, and files to copy.
    """
    home = _home_of(engine)
    # Beside a single module lies what belongs to others.
    folder = home / _STARTING / engine.name
    return folder if home.is_dir() and folder.is_dir() else None


def _files_of(home: Path) -> Iterator[tuple[str, Path]]:
    """Iterate over the files that an engine computes with, each with its name relative to its home."""
    if home.is_file():
        yield home.name, home
        return
    for path in home.rglob("*"):
        relative = path.relative_to(home)
        if path.suffix not in _COMPUTED_WITH or "__pycache__" in relative.parts or not path.is_file():
            continue
        # What new projects begin with is copied, and no world is made of it.
        if relative.parts[0] != _STARTING or path.suffix == ".py":
            yield relative.as_posix(), path


def _home_of(engine: Engine) -> Path:
    """Return the folder of the package that an engine's class is in, or the file of its module; raise EnginePlaceError."""
    module = type(engine).__module__
    spec = find_spec(module)
    if spec is not None and spec.submodule_search_locations is None and spec.parent:
        module, spec = spec.parent, find_spec(spec.parent)
    if spec is not None and spec.origin is None:
        folders = ", ".join(spec.submodule_search_locations or ())
        raise EnginePlaceError(
            f"the engine {engine.name} lies in {folders}, which holds no __init__.py, so that nobody can say which code "
            "belongs to it: put an empty __init__.py there, and install the package again"
        )
    origin = Path(spec.origin) if spec and spec.origin else None
    if spec is None or origin is None or not origin.is_file():
        raise EnginePlaceError(
            f"the code of the engine {engine.name} is no file that can be read (module {module}): install its package as "
            "files in folders"
        )
    return origin.parent if spec.submodule_search_locations is not None else origin
