"""Reads the files of a framework. Only this module knows how they are split.

A part that cannot be read leaves its problems behind and the rest is read all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Generic, TypeVar

from qualoop.authored_files import Place, Problems, YamlFile, parse_model, read_yaml
from qualoop.framework.schema import (
    SECTIONS,
    CertificateDirection,
    Domain,
    FrameworkDocument,
    JobGroup,
    KnowledgePoint,
    Level,
    Post,
    Record,
    Sections,
    Source,
    Unit,
)

FRAMEWORK_FILE = "framework.yaml"

Record_co = TypeVar("Record_co", bound=Record, covariant=True)


@dataclass(frozen=True, slots=True)
class Entry(Generic[Record_co]):
    """A record, and the place in the file where its author wrote it."""

    record: Record_co
    file: YamlFile
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A framework as it was written, not yet checked. ``complete`` is False where a part could not be read."""

    head: Entry[FrameworkDocument]
    sources: tuple[Entry[Source], ...]
    domains: tuple[Entry[Domain], ...]
    levels: tuple[Entry[Level], ...]
    job_groups: tuple[Entry[JobGroup], ...]
    posts: tuple[Entry[Post], ...]
    units: tuple[Entry[Unit], ...]
    knowledge_points: tuple[Entry[KnowledgePoint], ...]
    certificate_directions: tuple[Entry[CertificateDirection], ...]
    complete: bool


def read_framework(root: Path, problems: Problems) -> Draft | None:
    """Return the framework in the folder ``root``, or None where its head cannot be read."""
    file = read_yaml(root, FRAMEWORK_FILE, problems)
    document = parse_model(FrameworkDocument, file, problems) if file else None
    if file is None or document is None:
        return None
    before = len(problems)
    read = [(file, document), *_read_parts(root, document.parts, problems)]
    _note_unlisted(root, document.parts, problems)
    return _draft(file, document, read, complete=len(problems) == before)


def read_document(document: Mapping[str, Any], problems: Problems) -> Draft | None:
    """Return a framework that was stored as one plain document, or None where it does not fit the schema."""
    file = YamlFile("document", document, {})
    parsed = parse_model(FrameworkDocument, file, problems)
    return None if parsed is None else _draft(file, parsed, [(file, parsed)], complete=True)


def _read_parts(root: Path, names: Iterable[str], problems: Problems) -> list[tuple[YamlFile, Sections]]:
    """Return every part that can be read, in the order of the list."""
    read = []
    for name in names:
        file = read_yaml(root, name, problems)
        sections = parse_model(Sections, file, problems) if file else None
        if file and sections:
            read.append((file, sections))
    return read


def _note_unlisted(root: Path, parts: Iterable[str], problems: Problems) -> None:
    """Note YAML files that lie beside the parts in a folder of theirs, and that nobody would read."""
    listed = set(parts)
    for folder in sorted({PurePosixPath(name).parent for name in listed} - {PurePosixPath()}):
        for path in sorted((root / folder).glob("*.yaml")):
            name = path.relative_to(root).as_posix()
            if name not in listed:
                problems.add(
                    name, 1, "file-unlisted", f"`parts` of {FRAMEWORK_FILE} does not list it", repair="add or move it"
                )


def _draft(
    file: YamlFile, document: FrameworkDocument, read: Iterable[tuple[YamlFile, Sections]], *, complete: bool
) -> Draft:
    """Lay the sections of all files behind one another."""
    found: dict[str, list[Entry[Any]]] = {section: [] for section in SECTIONS}
    for part, sections in read:
        for section, entries in found.items():
            entries += [Entry(it, part, (section, index)) for index, it in enumerate(getattr(sections, section))]
    entries_of = {section: tuple(entries) for section, entries in found.items()}
    return Draft(head=Entry(document, file, ()), complete=complete, **entries_of)
