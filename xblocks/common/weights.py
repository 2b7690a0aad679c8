"""What a graded block is worth in its course: what can be, and what is shown of a weight that cannot."""

from __future__ import annotations

import math
from typing import Any, Final

MAX_WEIGHT: Final = 10_000


def is_weight(value: Any) -> bool:
    """Return whether a platform can work with a weight: it multiplies and divides by it, whatever it is."""
    return isinstance(value, int | float) and math.isfinite(value) and 0 < value <= MAX_WEIGHT


def shown_weight(block: Any) -> float:
    """Return a block's weight; its default where a course has kept one that cannot be, which is no number in JSON."""
    found = block.weight if is_weight(block.weight) else block.fields["weight"].default
    return float(found)
