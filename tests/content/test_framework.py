"""The e-commerce framework that ships: what the paper states of it, and what we promise beyond any framework's rules.

Counts and names marked `paper` are those of Fan, Jiang and Xu on e-commerce talent training (docs/framework.md).
"""

from __future__ import annotations

import re

import pytest

from qualoop.framework import Framework, load_framework, shipped_content
from qualoop.ledger import EvidenceForm
from qualoop.values import LANGUAGES


@pytest.fixture(scope="module")
def framework() -> Framework:
    return load_framework(shipped_content() / "ecommerce")


def test_seven_levels_ordered_without_gaps(framework: Framework) -> None:
    assert [level.rank for level in framework.levels.values()] == [1, 2, 3, 4, 5, 6, 7]


def test_all_28_descriptors(framework: Framework) -> None:
    assert list(framework.domains) == ["D1", "D2", "D3", "D4"]
    cells = [cell for level in framework.levels.values() for cell in level.descriptors]
    assert len({cell.code for cell in cells}) == 28
    for language in LANGUAGES:
        assert len({cell.text.by_language[language] for cell in cells}) == 28


def test_four_groups_and_six_posts_in_operation(framework: Framework) -> None:
    assert list(framework.job_groups) == ["JG-DES", "JG-OPS", "JG-SAL", "JG-SCM"]
    assert framework.job_groups["JG-OPS"].posts == ("OA", "CW", "NP", "SEM", "DA", "NM")
    assert list(framework.posts) == ["OA", "CW", "NP", "SEM", "DA", "NM"]


def test_the_search_marketing_post_has_one_unit_with_four_knowledge_points(framework: Framework) -> None:
    (unit,) = framework.units_of_post("SEM")
    assert (unit.code, unit.level, unit.credit, framework.hours_of_unit(unit.code)) == ("SEM-1", "L4", 6, 60)
    assert unit.knowledge_points == ("SEM-1.1", "SEM-1.2", "SEM-1.3", "SEM-1.4")


def test_14_units_with_48_knowledge_points_and_33_prerequisites(framework: Framework) -> None:
    points = framework.knowledge_points
    assert (len(framework.units), len(points)) == (14, 48)
    assert sum(len(point.prerequisites) for point in points.values()) == 33


def test_six_certificate_directions_over_these_units(framework: Framework) -> None:
    directions = framework.certificate_directions
    assert {code: [part.unit for part in direction.weights] for code, direction in directions.items()} == {
        "CD-CS": ["OA-2"],
        "CD-LOG": ["SCM-1"],
        "CD-IM": ["NP-1", "NP-2", "SEM-1"],
        "CD-DA": ["DA-1", "DA-2"],
        "CD-SCM": ["SCM-2"],
        "CD-CB": ["NM-1", "NM-2"],
    }


def test_whoever_takes_a_post_or_a_certificate_meets_every_prerequisite_in_it(framework: Framework) -> None:
    held = {post.code: post.units for post in framework.posts.values()}
    held |= {it.code: tuple(part.unit for part in it.weights) for it in framework.certificate_directions.values()}
    for holder, units in held.items():
        points = {point.code for unit in units for point in framework.knowledge_points_of_unit(unit)}
        needed = {point.code for code in points for point in framework.prerequisites_of(code)}
        assert needed <= points, holder


def test_codes_show_what_belongs_to_what(framework: Framework) -> None:
    for unit in framework.units.values():
        assert all(code.startswith(f"{unit.code}.") for code in unit.knowledge_points)
        assert all(criterion.code.startswith(f"{unit.code}.P") for criterion in unit.performance_criteria)


def test_every_knowledge_point_shows_in_a_performance_criterion(framework: Framework) -> None:
    for unit in framework.units.values():
        shown = {code for criterion in unit.performance_criteria for code in criterion.knowledge_points}
        assert shown == set(unit.knowledge_points)


def test_chinese_texts_are_chinese(framework: Framework) -> None:
    for point in framework.knowledge_points.values():
        for text in (point.title, point.statement):
            assert re.search("[\u4e00-\u9fff]", text.by_language["zh-Hans"])
            assert not re.search("[\u4e00-\u9fff]", text.by_language["en"])


def test_the_notices_that_the_sources_ask_for_are_kept(framework: Framework) -> None:
    notices = {source.id: source.notice or "" for source in framework.sources}
    assert "ESCO classification of the European Commission" in notices["ESCO"]
    assert "CC BY 4.0" in notices["ONET"]
    assert "has not approved, endorsed or tested these modifications" in notices["ONET"]
    readme = " ".join((shipped_content() / "ecommerce" / "README.md").read_text(encoding="utf-8").split())
    assert all(notice in readme for notice in notices.values())


def test_the_framework_and_the_ledger_mean_the_same_forms_of_evidence(framework: Framework) -> None:
    assert set(framework.document.vocabularies.evidence_form) == set(EvidenceForm)
