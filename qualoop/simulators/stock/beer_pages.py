"""What is seen of a supply chain: what is known of orders, the rules that are filled in, and how each round came out."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import numpy as np

from qualoop.simulators.decisions import Column, DecisionForm, DecisionTable, NumberField, Row
from qualoop.simulators.stock.beer_play import ROLES, gap_key, level_key, paid, pipeline_key
from qualoop.simulators.stock.beer_world import CHAIN, BeerGameWorld
from qualoop.simulators.stock.chain import Course, bullwhip
from qualoop.simulators.stock.words import MONEY, PIECES, PRODUCT, count, money, share, text, week_labels
from qualoop.simulators.streams import Floats
from qualoop.simulators.views import Chart, Figure, Figures, Grid, Panel, Series
from qualoop.values import Text, ValueRefusedError

MOST: Final = 400
_STEP: Final = Decimal("0.05")

ROLE_TITLES: Final = {
    "retailer": text("Retailer", "零售商"),
    "wholesaler": text("Wholesaler", "批发商"),
    "distributor": text("Distributor", "分销商"),
    "factory": text("Factory", "工厂"),
}


def _titled(role: str, en: str, zh: str) -> Text:
    title = ROLE_TITLES[role]
    return text(f"{title['en']}: {en}", f"{title['zh-Hans']}：{zh}")


def chain_form(world: BeerGameWorld) -> DecisionForm:
    """Return the tables of all four firms: levels by product, and one rule."""
    return DecisionForm(tables=tuple(table for role in ROLES for table in (_levels(world, role), _rule(role))))


def role_form(form: DecisionForm, role: str) -> DecisionForm:
    """Return the tables of one firm; all of them for whoever decides everything. Raise ValueRefusedError for no firm."""
    if not role:
        return form
    if role not in ROLES:
        raise ValueRefusedError(f"the chain has no {role}")
    return DecisionForm(
        tables=tuple(table for table in form.tables if all(each.component == role for each in table.fields))
    )


def _levels(world: BeerGameWorld, role: str) -> DecisionTable:
    orders = world.history.mean(axis=0), world.history.std(axis=0, ddof=1), world.unit * CHAIN.holding
    numbers = (*orders, world.unit * CHAIN.waiting)
    return DecisionTable(
        key=f"{role}-levels",
        title=_titled(role, "order-up-to levels", "目标库存水平"),
        row_label=PRODUCT,
        columns=(
            count("Ordered a week before", "此前周均订单", 1),
            count("Standard deviation", "标准差", 1),
            money("Stock a week", "每周库存成本", 2),
            money("Backlog a week", "每周欠货成本", 2),
        ),
        rows=tuple(
            Row(key=product.key, label=product.name, cells=tuple(cells))
            for product, *cells in zip(world.products, *(column.tolist() for column in numbers), strict=True)
        ),
        fields=(
            NumberField(
                key=level_key(role),
                component=role,
                label=text("Level S", "目标水平S"),
                low=Decimal(0),
                high=Decimal(MOST),
                step=Decimal(1),
                unit=PIECES,
                help=text(
                    "Up to which stock, less backlog, plus what is on order, you want to order.",
                    "希望库存减欠货加在途订货达到的水平。",
                ),
            ),
        ),
        help=text(
            f"An order is read {CHAIN.ordering} week after it was placed, and goods travel {CHAIN.shipping} weeks. Costs are "
            "for each piece and week.",
            f"订单在发出{CHAIN.ordering}周后被上游读到，货物运输需{CHAIN.shipping}周。成本按每件每周计。",
        ),
    )


def _rule(role: str) -> DecisionTable:
    return DecisionTable(
        key=f"{role}-rule",
        title=_titled(role, "ordering rule", "订货规则"),
        rows=(Row(key=role, label=ROLE_TITLES[role]),),
        fields=(
            _share_field(
                (gap_key(role), role),
                text("Share of the gap that is ordered", "补足差额的比例"),
                text(
                    "1: the whole gap between level and position at once; 0.2: a fifth of it each week.",
                    "1表示一次补足目标水平与库存位置的全部差额；0.2表示每周补五分之一。",
                ),
                Decimal("0.05"),
            ),
            _share_field(
                (pipeline_key(role), role),
                text("Share of outstanding orders that counts", "计入已订未到货的比例"),
                text(
                    "1: everything ordered and not yet received counts, also what the firm above still owes; 0: only stock "
                    "and backlog.",
                    "1表示已订未到的货全部计入，包括上游尚欠的货；0表示只看库存和欠货。",
                ),
                Decimal(0),
            ),
        ),
        help=text(
            "Order = share of the gap × (level − stock + backlog − share counted × outstanding orders), in whole pieces.",
            "订货量 = 补足比例 ×（目标水平 − 库存 + 欠货 − 计入比例 × 已订未到货），取整。",
        ),
    )


def _share_field(names: tuple[str, str], label: Text, explanation: Text, low: Decimal) -> NumberField:
    key, component = names
    return NumberField(
        key=key,
        component=component,
        label=label,
        low=low,
        high=Decimal(1),
        step=_STEP,
        default=Decimal("0.5"),
        help=explanation,
    )


def known_panels(world: BeerGameWorld, number: int, role: str) -> tuple[Panel, ...]:
    """Return what is known when round ``number`` (from 0) is decided: news of it, and the orders before."""
    if number == world.spec.rounds:
        return (_history(world, role),)
    return (_news(world, number), _history(world, role))


def _news(world: BeerGameWorld, number: int) -> Grid:
    return Grid(
        key="news",
        title=text(
            "Market news: demand of this round against the weeks before the game", "市场消息：本轮需求与开局前相比"
        ),
        columns=(Column(label=PRODUCT), share("Demand", "需求水平")),
        rows=tuple(
            (product.name, factor) for product, factor in zip(world.products, world.news[number].tolist(), strict=True)
        ),
    )


def _history(world: BeerGameWorld, role: str) -> Chart:
    # Before the game everybody passed orders on as they came: each firm has seen the same.
    return Chart(
        key="history",
        title=text("Orders received before the game, by week", "开局前每周收到的订单"),
        description=text(
            "A line a product. Everybody ordered what was asked for, so that all four firms saw the same orders.",
            "每条线为一种商品。各家当时都按收到的订单订货，因此四家看到的订单相同。",
        ),
        axis=count("Week", "周"),
        labels=week_labels(0, world.spec.history_weeks),
        value=count("Pieces", "件"),
        series=_lines(world, world.history.astype(np.float64)),
    )


def _lines(world: BeerGameWorld, by_week: Floats) -> tuple[Series, ...]:
    return tuple(
        Series(label=product.name, values=tuple(line))
        for product, line in zip(world.products, by_week.T.tolist(), strict=True)
    )


def result_panels(world: BeerGameWorld, course: Course, number: int, role: str = "") -> tuple[Panel, ...]:
    """Return how round ``number`` (from 0) came out: of the whole chain, or of one firm's own facts."""
    nodes = [ROLES.index(role)] if role else list(range(len(ROLES)))
    weeks = slice(number * world.spec.round_weeks, None)
    costs = paid(world, course)[weeks][:, nodes]
    shown = (_figures(costs, number), _by_product(world, course, weeks, nodes), *_stock_charts(course, nodes))
    if role:
        return shown
    return (*shown, _orders_chart(course), _bullwhip(course))


def _figures(costs: Floats, number: int) -> Figures:
    return Figures(
        key="round",
        title=text(f"How round {number + 1} came out", f"第{number + 1}轮结果"),
        figures=(
            Figure(key="costs", label=text("Costs of the round", "本轮成本"), value=float(costs.sum()), unit=MONEY),
            Figure(
                key="last-weeks",
                label=text("of these in the last four weeks", "其中最后四周"),
                value=float(costs[-4:].sum()),
                unit=MONEY,
            ),
        ),
    )


def _by_product(world: BeerGameWorld, course: Course, weeks: slice, nodes: list[int]) -> Grid:
    net, orders, incoming = course.net[weeks], course.orders[weeks], course.incoming[weeks]
    costs = paid(world, course)[weeks]
    rows = []
    for node in nodes:
        columns = (
            incoming[:, node].mean(axis=0),
            orders[:, node].mean(axis=0),
            np.maximum(net[:, node], 0.0).mean(axis=0),
            np.maximum(-net[:, node], 0.0).mean(axis=0),
            costs[:, node].sum(axis=0),
            net[-1, node],
        )
        title = ROLE_TITLES[ROLES[node]]
        for product, *numbers in zip(world.products, *(column.tolist() for column in columns), strict=True):
            rows.append((title, product.name, *numbers))
    return Grid(
        key="round-by-product",
        title=text("By firm and product", "各企业各商品结果"),
        columns=(
            Column(label=text("Firm", "企业")),
            Column(label=PRODUCT),
            count("Orders in a week", "周均收到订单", 1),
            count("Ordered a week", "周均订货", 1),
            count("Mean stock", "平均库存", 1),
            count("Mean backlog", "平均欠货", 1),
            money("Costs", "成本"),
            count("Stock less backlog now", "当前库存减欠货"),
        ),
        rows=tuple(rows),
    )


def _stock_charts(course: Course, nodes: list[int]) -> tuple[Chart]:
    net = course.net.sum(axis=2)
    return (
        Chart(
            key="net-stock",
            title=text("Stock less backlog, by week", "每周库存减欠货"),
            description=text(
                "Pieces of all products at the end of each week; below zero more is owed than there is.",
                "每周末所有商品的件数；低于零表示欠货多于库存。",
            ),
            axis=count("Week", "周"),
            labels=week_labels(0, len(net)),
            value=count("Pieces", "件"),
            series=_by_firm(net, nodes),
        ),
    )


def _by_firm(by_week: Floats, nodes: list[int]) -> tuple[Series, ...]:
    return tuple(Series(label=ROLE_TITLES[ROLES[node]], values=tuple(by_week[:, node].tolist())) for node in nodes)


def _orders_chart(course: Course) -> Chart:
    orders, demand = course.orders.sum(axis=2), course.incoming[:, 0].sum(axis=1)
    customers = Series(label=text("Customers", "顾客"), values=tuple(demand.tolist()))
    return Chart(
        key="orders",
        title=text("Orders, by week", "每周订货量"),
        description=text(
            "Pieces of all products: what customers asked for, and what each firm ordered. Swings that grow up the chain are "
            "the bullwhip effect.",
            "所有商品的件数：顾客的需求与各企业的订货。越往上游波动越大，就是牛鞭效应。",
        ),
        axis=count("Week", "周"),
        labels=week_labels(0, len(orders)),
        value=count("Pieces", "件"),
        series=(customers, *_by_firm(orders, list(range(len(ROLES))))),
    )


def _bullwhip(course: Course) -> Chart:
    ratios = bullwhip(course)
    mean = [float(np.mean(line[np.isfinite(line)])) if np.isfinite(line).any() else None for line in ratios]
    return Chart(
        key="bullwhip",
        title=text("Bullwhip ratio", "牛鞭比率"),
        description=text(
            "Variance of a firm's orders over the variance of demand, so far, the mean of all products: 1 passes swings on, "
            "more amplifies them.",
            "到目前为止各企业订货方差与需求方差之比，取各商品平均：等于1为原样传递，大于1为放大。",
        ),
        axis=Column(label=text("Firm", "企业")),
        labels=tuple(ROLE_TITLES[role] for role in ROLES),
        value=count("Ratio", "比率", 2),
        series=(Series(label=text("Orders over demand", "订货方差/需求方差"), values=tuple(mean)),),
        shape="bar",
    )
