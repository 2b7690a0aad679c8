"""Signed requests: a fixed example, and that nothing of a request can be changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from qualoop.exchange import (
    WINDOW,
    ClockSkewError,
    Secret,
    SignatureMissingError,
    SignatureWrongError,
    read_signing,
    sign_request,
    verify_request,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECRET = Secret("qs1.a-secret-that-is-printed-once")
SENT: dict[str, Any] = {"method": "POST", "target": "/api/v1/evidence?x=1", "body": b'{"events":[]}'}
ID = "0b8d6c0e-6c0b-4a7e-9d0c-000000000001"


def headers(now: datetime = NOW, **changed: Any) -> dict[str, str]:
    return sign_request(*(SENT | changed).values(), key="abcd1234", secret=SECRET, request_id=ID, now=now)


def verify(sent: dict[str, str], *secrets: Secret, now: datetime = NOW, **changed: Any) -> None:
    verify_request(*(SENT | changed).values(), signing=read_signing(sent), secrets=secrets or (SECRET,), now=now)


def test_s32_the_signature_is_the_documented_one() -> None:
    """Computed with OpenSSL: printf '%s' "$text" | openssl dgst -sha256 -hmac "$secret"."""
    assert headers() == {
        "Qualoop-Key": "abcd1234",
        "Qualoop-Request-Id": ID,
        "Qualoop-Time": "1772452800",
        "Qualoop-Signature": "v1=763d3ceee4c20212f10b3c02a405efe9aaabb1a2e317487110a1bba38bd31ded",
    }


def test_s32_either_of_two_secrets_is_good() -> None:
    verify(headers(), Secret("qs1.another"), SECRET)


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "PUT"},
        {"target": "/api/v1/evidence?x=2"},
        {"body": b'{"events":[] }'},
        {"Qualoop-Time": "1772452801"},
        {"Qualoop-Request-Id": "0b8d6c0e-6c0b-4a7e-9d0c-000000000002"},
        {"Qualoop-Signature": "v1=" + "0" * 64},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_s32_nothing_of_a_request_can_be_changed(changed: dict[str, Any]) -> None:
    of_headers = {name: value for name, value in changed.items() if name.startswith("Qualoop")}
    with pytest.raises(SignatureWrongError):
        verify(headers() | of_headers, **{name: changed[name] for name in changed.keys() - of_headers.keys()})


def test_s32_a_request_is_good_for_five_minutes_around_its_time() -> None:
    verify(headers(), now=NOW + WINDOW)
    verify(headers(), now=NOW - WINDOW)
    with pytest.raises(ClockSkewError, match="301 seconds behind the clock here"):
        verify(headers(), now=NOW + WINDOW + timedelta(seconds=1))
    with pytest.raises(ClockSkewError, match="301 seconds ahead of the clock here"):
        verify(headers(), now=NOW - WINDOW - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Qualoop-Key", ""),
        ("Qualoop-Key", "no/key"),
        ("Qualoop-Request-Id", "1"),
        ("Qualoop-Time", "-1"),
        ("Qualoop-Time", "١٧٧٢"),
        ("Qualoop-Signature", "v2=" + "0" * 64),
    ],
)
def test_s32_headers_of_another_form_are_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SignatureMissingError, match=name):
        read_signing(headers() | {name: value})


def test_s32_no_repr_shows_a_signature() -> None:
    assert headers()["Qualoop-Signature"] not in repr(read_signing(headers()))
