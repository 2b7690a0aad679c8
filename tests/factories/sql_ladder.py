"""The ladder that ships, and installations that run it."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml

from qualoop.framework import shipped_content
from qualoop.simulators.sql.dataset import ONLINE_RETAIL, PreparedData, prepare
from qualoop.simulators.sql.rungs import BUBBLEWRAP, LANDLOCK, RUNGS
from qualoop.simulators.sql.running import Installation
from qualoop.simulators.sql.sandbox import Answer, Query, Sandbox, open_sandbox
from qualoop.simulators.sql.tasks import LadderSpec

PROJECT = shipped_content() / "ecommerce" / "projects" / "da-sql-ladder"
#: What this machine offers; Landlock is a matter of the kernel, and a test says so where it is missing.
HERE = [rung for rung in RUNGS if rung == LANDLOCK or (rung == BUBBLEWRAP and shutil.which("bwrap"))]


@cache
def ladder_spec() -> LadderSpec:
    head = yaml.safe_load((PROJECT / "project.yaml").read_text(encoding="utf-8"))
    packs = {
        name: yaml.safe_load((PROJECT / "packs" / f"{name}.yaml").read_text(encoding="utf-8")) for name in head["packs"]
    }
    return LadderSpec.model_validate({**head["world"], "packs": packs})


@cache
def data_folder() -> Path:
    """Return where this run of tests keeps the prepared data: made once, whoever asks."""
    folder = Path(tempfile.mkdtemp(prefix="qualoop-sql-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def prepared(cache_folder: Path, engine: str) -> PreparedData:
    return prepare(ONLINE_RETAIL, content=shipped_content(), cache=cache_folder, engine=engine)


def installation(cache_folder: Path, *, engine: str | None = None, rungs: Sequence[str] = RUNGS) -> Installation:
    return Installation(content=shipped_content(), cache=cache_folder, engine=engine, rungs=rungs)


def open_whole(data: PreparedData, rung: str) -> Sandbox:
    return open_sandbox(data.path, engine=data.engine, sample="1" * len(data.units), rungs=[rung])


def ask(sandbox: Sandbox, data: PreparedData, *texts: str) -> list[Answer]:
    return sandbox.run([Query(text=text, sample="1" * len(data.units)) for text in texts])
