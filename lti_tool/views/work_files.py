"""Files that people handed in, as they are sent to a browser: never as a page, never from a cache, never under a made-up type."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from flask import Response, request

from lti_tool.services.attempts.submissions import FileContent
from lti_tool.services.mechanisms.file_types import SHOWN

POLICY: Final = "default-src 'none'; sandbox"
_TEXT: Final = "text/plain"


def file_response(file: FileContent) -> Response:
    """Return a file of a work: shown in the page where it is a picture or a recording, else always a download.

    Texts go out as plain text whatever their kind, and the sandbox keeps anything that a browser mistakes from running.
    """
    media_type = _TEXT if file.media_type.startswith("text/") else file.media_type
    response = Response(file.data, mimetype=media_type)
    shown = file.media_type in SHOWN and "download" not in request.args
    response.headers["Content-Disposition"] = _disposition("inline" if shown else "attachment", file.name)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if shown:
        response.make_conditional(request, accept_ranges=True, complete_length=len(file.data))
    return response


def _disposition(kind: str, name: str) -> str:
    """Return the header with the name twice (RFC 6266, 4.3 and appendix D): in ASCII for old readers, and as it is."""
    plain = "".join(each if each.isascii() and (each.isalnum() or each in " ._-") else "_" for each in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
