"""The rungs of the isolation ladder, from the safest down, as commands that start the worker.

1. bubblewrap: own namespaces, no capabilities, no network, a root with Python's libraries and the data file, read-only;
   inside, Landlock and seccomp as well where the kernel has them.
2. Landlock and seccomp, applied by the worker to itself.
3. None: SQL tasks are refused.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

BUBBLEWRAP: Final = "bubblewrap"
LANDLOCK: Final = "landlock"
RUNGS: Final = (BUBBLEWRAP, LANDLOCK)

_INSIDE: Final = "/data"
# The packages' fronts are left out: they import NumPy, whose threads would make forks unsound.
_BOOT: Final = """
import sys, types
for name, path in zip(("qualoop", "qualoop.simulators", "qualoop.simulators.sql"), sys.argv[1:4]):
    package = types.ModuleType(name)
    package.__path__ = [path]
    sys.modules[name] = package
sys.path += sys.argv[4:]
from qualoop.simulators.sql.worker import main
main()
"""
_SYSTEM_LIBRARIES: Final = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """How the worker is started: its command, and where the data file lies for it."""

    name: str
    command: tuple[str, ...]
    data: str


def find_rung(name: str, data: Path, engine: str) -> Rung | None:
    """Return a rung for a data file and an engine (`duckdb`, `sqlite`); None where its program is missing."""
    if name == LANDLOCK:
        return Rung(name=name, command=_python(engine), data=str(data))
    program = shutil.which("bwrap")
    if program is None:
        return None
    inside = f"{_INSIDE}/{data.name}"
    command = (program, *_bubblewrap(data, inside, engine), "--", *_python(engine))
    return Rung(name=name, command=command, data=inside)


def _bubblewrap(data: Path, inside: str, engine: str) -> Iterator[str]:
    yield from ("--unshare-all", "--cap-drop", "ALL", "--clearenv", "--die-with-parent", "--new-session")
    yield from ("--uid", "65534", "--gid", "65534")
    for path in _needed(engine):
        yield from ("--ro-bind-try", path, path)
    yield from ("--ro-bind", str(data), inside, "--remount-ro", "/")


def _needed(engine: str) -> list[str]:
    """Return the folders and files that Python, the engine and the worker are read from."""
    python = Path(sys.executable)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    paths = [
        *_SYSTEM_LIBRARIES,
        str(python),
        str(python.resolve()),
        *(str(path) for path in python.resolve().parent.glob(version)),
        str(Path(sys.prefix) / "pyvenv.cfg"),
        sysconfig.get_path("stdlib"),
        sysconfig.get_path("platstdlib"),
        *(str(path) for path in (Path(sys.base_prefix) / "lib").glob("libpython*")),
        str(Path(__file__).parent),
        *_site(engine),
    ]
    links = [str(python.readlink())] if python.is_symlink() and python.readlink().is_absolute() else []
    return list(dict.fromkeys([*paths, *links]))


def _site(engine: str) -> list[str]:
    """Return the folder that the engine's package lies in; none for what Python brings."""
    if engine == "sqlite":
        return []
    spec = find_spec(engine)
    return [str(Path(spec.origin).parent.parent)] if spec is not None and spec.origin else []


def _python(engine: str) -> tuple[str, ...]:
    own = Path(__file__).parent
    packages = (str(own.parent.parent), str(own.parent), str(own))
    # -I: no environment, no user's site; -S: no .pth files, whose code would run; -B: nothing is written.
    return (sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", _BOOT, *packages, *_site(engine))
