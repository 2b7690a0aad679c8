"""What every practice project is checked for, whatever its mode: name, languages, codes of the framework, texts, rubric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from qualoop.assessment.rubric import RUBRIC_FILE, Rubric, note_faults
from qualoop.authored_files import Place, Problems, YamlFile, read_text, read_yaml
from qualoop.content_packages.prose import read_prose
from qualoop.content_packages.shape import read_whole
from qualoop.framework import Framework
from qualoop.simulators.project import FrameworkReference
from qualoop.values import Text


class Headed(Protocol):
    """What the files of all practice projects begin with."""

    @property
    def key(self) -> str:
        """Return the key."""

    @property
    def framework(self) -> FrameworkReference:
        """Return the framework that the project names."""

    @property
    def title(self) -> Text:
        """Return the title."""

    @property
    def summary(self) -> Text:
        """Return the summary."""

    @property
    def unit(self) -> str:
        """Return the unit that the project heads."""

    @property
    def post(self) -> str | None:
        """Return the post, if there is one."""

    @property
    def group(self) -> str:
        """Return the job group."""

    @property
    def level(self) -> str:
        """Return the level."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages in which the project says it is complete."""


ProjectT = TypeVar("ProjectT", bound=Headed)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadCheck(Generic[ProjectT]):
    """One check of one project; notes problems and never raises."""

    folder: Path
    file: YamlFile
    project: ProjectT
    problems: Problems

    def check_name(self) -> None:
        """Note where folder and key differ."""
        if self.project.key != self.folder.name:
            message = f"the key is `{self.project.key}`, the folder `{self.folder.name}`"
            self.problems.add(self.file, ("key",), "key-folder", message, repair="give both the same name")

    def check_languages(self, texts: Iterable[tuple[Place, Text | None]]) -> None:
        """Note each text, those of the head too, that lacks a language of the project."""
        head = ((("title",), self.project.title), (("summary",), self.project.summary))
        for place, text in (*head, *texts):
            for language in sorted(set(self.project.languages) - set(text.by_language if text else ())):
                if text is not None:
                    message = f"`{'.'.join(map(str, place))}` has no {language}"
                    self.problems.add(self.file, place, "language-missing", message, repair=f"add `{language}:`")

    def is_of(self, framework: Framework) -> bool:
        """Say whether the project names this framework; note it where not."""
        named = self.project.framework.code
        if named != framework.code:
            message = f"the framework given is `{framework.code}`, the project's `{named}`"
            place = ("framework", "code")
            self.problems.add(self.file, place, "framework-other", message, repair="check with the right one")
        return named == framework.code

    def check_codes(self, framework: Framework) -> None:
        """Note unit, post, job group and level that the framework does not have."""
        project = self.project
        named: tuple[tuple[str, str | None, Mapping[str, Any]], ...] = (
            ("unit", project.unit, framework.units),
            ("post", project.post, framework.posts),
            ("group", project.group, framework.job_groups),
            ("level", project.level, framework.levels),
        )
        for field, code, known in named:
            if code is not None and code not in known:
                self.note_unknown((field,), code, f"{field}-unknown")

    def note_unknown(self, place: Place, code: str, fault: str) -> None:
        """Note a code that the framework does not have."""
        repair = "mend the code; `qualoop framework show` lists them"
        self.problems.add(self.file, place, fault, f"`{code}` is not in the framework", repair=repair)

    def texts(self, kind: str) -> dict[str, str]:
        """Return the Markdown of a text by language; note what is missing or cannot be shown."""
        found: dict[str, str] = {}
        for language in self.project.languages:
            name = f"{kind}.{language}.md"
            text = read_text(self.folder, name, self.problems)
            if text is None:
                continue
            prose = read_prose(text)
            for fault in prose.faults:
                self.problems.add(name, fault.line, fault.code, fault.message, repair=fault.repair)
            for picture in prose.pictures:
                repair = "projects have no figures yet: take it out"
                self.problems.add(name, picture.line, "figure-place", "a picture cannot be shown here", repair=repair)
            found[language] = text
        return found

    def read_rubric(self, framework: Framework | None) -> tuple[YamlFile, Rubric] | None:
        """Return the rubric beside the project with its file, None where it cannot be read; note its faults."""
        file = read_yaml(self.folder, RUBRIC_FILE, self.problems)
        rubric: Rubric | None = read_whole(Rubric, file, self.problems)
        if file is None or rubric is None:
            return None
        note_faults(rubric, file, framework, self.problems)
        for language in sorted(set(self.project.languages) - set(rubric.languages)):
            self.note_rubric(
                file, "languages", f"the project has {language}, the rubric has not", repair=f"add {language}"
            )
        return file, rubric

    def note_rubric(self, file: YamlFile, field: str, message: str, *, repair: str) -> None:
        """Note where project and rubric do not fit each other."""
        self.problems.add(file, (field,), "rubric-project", message, repair=repair)
