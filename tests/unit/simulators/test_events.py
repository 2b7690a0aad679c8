"""What the shipped projects' own files let happen, in both languages, so that a teacher sees it beside what they add."""

from __future__ import annotations

import pytest

from qualoop.content_packages import load_package
from qualoop.content_packages.project import open_project
from qualoop.framework import load_framework, shipped_content
from qualoop.simulators import PlansEvents, TakesShocks, engine_names, get_engine


def told(project: str, language: str) -> list[tuple[int, str]]:
    root = shipped_content() / "ecommerce"
    opened = open_project(load_package(root / "projects" / project, load_framework(root)).document)
    assert isinstance(opened.engine, PlansEvents)
    return [(number, text[language]) for number, text in opened.engine.events(opened.spec)]


def test_the_campaign_says_who_enters_its_market() -> None:
    assert told("sem-campaign", "en") == [(3, "One more rival bids in every auction")]


def test_the_year_says_when_orders_get_slower_and_storage_dear() -> None:
    (slow, words), (peak, season) = told("scm-stock-policy", "en")
    assert (slow, peak) == (3, 4)
    assert words.startswith("Orders take ")
    assert "busy season" in season


def test_the_chain_has_news_in_every_round_but_the_first() -> None:
    rounds = [number for number, _ in told("scm-beer-game", "en")]
    assert rounds == list(range(2, rounds[-1] + 1))


@pytest.mark.parametrize("project", ["sem-campaign", "scm-stock-policy", "scm-beer-game"])
def test_both_languages_tell_the_same_rounds(project: str) -> None:
    english, chinese = told(project, "en"), told(project, "zh-Hans")
    assert [number for number, _ in english] == [number for number, _ in chinese]
    assert not {text for _, text in english} & {text for _, text in chinese}


@pytest.mark.parametrize("name", engine_names())
def test_an_engine_that_takes_shocks_says_what_comes_anyway(name: str) -> None:
    engine = get_engine(name)
    assert not isinstance(engine, TakesShocks) or isinstance(engine, PlansEvents)
    if isinstance(engine, TakesShocks) and isinstance(engine, PlansEvents):
        kind = next(iter(engine.shocks))
        before = engine.spec_model()
        after = engine.events(engine.with_shock(before, 2, kind))
        assert [each for each in after if each not in list(engine.events(before))] == [(2, engine.shocks[kind])]
