"""Holds the YAML of a package against the models, and keeps what has its shape so that the rest can be checked too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from qualoop.assessment import Item
from qualoop.authored_files import Place, Problems, YamlFile
from qualoop.content_packages.reading import Source
from qualoop.content_packages.schema import HTTPS_PATTERN, VERSION_PATTERN, ItemsFile, LessonFile, Step

_VALUE_ERROR: Final = "Value error, "
_FORMS: Final = {
    HTTPS_PATTERN: "write an address that begins with https://",
    VERSION_PATTERN: "write three numbers, such as 1.0.0",
}
_FORM_OF_A_KEY: Final = "write 1 to 64 of a-z, 0-9 and inner hyphens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What of lesson.yaml and items.yaml has its shape: fields by name, steps and items by their index.

    ``lesson`` and ``items`` are there where the whole file has its shape.
    """

    lesson: LessonFile | None
    items: ItemsFile | None
    fields: Mapping[str, Any]
    step_by_index: Mapping[int, Step]
    item_by_index: Mapping[int, Item]


def read_shape(source: Source, problems: Problems) -> Draft:
    """Return what has its shape; note every value that has not."""
    return Draft(
        lesson=read_whole(LessonFile, source.lesson, problems),
        items=read_whole(ItemsFile, source.items, problems),
        fields=_fields(source.lesson),
        step_by_index=_rows(source.lesson, "steps", _adapter(Step)),
        item_by_index=_rows(source.items, "items", _adapter(Item)),
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


def note_fault(fault: ErrorDetails, file: YamlFile, problems: Problems) -> None:
    """Note what a model says against a value, at its line and with what would mend it."""
    place = _place(file, fault["loc"])
    code = f"schema-{fault['type'].replace('_', '-')}"
    if fault["type"] == "missing":
        problems.add(file, place, code, f"`{_named((*place, fault['loc'][-1]))}` is missing", repair="add it")
    elif fault["type"] == "extra_forbidden":
        problems.add(file, place, code, f"`{_named(place)}` is not known", repair="take it out, or mend its spelling")
    elif fault["type"] == "string_pattern_mismatch":
        repair = _FORMS.get(fault["ctx"]["pattern"], _FORM_OF_A_KEY)
        problems.add(file, place, code, f"`{_named(place)}` does not fit", repair=repair)
    else:
        repair = fault["msg"].removeprefix(_VALUE_ERROR)
        problems.add(file, place, code, f"`{_named(place)}` does not fit", repair=repair[:1].lower() + repair[1:])


def _place(file: YamlFile, location: Place) -> Place:
    """Return the place of a fault as it is in the file: pydantic also names the kinds of unions on the way."""
    place: Place = ()
    for part in location:
        if (*place, part) in file.lines:
            place = (*place, part)
    return place


def _named(place: Place) -> str:
    return ".".join(str(part) for part in place) or "the file"


def _fields(file: YamlFile | None) -> dict[str, Any]:
    data = file.data if file and isinstance(file.data, dict) else {}
    fields = {}
    for name in LessonFile.model_fields:
        try:
            fields[name] = _field_adapter(LessonFile, name).validate_python(data[name])
        except (KeyError, ValidationError):
            continue
    return fields


def _rows(file: YamlFile | None, name: str, adapter: TypeAdapter[Any]) -> dict[int, Any]:
    data = file.data.get(name) if file and isinstance(file.data, dict) else None
    rows = {}
    for index, row in enumerate(data if isinstance(data, list) else ()):
        try:
            rows[index] = adapter.validate_python(row)
        except ValidationError:
            continue
    return rows


@lru_cache(maxsize=64)
def _field_adapter(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    field = model.model_fields[name]
    kind: Any = Annotated[field.annotation, field]
    return TypeAdapter(kind)


@lru_cache(maxsize=8)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
