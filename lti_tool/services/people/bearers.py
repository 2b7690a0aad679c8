"""Bearers: what proves a session to us where the browser keeps no cookie (S19).

A page holds one in its script's memory and sends it as `Authorization: Bearer` (RFC 6750, 2.1), or in the body of a
form that opens a window (2.2); never in an address. It is bound to one session, lives for half an hour, and is good
only while its session is. Nothing is stored: it says when it ends, under a MAC that only this installation can make.

It names its end and not, as itsdangerous' TimestampSigner would, its beginning: that one reads a clock of its own, and
refuses what another host made whose clock is a second ahead.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from itsdangerous import BadSignature, Signer

LIFE: Final = timedelta(minutes=30)
#: With less left than this a bearer is replaced by the next answer.
RENEWED_BELOW: Final = timedelta(minutes=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerTerms:
    """What bearers of one session are made with: the installation's secret, and the stored row of the session."""

    secret_key: str
    session_uuid: str
    secret_hash: str

    def issue(self, now: datetime) -> str:
        """Return a new bearer."""
        return self._signer.sign(str(int((now + LIFE).timestamp()))).decode()

    def find_end(self, bearer: str, now: datetime) -> datetime | None:
        """Return until when a bearer proves this session; None where it does not, or no more."""
        try:
            ends = datetime.fromtimestamp(int(self._signer.unsign(bearer)), UTC)
        except BadSignature:
            return None
        return ends if ends > now else None

    @property
    def form_secret(self) -> str:
        """Return what the form token of this session is made from: its own secret was given to nobody."""
        return hmac.digest(self.secret_key.encode(), self._bound_to("forms").encode(), "sha256").hex()

    @property
    def _signer(self) -> Signer:
        salt = self._bound_to("bearer")
        return Signer(self.secret_key, salt, key_derivation="hmac", digest_method=hashlib.sha256)

    def _bound_to(self, purpose: str) -> str:
        return f"qualoop session {self.session_uuid} {self.secret_hash} {purpose}"
