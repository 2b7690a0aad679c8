"""What a framework answers, and that nothing is lost between files, framework and document."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from qualoop.framework import AuthoredFilesError, Framework, UnknownCodeError, from_document, load_framework

SOUND = Path(__file__).parent / "sound"


@pytest.fixture
def framework() -> Framework:
    return load_framework(SOUND)


def codes(records: Iterable[Any]) -> list[str]:
    return [record.code for record in records]


def test_head(framework: Framework) -> None:
    assert (framework.code, framework.version, framework.status) == ("TEA", "1.2.0", "draft")
    assert framework.title["zh-Hans"] == "茶馆"
    assert [source.id for source in framework.sources] == ["ESCO"]


def test_levels_and_domains_stand_in_their_declared_order_not_in_that_of_names_or_files(framework: Framework) -> None:
    assert list(framework.levels) == ["TWO", "ONE"]
    assert list(framework.domains) == ["D1", "D2"]


def test_links_can_be_walked_both_ways(framework: Framework) -> None:
    assert codes(framework.units_of_post("HOST")) == ["BREW"]
    assert codes(framework.posts_of_unit("BREW")) == ["HOST"]
    assert codes(framework.posts_of_unit("SERVE")) == []
    assert codes(framework.knowledge_points_of_unit("BREW")) == ["TIME", "LEAF", "WATER"]
    assert codes(framework.units_of_knowledge_point("LEAF")) == ["BREW", "SERVE"]


def test_prerequisites_come_in_an_order_in_which_they_can_be_learnt(framework: Framework) -> None:
    assert codes(framework.prerequisites_of("TIME")) == ["LEAF", "WATER"]
    assert codes(framework.prerequisites_of("LEAF")) == []


def test_hours_are_credit_times_the_factor(framework: Framework) -> None:
    assert framework.hours_of_unit("BREW") == 30


def test_find_may_return_nothing_and_get_raises(framework: Framework) -> None:
    assert framework.find_knowledge_point("LEAF") is framework.get_knowledge_point("LEAF")
    assert framework.find_knowledge_point("BREW") is None
    for get in (framework.get_knowledge_point, framework.get_unit, framework.get_post, framework.prerequisites_of):
        with pytest.raises(UnknownCodeError, match="'NONE' names nothing of that kind in TEA") as raised:
            get("NONE")
        assert raised.value.code == "framework-unknown-code"


def test_nothing_of_a_framework_can_be_changed(framework: Framework) -> None:
    with pytest.raises(AttributeError):
        framework.content_hash = ""  # type: ignore[misc]
    with pytest.raises(TypeError):
        framework.units["NEW"] = framework.get_unit("BREW")  # type: ignore[index]
    with pytest.raises(ValueError, match="frozen"):
        framework.get_unit("BREW").credit = 99


def test_a_document_is_plain_json_and_makes_the_same_framework(framework: Framework) -> None:
    document = json.loads(json.dumps(framework.to_document()))
    assert from_document(document) == framework


def test_the_hash_is_of_the_content_and_not_of_how_it_is_split(framework: Framework, tmp_path: Path) -> None:
    document = framework.to_document()
    (tmp_path / "framework.yaml").write_text(json.dumps(document), encoding="utf-8")
    assert load_framework(tmp_path).content_hash == framework.content_hash
    document["units"][0]["title"]["zh-Hans"] += "。"
    assert from_document(document).content_hash != framework.content_hash


def test_the_hash_never_changes_by_a_change_of_ours(framework: Framework) -> None:
    """Stored versions are known by it: a change of the schema must leave it as it is for what it does not concern."""
    assert framework.content_hash == "110811995e4ee47474e9f3934912e79f2a2e4caff2d9214e1df9e2cdedc49f01"


@pytest.mark.parametrize("change", [{"format_version": 2}, {"levels": []}, {"units": None}])
def test_a_document_that_breaks_a_rule_is_refused(framework: Framework, change: dict[str, Any]) -> None:
    with pytest.raises(AuthoredFilesError, match="document:1: "):
        from_document({**framework.to_document(), **change})


def test_a_long_chain_of_prerequisites_is_no_deep_recursion(framework: Framework) -> None:
    document = framework.to_document()
    first = document["knowledge_points"][1]
    chain = [
        {
            **first,
            "code": f"K{number}",
            "title": {"en": f"K{number}", "zh-Hans": f"点{number}"},
            "prerequisites": before,
        }
        for number in range(3000)
        for before in ([f"K{number - 1}"] if number else [],)
    ]
    document["knowledge_points"] += chain
    document["units"][0]["knowledge_points"] += [point["code"] for point in chain]
    assert len(from_document(document).prerequisites_of("K2999")) == 2999
