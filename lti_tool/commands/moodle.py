"""`qualoop moodle`: the competencies of a Moodle, rated through its web services."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.commands import add_organisation, get_organisation, open_runtime
from lti_tool.commands.platform_invites import PlatformMissingError
from lti_tool.lti.registration import Registration as RegistrationValue
from lti_tool.models import MoodleService, Registration
from lti_tool.services.moodle import sites
from lti_tool.services.moodle.check import MoodleCheck, State
from lti_tool.services.moodle.matching import Matching, MoodleMatcher
from lti_tool.services.moodle.ratings import Scope, send_again
from lti_tool.services.platforms.runtime import Runtime
from qualoop.commands import Nouns
from qualoop.errors import QualoopError
from qualoop.values import LANGUAGES

SHOWN: Final = 20
"""How many entries of a list are printed."""
_MARKS: Final = {State.GOOD: "good", State.BAD: "MISSING", State.UNTRIED: "not tried"}


class NotMoodleError(QualoopError):
    """This platform is known as another product than Moodle; change that with: qualoop platform add --product."""

    code = "not-moodle"


def register(nouns: Nouns) -> None:
    """Add `moodle token`, `match`, `check`, `switch` and `forget`."""
    noun = nouns.add_parser("moodle", help="rate the competencies of a Moodle")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")
    _add(verbs, "token", "store a web-service token; it is asked for, or read from standard input", _token)
    match = _add(verbs, "match", "match knowledge points to competencies by ID number, and list what does not", _match)
    only = match.add_mutually_exclusive_group()
    only.add_argument("--framework", metavar="ID", help="only the competency framework of this ID number, from now on")
    only.add_argument("--all-frameworks", action="store_true", help="every framework again")
    _add(verbs, "check", "try what is needed without changing anything in Moodle, and name what is missing", _check)
    switch = _add(verbs, "switch", "say whether ratings go down again, and in which language notes are", _switch)
    switch.add_argument("--falls", choices=("on", "off"), help="whether a rating goes down when a status does")
    switch.add_argument("--language", choices=LANGUAGES, help="of the notes beside ratings")
    _add(verbs, "forget", "delete the token; nothing is rated any more", _forget)


def _add(verbs: Any, name: str, help_text: str, run: Any) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=help_text)
    add_organisation(verb)
    verb.add_argument("--issuer", required=True)
    verb.add_argument("--client-id", required=True)
    verb.set_defaults(run=run)
    return verb


def _token(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    registration = _get(runtime, arguments)
    token = _ask().strip()
    with runtime.database.transaction() as session:
        sites.store_token(session, registration, token, secret=runtime.settings.secret_key, now=runtime.clock())
        again = send_again(session, _scope(registration), now=runtime.clock())
    print("Stored, encrypted. Try it with: qualoop moodle check. Then match the competencies: qualoop moodle match.")
    if again:
        print(f"{again} ratings that had been given up are sent again.")
    return 0


def _ask() -> str:
    """Return the token, never from the command line, where every user of the machine could read it."""
    return getpass.getpass("Web-service token: ") if sys.stdin.isatty() else sys.stdin.readline()


def _match(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    registration = _get(runtime, arguments)
    only = "" if arguments.all_frameworks else arguments.framework
    found = MoodleMatcher(runtime).match(registration, only=only)
    with runtime.database.transaction() as session:
        again = send_again(session, _scope(registration), now=runtime.clock())
    _print_matching(found)
    if again:
        print(f"{again} ratings that had been given up are sent again.")
    return 0


def _print_matching(found: Matching) -> None:
    print(f"{len(found.matches)} knowledge points match a competency.")
    for id_number, title, count in found.frameworks:
        print(f"  {count}\tin {id_number} {title}")
    _print_list("Knowledge points without a competency", found.missing)
    _print_list(
        "Differ in case or spaces alone: change the ID number in Moodle",
        [f"{code} (in Moodle: {id_number})" for code, id_number in found.similar],
    )
    _print_list("In several competencies, so none is rated: name one framework with --framework", found.duplicates)
    _print_list("No grade of the scale counts as proficient: configure the scale in Moodle", found.no_scale)
    _print_list(
        "Competencies that are no knowledge point here", [f"{each} {title}".strip() for each, title in found.foreign]
    )


def _print_list(head: str, entries: Any) -> None:
    if not entries:
        return
    print(f"{head} ({len(entries)}):")
    for entry in entries[:SHOWN]:
        print(f"  {entry}")
    if len(entries) > SHOWN:
        print(f"  and {len(entries) - SHOWN} more")


def _check(arguments: argparse.Namespace) -> int:
    """Print each finding; the exit status is 1 where anything is missing."""
    runtime = open_runtime()
    findings = MoodleCheck(runtime).check(_get(runtime, arguments))
    told = set()
    for finding in findings:
        sentence, remedy = (words % {"subject": finding.subject} for words in finding.words)
        print(f"{_MARKS[finding.state]}\t{sentence}")
        if remedy and remedy not in told:
            print(f"\t{remedy}")
            told.add(remedy)
    return int(any(finding.state is State.BAD for finding in findings))


def _switch(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    registration = _get(runtime, arguments)
    falls = None if arguments.falls is None else arguments.falls == "on"
    with runtime.database.transaction() as session:
        service = sites.set_switch(session, registration, falls=falls, language=arguments.language, now=runtime.clock())
        print(_switch_words(service))
    return 0


def _switch_words(service: MoodleService) -> str:
    goes = "go down again when a status does" if service.falls else "never go down by this tool"
    return f"Ratings {goes}. Notes are in {service.language}."


def _forget(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        sites.forget_token(session, _get(runtime, arguments))
    print("Deleted here. Delete the token in Moodle, too: Site administration, Server, Manage tokens.")
    return 0


def _get(runtime: Runtime, arguments: argparse.Namespace) -> RegistrationValue:
    """Return the registration that is named; raise PlatformMissingError, NotMoodleError."""
    with runtime.database.reading() as session:
        row = _find(session, arguments)
    if row is None:
        raise PlatformMissingError
    registration = runtime.registrations.get(row).registration
    if registration.product is not None and not registration.profile.competencies:
        raise NotMoodleError
    return registration


def _find(session: Session, arguments: argparse.Namespace) -> int | None:
    """Return the id of a registration, within the organisation."""
    organisation = get_organisation(session, arguments.organisation)
    return session.scalar(
        select(Registration.id).where(
            Registration.organisation_id == organisation.id,
            Registration.issuer == arguments.issuer,
            Registration.client_id == arguments.client_id,
        )
    )


def _scope(registration: RegistrationValue) -> Scope:
    return Scope(organisation_id=registration.organisation_id, registration_id=registration.id)
