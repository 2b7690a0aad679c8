"""`qualoop admin`: lets people in to the administration pages, and shows them out."""

from __future__ import annotations

import argparse

from lti_tool.commands import get_organisation, open_runtime
from lti_tool.commands.by_hand import desk_of, somebody
from lti_tool.services.administration import administration
from lti_tool.services.people.roles import Role
from qualoop.commands import Nouns


def register(nouns: Nouns) -> None:
    """Add `admin link`, `sessions`, `revoke` and `changes`."""
    noun = nouns.add_parser("admin", help="let somebody in to the administration pages, or out")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")
    link = verbs.add_parser("link", help="print a link that lets one person in, once, within fifteen minutes")
    link.add_argument("--organisation", metavar="KEY", help="whose administrator; with --operator: opened first")
    link.add_argument("--operator", action="store_true", help="for the whole installation: keys, all organisations")
    link.add_argument("--name", default=somebody(), help="who gets it, for the list of changes (%(default)s)")
    link.set_defaults(run=_link, refuse=link.error)
    sessions = verbs.add_parser("sessions", help="list who is signed in")
    sessions.set_defaults(run=_sessions)
    revoke = verbs.add_parser("revoke", help="sign somebody out at once")
    revoke.add_argument("uuid", nargs="*", metavar="UUID", help="as `admin sessions` lists it")
    revoke.add_argument("--all", action="store_true", help="everybody")
    revoke.set_defaults(run=_revoke, refuse=revoke.error)
    changes = verbs.add_parser("changes", help="list what was changed, the newest first")
    changes.add_argument("--organisation", metavar="KEY", help="of this one; without: of the installation")
    changes.add_argument("--at-most", type=int, default=administration.SHOWN_CHANGES, metavar="N")
    changes.set_defaults(run=_changes)


def _link(arguments: argparse.Namespace) -> int:
    if not (arguments.organisation or arguments.operator):
        arguments.refuse("say for whom: --organisation KEY, or --operator")
    runtime = open_runtime()
    role = Role.OPERATOR if arguments.operator else Role.ADMINISTRATOR
    with runtime.database.transaction() as session:
        chosen = get_organisation(session, arguments.organisation).id if arguments.organisation else None
        token = administration.make_link(desk_of(session, chosen, runtime.clock()), role, arguments.name)
    print(f"{runtime.settings.base_url}/admin/link/{token}")
    minutes = int(administration.LINK_LIFE.total_seconds()) // 60
    print(f"Good once, for {minutes} minutes. It is not shown again. Give it to this person only.")
    return 0


def _sessions(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.reading() as session:
        rows = administration.open_sessions(session, None, runtime.clock())
        for row in rows:
            print(f"{row.uuid}\t{row.role}\t{row.name}\t{row.created_at:%Y-%m-%d %H:%M}\t{row.seen_at:%Y-%m-%d %H:%M}")
    if not rows:
        print("Nobody is signed in.")
    return 0


def _revoke(arguments: argparse.Namespace) -> int:
    if bool(arguments.uuid) == arguments.all:
        arguments.refuse("say whom: UUID, or --all")
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        now = runtime.clock()
        open_now = [row.uuid for row in administration.open_sessions(session, None, now)]
        for each in open_now if arguments.all else arguments.uuid:
            administration.end_session(desk_of(session, None, now), each, everybody=True)
    print(f"Signed out: {len(open_now) if arguments.all else len(arguments.uuid)}.")
    return 0


def _changes(arguments: argparse.Namespace) -> int:
    with open_runtime().database.reading() as session:
        chosen = get_organisation(session, arguments.organisation).id if arguments.organisation else None
        rows = administration.changes(session, chosen, at_most=arguments.at_most)
        for row in rows:
            details = ", ".join(f"{name}={value}" for name, value in row.details.items() if name != "findings")
            where = "pages" if row.session_uuid else "command line"
            print(f"{row.at:%Y-%m-%d %H:%M:%S}\t{row.name} ({where})\t{row.action}\t{row.subject}\t{details}")
    if not rows:
        print("Nothing was changed yet.")
    return 0
