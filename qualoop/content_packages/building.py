"""Makes the package that is stored and shown out of files that were checked. Only this module makes `Package`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

import rfc8785

from qualoop.assessment import guess_floor
from qualoop.assessment.rubric import content_hash, document_of, manifest_parts, rubric_tags
from qualoop.assessment.samples import samples_document
from qualoop.authored_files import AuthoredFilesError, Problems
from qualoop.content_packages.live import LIVE_KIND
from qualoop.content_packages.live_files import CheckedLiveProject
from qualoop.content_packages.markdown import ASSET_SCHEME, block_html
from qualoop.content_packages.media_types import find_media_type
from qualoop.content_packages.project_files import CheckedProject, check_project
from qualoop.content_packages.reading import Source, read_package
from qualoop.content_packages.schema import LESSON_FILE, MediaStep, Step
from qualoop.content_packages.validation import Checked, validate
from qualoop.framework import Framework
from qualoop.simulators import PROJECT_FILE

_TRANSCRIPT: Final = "text/markdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A figure, a recording or its captions; ``sha256`` is that of ``data``, in hex."""

    media_type: str
    data: bytes
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One immutable version of an activity's content.

    ``content_hash`` identifies it: SHA-256 (hex) of the RFC 8785 form of the document without its tags and of the
    assets' hashes. ``manifest`` lists the parts that are scored, and names the rubric of those that people judge by its hash; ``tags`` gives each part's weights by knowledge
    point; ``tags_hash`` is over them and the framework they name. ``version`` is a label for people. ``link_settings`` is
    what the activity's links begin with (`qualoop.assessment.LinkSettings`), where that is not the usual.
    """

    key: str
    kind: str
    version: str
    content_hash: str
    document: dict[str, Any]
    manifest: dict[str, Any]
    tags: dict[str, dict[str, str]]
    tags_hash: str
    assets: Mapping[str, Asset]
    link_settings: Mapping[str, Any] = field(default_factory=dict)


def find_packages(folder: Path) -> list[Path]:
    """Return the folders of all packages in ``folder`` or below, whatever their kind, in order of their paths."""
    return sorted({path.parent for name in (LESSON_FILE, PROJECT_FILE) for path in folder.rglob(name)})


def load_package(root: Path, framework: Framework | None) -> Package:
    """Return the package in the folder ``root``; raise AuthoredFilesError with every problem it has.

    Without a framework, whether its knowledge points exist is left unchecked.
    """
    # A folder may be named `.`, and its key is its own name.
    root, problems = root.resolve(), Problems()
    if (root / PROJECT_FILE).exists():
        project = check_project(root, framework, problems)
        problems.raise_if_any()
        if project is None:
            raise AuthoredFilesError(problems)
        return build_live_project(project) if isinstance(project, CheckedLiveProject) else build_project(project)
    checked = validate(read_package(root, problems), framework, problems)
    problems.raise_if_any()
    if checked is None:
        raise AuthoredFilesError(problems)
    return build_package(checked)


def build_project(checked: CheckedProject) -> Package:
    """Return the package that a checked practice project makes."""
    project = checked.project
    tags = {part.key: _as_tags(part.knowledge_points) for part in project.parts}
    tags |= rubric_tags(checked.rubric) if checked.rubric else {}
    document = project.model_dump(mode="json", exclude={"packs"}) | {
        "world": checked.spec.model_dump(mode="json"),
        "parts": [part.model_dump(mode="json", exclude={"knowledge_points"}) for part in project.parts],
        "knowledge_points": list(dict.fromkeys(code for weights in tags.values() for code in weights)),
        **{
            kind: {language: block_html(text) for language, text in texts.items()}
            for kind, texts in checked.texts.items()
        },
        **({"rubric": document_of(checked.rubric)} if checked.rubric else {}),
        **({"samples": samples_document(checked.samples)} if checked.samples else {}),
    }
    return Package(
        key=project.key,
        kind=project.kind,
        version=project.version,
        content_hash=_hash({"document": _untagged(document), "assets": {}}),
        document=document,
        manifest=_project_manifest(checked),
        tags=tags,
        tags_hash=_hash({"framework": document["framework"], "tags": tags}),
        assets=MappingProxyType({}),
        link_settings={"max_attempts": project.attempts.graded, "counts": project.attempts.keep},
    )


def build_live_project(checked: CheckedLiveProject) -> Package:
    """Return the package that a checked live project makes: its parts are the rows of its rubric, and it is done once."""
    project, rubric = checked.project, checked.rubric
    tags = rubric_tags(rubric)
    document = project.model_dump(mode="json") | {
        "kind": LIVE_KIND,
        "knowledge_points": list(dict.fromkeys(code for weights in tags.values() for code in weights)),
        "brief": {language: block_html(text) for language, text in checked.brief.items()},
        "rubric": document_of(rubric),
    }
    return Package(
        key=project.key,
        kind=LIVE_KIND,
        version=project.version,
        content_hash=_hash({"document": _untagged(document), "assets": {}}),
        document=document,
        manifest={"parts": manifest_parts(rubric), "rubric": content_hash(rubric)},
        tags=tags,
        tags_hash=_hash({"framework": document["framework"], "tags": tags}),
        assets=MappingProxyType({}),
        link_settings={"max_attempts": 1, "counts": "latest"},
    )


def _project_manifest(checked: CheckedProject) -> dict[str, Any]:
    """Return the parts: what the engine scores, then what people judge, with the hash of the rubric that they judge by."""
    parts: list[dict[str, Any]] = [
        {"key": part.key, "type": "component", "options": None, "max": "1"} for part in checked.project.parts
    ]
    rubric = checked.rubric
    if rubric is None:
        return {"parts": parts}
    return {"parts": [*parts, *manifest_parts(rubric)], "rubric": content_hash(rubric)}


def _as_tags(weights: Mapping[str, Decimal]) -> dict[str, str]:
    """Return the weights of a part's knowledge points as decimal strings."""
    return {code: format(weight.normalize(), "f") for code, weight in weights.items()}


def build_package(checked: Checked) -> Package:
    """Return the package that the checked files of a lesson make."""
    lesson, items = checked.lesson, checked.items.items
    document = _document(checked)
    assets = _assets(checked.source)
    tags = {item.key: _as_tags(item.knowledge_points) for item in items}
    return Package(
        key=lesson.key,
        kind=lesson.kind,
        version=lesson.version,
        content_hash=_hash(
            {
                "document": _untagged(document),
                "assets": {path: asset.sha256 for path, asset in assets.items()},
            }
        ),
        document=document,
        manifest={
            "parts": [{"key": item.key, "type": item.type, "options": guess_floor(item), "max": "1"} for item in items]
        },
        tags=tags,
        tags_hash=_hash({"framework": document["framework"], "tags": tags}),
        assets=MappingProxyType(assets),
    )


def _document(checked: Checked) -> dict[str, Any]:
    """Return all that a player needs, as plain JSON: the head, sections and transcripts as safe HTML, the items."""
    head = checked.lesson.model_dump(mode="json", exclude={"steps", "readiness"})
    items = [item.model_dump(mode="json", exclude_none=True) for item in checked.items.items]
    own = set(checked.lesson.readiness)
    document = head | {
        "sections": {
            language: {section.key: {"title": section.title, "html": block_html(section.text)} for section in sections}
            for language, sections in checked.sections.items()
        },
        "steps": [_step(step, checked.source) for step in checked.lesson.steps],
        "items": [item for item in items if item["key"] not in own],
    }
    # Only where there are any: a lesson without them is the content that it was.
    return document | ({"readiness": [item for item in items if item["key"] in own]} if own else {})


def _step(step: Step, source: Source) -> dict[str, Any]:
    if not isinstance(step, MediaStep):
        return step.model_dump(mode="json")
    address = step.address or f"{ASSET_SCHEME}{step.file}"
    media_type = find_media_type(urlsplit(address).path)
    return {
        "key": step.key,
        "type": step.type,
        "title": step.title.by_language,
        "source": address,
        "media_type": media_type.name if media_type else "",
        "captions": {language: f"{ASSET_SCHEME}{path}" for language, path in step.captions.items()},
        "transcript": {
            language: block_html(source.files[path].decode("utf-8")) for language, path in step.transcript.items()
        },
    }


def _assets(source: Source) -> dict[str, Asset]:
    """Return what is served beside the document: every file but the transcripts, which are in it."""
    assets = {}
    for path, data in source.files.items():
        media_type = find_media_type(path)
        if media_type and media_type.name != _TRANSCRIPT:
            assets[path] = Asset(media_type=media_type.name, data=data, sha256=hashlib.sha256(data).hexdigest())
    return assets


def _untagged(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document without its tags: the framework and every knowledge point.

    Tags have a hash and versions of their own. Tagging anew makes no new content, because evidence names parts and
    never knowledge points.
    """
    tagged = {"framework", "knowledge_points"}
    bare = {key: value for key, value in document.items() if key not in tagged}
    for rows in ("items", "readiness"):
        if rows in bare:
            bare[rows] = [{key: value for key, value in item.items() if key not in tagged} for item in bare[rows]]
    return bare


def _hash(value: Any) -> str:
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()
