"""Starts a new package: a small lesson that passes every check, to be written over."""

from __future__ import annotations

import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from qualoop.content_packages.errors import ContentPackageError, PackageExistsError
from qualoop.content_packages.schema import json_schema
from qualoop.framework import Framework
from qualoop.values import checked_key


def start_package(parent: Path, key: str, framework: Framework, knowledge_point: str | None = None) -> Path:
    """Write a new package `parent/key` and the editors' schemas beside it; return its folder.

    Without a knowledge point it is tagged with the framework's first. Raises ValueRefusedError for a bad key,
    UnknownCodeError for an unknown knowledge point, PackageExistsError where the folder is there already.
    """
    folder = parent / checked_key(key)
    point = framework.get_knowledge_point(knowledge_point or next(iter(framework.knowledge_points), ""))
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise PackageExistsError(f"{folder} is there already: take another key") from error
    except OSError as error:
        raise ContentPackageError(f"{folder} cannot be made: {error.strerror}") from error
    words = {
        "key": key,
        "knowledge_point": point.code,
        "framework_code": framework.code,
        "framework_version": framework.version,
    }
    _copy(files("qualoop.content_packages") / "template", folder, words)
    write_schemas(parent)
    return folder


def write_schemas(folder: Path) -> list[Path]:
    """Write the JSON Schema of each authored file (`lesson.schema.json`, …) into a folder; return their paths."""
    paths = []
    for name, schema in json_schema().items():
        path = folder / f"{Path(name).stem}.schema.json"
        path.write_text(json.dumps(schema, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def _copy(source: Traversable, target: Path, words: dict[str, str]) -> None:
    for entry in source.iterdir():
        place = target / entry.name
        if entry.is_dir():
            place.mkdir()
            _copy(entry, place, words)
        elif entry.name.endswith(".yaml"):
            place.write_text(Template(entry.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
        else:
            place.write_bytes(entry.read_bytes())
