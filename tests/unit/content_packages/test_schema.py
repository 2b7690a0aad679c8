"""The JSON Schema that editors use says what the loader accepts."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from qualoop.content_packages import json_schema
from tests.factories.packages import PACKAGES, VALID

SCHEMAS = json_schema()


def test_there_is_one_for_each_authored_yaml_file() -> None:
    assert SCHEMAS.keys() == {"lesson.yaml", "items.yaml", "project.yaml"}


def test_every_field_that_a_person_writes_is_explained() -> None:
    parts = SCHEMAS["project.yaml"]["$defs"]
    models = [SCHEMAS["lesson.yaml"], *(parts[name] for name in ("ProjectFile", "LiveProjectFile", "Milestone"))]
    fields = [(name, field) for model in models for name, field in model["properties"].items()]
    assert [name for name, field in fields if "description" not in field and "$ref" not in field] == []


def test_the_mode_of_a_project_decides_which_form_an_editor_explains() -> None:
    schema = SCHEMAS["project.yaml"]
    assert schema["if"]["properties"] == {"mode": {"const": "live"}}
    assert (schema["then"]["$ref"], schema["else"]["$ref"]) == ("#/$defs/LiveProjectFile", "#/$defs/ProjectFile")


@pytest.mark.parametrize("file", ["lesson.yaml", "items.yaml"])
@pytest.mark.parametrize("name", VALID)
def test_valid_packages_use_known_fields_only(name: str, file: str) -> None:
    data: dict[str, Any] = yaml.safe_load((PACKAGES / name / file).read_text(encoding="utf-8"))
    schema = SCHEMAS[file]

    assert data.keys() <= schema["properties"].keys()
    assert set(schema["required"]) <= data.keys()
    assert schema["additionalProperties"] is False
