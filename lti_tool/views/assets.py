"""The files of a content version as they are sent to a browser."""

from __future__ import annotations

from typing import Final

from flask import Response, request
from sqlalchemy import Connection

from lti_tool.services.content.contents import ContentMissingError, find_asset

ASSET_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def asset_response(connection: Connection, organisation_id: int, version_id: int | None, path: str) -> Response:
    """Return a figure or a recording of a content version, in a sandbox of its own; raise ContentMissingError."""
    found = None if version_id is None else find_asset(connection, organisation_id, version_id, path)
    if found is None:
        raise ContentMissingError
    response = Response(found.data, mimetype=found.media_type)
    response.headers["Content-Security-Policy"] = ASSET_POLICY
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.set_etag(found.sha256)
    response.make_conditional(request, accept_ranges=True, complete_length=len(found.data))
    return response
