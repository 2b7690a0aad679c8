"""The tool as `qualoop serve` runs it: gunicorn with processes of its own on loopback, to be killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from demo.addresses import LOOPBACK, choose_addresses
from demo.processes import last_lines
from demo.running import answers
from lti_tool.commands.serve import command_of
from tests.factories.tool import SECRET, Tool

THREADS = 4
START_S = 60.0
POLL_S = 0.05


@dataclass
class ServedTool:
    """The web server of a tool whose database was furnished before."""

    port: int
    folder: Path
    database_url: str
    workers: int = 1
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        command = command_of(f"{LOOPBACK}:{self.port}", workers=self.workers, threads=THREADS)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("QUALOOP_")}
        environment = kept | {
            "QUALOOP_DATA_FOLDER": str(self.folder),
            "QUALOOP_DATABASE_URL": self.database_url,
            "QUALOOP_SECRET_KEY": SECRET,
            "QUALOOP_BASE_URL": self.url,
            "QUALOOP_ALLOW_LOOPBACK": "1",
        }
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_S
        while not answers(f"{self.url}/health"):
            assert self.process.poll() is None, "\n".join(last_lines(self._log))
            assert time.monotonic() < deadline, "\n".join(last_lines(self._log))
            time.sleep(POLL_S)

    def kill(self) -> None:
        """End all its processes at once, as kill -9 does: they have a session of their own."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @property
    def _log(self) -> Path:
        return self.folder / "tool.log"


@contextmanager
def served(tool: Tool, folder: Path, *, workers: int = 1) -> Iterator[ServedTool]:
    """Serve a tool from its database until the block is left."""
    folder.mkdir(parents=True, exist_ok=True)
    addresses, _ = choose_addresses(folder)
    url = tool.runtime.database.engine.url.render_as_string(hide_password=False)
    server = ServedTool(port=addresses.tool_port, folder=folder, database_url=url, workers=workers)
    try:
        server.start()
        yield server
    finally:
        server.kill()
