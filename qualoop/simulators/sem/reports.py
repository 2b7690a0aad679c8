"""Reports as platforms give them: key figures, weeks, days, keywords, search terms. Only what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from qualoop.simulators.decisions import Cell, Column
from qualoop.simulators.sem.account import CLICKS, COST, GROUP, MARGIN, MATCH, ORDERS, group_name
from qualoop.simulators.sem.auction import Choice, Outlook
from qualoop.simulators.sem.sampling import RoundRun
from qualoop.simulators.sem.tally import Tally, by_keyword
from qualoop.simulators.sem.worlds import SearchWorld
from qualoop.simulators.views import Chart, Figure, Figures, Grid, Panel, Series
from qualoop.values import Text

MOST_TERMS: Final = 100
"""How many search terms a week's report holds: those with most clicks."""

_TENTHS: Final = 10


def share(above: float, below: float) -> float | None:
    """Return a ratio; None where there is nothing to divide by."""
    return above / below if below else None


_IMPRESSIONS: Final = Column(label=Text({"en": "Impressions", "zh-Hans": "展现量"}))
_PROFIT: Final = Column(label=Text({"en": "Profit", "zh-Hans": "利润"}), places=2, unit="¥")
_CTR: Final = Column(label=Text({"en": "CTR", "zh-Hans": "点击率"}), places=2, unit="%")
_CPC: Final = Column(label=Text({"en": "CPC", "zh-Hans": "平均点击花费"}), places=2, unit="¥")
_NOTES: Final = {
    "ctr": Text({"en": "Clicks ÷ impressions", "zh-Hans": "点击量÷展现量"}),
    "cpc": Text({"en": "Cost ÷ clicks", "zh-Hans": "花费÷点击量"}),
    "cvr": Text({"en": "Orders ÷ clicks", "zh-Hans": "订单数÷点击量"}),
    "cpa": Text({"en": "Cost ÷ orders", "zh-Hans": "花费÷订单数"}),
    "roas": Text({"en": "Revenue ÷ cost; shown, never scored", "zh-Hans": "销售额÷花费；只展示，不计分"}),
    "profit": Text({"en": "Margin of the orders − cost", "zh-Hans": "订单毛利−花费"}),
    "marginal": Text(
        {
            "en": "Change of cost ÷ change of clicks, against the round before",
            "zh-Hans": "与上一轮相比：花费的变化÷点击量的变化",
        }
    ),
}


def week_reports(
    world: SearchWorld, choices: Sequence[Choice], results: Sequence[Outlook], runs: Sequence[RoundRun]
) -> tuple[Panel, ...]:
    """Return what the finished rounds showed: the last one's figures and keywords, every one's search terms."""
    if not runs:
        return ()
    last = len(runs) - 1
    return (
        key_figures(world, runs),
        rounds_grid(world, runs),
        days_chart(world, runs),
        keyword_report(world, (choices[last], results[last], runs[last]), last),
        *(term_report(world, runs[number].tally, number) for number in reversed(range(len(runs)))),
    )


def term_reports(
    world: SearchWorld, choices: Sequence[Choice], results: Sequence[Outlook], runs: Sequence[RoundRun]
) -> tuple[Panel, ...]:
    """Return what the one round of a triage showed."""
    if not runs:
        return ()
    return (
        key_figures(world, runs),
        days_chart(world, runs),
        keyword_report(world, (choices[0], results[0], runs[0]), 0),
        term_report(world, runs[0].tally, 0),
    )


def key_figures(world: SearchWorld, runs: Sequence[RoundRun]) -> Figures:
    """Return the account's figures in the last round."""
    now = _totals(runs[-1].tally)
    before = _totals(runs[-2].tally) if len(runs) > 1 else None
    marginal = share(now["cost"] - before["cost"], now["clicks"] - before["clicks"]) if before else None
    return Figures(
        key="account",
        title=Text({"en": f"Account, round {len(runs)}", "zh-Hans": f"账户数据（第{len(runs)}轮）"}),
        figures=(
            _figure("ctr", _CTR, share(now["clicks"], now["impressions"])),
            _figure("cpc", _CPC, share(now["cost"], now["clicks"])),
            _figure(
                "cvr",
                Column(label=Text({"en": "CVR", "zh-Hans": "转化率"}), places=2, unit="%"),
                share(now["orders"], now["clicks"]),
            ),
            _figure(
                "cpa",
                Column(label=Text({"en": "CPA", "zh-Hans": "订单成本"}), places=2, unit="¥"),
                share(now["cost"], now["orders"]),
            ),
            _figure("roas", Column(label=Text({"en": "ROAS", "zh-Hans": "广告投资回报"}), places=2), _roas(world, now)),
            _figure("profit", _PROFIT, now["profit"]),
            _figure(
                "marginal",
                Column(label=Text({"en": "Marginal cost per click", "zh-Hans": "边际点击成本"}), places=2, unit="¥"),
                marginal,
            ),
        ),
    )


def _figure(key: str, column: Column, value: float | None) -> Figure:
    return Figure(
        key=key, label=column.label, value=value, places=column.places, unit=column.unit, note=_NOTES.get(key)
    )


def _totals(tally: Tally) -> dict[str, float]:
    clicks, orders = float(tally.clicks.sum()), float(tally.orders.sum())
    cost, margin = float(tally.cost.sum()), float(tally.margin.sum())
    return {
        "impressions": float(tally.impressions.sum()),
        "clicks": clicks,
        "orders": orders,
        "cost": cost,
        "margin": margin,
        "profit": margin - cost,
    }


def _roas(world: SearchWorld, sums: dict[str, float]) -> float | None:
    return share(sums["margin"] / world.spec.margin_share, sums["cost"])


def rounds_grid(world: SearchWorld, runs: Sequence[RoundRun]) -> Grid:
    """Return a line of sums for each finished round."""
    rows = []
    for number, run in enumerate(runs, start=1):
        sums = _totals(run.tally)
        money = [round(sums[key], 2) for key in ("cost", "margin", "profit")]
        counts = [int(sums[key]) for key in ("impressions", "clicks", "orders")]
        rows.append((number, *counts, *money, _roas(world, sums)))
    return Grid(
        key="rounds",
        title=Text({"en": "Round by round", "zh-Hans": "各轮汇总"}),
        columns=(
            Column(label=Text({"en": "Round", "zh-Hans": "轮次"})),
            _IMPRESSIONS,
            CLICKS,
            ORDERS,
            COST,
            MARGIN,
            _PROFIT,
            Column(label=Text({"en": "ROAS", "zh-Hans": "广告投资回报"}), places=2),
        ),
        rows=tuple(rows),
    )


def days_chart(world: SearchWorld, runs: Sequence[RoundRun]) -> Chart:
    """Return cost and margin day by day."""
    days = np.concatenate([run.days for run in runs])
    return Chart(
        key="days",
        title=Text({"en": "Day by day", "zh-Hans": "每日数据"}),
        description=Text(
            {
                "en": "Two lines: what each day's clicks cost, and the margin of the orders they brought.",
                "zh-Hans": "两条线：每天点击的花费，以及带来的订单毛利。",
            }
        ),
        axis=Column(label=Text({"en": "Day", "zh-Hans": "日期"})),
        labels=tuple(range(1, len(days) + 1)),
        value=Column(label=Text({"en": "Money", "zh-Hans": "金额"}), places=2, unit="¥"),
        series=(
            Series(label=COST.label, values=tuple(round(float(value), 2) for value in days[:, 2])),
            Series(label=MARGIN.label, values=tuple(round(float(value), 2) for value in days[:, 3])),
        ),
    )


def keyword_report(world: SearchWorld, played: tuple[Choice, Outlook, RoundRun], number: int) -> Grid:
    """Return a round's keywords that were not off: counts, prices, and quality on the scale from 1 to 10."""
    choice, result, run = played
    sums = by_keyword(run.tally, world.spec.keywords)
    quality = _shown_quality(world, result)
    group = world.market.group[world.market.keyword_query]
    rows: list[tuple[Cell, ...]] = [
        (
            world.names.queries[world.market.keyword_query[place]],
            group_name(world, int(group[place])),
            MATCH.options[choice.level[place]].label,
            round(float(choice.bid[place]), 2),
            quality[place],
            int(sums.impressions[place]),
            int(sums.clicks[place]),
            share(float(sums.cost[place]), float(sums.clicks[place])),
            round(float(sums.cost[place]), 2),
            int(sums.orders[place]),
            round(float(sums.margin[place]), 2),
        )
        for place in np.flatnonzero(choice.level)
    ]
    return Grid(
        key="keywords",
        title=Text({"en": f"Keywords, round {number + 1}", "zh-Hans": f"关键词报告（第{number + 1}轮）"}),
        columns=(
            Column(label=Text({"en": "Keyword", "zh-Hans": "关键词"})),
            GROUP,
            Column(label=Text({"en": "Match type", "zh-Hans": "匹配方式"})),
            Column(label=Text({"en": "Bid", "zh-Hans": "出价"}), places=2, unit="¥"),
            Column(label=Text({"en": "Quality (1–10)", "zh-Hans": "质量度（1–10）"})),
            _IMPRESSIONS,
            CLICKS,
            _CPC,
            COST,
            ORDERS,
            MARGIN,
        ),
        rows=tuple(rows),
    )


def _shown_quality(world: SearchWorld, result: Outlook) -> list[int | None]:
    """Return the quality shown for each keyword, 1 to 10: the best that it won a search with."""
    shown: list[int | None] = [None] * (world.spec.keywords + 1)
    for keyword, quality in zip(result.entry.keyword, result.entry.quality, strict=True):
        shown[keyword] = max(shown[keyword] or 1, int(np.ceil(_TENTHS * quality)))
    return shown[: world.spec.keywords]


def term_report(world: SearchWorld, tally: Tally, number: int) -> Grid:
    """Return a round's search terms with clicks, those with most first."""
    seen = np.argsort(-tally.clicks, kind="stable")[:MOST_TERMS]
    keywords = world.market.keyword_query
    rows: list[tuple[Cell, ...]] = [
        (
            world.names.queries[query],
            world.names.queries[keywords[tally.keyword[query]]],
            int(tally.impressions[query]),
            int(tally.clicks[query]),
            round(float(tally.cost[query]), 2),
            int(tally.orders[query]),
            round(float(tally.margin[query]), 2),
        )
        for query in seen
        if tally.clicks[query] > 0
    ]
    return Grid(
        key=f"terms-{number + 1}",
        title=Text(
            {
                "en": f"Search terms, round {number + 1}: the {MOST_TERMS} with most clicks",
                "zh-Hans": f"搜索词报告（第{number + 1}轮）：点击最多的{MOST_TERMS}个",
            }
        ),
        columns=(
            Column(label=Text({"en": "Search term", "zh-Hans": "搜索词"})),
            Column(label=Text({"en": "Answered by", "zh-Hans": "触发的关键词"})),
            _IMPRESSIONS,
            CLICKS,
            COST,
            ORDERS,
            MARGIN,
        ),
        rows=tuple(rows),
    )
