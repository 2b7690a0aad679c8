"""What differs from platform to platform, as data: whoever sends something asks the profile, never for the product.

Where a platform differs only in how it says something, no profile is needed: `score_answers` understands them all.
Sources of the rows: docs/platforms.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

TOOL_PLATFORM: Final = "https://purl.imsglobal.org/spec/lti/claim/tool_platform"
FAMILY_CODE: Final = "product_family_code"
MAX_PRODUCT: Final = 32


class Product(StrEnum):
    """A learning platform that we know something special of."""

    MOODLE = "moodle"
    OPEN_EDX = "open-edx"
    CANVAS = "canvas"
    BRIGHTSPACE = "brightspace"
    BLACKBOARD = "blackboard"
    GENERIC = "generic"


class ResultAddress(StrEnum):
    """How one person's result is asked for."""

    BY_QUERY = "by-query"
    """As AGS 2.0, 3.3.4 says: `…/results?user_id=`."""
    BY_PATH = "by-path"
    """`…/results/<user>`: the filter is ignored."""
    ALL = "all"
    """The filter is faulty: the whole column is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformProfile:
    """How to deal with a platform.

    ``family_codes`` are its `product_family_code` in lower case (LTI 1.3 core, C.5.2). ``at_once`` is how many requests
    may be under way, None for as many as there are threads. ``submission`` is the member of a score that says whether it
    belongs to a new attempt. ``keeps_columns`` is False where every column of a link ends in its one grade;
    ``erases`` where a score that is not ready takes the grade away; ``competencies`` where it has
    competencies that this tool can rate (docs/platforms.md); ``chooses_many`` is False where all that is chosen at once
    comes into one link with one grade, whatever the platform says that it takes.
    """

    product: Product
    name: str
    family_codes: frozenset[str] = frozenset()
    at_once: int | None = None
    results: ResultAddress = ResultAddress.BY_QUERY
    submission: str | None = None
    keeps_columns: bool = True
    erases: bool = False
    competencies: bool = False
    chooses_many: bool = True


PROFILES: Final[Mapping[Product, PlatformProfile]] = {
    profile.product: profile
    for profile in (
        PlatformProfile(
            product=Product.MOODLE,
            name="Moodle",
            family_codes=frozenset({"moodle"}),
            erases=True,
            competencies=True,
        ),
        PlatformProfile(
            product=Product.OPEN_EDX,
            name="Open edX",
            results=ResultAddress.BY_PATH,
            # It publishes the scores of every line item of a link into the one grade of the unit: the last would win.
            keeps_columns=False,
            chooses_many=False,
        ),
        PlatformProfile(
            product=Product.CANVAS,
            name="Canvas",
            family_codes=frozenset({"canvas"}),
            # "No more than one simultaneous request is unlikely to be throttled", its documentation says.
            at_once=1,
            submission="https://canvas.instructure.com/lti/submission",
        ),
        PlatformProfile(
            product=Product.BRIGHTSPACE, name="Brightspace", family_codes=frozenset({"desire2learn", "brightspace"})
        ),
        PlatformProfile(
            product=Product.BLACKBOARD,
            name="Blackboard",
            family_codes=frozenset({"blackboardlearn", "blackboard"}),
            results=ResultAddress.ALL,
        ),
        PlatformProfile(product=Product.GENERIC, name="LTI platform"),
    )
}


def profile_of(product: str | None) -> PlatformProfile:
    """Return the profile of a stored product; the generic one where it is none that we know."""
    try:
        return PROFILES[Product(product or Product.GENERIC)]
    except ValueError:
        return PROFILES[Product.GENERIC]


def find_product(tool_platform: object) -> Product | None:
    """Return which product a `tool_platform` claim names; None where it names none that we know."""
    code: Any = tool_platform.get(FAMILY_CODE) if isinstance(tool_platform, dict) else None
    if not isinstance(code, str):
        return None
    return next((each.product for each in PROFILES.values() if code.casefold() in each.family_codes), None)
