"""Launches as a platform makes them: a key, a key set, signed id_tokens, and the cases of the certification folder.

Nothing here uses the code under test: tokens are put together by hand over `cryptography`.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PAYLOADS = Path(__file__).parents[1] / "functional" / "certification" / "payloads"
MOODLE = Path(__file__).parents[1] / "fixtures" / "moodle"

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"

TOOL_ORIGIN = "https://tool.example.test"
ROLES = {"teacher": "Instructor", "learner": "Learner"}
USERS = {
    "teacher": {"sub": "t-1", "name": "Tina Teacher", "given_name": "Tina", "family_name": "Teacher"},
    "learner": {"sub": "s-1", "name": "Sam Student", "given_name": "Sam", "family_name": "Student"},
}


@dataclass(frozen=True)
class Case:
    """One payload file: what is changed in the header and the claims, and what the tool must make of it.

    `claims` is a JSON merge patch (RFC 7396: null removes) on the claims of an ordinary launch; `payload` replaces
    them all. `code` is the refusal that is due, `roles` the tool's roles of an accepted launch.
    """

    name: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    payload: Mapping[str, Any] | None
    code: str | None
    roles: tuple[str, ...]


def load_cases(folder: str) -> list[Case]:
    """Return the cases of `bad`, `valid-teacher` or `valid-student`, one a file."""
    return [_case(path) for path in sorted((PAYLOADS / folder).glob("*.json"))]


def moodle(name: str) -> Any:
    """Return a captured message of Moodle."""
    return json.loads((MOODLE / f"{name}.json").read_text(encoding="utf-8"))


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return the key of that name: made once in a test run, since making one is slow."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@dataclass(frozen=True)
class LaunchingPlatform:
    """A platform with one signing key. Addresses and ids can be set to whatever a test registered."""

    issuer: str = "https://lms.example.test"
    client_id: str = "client-1"
    deployment_id: str = "1"
    target_link_uri: str = TOOL_ORIGIN + "/lti/launch"
    kid: str = "platform-key-1"
    key: rsa.RSAPrivateKey = field(default_factory=partial(rsa_key, "platform"))

    @property
    def auth_login_url(self) -> str:
        return self.issuer + "/auth?site=main"

    @property
    def token_url(self) -> str:
        return self.issuer + "/token"

    @property
    def jwks_url(self) -> str:
        return self.issuer + "/jwks"

    def jwk(self, **more: Any) -> dict[str, Any]:
        """Return the public key as the platform publishes it."""
        return {**public_jwk(self.key), "kid": self.kid, "use": "sig", "alg": "RS256", **more}

    def jwks(self) -> bytes:
        """Return the platform's key set."""
        return json.dumps({"keys": [self.jwk()]}).encode()

    def claims(self, role: str, *, nonce: str, now: int) -> dict[str, Any]:
        """Return the claims of an ordinary launch as `teacher` or `learner`."""
        return {
            **USERS[role],
            "email": f"{role}@example.test",
            "iss": self.issuer,
            "aud": self.client_id,
            "nonce": nonce,
            "iat": now,
            "exp": now + 60,
            LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "version": "1.3.0",
            LTI + "deployment_id": self.deployment_id,
            LTI + "target_link_uri": self.target_link_uri,
            LTI + "roles": [MEMBERSHIP + ROLES[role]],
            LTI + "context": {"id": "c-1", "label": "SEM", "title": "Search marketing", "type": ["CourseSection"]},
            LTI + "resource_link": {"id": "r-1", "title": "Keywords and intent"},
            LTI + "custom": {"lesson": "sem-1-1-keywords-and-intent"},
            LTI + "launch_presentation": {
                "locale": "en",
                "document_target": "iframe",
                "return_url": self.issuer + "/course/1",
            },
            AGS: {
                "scope": [f"https://purl.imsglobal.org/spec/lti-ags/scope/{name}" for name in ("lineitem", "score")],
                "lineitems": self.issuer + "/courses/1/lineitems?type_id=1",
                "lineitem": self.issuer + "/courses/1/lineitems/7/lineitem?type_id=1",
            },
            NRPS: {"context_memberships_url": self.issuer + "/courses/1/members", "service_versions": ["2.0"]},
        }

    def id_token(self, case: Case | None = None, *, role: str = "learner", nonce: str, now: int) -> str:
        """Return a signed launch, changed as ``case`` says."""
        claims: Any = self.claims(role, nonce=nonce, now=now)
        if case is None:
            return self.sign(claims)
        values = {"$iss": self.issuer, "$aud": self.client_id, "$sub": claims["sub"], "$nonce": nonce}
        changed = merged(claims, case.claims) if case.payload is None else case.payload
        return self.sign(_filled(changed, values, now), case.header)

    def sign(self, claims: Any, header: Mapping[str, Any] | None = None) -> str:
        """Return ``claims`` signed with RS256; ``header`` is a merge patch on the ordinary header."""
        full = merged({"typ": "JWT", "alg": "RS256", "kid": self.kid}, header or {})
        signed = f"{b64(full)}.{b64(claims)}"
        signature = self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def public_jwk(key: rsa.RSAPrivateKey) -> dict[str, str]:
    """Return kty, n and e of a key (RFC 7518, 6.3.1)."""
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}


def b64(value: Any) -> str:
    """Return a part of a token: base64url of a JSON text, of a text, or of bytes."""
    if not isinstance(value, bytes):
        value = (value if isinstance(value, str) else json.dumps(value)).encode()
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def merged(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396)."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def _case(path: Path) -> Case:
    read = json.loads(path.read_text(encoding="utf-8"))
    expected = read["expected"]
    return Case(
        path.stem,
        read.get("header", {}),
        read.get("claims", {}),
        read.get("payload"),
        expected.get("code"),
        tuple(expected.get("roles", ())),
    )


def _filled(value: Any, values: Mapping[str, Any], now: int) -> Any:
    """Return ``value`` with its placeholders filled: $iss, $aud, $sub, $nonce, and $now with a number of seconds."""
    if isinstance(value, Mapping):
        return {name: _filled(inner, values, now) for name, inner in value.items()}
    if isinstance(value, str) and value.startswith("$now"):
        return now + int(value.removeprefix("$now") or 0)
    return values.get(value, value) if isinstance(value, str) else value


def _number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8))
