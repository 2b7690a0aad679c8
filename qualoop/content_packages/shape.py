"""Holds the YAML of a package against the models, and keeps what has its shape so that the rest can be checked too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from qualoop.assessment import Item
from qualoop.authored_files import Problems, YamlFile
from qualoop.content_packages.model_faults import note_fault
from qualoop.content_packages.reading import Source
from qualoop.content_packages.rows import Rows, read_rows
from qualoop.content_packages.schema import ItemsFile, LessonFile, Step

_KIND: Final = "type"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What of lesson.yaml and items.yaml has its shape: fields by name, and the rows of the steps and the items.

    ``lesson`` and ``items`` are there where the whole file has its shape.
    """

    lesson: LessonFile | None
    items: ItemsFile | None
    fields: Mapping[str, Any]
    step_rows: Rows[Step]
    item_rows: Rows[Item]


def read_shape(source: Source, problems: Problems) -> Draft:
    """Return what has its shape; note every value that has not."""
    return Draft(
        lesson=read_whole(LessonFile, source.lesson, problems),
        items=read_whole(ItemsFile, source.items, problems),
        fields=_fields(source.lesson),
        step_rows=read_rows(source.lesson, "steps", Step, problems),
        item_rows=read_rows(source.items, "items", Item, problems),
    )


def read_whole(model: type[Any], file: YamlFile | None, problems: Problems) -> Any:
    """Return a whole file as its model, or None with every fault noted."""
    if file is None:
        return None
    try:
        return model.model_validate(file.data)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            note_fault(fault, file, problems)
    return None


def _fields(file: YamlFile | None) -> dict[str, Any]:
    data = file.data if file and isinstance(file.data, dict) else {}
    fields = {}
    for name in LessonFile.model_fields:
        try:
            fields[name] = _field_adapter(LessonFile, name).validate_python(data[name])
        except (KeyError, ValidationError):
            continue
    return fields


@lru_cache(maxsize=64)
def _field_adapter(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    field = model.model_fields[name]
    kind: Any = Annotated[field.annotation, field]
    return TypeAdapter(kind)
