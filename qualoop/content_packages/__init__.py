"""Content packages: folders of YAML, Markdown, figures and media that hold one activity each, a lesson or a project.

`load_package(folder, framework)` reads, validates and builds; it raises once, with every problem of the package.
`open_lesson(package.document)`, `open_project` and `open_live_project` give what a player needs, worth keeping by `package.content_hash`.
`block_html` and `inline_html` make safe HTML of the Markdown in items.
"""

from __future__ import annotations

from qualoop.content_packages.building import Asset, Package, find_packages, load_package
from qualoop.content_packages.errors import (
    ContentPackageError,
    NotComputedError,
    PackageExistsError,
    PackageMissingError,
)
from qualoop.content_packages.lesson import (
    Lesson,
    MediaStep,
    QuestionStep,
    ReadingStep,
    Section,
    Step,
    open_lesson,
)
from qualoop.content_packages.live import LIVE_KIND, LiveProject, Milestone, open_live_project
from qualoop.content_packages.markdown import ASSET_SCHEME, block_html, inline_html
from qualoop.content_packages.project import Project, ProjectPart, open_project
from qualoop.content_packages.schema import ITEMS_FILE, LESSON_FILE, json_schema
from qualoop.content_packages.starting import start_package, start_project, write_schemas

__all__ = [
    "ASSET_SCHEME",
    "ITEMS_FILE",
    "LESSON_FILE",
    "LIVE_KIND",
    "Asset",
    "ContentPackageError",
    "Lesson",
    "LiveProject",
    "MediaStep",
    "Milestone",
    "NotComputedError",
    "Package",
    "PackageExistsError",
    "PackageMissingError",
    "Project",
    "ProjectPart",
    "QuestionStep",
    "ReadingStep",
    "Section",
    "Step",
    "block_html",
    "find_packages",
    "inline_html",
    "json_schema",
    "load_package",
    "open_lesson",
    "open_live_project",
    "open_project",
    "start_package",
    "start_project",
    "write_schemas",
]
