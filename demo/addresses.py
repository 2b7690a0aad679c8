"""Where the demo's servers listen: the same ports at every start, as long as they are free.

Issuer and redirect URI hold the ports. With other ports the LMS is another platform to the tool.
"""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
PORTS_FILE: Final = "ports.json"
MOST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The ports of the LMS and the tool, and their addresses: two sites to a browser, as on the real web."""

    lms_port: int
    tool_port: int

    @property
    def lms(self) -> str:
        return f"http://{LOOPBACK}:{self.lms_port}"

    @property
    def tool(self) -> str:
        return f"http://localhost:{self.tool_port}"


def choose_addresses(folder: Path) -> tuple[Addresses, bool]:
    """Return the ports to use, noted in ``folder``, and whether one of the last run had to be given up."""
    before = _remembered(folder)
    lms_port = _free_port(before.get("lms_port"))
    chosen = Addresses(lms_port=lms_port, tool_port=_free_port(before.get("tool_port"), other_than=lms_port))
    (folder / PORTS_FILE).write_text(json.dumps(asdict(chosen)), encoding="utf-8")
    return chosen, bool(before) and before != asdict(chosen)


def _remembered(folder: Path) -> dict[str, int]:
    """Return the ports of the last run, or nothing where the file is absent or not ours."""
    try:
        plain = json.loads((folder / PORTS_FILE).read_text(encoding="utf-8"))
        ports = Addresses(lms_port=plain["lms_port"], tool_port=plain["tool_port"])
    except (OSError, ValueError, TypeError, KeyError):
        return {}
    within = all(isinstance(port, int) and 0 < port <= MOST_PORT for port in asdict(ports).values())
    return asdict(ports) if within else {}


def _free_port(wanted: int | None, *, other_than: int | None = None) -> int:
    if wanted is not None and wanted != other_than and _can_listen(wanted):
        return wanted
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port != other_than:
            return port


def _can_listen(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: a port that a stopped server leaves in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
