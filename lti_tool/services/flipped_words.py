"""What the steps of a flipped unit are called, in both languages: they also stand in documents that are stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qualoop.classroom.flipped_unit import StepKind, UnitStep
from qualoop.values import Text

_NAMES: Final[Mapping[StepKind, Text]] = {
    StepKind.LESSON: Text({"en": "Lesson", "zh-Hans": "微课"}),
    StepKind.CHECK: Text({"en": "Readiness check", "zh-Hans": "准备检查"}),
    StepKind.CLASS: Text({"en": "Class session", "zh-Hans": "课堂活动"}),
    StepKind.PRACTICE: Text({"en": "Practice", "zh-Hans": "实训"}),
    StepKind.REFLECTION: Text({"en": "Reflection", "zh-Hans": "反思"}),
}


def step_name(kind: StepKind) -> Text:
    """Return what steps of a kind are called."""
    return _NAMES[kind]


def step_title(step: UnitStep, activity_title: Text | None) -> Text:
    """Return the title of a step: its activity's, or what its kind is called."""
    return activity_title or _NAMES[step.kind]
