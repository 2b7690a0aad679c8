"""What our engines declare: laws that would be seen to be broken, and numbers that are hidden in each world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from qualoop.simulators import Engine, HasUnused, HoldsLaws, NamesHidden, WorldKey, engine_names, get_engine
from qualoop.simulators.sem import laws as sem_laws
from qualoop.simulators.stock import beer_play, policy_play
from qualoop.simulators.stock.laws import season_laws

KEY = WorldKey.of_seed(5)
Spoil = Callable[[Any], Any]


def broken(engine: Engine) -> set[str]:
    assert isinstance(engine, HoldsLaws)
    world = engine.world(engine.spec_model(), KEY)
    residuals = engine.laws(world, engine.reference(world), KEY.derive("run"))
    return {law for law, off in residuals.items() if abs(off) > 1e-6}


def test_which_engines_declare_what() -> None:
    declared = {name: get_engine(name) for name in engine_names()}
    stock = {"stock-season", "stock-policy", "beer-game"}
    search = {"search-market", "search-terms"}
    assert {name for name, engine in declared.items() if isinstance(engine, HoldsLaws)} == stock | search | {
        "chat-desk"
    }
    assert {name for name, engine in declared.items() if isinstance(engine, NamesHidden)} == stock | search
    assert {name for name, engine in declared.items() if isinstance(engine, HasUnused)} == search


def spoilt(monkeypatch: pytest.MonkeyPatch, room: Any, name: str, spoil: Spoil) -> None:
    true = getattr(room, name)
    monkeypatch.setattr(room, name, lambda *given: spoil(true(*given)))


def test_a_piece_that_gets_lost_in_a_year(monkeypatch: pytest.MonkeyPatch) -> None:
    assert broken(get_engine("stock-policy")) == set()
    spoilt(monkeypatch, policy_play, "play", lambda played: replace(played, net=played.net - 1))
    assert broken(get_engine("stock-policy")) == {"pieces"}


def test_a_piece_that_gets_lost_in_a_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(course: Any) -> Any:
        net = course.net.copy()
        net[10:, 2] -= 1.0
        return replace(course, net=net)

    assert broken(get_engine("beer-game")) == set()
    spoilt(monkeypatch, beer_play, "play", lose)
    assert "pieces shipped arrive" in broken(get_engine("beer-game"))


def test_money_that_appears_in_a_season() -> None:
    engine = get_engine("stock-season")
    world = engine.world(engine.spec_model(), KEY)
    _, happened = engine.step(world, engine.initial(world), engine.reference(world)[0], KEY)
    more = season_laws(world, replace(happened, realised=happened.realised + 1.0))
    assert {law for law, off in more.items() if abs(off) > 1e-6} == {"money"}


def test_orders_without_clicks_and_days_that_do_not_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(played: Any) -> Any:
        results, runs = played
        tally = runs[0].tally
        orders = np.where(np.arange(len(tally.orders)) == 3, tally.clicks + 1, tally.orders)
        return results, [replace(runs[0], tally=replace(tally, orders=orders)), *runs[1:]]

    assert broken(get_engine("search-terms")) == set()
    spoilt(monkeypatch, sem_laws, "played", spoil)
    assert broken(get_engine("search-terms")) == {"orders are clicks", "days add up"}
