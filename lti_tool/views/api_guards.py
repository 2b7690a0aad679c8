"""Who may call the evidence API: a source that has signed the request."""

from __future__ import annotations

from functools import wraps
from typing import Any, Final

from flask import current_app, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from lti_tool.services.sources import requests
from lti_tool.services.sources.api_errors import BodyTooLargeError
from lti_tool.services.sources.requests import Meter
from lti_tool.views.guards import GUARD, View, runtime
from qualoop.exchange import MAX_BODY_BYTES, read_signing
from qualoop.exchange.signed_requests import FORMS

SOURCE: Final = "source"
"""What the guard of such a route says: its signature decides, no role does."""

METER: Final = "qualoop.meter"
"""Where the application has its meter of requests."""


def signed_by_source(view: View) -> View:
    """Let the route be called by signed requests of a source; the view gets the request and its body, which was read."""

    @wraps(view)
    def guarded(**arguments: Any) -> Any:
        parts = runtime()
        signing = read_signing({name: request.headers.get(name, "") for name in FORMS})
        body, now = _body(), parts.clock()
        signed = requests.authenticate(
            parts.database,
            request.method,
            _target(),
            body,
            signing=signing,
            secret=parts.settings.secret_key,
            now=now,
        )
        g.source = signed.source.key
        meter: Meter = current_app.extensions.setdefault(METER, Meter())
        meter.take(signed.source.id, now)
        return view(signed, body, **arguments)

    setattr(guarded, GUARD, SOURCE)
    return guarded


def _body() -> bytes:
    """Return the body; raise BodyTooLargeError."""
    request.max_content_length = MAX_BODY_BYTES
    try:
        return request.get_data()
    except RequestEntityTooLarge as error:
        raise BodyTooLargeError from error


def _target() -> str:
    """Return path and query as they were sent: no address of the API needs an escape in its path."""
    query = request.query_string.decode("ascii", "replace")
    return f"{request.path}?{query}" if query else request.path
