"""The block `kp_practice`: shows and scores one practice project through the player, in the platform's process."""

from __future__ import annotations

from xblocks.kp_practice.block import KpPracticeBlock

__all__ = ["KpPracticeBlock"]
