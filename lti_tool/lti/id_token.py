"""Validation of an id_token (1EdTech Security Framework 1.0, 5.1.3; OpenID Connect Core 1.0, 3.1.3.7).

The order is fixed: header, key, signature, and only then a look at what the token says. joserfc does the JOSE part;
what it leaves to its caller is done here: the algorithm list, the presence of `kid`, every claim about time.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple, NoReturn

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jws import CompactSignature, JWSRegistry

from lti_tool.lti.errors import (
    AudienceMismatchError,
    ClaimInvalidError,
    ClaimMissingError,
    IssuerMismatchError,
    KeyIdMissingError,
    NonceMismatchError,
    TokenAlgorithmError,
    TokenExpiredError,
    TokenMalformedError,
    TokenSignatureError,
    TokenTimesError,
)
from lti_tool.lti.platform_keys import PlatformKeys
from lti_tool.lti.registration import Registration

#: How far the platform's clock may be from ours, seconds.
LEEWAY_S: Final = 60
#: How old a token may be, seconds.
MAX_AGE_S: Final = 3600
#: How long a token may be good, seconds.
MAX_LIFE_S: Final = 24 * 3600
MAX_ID: Final = 255

DEPLOYMENT_ID: Final = "https://purl.imsglobal.org/spec/lti/claim/deployment_id"


class VerifiedLaunch(NamedTuple):
    """The claims of a token whose signature, issuer, audience, times and nonce are right.

    Not checked yet: whether the deployment is approved, whether the nonce was consumed before, and every claim
    that lti_tool.lti.claims reads. `expires_at` (epoch seconds) says how long a replay must be remembered.
    """

    registration: Registration
    deployment_id: str
    claims: Mapping[str, Any]
    expires_at: float


def validate(
    token: str, registration: Registration, keys: PlatformKeys, *, now: datetime, nonce: str
) -> VerifiedLaunch:
    """Return the verified launch of ``token`` or raise the LtiError that names the first fault.

    ``registration`` is the one that the login was made with, ``nonce`` the one that was stored with its state.
    """
    signature = _read(token)
    kid = _checked_key_id(signature.protected, registration)
    key = keys.get_key(registration.jwks_url, kid, now)
    try:
        genuine = jws.validate_compact(signature, key, registry=_registry(registration.algorithms))
    except (JoseError, ValueError, TypeError) as error:
        raise TokenSignatureError("the key is not made for this signature") from error
    if not genuine:
        raise TokenSignatureError("the signature does not fit the token")
    claims = _claims(signature.payload)
    _check_parties(claims, registration)
    expires_at = _check_times(claims, now.timestamp())
    if claims.get("nonce") != nonce:
        raise NonceMismatchError("the token has another nonce than the login")
    return VerifiedLaunch(registration, _deployment_id(claims), claims, expires_at)


@lru_cache(maxsize=32)
def _registry(algorithms: tuple[str, ...]) -> JWSRegistry:
    # RFC 7515, 4: header parameters that are not understood are ignored (`crit` is refused below).
    return JWSRegistry(algorithms=algorithms, strict_check_header=False)


def _read(token: str) -> CompactSignature:
    """Take the token apart; nothing of it is trusted yet."""
    try:
        signature = jws.extract_compact(token.encode("ascii"))
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise TokenMalformedError("not a JWS in compact form") from error
    if not isinstance(signature.protected, dict):
        raise TokenMalformedError("the header is not an object")
    return signature


def _checked_key_id(header: Mapping[str, Any], registration: Registration) -> str:
    """Return the id of the key after a look at the header alone (S7, S8)."""
    if header.get("alg") not in registration.algorithms:
        raise TokenAlgorithmError("the algorithm is not one of the registration's")
    if "crit" in header:
        raise TokenMalformedError("the header asks for an extension")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise KeyIdMissingError("the header has no kid")
    return kid


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_decode: Final = json.JSONDecoder(parse_constant=_refuse_constant).decode


def _claims(payload: bytes) -> Mapping[str, Any]:
    try:
        claims = _decode(payload.decode())
    except (ValueError, RecursionError) as error:
        raise TokenMalformedError("the payload is not JSON") from error
    if not isinstance(claims, dict):
        raise TokenMalformedError("the payload is not an object")
    return claims


def _check_parties(claims: Mapping[str, Any], registration: Registration) -> None:
    """Hold S4: from this issuer, for this client."""
    if claims.get("iss") != registration.issuer:
        raise IssuerMismatchError("iss is not the registration's issuer")
    audience = claims.get("aud")
    if audience != registration.client_id and not _names(audience, registration.client_id):
        raise AudienceMismatchError("aud does not name our client_id")
    azp = claims.get("azp")
    if azp is None and isinstance(audience, list) and len(audience) > 1:
        raise AudienceMismatchError("aud has several entries and azp is missing")
    if azp is not None and azp != registration.client_id:
        raise AudienceMismatchError("azp is not our client_id")


def _names(audience: object, client_id: str) -> bool:
    return isinstance(audience, list) and client_id in audience and all(isinstance(entry, str) for entry in audience)


def _check_times(claims: Mapping[str, Any], now: float) -> float:
    """Hold S6 and return the end of the token."""
    issued_at, expires_at = _seconds(claims, "iat"), _seconds(claims, "exp")
    if now >= expires_at + LEEWAY_S:
        raise TokenExpiredError("exp is past")
    if issued_at > now + LEEWAY_S:
        raise TokenTimesError("iat lies in the future")
    if issued_at < now - MAX_AGE_S:
        raise TokenTimesError("iat is more than an hour ago")
    if not 0 <= expires_at - issued_at <= MAX_LIFE_S:
        raise TokenTimesError("exp is not within a day after iat")
    if "nbf" in claims and _seconds(claims, "nbf") > now + LEEWAY_S:
        raise TokenTimesError("nbf lies in the future")
    return expires_at


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    """Return a NumericDate (RFC 7519, 2) as a finite number."""
    value = claims.get(name)
    if type(value) not in (int, float):
        raise TokenTimesError(f"{name} is missing or no number")
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds):
        raise TokenTimesError(f"{name} is no time")
    return seconds


def _deployment_id(claims: Mapping[str, Any]) -> str:
    """Return the deployment's id (S5); whether it is known and approved is the caller's question."""
    value = claims.get(DEPLOYMENT_ID)
    if value is None or value == "":
        raise ClaimMissingError("deployment_id")
    if not isinstance(value, str) or len(value) > MAX_ID or not value.isascii():
        raise ClaimInvalidError("deployment_id", f"is not a string of at most {MAX_ID} ASCII characters")
    return value
