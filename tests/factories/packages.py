"""Content packages for tests: valid ones as they lie in tests/content/packages, broken ones made from them.

A broken case is a folder in tests/content/packages/broken: `edits.yaml` says what is done to a copy of a valid package,
`problems.txt` lists every problem that the copy must show. A new case is a new folder.
"""

from __future__ import annotations

import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from qualoop.framework import Framework, load_framework, shipped_content

PACKAGES = Path(__file__).parents[1] / "content" / "packages"
BROKEN = PACKAGES / "broken"
VALID = sorted(path.parent.name for path in PACKAGES.glob("*/lesson.yaml"))


@lru_cache(maxsize=1)
def ecommerce() -> Framework:
    """Return the framework whose knowledge points the packages name."""
    return load_framework(shipped_content() / "ecommerce")


def copied(name: str, into: Path) -> Path:
    """Return a copy of a valid package that a test may change."""
    return Path(shutil.copytree(PACKAGES / name, into / name))


def broken_copy(case: str, into: Path) -> Path:
    """Return the package that a broken case describes."""
    description = yaml.safe_load((BROKEN / case / "edits.yaml").read_text(encoding="utf-8"))
    package = copied(description["base"], into)
    for edit in description["edits"]:
        apply_edit(package, edit)
    return package


def apply_edit(package: Path, edit: dict[str, Any]) -> None:
    """Do one edit: `remove` a file, `write` one, or `find` a text that must be there and `put` another."""
    path = package / edit["file"]
    path.parent.mkdir(exist_ok=True)
    if edit.get("remove"):
        path.unlink()
    elif "write" in edit:
        path.write_text(edit["write"], encoding="utf-8")
    else:
        text = path.read_text(encoding="utf-8")
        if edit["find"] not in text:
            raise ValueError(f"{edit['file']} does not hold {edit['find']!r}")
        path.write_text(text.replace(edit["find"], edit["put"], 1), encoding="utf-8")
