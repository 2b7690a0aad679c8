"""`qualoop ledger`: verify, seal, export, look back, correct, and erase."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from joserfc.jwk import KeySet, import_key
from sqlalchemy import select

from lti_tool.commands import add_organisation, get_organisation, ledger_as_of, ledger_flags, open_runtime
from lti_tool.models import Organisation
from lti_tool.services import erasure
from lti_tool.services.evidence import corrections
from lti_tool.services.ledger import ledger, verification
from lti_tool.services.ledger.verification import Broken
from lti_tool.services.platforms import tool_keys
from lti_tool.services.platforms.runtime import Runtime
from lti_tool.services.records.ledger_download import Terms, learner_download, published_keys
from qualoop.commands import Nouns
from qualoop.errors import QualoopError
from qualoop.ledger import Reason, as_document, as_page
from qualoop.values import Score


class KeptSealsError(QualoopError):
    """A file with kept seals is not what `/ledger/roots/UUID` answers."""

    code = "kept-seals"


def register(nouns: Nouns) -> None:
    """Add the verbs of `ledger`."""
    noun = nouns.add_parser("ledger", help="verify, seal, export or correct the ledger; erase a learner")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")
    verify = verbs.add_parser("verify", help="check every event, seal and signature; names the first broken event")
    verify.add_argument("--organisation", metavar="KEY", help="default: every one")
    verify.add_argument("--kept", type=Path, metavar="FILE", help="an answer of /ledger/roots/UUID that was kept")
    verify.set_defaults(run=_verify)
    seal = verbs.add_parser("seal", help="seal now what the worker would seal within seconds")
    seal.add_argument("--organisation", metavar="KEY", help="default: every one")
    seal.set_defaults(run=_seal)
    _register_export(verbs)
    ledger_as_of.register(verbs)
    _register_corrections(verbs)
    _register_erasure(verbs)
    ledger_flags.register(verbs)


def _register_export(verbs: Any) -> None:
    export = verbs.add_parser("export", help="write a learner's events with their proofs")
    add_organisation(export)
    export.add_argument("--learner", required=True, type=UUID, metavar="UUID", help="the pseudonym")
    export.add_argument("--out", required=True, type=Path, metavar="FILE", help=".html (checks itself) or .json")
    export.set_defaults(run=_export)


def _register_corrections(verbs: Any) -> None:
    for name, says in (("void", "let an event count no more"), ("revise", "give an event another score")):
        verb = verbs.add_parser(name, help=f"{says}; the old one stays readable")
        add_organisation(verb)
        verb.add_argument("--event", required=True, type=UUID, metavar="UUID", help="the event to correct")
        verb.add_argument("--reason", required=True, type=Reason, choices=list(Reason), metavar="|".join(Reason))
        verb.add_argument("--note", default="", help="why, in words; kept under the learner's data key")
        verb.add_argument(
            "--actor", default=ledger_flags.OPERATOR, metavar="UUID", help="the pseudonym of who decided it"
        )
        if name == "revise":
            verb.add_argument("--score", required=True, type=Score, metavar="0..1")
        verb.set_defaults(run=_correct, score=None)


def _register_erasure(verbs: Any) -> None:
    find = verbs.add_parser("find", help="find the pseudonym of a subject, name or e-mail, or whose a pseudonym is")
    add_organisation(find)
    find.add_argument("words", metavar="WORDS", help="the whole of it; upper and lower case are alike")
    find.set_defaults(run=_find)
    erase = verbs.add_parser("erase", help="forget who a learner is and destroy the learner's data key; not undoable")
    add_organisation(erase)
    erase.add_argument("--learner", "--person", required=True, type=UUID, metavar="UUID", help="the pseudonym")
    erase.add_argument("--actor", default=ledger_flags.OPERATOR, metavar="UUID", help="the pseudonym of who decided it")
    erase.add_argument("--yes", action="store_true", help="do it; without it, only say what would be forgotten")
    erase.set_defaults(run=_erase)


def _verify(arguments: argparse.Namespace) -> int:
    """Verify each organisation's ledger; 1 where one is broken."""
    runtime = open_runtime()
    kept = _read_kept(arguments.kept) if arguments.kept else {}
    broken = 0
    for key in _organisations(runtime, arguments.organisation):
        with runtime.database.reading() as session:
            organisation = get_organisation(session, key)
            keys = KeySet([import_key(dict(each)) for each in published_keys(session)])
            found = verification.verify(
                session, organisation, keys, kept=kept.get(organisation.uuid), report=_reporter(key)
            )
        print(file=sys.stderr)
        if isinstance(found, Broken):
            broken += 1
            print(f"{key}: BROKEN: {_where(found)}")
        else:
            print(f"{key}: {found.events} events, {found.seals} seals, {found.unsealed} not sealed yet: as recorded.")
    return 1 if broken else 0


def _reporter(key: str) -> Any:
    def report(done: int, total: int) -> None:
        print(f"\r{key}: {done} of {total} events", end="", file=sys.stderr, flush=True)

    return report


def _where(found: Broken) -> str:
    """Say where a ledger is broken, and how."""
    place = f"event {found.uuid}, seq {found.first_seq}" if found.uuid else f"seq {found.first_seq} to {found.last_seq}"
    return f"{found.reason}: {place}, {f'seal {found.seal}' if found.seal else 'not sealed yet'}"


def _read_kept(path: Path) -> dict[str, dict[int, str]]:
    """Return the chain hashes of a kept answer by organisation and number."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {document["organisation"]: {int(row["number"]): str(row["chain_hash"]) for row in document["seals"]}}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise KeptSealsError(f"{path} is not an answer of /ledger/roots/UUID: {error}") from error


def _organisations(runtime: Runtime, key: str | None) -> list[str]:
    if key:
        return [key]
    with runtime.database.reading() as session:
        return list(session.scalars(select(Organisation.key).order_by(Organisation.key)))


def _seal(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    now = runtime.clock()
    for key in _organisations(runtime, arguments.organisation):
        count = 0
        while True:
            with runtime.database.transaction() as session:
                organisation = get_organisation(session, key)
                signing = tool_keys.ensure_key(session, tool_keys.LEDGER, secret=runtime.settings.secret_key, now=now)
                made = ledger.seal(session, organisation, signing, now)
            if made is None:
                break
            count += made.count
        print(f"{key}: {count} events sealed.")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    terms = Terms(base_url=runtime.settings.base_url, secret=runtime.settings.secret_key, now=runtime.clock())
    with runtime.database.reading() as session:
        organisation = get_organisation(session, arguments.organisation)
        made = learner_download(session, organisation, str(arguments.learner), terms)
    is_json = arguments.out.suffix == ".json"
    text = json.dumps(as_document(made), ensure_ascii=False, indent=1) if is_json else as_page(made)
    arguments.out.write_text(text, encoding="utf-8")
    unsealed = sum(row.seal is None for row in made.events)
    print(f"{len(made.events)} events, {unsealed} not sealed yet: {arguments.out}")
    return 0


def _correct(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    request = corrections.Request(
        target=arguments.event,
        reason=arguments.reason,
        actor=arguments.actor,
        score=arguments.score,
        note=arguments.note,
    )
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, arguments.organisation)
        made = corrections.correct(
            session, organisation, request, secret=runtime.settings.secret_key, now=runtime.clock()
        )
    print(
        f"Recorded as event {made.uuid}. Mastery follows with: qualoop replay --organisation {arguments.organisation}"
    )
    return 0


def _find(arguments: argparse.Namespace) -> int:
    with open_runtime().database.reading() as session:
        found = erasure.find(session, get_organisation(session, arguments.organisation), arguments.words)
    for row in found:
        print(f"{row.learner}\t{row.platform}\t{row.subject}\t{row.name or ''}\t{row.email or ''}")
    if not found:
        print("Nobody.")
    return 0


def _erase(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    learner = str(arguments.learner)
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, arguments.organisation)
        if not arguments.yes:
            for row in erasure.accounts_of(session, organisation, learner):
                print(f"{row.platform}\t{row.subject}\t{row.name or ''}\t{row.email or ''}")
            print("Would be forgotten, for good. Say --yes to do it.")
            return 1
        done = erasure.erase(session, organisation, learner, actor=arguments.actor, now=runtime.clock())
    print(f"{done.accounts} accounts forgotten, data key destroyed{', again' if done.again else ''}.")
    return 0
