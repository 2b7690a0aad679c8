"""What is seen of a year with order points: the conditions, the table that is filled in, and how each round came out."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import numpy as np

from qualoop.simulators.decisions import Cell, Column, DecisionForm, DecisionTable, NumberField, Row
from qualoop.simulators.stock.policy_play import POINT, QUANTITY, PlayedYear
from qualoop.simulators.stock.policy_world import MOST, ROUNDS, StockPolicyWorld
from qualoop.simulators.stock.words import (
    MONEY,
    PIECES,
    PRODUCT,
    count,
    money,
    share,
    text,
    week_labels,
)
from qualoop.simulators.views import Chart, Figure, Figures, Grid, Panel, Series

_POINT_FIELD: Final = NumberField(
    key=POINT,
    component="reorder-point",
    label=text("Order point s", "再订货点s"),
    low=Decimal(0),
    high=Decimal(MOST),
    step=Decimal(1),
    unit=PIECES,
    help=text(
        "Order as soon as stock, plus what is on order, less what customers wait for, is at or below it.",
        "当现有库存加在途量减去顾客等待量小于或等于它时订货。",
    ),
)
_QUANTITY_FIELD: Final = NumberField(
    key=QUANTITY,
    component="order-quantity",
    label=text("Order quantity Q", "订货量Q"),
    low=Decimal(1),
    high=Decimal(MOST),
    step=Decimal(1),
    default=Decimal(10),
    unit=PIECES,
    help=text("Pieces in a batch.", "每批的件数。"),
)
_COLUMNS: Final = (
    count("Sold a week", "周均销量", 1),
    count("Standard deviation", "标准差", 1),
    money("Storage fee a week", "每周仓储费", 2),
    money("Cost of waiting a week", "每周缺货成本", 2),
)


def policy_form(world: StockPolicyWorld) -> DecisionForm:
    """Return the table of products: what was sold before, what stock and waiting cost, and the two numbers to decide."""
    numbers = zip(
        world.products,
        world.history.mean(axis=1).tolist(),
        world.history.std(axis=1, ddof=1).tolist(),
        world.fee.tolist(),
        world.waiting.tolist(),
        strict=True,
    )
    spec = world.spec
    return DecisionForm(
        tables=(
            DecisionTable(
                key="policies",
                title=text("Order points and order quantities", "再订货点与订货量"),
                row_label=PRODUCT,
                columns=_COLUMNS,
                rows=tuple(Row(key=product.key, label=product.name, cells=tuple(cells)) for product, *cells in numbers),
                fields=(_POINT_FIELD, _QUANTITY_FIELD),
                help=text(
                    f"They hold for the {spec.round_weeks} weeks of this round. Each batch costs {MONEY}{spec.ordering:g}. "
                    "Storage fees and costs of waiting are for each piece and week. Sales are those of the "
                    f"{spec.history_weeks} weeks before the year, with a demand of 100 %.",
                    f"本轮{spec.round_weeks}周内有效。每批订货费用{MONEY}{spec.ordering:g}。仓储费和缺货成本按每件每周计。"
                    f"销量取自年初之前的{spec.history_weeks}周，当时的需求水平为100 %。",
                ),
            ),
        )
    )


def known_panels(world: StockPolicyWorld, played: PlayedYear | None, number: int) -> tuple[Panel, ...]:
    """Return what is known when round ``number`` (from 0) is decided: conditions, stock, and the weeks before."""
    return (_conditions(world, number), _stock_now(world, played), _history_chart(world), _history_grid(world))


def _conditions(world: StockPolicyWorld, number: int) -> Grid:
    """Return the rounds' conditions; lead times to come are not known."""
    rows: list[tuple[Cell, ...]] = []
    for each in range(ROUNDS):
        known = world.lead[each] if each <= number else None
        rows.append((each + 1, float(world.season[each]), float(world.fee_factor[each]), known))
    return Grid(
        key="conditions",
        title=text("Conditions of the rounds (empty: not known yet)", "各轮条件（空白：尚未公布）"),
        columns=(
            count("Round", "轮次"),
            share("Demand", "需求水平"),
            share("Storage fee", "仓储费水平"),
            count("Weeks to arrive", "到货周数"),
        ),
        rows=tuple(rows),
    )


def _stock_now(world: StockPolicyWorld, played: PlayedYear | None) -> Grid:
    net = world.stock if played is None else played.net[:, -1]
    return Grid(
        key="stock-now",
        title=text("Stock at the beginning of the round", "本轮期初库存"),
        columns=(Column(label=PRODUCT), count("In stock", "现有库存"), count("Customers wait for", "顾客等待")),
        rows=tuple(
            (product.name, max(value, 0), max(-value, 0))
            for product, value in zip(world.products, net.tolist(), strict=True)
        ),
    )


def _history_chart(world: StockPolicyWorld) -> Chart:
    return Chart(
        key="history",
        title=text("Sold before the year, by week", "年初之前每周销量"),
        description=text(
            "A line a product: some sell evenly, others in jumps.", "每条线为一种商品：有的平稳，有的起伏大。"
        ),
        axis=count("Week", "周"),
        labels=week_labels(0, world.spec.history_weeks),
        value=count("Pieces", "件"),
        series=tuple(
            Series(label=product.name, values=tuple(line))
            for product, line in zip(world.products, world.history.astype(float).tolist(), strict=True)
        ),
    )


def _history_grid(world: StockPolicyWorld) -> Grid:
    return Grid(
        key="history-by-product",
        title=text("Sold before the year, by product", "年初之前各商品每周销量"),
        columns=(
            Column(label=PRODUCT),
            *(Column(label=text(f"Week {week}", f"第{week}周")) for week in week_labels(0, world.spec.history_weeks)),
        ),
        rows=tuple((product.name, *line) for product, line in zip(world.products, world.history.tolist(), strict=True)),
    )


def result_panels(world: StockPolicyWorld, played: PlayedYear, number: int) -> tuple[Panel, ...]:
    """Return how the round ``number`` (from 0) came out, and the stock of the whole year so far."""
    first = number * world.spec.round_weeks
    weeks = slice(first, played.net.shape[1])
    return (_figures(played, weeks, number), _by_product(world, played, weeks), _stock_chart(played))


def _figures(played: PlayedYear, weeks: slice, number: int) -> Figures:
    net, demand = played.net[:, weeks], float(played.demand[:, weeks].sum())
    sums = (
        ("costs", text("Costs of the round", "本轮成本"), played.costs),
        ("holding", text("Storage", "仓储费"), played.holding),
        ("waiting", text("Waiting", "缺货成本"), played.waiting),
        ("ordering", text("Ordering", "订货费"), played.ordering),
    )
    return Figures(
        key="round",
        title=text(f"How round {number + 1} came out", f"第{number + 1}轮结果"),
        figures=(
            *(
                Figure(key=key, label=label, value=float(amounts[:, weeks].sum()), unit=MONEY)
                for key, label, amounts in sums
            ),
            Figure(
                key="in-stock",
                label=text("Weeks without waiting", "无缺货周占比"),
                value=float((net >= 0).mean()),
                places=1,
                unit="%",
            ),
            Figure(key="demand", label=text("Demand", "需求"), value=demand, note=PIECES),
        ),
    )


def _by_product(world: StockPolicyWorld, played: PlayedYear, weeks: slice) -> Grid:
    net = played.net[:, weeks]
    columns = (
        played.demand[:, weeks].sum(axis=1),
        played.batches[:, weeks].sum(axis=1),
        np.maximum(net, 0).mean(axis=1),
        (net < 0).sum(axis=1),
        played.holding[:, weeks].sum(axis=1),
        played.waiting[:, weeks].sum(axis=1),
        played.ordering[:, weeks].sum(axis=1),
    )
    return Grid(
        key="round-by-product",
        title=text("By product", "各商品结果"),
        columns=(
            Column(label=PRODUCT),
            count("Demand", "需求"),
            count("Batches", "订货批数"),
            count("Mean stock", "平均库存", 1),
            count("Weeks with waiting", "缺货周数"),
            money("Storage", "仓储费"),
            money("Waiting", "缺货成本"),
            money("Ordering", "订货费"),
        ),
        rows=tuple(
            (product.name, *numbers)
            for product, *numbers in zip(world.products, *(column.tolist() for column in columns), strict=True)
        ),
    )


def _stock_chart(played: PlayedYear) -> Chart:
    stock, owed = np.maximum(played.net, 0).sum(axis=0), np.maximum(-played.net, 0).sum(axis=0)
    return Chart(
        key="stock",
        title=text("Stock and waiting, by week", "每周库存与顾客等待"),
        description=text(
            "Pieces of all products at the end of each week: in stock, and waited for.",
            "每周末所有商品的件数：现有库存与顾客等待。",
        ),
        axis=count("Week", "周"),
        labels=week_labels(0, len(stock)),
        value=count("Pieces", "件"),
        series=(
            Series(label=text("In stock", "现有库存"), values=tuple(stock.astype(float).tolist())),
            Series(label=text("Customers wait for", "顾客等待"), values=tuple(owed.astype(float).tolist())),
        ),
    )
