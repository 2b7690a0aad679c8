"""The ledger for whoever checks it: published seals and keys, and a learner's own part to take away."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, jsonify, request

from lti_tool.models import LedgerSeal, Organisation
from lti_tool.services.ledger import ledger
from lti_tool.services.ledger.published_seals import list_seals, newest_seals
from lti_tool.services.people.roles import Permission
from lti_tool.services.platforms import tool_keys
from lti_tool.services.records.ledger_download import Terms, learner_download, published_keys
from lti_tool.views.guards import Session, needs, public, runtime
from lti_tool.views.record import own_subject
from qualoop.ledger import as_document, as_page, seal_facts
from qualoop.values import find_whole

PAGE: Final = 500
_MOST_DIGITS: Final = 10

blueprint = Blueprint("ledger", __name__)


@blueprint.get("/ledger/keys")
@public("public keys")
def keys() -> Response:
    """Publish the keys with which seals are signed, retired ones too."""
    with runtime().database.reading() as session:
        return Response(tool_keys.seal_key_set(session), mimetype="application/json")


@blueprint.get("/ledger/roots")
@public("pseudonyms of organisations and hashes only")
def all_roots() -> Response:
    """List the organisations by pseudonym, each with its newest seal, and the keys of all seals."""
    after = _number("after")
    with runtime().database.reading() as session:
        rows = newest_seals(session, after=after, most=PAGE)
        published = published_keys(session)
    return jsonify(
        organisations=[
            {"organisation": row.uuid, "roots": _address(f"/{row.uuid}"), "newest": _published(row.uuid, seal)}
            for row, seal in rows
        ],
        keys=published,
        next=_address(f"?after={rows[-1][0].id}") if len(rows) == PAGE else None,
    )


@blueprint.get("/ledger/roots/<organisation_uuid>")
@public("seals hold hashes only: whoever holds an event can check that it has not been changed")
def roots(organisation_uuid: str) -> Response:
    """List the signed seals of an organisation's ledger, the newest first, and the keys that they are signed with."""
    before = _number("before")
    with runtime().database.reading() as session:
        rows = list_seals(session, organisation_uuid, before=before, most=PAGE)
        published = published_keys(session)
    more = bool(rows) and rows[-1].number > 1
    return jsonify(
        organisation=organisation_uuid,
        seals=[_published(organisation_uuid, row) for row in rows],
        keys=published,
        next=_address(f"/{organisation_uuid}?before={rows[-1].number}") if more else None,
    )


@blueprint.get("/a/<launch>/record/download")
@needs(Permission.VIEW_OWN_RECORD)
def download(session: Session) -> Response:
    """Send whoever opened the launch the own part of the ledger: a page that checks itself, or its data alone.

    What the own pages hold back is not in it.
    """
    parts = runtime()
    now = parts.clock()
    terms = Terms(base_url=parts.settings.base_url, secret=parts.settings.secret_key, now=now)
    with parts.database.reading() as reading:
        organisation = reading.get_one(Organisation, session.organisation_id)
        hidden = own_subject(reading.connection(), session, now).hidden
        made = learner_download(reading, organisation, session.person_uuid, terms, hidden=hidden)
    if request.args.get("format") == "json":
        return _attachment(jsonify(as_document(made)), f"learning-record-{now:%Y-%m-%d}.json")
    page = Response(as_page(made, session.language), mimetype="text/html")
    return _attachment(page, f"learning-record-{now:%Y-%m-%d}.html")


def _attachment(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _published(organisation: str, row: LedgerSeal) -> dict[str, Any]:
    """Return a seal as it is published: its facts as they are hashed, the chain hash, the signature."""
    seal = ledger.as_seal(organisation, row)
    return {**seal_facts(seal), "chain_hash": seal.chain_hash, "signature": row.signature}


def _address(rest: str) -> str:
    return f"{runtime().settings.base_url}/ledger/roots{rest}"


def _number(name: str) -> int:
    """Return a whole number of the query; 0 where there is none."""
    return find_whole(request.args.get(name, ""), _MOST_DIGITS) or 0
