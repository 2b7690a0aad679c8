"""How a table of marks or attendance stands; only forward."""

from __future__ import annotations

from typing import Final

READ: Final = "read"
APPLIED: Final = "applied"
UNDONE: Final = "undone"
KIND: Final = "marks"
"""The kind of the import (`mechanisms.imports`)."""
