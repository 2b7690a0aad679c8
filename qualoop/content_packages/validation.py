"""Checks a package as read and notes everything that is wrong with it; never raises.

A fault in one place does not hide those in others: what has its shape is checked even where the rest has not. What
nothing uses is looked for only where every step has its shape, because a broken one may be what would have used it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from qualoop.authored_files import Problems
from qualoop.content_packages.assets import check_assets
from qualoop.content_packages.faults import Fault
from qualoop.content_packages.inspection import Inspection
from qualoop.content_packages.item_checks import check_items
from qualoop.content_packages.prose import SectionText, reading_minutes, split_sections
from qualoop.content_packages.reading import Source, text_file
from qualoop.content_packages.schema import ItemsFile, LessonFile
from qualoop.content_packages.shape import read_shape
from qualoop.content_packages.step_checks import check_steps, check_unused
from qualoop.framework import Framework
from qualoop.values import LANGUAGES

SLACK: Final = 1.5

Sections = Mapping[str, tuple[SectionText, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A package in which no problem was found: only such a one is built."""

    source: Source
    lesson: LessonFile
    items: ItemsFile
    sections: Sections


def validate(source: Source, framework: Framework | None, problems: Problems) -> Checked | None:
    """Return the checked package, or None where ``problems`` holds any (the reader's count as well).

    Without a framework, whether its knowledge points exist is left unchecked.
    """
    draft = read_shape(source, problems)
    languages = tuple(draft.fields.get("languages", LANGUAGES))
    inspection = Inspection(source=source, problems=problems, languages=languages)
    _check_head(inspection, draft.fields)
    _check_knowledge_points(inspection, draft.fields, framework)
    sections = _checked_sections(inspection, draft.fields.get("minutes"))
    check_items(inspection, draft)
    check_steps(inspection, draft, sections)
    check_assets(inspection)
    check_unused(inspection, draft, sections)
    if draft.lesson and draft.items and not len(problems):
        return Checked(source=source, lesson=draft.lesson, items=draft.items, sections=sections)
    return None


def _check_head(inspection: Inspection, fields: Mapping[str, Any]) -> None:
    file, name = inspection.source.lesson, inspection.source.name
    if file is None:
        return
    for field in ("title", "summary"):
        if field in fields:
            inspection.check_text(file, (field,), fields[field])
    if fields.get("key", name) != name:
        message = f"the key is `{fields['key']}`, the folder `{name}`"
        inspection.problems.add(file, ("key",), "key-folder", message, repair="give both the same name")
    for field in ("languages", "knowledge_points"):
        for index, value in enumerate(fields.get(field, ())):
            if value in fields[field][:index]:
                inspection.problems.add(
                    file, (field, index), "repeated", f"`{value}` stands twice", repair="take one out"
                )


def _check_knowledge_points(inspection: Inspection, fields: Mapping[str, Any], framework: Framework | None) -> None:
    file = inspection.source.lesson
    if file is None or framework is None:
        return
    reference = fields.get("framework")
    if reference and reference.code != framework.code:
        message = f"the framework given is `{framework.code}`, the package's `{reference.code}`"
        inspection.problems.add(
            file, ("framework", "code"), "framework-other", message, repair="check with the right one"
        )
        return
    for index, code in enumerate(fields.get("knowledge_points", ())):
        if framework.find_knowledge_point(code) is None:
            message = f"`{code}` is not a knowledge point of {framework.code} {framework.version}"
            repair = "mend the code; `qualoop framework show` lists them"
            inspection.problems.add(file, ("knowledge_points", index), "kp-unknown", message, repair=repair)


def _checked_sections(inspection: Inspection, minutes: int | None) -> Sections:
    sections = {}
    for language in inspection.languages:
        if language in inspection.source.texts:
            sections[language] = _sections_in(inspection, language)
            _check_minutes(inspection, language, minutes)
        else:
            repair = "write it, or take the language out of lesson.yaml"
            fault = Fault(1, "file-missing", "the lesson's text in this language is not there", repair)
            inspection.note(text_file(language), 0, fault)
    for language in sorted(set(inspection.source.texts) - set(inspection.languages)):
        repair = "add the language in lesson.yaml, or take the file out"
        fault = Fault(1, "language-undeclared", "lesson.yaml does not name this language", repair)
        inspection.note(text_file(language), 0, fault)
    return sections


def _sections_in(inspection: Inspection, language: str) -> tuple[SectionText, ...]:
    """Return the sections of one language; note what is wrong in them, and where they differ from the first's."""
    sections, faults = split_sections(inspection.source.texts[language])
    keys = [section.key for section in sections]
    first = next(iter(inspection.languages))
    expected = [section.key for section in split_sections(inspection.source.texts.get(first, ""))[0]]
    if not faults and expected and keys != expected:
        message = f"the sections are {', '.join(keys)}; in {text_file(first)} {', '.join(expected)}"
        faults = [Fault(1, "sections-differ", message, "write the same sections in the same order")]
    for fault in faults:
        inspection.note(text_file(language), 0, fault)
    for section in sections:
        inspection.check_markdown(text_file(language), section.above, section.text)
    return tuple(sections)


def _check_minutes(inspection: Inspection, language: str, minutes: int | None) -> None:
    needed = reading_minutes(inspection.source.texts[language])
    if minutes and needed > minutes * SLACK:
        message = f"reading the {language} text alone takes about {needed:.0f} minutes, the lesson says {minutes}"
        file = inspection.source.lesson or text_file(language)
        inspection.problems.add(
            file, ("minutes",), "minutes-too-few", message, repair="shorten the text, or split the lesson"
        )
