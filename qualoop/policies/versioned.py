"""Reading policy data: one YAML file an id, which stays as it is once it was used; a change is a new file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from qualoop.authored_files import AuthoredFilesError, Problems, parse_model, read_yaml
from qualoop.errors import QualoopError
from qualoop.values import KEY_PATTERN


class Authored(BaseModel):
    """A part of a file that somebody writes: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Versioned(Authored):
    """The whole of a file that is known by its id."""

    id: Annotated[str, Field(pattern=f"^(?:{KEY_PATTERN.pattern})$")]


Model = TypeVar("Model", bound=Versioned)


def load_versioned(model: type[Model], folder: Path, wanted: str, *, missing: QualoopError, code: str) -> Model:
    """Read the file ``wanted``.yaml of ``folder`` as a model.

    Raises ``missing`` where there is none, AuthoredFilesError with all problems of the file; the problem of a file that
    has another id than its name bears ``code``.
    """
    name = f"{wanted}.yaml"
    if not KEY_PATTERN.fullmatch(wanted) or not (folder / name).is_file():
        raise missing
    problems = Problems()
    file = read_yaml(folder, name, problems)
    read = parse_model(model, file, problems) if file else None
    if file is None or read is None:
        raise AuthoredFilesError(problems)
    if read.id != wanted:
        problems.add(file, ("id",), code, f"the id {read.id} is not the name of the file", repair=f"write {wanted}")
    problems.raise_if_any()
    return read
