"""The nouns of the command line that work on an installation: one module each."""

from __future__ import annotations

import argparse

from sqlalchemy import select
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session

from lti_tool.models import Organisation
from lti_tool.services.assembling import assemble
from lti_tool.services.platforms.runtime import Runtime
from lti_tool.services.schema import is_current
from lti_tool.settings import from_environment
from qualoop.commands.refusals import explain
from qualoop.errors import QualoopError


def _of_the_database(error: Exception) -> str:
    """Say what the driver says, without the statement: that may hold what somebody entered."""
    said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return f"{said.strip() or type(error).__name__} (see that it runs, and that QUALOOP_DATABASE_URL names it)"


for _kind in (DBAPIError, ArgumentError):
    explain(_kind, "database", _of_the_database)


class OrganisationMissingError(QualoopError):
    """There is no organisation of this key; `qualoop organisation list` shows those that there are."""

    code = "organisation-missing"


class DatabaseOutdatedError(QualoopError):
    """The database is not of this version. Run: qualoop database migrate."""

    code = "database-outdated"


def open_runtime(*, any_version: bool = False) -> Runtime:
    """Return the parts of this process, by the settings of the environment.

    Raises DatabaseOutdatedError where the tables are not of this version, unless ``any_version`` will do.
    """
    runtime = assemble(from_environment())
    if not (any_version or is_current(runtime.database)):
        raise DatabaseOutdatedError
    return runtime


def add_organisation(verb: argparse.ArgumentParser) -> None:
    """Add the option that says for whom."""
    verb.add_argument("--organisation", required=True, metavar="KEY", help="the organisation's key")


def get_organisation(session: Session, key: str) -> Organisation:
    """Return the organisation of a key; raise OrganisationMissingError."""
    found = session.scalar(select(Organisation).where(Organisation.key == key))
    if found is None:
        raise OrganisationMissingError
    return found
