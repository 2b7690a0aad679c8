"""Qualification frameworks: levels, categories, job groups, posts, units, knowledge points, certificates.

framework = load_framework(shipped_content() / "ecommerce")
framework.units_of_post("SEM")
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from qualoop.authored_files import AuthoredFilesError, Problem, Problems
from qualoop.framework.building import build_framework
from qualoop.framework.errors import FrameworkError, UnknownCodeError
from qualoop.framework.model import Framework
from qualoop.framework.reading import FRAMEWORK_FILE, Draft, read_document, read_framework
from qualoop.framework.schema import (
    Alignment,
    CertificateDirection,
    Domain,
    JobGroup,
    KnowledgePoint,
    Level,
    LevelDescriptor,
    Post,
    Source,
    Unit,
)
from qualoop.framework.validation import find_problems

__all__ = [
    "FRAMEWORK_FILE",
    "Alignment",
    "AuthoredFilesError",
    "CertificateDirection",
    "Domain",
    "Framework",
    "FrameworkError",
    "JobGroup",
    "KnowledgePoint",
    "Level",
    "LevelDescriptor",
    "Post",
    "Problem",
    "Source",
    "Unit",
    "UnknownCodeError",
    "from_document",
    "load_framework",
    "shipped_content",
]


def load_framework(root: Path) -> Framework:
    """Return the framework in the folder ``root``; raise AuthoredFilesError with every problem of its files."""
    problems = Problems()
    return _checked(read_framework(root, problems), problems)


def from_document(document: Mapping[str, Any]) -> Framework:
    """Return the framework that `Framework.to_document` wrote; raise AuthoredFilesError where it breaks a rule."""
    problems = Problems()
    return _checked(read_document(document, problems), problems)


def shipped_content() -> Path:
    """Return the folder of the content that comes with Qualoop: it lies next to the package.

    In a checkout as in an installed wheel. The folder holds no code, so it is found by the package beside it:
    a namespace package of so common a name could be merged with somebody else's.
    """
    return Path(str(files("qualoop"))).parent / "content"


def _checked(draft: Draft | None, problems: Problems) -> Framework:
    if draft is not None:
        find_problems(draft, problems)
    problems.raise_if_any()
    if draft is None:
        raise FrameworkError("a framework that cannot be read must have left a problem")
    return build_framework(draft)
