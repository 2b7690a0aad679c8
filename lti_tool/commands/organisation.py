"""`qualoop organisation`: the schools and enterprises of this installation."""

from __future__ import annotations

import argparse
import uuid

from sqlalchemy import select

from lti_tool.commands import open_runtime
from lti_tool.models import Organisation
from qualoop.commands import Nouns
from qualoop.errors import QualoopError
from qualoop.values import checked_key


class OrganisationThereError(QualoopError):
    """There is an organisation of this key already."""

    code = "organisation-there"


def register(nouns: Nouns) -> None:
    """Add `organisation add` and `organisation list`."""
    noun = nouns.add_parser("organisation", help="add or list schools and enterprises")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")
    add = verbs.add_parser("add", help="add one")
    add.add_argument("key", metavar="KEY", help="a-z, 0-9 and hyphens; never changes")
    add.add_argument("--name", required=True, help="as people know it")
    add.add_argument("--kind", choices=("school", "enterprise", "agency"), default="school")
    add.add_argument("--if-absent", action="store_true", help="no error where it is there already")
    add.set_defaults(run=_add)
    verbs.add_parser("list", help="list them").set_defaults(run=_list)


def _add(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    key = checked_key(arguments.key)
    with runtime.database.transaction() as session:
        if session.scalar(select(Organisation).where(Organisation.key == key)):
            if arguments.if_absent:
                return 0
            raise OrganisationThereError
        session.add(
            Organisation(
                uuid=str(uuid.uuid4()),
                key=key,
                name=arguments.name,
                kind=arguments.kind,
                created_at=runtime.clock(),
            )
        )
    print(f"Added {key}.")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    with open_runtime().database.reading() as session:
        for row in session.scalars(select(Organisation).order_by(Organisation.key)):
            print(f"{row.key}\t{row.kind}\t{row.name}")
    return 0
