"""Refusals of the evidence API: each with the status of its problem document (RFC 9457) and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from lti_tool.services.evidence.locks import TagsMovedError
from qualoop.errors import QualoopError
from qualoop.exchange import MessageRefusedError, MessageUnreadableError, SignedRequestError


class ApiError(QualoopError):
    """The API cannot do what was asked."""

    code = "api"
    status: ClassVar[int] = 400
    #: After how many seconds to try the same again; 0: not before something has changed.
    retry_after_s: ClassVar[int] = 0


class MediaTypeError(ApiError):
    """Send the body with Content-Type: application/json."""

    code = "media-type"
    status = 415


class BodyTooLargeError(ApiError):
    """The body has more than 1 MiB: send fewer events at once."""

    code = "body-too-large"
    status = 413


class KeyUnknownError(ApiError):
    """No source has this key, or the key was revoked: qualoop source list."""

    code = "key-unknown"
    status = 401


class RequestReplayedError(ApiError):
    """This Qualoop-Request-Id was taken before, with something else: make a new id for each request."""

    code = "request-replayed"
    status = 409


class TooManyRequestsError(ApiError):
    """More requests came from this source than are taken: wait, and send fewer, larger batches."""

    code = "too-many-requests"
    status = 429
    retry_after_s = 2


class CursorUnreadableError(ApiError):
    """The cursor is none that was given out here. Ask without `after` to be told everything anew."""

    code = "cursor-unreadable"


class LimitRefusedError(ApiError):
    """`limit` is a whole number from 1 to 500."""

    code = "limit-refused"
    status = 422


class FrameworkMissingError(ApiError):
    """The organisation has adopted no framework of this code: qualoop content install."""

    code = "framework-missing"
    status = 409


class VersionDiffersError(ApiError):
    """This version is registered with other parts. A version never changes: changed content has another hash."""

    code = "version-differs"
    status = 409


class VersionInstalledError(ApiError):
    """This version was installed as a package here; its tags come with the package: qualoop content install."""

    code = "version-installed"
    status = 409


@dataclass(frozen=True, slots=True)
class Terms:
    """With which status an error is answered, and after how many seconds the same may be tried again; 0: do not."""

    status: int
    retry_after_s: int = 0


#: Errors that are not of the API alone: here a machine asks, which can do again what a person would have to repeat.
_OTHERS: Final[Mapping[type[QualoopError], Terms]] = {
    SignedRequestError: Terms(401),
    MessageUnreadableError: Terms(400),
    MessageRefusedError: Terms(422),
    TagsMovedError: Terms(503, retry_after_s=1),
}


def find_terms(kind: type[Exception]) -> Terms | None:
    """Return the terms of an error of the API; None for any other."""
    if issubclass(kind, ApiError):
        return Terms(kind.status, kind.retry_after_s)
    return next((terms for other, terms in _OTHERS.items() if issubclass(kind, other)), None)
