"""By what name a reviewer stands as rater in an author's evidence: one that only the installation's secret can make."""

from __future__ import annotations

import hmac
from typing import Final
from uuid import UUID

_PURPOSE: Final = "peer-rater"
_BYTES: Final = 16


def peer_rater(reviewer: str, *, secret: str) -> str:
    """Return the name of a reviewer, given by pseudonym, as a rater of peers: a uuid.

    The author reads it in the own record, and may know the pseudonym of a classmate from elsewhere: who reviewed is not
    told by it. It is the same at every work, so that how strict a reviewer is can be learnt.
    """
    made = hmac.digest(secret.encode(), f"{_PURPOSE}\0{reviewer}".encode(), "sha256")
    return str(UUID(bytes=made[:_BYTES], version=5))
