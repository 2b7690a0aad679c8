"""Sets the tool up as an operator would, by `qualoop` commands: database, organisation, content, platform."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from demo.addresses import Addresses
from demo.lms.settings import LmsSettings
from demo.processes import run

ORGANISATION: Final = "lanting"
ORGANISATION_NAME: Final = "Lanting Vocational College"
SECRET_FILE: Final = "secret.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSetup:
    """How the tool of the demo runs: its environment, and where its commands write what they say."""

    environment: Mapping[str, str]
    log: Path

    def qualoop(self, *words: str) -> None:
        """Run one `qualoop` command; raise DemoFailedError where it fails."""
        run([*qualoop_command(), *words], environment=self.environment, log=self.log)


def qualoop_command() -> list[str]:
    """Return the command beside this Python."""
    return [str(Path(sys.executable).with_name("qualoop"))]


def tool_environment(folder: Path, addresses: Addresses) -> dict[str, str]:
    """Return the environment of the tool's processes; settings of another installation do not get in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QUALOOP_")}
    folder.mkdir(parents=True, exist_ok=True)
    return kept | {
        "PYTHONUNBUFFERED": "1",
        "QUALOOP_DATA_FOLDER": str(folder),
        "QUALOOP_DATABASE_URL": f"sqlite:///{folder / 'qualoop.db'}",
        "QUALOOP_SECRET_KEY": _secret(folder / SECRET_FILE),
        "QUALOOP_BASE_URL": addresses.tool,
        "QUALOOP_ALLOW_LOOPBACK": "1",
    }


def set_up(tool: ToolSetup, lms: LmsSettings, content: Sequence[Path], *, say: Callable[[str], None]) -> None:
    """Bring the tool to where the LMS can use it, with framework and lessons of folders; every step may be repeated."""
    tool.log.write_bytes(b"")
    say("Preparing the tool's database")
    tool.qualoop("database", "migrate")
    tool.qualoop("organisation", "add", ORGANISATION, "--name", ORGANISATION_NAME, "--if-absent")
    say(f"Installing the framework and {len(lms.activities)} lessons and practice projects")
    tool.qualoop("content", "install", *(str(folder) for folder in content), "--organisation", ORGANISATION)
    say("Registering the LMS with the tool")
    register_platform(tool, lms)


def register_platform(tool: ToolSetup, lms: LmsSettings) -> None:
    """Tell the tool who the LMS is and where its services are."""
    options = {
        "--organisation": ORGANISATION,
        "--issuer": lms.base_url,
        "--client-id": lms.client_id,
        "--auth-login-url": f"{lms.base_url}/lti/auth",
        "--token-url": lms.token_url,
        "--jwks-url": f"{lms.base_url}/lti/jwks",
        "--deployment": lms.deployment_id,
        "--name": "Demo LMS",
    }
    tool.qualoop("platform", "add", *(word for option in options.items() for word in option), "--replace")


def _secret(path: Path) -> str:
    """Return the tool's secret, made at the first start and readable by its owner only."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="utf-8").strip()
