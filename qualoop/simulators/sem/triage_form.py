"""The form of the search-term triage: one row a term, with match type, band of the bid, and exclusion."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from qualoop.simulators.decisions import ChoiceField, Decision, DecisionForm, DecisionTable, Option, Row, Value
from qualoop.simulators.sem.account import CLICKS, COST, EXCLUDED, GROUP, MARGIN, MATCH, ORDERS, group_name
from qualoop.simulators.sem.auction import Choice
from qualoop.simulators.sem.market import MATCH_KEYS
from qualoop.simulators.sem.spec import SearchTermsSpec
from qualoop.simulators.sem.worlds import SearchWorld
from qualoop.simulators.streams import Floats, Integers
from qualoop.values import Text

BAND: Final = "band"
BANDS: Final = ("low", "middle", "high", "top")
_BAND_LABELS: Final = (("Low", "低"), ("Middle", "中"), ("High", "高"), ("Top", "最高"))


def report_form(world: SearchWorld) -> DecisionForm:
    """Return the search-term report as a table to decide on."""
    history, group = world.history, world.market.group
    rows = tuple(
        Row(
            key=f"t{place + 1:02}",
            label=world.names.queries[query],
            cells=(
                group_name(world, int(group[query])),
                int(history.clicks[query]),
                round(float(history.cost[query]), 2),
                int(history.orders[query]),
                round(float(history.margin[query]), 2),
            ),
        )
        for place, query in enumerate(world.listed)
    )
    days = world.spec.history_days
    table = DecisionTable(
        key="terms",
        title=Text({"en": "Search-term report", "zh-Hans": "搜索词报告"}),
        rows=rows,
        fields=(MATCH, _band_field(bands_of(world)), EXCLUDED),
        columns=(GROUP, CLICKS, COST, ORDERS, MARGIN),
        row_label=Text({"en": "Search term", "zh-Hans": "搜索词"}),
        help=Text(
            {
                "en": f"The {len(rows)} search terms with most clicks in the last {days} days. Make keywords of those "
                "that pay, and exclude those that never will.",
                "zh-Hans": f"过去{days}天点击最多的{len(rows)}个搜索词。把划算的设为关键词，把不会带来订单的设为否定词。",
            }
        ),
    )
    return DecisionForm(tables=(table,))


def bands_of(world: SearchWorld) -> Floats:
    """Return the bids of the bands."""
    spec = world.spec
    return np.asarray(spec.bands if isinstance(spec, SearchTermsSpec) else (), dtype=np.float64)


def _band_field(bands: Floats) -> ChoiceField:
    return ChoiceField(
        key=BAND,
        component="bids",
        label=Text({"en": "Bid band", "zh-Hans": "出价档位"}),
        options=tuple(
            Option(key=key, label=Text({"en": f"{english} (¥{bid:.2f})", "zh-Hans": f"{chinese}（{bid:.2f}元）"}))
            for key, (english, chinese), bid in zip(BANDS, _BAND_LABELS, bands, strict=True)
        ),
        default=BANDS[0],
    )


def read_triage(world: SearchWorld, decision: Decision) -> Choice:
    """Return a checked decision as arrays."""
    bands = bands_of(world)
    excluded = np.zeros(world.spec.queries, dtype=np.bool_)
    excluded[world.listed] = flags_of(decision)
    return Choice(
        level=np.array([MATCH_KEYS.index(str(value)) for value in decision[MATCH.key]]),
        bid=bands[[BANDS.index(str(value)) for value in decision[BAND]]],
        excluded=excluded,
        quality=world.best_quality,
    )


def flags_of(decision: Decision) -> NDArray[np.bool_]:
    """Return which rows are excluded."""
    return np.array(decision[EXCLUDED.key], dtype=np.bool_)


def write_triage(world: SearchWorld, choice: Choice) -> dict[str, list[Value]]:
    """Return arrays as a decision, bids in the nearest band."""
    return {
        MATCH.key: [MATCH_KEYS[level] for level in choice.level],
        BAND: [BANDS[number] for number in nearest_band(choice.bid, bands_of(world))],
        EXCLUDED.key: [bool(excluded) for excluded in choice.excluded[world.listed]],
    }


def nearest_band(bid: Floats, bands: Floats) -> Integers:
    """Return for each bid the band that is nearest by ratio."""
    distance = np.abs(np.log(np.maximum(bid, 1e-6))[:, None] - np.log(bands)[None, :])
    nearest: Integers = distance.argmin(axis=1)
    return nearest
