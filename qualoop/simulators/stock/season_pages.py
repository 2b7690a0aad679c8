"""What is seen of a buying season: last season's facts, the table that is filled in, and how it came out."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import numpy as np

from qualoop.simulators.decisions import Cell, Column, DecisionForm, DecisionTable, NumberField, Row
from qualoop.simulators.stock.season_world import SeasonWorld
from qualoop.simulators.stock.words import (
    CATEGORY,
    MONEY,
    PIECES,
    PRODUCT,
    count,
    money,
    share,
    text,
    week_labels,
)
from qualoop.simulators.streams import Floats, Integers
from qualoop.simulators.views import Chart, Figure, Figures, Grid, Panel, Series

FORECAST: Final = "forecast"
BUFFER: Final = "buffer"
MOST: Final = 2000

_FORECAST_FIELD: Final = NumberField(
    key=FORECAST,
    component="forecast",
    label=text("Forecast", "预测销量"),
    low=Decimal(0),
    high=Decimal(MOST),
    step=Decimal(1),
    unit=PIECES,
    help=text("Pieces that you expect to be asked for in the coming season.", "你预计下一季顾客需要的件数。"),
)
_BUFFER_FIELD: Final = NumberField(
    key=BUFFER,
    component="safety",
    label=text("Buffer", "增减量"),
    low=Decimal(-MOST),
    high=Decimal(MOST),
    step=Decimal(1),
    unit=PIECES,
    help=text(
        "Pieces ordered on top of the forecast, or below it with a minus: order = forecast + buffer.",
        "在预测之上多订的件数，少订则填负数：订货量 = 预测销量 + 增减量。",
    ),
)
_COLUMNS: Final = (
    Column(label=CATEGORY),
    money("Price", "售价", 2),
    money("Cost", "进价", 2),
    money("Clearance", "清仓价", 2),
    count("Sold last season", "上季销量"),
    count("Weeks on sale", "在售周数"),
    count("of these in a campaign", "其中活动周数"),
    share("Market outlook", "市场预期"),
    share("Usual deviation", "常见偏差"),
)


def season_form(world: SeasonWorld) -> DecisionForm:
    """Return the table of products: what was sold, what is expected, and the two numbers to decide."""
    return DecisionForm(
        tables=(
            DecisionTable(
                key="orders",
                title=text("Order for the coming season", "下一季订货"),
                row_label=PRODUCT,
                columns=_COLUMNS,
                rows=tuple(
                    Row(key=product.key, label=product.name, cells=cells)
                    for product, cells in zip(world.products, _cells(world), strict=True)
                ),
                fields=(_FORECAST_FIELD, _BUFFER_FIELD),
                help=text(
                    f"There is one order. A campaign week sells about {world.spec.lift:g} times a normal week; no campaign "
                    "is planned. The outlook is against last season. In two of three seasons demand stays within the "
                    "usual deviation of a good forecast.",
                    f"全季只订一次货。活动周的销量约为平常周的{world.spec.lift:g}倍；下一季没有活动。市场预期是与上季相比。"
                    "如果预测得好，三季中约有两季的需求落在常见偏差之内。",
                ),
            ),
        )
    )


def _cells(world: SeasonWorld) -> list[tuple[Cell, ...]]:
    numbers = (
        world.price,
        world.cost,
        world.salvage,
        world.history.sum(axis=1),
        world.in_stock.sum(axis=1),
        (world.in_stock & world.campaign).sum(axis=1),
        world.growth,
        world.spread,
    )
    columns = [column.tolist() for column in numbers]
    titles = [product.category_title for product in world.products]
    return list(zip(titles, *columns, strict=True))


def known_panels(world: SeasonWorld) -> tuple[Panel, ...]:
    """Return what last season left behind: the weeks of every product, and a line a category."""
    return (_weekly_chart(world), _weekly_grid(world))


def _weekly_chart(world: SeasonWorld) -> Chart:
    category = np.array([product.category for product in world.products])
    titles = {product.category: product.category_title for product in world.products}
    return Chart(
        key="weeks-by-category",
        title=text("Sold last season, by category", "上季各品类销量"),
        description=text(
            "Pieces sold a week; campaign weeks stand out, and lines sink where products ran out.",
            "每周销量；活动周明显偏高，商品售罄后曲线下降。",
        ),
        axis=count("Week", "周"),
        labels=week_labels(0, world.spec.weeks),
        value=count("Pieces", "件"),
        series=tuple(
            Series(label=title, values=tuple(world.history[category == number].sum(axis=0).astype(float).tolist()))
            for number, title in sorted(titles.items(), key=lambda item: item[0])
        ),
    )


def _weekly_grid(world: SeasonWorld) -> Grid:
    weeks = tuple(Column(label=text(f"Week {number}", f"第{number}周")) for number in week_labels(0, world.spec.weeks))
    return Grid(
        key="weeks-by-product",
        title=text("Sold last season, by product (empty: sold out)", "上季各商品每周销量（空白：已售罄）"),
        columns=(Column(label=PRODUCT), *weeks),
        rows=tuple(
            (product.name, *(sold if there else None for sold, there in zip(*line, strict=True)))
            for product, *line in zip(world.products, world.history.tolist(), world.in_stock.tolist(), strict=True)
        ),
    )


def result_panels(world: SeasonWorld, orders: Integers, demand: Integers) -> tuple[Panel, ...]:
    """Return how the season came out."""
    sold = np.minimum(orders, demand)
    profit = season_profit(world, orders, demand)
    return (_result_figures(world, orders, demand), _result_grid(world, np.stack([orders, demand, sold]), profit))


def season_profit(world: SeasonWorld, orders: Integers, demand: Integers) -> Floats:
    """Return each product's profit: sales, clearance of what is left, less what was paid."""
    sold = np.minimum(orders, demand)
    profit: Floats = (world.price - world.salvage) * sold - (world.cost - world.salvage) * orders
    return profit


def _result_figures(world: SeasonWorld, orders: Integers, demand: Integers) -> Figures:
    sold, asked = np.minimum(orders, demand), int(demand.sum())
    left = orders - sold
    missed = ((world.price - world.cost) * (demand - sold)).sum()
    return Figures(
        key="season",
        title=text("How the season came out", "本季结果"),
        figures=(
            _money_figure("profit", ("Profit", "利润"), float(season_profit(world, orders, demand).sum())),
            _money_figure("bought", ("Paid for goods", "进货金额"), float((world.cost * orders).sum())),
            Figure(
                key="served",
                label=text("Demand served", "需求满足率"),
                value=float(sold.sum() / asked) if asked else None,
                places=1,
                unit="%",
            ),
            _money_figure("missed", ("Margin missed", "错失毛利"), float(missed)),
            _money_figure(
                "cleared", ("Lost in clearance", "清仓损失"), float(((world.cost - world.salvage) * left).sum())
            ),
        ),
    )


def _money_figure(key: str, label: tuple[str, str], value: float) -> Figure:
    return Figure(key=key, label=text(*label), value=value, unit=MONEY)


def _result_grid(world: SeasonWorld, counts: Integers, profit: Floats) -> Grid:
    orders, demand, sold = counts
    return Grid(
        key="season-by-product",
        title=text("By product", "各商品结果"),
        columns=(
            Column(label=PRODUCT),
            count("Ordered", "订货"),
            count("Asked for", "需求"),
            count("Sold", "售出"),
            count("Left", "剩余"),
            count("Missed", "缺货"),
            money("Profit", "利润"),
        ),
        rows=tuple(
            (product.name, *numbers)
            for product, *numbers in zip(
                world.products,
                *(column.tolist() for column in (orders, demand, sold, orders - sold, demand - sold, profit)),
                strict=True,
            )
        ),
    )
