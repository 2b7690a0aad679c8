"""Reads and checks the folder of a practice project; never raises. What is built of it stands in `building`.

project.yaml                     the head (qualoop.simulators.ProjectFile)
brief.<lang>.md                  the situation, what is decided, how it is scored
debrief.<lang>.md                the model behind it, what experts do, what real platforms do otherwise
packs/<name>.yaml                dated rules, as the engine wants them
rubric.yaml                      where people judge the work: by which rows (qualoop.assessment.rubric)
samples.yaml                     works that staff have scored, for peers to be calibrated by (qualoop.assessment.samples)

A live project (`mode: live`) has another head and no world: `live_files` checks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from qualoop.assessment.rubric import RUBRIC_FILE, Rubric
from qualoop.assessment.samples import SAMPLES_FILE, Sample, SamplesFile, note_sample_faults
from qualoop.authored_files import Problems, read_yaml
from qualoop.content_packages.live import LIVE
from qualoop.content_packages.live_files import CheckedLiveProject, check_live_project
from qualoop.content_packages.model_faults import note_fault
from qualoop.content_packages.project_head import HeadCheck
from qualoop.content_packages.shape import read_whole
from qualoop.errors import MissingExtraError
from qualoop.framework import Framework
from qualoop.simulators import (
    PROJECT_FILE,
    ChecksPacks,
    Engine,
    JudgedEngine,
    ProjectFile,
    SimulatorError,
    UnknownEngineError,
    WorldKey,
    engine_names,
    get_engine,
    parts_of,
)

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
    samples: tuple[Sample, ...] = ()


def check_project(
    folder: Path, framework: Framework | None, problems: Problems
) -> CheckedProject | CheckedLiveProject | None:
    """Return the project in ``folder``, or None where ``problems`` holds any; its mode says which of the two it is."""
    file = read_yaml(folder, PROJECT_FILE, problems)
    if file is not None and isinstance(file.data, Mapping) and file.data.get("mode") == LIVE:
        return check_live_project(folder, file, framework, problems)
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
    samples = check.samples(rubric)
    if spec is None or len(problems):
        return None
    return CheckedProject(project=project, spec=spec, texts=texts, rubric=rubric, samples=samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check(HeadCheck[ProjectFile]):
    def head(self) -> None:
        project = self.project
        self.check_name()
        parts = [(("parts", index, "title"), part.title) for index, part in enumerate(project.parts)]
        roles = [(("roles", index, "title"), role.title) for index, role in enumerate(project.roles)]
        self.check_languages([*parts, *roles])

    def framework(self, framework: Framework) -> None:
        if not self.is_of(framework):
            return
        for index, part in enumerate(self.project.parts):
            for code in part.knowledge_points:
                if framework.find_knowledge_point(code) is None:
                    self.note_unknown(("parts", index, "knowledge_points"), code, "kp-unknown")
        self.check_codes(framework)

    def rubric(self, framework: Framework | None) -> Rubric | None:
        """Return the rubric beside the project, None where there is none; note where the two do not fit each other."""
        if not (self.folder / RUBRIC_FILE).exists():
            return None
        found = self.read_rubric(framework)
        if found is None:
            return None
        file, rubric = found
        for field, message, repair in self._rubric_faults(rubric):
            self.note_rubric(file, field, message, repair=repair)
        return rubric

    def samples(self, rubric: Rubric | None) -> tuple[Sample, ...]:
        """Return the samples beside the rubric, none where there is no file; note what is wrong with them."""
        if not (self.folder / SAMPLES_FILE).exists():
            return ()
        file = read_yaml(self.folder, SAMPLES_FILE, self.problems)
        found: SamplesFile | None = read_whole(SamplesFile, file, self.problems)
        if file is None or found is None:
            return ()
        if rubric is None:
            if not (self.folder / RUBRIC_FILE).exists():
                message = "samples are scored by a rubric, and there is none"
                self.problems.add(file, (), "samples-project", message, repair="add rubric.yaml, or drop the samples")
            return ()
        note_sample_faults(file, found.samples, rubric, languages=self.project.languages, problems=self.problems)
        return found.samples

    def _rubric_faults(self, rubric: Rubric) -> Iterator[tuple[str, str, str]]:
        project = self.project
        if project.score.kind != "judged":
            yield "format", "nobody judges a computed project", "say `score: {kind: judged}`, or take the rubric out"
        elif project.engine in engine_names() and not isinstance(get_engine(project.engine), JudgedEngine):
            yield "format", f"the engine `{project.engine}` makes no work that could be judged", "take the rubric out"
        for key in sorted({row.key for row in rubric.rows} & {part.key for part in project.parts}):
            yield "rows", f"`{key}` is a part of the project too", "rename the row"

    def world(self) -> BaseModel | None:
        """Return the world's spec, checked by its engine; note where parts and components are not the same."""
        project = self.project
        try:
            engine = get_engine(project.engine)
        except MissingExtraError:
            raise
        except SimulatorError as error:
            repair = "name one of them" if isinstance(error, UnknownEngineError) else "mend what it names"
            self.problems.add(self.file, ("engine",), error.code, str(error), repair=repair)
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
            before = len(self.problems)
            if isinstance(engine, ChecksPacks):
                for name in given["packs"]:
                    engine.check_pack(self.folder, name, self.problems)
            if len(self.problems) > before:
                # With its lines; the world would only say it again.
                return None
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
