"""What makes a new content version, and what does not."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from qualoop.content_packages import Package, load_package
from tests.factories.packages import PACKAGES, apply_edit, copied, ecommerce

FULL = load_package(PACKAGES / "full", ecommerce())


def shuffled(value: Any, chance: random.Random) -> Any:
    """Return plain data with the keys of every mapping in another order."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    return [shuffled(entry, chance) for entry in value] if isinstance(value, list) else value


def edited(into: Path, **edit: str) -> Package:
    package = copied("full", into)
    apply_edit(package, edit)
    return load_package(package, ecommerce())


@settings(max_examples=12, deadline=None)
@given(
    chance=st.randoms(use_true_random=False),
    flow=st.booleans(),
    width=st.sampled_from([40, 80, 4000]),
    ascii_only=st.booleans(),
)
def test_the_order_and_style_of_yaml_do_not_count(
    chance: random.Random, width: int, *, flow: bool, ascii_only: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        package = copied("full", Path(folder))
        for name in ("lesson.yaml", "items.yaml"):
            data = yaml.safe_load((package / name).read_text(encoding="utf-8"))
            text = yaml.safe_dump(
                shuffled(data, chance),
                sort_keys=False,
                default_flow_style=flow,
                width=width,
                allow_unicode=not ascii_only,
            )
            (package / name).write_text(f"# written by a machine\n{text}", encoding="utf-8")
        again = load_package(package, ecommerce())

    assert (again.content_hash, again.tags_hash) == (FULL.content_hash, FULL.tags_hash)


WORDS = {
    "a word of a section": ("lesson.en.md", "A quotation.", "A citation."),
    "a character of the other language": ("lesson.zh-Hans.md", "一段引文。", "一段引语。"),
    "an option": ("items.yaml", "how to brew oolong", "how to brew tea"),
    "which option is right": (
        "items.yaml",
        "key: phrase\n        text: {en: phrase, zh-Hans: 短语匹配}\n        correct: true",
        "key: phrase\n        text: {en: phrase, zh-Hans: 短语匹配}\n        correct: false",
    ),
    "a tolerance": ("items.yaml", 'answer: "2.5"\n    tolerance: "0.01"', 'answer: "2.5"\n    tolerance: "0.02"'),
    "a transcript": ("media/talk.en.md", "Hello.", "Hullo."),
    "a caption": ("media/talk.en.vtt", "Hello.", "Hullo."),
    "a figure": ("figures/page.en.svg", 'r="25"', 'r="24"'),
    "the order of steps": (
        "lesson.yaml",
        "  - {key: single, type: question, item: single}\n  - {key: multiple, type: question, item: multiple}\n",
        "  - {key: multiple, type: question, item: multiple}\n  - {key: single, type: question, item: single}\n",
    ),
    "the label of the version": ("lesson.yaml", "version: 1.2.3", "version: 1.2.4"),
}


@pytest.mark.parametrize("case", WORDS)
def test_whatever_a_learner_meets_counts(case: str, tmp_path: Path) -> None:
    file, find, put = WORDS[case]
    changed = edited(tmp_path, file=file, find=find, put=put)

    assert changed.content_hash != FULL.content_hash
    assert changed.tags_hash == FULL.tags_hash


RETAGGED = {
    "a weight": ("items.yaml", '{SEM-1.1: "0.75", SEM-1.3: "0.25"}', '{SEM-1.1: "0.5", SEM-1.3: "0.5"}'),
    "a knowledge point": ("items.yaml", '{SEM-1.1: "0.75", SEM-1.3: "0.25"}', "{SEM-1.3: 1}"),
    "the version of the framework": ("lesson.yaml", "{code: ECQ, version: 0.1.0}", "{code: ECQ, version: 0.2.0}"),
}


@pytest.mark.parametrize("case", RETAGGED)
def test_tagging_anew_makes_no_new_content(case: str, tmp_path: Path) -> None:
    file, find, put = RETAGGED[case]
    retagged = edited(tmp_path, file=file, find=find, put=put)

    assert retagged.content_hash == FULL.content_hash
    assert retagged.tags_hash != FULL.tags_hash


def test_equal_weights_written_differently_are_equal_tags(tmp_path: Path) -> None:
    find, put = '{SEM-1.1: "0.75", SEM-1.3: "0.25"}', '{SEM-1.3: "0.250", SEM-1.1: "0.75"}'
    rewritten = edited(tmp_path, file="items.yaml", find=find, put=put)

    assert (rewritten.content_hash, rewritten.tags_hash) == (FULL.content_hash, FULL.tags_hash)


def test_a_section_may_be_called_framework_and_still_counts(tmp_path: Path) -> None:
    """The fields that are tags are left out of the hash; a section of the same name is not one of them."""
    hashes = set()
    for word in ("person", "shopper"):
        package = copied("minimal", tmp_path / word)
        for name, find in (("lesson.en.md", "{#query}"), ("lesson.zh-Hans.md", "{#query}")):
            apply_edit(package, {"file": name, "find": find, "put": "{#framework}"})
        apply_edit(package, {"file": "lesson.yaml", "find": "section: query", "put": "section: framework"})
        apply_edit(package, {"file": "lesson.en.md", "find": "a person types", "put": f"a {word} types"})
        hashes.add(load_package(package, ecommerce()).content_hash)

    assert len(hashes) == 2
