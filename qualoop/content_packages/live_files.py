"""Reads and checks the folder of a live project; never raises. What is built of it stands in `building`.

project.yaml                     the head, the questions of the plan, the milestones (qualoop.content_packages.live)
brief.<lang>.md                  the enterprise's situation, what may be touched, how it is judged
rubric.yaml                      by which rows people judge: each serves knowledge points, or it could be no evidence
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qualoop.assessment.rubric import Rubric
from qualoop.authored_files import Place, Problems, YamlFile
from qualoop.content_packages.live import PLAN, LiveProjectFile
from qualoop.content_packages.project_head import HeadCheck
from qualoop.content_packages.shape import read_whole
from qualoop.framework import Framework
from qualoop.values import Text

BRIEF: Final = "brief"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedLiveProject:
    """A live project in which no problem was found; ``brief`` is Markdown by language."""

    project: LiveProjectFile
    brief: Mapping[str, str]
    rubric: Rubric


def check_live_project(
    folder: Path, file: YamlFile, framework: Framework | None, problems: Problems
) -> CheckedLiveProject | None:
    """Return the live project whose head ``file`` is, or None where ``problems`` holds any."""
    project: LiveProjectFile | None = read_whole(LiveProjectFile, file, problems)
    if project is None:
        return None
    check = HeadCheck(folder=folder, file=file, project=project, problems=problems)
    check.check_name()
    check.check_languages(_texts(project))
    _note_steps(check)
    if framework is not None and check.is_of(framework):
        check.check_codes(framework)
    brief = check.texts(BRIEF)
    rubric = _rubric(check, framework)
    if rubric is None or len(problems):
        return None
    return CheckedLiveProject(project=project, brief=brief, rubric=rubric)


def _texts(project: LiveProjectFile) -> Iterator[tuple[Place, Text | None]]:
    """Give every text of plan and milestones with its place."""
    for number, question in enumerate(project.plan.questions):
        yield ("plan", "questions", number, "title"), question.title
        yield ("plan", "questions", number, "help"), question.help
    for number, milestone in enumerate(project.milestones):
        yield ("milestones", number, "title"), milestone.title
        yield ("milestones", number, "hand_in"), milestone.hand_in


def _note_steps(check: HeadCheck[LiveProjectFile]) -> None:
    """Note keys that stand twice, the plan's own name, kinds that stand twice, and dates that run backwards."""
    project = check.project
    questions = [question.key for question in project.plan.questions]
    milestones = [milestone.key for milestone in project.milestones]
    for place, keys in ((("plan", "questions"), questions), (("milestones",), milestones)):
        for key, count in Counter(keys).items():
            if count > 1:
                last = len(keys) - 1 - keys[::-1].index(key)
                message = f"`{key}` stands twice"
                check.problems.add(check.file, (*place, last, "key"), "live-repeated", message, repair="rename one")
    before = 0
    for number, milestone in enumerate(project.milestones):
        at: Place = ("milestones", number)
        if milestone.key == PLAN:
            message = f"`{PLAN}` is the name of the first task"
            check.problems.add(check.file, (*at, "key"), "live-plan-key", message, repair="call it otherwise")
        if len(set(milestone.takes)) < len(milestone.takes):
            message = "a way to hand in stands twice"
            check.problems.add(check.file, (*at, "takes"), "live-repeated", message, repair="take one out")
        if milestone.due_days is not None and milestone.due_days < before:
            message = f"it is due after {milestone.due_days} days, a milestone before it after {before}"
            check.problems.add(check.file, (*at, "due_days"), "live-due-order", message, repair="order the dates")
        before = max(before, milestone.due_days or 0)


def _rubric(check: HeadCheck[LiveProjectFile], framework: Framework | None) -> Rubric | None:
    """Return the rubric; note rows that serve nothing, and a rubric that leaves the project's unit out."""
    found = check.read_rubric(framework)
    if found is None:
        return None
    file, rubric = found
    for number, row in enumerate(rubric.rows):
        if not row.knowledge_points:
            message = f"the row `{row.key}` serves no knowledge point, so it would be no evidence"
            check.problems.add(file, ("rows", number), "live-row-untagged", message, repair="add `knowledge_points:`")
    unit = framework.units.get(check.project.unit) if framework is not None else None
    served = {code for row in rubric.rows for code in row.knowledge_points}
    if unit is not None and not served & set(unit.knowledge_points):
        message = f"no row serves a knowledge point of {unit.code}, which the project heads"
        check.note_rubric(file, "rows", message, repair="tag rows with its points, or name another unit")
    return rubric
