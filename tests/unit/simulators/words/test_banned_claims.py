"""Claims: everything on the list is found, however it is dressed up, and honest copy is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from qualoop.simulators.words.briefs import all_briefs
from qualoop.simulators.words.claims import all_claims, find_claims
from qualoop.values import LANGUAGES

LISTED = [
    (kind.key, language, words) for kind in all_claims() for language in LANGUAGES for words in kind.words[language]
]
CLEAN: list[Any] = yaml.safe_load((Path(__file__).parent / "clean.yaml").read_text(encoding="utf-8"))
AROUND = {"en": "Our cup is {}, and it holds 300 ml.", "zh-Hans": "这款杯子{}，容量300毫升。"}


@pytest.mark.parametrize(("kind", "language", "words"), LISTED)
def test_every_word_of_the_list_is_found(kind: str, language: str, words: str) -> None:
    for spelt in (words, words.upper(), words.title()):
        found = find_claims(AROUND[language].format(spelt), language)
        assert (kind, words) in {(claim.kind, claim.words) for claim in found}


@pytest.mark.parametrize("words", ["国家级", "最高级", "最佳"])
def test_the_words_that_the_law_itself_names_are_on_the_list(words: str) -> None:
    assert ("absolute", "zh-Hans", words) in LISTED


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Simply the BEST cup."),
        ("en", "The b\u200best cup."),
        ("en", "World\u2019s leading cup."),
        ("en", "A world-class cup."),
        ("en", "Ｂｅｓｔ cup."),
        ("en", "Best before noon, and the best after it."),
        ("zh-Hans", "这是最 佳的选择。"),
        ("zh-Hans", "这是最·佳的选择。"),
        ("zh-Hans", "这是最\u200b佳的选择。"),
        ("zh-Hans", "这是最\n佳的选择。"),
        ("zh-Hans", "本店ＴＯＰ１商品。"),
        ("zh-Hans", "最佳赏味期30天，口感最佳。"),
    ],
)
def test_dressing_a_claim_up_does_not_hide_it(language: str, text: str) -> None:
    assert find_claims(text, language)


@pytest.mark.parametrize("sample", CLEAN, ids=[f"{each['language']}-{each['text'][:12]}" for each in CLEAN])
def test_honest_copy_is_left_alone(sample: dict[str, str]) -> None:
    assert find_claims(sample["text"], sample["language"]) == []


def test_there_is_enough_honest_copy() -> None:
    assert all(sum(sample["language"] == language for sample in CLEAN) >= 5 for language in LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_brief_rules_out_is_found(language: str) -> None:
    for brief in all_briefs():
        for claim in brief.ruled_out:
            for words in claim.words[language]:
                assert find_claims(AROUND[language].format(words), language, [words])[-1].kind == "product"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_brief_leads_into_a_claim(language: str) -> None:
    for brief in all_briefs():
        told = [fact.text[language] for fact in brief.facts] + [each.text[language] for each in brief.allowed]
        told += [term.text[language] for term in brief.terms]
        forbidden = [words for claim in brief.ruled_out for words in claim.words[language]]
        assert find_claims("\n".join(told), language, forbidden) == []
