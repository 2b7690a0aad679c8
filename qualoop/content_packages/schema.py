"""The files of a micro-lesson package as authors write them.

The models are the documentation: editors' JSON Schema is made from them.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator
from pydantic.json_schema import models_json_schema

from qualoop.assessment import Item
from qualoop.assessment.items import Key, Language
from qualoop.content_packages.live import LIVE, LiveProjectFile
from qualoop.simulators import PROJECT_FILE, ProjectFile
from qualoop.values import Text

FORMAT: Final = "qualoop-package"
FORMAT_VERSION: Final = 1
LESSON_FILE: Final = "lesson.yaml"
ITEMS_FILE: Final = "items.yaml"

VERSION_PATTERN: Final = r"^\d+\.\d+\.\d+$"
HTTPS_PATTERN: Final = r"^https://[^\s/@]+(?:/\S*)?$"

_JSON_SCHEMA_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


Version = Annotated[str, Field(pattern=VERSION_PATTERN)]
HttpsAddress = Annotated[str, Field(pattern=HTTPS_PATTERN, max_length=2000)]
PackagePath = Annotated[str, Field(min_length=1, max_length=200)]


class _Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class FrameworkReference(_Authored):
    """The framework whose knowledge points the package names."""

    code: str = Field(description="Code of the framework, such as ECQ.", min_length=1, max_length=32)
    version: Version = Field(description="Version of the framework that the tags were made under.")


class Source(_Authored):
    """Where something in the lesson comes from."""

    title: str = Field(description="Title as it stands at the source.", min_length=1, max_length=300)
    url: HttpsAddress = Field(description="Address, https only.")


class ReadingStep(_Authored):
    """A section of text."""

    key: Key
    type: Literal["reading"]
    section: Key = Field(description="Key of a section: `## Title {#key}` in lesson.<language>.md.")


class QuestionStep(_Authored):
    """A question."""

    key: Key
    type: Literal["question"]
    item: Key = Field(description="Key of an item in items.yaml.")


class MediaStep(_Authored):
    """A recording, from a file of the package or from an address. Captions are WebVTT files by language."""

    key: Key
    title: Text = Field(description="What the recording is about.")
    file: PackagePath | None = Field(default=None, description="The recording in the package: media/….")
    address: HttpsAddress | None = Field(default=None, description="The recording elsewhere, https only.")
    captions: dict[Language, PackagePath] = Field(default={}, description="WebVTT file per language: media/….vtt.")
    transcript: dict[Language, PackagePath] = Field(description="Markdown file per language: media/….md.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.address is None):
            raise ValueError("give exactly one of `file` and `address`")
        return self


class AudioStep(MediaStep):
    """Something to listen to."""

    type: Literal["audio"]


class VideoStep(MediaStep):
    """Something to watch."""

    type: Literal["video"]
    captions: dict[Language, PackagePath] = Field(description="WebVTT file per language: media/….vtt.")


Step = Annotated[ReadingStep | QuestionStep | AudioStep | VideoStep, Field(discriminator="type")]


class LessonFile(_Authored):
    """lesson.yaml: the head of a micro-lesson and its steps."""

    format: Literal["qualoop-package"] = Field(description="Always qualoop-package.")
    format_version: Literal[1] = Field(description="Always 1.")
    kind: Literal["micro-lesson"] = Field(description="Always micro-lesson.")
    key: Key = Field(description="Name of the folder; never changes.")
    version: Version = Field(description="A label for people, such as 1.0.0; what identifies a version is its content.")
    framework: FrameworkReference
    title: Text = Field(description="Title.")
    summary: Text = Field(description="One or two sentences: what one can do after the lesson.")
    minutes: StrictInt = Field(description="How long the lesson takes, 3 to 10 minutes.", ge=3, le=10)
    knowledge_points: list[str] = Field(description="One to three knowledge point codes.", min_length=1, max_length=3)
    languages: list[Language] = Field(description="Languages in which the package is complete.", min_length=1)
    authors: list[str] = Field(description="Who made it.", min_length=1)
    licence: str = Field(description="SPDX licence identifier, such as CC-BY-4.0.", min_length=1, max_length=64)
    sources: tuple[Source, ...] = Field(
        default=(), description="Where facts come from; shown at the end of the lesson."
    )
    steps: list[Step] = Field(description="What the learner meets, in this order.", min_length=1, max_length=60)
    readiness: tuple[Key, ...] = Field(
        default=(),
        max_length=6,
        description="Keys of items for readiness checks before a class, three to six: asked there, and by no step. Each "
        "serves one knowledge point and stands for itself, without a picture.",
    )


class ItemsFile(_Authored):
    """items.yaml: the questions of a micro-lesson."""

    items: list[Item] = Field(
        description="Every item is asked by exactly one question step, or named by `readiness`.", min_length=1
    )


def json_schema() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema (draft 2020-12) of each authored YAML file, by file name.

    That of project.yaml has two forms: `mode: live` decides, so that an editor explains the one that is written.
    """
    models: dict[str, type[BaseModel]] = {LESSON_FILE: LessonFile, ITEMS_FILE: ItemsFile}
    single = {name: model.model_json_schema() for name, model in models.items()}
    every = {**single, PROJECT_FILE: _project_schema()}
    return {name: {"$schema": _JSON_SCHEMA_DIALECT, **schema} for name, schema in every.items()}


def _project_schema() -> dict[str, Any]:
    references, schema = models_json_schema([(ProjectFile, "validation"), (LiveProjectFile, "validation")])
    return {
        "if": {"properties": {"mode": {"const": LIVE}}, "required": ["mode"]},
        "then": references[LiveProjectFile, "validation"],
        "else": references[ProjectFile, "validation"],
        **schema,
    }
