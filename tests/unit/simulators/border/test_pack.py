"""Packs of rules: what is shipped is sound, and every fault is told with its line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from qualoop.authored_files import Problems
from qualoop.content_packages.project_files import check_project
from qualoop.simulators.border.pack import CustomsPack
from qualoop.simulators.border.reading import HERE, SHIPPED_PACK, pack_of, read_pack, shipped_pack_data
from qualoop.simulators.errors import SpecRefusedError

PROJECT = Path(__file__).parents[4] / "content/ecommerce/projects/scm-landed-cost/packs"

SMALL = """\
pack: customs
version: 2026-07-01
checked_on: 2026-11-20
checked_by: somebody
origin: CN
sources:
  act: {title: An act, url: "https://example.org/act"}
zones:
  EU: {currency: EUR, basis: cif, title: {en: EU}}
destinations:
  DE: {zone: EU, vat: 0.19, title: {en: Germany}}
exchange:
  - {currency: EUR, yuan: 8, valid_from: 2026-01-01, valid_to: 2026-06-30}
  - {currency: EUR, yuan: 7, valid_from: 2026-07-01}
headings:
  - {hs6: "610910", rates: {EU: 0.12}, title: {en: shirts}}
  - {hs6: "910211", rates: {EU: 0.02}, title: {en: watches}}
rules:
  - id: old
    where: {zone: EU, value_max: 150}
    title: {en: old}
    valid_from: 2021-07-01
    valid_to: 2026-06-30
    effect: {duty: {kind: none}, vat: {collected: none, base: []}}
    sources: [act]
  - id: new
    where: {zone: EU, value_max: 150}
    title: {en: new}
    valid_from: 2026-07-01
    effect: {duty: {kind: per-heading, amount: 3}, vat: {collected: checkout, base: [goods]}}
    sources: [act]
    replaces: old
"""


def problems_of(tmp_path: Path, text: str) -> tuple[CustomsPack | None, list[tuple[int, str]]]:
    (tmp_path / "customs.yaml").write_text(text, encoding="utf-8")
    problems = Problems()
    pack = read_pack(tmp_path, "customs.yaml", problems)
    return pack, [(problem.line, problem.code) for problem in problems]


def test_what_is_shipped_is_sound() -> None:
    problems = Problems()
    pack = read_pack(HERE, SHIPPED_PACK, problems)
    assert list(problems) == []
    assert pack is not None
    assert all(heading.teaching for heading in pack.headings)
    assert {rule.id for rule in pack.rules if rule.verify} == {
        "eu.small.no-ioss",
        "us.post.2025",
        "us.after",
        "us.repeal",
    }


def test_the_project_carries_the_same_pack() -> None:
    assert (PROJECT / "customs.yaml").read_bytes() == (HERE / SHIPPED_PACK).read_bytes()


def test_a_fault_in_a_projects_pack_is_told_with_the_packs_line(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(PROJECT.parent, tmp_path / PROJECT.parent.name))
    pack = folder / "packs" / "customs.yaml"
    text = pack.read_text(encoding="utf-8")
    number, old = next(
        (at, line) for at, line in enumerate(text.splitlines(), 1) if "zone: EU" in line and "where" in line
    )
    pack.write_text(text.replace(old, old.replace("zone: EU", "zone: XX"), 1), encoding="utf-8")
    problems = Problems()
    assert check_project(folder, None, problems) is None
    assert {(problem.file, problem.line) for problem in problems} == {("packs/customs.yaml", number)}


def test_a_small_pack_is_read(tmp_path: Path) -> None:
    pack, found = problems_of(tmp_path, SMALL)
    assert found == []
    assert pack is not None
    assert [rule.id for rule in pack.rules] == ["old", "new"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("valid_to: 2026-06-30\n    effect", "valid_to: 2026-07-01\n    effect", {(26, "rules-overlap")}),
        ("valid_to: 2026-06-30\n    effect", "valid_to: 2026-06-29\n    effect", {(32, "replaces-dates")}),
        ("valid_to: 2026-06-30\n    effect", "valid_to: 2021-06-30\n    effect", {(23, "dates-reversed")}),
        ("zone: EU, vat", "zone: XX, vat", {(11, "unknown-name")}),
        ("replaces: old", "replaces: older", {(32, "unknown-name")}),
        ("replaces: old", "verify: true", {(26, "rule-effect")}),
        ("valid_to: 2026-06-30}", "valid_to: 2026-07-01}", {(14, "exchange-overlap")}),
        ('"910211", rates: {EU: 0.02}', '"910211", rates: {}', {(17, "rate-missing")}),
        ('"910211"', '"610910"', {(17, "repeated-key")}),
        ("id: new", "id: old", {(26, "repeated-key")}),
        ("https://example.org", "http://example.org", {(7, "schema-string-pattern-mismatch")}),
        ("rates: {EU: 0.12}", "rates: {EU: -0.12}", {(16, "schema-greater-than-equal")}),
        ("yuan: 8,", 'yuan: "NaN",', {(13, "schema-finite-number")}),
        ("amount: 3", "amount: 3, per: parcel", {(30, "schema-extra-forbidden")}),
        ("where: {zone: EU, value_max: 150}\n    title: {en: new}", "where: {zone: EU}\n    title: {en: new}", set()),
    ],
)
def test_each_fault_is_told_with_its_line(tmp_path: Path, old: str, new: str, expected: set[tuple[int, str]]) -> None:
    assert SMALL.count(old) == 1
    pack, found = problems_of(tmp_path, SMALL.replace(old, new))
    assert expected <= set(found)
    assert (pack is None) == bool(expected)


def test_all_faults_at_once(tmp_path: Path) -> None:
    text = SMALL.replace("sources: [act]", "sources: [law]").replace("zone: EU, vat", "zone: XX, vat")
    assert [code for _, code in problems_of(tmp_path, text)[1]] == ["unknown-name"] * 3


def test_overlap_names_both_rules(tmp_path: Path) -> None:
    (tmp_path / "customs.yaml").write_text(SMALL.replace("valid_to: 2026-06-30\n    effect", "effect"), "utf-8")
    problems = Problems()
    read_pack(tmp_path, "customs.yaml", problems)
    assert any("`old` and `new`" in problem.message for problem in problems)


def test_a_project_with_a_wrong_pack_is_refused() -> None:
    data = dict(shipped_pack_data())
    with pytest.raises(SpecRefusedError, match="no `XX`"):
        pack_of(data | {"destinations": {"DE": {"zone": "XX", "vat": "0.19", "title": {"en": "Germany"}}}})
    with pytest.raises(SpecRefusedError, match="rules"):
        pack_of(data | {"rules": []})
