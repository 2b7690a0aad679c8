"""A learner's part of the ledger to take away: events, a proof for each, signed roots, and a page that checks them.

The page is one file: data, style and program. It works from a disk, without network or server, and its own
Content-Security-Policy lets nothing but its own program run. Formats: docs/ledger.md.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from qualoop.ledger.canonical import body_hash, hashed_form, utc_text
from qualoop.ledger.events import Event
from qualoop.ledger.seals import Seal, seal_facts

RECORD_FORMAT: Final = "qualoop-record-1"
LANGUAGES: Final = ("en", "zh-Hans")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenEvent:
    """An event with its place in the tree of a seal; ``seal`` is None and the proof empty where it is not sealed yet.

    ``note`` is the free text of a correction in plain words: the hash covers its encrypted form only.
    """

    event: Event
    seal: int | None = None
    index: int = 0
    proof: Sequence[str] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedSeal:
    """A seal with its signature (JWS, compact) and the link that its chain hash was made of (`seals.last_link`)."""

    seal: Seal
    link: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """Everything that goes into one learner's file.

    ``keys`` are the public keys of the seals (JWK), ``published`` is the address where anybody can read the same seals
    and keys, ``made_at`` when the file was made. ``is_held_back``: events are left out, whose results are not shown yet.
    """

    organisation: str
    learner: str
    made_at: datetime
    published: str
    events: Sequence[ProvenEvent]
    seals: Sequence[SignedSeal]
    keys: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    is_held_back: bool = False


def as_document(download: Download) -> dict[str, Any]:
    """Return a download as plain JSON."""
    return {
        "format": RECORD_FORMAT,
        "made_at": utc_text(download.made_at),
        "published": download.published,
        "organisation": download.organisation,
        "learner": download.learner,
        "held_back": download.is_held_back,
        "events": [_event(row) for row in download.events],
        "seals": [
            {**seal_facts(row.seal), "link": row.link, "chain_hash": row.seal.chain_hash, "signature": row.signature}
            for row in download.seals
        ],
        "keys": [dict(key) for key in download.keys],
    }


def as_page(download: Download, language: str = "en") -> str:
    """Return a download as one HTML file that checks itself; ``language`` is the one that it opens in."""
    style, program, words = (_part(name) for name in ("verifier.css", "verifier.js", "verifier.html"))
    # As text of a script element: nothing in it may end that element, or open a comment.
    data = json.dumps(as_document(download), ensure_ascii=False, indent=1).replace("<", "\\u003c")
    page = {
        "@language@": language if language in LANGUAGES else LANGUAGES[0],
        "@style-hash@": _csp_hash(style),
        "@program-hash@": _csp_hash(program),
        "@style@": style,
        "@program@": program,
        # Last: what stands in the data is never looked through.
        "@data@": data,
    }
    for mark, text in page.items():
        words = words.replace(mark, text, 1)
    return words


def _event(row: ProvenEvent) -> dict[str, Any]:
    """Return one event with its proof."""
    made: dict[str, Any] = {"hash": body_hash(row.event), "seal": row.seal, "index": row.index, "proof": [*row.proof]}
    if row.note:
        made["note"] = row.note
    return {**made, "event": hashed_form(row.event)}


def _part(name: str) -> str:
    return files("qualoop.ledger").joinpath(name).read_text(encoding="utf-8").strip()


def _csp_hash(text: str) -> str:
    """Return the source expression that lets exactly this text stand in the page."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
