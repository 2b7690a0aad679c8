"""Puts what a model says against a value of an authored file into an author's words: what is wrong, and what to write."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from pydantic_core import ErrorDetails

from qualoop.authored_files import Place, Problems, YamlFile
from qualoop.content_packages.schema import HTTPS_PATTERN, VERSION_PATTERN

_VALUE_ERROR: Final = "Value error, "
_NO_KIND: Final = ("union_tag_invalid", "union_tag_not_found")
_FORMS: Final = {
    HTTPS_PATTERN: "write an address that begins with https://",
    VERSION_PATTERN: "write three numbers, such as 1.0.0",
}
_FORM_OF_A_KEY: Final = "write 1 to 64 of a-z, 0-9 and inner hyphens"
_A_NUMBER: Final = "write a number"
_A_LIST: Final = "write a list, each entry after a hyphen"
_FIELDS: Final = "write its fields under it, each as `name: value`"

_REPAIRS: Final[Mapping[str, str]] = {
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "decimal_parsing": _A_NUMBER,
    "decimal_type": _A_NUMBER,
    "dict_type": _FIELDS,
    "extra_forbidden": "take it out, or mend its spelling",
    "float_parsing": _A_NUMBER,
    "float_type": _A_NUMBER,
    "greater_than": "write more than {gt}",
    "greater_than_equal": "write at least {ge}",
    "int_from_float": "write a whole number",
    "int_parsing": "write a whole number",
    "int_type": "write a whole number, without quotes",
    "less_than": "write less than {lt}",
    "less_than_equal": "write at most {le}",
    "list_type": _A_LIST,
    "literal_error": "write {expected}",
    "missing": "add it",
    "model_attributes_type": _FIELDS,
    "model_type": _FIELDS,
    "string_too_long": "write at most {max_length} characters",
    "string_too_short": "write at least {min_length} characters",
    "string_type": "write text; put it in quotes where it looks like something else",
    "too_long": "leave at most {max_length}",
    "too_short": "write at least {min_length}",
    "tuple_type": _A_LIST,
}
_MESSAGES: Final[Mapping[str, str]] = {"missing": "is missing", "extra_forbidden": "is not known"}


def note_fault(fault: ErrorDetails, file: YamlFile, problems: Problems) -> None:
    """Note what a model says against a value, at its line and with what would mend it."""
    place = _place(file, fault["loc"])
    code = f"schema-{fault['type'].replace('_', '-')}"
    if fault["type"] in _NO_KIND:
        _note_kind(fault, (file, place, code), problems)
        return
    named = (*place, fault["loc"][-1]) if fault["type"] == "missing" else place
    message = f"`{_named(named)}` {_MESSAGES.get(fault['type'], 'does not fit')}"
    problems.add(file, place, code, message, repair=_repair(fault))


def nearest(written: object, known: tuple[str, ...]) -> str | None:
    """Return what of the known names was probably meant, or None."""
    return next(iter(get_close_matches(str(written), known, n=1)), None)


def _note_kind(fault: ErrorDetails, where: tuple[YamlFile, Place, str], problems: Problems) -> None:
    """Note a row whose ``type`` is not one of those that there are, or is not written."""
    file, place, code = where
    context = fault["ctx"]
    field = context["discriminator"].strip("'")
    known = tuple(name.strip("'") for name in context.get("expected_tags", "").split(", ") if name)
    written = context.get("tag")
    meant = nearest(written, known)
    message = f"`{_named((*place, field))}` is missing" if written is None else f"there is no {field} `{written}`"
    repair = f"did you mean `{meant}`?" if meant else f"write one of {', '.join(known)}" if known else "add it"
    problems.add(file, (*place, field) if (*place, field) in file.lines else place, code, message, repair=repair)


def _repair(fault: ErrorDetails) -> str:
    context: Mapping[str, Any] = fault.get("ctx", {})
    if fault["type"] == "string_pattern_mismatch":
        return _FORMS.get(context["pattern"], _FORM_OF_A_KEY)
    if fault["type"] in _REPAIRS:
        return _REPAIRS[fault["type"]].format_map(context)
    said = fault["msg"].removeprefix(_VALUE_ERROR)
    return said[:1].lower() + said[1:]


def _place(file: YamlFile, location: Place) -> Place:
    """Return the place of a fault as it is in the file: pydantic also names the kinds of unions on the way."""
    place: Place = ()
    for part in location:
        if (*place, part) in file.lines:
            place = (*place, part)
    return place


def _named(place: Place) -> str:
    return ".".join(str(part) for part in place) or "the file"
