"""`qualoop database`: make or update the tables."""

from __future__ import annotations

import argparse

from lti_tool.commands import open_runtime
from lti_tool.services.platforms import tool_keys
from lti_tool.services.schema import is_current, migrate
from qualoop.commands import Nouns


def register(nouns: Nouns) -> None:
    """Add `database migrate` and `database check`."""
    verbs = nouns.add_parser("database", help="make or update the tables").add_subparsers(title="verbs", metavar="VERB")
    verbs.add_parser("migrate", help="bring the tables to this version; make our keys").set_defaults(run=_migrate)
    verbs.add_parser("check", help="exit 1 where the tables are not of this version").set_defaults(run=_check)


def _migrate(arguments: argparse.Namespace) -> int:
    """Migrate, and make the signing keys while nobody waits for them."""
    runtime = open_runtime(any_version=True)
    migrate(runtime.database)
    with runtime.database.transaction() as session:
        for purpose in (tool_keys.LTI, tool_keys.LEDGER):
            tool_keys.ensure_key(session, purpose, secret=runtime.settings.secret_key, now=runtime.clock())
    print("The database is ready.")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    """Say whether the tables are of this version."""
    current = is_current(open_runtime(any_version=True).database)
    print("The database is of this version." if current else "Run: qualoop database migrate")
    return 0 if current else 1
