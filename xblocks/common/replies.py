"""How what a handler refuses becomes a reply: one table for all blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, TypeAlias

from webob import Request, Response
from xblock.core import XBlock
from xblock.exceptions import JsonHandlerError

from qualoop.errors import QualoopError
from qualoop.player import UnknownActionError
from xblocks.common.contents import ContentMissingError

Handler: TypeAlias = Callable[[Any, Request, str], Response]


class MethodRefusedError(QualoopError):
    """An address that takes POST only was asked otherwise."""

    code = "method-refused"


STATUSES: Final[Mapping[type[QualoopError], int]] = {
    ContentMissingError: 404,
    UnknownActionError: 404,
    MethodRefusedError: 405,
}


def replying(handler: Handler) -> Handler:
    """Make a handler of an XBlock whose refusals become replies: a status of the table (else 400) and the code."""

    @wraps(handler)
    def replied(block: Any, request: Request, suffix: str = "") -> Response:
        try:
            return handler(block, request, suffix)
        except QualoopError as error:
            status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 400)
            return JsonHandlerError(status, error.code).get_response()

    made: Handler = XBlock.handler(replied)
    return made
