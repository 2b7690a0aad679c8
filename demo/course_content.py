"""The activities of the demo course: the micro-lessons and practice projects that come with Qualoop."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from demo.lms.settings import ActivityDeclaration
from demo.processes import DemoFailedError
from qualoop.authored_files import Problems, YamlFile, read_yaml
from qualoop.framework import load_framework, shipped_content
from qualoop.values import Text

HEAD_FILES: Final = ("lesson.yaml", "project.yaml")


def package_folders() -> list[Path]:
    """Return the folders of lessons and projects, in the order in which the course shows them: lessons as in the framework."""
    codes = list(load_framework(shipped_content() / "ecommerce").knowledge_points)
    lessons, projects = ([path.parent for path in sorted(shipped_content().rglob(name))] for name in HEAD_FILES)
    return [*sorted(lessons, key=lambda folder: codes.index(_first_code(folder))), *projects]


def _first_code(folder: Path) -> str:
    file = read_yaml(folder, HEAD_FILES[0], Problems())
    return str(file.data["knowledge_points"][0]) if file else ""


def activities_of(folders: list[Path]) -> tuple[ActivityDeclaration, ...]:
    """Return an activity for each lesson; only titles are read here, `qualoop content install` checks the rest."""
    problems = Problems()
    files = [read_yaml(folder, name, problems) for folder in folders for name in HEAD_FILES if (folder / name).exists()]
    if problems:
        raise DemoFailedError("\n".join(str(problem) for problem in problems))
    return tuple(_activity(file) for file in files if file is not None)


def _activity(file: YamlFile) -> ActivityDeclaration:
    try:
        return ActivityDeclaration(
            key=file.data["key"], title=Text(file.data["title"]), description=Text(file.data["summary"])
        )
    except (KeyError, TypeError) as error:
        raise DemoFailedError(f"{file.name}: a lesson or a project has key, title and summary") from error
