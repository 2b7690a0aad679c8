"""Whether a key makes the same world in another process: with another seed of hashes, and in another working directory.

What hangs on `hash()`, on the order of a set or on where the server was started is the same twice in one process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from qualoop.simulators.engine import Engine
from qualoop.simulators.findings import Finding, fingerprint, not_checked
from qualoop.simulators.forms import Form
from qualoop.simulators.psychometrics import Task
from qualoop.simulators.streams import WorldKey

_CHECK: Final = "other-process"
_SECONDS: Final = 300
_CODE: Final = """
import json, sys
given = json.loads(sys.stdin.read())
sys.path[:] = given["path"]
from qualoop.simulators.other_process import answer
print(answer(given))
"""
_PARTS: Final = ("what is shown", "the value or the oracle's", "the state")


def other_process(task: Task, form: Form) -> Finding:
    """Check that another process makes the same world of a form's key."""
    engine = type(task.engine)
    if _found(engine.__module__, engine.__qualname__) is not engine:
        return not_checked(_CHECK, f"the class {engine.__qualname__} cannot be imported from {engine.__module__}")
    given = {
        "path": [str(Path(entry).absolute()) for entry in sys.path],
        "module": engine.__module__,
        "class": engine.__qualname__,
        "spec": task.spec.model_dump(mode="json"),
        "key": form.key.as_text(),
    }
    try:
        there = _answered(given)
    except OSError as error:
        return not_checked(_CHECK, f"no other process could be started here ({error}): check it on another machine")
    if isinstance(there, Finding):
        return there
    # Read again here too: a spec that was made without being checked may have 5 where a checked one has 5.0.
    spec = task.engine.spec_model.model_validate(given["spec"])
    here = json.loads(fingerprint(task.engine, spec, form.key))
    other = [part for part, one, two in zip(_PARTS, here, there, strict=True) if one != two]
    detail = "another process, with another seed of hashes and in another folder, makes the same world"
    if other:
        detail = (
            f"another process makes another world of the same key: {', '.join(other)} differ. Look for hash(), for the order "
            "of a set, for the clock, and for files that are named from the working directory"
        )
    return Finding(check=_CHECK, ok=not other, detail=detail)


def _answered(given: Mapping[str, Any]) -> list[Any] | Finding:
    """Return what a world shows and is worth in another process, or that it could not be made there; raise OSError."""
    if not sys.executable:
        raise OSError("this Python does not know its own program")
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CODE],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
            cwd=tempfile.gettempdir(),
            env=os.environ | {"PYTHONHASHSEED": seed},
        )
    except subprocess.TimeoutExpired:
        return Finding(check=_CHECK, ok=False, detail=f"another process has not made a world within {_SECONDS} s")
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        return Finding(
            check=_CHECK, ok=False, detail=f"another process, in another folder, cannot make the world: {last}"
        )
    there: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return there


def answer(given: Mapping[str, Any]) -> str:
    """Return, in the other process, the fingerprint of the world that is asked for."""
    engine: Engine = _found(given["module"], given["class"])()
    spec = engine.spec_model.model_validate(given["spec"])
    return fingerprint(engine, spec, WorldKey.from_text(given["key"]))


def _found(module: str, name: str) -> Any:
    """Return what a module holds under a name with dots; None where it holds nothing."""
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found
