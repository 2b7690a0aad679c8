"""The record as a tree, on the framework that comes with Qualoop."""

from __future__ import annotations

import pytest

from qualoop.records import KnowledgePointRecord, Record, Status, build_points, build_record
from tests.factories.packages import ecommerce
from tests.unit.records.evidence import START, entry, reading


def points(record: Record) -> dict[str, KnowledgePointRecord]:
    return {point.point.code: point for section in record.sections for unit in section.units for point in unit.points}


def test_a_new_learner_has_the_whole_tree_and_nothing_in_it() -> None:
    record = build_record(ecommerce(), {}, [])
    assert set(points(record)) == set(ecommerce().knowledge_points)
    assert all(point.status is Status.NO_EVIDENCE and point.reading is None for point in points(record).values())
    assert record.open == ()
    assert record.others == record.sections


def test_units_without_a_post_hang_from_their_group() -> None:
    record = build_record(ecommerce(), {}, [])
    assert {unit.unit.code for section in record.sections for unit in section.units} == set(ecommerce().units)
    assert {section.code for section in record.sections} == {"OA", "CW", "NP", "SEM", "DA", "NM", "JG-SAL", "JG-SCM"}


def test_what_has_evidence_comes_first() -> None:
    record = build_record(ecommerce(), {"SEM-1.1": reading(1, 1, n=1)}, [entry(1, "SEM-1.1")])
    assert [section.code for section in record.open] == ["SEM"]
    assert "SEM" not in {section.code for section in record.others}


def test_what_is_taught_is_open_before_any_answer() -> None:
    record = build_record(ecommerce(), {}, [], taught=["DA-1.2"])
    [section] = record.open
    assert section.code == "DA"
    assert {unit.unit.code: unit.is_open for unit in section.units} == {"DA-1": True, "DA-2": False}


def test_a_point_shows_its_reading_with_items_dates_and_evidence() -> None:
    evidence = [
        entry(1, "SEM-1.1", part="a"),
        entry(2, "SEM-1.1", "SEM-1.2", part="b"),
        entry(3, "SEM-1.1", part="a"),
    ]
    record = build_record(ecommerce(), {"SEM-1.1": reading(1, 1, n=3), "SEM-1.2": reading(0, 1, n=1)}, evidence)
    point = points(record)["SEM-1.1"]
    assert point.reading == reading(1, 1, n=3)
    assert point.items == 2
    assert [one.seq for one in point.evidence] == [3, 2, 1]
    assert point.last == evidence[2].at > START
    assert [one.seq for one in points(record)["SEM-1.2"].evidence] == [2]


def test_a_level_never_stands_without_evidence() -> None:
    record = build_record(ecommerce(), {"SEM-1.1": reading(1, 1)}, [])
    assert points(record)["SEM-1.1"].reading is None


@pytest.mark.parametrize(("answers", "covered"), [(2, 0), (3, 1), (4, 1)])
def test_a_unit_is_covered_where_points_have_three_answers(answers: int, covered: int) -> None:
    record = build_record(ecommerce(), {"SEM-1.1": reading(1, 1, n=answers)}, [entry(1, "SEM-1.1")])
    [unit] = record.open[0].units
    assert (unit.covered, len(unit.points)) == (covered, 4)


def test_prerequisites_stand_beside_a_point_with_their_status() -> None:
    evidence = [entry(number, "SEM-1.1", part=f"p{number}") for number in range(3)]
    record = build_record(ecommerce(), {"SEM-1.1": reading(5, 0.5)}, evidence)
    assert [(one.point.code, one.status) for one in points(record)["SEM-1.2"].prerequisites] == [
        ("SEM-1.1", Status.PROVISIONAL)
    ]


def test_evidence_of_another_framework_is_left_out() -> None:
    record = build_record(ecommerce(), {"XX-1": reading(1, 1)}, [entry(1, "XX-1")])
    assert record.open == ()


def test_a_few_points_come_in_the_order_asked_for() -> None:
    found = build_points(ecommerce(), ["SEM-1.2", "SEM-1.1"], {"SEM-1.1": reading(1, 1)}, [entry(1, "SEM-1.1")])
    assert [(point.point.code, len(point.evidence)) for point in found] == [("SEM-1.2", 0), ("SEM-1.1", 1)]


def test_a_level_that_has_moved_since_says_by_how_much() -> None:
    [point] = build_points(ecommerce(), ["SEM-1.1"], {"SEM-1.1": reading(0, 1)}, [entry(1, "SEM-1.1")])
    assert point.drift == pytest.approx(0.5 - 0.616)
    [untouched] = build_points(ecommerce(), ["SEM-1.1"], {}, [])
    assert untouched.drift is None


def test_an_entry_tells_its_weight_apart_from_its_change() -> None:
    one = entry(1, "SEM-1.1")
    assert (one.omega, one.weight_why["zh-Hans"]) == ("0.5", "测验题")
    assert "weight" not in one.change
