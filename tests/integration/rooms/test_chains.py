"""Chains of a room: four roles of a team, hidden from each other, a rule of thumb for who is absent, credit by role."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pytest
from werkzeug.test import TestResponse

from lti_tool.services.rooms import rounds, teams
from lti_tool.services.rooms.chain import Chain, chain_of
from lti_tool.services.rooms.game import Line, round_document
from lti_tool.services.rooms.rounds import RoomUnfitError, ShockRefusedError
from lti_tool.services.rooms.teams import NameRefusedError, checked_name
from qualoop.simulators import BaselineKind, Decision
from qualoop.simulators.stock.beer import BeerGameEngine
from qualoop.simulators.stock.beer_play import ROLES, costs_by_round, expected_costs
from qualoop.simulators.stock.beer_world import BeerGameSpec
from qualoop.values import Score
from tests.factories.classrooms import Seat
from tests.factories.rooms import CHAIN, KEY, Course, open_course
from tests.factories.tool import Tool
from tests.integration.rooms.conftest import COURSES

ENGINE = BeerGameEngine()
ENDS = {"retailer", "factory"}


@pytest.fixture(scope="module")
def chain() -> Chain:
    return chain_of(BeerGameSpec(products=2, rounds=2, round_weeks=8, futures=8), KEY.as_text())


@pytest.fixture
def chains(tool: Tool) -> Course:
    return open_course(tool, f"b-{next(COURSES)}", CHAIN)


def documents(chain: Chain, plans: Mapping[int, list[Decision]]) -> list[dict[str, object]]:
    return [
        round_document(Line(teams={team: chain.packed(plan[number]) for team, plan in plans.items()}))
        for number in range(2)
    ]


def expert(chain: Chain) -> list[Decision]:
    return list(ENGINE.reference(chain.world))


def naive(chain: Chain) -> list[Decision]:
    return list(ENGINE.baseline(chain.world, BaselineKind.NAIVE))


def mixed(chain: Chain, roles: set[str]) -> list[Decision]:
    """Return the plan in which some roles play base stock and the others the rule of thumb."""
    return [
        {key: good[key] if key.split("-")[0] in roles else poor[key] for key in good}
        for good, poor in zip(expert(chain), naive(chain), strict=True)
    ]


# -- What it brings


def test_costs_side_by_side_are_those_of_each_plan(chain: Chain) -> None:
    plans = [expert(chain), naive(chain), mixed(chain, {"factory"})]
    together = costs_by_round(chain.world, plans).sum(axis=1)
    assert np.allclose(together, [expected_costs(chain.world, plan) for plan in plans], rtol=1e-12)
    first = costs_by_round(chain.world, [plan[:1] for plan in plans])
    assert np.allclose(first[:, 0], costs_by_round(chain.world, plans)[:, 0], rtol=1e-12)


def test_base_stock_scores_1_and_the_rule_of_thumb_0(chain: Chain) -> None:
    found = chain.results(documents(chain, {1: expert(chain), 2: naive(chain)}))
    assert [each.score for result in found for each in result.teams] == [Score(1), Score(0)] * 2
    assert all(each.profit == -sum(each.counts.values()) < 0 for result in found for each in result.teams)


def test_a_team_that_came_late_had_bots_before(chain: Chain) -> None:
    both = documents(chain, {1: expert(chain), 2: expert(chain)})
    alone = documents(chain, {1: expert(chain)})
    first, second = chain.results([alone[0], both[1]])
    assert [[each.team for each in result.teams] for result in (first, second)] == [[1], [1, 2]]
    plan = [naive(chain)[0], expert(chain)[1]]
    late = second.find(2)
    assert late is not None
    assert late.expected == pytest.approx(-costs_by_round(chain.world, [plan])[0, 1].sum())


def test_credit_adds_up_and_bots_have_none(chain: Chain) -> None:
    plan = mixed(chain, ENDS)
    shares = {each.role: each for each in chain.credits(documents(chain, {1: plan}), 1)}
    values = {
        frozenset(team): -float(expected_costs(chain.world, mixed(chain, team)).sum())
        for team in ({"retailer"}, {"factory"}, ENDS, set[str]())
    }
    nothing, whole = values[frozenset()], values[frozenset(ENDS)]
    assert sum(each.value for each in shares.values()) == pytest.approx(whole - nothing, rel=1e-9)
    assert {role for role, each in shares.items() if abs(each.value) > 1e-6} == ENDS
    # With two players, Shapley's value is the mean of coming first and coming last.
    alone, last = values[frozenset({"factory"})] - nothing, whole - values[frozenset({"retailer"})]
    assert shares["factory"].value == pytest.approx((alone + last) / 2)
    results = chain.results(documents(chain, {1: plan}))
    gap = sum(each.teams[0].best - each.teams[0].naive for each in results)
    assert sum(each.share for each in shares.values()) == pytest.approx((whole - nothing) / gap)


def test_a_role_sees_its_own_firm_only(chain: Chain) -> None:
    found = documents(chain, {1: expert(chain)})
    own, known = chain.seen(found, 1, ["factory"])
    grid = next(each for each in own.panels if each.key == "round-by-product")
    assert {row[0]["en"] for row in grid.rows} == {"Factory"}
    assert {each.key for each in known.panels} <= {"news", "history"}
    whole = chain.seen(found, 1, [])
    assert "bullwhip" in {panel.key for each in whole for panel in each.panels}


# -- In a room


def rename(course: Course, seat: Seat, name: str) -> None:
    runtime = course.tool.runtime
    with runtime.database.transaction() as session:
        teams.rename(session, runtime.contents, course.who(seat), name)


def words(page: TestResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def test_a_class_plays_its_chains(chains: Course) -> None:
    chains.begin(teams=2, size=0)
    retailer, factory, rival = (chains.learner(number) for number in (1, 2, 3))
    chains.sit(retailer, 1, ["retailer"])
    chains.sit(factory, 1, ["factory"])
    chains.sit(rival, 2, ROLES)
    rename(chains, retailer, "  Tide   &  Co ")
    chains.open()
    game = chains.room().market
    assert isinstance(game, Chain)
    good = expert(game)
    chains.save(retailer, good[0], {"retailer": 0})
    chains.close()
    document = chains.room().documents[0]
    assert document["bots"] == {"1": ["wholesaler", "distributor"], "2": []}
    decided = game.unpacked(document["teams"]["1"])
    assert decided["retailer-level"] == good[0]["retailer-level"]
    assert decided["factory-level"] == game.start["factory-level"], "what was not saved is the rule of thumb at first"
    page = retailer.get("room/")
    assert "Your firm: Retailer" in page.text
    assert "Your firm: Factory" not in page.text
    assert "What each role added" not in page.text, "not before the end"
    assert "Tide &amp; Co" in chains.teacher.get("class/room/").text
    assert "What each role added" in chains.teacher.get("class/room/").text
    chains.open()
    chains.close()
    over = words(factory.get("room/"))
    assert "The whole chain" in over
    assert "What each role added" in over
    rows = chains.teacher.get("class/room/results.csv").data.decode("utf-8-sig").splitlines()
    assert rows[0].endswith("Retailer,Wholesaler,Distributor,Factory")
    assert len(rows) == 5


def test_the_pages_are_whole_in_chinese(chains: Course) -> None:
    chains.begin(teams=1, size=0)
    seat = chains.learner(1)
    chains.sit(seat, 1, ["retailer"])
    for _ in range(2):
        chains.open()
        chains.close()
    for each, path in ((seat, "room/"), (chains.teacher, "class/room/"), (chains.teacher, "class/room/projector")):
        each.post("language", language="zh-Hans")
        shown = words(each.get(path)).replace("Learner 1", "")
        assert set(re.findall(r"[A-Za-z]{3,}", shown)) <= {"English", "CSV"}, path


def test_a_room_has_a_team_and_no_rival_enters_it(chains: Course) -> None:
    with pytest.raises(RoomUnfitError):
        chains.begin(teams=0, size=0)
    chains.begin(teams=1, size=0)
    with pytest.raises(ShockRefusedError), chains.tool.runtime.database.transaction() as session:
        rounds.add_shock(session, chains.tool.runtime.contents, chains.link, chains.page(), kind="rival_enters")


def test_customers_ask_for_more_from_the_next_round_on(chains: Course) -> None:
    chains.begin(teams=1, size=0)
    seat = chains.learner(1)
    chains.sit(seat, 1, ROLES)
    chains.open()
    before = chains.close()
    quiet = chains.room().market
    assert "From round 2: Customers ask for half as much again" in words(chains.teacher.get("class/room/"))
    with chains.tool.runtime.database.transaction() as session:
        rounds.add_shock(session, chains.tool.runtime.contents, chains.link, chains.page(), kind="demand_rises")
    room = chains.room()
    assert isinstance(room.market, Chain)
    assert isinstance(quiet, Chain)
    assert room.results() == [before], "what is closed stays as it was"
    np.testing.assert_array_equal(room.market.world.news, quiet.world.news * [[1.0], [1.5]])
    assert "From round 2: Customers ask for half as much again" in words(seat.get("room/"))
    chains.open()
    chains.close()
    first, second = chains.room().results()
    assert first == before
    assert second != quiet.results(chains.room().documents)[1]


# -- Names of teams


def test_names_are_told_apart_and_can_be_taken_back(course: Course) -> None:
    course.begin()
    one, two = course.learner(1), course.learner(2)
    course.sit(one, 1)
    course.sit(two, 2)
    rename(course, one, "海潮队")
    rename(course, two, "Foxes")
    with pytest.raises(NameRefusedError):
        rename(course, one, "FOXES")
    assert course.room().names == {1: "海潮队", 2: "Foxes"}
    with course.tool.runtime.database.transaction() as session:
        rounds.reset_name(session, course.link, course.page(), team=1)
    rename(course, two, "")
    assert course.room().names == {}


@pytest.mark.parametrize("name", ["<b>x</b>", "a" * 31, "a\u202eb", "a\0b", "!!!", "x;y", "a\u200bb"])
def test_a_name_is_letters_and_common_marks(name: str) -> None:
    with pytest.raises(NameRefusedError):
        checked_name(name)
