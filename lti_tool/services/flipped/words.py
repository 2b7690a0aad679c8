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


def link_title(step: UnitStep, activity_title: Text | None, unit_title: Text) -> Text:
    """Return what the link of a step is called: a check says of which unit, for a course has one in each."""
    title = step_title(step, activity_title)
    if step.kind is not StepKind.CHECK:
        return title
    return Text({"en": f"{title['en']}: {unit_title['en']}", "zh-Hans": f"{title['zh-Hans']}：{unit_title['zh-Hans']}"})


def step_title(step: UnitStep, activity_title: Text | None) -> Text:
    """Return the title of a step: its activity's, or what its kind is called."""
    return activity_title or _NAMES[step.kind]
