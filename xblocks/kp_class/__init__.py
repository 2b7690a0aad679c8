"""The block `kp_class`: a class session in a unit: work before class, roll call, what is observed and marked, tables."""

from __future__ import annotations

from xblocks.kp_class.block import KpClassBlock

__all__ = ["KpClassBlock"]
