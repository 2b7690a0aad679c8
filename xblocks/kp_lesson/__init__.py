"""The block `kp_lesson`: shows and scores one micro-lesson through the player."""

from __future__ import annotations

from xblocks.kp_lesson.block import KpLessonBlock

__all__ = ["KpLessonBlock"]
