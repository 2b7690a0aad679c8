"""What somebody changes on the command line: by whoever is logged in on this machine."""

from __future__ import annotations

import argparse
import getpass
from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.services.administration.administration import Actor, Desk


def somebody() -> str:
    """Return who is logged in on this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "operator"


def desk_of(session: Session, organisation_id: int | None, now: datetime) -> Desk:
    """Return where a command makes a change of an organisation, or (None) of the installation."""
    return Desk(session=session, organisation_id=organisation_id, actor=Actor(somebody()), now=now)


def add_platform(verb: argparse.ArgumentParser) -> None:
    """Add the options that name a platform."""
    verb.add_argument("--issuer", required=True)
    verb.add_argument("--client-id", required=True)
