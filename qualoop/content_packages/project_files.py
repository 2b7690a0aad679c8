"""Reads and checks the folder of a practice project; never raises. What is built of it stands in `building`.

project.yaml                     the head (qualoop.simulators.ProjectFile)
brief.<lang>.md                  the situation, what is decided, how it is scored
debrief.<lang>.md                the model behind it, what experts do, what real platforms do otherwise
packs/<name>.yaml                dated rules, as the engine wants them
rubric.yaml                      where people judge the work: by which rows (qualoop.assessment.rubric)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from qualoop.assessment.rubric import RUBRIC_FILE, Rubric, note_faults
from qualoop.authored_files import Problems, YamlFile, read_text, read_yaml
from qualoop.content_packages.prose import read_prose
from qualoop.content_packages.shape import note_fault, read_whole
from qualoop.errors import MissingExtraError
from qualoop.framework import Framework
from qualoop.simulators import (
    PROJECT_FILE,
    Engine,
    JudgedEngine,
    ProjectFile,
    SimulatorError,
    WorldKey,
    engine_names,
    get_engine,
    parts_of,
)
from qualoop.values import Text

TEXTS: Final = ("brief", "debrief")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedProject:
    """A project in which no problem was found; ``spec`` is the world as its engine takes it, ``texts`` by kind, language.

    ``rubric`` is None where nobody judges the work.
    """

    project: ProjectFile
    spec: BaseModel
    texts: Mapping[str, Mapping[str, str]]
    rubric: Rubric | None = None


def check_project(folder: Path, framework: Framework | None, problems: Problems) -> CheckedProject | None:
    """Return the project in ``folder``, or None where ``problems`` holds any."""
    file = read_yaml(folder, PROJECT_FILE, problems)
    project: ProjectFile | None = read_whole(ProjectFile, file, problems)
    if file is None or project is None:
        return None
    check = _Check(folder=folder, file=file, project=project, problems=problems)
    check.head()
    if framework is not None:
        check.framework(framework)
    texts = {kind: check.texts(kind) for kind in TEXTS}
    spec = check.world()
    rubric = check.rubric(framework)
    if spec is None or len(problems):
        return None
    return CheckedProject(project=project, spec=spec, texts=texts, rubric=rubric)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    folder: Path
    file: YamlFile
    project: ProjectFile
    problems: Problems

    def head(self) -> None:
        project = self.project
        if project.key != self.folder.name:
            message = f"the key is `{project.key}`, the folder `{self.folder.name}`"
            self.problems.add(self.file, ("key",), "key-folder", message, repair="give both the same name")
        texts: list[tuple[tuple[str | int, ...], Text]] = [(("title",), project.title), (("summary",), project.summary)]
        texts += [(("parts", index, "title"), part.title) for index, part in enumerate(project.parts)]
        texts += [(("roles", index, "title"), role.title) for index, role in enumerate(project.roles)]
        for place, text in texts:
            for language in sorted(set(project.languages) - set(text.by_language)):
                message = f"`{'.'.join(map(str, place))}` has no {language}"
                self.problems.add(self.file, place, "language-missing", message, repair=f"add `{language}:`")

    def framework(self, framework: Framework) -> None:
        project = self.project
        if project.framework.code != framework.code:
            message = f"the framework given is `{framework.code}`, the project's `{project.framework.code}`"
            place = ("framework", "code")
            self.problems.add(self.file, place, "framework-other", message, repair="check with the right one")
            return
        for index, part in enumerate(project.parts):
            for code in part.knowledge_points:
                if framework.find_knowledge_point(code) is None:
                    self._unknown(("parts", index, "knowledge_points"), code, "kp-unknown")
        named: tuple[tuple[str, str | None, Mapping[str, Any]], ...] = (
            ("unit", project.unit, framework.units),
            ("post", project.post, framework.posts),
            ("group", project.group, framework.job_groups),
            ("level", project.level, framework.levels),
        )
        for field, named_code, known in named:
            if named_code is not None and named_code not in known:
                self._unknown((field,), named_code, f"{field}-unknown")

    def _unknown(self, place: tuple[str | int, ...], code: str, fault: str) -> None:
        repair = "mend the code; `qualoop framework show` lists them"
        self.problems.add(self.file, place, fault, f"`{code}` is not in the framework", repair=repair)

    def texts(self, kind: str) -> dict[str, str]:
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

    def rubric(self, framework: Framework | None) -> Rubric | None:
        """Return the rubric beside the project, None where there is none; note where the two do not fit each other."""
        if not (self.folder / RUBRIC_FILE).exists():
            return None
        file = read_yaml(self.folder, RUBRIC_FILE, self.problems)
        rubric: Rubric | None = read_whole(Rubric, file, self.problems)
        if file is None or rubric is None:
            return None
        note_faults(rubric, file, framework, self.problems)
        for field, message, repair in self._rubric_faults(rubric):
            self.problems.add(file, (field,), "rubric-project", message, repair=repair)
        return rubric

    def _rubric_faults(self, rubric: Rubric) -> Iterator[tuple[str, str, str]]:
        project = self.project
        if project.score.kind != "judged":
            yield "format", "nobody judges a computed project", "say `score: {kind: judged}`, or take the rubric out"
        elif project.engine in engine_names() and not isinstance(get_engine(project.engine), JudgedEngine):
            yield "format", f"the engine `{project.engine}` makes no work that could be judged", "take the rubric out"
        for key in sorted({row.key for row in rubric.rows} & {part.key for part in project.parts}):
            yield "rows", f"`{key}` is a part of the project too", "rename the row"
        for language in sorted(set(project.languages) - set(rubric.languages)):
            yield "languages", f"the project has {language}, the rubric has not", f"add {language}"

    def world(self) -> BaseModel | None:
        """Return the world's spec, checked by its engine; note where parts and components are not the same."""
        project = self.project
        try:
            engine = get_engine(project.engine)
        except MissingExtraError:
            raise
        except SimulatorError as error:
            self.problems.add(self.file, ("engine",), error.code, str(error), repair="name one of them")
            return None
        spec = self._spec(engine)
        if spec is None:
            return None
        try:
            components = set(parts_of(engine, engine.world(spec, WorldKey.of_seed(0))))
        except SimulatorError as error:
            self.problems.add(self.file, ("world",), error.code, str(error), repair="mend what it names")
            return None
        for message, repair in self._part_faults(components):
            self.problems.add(self.file, ("parts",), "parts-components", message, repair=repair)
        return spec

    def _spec(self, engine: Engine) -> BaseModel | None:
        given = dict(self.project.world)
        if self.project.packs:
            found = {name: read_yaml(self.folder, f"packs/{name}.yaml", self.problems) for name in self.project.packs}
            given["packs"] = {name: pack.data for name, pack in found.items() if pack is not None}
        try:
            return engine.spec_model.model_validate(given)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                note_fault(fault | {"loc": ("world", *fault["loc"])}, self.file, self.problems)
        except SimulatorError as error:
            self.problems.add(self.file, ("world",), error.code, str(error), repair="mend what it names")
        return None

    def _part_faults(self, components: set[str]) -> Iterator[tuple[str, str]]:
        keys = [part.key for part in self.project.parts]
        for key in sorted(set(keys) - components):
            yield f"the engine scores no `{key}`", f"name one of {', '.join(sorted(components))}"
        for key in sorted(components - set(keys)):
            yield f"the engine scores `{key}`, which is no part", "add it with its knowledge points"
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            yield f"the part `{key}` stands twice", "take one out"
