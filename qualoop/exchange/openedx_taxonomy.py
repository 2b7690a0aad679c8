"""A framework as a taxonomy of Open edX: the files that Studio's Taxonomies page and `openedx_tagging` import.

A tag's `id` is a code, which stays; its value is code and title, which people see. Knowledge points stand below the
first unit of competency that they belong to, as a tag has one parent. Importing again renames values and keeps what is
tagged.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Final, TypedDict

from qualoop.framework import Framework
from qualoop.values import Text

MAX_VALUE: Final = 500
_RESERVED: Final = ("\t", " > ", ";")
"""What Open edX allows in no value."""


class TagRow(TypedDict):
    """One tag; ``parent_id`` is empty at the top."""

    id: str
    value: str
    parent_id: str


def export_id(framework: Framework) -> str:
    """Return the export id of the taxonomy, by which blocks find it and other sites know it."""
    return f"qualoop-{framework.code.lower()}"


def tag_rows(framework: Framework, language: str) -> Iterator[TagRow]:
    """Yield the tags, parents before children: units, then their knowledge points, then those of no unit."""
    for unit in framework.units.values():
        yield _row(unit.code, unit.title, language, parent="")
    for code, point in framework.knowledge_points.items():
        units = framework.units_by_knowledge_point.get(code, ())
        yield _row(code, point.title, language, parent=units[0] if units else "")


def as_csv(framework: Framework, language: str) -> str:
    """Return the tags as CSV: the columns id, value, parent_id."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(TagRow.__annotations__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(tag_rows(framework, language))
    return out.getvalue()


def as_json(framework: Framework, language: str) -> str:
    """Return the tags as JSON, with the taxonomy's name; what has no parent has no `parent_id`."""
    tags = [{name: text for name, text in row.items() if text} for row in tag_rows(framework, language)]
    title = framework.document.framework.title[language]
    document = {"name": title, "description": f"{framework.code} {framework.version}", "tags": tags}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _row(code: str, title: Text, language: str, *, parent: str) -> TagRow:
    value = f"{code} {title[language]}"
    for reserved in _RESERVED:
        value = value.replace(reserved, ", ")
    return TagRow(id=code, value=value[:MAX_VALUE], parent_id=parent)
