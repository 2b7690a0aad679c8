"""Starts a new package: a small lesson, or a project, that passes every check, to be written over."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import product
from pathlib import Path
from string import Template
from typing import Any

import yaml

from qualoop.content_packages.errors import ContentPackageError, PackageExistsError
from qualoop.content_packages.schema import FORMAT, FORMAT_VERSION, json_schema
from qualoop.framework import Framework, JobGroup, Post, Unit
from qualoop.simulators import PROJECT_FILE, Engine, WorldKey, get_engine, parts_of, starting_folder
from qualoop.values import LANGUAGES, checked_key


def start_package(parent: Path, key: str, framework: Framework, knowledge_point: str | None = None) -> Path:
    """Write a new package `parent/key` and the editors' schemas beside it; return its folder.

    Without a knowledge point it is tagged with the framework's first. Raises ValueRefusedError for a bad key,
    UnknownCodeError for an unknown knowledge point, PackageExistsError where the folder is there already.
    """
    folder = parent / checked_key(key)
    point = framework.get_knowledge_point(knowledge_point or next(iter(framework.knowledge_points), ""))
    _make(folder)
    _copy(files("qualoop.content_packages") / "template", folder, _words(key, framework, point.code))
    write_schemas(parent)
    return folder


def start_project(parent: Path, key: str, framework: Framework, *, engine: str, unit: str) -> Path:
    """Write a new practice project `parent/key` in the engine's standard world, a part a component; return its folder.

    What an engine needs besides, such as packs or people who judge, it brings (`qualoop.simulators.starting_folder`).
    Raises ValueRefusedError for a bad key, UnknownCodeError, UnknownEngineError, PackageExistsError.
    """
    folder = parent / checked_key(key)
    maker, taught = get_engine(engine), framework.get_unit(unit)
    start = _start_of(maker)
    _make(folder)
    if start.folder:
        _copy(start.folder, folder, _words(key, framework, taught.knowledge_points[0]))
    head = _head(key, framework, taught, start.components) | {"engine": engine, **start.head}
    text = yaml.safe_dump(head, allow_unicode=True, sort_keys=False, width=120)
    (folder / PROJECT_FILE).write_text(text, encoding="utf-8")
    for kind, language in product(("brief", "debrief"), LANGUAGES):
        (folder / f"{kind}.{language}.md").write_text(f"{kind}: …\n", encoding="utf-8")
    write_schemas(parent)
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """What a new project of an engine begins with: what its head says besides, files to copy, what is scored."""

    components: Sequence[str]
    head: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None


def _start_of(engine: Engine) -> _Start:
    folder = starting_folder(engine)
    head = {} if folder is None else _read(folder / PROJECT_FILE)
    world = dict(head.get("world", {}))
    if folder is not None and "packs" in head:
        world["packs"] = {name: _read(folder / "packs" / f"{name}.yaml") for name in head["packs"]}
    made = engine.world(engine.spec_model.model_validate(world), WorldKey.of_seed(0))
    return _Start(components=parts_of(engine, made), head=head, folder=folder)


def _read(path: Path) -> dict[str, Any]:
    """Return a YAML file that an engine brings, and answers for."""
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def _words(key: str, framework: Framework, knowledge_point: str) -> dict[str, str]:
    """Return what stands for `$NAME` in the YAML files that are copied."""
    return {
        "key": key,
        "knowledge_point": knowledge_point,
        "framework_code": framework.code,
        "framework_version": framework.version,
    }


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise PackageExistsError(f"{folder} is there already: take another key") from error
    except OSError as error:
        raise ContentPackageError(f"{folder} cannot be made: {error.strerror}") from error


def _head(key: str, framework: Framework, taught: Unit, components: Sequence[str]) -> dict[str, Any]:
    """Return project.yaml of a new project but for its engine, all of it tagged with the unit's first knowledge point."""
    posts = framework.posts_of_unit(taught.code)
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "kind": "practice-project",
        "key": key,
        "version": "0.1.0",
        "framework": {"code": framework.code, "version": framework.version},
        "title": _both(key),
        "summary": _both("What one can do after it."),
        "minutes": 60,
        "unit": taught.code,
        "group": next(code for code, group in framework.job_groups.items() if _takes(group, taught, posts)),
        "level": taught.level,
        "parts": [
            {"key": component, "title": _both(component), "knowledge_points": {taught.knowledge_points[0]: 1}}
            for component in components
        ],
        "languages": list(LANGUAGES),
        "authors": ["…"],
        "licence": "CC-BY-4.0",
    } | ({"post": posts[0].code} if posts else {})


def _takes(group: JobGroup, unit: Unit, posts: Sequence[Post]) -> bool:
    return unit.code in group.units or any(post.code in group.posts for post in posts)


def _both(text: str) -> dict[str, str]:
    return dict.fromkeys(LANGUAGES, text)


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
