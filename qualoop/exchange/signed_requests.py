"""Requests that are signed with a shared secret: what sender and receiver compute alike. Standard library only.

Four headers carry the signature:

    Qualoop-Key         which key: its public id
    Qualoop-Request-Id  a UUID, new for each request; a repeat of the very same request keeps it
    Qualoop-Time        when it was signed: whole seconds since 1970
    Qualoop-Signature   v1= and the HMAC-SHA256 of the text below under the key's secret, in hexadecimal digits

What is signed are six lines, without a line break at the end:

    qualoop-request-1
    POST                               the method, in capitals
    /api/v1/changes?after=7            path and query as they are sent
    1772452800                         Qualoop-Time
    0b8d6c0e-6c0b-4a7e-9d0c-…          Qualoop-Request-Id
    e3b0c442…                          SHA-256 of the body, in hexadecimal digits; of nothing where there is none

A request is good for `WINDOW` around its time. That it comes only once is the receiver's to see to, by the id.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NewType

from qualoop.errors import QualoopError

KEY_HEADER: Final = "Qualoop-Key"
ID_HEADER: Final = "Qualoop-Request-Id"
TIME_HEADER: Final = "Qualoop-Time"
SIGNATURE_HEADER: Final = "Qualoop-Signature"
FORMS: Final[Mapping[str, tuple[str, str]]] = {
    KEY_HEADER: (r"^[a-z0-9]{4,32}$", "Public id of the key."),
    ID_HEADER: (
        r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        "A new UUID for each request; a repeat of the very same request keeps it.",
    ),
    TIME_HEADER: (r"^[0-9]{1,12}$", "When it was signed: whole seconds since 1970."),
    SIGNATURE_HEADER: (r"^v1=[0-9a-f]{64}$", "HMAC-SHA256 under the key's secret."),
}
"""What each header is: its pattern, and what it says."""

WINDOW: Final = timedelta(minutes=5)
"""How far the clock of a sender may differ."""

Secret = NewType("Secret", str)
"""The secret of a key, as it was printed; it is the HMAC key as it stands, in ASCII."""

_FORMAT: Final = "qualoop-request-1"
_VERSION: Final = "v1="


class SignedRequestError(QualoopError):
    """A request is not signed as it must be."""

    code = "signature"


class SignatureMissingError(SignedRequestError):
    """A header of the signature is missing or not of its form; the message names it."""

    code = "signature-missing"


class SignatureWrongError(SignedRequestError):
    """The signature was not made of this request with a key that is good here."""

    code = "signature-wrong"


class ClockSkewError(SignedRequestError):
    """The request was signed too long ago or lies in the future; the message says by how much the clocks differ."""

    code = "signature-time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What the headers of a signed request say; ``time`` in whole seconds since 1970."""

    key: str
    request_id: str
    time: int
    signature: str = field(repr=False)


def sign_request(
    method: str, target: str, body: bytes, *, key: str, secret: Secret, request_id: str, now: datetime
) -> dict[str, str]:
    """Return the headers of a request; ``target`` is path and query as they are sent, ``request_id`` a UUID in small letters."""
    seconds = int(now.timestamp())
    text = _text(method, target, body, request_id=request_id, seconds=seconds)
    return {
        KEY_HEADER: key,
        ID_HEADER: request_id,
        TIME_HEADER: str(seconds),
        SIGNATURE_HEADER: _VERSION + _mac(secret, text),
    }


def read_signing(headers: Mapping[str, str]) -> Signing:
    """Return what the headers say; raise SignatureMissingError. Nothing is verified yet."""
    for name, (form, _) in FORMS.items():
        if not re.fullmatch(form, headers.get(name, "")):
            raise SignatureMissingError(f"{name} is missing or not of its form")
    key, request_id, seconds, signature = (headers[name] for name in FORMS)
    return Signing(key=key, request_id=request_id, time=int(seconds), signature=signature)


def verify_request(
    method: str, target: str, body: bytes, *, signing: Signing, secrets: Iterable[Secret], now: datetime
) -> None:
    """Return where one of ``secrets`` signed the request within the window; else raise a SignedRequestError.

    Time is looked at only once the signature holds: a stranger learns nothing of the clock. Comparison takes the same
    time wherever signatures differ.
    """
    text = _text(method, target, body, request_id=signing.request_id, seconds=signing.time)
    fits = [hmac.compare_digest(_VERSION + _mac(secret, text), signing.signature) for secret in secrets]
    if not any(fits):
        raise SignatureWrongError("the signature is not that of this request under this key")
    ahead = signing.time - int(now.timestamp())
    if abs(ahead) > WINDOW.total_seconds():
        way = "ahead of" if ahead > 0 else "behind"
        raise ClockSkewError(
            f"{TIME_HEADER} is {abs(ahead)} seconds {way} the clock here; at most {WINDOW.total_seconds():.0f} are "
            "taken. Set the sender's clock, or sign the request anew when it is sent."
        )


def _text(method: str, target: str, body: bytes, *, request_id: str, seconds: int) -> bytes:
    """Return what is signed."""
    digest = hashlib.sha256(body).hexdigest()
    return "\n".join((_FORMAT, method.upper(), target, str(seconds), request_id, digest)).encode()


def _mac(secret: Secret, text: bytes) -> str:
    return hmac.digest(secret.encode(), text, "sha256").hex()
