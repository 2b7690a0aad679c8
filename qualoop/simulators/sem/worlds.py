"""Worlds of the search engines' projects: market, names, what the account's report says, and what is decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from qualoop.simulators.distributions import lognormal_quantile
from qualoop.simulators.sem.auction import Choice, entries, outlook, round_table
from qualoop.simulators.sem.market import PHRASE, Market, draw_market, with_keywords
from qualoop.simulators.sem.naming import Names, draw_names
from qualoop.simulators.sem.policy import Scene, clairvoyant
from qualoop.simulators.sem.quality import PARTS, best_qualities, draw_fits, qualities
from qualoop.simulators.sem.sampling import draw_history
from qualoop.simulators.sem.spec import SearchMarketSpec, SearchTermsSpec
from qualoop.simulators.sem.tally import Tally, experience_of
from qualoop.simulators.streams import Floats, Integers, WorldKey

_BID_SPREAD: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SearchWorld:
    """A market with its names, and the report that everything begins with.

    ``fits`` says how options suit groups, (group, part, option); ``best_quality`` is the most that a group can have;
    ``listed`` are the queries that can be excluded; ``history`` came with ``history_bid`` by keyword.
    """

    spec: SearchMarketSpec
    market: Market
    names: Names
    fits: Floats
    best_quality: Floats
    history: Tally
    history_bid: Floats
    listed: Integers

    def quality_of(self, options: Integers) -> Floats:
        """Return each group's quality under option numbers (group, part)."""
        return qualities(self.spec, self.fits, options)

    def fitting_options(self) -> Integers:
        """Return the options (group, part) that suit the intents, which the keywords' words show."""
        return np.repeat(1 + self.market.group_intent[:, None], len(PARTS), axis=1)

    def scene(self, quality: Floats, *, clairvoyantly: bool = False) -> Scene:
        """Return what rules of thumb look at: the report, or the truth."""
        return Scene(
            market=self.market,
            manner=self.names.manner,
            seen=clairvoyant(self.market) if clairvoyantly else experience_of(self.history),
            listed=self.listed,
            quality=quality,
        )


def campaign_world(spec: SearchMarketSpec, key: WorldKey) -> SearchWorld:
    """Return the account of a campaign: it ran on phrase match with about the same bid everywhere, and poor ads."""
    market = draw_market(spec, key)
    fits = draw_fits(spec, key, market.group_intent)
    bid = lognormal_quantile(key.uniforms("history-bids", shape=spec.keywords), np.log(spec.history_bid), _BID_SPREAD)
    bid = np.round(bid, 2)
    history = _history(spec, market, _ran(spec, bid, qualities(spec, fits, _unchosen(spec))), key)
    return SearchWorld(
        spec=spec,
        market=market,
        names=draw_names(spec, key, market),
        fits=fits,
        best_quality=best_qualities(spec, fits),
        history=history,
        history_bid=bid,
        listed=_most_clicked(history, spec.terms),
    )


def report_world(spec: SearchTermsSpec, key: WorldKey) -> SearchWorld:
    """Return a small market whose keywords are the search terms that were clicked most under one catch-all."""
    market = draw_market(spec, key)
    market = with_keywords(spec, key, market, np.arange(spec.queries))
    quality = np.full(spec.groups, spec.quality)
    everything = _history(spec, market, _ran(spec, np.full(spec.queries, spec.history_bid), quality), key)
    listed = _most_clicked(everything, spec.terms)
    return SearchWorld(
        spec=spec,
        market=with_keywords(spec, key, market, listed),
        names=draw_names(spec, key, market),
        fits=np.full((spec.groups, len(PARTS), 5), spec.quality),
        best_quality=quality,
        history=_answered_by(everything, listed),
        history_bid=np.full(len(listed), spec.history_bid),
        listed=listed,
    )


def _unchosen(spec: SearchMarketSpec) -> Integers:
    return np.zeros((spec.groups, len(PARTS)), dtype=np.int64)


def _ran(spec: SearchMarketSpec, bid: Floats, quality: Floats) -> Choice:
    return Choice(
        level=np.full(len(bid), PHRASE),
        bid=bid,
        excluded=np.zeros(spec.queries, dtype=np.bool_),
        quality=quality,
    )


def _history(spec: SearchMarketSpec, market: Market, choice: Choice, key: WorldKey) -> Tally:
    result = outlook(spec, market, entries(market, choice, choice.quality), round_table(spec, 0))
    return draw_history(spec, market, result, key.derive("history"))


def _most_clicked(history: Tally, count: int) -> Integers:
    """Return the queries with most clicks, in their order."""
    return np.sort(np.argsort(-history.clicks, kind="stable")[:count])


def _answered_by(history: Tally, listed: Integers) -> Tally:
    """Return the tally as one in which each listed query is a keyword that answered itself, and nothing else is known."""
    keyword = np.full(len(history.keyword), len(listed))
    keyword[listed] = np.arange(len(listed))
    seen = keyword < len(listed)
    return Tally(
        keyword=keyword,
        searches=history.searches * seen,
        impressions=history.impressions * seen,
        clicks=history.clicks * seen,
        orders=history.orders * seen,
        cost=history.cost * seen,
        margin=history.margin * seen,
    )
