"""Checks the steps of a lesson: that what they name is there, and that nothing written is left unshown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from qualoop.authored_files import Place, YamlFile
from qualoop.content_packages.assets import decoded
from qualoop.content_packages.inspection import Inspection
from qualoop.content_packages.media_types import endings, find_media_type
from qualoop.content_packages.prose import SectionText
from qualoop.content_packages.reading import text_file
from qualoop.content_packages.schema import AudioStep, MediaStep, QuestionStep, ReadingStep
from qualoop.content_packages.shape import Draft

Sections = Mapping[str, tuple[SectionText, ...]]


def check_steps(inspection: Inspection, draft: Draft, sections: Sections) -> None:
    """Note what is wrong with the steps that have their shape."""
    file = inspection.source.lesson
    if file is None:
        return
    for index in _repeated((index, step.key) for index, step in draft.step_rows.by_index.items()):
        message = f"the step `{draft.step_rows.by_index[index].key}` stands twice"
        place = ("steps", index, "key")
        inspection.problems.add(file, place, "step-repeated", message, repair="give it a key of its own")
    known_sections = {section.key for rows in sections.values() for section in rows}
    known_items = set(draft.item_rows.keys.values())
    for index, step in draft.step_rows.by_index.items():
        if isinstance(step, MediaStep):
            _check_media(inspection, file, ("steps", index), step)
        elif isinstance(step, ReadingStep) and step.section not in known_sections:
            message = f"no section has the key `{step.section}`"
            repair = f"write `## Title {{#{step.section}}}`, or mend the key"
            inspection.problems.add(file, ("steps", index, "section"), "section-missing", message, repair=repair)
        elif isinstance(step, QuestionStep) and known_items and step.item not in known_items:
            message = f"no item has the key `{step.item}`"
            repair = "write the item, or mend the key"
            inspection.problems.add(file, ("steps", index, "item"), "item-missing", message, repair=repair)
    _check_asked_once(inspection, file, draft)
    _check_readiness(inspection, file, draft)


def check_unused(inspection: Inspection, draft: Draft, sections: Sections) -> None:
    """Note the sections, items and files that no learner would ever meet, where all that could use them has its shape."""
    if not draft.step_rows.complete:
        return
    steps = draft.step_rows.by_index.values()
    shown = {step.section for step in steps if isinstance(step, ReadingStep)}
    asked = {step.item for step in steps if isinstance(step, QuestionStep)}.union(draft.fields.get("readiness", ()))
    for language, rows in sections.items():
        for section in rows:
            if section.key not in shown:
                message = f"no step shows the section `{section.key}`"
                repair = "add a reading step, or take the section out"
                inspection.problems.add(text_file(language), section.line, "section-unused", message, repair=repair)
    for index, key in draft.item_rows.keys.items():
        if key not in asked and inspection.source.items:
            message = f"no step asks the item `{key}`"
            repair = "add a question step, or take the item out"
            inspection.problems.add(
                inspection.source.items, ("items", index, "key"), "item-unused", message, repair=repair
            )
    unused = inspection.source.files.keys() - inspection.used if draft.item_rows.complete else ()
    for path in sorted(unused):
        inspection.problems.add(path, 1, "asset-unused", "nothing uses the file", repair="show it, or take it out")


def _check_readiness(inspection: Inspection, file: YamlFile, draft: Draft) -> None:
    """Note what a readiness check could not ask: what is not there, is asked in the lesson, or needs more than its text."""
    items = {item.key: item for item in draft.item_rows.by_index.values()}
    asked = {step.item for step in draft.step_rows.by_index.values() if isinstance(step, QuestionStep)}
    keys = tuple(draft.fields.get("readiness", ()))
    for index, key in enumerate(keys):
        place, item = ("readiness", index), items.get(key)
        if draft.item_rows.keys and key not in draft.item_rows.keys.values():
            message, repair = f"no item has the key `{key}`", "write the item, or mend the key"
            inspection.problems.add(file, place, "item-missing", message, repair=repair)
        elif key in asked or key in keys[:index]:
            message, repair = f"the item `{key}` is asked twice", "write an item of its own for readiness checks"
            inspection.problems.add(file, place, "item-repeated", message, repair=repair)
        elif item is not None and (item.figure is not None or len(item.knowledge_points) != 1):
            message = f"the item `{key}` has a picture, or serves more than one knowledge point"
            inspection.problems.add(file, place, "readiness-item", message, repair="ask one thing, in words")


def _check_asked_once(inspection: Inspection, file: YamlFile, draft: Draft) -> None:
    """An item is one part of the evidence: asked twice, one answer could not be told from the other."""
    questions = [
        (index, step.item) for index, step in draft.step_rows.by_index.items() if isinstance(step, QuestionStep)
    ]
    for index in _repeated(questions):
        place = ("steps", index, "item")
        message = f"the item `{dict(questions)[index]}` is asked twice"
        inspection.problems.add(file, place, "item-repeated", message, repair="write an item of its own for this step")


def _repeated(rows: Iterable[tuple[int, str]]) -> Iterator[int]:
    """Iterate over the indexes of rows whose text stood in an earlier one."""
    seen: set[str] = set()
    for index, text in rows:
        if text in seen:
            yield index
        seen.add(text)


def _check_media(inspection: Inspection, file: YamlFile, place: Place, step: MediaStep) -> None:
    family = "audio" if isinstance(step, AudioStep) else "video"
    inspection.check_text(file, (*place, "title"), step.title)
    if step.file is not None:
        inspection.refer(file, (*place, "file"), step.file, wanted=endings(family))
    elif not _is_address_of(step.address or "", family):
        message = f"`{step.address}` does not lead to {family} that a page can play"
        repair = "give the address of the recording itself, such as https://example.org/talk.mp4"
        inspection.problems.add(file, (*place, "address"), "address-kind", message, repair=repair)
    if step.captions or family == "video":
        inspection.check_complete(file, (*place, "captions"), set(step.captions))
    inspection.check_complete(file, (*place, "transcript"), set(step.transcript))
    for language, path in step.captions.items():
        inspection.refer(file, (*place, "captions", language), path, wanted=(".vtt",))
    for language, path in step.transcript.items():
        data = inspection.refer(file, (*place, "transcript", language), path, wanted=(".md",))
        inspection.check_markdown(path, 0, decoded(data or b"") or "")


def _is_address_of(address: str, family: str) -> bool:
    media_type = find_media_type(urlsplit(address).path)
    return media_type is not None and media_type.family == family
