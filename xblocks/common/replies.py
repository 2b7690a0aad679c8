"""How what a handler refuses becomes a reply: one table for all blocks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Final, TypeAlias

from webob import Request, Response
from xblock.core import XBlock
from xblock.exceptions import JsonHandlerError

from qualoop.errors import QualoopError
from qualoop.player import UnknownActionError
from qualoop.values import find_whole
from xblocks.common.contents import ContentMissingError
from xblocks.common.evidence import EvidenceNotKeptError
from xblocks.common.learner import LearnerUnknownError

Handler: TypeAlias = Callable[[Any, Request, str], Response]


MAX_BODY: Final = 2_000_000
"""Bytes of one request: twice what a block's own content may hold."""
MAX_DIGITS: Final = 15
"""Of a number in a form: what JavaScript holds exactly."""


class MethodRefusedError(QualoopError):
    """An address that takes POST only was asked otherwise."""

    code = "method-refused"


class BodyTooLargeError(QualoopError):
    """A request is larger than anything a block takes."""

    code = "body-too-large"


class BodyRefusedError(QualoopError):
    """A body is not what it should be: a JSON object with the fields that the handler names, or a form."""

    code = "body-refused"


class SignInError(QualoopError):
    """Only who has signed in can work at this."""

    code = "sign-in"


class AuthorsOnlyError(QualoopError):
    """Only authors, in Studio, may ask this."""

    code = "authors-only"


class StaffOnlyError(QualoopError):
    """Only the course's staff may ask this."""

    code = "staff-only"


class WorkNotTakenError(QualoopError):
    """Nobody could mark what somebody hands in: who is not in the course, or a site without the plug-in. Nothing was kept."""

    code = "work-not-taken"


class SettingsRefusedError(QualoopError):
    """What an author wrote cannot be; ``messages`` has a sentence for each fault, in the author's language."""

    code = "settings-refused"

    def __init__(self, messages: Sequence[str]) -> None:
        self.messages = tuple(messages)
        super().__init__("; ".join(messages))


STATUSES: Final[Mapping[type[QualoopError], int]] = {
    ContentMissingError: 404,
    UnknownActionError: 404,
    MethodRefusedError: 405,
    BodyTooLargeError: 413,
    SignInError: 403,
    AuthorsOnlyError: 403,
    StaffOnlyError: 403,
    WorkNotTakenError: 403,
    EvidenceNotKeptError: 503,
    LearnerUnknownError: 503,
}


def replying(handler: Handler) -> Handler:
    """Make a handler of an XBlock whose refusals become replies: a status of the table (else 400) and the code."""

    @wraps(handler)
    def replied(block: Any, request: Request, suffix: str = "") -> Response:
        try:
            if (request.content_length or 0) > MAX_BODY:
                raise BodyTooLargeError
            return handler(block, request, suffix)
        except SettingsRefusedError as error:
            return Response(json_body={"error": error.code, "messages": list(error.messages)}, status=400)
        except QualoopError as error:
            status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 400)
            return JsonHandlerError(status, error.code).get_response()

    made: Handler = XBlock.handler(replied)
    return made


def form_lists(request: Request) -> dict[str, list[str]]:
    """Return the fields of a form, without files; a body of another kind has none. Raises BodyRefusedError."""
    try:
        fields = request.POST.dict_of_lists()
    # A form without a boundary, in an encoding that none has, or in another than UTF-8, which webob says by a warning raised.
    except (ValueError, LookupError, TypeError, DeprecationWarning) as error:
        raise BodyRefusedError from error
    return {name: [text for text in texts if isinstance(text, str)] for name, texts in fields.items()}


def form_fields(request: Request) -> dict[str, str]:
    """Return the fields of a form, the last of each name, without files. Raises BodyRefusedError."""
    return {name: texts[-1] for name, texts in form_lists(request).items() if texts}


def whole_number(text: str) -> int:
    """Return the whole number in a field of a form, 0 for none: no revision is 0 and no action either."""
    return find_whole(text, MAX_DIGITS) or 0


def json_object(request: Request) -> dict[str, Any]:
    """Return the JSON object in a request's body; raise MethodRefusedError, BodyTooLargeError, BodyRefusedError."""
    if request.method != "POST":
        raise MethodRefusedError
    if len(request.body) > MAX_BODY:
        raise BodyTooLargeError
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise BodyRefusedError from error
    if not isinstance(found, dict):
        raise BodyRefusedError
    return found
