"""`qualoop source`: sites that send evidence by signed requests, and the keys that they sign with."""

from __future__ import annotations

import argparse
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.commands import add_organisation, get_organisation, open_runtime
from lti_tool.commands.platform_invites import PlatformMissingError
from lti_tool.models import Registration
from lti_tool.services.sources import sources
from lti_tool.services.sources.sources import NewKey
from qualoop.commands import Nouns

ONCE: Final = "The secret is shown this once; enter it at the site's settings, on its server."


def register(nouns: Nouns) -> None:
    """Add `source add`, `list`, `rotate` and `revoke`."""
    noun = nouns.add_parser("source", help="sites that send evidence, such as an Open edX with our blocks")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")
    add = _add(verbs, "add", "let a site send evidence, and print its first key", _new)
    add.add_argument("key", metavar="SOURCE", help="a short name that never changes, such as open-edx")
    add.add_argument("--name", default="", help="as people know it")
    add.add_argument("--issuer", help="the registered platform that it is: then its learners are those of launches")
    add.add_argument("--client-id", help="with --issuer")
    _add(verbs, "list", "list sources with their keys, never a secret", _list)
    rotate = _add(verbs, "rotate", "print a further key; two are good at once, a third ends the oldest", _rotate)
    rotate.add_argument("key", metavar="SOURCE")
    revoke = _add(verbs, "revoke", "end one key, or the source with all of them; what it sent stays", _revoke)
    revoke.add_argument("key", metavar="SOURCE")
    revoke.add_argument("--key-id", metavar="ID", help="only this key")


def _add(verbs: Any, name: str, help_text: str, run: Any) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=help_text)
    add_organisation(verb)
    verb.set_defaults(run=run)
    return verb


def _new(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, arguments.organisation)
        made = sources.add(
            session,
            organisation.id,
            arguments.key,
            name=arguments.name or arguments.key,
            registration=_registration(session, organisation.id, arguments),
            secret=runtime.settings.secret_key,
            now=runtime.clock(),
        )
    _print_key(made)
    print(f"It sends to {runtime.settings.base_url}/api/v1/")
    return 0


def _registration(session: Session, organisation_id: int, arguments: argparse.Namespace) -> Registration | None:
    """Return the platform that is named, None where none is; raise PlatformMissingError."""
    if not arguments.issuer:
        return None
    row = session.scalar(
        select(Registration).where(
            Registration.organisation_id == organisation_id,
            Registration.issuer == arguments.issuer,
            Registration.client_id == (arguments.client_id or ""),
        )
    )
    if row is None:
        raise PlatformMissingError
    return row


def _list(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.reading() as session:
        organisation = get_organisation(session, arguments.organisation)
        listed = sources.listed(session, organisation.id)
        for source, keys in listed:
            state = f"revoked {source.revoked_at:%Y-%m-%d %H:%M}" if source.revoked_at else "active"
            platform = session.get(Registration, source.registration_id) if source.registration_id else None
            print(f"{source.key}\t{source.name}\t{state}\t{platform.issuer if platform else 'of its own'}")
            for key in keys:
                end = f"revoked {key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "good"
                print(f"  {key.kid}\t{end}\tsince {key.created_at:%Y-%m-%d %H:%M}")
    if not listed:
        print("There is no source yet: qualoop source add.")
    return 0


def _rotate(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, arguments.organisation)
        source = sources.get(session, organisation.id, arguments.key)
        made = sources.rotate(session, source, secret=runtime.settings.secret_key, now=runtime.clock())
    _print_key(made)
    if made.retired:
        print(f"The key {made.retired} has ended.")
    print("Once the site signs with the new key, end the old one: qualoop source revoke --key-id")
    return 0


def _revoke(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, arguments.organisation)
        source = sources.get(session, organisation.id, arguments.key)
        sources.revoke(session, source, kid=arguments.key_id, now=runtime.clock())
    what = f"The key {arguments.key_id}" if arguments.key_id else f"The source {arguments.key} with all its keys"
    print(f"{what} has ended. What was sent stays.")
    return 0


def _print_key(made: NewKey) -> None:
    print(f"key id: {made.kid}")
    print(f"secret: {made.secret}")
    print(ONCE)
