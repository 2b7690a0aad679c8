"""What people decide about observations: about the whole of one, and about one of those whom it is about.

It is part of what is merged, so it knows no order, and taking it back leaves the capture as it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class About(StrEnum):
    """What somebody decided about one of those whom a capture is about; it stands in the place of the problem."""

    COUNTED = "counted"
    """Outside the invitation, and counts."""
    NAMED = "named"
    """Nobody knew who that is; somebody said so."""
    KNOWN = "known"
    """Not of the course (any more), but of the organisation, and counts."""
    WITHOUT = "left-out"
    """Nobody knows who that is, and it counts for the others alone."""


FOR_WHOM_IT_COUNTS: Final = ("", About.COUNTED, About.NAMED, About.KNOWN)


class Decision(StrEnum):
    """What somebody decided about a capture; empty while nobody has."""

    NONE = ""
    COUNTED = "counted"
    """It waited, and counts."""
    ALONE = "alone"
    """It was to revise something that has not come, and counts by itself."""
    BOTH = "both"
    """It stands beside another one of the same assessor, and both are right."""
    COUNTED_BOTH = "counted-both"
    ALONE_BOTH = "alone-both"
    LEARNERS = "learners"
    """It counts for those of whom somebody said so (`About`)."""
    LEFT_OUT = "left-out"
    """It counts nothing."""


ALONE: Final = frozenset({Decision.ALONE, Decision.ALONE_BOTH})
COUNTED: Final = ALONE | {Decision.COUNTED, Decision.COUNTED_BOTH}
BESIDE: Final[Mapping[str, Decision]] = {
    Decision.NONE: Decision.BOTH,
    Decision.LEARNERS: Decision.BOTH,
    Decision.COUNTED: Decision.COUNTED_BOTH,
    Decision.ALONE: Decision.ALONE_BOTH,
}
"""What each decision becomes where somebody says that two are right."""
SILENT: Final = frozenset({Decision.BOTH, Decision.COUNTED_BOTH, Decision.ALONE_BOTH})
"""Of one that stands beside another one nobody has to say anything any more."""
SETTLED: Final = frozenset({*FOR_WHOM_IT_COUNTS, About.WITHOUT})
"""What stands at somebody whom it is about where nobody has to say anything any more."""
