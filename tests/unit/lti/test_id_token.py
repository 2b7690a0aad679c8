"""S3 to S8 of docs/security.md: what makes an id_token one."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import example, given
from hypothesis import strategies as st

from lti_tool.lti.claims import read_resource_link_launch
from lti_tool.lti.errors import (
    AudienceMismatchError,
    ClaimInvalidError,
    ClaimMissingError,
    IssuerMismatchError,
    KeyIdMissingError,
    KeyUnknownError,
    LtiError,
    NonceMismatchError,
    TokenAlgorithmError,
    TokenExpiredError,
    TokenMalformedError,
    TokenSignatureError,
    TokenTimesError,
)
from lti_tool.lti.id_token import VerifiedLaunch, validate
from tests.factories.launches import LTI, LaunchingPlatform, b64, rsa_key
from tests.unit.lti.doubles import NONCE, NOW, SECONDS, FixedKeys, registration_of

PLATFORM = LaunchingPlatform()
KEYS = FixedKeys(PLATFORM.jwks())
REGISTRATION = registration_of(PLATFORM)


def claims(**changed: Any) -> dict[str, Any]:
    return {**PLATFORM.claims("learner", nonce=NONCE, now=SECONDS), **changed}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in claims().items() if key != name}


def check(token: str, **settings: Any) -> VerifiedLaunch:
    return validate(token, registration_of(PLATFORM, **settings), KEYS, now=NOW, nonce=NONCE)


def test_a_good_token_gives_its_claims_and_its_end() -> None:
    verified = check(PLATFORM.sign(claims()))
    assert verified.claims == claims()
    assert (verified.deployment_id, verified.expires_at) == ("1", SECONDS + 60)


# -- S4: from whom and for whom


def test_s4_the_issuer_is_the_registrations() -> None:
    with pytest.raises(IssuerMismatchError):
        check(PLATFORM.sign(claims(iss="https://other.example.test")))


@pytest.mark.parametrize("audience", ["client-1", ["client-1"]])
def test_s4_the_audience_is_a_string_or_a_list_with_our_client_id(audience: Any) -> None:
    assert check(PLATFORM.sign(claims(aud=audience))).deployment_id == "1"


def test_s4_of_several_audiences_ours_may_be_any_when_azp_says_so() -> None:
    assert check(PLATFORM.sign(claims(aud=["other", "client-1"], azp="client-1"))).deployment_id == "1"


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "other"},
        {"aud": []},
        {"aud": ["other"]},
        {"aud": None},
        {"aud": {"client-1": 1}},
        {"aud": "client-1 other"},
        {"aud": ["client-1", 7]},
        {"aud": ["client-1", "other"]},
        {"aud": ["client-1", "other"], "azp": "other"},
        {"azp": "other"},
        {"azp": ""},
    ],
)
def test_s4_any_other_audience_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(AudienceMismatchError):
        check(PLATFORM.sign(claims(**changed)))


# -- S5: the deployment


@pytest.mark.parametrize("value", [7, ["1"], "x" * 256, "é", True])
def test_s5_a_deployment_id_is_a_bounded_string(value: Any) -> None:
    with pytest.raises(ClaimInvalidError, match="deployment_id"):
        check(PLATFORM.sign(claims(**{LTI + "deployment_id": value})))


@pytest.mark.parametrize("value", [None, ""])
def test_s5_a_deployment_id_is_required(value: Any) -> None:
    with pytest.raises(ClaimMissingError, match="deployment_id"):
        check(PLATFORM.sign(claims(**{LTI + "deployment_id": value})))


# -- S6: times


@pytest.mark.parametrize(
    ("issued", "expires"),
    [(0, 60), (60, 120), (-3600, 60), (-119, -59), (0, 24 * 3600), (0.5, 60.5)],
    ids=["just now", "the platform is 60 s ahead", "an hour old", "expired 59 s ago", "good for a day", "fractions"],
)
def test_s6_times_within_the_bounds_are_taken(issued: float, expires: float) -> None:
    assert check(PLATFORM.sign(claims(iat=SECONDS + issued, exp=SECONDS + expires))).deployment_id == "1"


@pytest.mark.parametrize("expires", [-60, -61, -3600])
def test_s6_an_expired_token_is_refused(expires: int) -> None:
    with pytest.raises(TokenExpiredError):
        check(PLATFORM.sign(claims(iat=SECONDS - 120, exp=SECONDS + expires)))


@pytest.mark.parametrize(
    ("issued", "expires"),
    [(61, 121), (-3601, 60), (0, 24 * 3600 + 1), (30, 20)],
    ids=["the platform is 61 s ahead", "older than an hour", "good for more than a day", "ends before it begins"],
)
def test_s6_impossible_times_are_refused(issued: int, expires: int) -> None:
    with pytest.raises(TokenTimesError):
        check(PLATFORM.sign(claims(iat=SECONDS + issued, exp=SECONDS + expires)))


@pytest.mark.parametrize("name", ["iat", "exp"])
@pytest.mark.parametrize("value", [None, "1795500000", True, [], {}, 10**400])
def test_s6_times_are_numbers(name: str, value: Any) -> None:
    with pytest.raises(TokenTimesError):
        check(PLATFORM.sign(claims(**{name: value})))


@pytest.mark.parametrize("name", ["iat", "exp"])
def test_s6_times_are_required(name: str) -> None:
    with pytest.raises(TokenTimesError):
        check(PLATFORM.sign(without(name)))


def test_s6_a_token_is_not_good_before_its_nbf() -> None:
    assert check(PLATFORM.sign(claims(nbf=SECONDS + 60))).deployment_id == "1"
    with pytest.raises(TokenTimesError):
        check(PLATFORM.sign(claims(nbf=SECONDS + 61)))


def test_s6_the_clock_is_the_callers() -> None:
    token = PLATFORM.sign(claims())
    with pytest.raises(TokenExpiredError):
        validate(token, REGISTRATION, KEYS, now=NOW + timedelta(minutes=2), nonce=NONCE)


# -- S2: the nonce


@pytest.mark.parametrize("nonce", ["other", "", None, 7, [NONCE]])
def test_s2_the_nonce_is_the_logins(nonce: Any) -> None:
    with pytest.raises(NonceMismatchError):
        check(PLATFORM.sign(claims(nonce=nonce)))


# -- S7: the algorithm


def signed_with(header: dict[str, Any], signature: bytes) -> str:
    return f"{b64(header)}.{b64(claims())}.{b64(signature)}"


def test_s7_none_is_refused() -> None:
    with pytest.raises(TokenAlgorithmError):
        check(signed_with({"alg": "none", "kid": PLATFORM.kid}, b""))


def test_s7_a_symmetric_signature_made_with_the_public_key_is_refused() -> None:
    header = {"alg": "HS256", "kid": PLATFORM.kid}
    message = f"{b64(header)}.{b64(claims())}".encode()
    secret = json.dumps(PLATFORM.jwk()).encode()
    with pytest.raises(TokenAlgorithmError):
        check(signed_with(header, hmac.digest(secret, message, hashlib.sha256)))


@pytest.mark.parametrize("algorithm", [None, 7, ["RS256"], {"RS256": 1}, "rs256", "", "RS512", "PS256"])
def test_s7_only_algorithms_of_the_registration_count(algorithm: Any) -> None:
    with pytest.raises(TokenAlgorithmError):
        check(signed_with({"alg": algorithm, "kid": PLATFORM.kid}, b"x" * 256))


def test_s7_a_header_without_algorithm_is_refused() -> None:
    with pytest.raises(TokenMalformedError):
        check(signed_with({"kid": PLATFORM.kid}, b"x" * 256))


def test_s7_a_key_made_for_another_algorithm_is_not_used() -> None:
    header = {"alg": "RS512", "kid": PLATFORM.kid}
    message = f"{b64(header)}.{b64(claims())}".encode()
    token = signed_with(header, PLATFORM.key.sign(message, padding.PKCS1v15(), hashes.SHA512()))
    with pytest.raises(TokenSignatureError):
        check(token, algorithms=("RS256", "RS512"))


def test_s7_es256_counts_where_the_registration_allows_it() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "kid": "e", "x": b64(numbers.x.to_bytes(32)), "y": b64(numbers.y.to_bytes(32))}
    header = {"alg": "ES256", "kid": "e"}
    message = f"{b64(header)}.{b64(claims())}".encode()
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    token = signed_with(header, r.to_bytes(32) + s.to_bytes(32))
    keys = FixedKeys(json.dumps({"keys": [jwk]}).encode())
    allowed = registration_of(PLATFORM, algorithms=("RS256", "ES256"))
    assert validate(token, allowed, keys, now=NOW, nonce=NONCE).deployment_id == "1"
    with pytest.raises(TokenAlgorithmError):
        validate(token, REGISTRATION, keys, now=NOW, nonce=NONCE)


def test_s7_an_rsa_signature_under_an_elliptic_key_is_refused() -> None:
    with pytest.raises(TokenSignatureError):
        check(signed_with({"alg": "ES256", "kid": PLATFORM.kid}, b"x" * 64), algorithms=("RS256", "ES256"))


# -- S8: the key


@pytest.mark.parametrize("kid", [None, "", 7, ["platform-key-1"]])
def test_s8_a_key_id_is_required(kid: Any) -> None:
    with pytest.raises(KeyIdMissingError):
        check(PLATFORM.sign(claims(), {"kid": kid}))


def test_s8_an_unknown_key_id_is_refused_also_where_the_set_has_one_key() -> None:
    with pytest.raises(KeyUnknownError):
        check(PLATFORM.sign(claims(), {"kid": "other"}))


def test_s8_a_signature_of_another_key_is_refused() -> None:
    stranger = LaunchingPlatform(key=rsa_key("stranger"))
    with pytest.raises(TokenSignatureError):
        check(stranger.sign(claims()))


def test_s8_a_changed_payload_is_refused() -> None:
    header, _, signature = PLATFORM.sign(claims()).split(".")
    with pytest.raises(TokenSignatureError):
        check(f"{header}.{b64(claims(sub='somebody else'))}.{signature}")


# -- Whatever comes: an LtiError, never anything else


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"crit": ["x"], "x": 1},
    ],
)
def test_an_extension_of_the_signature_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(TokenMalformedError):
        check(PLATFORM.sign(claims(), header))


def test_an_unknown_header_parameter_is_ignored() -> None:
    assert check(PLATFORM.sign(claims(), {"x-vendor": "1"})).deployment_id == "1"


@pytest.mark.parametrize(
    "payload", ["[]", "7", "null", '"text"', "", "{", "[" * 50_000, '{"iat": NaN}', '{"exp": Infinity}', b"\xff\xfe"]
)
def test_a_signed_payload_that_is_no_json_object_is_refused(payload: str | bytes) -> None:
    with pytest.raises(TokenMalformedError):
        check(PLATFORM.sign(payload))


@given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]{0,40}(\.[A-Za-z0-9_-]{0,40}){0,3}", fullmatch=True))
@example("")
@example("..")
@example("a.b.c.d")
@example(f"{b64('[]')}.e30.")
@example(f"{b64(['alg', 'b64'])}.e30.")
@example(f"{b64(['alg'])}.e30.")
@example(b64('"alg"') + ".e30.")
@example("x" * 300_000)
def test_s25_any_text_is_refused_in_order(token: str) -> None:
    with pytest.raises(LtiError):
        check(token)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(name=st.sampled_from(sorted(claims())), value=JSON)
def test_s25_any_json_in_any_claim_is_taken_or_refused_in_order(name: str, value: Any) -> None:
    try:
        launch = read_resource_link_launch(check(PLATFORM.sign(claims(**{name: value}))))
    except LtiError as refusal:
        str(refusal).encode()
    else:
        json.dumps(launch.custom).encode()
        str(launch).encode()


@given(JSON)
def test_s25_any_json_as_header_is_refused_in_order(header: Any) -> None:
    with pytest.raises(LtiError):
        check(f"{b64(header)}.{b64(claims())}.{b64(b'x' * 256)}")
