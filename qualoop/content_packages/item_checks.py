"""Checks the items of a package: each for itself, and together with the lesson whose knowledge points they serve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qualoop.assessment import Item, ShortText, faults, texts
from qualoop.authored_files import Place, YamlFile
from qualoop.content_packages.inspection import Inspection
from qualoop.content_packages.media_types import endings
from qualoop.content_packages.rows import written_texts
from qualoop.content_packages.shape import Draft
from qualoop.values import Text

_PLAIN_FIELDS: Final = frozenset({"unit", "label", "alt", "file", "right"})
_PLAIN_LISTS: Final = frozenset({"entries", "extra_right"})


def check_items(inspection: Inspection, draft: Draft) -> None:
    """Note what is wrong with the items beyond their shape; of one that has not its shape, with what is written in it."""
    file = inspection.source.items
    if file is None:
        return
    for index, item in draft.item_rows.by_index.items():
        _check_item(inspection, file, index, item)
    for index, row in draft.item_rows.broken.items():
        for place, text in written_texts(row):
            inspection.check_text(file, ("items", index, *place), text, markdown=_is_markdown(place))
    seen: set[str] = set()
    for index, key in draft.item_rows.keys.items():
        if key in seen:
            message = f"the item `{key}` stands twice"
            place = ("items", index, "key")
            inspection.problems.add(file, place, "item-key-repeated", message, repair="give it a key of its own")
        seen.add(key)
    _check_knowledge_points(inspection, file, draft)


def _check_item(inspection: Inspection, file: YamlFile, index: int, item: Item) -> None:
    for fault in faults(item):
        inspection.problems.add(file, ("items", index, *fault.place), fault.code, fault.message, repair=fault.repair)
    for place, text in texts(item):
        inspection.check_text(file, ("items", index, *place), text, markdown=_is_markdown(place))
    if isinstance(item, ShortText):
        inspection.check_complete(file, ("items", index, "accepted"), set(item.accepted))
    if item.figure:
        _check_figure(inspection, file, ("items", index, "figure", "file"), item.figure.file)


def _check_figure(inspection: Inspection, file: YamlFile, place: Place, path: Text | str) -> None:
    paths = {(): path} if isinstance(path, str) else {(language,): name for language, name in path.by_language.items()}
    for language, name in paths.items():
        inspection.refer(file, (*place, *language), name, wanted=endings("image"))


def _is_markdown(place: Place) -> bool:
    """Tell whether the text at a place in an item is Markdown, as its model says."""
    names = [part for part in place if isinstance(part, str)]
    return names[-1] not in _PLAIN_FIELDS and names[0] not in _PLAIN_LISTS


def _check_knowledge_points(inspection: Inspection, file: YamlFile, draft: Draft) -> None:
    lesson = inspection.source.lesson
    if lesson is None or "knowledge_points" not in draft.fields:
        return
    declared = draft.fields["knowledge_points"]
    served: set[str] = set()
    weights = {index: item.knowledge_points for index, item in draft.item_rows.by_index.items()}
    for index, codes in {**weights, **_written_codes(draft)}.items():
        served |= codes.keys()
        for code in sorted(codes.keys() - set(declared)):
            message = f"`{code}` is not one of the lesson's knowledge points"
            repair = "add it to lesson.yaml, or take it out"
            inspection.problems.add(
                file, ("items", index, "knowledge_points", code), "kp-not-declared", message, repair=repair
            )
    for index, code in enumerate(declared):
        if draft.item_rows.complete and code not in served:
            message, repair = f"no item serves `{code}`", "write one, or take the code out"
            inspection.problems.add(lesson, ("knowledge_points", index), "kp-without-item", message, repair=repair)


def _written_codes(draft: Draft) -> dict[int, Mapping[str, object]]:
    """Return what the items that have not their shape name as their knowledge points."""
    written = {index: row.get("knowledge_points") for index, row in draft.item_rows.broken.items()}
    return {
        index: {str(code): weight for code, weight in codes.items()}
        for index, codes in written.items()
        if isinstance(codes, dict)
    }
