"""Reads the rows of an authored list, each of a kind that its ``type`` names, so that one fault hides no other.

A model stops at the first thing that keeps it from reading a row: a ``type`` that there is not, a field that it does not
know. The row is therefore read as what was meant, and what has no shape even so keeps what is written in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Generic, Protocol, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from qualoop.authored_files import Place, Problems, YamlFile
from qualoop.content_packages.model_faults import nearest, note_fault
from qualoop.values import LANGUAGES, Text

_KIND: Final = "type"


class _Keyed(Protocol):
    @property
    def key(self) -> str:
        """Return what names the row in its list."""


_Row = TypeVar("_Row", bound=_Keyed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows(Generic[_Row]):
    """The rows of one list by their index: those that have their shape, and the others as they are written."""

    by_index: Mapping[int, _Row]
    broken: Mapping[int, Mapping[str, Any]]
    complete: bool

    @property
    def keys(self) -> dict[int, str]:
        """Return the key that each row has, also where the rest of it is broken."""
        written = {index: row["key"] for index, row in self.broken.items() if isinstance(row.get("key"), str)}
        return dict(sorted((written | {index: row.key for index, row in self.by_index.items()}).items()))


def read_rows(file: YamlFile | None, name: str, kinds: Any, problems: Problems) -> Rows[Any]:
    """Return the rows of the list ``name``; note the faults of a row that the model of the whole file could not see."""
    data = file.data.get(name) if file and isinstance(file.data, dict) else None
    rows, broken = {}, {}
    for index, written in enumerate(data if isinstance(data, list) else ()):
        row = _as_meant(written, kinds)
        found, faults = _read(row, kinds)
        if found is None:
            broken[index] = row if isinstance(row, dict) else {}
        else:
            rows[index] = found
        if row is not written and file:
            for fault in faults:
                note_fault(fault | {"loc": (name, index, *fault["loc"])}, file, problems)
    return Rows(by_index=rows, broken=broken, complete=bool(rows) and not broken)


def written_texts(value: object, place: Place = ()) -> Iterator[tuple[Place, Text]]:
    """Iterate over what is written as a text in two languages in a broken row, with its place in it."""
    if isinstance(value, dict):
        if value and value.keys() <= set(LANGUAGES) and all(isinstance(text, str) for text in value.values()):
            yield place, Text(value)
        else:
            for name, entry in value.items():
                yield from written_texts(entry, (*place, name))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from written_texts(entry, (*place, index))


def _as_meant(row: Any, union: Any) -> Any:
    """Return a row with the type that was meant in place of one that there is not, if that can be told."""
    kinds = _kinds(union)
    if not isinstance(row, dict) or row.get(_KIND) in kinds:
        return row
    meant = nearest(row.get(_KIND), kinds)
    return row | {_KIND: meant} if meant else row


def _read(row: Any, union: Any) -> tuple[Any, list[ErrorDetails]]:
    """Return a row as its model, and its faults; fields that no model knows are faults that hide nothing else."""
    try:
        return _adapter(union).validate_python(row), []
    except ValidationError as error:
        faults = error.errors(include_url=False)
    if any(fault["type"] != "extra_forbidden" for fault in faults):
        return None, faults
    known, _ = _read(_without(row, [fault["loc"][1:] for fault in faults]), union)
    return known, faults


def _without(value: Any, places: list[tuple[int | str, ...]]) -> Any:
    """Return a copy of authored data without what stands at some places."""
    gone = {place[0] for place in places if len(place) == 1}
    if isinstance(value, dict):
        kept = {name: entry for name, entry in value.items() if name not in gone}
        return {name: _without(entry, _below(name, places)) for name, entry in kept.items()}
    if isinstance(value, list):
        return [_without(entry, _below(index, places)) for index, entry in enumerate(value)]
    return value


def _below(name: int | str, places: list[tuple[int | str, ...]]) -> list[tuple[int | str, ...]]:
    return [place[1:] for place in places if len(place) > 1 and place[0] == name]


@lru_cache(maxsize=8)
def _kinds(union: Any) -> tuple[str, ...]:
    """Return the types that the rows of a union tell themselves apart by."""
    models: tuple[type[BaseModel], ...] = get_args(get_args(union)[0])
    return tuple(get_args(model.model_fields[_KIND].annotation)[0] for model in models)


@lru_cache(maxsize=8)
def _adapter(union: Any) -> TypeAdapter[Any]:
    return TypeAdapter(union)
