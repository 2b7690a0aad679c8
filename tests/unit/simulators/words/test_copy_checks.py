"""The hard checks: weak texts below strong ones, and each check where it should speak."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from qualoop.simulators.words.briefs import BULLETS, Brief, Copy, Place, all_briefs
from qualoop.simulators.words.checks import LIMITS, Checked, check
from qualoop.simulators.words.writing import likeness, occurrences, sentence_lengths, states, tidy
from qualoop.values import LANGUAGES

BRIEFS = {brief.key: brief for brief in all_briefs()}
every_text = pytest.mark.parametrize(
    ("brief", "language"),
    [(brief, language) for brief in all_briefs() for language in LANGUAGES],
    ids=lambda each: each if isinstance(each, str) else each.key,
)


def with_changes(copy: Copy, **changes: Any) -> Copy:
    return copy.model_copy(update=changes)


def weak(brief: Brief, language: str) -> Copy:
    """Return a heap of keywords with a superlative, five times the same."""
    terms = [term.text[language] for term in brief.terms]
    claim = {"en": "the best", "zh-Hans": "最佳"}[language]
    return Copy(title=", ".join(terms), bullets=(f"{claim} {terms[0]}",) * BULLETS, faq="")


def thin(brief: Brief, language: str) -> Copy:
    """Return what says nothing wrong, and not much: the model's title and one of its bullets."""
    model = brief.model[language]
    return with_changes(model, bullets=(model.bullets[0], *[""] * (BULLETS - 1)), faq="")


def middling(brief: Brief, language: str) -> Copy:
    """Return the model without its answers and with two bullets that say the same."""
    model = brief.model[language]
    return with_changes(model, bullets=(*model.bullets[:4], model.bullets[0]), faq="")


@every_text
def test_planted_samples_are_ordered_rightly(brief: Brief, language: str) -> None:
    samples = [weak(brief, language), thin(brief, language), middling(brief, language), brief.model[language]]
    values = [check(sample, brief, language).value for sample in samples]
    assert all(lower + 0.05 < higher for lower, higher in pairwise(values)), values


@every_text
def test_nothing_is_found_in_an_authors_answer(brief: Brief, language: str) -> None:
    found = check(brief.model[language], brief, language)
    assert found.compliance == 1
    assert found.search == pytest.approx(1.0)
    assert not found.is_stuffed


@every_text
def test_one_claim_takes_compliance_away_and_leaves_search(brief: Brief, language: str) -> None:
    model = brief.model[language]
    claim = {"en": " The best there is.", "zh-Hans": "品质最佳。"}[language]
    found = check(with_changes(model, faq=model.faq + claim), brief, language)
    assert found.compliance == 0
    assert found.search == pytest.approx(1.0)


@every_text
def test_a_fact_that_is_left_out_is_named(brief: Brief, language: str) -> None:
    model = brief.model[language]
    for fact in brief.facts:
        blank = model
        for form in fact.forms[language]:
            for name in ("title", "faq"):
                blank = with_changes(blank, **{name: strike(getattr(blank, name), form)})
            blank = with_changes(blank, bullets=tuple(strike(bullet, form) for bullet in blank.bullets))
        assert fact.text[language] in check(blank, brief, language).missing_facts


def strike(text: str, form: str) -> str:
    """Return a text without a form of a fact, however it is spelt."""
    while states(form, text, "en") or states(form, text, "zh-Hans"):
        signs = [place for place in range(len(text)) if states(form, text[place:], "en")]
        start = max(signs, default=0)
        text = text[:start] + text[start + 1 :]
    return text


def checked(key: str, language: str, **changes: Any) -> Checked:
    brief = BRIEFS[key]
    return check(with_changes(brief.model[language], **changes), brief, language)


def test_stuffing_is_heaping_and_not_using() -> None:
    title = "Insulated bottle, leakproof insulated bottle of stainless steel"
    assert checked("bottle", "en", title=title).repeated == ("insulated bottle",)
    heap = "insulated bottle, leakproof, stainless steel, tea, commute, office, gift, red"
    assert checked("bottle", "en", title=heap).title_keywords == 8
    assert checked("bottle", "en", title=heap).is_stuffed
    seven = "insulated bottle, leakproof, stainless steel, tea, commute, office, gift"
    assert not checked("bottle", "en", title=seven).is_stuffed


def test_terms_that_do_not_fit_cost() -> None:
    found = checked("bottle", "zh-Hans", title="保温杯316不锈钢防漏 玻璃杯儿童水杯500毫升")
    assert found.unfit == ("玻璃杯", "儿童")
    assert found.search == pytest.approx(0.7)


def test_lengths_and_questions() -> None:
    assert checked("tea", "en", title="Green tea").wrong_lengths == ("title",)
    assert checked("tea", "en", faq="How much? " + "It is said above. " * 8).wrong_lengths == ("faq",)
    low, high = LIMITS["zh-Hans"].title
    assert checked("tea", "zh-Hans", title="茶" * low).wrong_lengths == ()
    assert checked("tea", "zh-Hans", title="茶" * (high + 1)).wrong_lengths == ("title",)


def test_long_sentences_read_badly() -> None:
    long = " ".join(["word"] * 45) + "."
    found = checked("lamp", "en", faq=f"Why? What? {long}")
    assert found.longest_sentence == 45
    assert found.readable < 1


def test_bullets_that_say_the_same() -> None:
    model = BRIEFS["lamp"].model["zh-Hans"]
    found = checked("lamp", "zh-Hans", bullets=(*model.bullets[:4], model.bullets[0] + "哦"))
    assert found.alike == ((1, 5),)
    assert found.distinct == 0.8


def test_an_empty_text_is_worth_nothing() -> None:
    empty = Copy(title="", bullets=("",) * BULLETS, faq="")
    for brief in all_briefs():
        for language in LANGUAGES:
            assert check(empty, brief, language).value == 0


@pytest.mark.parametrize(
    ("form", "text", "is_stated"),
    [
        ("500 ml", "Holds 500ml.", True),
        ("500 ml", "Holds 1500 ml.", False),
        ("500 ml", "Holds 2.500 ml.", False),
        ("12 cm", "It is 12\u00a0cm high.", True),
        ("30 °c", "Wash at 30 ℃.", True),
    ],
)
def test_facts_are_found_in_any_spelling(form: str, text: str, *, is_stated: bool) -> None:
    assert states(form, text, "en") is is_stated


def test_english_terms_are_whole_words() -> None:
    text = tidy("Team spirit with tea-bags; TEAS.", "en")
    assert occurrences("tea", text, "en") == 2
    assert occurrences("tea bag", text, "en") == 1


def test_sentences_are_measured_in_words_or_characters() -> None:
    assert sentence_lengths("It holds 1.5 litres. Really?\nYes", "en") == [4, 1, 1]
    assert sentence_lengths("容量1.5升。真的吗？真的", "zh-Hans") == [5, 3, 2]


def test_likeness_ends() -> None:
    assert likeness("a b c", "c b a", "en") == 1
    assert likeness("", "", "en") == 0
    assert likeness("保温杯", "台灯", "zh-Hans") == 0


@every_text
def test_every_place_has_terms(brief: Brief, language: str) -> None:
    assert all(len(brief.terms_at(place, language)) >= 2 for place in Place)
    assert len(brief.terms) >= 8
