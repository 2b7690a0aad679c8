"""Where a launch may lead: only to a known address of ours (S15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import SplitResult, urlsplit

from lti_tool.lti.errors import TargetRefusedError
from lti_tool.lti.registration import find_origin

#: Browsers take a backslash for a slash, and drop tabs and line breaks out of addresses.
_DECEIVING: Final = frozenset("\\\t\r\n")


def check_target(uri: str, own_origin: str, knows: Callable[[SplitResult], bool]) -> SplitResult:
    """Return the parts of a target_link_uri that is ours, else raise TargetRefusedError.

    ``knows`` says whether a route stands behind path and query. The *claim* counts, never the parameter of the
    login initiation. A launch without this claim is legal: its custom parameters or its link say what to open.
    """
    if find_origin(uri) != find_origin(own_origin) or not _DECEIVING.isdisjoint(uri):
        raise TargetRefusedError("target_link_uri has another origin")
    parts = urlsplit(uri)
    if not knows(parts):
        raise TargetRefusedError("target_link_uri leads to no known page")
    return parts
