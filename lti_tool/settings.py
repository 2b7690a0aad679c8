"""The settings of the tool: the only module that reads the environment.

`from_environment` checks everything at once and raises one SettingsError that names every fault.
docs/operations.md lists each setting; a test compares.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from qualoop.errors import QualoopError

PREFIX: Final = "QUALOOP_"
DEFAULT_DATA_FOLDER: Final = Path("var")
MIN_SECRET_LENGTH: Final = 32
LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
SYNCHRONOUS: Final = ("NORMAL", "FULL")


class SettingsError(QualoopError):
    """One or more settings are wrong; `faults` has a sentence for each."""

    code = "settings"

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How this installation runs. Each field is the setting QUALOOP_<NAME>."""

    secret_key: str
    data_folder: Path = DEFAULT_DATA_FOLDER
    database_url: str = ""
    base_url: str = "http://localhost:8000"
    allow_loopback: bool = False
    allowed_networks: tuple[str, ...] = ()
    sqlite_synchronous: str = "NORMAL"
    log_level: str = "INFO"
    outgoing_timeout_s: float = 5.0
    session_hours: int = 12
    key_rotation_days: int = 90

    @property
    def is_sqlite(self) -> bool:
        """Say whether the embedded database is used."""
        return self.database_url.startswith("sqlite")

    @property
    def origin(self) -> str:
        """Return scheme://host[:port] of this installation."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"


def names() -> tuple[str, ...]:
    """Return the environment variable of every setting."""
    return tuple(PREFIX + field.name.upper() for field in fields(Settings))


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of the environment; raise SettingsError with every fault at once."""
    values = dict(os.environ if environment is None else environment)
    faults = [f"{name} is no setting of Qualoop" for name in sorted(_unknown(values))]
    settings = Settings(
        data_folder=(folder := Path(values.get("QUALOOP_DATA_FOLDER") or DEFAULT_DATA_FOLDER)),
        secret_key=_secret(values.get("QUALOOP_SECRET_KEY", ""), folder, faults),
        database_url=values.get("QUALOOP_DATABASE_URL") or f"sqlite:///{folder / 'qualoop.db'}",
        base_url=_base_url(values.get("QUALOOP_BASE_URL") or Settings.base_url, faults),
        allow_loopback=_flag(values, "QUALOOP_ALLOW_LOOPBACK", faults),
        allowed_networks=_networks(values.get("QUALOOP_ALLOWED_NETWORKS", ""), faults),
        sqlite_synchronous=_choice(values, "QUALOOP_SQLITE_SYNCHRONOUS", SYNCHRONOUS, faults),
        log_level=_choice(values, "QUALOOP_LOG_LEVEL", LOG_LEVELS, faults),
        outgoing_timeout_s=_number(values, "QUALOOP_OUTGOING_TIMEOUT_S", (0.1, 60.0), faults),
        session_hours=int(_number(values, "QUALOOP_SESSION_HOURS", (1, 72), faults)),
        key_rotation_days=int(_number(values, "QUALOOP_KEY_ROTATION_DAYS", (0, 3650), faults)),
    )
    if not settings.database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
        faults.append("QUALOOP_DATABASE_URL starts with sqlite:/// or postgresql+psycopg://")
    if faults:
        raise SettingsError(faults)
    return settings


def _unknown(values: Mapping[str, str]) -> set[str]:
    """Return what looks like a setting and is none: most often a typing error."""
    ours = {name for name in values if name.startswith(PREFIX) and not name.startswith(PREFIX + "TEST_")}
    return ours - set(names())


_DEFAULTS: Final[Mapping[str, str]] = {
    "QUALOOP_SQLITE_SYNCHRONOUS": Settings.sqlite_synchronous,
    "QUALOOP_LOG_LEVEL": Settings.log_level,
    "QUALOOP_OUTGOING_TIMEOUT_S": str(Settings.outgoing_timeout_s),
    "QUALOOP_SESSION_HOURS": str(Settings.session_hours),
    "QUALOOP_KEY_ROTATION_DAYS": str(Settings.key_rotation_days),
}


def _secret(text: str, folder: Path, faults: list[str]) -> str:
    """Return the secret, made once and kept in the data folder where none is set."""
    if text:
        if len(text) < MIN_SECRET_LENGTH:
            faults.append(f"QUALOOP_SECRET_KEY has at least {MIN_SECRET_LENGTH} characters")
        return text
    path = folder / "secret.key"
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
        return path.read_text().strip()
    except OSError as error:
        faults.append(f"QUALOOP_SECRET_KEY is not set and {path} cannot be made: {error.strerror}")
        return ""


def _base_url(text: str, faults: list[str]) -> str:
    """Return the public address without a trailing slash: https, or http on loopback."""
    parts = urlsplit(text)
    secure = parts.scheme == "https" or parts.hostname in {"localhost", "127.0.0.1"}
    if not (parts.hostname and secure) or parts.query or parts.fragment or parts.scheme not in {"http", "https"}:
        faults.append("QUALOOP_BASE_URL is an https address (http only on localhost) without query")
    return text.rstrip("/")


def _flag(values: Mapping[str, str], name: str, faults: list[str]) -> bool:
    """Return 1 as True, 0 or nothing as False."""
    text = values.get(name) or "0"
    if text not in {"0", "1"}:
        faults.append(f"{name} is 0 or 1")
    return text == "1"


def _networks(text: str, faults: list[str]) -> tuple[str, ...]:
    """Return the networks of a comma-separated list."""
    networks = tuple(part.strip() for part in text.split(",") if part.strip())
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            faults.append(f"QUALOOP_ALLOWED_NETWORKS: {network} is no network such as 10.1.0.0/16")
    return networks


def _choice(values: Mapping[str, str], name: str, choices: tuple[str, ...], faults: list[str]) -> str:
    """Return one of ``choices``."""
    text = (values.get(name) or _DEFAULTS[name]).upper()
    if text not in choices:
        faults.append(f"{name} is one of {', '.join(choices)}")
    return text


def _number(values: Mapping[str, str], name: str, bounds: tuple[float, float], faults: list[str]) -> float:
    """Return a number within ``bounds``."""
    text = values.get(name) or _DEFAULTS[name]
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not bounds[0] <= number <= bounds[1]:
        faults.append(f"{name} is a number from {bounds[0]:g} to {bounds[1]:g}")
        return float(_DEFAULTS[name])
    return number
