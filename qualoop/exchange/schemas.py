"""The JSON Schema of every message, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from qualoop.exchange.change_messages import ChangesPage
from qualoop.exchange.evidence_messages import BatchResult, EvidenceBatch
from qualoop.exchange.override_messages import GradeOverride, OverrideResult
from qualoop.exchange.problems import Problem
from qualoop.exchange.version_messages import RegisteredVersion, VersionRegistration

PLACE: Final = "#/components/schemas/"

_READ: Final[tuple[type[BaseModel], ...]] = (EvidenceBatch, GradeOverride, VersionRegistration)
_WRITTEN: Final[tuple[type[BaseModel], ...]] = (
    BatchResult,
    ChangesPage,
    OverrideResult,
    Problem,
    RegisteredVersion,
)


def message_schemas() -> dict[str, Any]:
    """Return the schemas by name; they refer to each other below `PLACE`."""
    asked = [*((model, "validation") for model in _READ), *((model, "serialization") for model in _WRITTEN)]
    _, made = models_json_schema(asked, by_alias=True, ref_template=PLACE + "{model}")  # type: ignore[arg-type]
    found: dict[str, Any] = made["$defs"]
    return found
