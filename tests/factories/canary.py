"""The markers of the canary package: what must not reach a browser before it may.

Every accepted answer, feedback, hint, solution, near miss and author's key of tests/content/packages/canary holds a
marker of its own, so that a leak can be found by searching recorded responses for `Marker.text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from qualoop.authored_files import Place
from tests.factories.packages import PACKAGES

CANARY = PACKAGES / "canary"
MARKER = re.compile(r"CANARY-7f3a-[a-z0-9-]+|(?:0\.)?73194\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """One secret: ``text`` is what to search for, ``item`` the item's key, ``place`` where in the item it stands."""

    text: str
    item: str
    place: Place


def canary_markers() -> list[Marker]:
    """Return every marker of the canary package, in the order of its file."""
    items = yaml.safe_load((CANARY / "items.yaml").read_text(encoding="utf-8"))["items"]
    return [
        Marker(text=found[0], item=item["key"], place=place)
        for item in items
        for place, text in leaves((), item)
        if (found := MARKER.search(text))
    ]


def markers_in(body: str) -> list[Marker]:
    """Return the markers that a response body holds."""
    return [marker for marker in canary_markers() if marker.text.lower() in body.lower()]


def leaves(place: Place, value: Any) -> Iterator[tuple[Place, str]]:
    """Iterate over the texts of plain data with their places."""
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in rows:
        yield from leaves((*place, key), entry)
    if isinstance(value, str):
        yield place, value
