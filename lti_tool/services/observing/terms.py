"""How long what belongs to observations is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

LATE: Final = timedelta(days=90)
"""How long after the end of its invitation a phone may hand in what it has not sent."""
PHOTOS_KEPT: Final = timedelta(days=180)
"""How long a picture is kept after it came."""
UNUSED_KEPT: Final = timedelta(days=7)
"""How long a phone that never sent a thing stays after its last chance."""
