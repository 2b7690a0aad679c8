"""The evidence API, version 1: sites that run activities themselves send evidence and read how their learners stand.

Addresses, messages and errors: docs/api.md, and the OpenAPI document that is made from the models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import Connection

from lti_tool.services.sources import changes, overrides, requests, versions
from lti_tool.services.sources.api_document import document
from lti_tool.services.sources.api_errors import LimitRefusedError, MediaTypeError
from lti_tool.services.sources.changes import DEFAULT_LIMIT, MAX_LIMIT, Asked, Cursor
from lti_tool.services.sources.evidence import record_batch
from lti_tool.services.sources.requests import Answer, SignedRequest
from lti_tool.services.sources.versions import VersionName
from lti_tool.views.api_guards import signed_by_source
from lti_tool.views.guards import public, runtime
from qualoop.exchange import Fault, GradeOverride, MessageRefusedError, VersionRegistration, read_json, read_message
from qualoop.exchange.evidence_messages import Envelope
from qualoop.exchange.message_parts import HASH, KEY, UUID_FORM, Message
from qualoop.values import find_whole

MessageT = TypeVar("MessageT", bound=Message)

JSON: Final = "application/json"
PUBLIC_FOR: Final = "public, max-age=300"

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.get("/openapi.json")
@public("describes the API; no data")
def describe() -> Response:
    """Send the OpenAPI document."""
    answer = jsonify(document(runtime().settings.base_url))
    answer.headers["Cache-Control"] = PUBLIC_FOR
    return answer


@blueprint.post("/evidence")
@signed_by_source
def record_evidence(signed: SignedRequest, body: bytes) -> Response:
    """Record a batch of events. The answer goes out once all of it is committed."""
    envelope = _read(Envelope, body)
    now = runtime().clock()
    return _once(signed, lambda connection: record_batch(connection, signed.source, envelope.events, now=now))


@blueprint.put("/activities/<key>/versions/<content_hash>")
@signed_by_source
def register_version(signed: SignedRequest, body: bytes, key: str, content_hash: str) -> Response:
    """Register the parts and tags of a content version."""
    _check_address({"key": (key, KEY), "hash": (content_hash, HASH)})
    sent, parts = _read(VersionRegistration, body), runtime()
    name = VersionName(organisation_id=signed.source.organisation_id, activity=key, content=content_hash)

    def register(connection: Connection) -> Message:
        framework = parts.contents.find_framework(connection, name.organisation_id)
        return versions.register(connection, name, sent, framework=framework, now=parts.clock())

    return _once(signed, register)


@blueprint.put("/overrides/<override_id>")
@signed_by_source
def note_override(signed: SignedRequest, body: bytes, override_id: str) -> Response:
    """Note a grade that staff of the platform set by hand."""
    _check_address({"id": (override_id, UUID_FORM)})
    sent, now = _read(GradeOverride, body), runtime().clock()
    return _once(signed, lambda connection: overrides.note(connection, signed.source, override_id, sent, now=now))


@blueprint.get("/changes")
@signed_by_source
def list_changes(signed: SignedRequest, body: bytes) -> Response:
    """Tell how learners of the source stand who have changed since a cursor; 304 where none has."""
    parts, after = runtime(), request.args.get("after")
    now = parts.clock()
    asked = Asked(cursor=None if after is None else Cursor.read(after), limit=_limit(), now=now)
    with parts.database.connection() as connection:
        # An id that comes twice is refused here: nothing that was only read is kept to be answered again.
        requests.take(connection, signed, now)
    with parts.database.reading() as session:
        page = changes.changes(
            session.connection(), parts.contents, signed.source, asked, base_url=parts.settings.base_url
        )
    answer = Response(page.model_dump_json(by_alias=True), mimetype=JSON)
    answer.set_etag(page.cursor, weak=True)
    if not page.changes and not page.more and page.cursor == after and request.if_none_match.contains_weak(after):
        answer.status_code, answer.data = 304, b""
    return answer


def _once(signed: SignedRequest, do: Callable[[Connection], Message]) -> Response:
    """Do what a request asks for, or answer as before where the same has come before: one transaction with its id."""
    parts = runtime()
    with parts.database.connection() as connection:
        answer = requests.take(connection, signed, parts.clock())
        if answer is None:
            answer = Answer(status=200, body=do(connection).model_dump_json(by_alias=True))
            requests.keep_answer(connection, signed, answer)
    return Response(answer.body, answer.status, mimetype=JSON)


def _read(model: type[MessageT], body: bytes) -> MessageT:
    """Return the message in a body; raise MediaTypeError, MessageUnreadableError, MessageRefusedError."""
    if request.mimetype != JSON:
        raise MediaTypeError
    return read_message(model, read_json(body))


def _check_address(parts: Mapping[str, tuple[str, str]]) -> None:
    """Raise MessageRefusedError where a part of the address, by its name, is not of its form."""
    faults = [
        Fault(pointer="", detail=f"the {what} in the address is not of its form: {form}")
        for what, (text, form) in parts.items()
        if not re.fullmatch(form, text)
    ]
    if faults:
        raise MessageRefusedError(faults)


def _limit() -> int:
    limit = find_whole(request.args.get("limit", str(DEFAULT_LIMIT)), len(str(MAX_LIMIT)))
    if limit is None or not 1 <= limit <= MAX_LIMIT:
        raise LimitRefusedError
    return limit
