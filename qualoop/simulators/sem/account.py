"""The form of a campaign: keywords with match type and bid, search terms to exclude, ad groups with their ads."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import numpy as np

from qualoop.simulators.decisions import (
    ChoiceField,
    Column,
    Decision,
    DecisionForm,
    DecisionTable,
    FlagField,
    NumberField,
    Option,
    Row,
    Value,
)
from qualoop.simulators.sem.auction import Choice
from qualoop.simulators.sem.market import MATCH_KEYS
from qualoop.simulators.sem.naming import JUNK_WORDS
from qualoop.simulators.sem.policy import MOST_BID
from qualoop.simulators.sem.quality import PARTS
from qualoop.simulators.sem.tally import by_keyword
from qualoop.simulators.sem.worlds import SearchWorld
from qualoop.simulators.streams import Floats, Integers
from qualoop.values import LANGUAGES, Text

MATCH: Final = ChoiceField(
    key="match",
    component="match",
    label=Text({"en": "Match type", "zh-Hans": "匹配方式"}),
    options=(
        Option(key="off", label=Text({"en": "Off", "zh-Hans": "停用"})),
        Option(key="exact", label=Text({"en": "Exact", "zh-Hans": "精确"})),
        Option(key="phrase", label=Text({"en": "Phrase", "zh-Hans": "短语"})),
        Option(key="broad", label=Text({"en": "Broad", "zh-Hans": "广泛"})),
    ),
    default="off",
    help=Text(
        {
            "en": "Exact: this search alone. Phrase: some searches of the ad group as well. Broad: a large part of "
            "the ad group, and stray searches.",
            "zh-Hans": "精确：只匹配这个搜索词。短语：还匹配本推广单元的部分搜索词。广泛：匹配本单元的许多搜索词，"
            "并会带来一些不相干的搜索词。",
        }
    ),
)
BID: Final = NumberField(
    key="bid",
    component="bids",
    label=Text({"en": "Highest price per click", "zh-Hans": "最高点击出价"}),
    low=Decimal(0),
    high=Decimal(int(MOST_BID)),
    default=Decimal("0.50"),
    unit=Text({"en": "¥", "zh-Hans": "元"}),
)
EXCLUDED: Final = FlagField(
    key="excluded",
    component="negatives",
    label=Text({"en": "Exclude", "zh-Hans": "设为否定词"}),
    help=Text(
        {
            "en": "A negative keyword: no ad is shown for exactly this search, not for close variants.",
            "zh-Hans": "否定关键词：搜索词与它完全相同时不展示广告，近似的搜索词不受影响。",
        }
    ),
)
QUALITY: Final = tuple(
    ChoiceField(
        key=part.key,
        component="quality",
        label=part.label,
        options=tuple(Option(key=key, label=label) for key, label in part.options),
        default=part.options[0][0],
    )
    for part in PARTS
)

CLICKS: Final = Column(label=Text({"en": "Clicks", "zh-Hans": "点击量"}))
COST: Final = Column(label=Text({"en": "Cost", "zh-Hans": "花费"}), places=2, unit="¥")
ORDERS: Final = Column(label=Text({"en": "Orders", "zh-Hans": "订单数"}))
MARGIN: Final = Column(label=Text({"en": "Margin", "zh-Hans": "毛利"}), places=2, unit="¥")
GROUP: Final = Column(label=Text({"en": "Ad group", "zh-Hans": "推广单元"}))

_EXAMPLES: Final = 3


def account_form(world: SearchWorld) -> DecisionForm:
    """Return what is decided in a campaign, with what the report at the start says; the same in every round."""
    return DecisionForm(tables=(_keywords(world), _terms(world), _groups(world)))


def _keywords(world: SearchWorld) -> DecisionTable:
    market, sums = world.market, by_keyword(world.history, world.spec.keywords)
    rows = tuple(
        Row(
            key=f"k{number + 1:03}",
            label=world.names.queries[query],
            cells=(
                group_name(world, int(market.group[query])),
                round(float(world.history_bid[number]), 2),
                int(sums.clicks[number]),
                round(float(sums.cost[number]), 2),
                int(sums.orders[number]),
                round(float(sums.margin[number]), 2),
            ),
        )
        for number, query in enumerate(market.keyword_query)
    )
    bid_then = Column(label=Text({"en": "Bid until now", "zh-Hans": "原出价"}), places=2, unit="¥")
    return DecisionTable(
        key="keywords",
        title=Text({"en": "Keywords", "zh-Hans": "关键词"}),
        rows=rows,
        fields=(MATCH, BID),
        columns=(GROUP, bid_then, CLICKS, COST, ORDERS, MARGIN),
        row_label=Text({"en": "Keyword", "zh-Hans": "关键词"}),
        help=_report_text(world),
    )


def _report_text(world: SearchWorld) -> Text:
    days = world.spec.history_days
    return Text(
        {
            "en": f"The figures are of the last {days} days, when every keyword was on phrase match and all ads were "
            "general.",
            "zh-Hans": f"数据来自过去{days}天：当时所有关键词都用短语匹配，广告内容都很笼统。",
        }
    )


def _terms(world: SearchWorld) -> DecisionTable:
    history, names = world.history, world.names.queries
    keywords = [names[query] for query in world.market.keyword_query]
    rows = tuple(
        Row(
            key=f"t{place + 1:03}",
            label=names[query],
            cells=(
                keywords[history.keyword[query]] if history.keyword[query] < len(keywords) else None,
                int(history.clicks[query]),
                round(float(history.cost[query]), 2),
                int(history.orders[query]),
                round(float(history.margin[query]), 2),
            ),
        )
        for place, query in enumerate(world.listed)
    )
    return DecisionTable(
        key="terms",
        title=Text({"en": "Search terms", "zh-Hans": "搜索词"}),
        rows=rows,
        fields=(EXCLUDED,),
        columns=(Column(label=Text({"en": "Answered by", "zh-Hans": "触发的关键词"})), CLICKS, COST, ORDERS, MARGIN),
        row_label=Text({"en": "Search term", "zh-Hans": "搜索词"}),
        help=Text(
            {
                "en": f"The {len(rows)} search terms with most clicks in the last {world.spec.history_days} days. They "
                "stay the same in all rounds; no others can be excluded.",
                "zh-Hans": f"过去{world.spec.history_days}天点击最多的{len(rows)}个搜索词。各轮保持不变，"
                "只有这些词可以设为否定词。",
            }
        ),
    )


def _groups(world: SearchWorld) -> DecisionTable:
    market = world.market
    own = market.group[market.keyword_query]
    rows = []
    for group in range(world.spec.groups):
        queries = market.keyword_query[own == group]
        # Words that show what the group is about come first.
        queries = queries[np.argsort(world.names.manner[queries] == JUNK_WORDS, kind="stable")]
        examples = _listed([world.names.queries[query] for query in queries[:_EXAMPLES]])
        rows.append(Row(key=f"g{group + 1:02}", label=group_name(world, group), cells=(len(queries), examples)))
    return DecisionTable(
        key="groups",
        title=Text({"en": "Ad groups", "zh-Hans": "推广单元"}),
        rows=tuple(rows),
        fields=QUALITY,
        columns=(
            Column(label=Text({"en": "Keywords", "zh-Hans": "关键词数"})),
            Column(label=Text({"en": "Examples", "zh-Hans": "示例"})),
        ),
        row_label=GROUP.label,
        help=Text(
            {
                "en": "The three parts of quality. What suits depends on what the searchers of the group want.",
                "zh-Hans": "质量度由三部分组成。怎样选才合适，要看本单元的搜索者想要什么。",
            }
        ),
    )


def _listed(texts: Sequence[Text]) -> Text:
    """Return texts as one, parted by dots."""
    return Text({language: " · ".join(text[language] for text in texts) for language in LANGUAGES})


def group_name(world: SearchWorld, group: int) -> Text:
    """Return what an ad group is called: its number and product line, nothing of its intent."""
    line = world.names.lines[group]
    return Text({"en": f"{group + 1:02} {line['en']}", "zh-Hans": f"{group + 1:02} {line['zh-Hans']}"})


_LEVELS: Final = {key: level for level, key in enumerate(MATCH_KEYS)}
_OPTIONS: Final = tuple({key: number for number, (key, _) in enumerate(part.options)} for part in PARTS)


def read_decision(world: SearchWorld, decision: Decision) -> Choice:
    """Return a checked decision as arrays."""
    excluded = np.zeros(world.spec.queries, dtype=np.bool_)
    excluded[world.listed] = np.array(decision[EXCLUDED.key], dtype=np.bool_)
    options = np.array(
        [[numbers[str(value)] for value in decision[part.key]] for part, numbers in zip(PARTS, _OPTIONS, strict=True)]
    )
    return Choice(
        level=np.array([_LEVELS[str(value)] for value in decision[MATCH.key]]),
        bid=np.array(decision[BID.key], dtype=np.float64),
        excluded=excluded,
        quality=world.quality_of(options.T),
    )


def write_decision(world: SearchWorld, choice: Choice, options: Integers) -> dict[str, list[Value]]:
    """Return arrays as a decision; ``options`` are option numbers (group, part)."""
    decision: dict[str, list[Value]] = {
        MATCH.key: [MATCH_KEYS[level] for level in choice.level],
        BID.key: [round(float(bid), 2) for bid in choice.bid],
        EXCLUDED.key: [bool(excluded) for excluded in choice.excluded[world.listed]],
    }
    for place, part in enumerate(PARTS):
        decision[part.key] = [part.options[number][0] for number in options[:, place]]
    return decision


def everywhere(world: SearchWorld, level: int, bid: Floats | float) -> Choice:
    """Return the choice of one match type and bid for all keywords, nothing excluded, ads as they are."""
    return Choice(
        level=np.full(world.spec.keywords, level),
        bid=np.broadcast_to(np.asarray(bid, dtype=np.float64), world.spec.keywords),
        excluded=np.zeros(world.spec.queries, dtype=np.bool_),
        quality=world.quality_of(np.zeros((world.spec.groups, len(PARTS)), dtype=np.int64)),
    )
