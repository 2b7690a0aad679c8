"""A framework as tags of Open edX."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from qualoop.commands import main
from qualoop.exchange.openedx_taxonomy import as_json, tag_rows
from qualoop.framework import load_framework, shipped_content

ECQ = load_framework(shipped_content() / "ecommerce")


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_every_unit_and_point_is_one_tag_below_one_that_came_before(language: str) -> None:
    rows = list(tag_rows(ECQ, language))
    ids = [row["id"] for row in rows]
    assert sorted(ids) == sorted([*ECQ.units, *ECQ.knowledge_points])
    assert len({row["value"] for row in rows}) == len(rows)
    for number, row in enumerate(rows):
        assert row["parent_id"] in {"", *ids[:number]}
        assert not any(reserved in row["value"] for reserved in ("\t", " > ", ";"))


def test_the_command_writes_what_studio_imports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["framework", "export", "--format", "openedx"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows == list(tag_rows(ECQ, "en"))
    file = tmp_path / "tags.json"
    assert main(["framework", "export", "--format", "openedx", "--as", "json", "--output", str(file)]) == 0
    assert file.read_text(encoding="utf-8") == as_json(ECQ, "en")
    tags = json.loads(as_json(ECQ, "en"))["tags"]
    assert [tag["id"] for tag in tags] == [row["id"] for row in rows]
    assert all("parent_id" not in tag or tag["parent_id"] for tag in tags)
