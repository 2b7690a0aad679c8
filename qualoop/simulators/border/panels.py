"""What may be seen: the pack, the routes' terms; after the year, what customs asked for and what it cost."""

from __future__ import annotations

from dataclasses import replace

from qualoop.simulators.border.form import ROUTE_TITLES, parcel_key
from qualoop.simulators.border.incoterms import incoterms
from qualoop.simulators.border.pack_panels import column, pack_panels
from qualoop.simulators.border.routes import CYCLE, ROUTES
from qualoop.simulators.border.valuing import Result, sides
from qualoop.simulators.border.world import BorderWorld
from qualoop.simulators.decisions import Cell, Column
from qualoop.simulators.streams import Floats
from qualoop.simulators.views import Chart, Figure, Figures, Grid, Panel, Series
from qualoop.values import Text


def facts(world: BorderWorld) -> tuple[Panel, ...]:
    """Return what is known before anything is decided."""
    return (
        *pack_panels(world.pack),
        _routes(world.parcel_duty),
        _consequences(world),
    )


def _routes(parcel_duty: float) -> Grid:
    yes, no = Text({"en": "yes", "zh-Hans": "是"}), Text({"en": "no", "zh-Hans": "否"})
    return Grid(
        key="route-terms",
        title=Text(
            {
                "en": f"Routes: terms. Stock is ordered every {CYCLE:.0f} days",
                "zh-Hans": f"路线条件（每{CYCLE:.0f}天订货一次）",
            }
        ),
        columns=(
            column("Route", "路线"),
            column("Lead time, days", "提前期（天）"),
            column("Freight of a kg", "每公斤运费", unit="¥"),
            column("Handling and delivery of a unit", "单件操作与派送费", unit="¥"),
            column("Duty of a unit, in place of the rate", "单件固定关税（代替税率）", places=1, unit="¥"),
            column("Storage of a kg and day", "每公斤每日仓储费", places=2, unit="¥"),
            column("Lost of a left-over's purchase cost", "滞销损失占采购成本", unit="%"),
            column("Duty paid on left-overs", "滞销品已缴关税"),
        ),
        rows=tuple(
            (
                ROUTE_TITLES[route.key],
                route.days,
                route.per_kg,
                route.per_unit,
                None if route.bulk else parcel_duty,
                route.storage,
                route.leftover,
                yes if route.duty_on_leftovers else no,
            )
            for route in ROUTES
        ),
    )


def _consequences(world: BorderWorld) -> Figures:
    spec = world.spec
    elasticity = _cost(
        "elasticity",
        "Orders lost for 1% of the price charged too much",
        "多收价格的1%所流失的订单",
        spec.elasticity / 100,
    )
    return Figures(
        key="consequences",
        title=Text({"en": "What errors cost", "zh-Hans": "出错的代价"}),
        figures=(
            replace(elasticity, places=1),
            _cost("stopped", "Parcels stopped under a wrong rule", "适用规则错误时被扣的包裹", spec.stopped),
            _cost(
                "penalty",
                "Expected penalty on a wrong heading, of the line's value",
                "归类错误的预期罚款占该行货值",
                spec.inspected * spec.penalty,
            ),
            _cost(
                "dispute",
                "A wrong cell, besides the item itself, of the contract's value",
                "责任判断错误的额外损失（占合同金额，另加该项本身）",
                spec.dispute,
            ),
            replace(_cost("contract", "Value of each bulk contract", "每份大货合同金额", spec.contract), unit="¥"),
        ),
    )


def _cost(key: str, en: str, zh: str, value: float) -> Figure:
    """Return a share of something that an error costs."""
    return Figure(key=key, label=Text({"en": en, "zh-Hans": zh}), value=value, unit="%")


def outcome(world: BorderWorld, result: Result, orders: Floats) -> tuple[Panel, ...]:
    """Return what the year brought: what customs asked for, which cells were disputed, what each part cost."""
    return (_money(result, orders), _losses(world, result, orders), _asked(world, orders), _disputed(world, result))


def _money(result: Result, orders: Floats) -> Figures:
    return Figures(
        key="year",
        title=Text({"en": "The year", "zh-Hans": "全年"}),
        figures=(
            Figure(
                key="profit",
                label=Text({"en": "Profit", "zh-Hans": "利润"}),
                value=result.profit(orders),
                unit="¥",
            ),
            Figure(
                key="parcels",
                label=Text({"en": "Parcels sent", "zh-Hans": "发出件数"}),
                value=float(orders.sum()),
            ),
        ),
    )


def _losses(world: BorderWorld, result: Result, orders: Floats) -> Chart:
    best = sum(min(world.costs[route.key][place] for route in ROUTES) for place in range(len(world.products.units)))
    earned = world.products.units * 365.0 @ world.products.margin - result.routed.sum()
    parts = (
        (Text({"en": "Wrong charges", "zh-Hans": "税费报错"}), float(result.misquoted @ orders)),
        (Text({"en": "Wrong rule", "zh-Hans": "规则用错"}), float(result.stopped @ orders)),
        (Text({"en": "Wrong headings", "zh-Hans": "归类错误"}), float(result.reclassified @ orders)),
        (Text({"en": "Contracts", "zh-Hans": "合同责任"}), float(result.cells.sum())),
        (Text({"en": "Routes", "zh-Hans": "路线"}), max(float(earned - best), 0.0)),
    )
    return Chart(
        key="losses",
        title=Text({"en": "What errors cost", "zh-Hans": "各类错误的损失"}),
        description=Text(
            {
                "en": "A bar for each sort of error; the highest shows where most money was lost.",
                "zh-Hans": "每类错误一根柱，最高的就是损失最大的地方。",
            }
        ),
        axis=column("Error", "错误类型"),
        labels=tuple(label for label, _ in parts),
        value=column("Lost", "损失", unit="¥"),
        series=(Series(label=Text({"en": "Lost", "zh-Hans": "损失"}), values=tuple(lost for _, lost in parts)),),
        shape="bar",
    )


def _asked(world: BorderWorld, orders: Floats) -> Grid:
    rows: list[tuple[Cell, ...]] = []
    for number, parcel in enumerate(world.parcels):
        found = parcel.landed.assessment
        rows.append(
            (
                parcel_key(number),
                found.rule.title,
                ", ".join(dict.fromkeys(line.hs6 for line in parcel.consignment.lines)),
                float(found.customs_value),
                float(found.duty),
                float(found.vat),
                float(parcel.landed.unit_cost),
                float(parcel.landed.margin),
                int(orders[number]),
            )
        )
    return Grid(
        key="asked",
        title=Text({"en": "What customs found", "zh-Hans": "海关核定结果"}),
        columns=(
            column("Parcel", "包裹"),
            column("Rule", "规则"),
            column("Headings", "税号"),
            column("Customs value", "完税价格", places=2),
            column("Duty", "关税", places=2),
            column("VAT", "增值税", places=2),
            column("Landed cost of a piece", "单件到岸成本", places=2, unit="¥"),
            column("Margin of a parcel", "每件包裹毛利", places=2, unit="¥"),
            column("Parcels", "件数"),
        ),
        rows=tuple(rows),
    )


def _disputed(world: BorderWorld, result: Result) -> Grid:
    names = {
        "seller": Text({"en": "seller", "zh-Hans": "卖方"}),
        "buyer": Text({"en": "buyer", "zh-Hans": "买方"}),
    }
    right = sides(world)
    rows: list[tuple[Cell, ...]] = [
        (item.title, *(names[column[place]] for column in right), float(result.cells[place].sum()))
        for place, item in enumerate(incoterms().items)
    ]
    return Grid(
        key="disputed",
        title=Text({"en": "Contracts: whose it was", "zh-Hans": "合同：实际由谁承担"}),
        columns=(
            column("Cost or risk", "费用或风险"),
            *(Column(label=term.title) for term in world.contracts),
            column("Lost", "损失", unit="¥"),
        ),
        rows=tuple(rows),
    )
