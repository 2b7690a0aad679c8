"""Bearers: what proves a session to us where the browser keeps no cookie (S19).

A page holds one in its script's memory and sends it as `Authorization: Bearer` (RFC 6750, 2.1), or in the body of a
form that opens a window (2.2); never in an address. It is bound to one session, lives for half an hour, and is good
only while its session is. Nothing is stored: it says when it ends, under a MAC that only this installation can make.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

LIFE: Final = timedelta(minutes=30)
#: With less left than this a bearer is replaced by the next answer.
RENEWED_BELOW: Final = timedelta(minutes=20)

_FORM: Final = re.compile(r"([0-9]{1,12})\.([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerTerms:
    """What bearers of one session are made with: the installation's secret, and the stored row of the session."""

    secret_key: str
    session_uuid: str
    secret_hash: str

    def issue(self, now: datetime) -> str:
        """Return a new bearer."""
        ends = int((now + LIFE).timestamp())
        return f"{ends}.{self._mac(f'bearer {ends}')}"

    def find_end(self, bearer: str, now: datetime) -> datetime | None:
        """Return until when a bearer proves this session; None where it does not, or no more."""
        form = _FORM.fullmatch(bearer)
        if form is None or not hmac.compare_digest(form[2], self._mac(f"bearer {form[1]}")):
            return None
        ends = datetime.fromtimestamp(int(form[1]), UTC)
        return ends if ends > now else None

    @property
    def form_secret(self) -> str:
        """Return what the form token of this session is made from: its own secret was given to nobody."""
        return self._mac("forms")

    def _mac(self, purpose: str) -> str:
        bound = f"qualoop session {self.session_uuid} {self.secret_hash} {purpose}"
        return hmac.new(self.secret_key.encode(), bound.encode(), hashlib.sha256).hexdigest()
