"""The block `kp_map`: a learner's knowledge points as the tool sees them, and the class's for staff. No grade."""

from __future__ import annotations

from xblocks.kp_map.block import KpMapBlock

__all__ = ["KpMapBlock"]
