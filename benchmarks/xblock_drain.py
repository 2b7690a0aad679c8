"""How long the plug-in's outbox takes to empty while its sender is killed over and over, and whether anything goes wrong.

Sender, requests and receiver are the product's own: the plug-in in one process (`xblock_sender`), the tool as
`qualoop serve` runs it in another. The sender is killed (SIGKILL) between answers of the tool and their being noted, so
that events come twice; the tool must know them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from numpy.random import default_rng
from sqlalchemy import select

from lti_tool.models import LedgerEvent
from tests.factories.served_tool import served
from tests.factories.sources import LESSON, make_site
from tests.factories.tool import Tool, make_tool, shipped

Say = Callable[[str], None]

EVENTS: Final = 10_000
PER_LEARNER: Final = 20
FOLDER: Final = Path(__file__).parents[1]
PLATFORM: Final = FOLDER / ".venv/openedx-new-3.12/bin/python"
"""The libraries of a platform, without the tool's; `make openedx-new` installs them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """How much is sent, and after how many answered batches of a sender it is killed: a random one up to ``within``."""

    events: int = EVENTS
    kills: int = 5
    within: int = 8
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """Wall time in seconds from the first sender's start to the end of the last, and events lost and doubled."""

    seconds: float
    lost: int
    doubled: int
    kills: int


def drain(size: Drain, say: Say) -> Drained:
    """Fill the outbox of a site, and empty it into a tool through kills."""
    content = replace(shipped(), packages=[one for one in shipped().packages if one.key == LESSON])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tool = make_tool(f"sqlite:///{folder / 'tool.db'}", content=content)
        site = make_site(tool, of_platform=False)
        with served(tool, folder / "served") as server:
            environment = {
                **os.environ,
                "QUALOOP_TOOL_URL": server.url,
                "QUALOOP_SOURCE_KEY": site.key.kid,
                "QUALOOP_SOURCE_SECRET": site.key.secret,
                "QUALOOP_PLUGIN_SQLITE": str(folder / "site.sqlite"),
            }
            filled = ["fill", str(size.events), str(max(size.events // PER_LEARNER, 1))]
            subprocess.run([*_command(), *filled], env=environment, cwd=FOLDER, check=True)
            say(f"{size.events} events wait in the outbox")
            begun = time.perf_counter()
            kills = _send(environment, size)
            seconds = time.perf_counter() - begun
        kept = _kept(tool)
        tool.runtime.database.close()
    found = Drained(seconds=seconds, lost=size.events - len(set(kept)), doubled=len(kept) - len(set(kept)), kills=kills)
    say(f"drained in {seconds:.1f} s through {kills} kills: {found.lost} lost, {found.doubled} doubled")
    return found


def _send(environment: Mapping[str, str], size: Drain) -> int:
    """Run senders, each killed but the last; return how many were."""
    random, killed = default_rng(size.seed), 0
    while True:
        with subprocess.Popen(
            [*_command(), "send"], env=environment, cwd=FOLDER, stdout=subprocess.PIPE, text=True
        ) as process:
            if killed < size.kills and process.stdout is not None:
                # Right after an answer: the tool has the batch, and the sender has not noted it yet.
                answers = [process.stdout.readline() for _ in range(random.integers(1, size.within + 1))]
                if answers[-1]:
                    process.kill()
                    killed += 1
                    continue
            process.communicate()
            if process.returncode != 0:
                raise RuntimeError("the sender failed")
            return killed


def _kept(tool: Tool) -> list[str]:
    """Return the ids of the events in the tool's ledger, as often as they stand there."""
    with tool.runtime.database.reading() as session:
        rows = session.scalars(select(LedgerEvent.source_id).where(LedgerEvent.type == "evidence.recorded"))
        return [row for row in rows if row]


def _command() -> list[str]:
    """Return how the plug-in is run: as on a platform, else with the libraries of this process."""
    return [str(PLATFORM) if PLATFORM.exists() else sys.executable, "-m", "benchmarks.xblock_sender"]
