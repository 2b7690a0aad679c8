"""A place's knowledge points become tags of the platform where it has the taxonomy, and never stand in the way."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.integration.xblocks.learners import Learner, placed
from tests.integration.xblocks.saving import saved
from xblocks.common.tags import LIBRARIES, sync_tags


@dataclass(kw_only=True)
class Tagging:
    """The tagging library as far as blocks use it, with one taxonomy."""

    tagged: dict[str, list[str]] = field(default_factory=dict)
    broken: bool = False

    def get_taxonomy_by_export_id(self, export_id: str) -> Any:
        return SimpleNamespace(tag_set=self) if export_id == "qualoop-ecq" else None

    def filter(self, *, external_id__in: list[str]) -> list[Any]:
        return [SimpleNamespace(value=f"{code} in words") for code in external_id__in]

    def tag_object(self, object_id: str, _taxonomy: Any, values: list[str]) -> None:
        if self.broken:
            raise LookupError(object_id)
        self.tagged[object_id] = values


@pytest.fixture(params=LIBRARIES)
def tagging(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Tagging:
    library = Tagging()
    parts = request.param.split(".")
    for depth in range(1, len(parts)):
        monkeypatch.setitem(sys.modules, ".".join(parts[:depth]), ModuleType(parts[depth - 1]))
    monkeypatch.setitem(sys.modules, request.param, library)
    return library


def test_saving_tags_the_place(tagging: Tagging) -> None:
    saved(Learner(place=placed("full")), {"knowledge_points": ["SEM-1.3"]})

    assert tagging.tagged == {"lesson-1": ["SEM-1.3 in words"]}


def test_without_points_of_its_own_the_activitys_are_taken(tagging: Tagging) -> None:
    saved(Learner(place=placed("full")), {"weight": 2})

    assert tagging.tagged == {"lesson-1": ["SEM-1.1 in words", "SEM-1.3 in words"]}


def test_what_fails_there_is_logged_and_the_settings_are_saved(
    tagging: Tagging, caplog: pytest.LogCaptureFixture
) -> None:
    tagging.broken = True
    response, block = saved(Learner(place=placed("full")), {"weight": 2})

    assert (response.status_code, block.weight) == (200, 2.0)
    assert "lesson-1 were not made tags" in caplog.text


def test_without_the_library_nothing_happens() -> None:
    assert not sync_tags(Learner(place=placed("full")).block())
