"""The OpenAPI 3.1 document of the evidence API: made from the models of its messages, so that the two cannot drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from lti_tool.services.evidence.locks import TagsMovedError
from lti_tool.services.sources import api_errors
from lti_tool.services.sources.api_errors import find_terms
from lti_tool.services.sources.changes import CURSOR, DEFAULT_LIMIT, MAX_LIMIT
from qualoop.exchange import (
    BatchResult,
    ChangesPage,
    EvidenceBatch,
    GradeOverride,
    MessageRefusedError,
    MessageUnreadableError,
    OverrideResult,
    Problem,
    RegisteredVersion,
    SignedRequestError,
    VersionRegistration,
)
from qualoop.exchange.message_parts import HASH, KEY, UUID_FORM
from qualoop.exchange.problems import MEDIA_TYPE
from qualoop.exchange.schemas import PLACE, message_schemas
from qualoop.exchange.signed_requests import FORMS

VERSION: Final = "1.0.0"

_JSON: Final = "application/json"
_ALWAYS: Final = (
    SignedRequestError,
    api_errors.KeyUnknownError,
    api_errors.RequestReplayedError,
    api_errors.TooManyRequestsError,
)
_WITH_BODY: Final = (
    MessageUnreadableError,
    MessageRefusedError,
    api_errors.MediaTypeError,
    api_errors.BodyTooLargeError,
    TagsMovedError,
)
_OF_VERSIONS: Final = (
    api_errors.FrameworkMissingError,
    api_errors.VersionDiffersError,
    api_errors.VersionInstalledError,
)
_NO_ADDRESS: Final = {
    "description": "http-404: there is no such address.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": PLACE + "Problem"}}},
}
_OF_CHANGES: Final = (api_errors.CursorUnreadableError, api_errors.LimitRefusedError)


@cache
def document(base_url: str) -> dict[str, Any]:
    """Return the document; ``base_url`` is the public address of this installation."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Qualoop evidence API",
            "version": VERSION,
            "summary": "Sites that run activities themselves send evidence and read how their learners stand.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "paths": {
            "/api/v1/evidence": {"post": _record()},
            "/api/v1/activities/{key}/versions/{hash}": {"put": _register()},
            "/api/v1/overrides/{id}": {"put": _override()},
            "/api/v1/changes": {"get": _changes()},
        },
        "components": {
            "schemas": message_schemas(),
            "parameters": {name: _header(name, *form) for name, form in FORMS.items()},
        },
    }


def _record() -> dict[str, Any]:
    return _operation(
        "recordEvidence",
        "Record a batch of events. Each is taken or refused by itself; the answer is given once all is committed.",
        answer=BatchResult,
        body=EvidenceBatch,
        errors=(*_ALWAYS, *_WITH_BODY),
    )


def _register() -> dict[str, Any]:
    made = _operation(
        "registerVersion",
        "Register the parts and tags of a content version that the site carries itself.",
        answer=RegisteredVersion,
        body=VersionRegistration,
        errors=(*_ALWAYS, *_WITH_BODY, *_OF_VERSIONS),
    )
    made["responses"]["404"] = _NO_ADDRESS
    made["parameters"] += [
        _parameter("path", "key", {"type": "string", "pattern": KEY}, "Key of the activity."),
        _parameter("path", "hash", {"type": "string", "pattern": HASH}, "Hash of the content version."),
    ]
    return made


def _override() -> dict[str, Any]:
    made = _operation(
        "noteOverride",
        "Note a grade that staff of the platform set by hand. Mastery does not move; a person sees it in the inbox.",
        answer=OverrideResult,
        body=GradeOverride,
        errors=(*_ALWAYS, *_WITH_BODY),
    )
    made["responses"]["404"] = _NO_ADDRESS
    made["parameters"].append(
        _parameter("path", "id", {"type": "string", "pattern": UUID_FORM}, "The override's UUID.")
    )
    return made


def _changes() -> dict[str, Any]:
    made = _operation(
        "listChanges",
        "List the learners of the site who have changed since a cursor; without one, everybody.",
        answer=ChangesPage,
        body=None,
        errors=(*_ALWAYS, *_OF_CHANGES),
    )
    limits = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    made["parameters"] += [
        _parameter("query", "after", {"type": "string", "pattern": CURSOR}, "The cursor of the page before."),
        _parameter("query", "limit", limits, "How many learners at most."),
    ]
    made["responses"]["304"] = {"description": "Nothing has changed since the cursor that If-None-Match names."}
    return made


def _operation(
    name: str,
    summary: str,
    *,
    answer: type[object],
    body: type[object] | None,
    errors: Sequence[type[Exception]],
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "parameters": [{"$ref": f"#/components/parameters/{header}"} for header in FORMS],
        "responses": {"200": {"description": "Done.", "content": {_JSON: _reference(answer)}}, **_refusals(errors)},
    }
    if body is not None:
        made["requestBody"] = {"required": True, "content": {_JSON: _reference(body)}}
    return made


def _refusals(errors: Sequence[type[Exception]]) -> dict[str, Any]:
    """Return the problem documents that an address answers with, by status; the codes stand in the description."""
    by_status: dict[str, list[str]] = {}
    for error in errors:
        if (terms := find_terms(error)) is not None:
            by_status.setdefault(str(terms.status), []).append(f"{getattr(error, 'code', '')}: {error.__doc__}")
    return {
        status: {"description": "\n".join(told), "content": {MEDIA_TYPE: _reference(Problem)}}
        for status, told in sorted(by_status.items())
    }


def _reference(model: type[object]) -> Mapping[str, Any]:
    return {"schema": {"$ref": PLACE + model.__name__}}


def _header(name: str, pattern: str, words: str) -> dict[str, Any]:
    return _parameter("header", name, {"type": "string", "pattern": pattern}, words) | {"required": True}


def _parameter(place: str, name: str, schema: Mapping[str, Any], words: str) -> dict[str, Any]:
    return {"in": place, "name": name, "required": place == "path", "schema": schema, "description": words}
