"""The hidden market: queries with their traffic and worth, keywords, and which keyword may answer which query."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from qualoop.simulators.distributions import beta_from_uniforms, lognormal_quantile, normal_quantile
from qualoop.simulators.sem.spec import SearchMarketSpec
from qualoop.simulators.streams import Floats, Integers, WorldKey

OFF: Final = 0
EXACT: Final = 1
PHRASE: Final = 2
BROAD: Final = 3
MATCH_KEYS: Final = ("off", "exact", "phrase", "broad")

_CLICK_BETA: Final = (4, 49)
"""Beta(4, 46) as the 4th smallest of 49 uniforms."""
_ORDER_BETA: Final = (2, 61)
_ORDER_MOST: Final = 0.5
_WEEK: Final = (1.0, 1.0, 1.0, 1.0, 1.1, 0.8, 0.8)
_DAY_SPREAD: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Market:
    """Arrays over queries: searches a day, click rate in slot 1, order rate, margin of an order, mean log rival rank.

    ``worth`` is the expected margin of a click, ``group`` the ad group; ``group_intent`` is what a group's searchers
    want; ``keyword_query`` is each keyword's own query; ``demand`` are the factors of the days.
    """

    searches: Floats
    click_rate: Floats
    order_rate: Floats
    margin: Floats
    mu: Floats
    group: Integers
    group_intent: Integers
    keyword_query: Integers
    demand: Floats
    reach: Reach
    worth: Floats = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "worth", self.order_rate * self.margin)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reach:
    """Which keyword may answer which query, as a list sorted by query and keyword.

    An entry says: ``keyword`` reaches ``query`` from match type ``level`` on, with this ``fit`` of its group's quality.
    Each query begins with an entry of no keyword (number ``keywords``), so that none is without; ``starts`` are theirs.
    """

    keyword: Integers
    query: Integers
    level: Integers
    group: Integers
    fit: Floats
    starts: Integers


def draw_market(spec: SearchMarketSpec, key: WorldKey) -> Market:
    """Return the market of a key."""
    count = spec.queries
    group_intent = np.argsort(key.uniforms("intents", shape=spec.groups), kind="stable") % 4
    group = (np.argsort(key.uniforms("groups", shape=count), kind="stable") % spec.groups).astype(np.int64)
    order_rate = beta_from_uniforms(key.uniforms("orders", shape=(count, _ORDER_BETA[1])), _ORDER_BETA[0])
    order_rate = np.minimum(order_rate * np.asarray(spec.intent_pull)[group_intent[group]], _ORDER_MOST)
    order_rate[key.uniforms("junk", shape=count) < spec.junk] = 0.0
    chosen = np.argsort(key.uniforms("keywords", shape=count), kind="stable")[: spec.keywords]
    # Keywords stand in the order of their ad groups, as accounts show them.
    keyword_query = chosen[np.lexsort((chosen, group[chosen]))].astype(np.int64)
    return Market(
        searches=lognormal_quantile(key.uniforms("searches", shape=count), *spec.searches),
        click_rate=beta_from_uniforms(key.uniforms("clicks", shape=(count, _CLICK_BETA[1])), _CLICK_BETA[0]),
        order_rate=order_rate,
        margin=lognormal_quantile(key.uniforms("margin", shape=count), *spec.margin),
        mu=spec.mu[0] + spec.mu[1] * normal_quantile(key.uniforms("rivals", shape=count)),
        group=group,
        group_intent=group_intent.astype(np.int64),
        keyword_query=keyword_query,
        demand=_demand(spec, key),
        reach=draw_reach(spec, key, group, keyword_query),
    )


def with_keywords(spec: SearchMarketSpec, key: WorldKey, market: Market, keyword_query: Integers) -> Market:
    """Return the market with other keywords, each its own query."""
    return replace(market, keyword_query=keyword_query, reach=draw_reach(spec, key, market.group, keyword_query))


def _demand(spec: SearchMarketSpec, key: WorldKey) -> Floats:
    days = spec.rounds * spec.days_each
    weekday = np.asarray(_WEEK)[np.arange(days) % len(_WEEK)]
    demand: Floats = weekday * lognormal_quantile(key.uniforms("demand", shape=days), 0.0, _DAY_SPREAD)
    return demand


def draw_reach(spec: SearchMarketSpec, key: WorldKey, group: Integers, keyword_query: Integers) -> Reach:
    """Return who reaches whom: a keyword's row of chances does not depend on the keywords after it."""
    chance = key.uniforms("reach", shape=(len(keyword_query), len(group)))
    same = group[keyword_query][:, None] == group[None, :]
    # The same uniform decides phrase and broad match: what phrase match reaches, broad match does.
    level = np.where(same & (chance < spec.phrase), PHRASE, np.where(same & (chance < spec.broad), BROAD, OFF))
    level = np.where((level == OFF) & (chance < spec.stray), BROAD, level)
    level[np.arange(len(keyword_query)), keyword_query] = EXACT
    return _listed(spec, level, group, keyword_query)


def _listed(spec: SearchMarketSpec, level: Integers, group: Integers, keyword_query: Integers) -> Reach:
    queries, keywords = np.nonzero(level.T)
    count, none = len(group), len(keyword_query)
    query = np.concatenate((np.arange(count), queries))
    keyword = np.concatenate((np.full(count, none), keywords))
    # A stable sort by query keeps the entry of no keyword first, and the keywords in their order.
    order = np.argsort(query, kind="stable")
    query, keyword = query[order], keyword[order]
    group_of = np.append(group[keyword_query], 0)[keyword]
    level_of = np.vstack((level, np.full((1, count), OFF)))[keyword, query]
    return Reach(
        keyword=keyword.astype(np.int64),
        query=query.astype(np.int64),
        level=np.where(level_of == OFF, BROAD + 1, level_of).astype(np.int64),
        group=group_of.astype(np.int64),
        fit=np.where(group_of == group[query], 1.0, spec.stray_quality),
        starts=np.searchsorted(query, np.arange(count)).astype(np.int64),
    )
