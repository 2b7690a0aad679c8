"""Rubrics as files: read, every fault with its line, one hash for one content."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from qualoop.assessment.rubric import (
    Rubric,
    content_hash,
    document_of,
    json_schema,
    load_rubric,
    manifest_parts,
    read_rubric,
    rubric_tags,
)
from qualoop.authored_files import AuthoredFilesError
from qualoop.framework import Framework, load_framework, shipped_content
from tests.factories.rubrics import RUBRIC, the_rubric


@pytest.fixture(scope="module")
def framework() -> Framework:
    return load_framework(shipped_content() / "ecommerce")


def problems(text: str, framework: Framework | None = None) -> list[tuple[int, str]]:
    with pytest.raises(AuthoredFilesError) as caught:
        read_rubric(text, framework)
    return [(problem.line, problem.code) for problem in caught.value.problems]


def line_of(part: str, text: str = RUBRIC, *, nth: int = 1) -> int:
    numbers = [number for number, line in enumerate(text.splitlines(), 1) if part in line]
    return numbers[nth - 1]


def test_a_rubric_is_read(tmp_path: Path, framework: Framework) -> None:
    (tmp_path / "rubric.yaml").write_text(RUBRIC, encoding="utf-8")
    rubric = load_rubric(tmp_path, framework)
    assert [row.key for row in rubric.rows] == ["headline", "evidence"]
    assert rubric.highest == 10
    assert rubric.rows[1].levels[1].highest == 3
    assert rubric.rows[0].levels[2].title["zh-Hans"] == "熟练"


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(AuthoredFilesError, match="file-missing"):
        load_rubric(tmp_path, None)


def test_each_row_is_a_part_with_its_knowledge_points() -> None:
    rubric = the_rubric()
    assert [part["key"] for part in manifest_parts(rubric)] == ["headline", "evidence"]
    assert rubric_tags(rubric) == {"headline": {"SEM-1.1": "1"}, "evidence": {"SEM-1.2": "1"}}


def test_a_document_makes_the_same_rubric_again() -> None:
    rubric = the_rubric()
    again = Rubric.model_validate(document_of(rubric))
    assert again == rubric
    assert content_hash(again) == content_hash(rubric)


def test_the_label_is_no_content_and_every_word_is() -> None:
    rubric = the_rubric()
    relabelled = read_rubric(RUBRIC.replace("version: 1.0.0", "version: 1.0.1"), None)
    reworded = read_rubric(RUBRIC.replace("but vague", "and vague"), None)
    assert content_hash(relabelled) == content_hash(rubric)
    assert content_hash(reworded) != content_hash(rubric)


def test_levels_whose_points_do_not_grow() -> None:
    text = RUBRIC.replace("points: 4\n        up_to: 6", "points: 3\n        up_to: 6")
    assert problems(text) == [(line_of("points: 3", text), "rubric-points")]


def test_a_range_that_ends_before_it_begins() -> None:
    text = RUBRIC.replace("up_to: 6", "up_to: 3.5")
    assert problems(text) == [(line_of("up_to: 3.5", text), "rubric-range")]


def test_two_rows_of_one_key() -> None:
    text = RUBRIC.replace("key: evidence", "key: headline")
    assert problems(text) == [(line_of("key: headline", text, nth=2), "rubric-row-repeated")]


def test_a_text_that_lacks_a_language() -> None:
    text = RUBRIC.replace(", zh-Hans: 标题}", "}")
    assert problems(text) == [(line_of("{en: Headline}", text), "rubric-language-missing")]


def test_weights_that_do_not_sum_to_one() -> None:
    text = RUBRIC.replace("{SEM-1.2: 1}", "{SEM-1.2: 0.5}")
    assert problems(text) == [(line_of("SEM-1.2", text), "rubric-weights")]


def test_a_knowledge_point_that_is_none(framework: Framework) -> None:
    text = RUBRIC.replace("SEM-1.2", "SEM-9.9")
    assert problems(text, framework) == [(line_of("SEM-9.9", text), "rubric-knowledge-point")]
    assert read_rubric(text, None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("points: 2", "points: -1"),
        ("points: 2", "points: 'NaN'"),
        ("points: 2", "points: 1e9"),
        ("points: 2", "points: 2.001"),
        ("key: evidence", "key: Not A Key"),
        ("format_version: 1", "format_version: 2"),
        ("languages: [en, zh-Hans]", "languages: [en, de]"),
        ("points: 2", "points: 2\n        colour: red"),
    ],
)
def test_what_does_not_fit_the_form_is_told_with_its_line(old: str, new: str) -> None:
    found = problems(RUBRIC.replace(old, new))
    assert found
    assert all(code.startswith("schema-") and line >= line_of(old.split(":", maxsplit=1)[0]) for line, code in found)


def test_the_schema_says_what_each_field_is_for() -> None:
    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    level = schema["$defs"]["RubricLevel"]["properties"]
    assert all("description" in each for each in level.values())


def test_points_are_exact() -> None:
    level = read_rubric(RUBRIC.replace("up_to: 3", "up_to: 2.55"), None).rows[1].levels[1]
    assert level.highest == Decimal("2.55")
    assert level.holds(Decimal("2.55"))
    assert not level.holds(Decimal("2.56"))
    assert not level.holds(Decimal("0.99"))
