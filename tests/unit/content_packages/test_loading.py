"""The package that a valid folder makes, and the lesson that players open."""

from __future__ import annotations

import hashlib
import json
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from qualoop.content_packages import MediaStep, QuestionStep, ReadingStep, load_package, open_lesson
from qualoop.values import Text
from tests.factories.packages import PACKAGES, copied, ecommerce

FULL = load_package(PACKAGES / "full", ecommerce())


def test_the_head_names_the_package() -> None:
    assert (FULL.key, FULL.kind, FULL.version) == ("full", "micro-lesson", "1.2.3")


def test_the_manifest_lists_every_part_with_its_guess_floor() -> None:
    assert FULL.manifest == {
        "parts": [
            {"key": "single", "type": "single-choice", "options": 2, "max": "1"},
            {"key": "multiple", "type": "multiple-choice", "options": None, "max": "1"},
            {"key": "cost", "type": "number", "options": None, "max": "1"},
            {"key": "term", "type": "short-text", "options": None, "max": "1"},
            {"key": "order", "type": "ordering", "options": None, "max": "1"},
            {"key": "pairs", "type": "matching", "options": None, "max": "1"},
            {"key": "spot", "type": "hotspot", "options": 3, "max": "1"},
        ]
    }


def test_tags_are_exact_decimals_by_part() -> None:
    assert FULL.tags["multiple"] == {"SEM-1.1": "0.75", "SEM-1.3": "0.25"}
    assert FULL.tags.keys() == {part["key"] for part in FULL.manifest["parts"]}


def test_the_document_is_plain_json_without_floats() -> None:
    def refused(text: str) -> None:
        pytest.fail(f"a float: {text}")

    assert json.loads(json.dumps(FULL.document), parse_float=refused) == FULL.document


def test_assets_hold_bytes_type_and_hash_and_no_transcripts() -> None:
    asset = FULL.assets["figures/page.en.svg"]
    data = (PACKAGES / "full/figures/page.en.svg").read_bytes()

    assert (asset.media_type, asset.data) == ("image/svg+xml", data)
    assert asset.sha256 == hashlib.sha256(data).hexdigest()
    assert not [path for path in FULL.assets if path.endswith(".md")]


def test_sections_are_safe_html_with_figures() -> None:
    section = open_lesson(FULL.document).get_section("figure", "en")

    assert section.title == "A figure"
    assert section.html == (
        '<figure><img src="asset:figures/page.en.svg" alt="Three boxes below each other." loading="lazy">'
        "<figcaption>A results page.</figcaption></figure>"
    )


def test_a_lesson_opens_with_its_steps_in_order() -> None:
    lesson = open_lesson(FULL.document)

    assert lesson.title == Text({"en": "Everything a lesson may hold", "zh-Hans": "微课可以包含的一切"})
    assert lesson.steps[0] == ReadingStep(key="text", section="text")
    assert lesson.steps[1] == QuestionStep(key="single", item="single")
    assert lesson.items["multiple"].type == "multiple-choice"
    assert lesson.sources[0].url == "https://spec.commonmark.org/"


def test_recordings_know_where_they_are_and_what_is_said() -> None:
    talk, film = (step for step in open_lesson(FULL.document).steps if isinstance(step, MediaStep))

    assert (talk.type, talk.source, talk.media_type) == ("audio", "asset:media/talk.mp3", "audio/mpeg")
    assert (film.source, film.media_type) == ("https://media.example.org/films/auction.mp4", "video/mp4")
    assert talk.captions["zh-Hans"] == "asset:media/talk.zh-Hans.vtt"
    assert talk.transcript["zh-Hans"] == "<p>大家好。这是<strong>一段讲解</strong>。</p>"


def test_an_open_lesson_is_frozen_all_the_way() -> None:
    lesson = open_lesson(FULL.document)

    with pytest.raises(FrozenInstanceError):
        lesson.minutes = 4  # type: ignore[misc]
    with pytest.raises(TypeError):
        lesson.items["new"] = lesson.items["single"]  # type: ignore[index]
    with pytest.raises(TypeError):
        lesson.sections["en"]["text"] = lesson.sections["en"]["figure"]  # type: ignore[index]


def test_a_stored_document_opens_to_an_equal_lesson() -> None:
    assert open_lesson(json.loads(json.dumps(FULL.document))) == open_lesson(FULL.document)


def test_a_lesson_of_one_language_is_shown_in_it_to_everybody(tmp_path: Path) -> None:
    package = copied("minimal", tmp_path)
    text = (package / "lesson.yaml").read_text(encoding="utf-8")
    (package / "lesson.yaml").write_text(text.replace("[en, zh-Hans]", "[zh-Hans]"), encoding="utf-8")
    (package / "lesson.en.md").unlink()

    lesson = open_lesson(load_package(package, ecommerce()).document)

    assert lesson.shown_language("en") == "zh-Hans"
    assert lesson.get_section("query", "en").title == "查询词"
