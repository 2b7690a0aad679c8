"""A small engine for tests of what is generic over engines: a stall with five goods, two mornings, closed-form value.

Demand is normal and known in mean and spread, so the best order is the newsvendor's quantile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from qualoop.simulators import (
    BaselineKind,
    Bound,
    Chart,
    ChoiceField,
    Column,
    Decision,
    DecisionForm,
    DecisionTable,
    Figure,
    Figures,
    FlagField,
    Grid,
    Happened,
    NumberField,
    Option,
    PartScore,
    Plan,
    Prose,
    Refusal,
    Row,
    Series,
    Standard,
    View,
    WorldKey,
    gap_scores,
)
from qualoop.simulators.decisions import packed, unpacked
from qualoop.simulators.distributions import normal_cdf, normal_quantile
from qualoop.simulators.streams import Floats
from qualoop.values import Text

GOODS = (
    ("tea", "Tea", "茶叶"),
    ("cup", "Cup", "杯子"),
    ("pot", "Pot", "茶壶"),
    ("tray", "Tray", "茶盘"),
    ("tin", "=Tin", "=茶罐"),
)
PRICES = {"low": 8.0, "usual": 10.0, "high": 12.0}
DRAWN = {"low": 1.35, "usual": 1.0, "high": 0.6}
MOST = 200


def both(en: str, zh: str) -> Text:
    return Text({"en": en, "zh-Hans": zh})


class StallSpec(BaseModel):
    """What a project may say of the stall."""

    rounds: int = Field(default=2, description="How many mornings.", ge=1, le=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """A world: mean demand and its spread, cost of a piece, what a sign at the good brings."""

    rounds: int
    mean: Floats
    spread: Floats
    cost: Floats
    sign: Floats
    past: Floats


class StallEngine:
    """Fulfils `qualoop.simulators.Engine`."""

    name = "stall"
    value_tolerance = 0.0
    spec_model: type[BaseModel] = StallSpec

    def world(self, spec: Any, key: WorldKey, /) -> Stall:
        draws = key.uniforms("goods", shape=(4, len(GOODS)))
        mean = 40 + 60 * draws[0]
        past = mean + 0.2 * mean * normal_quantile(key.uniforms("past", shape=(6, len(GOODS))))
        return Stall(
            rounds=spec.rounds,
            mean=mean,
            spread=mean * (0.2 + 0.2 * draws[1]),
            cost=3.0 + 3.0 * draws[2],
            sign=np.where(draws[3] > 0.5, 0.2, -0.02),
            past=past,
        )

    def form(self, world: Stall, /) -> DecisionForm:
        rows = tuple(
            Row(key=key, label=both(en, zh), cells=(round(float(mean), 1), round(float(cost), 2), None))
            for (key, en, zh), mean, cost in zip(GOODS, world.mean, world.cost, strict=True)
        )
        columns = (
            Column(label=both("Usual demand", "平常需求"), places=1),
            Column(label=both("Cost", "成本"), places=2, unit="¥"),
            Column(label=both("Note", "备注")),
        )
        goods = DecisionTable(
            key="goods",
            title=both("Goods", "商品"),
            rows=rows,
            fields=_fields(),
            columns=columns,
            row_label=both("Good", "商品"),
        )
        return DecisionForm(tables=(goods,))

    def rounds(self, world: Stall, /) -> int:
        return world.rounds

    def initial(self, world: Stall, /) -> Mapping[str, Any]:
        return {"plan": []}

    def check(self, world: Stall, state: Mapping[str, Any], decision: Decision, /) -> list[Refusal]:
        total = sum(float(value) for value in decision["order"])
        if total <= 600:
            return []
        text = both(f"The van holds 600 pieces, not {total:.0f}.", f"货车最多装 600 件，不能装 {total:.0f} 件。")
        return [Refusal(code="van", text=text)]

    def step(
        self, world: Stall, state: Mapping[str, Any], decision: Decision, run: WorldKey, /
    ) -> tuple[Mapping[str, Any], Happened]:
        day = len(state["plan"])
        after = {"plan": [*state["plan"], packed(decision, self.form(world))]}
        luck = normal_quantile(run.uniforms("demand", day, shape=len(GOODS)))
        wanted = np.maximum(_drawn(world, decision) + world.spread * luck, 0.0).round()
        order, price = _numbers(decision)
        sold = np.minimum(order, wanted)
        profit = float(np.sum(price * sold - world.cost * order) - 2.0 * np.sum(_signs(decision)))
        return after, Happened(panels=_panels(order, wanted, sold, profit), realised=profit)

    def view(self, world: Stall, state: Mapping[str, Any], run: WorldKey, /, *, role: str = "") -> View:
        plan = self.plan(world, state)
        over = len(plan) >= world.rounds
        return View(
            round=len(plan),
            rounds=world.rounds,
            panels=(_history(world), _advice()),
            form=None if over else self.form(world),
            standing={} if over else plan[-1] if plan else self.form(world).defaults(),
        )

    def plan(self, world: Stall, state: Mapping[str, Any], /) -> Plan:
        return [unpacked(small, self.form(world)) for small in state["plan"]]

    def value(self, world: Stall, plan: Plan, /) -> float:
        return sum(_expected(world, decision) for decision in plan)

    def oracle(self, world: Stall, /) -> Bound:
        plan = self.reference(world)
        return Bound(value=self.value(world, plan), plan=plan)

    def reference(self, world: Stall, /) -> Plan:
        best: dict[str, list[Any]] = {"order": [], "price": [], "sign": []}
        for place in range(len(GOODS)):
            options = [
                (_expected_at(world, place, order=order, price=price, sign=sign), order, price, sign)
                for price in PRICES
                for sign in (False, True)
                for order in [_quantile(world, place, price=price, sign=sign)]
            ]
            _, order, price, sign = max(options)
            best["order"].append(order)
            best["price"].append(price)
            best["sign"].append(sign)
        return [best] * world.rounds

    def baseline(self, world: Stall, kind: BaselineKind, /) -> Plan | None:
        form = self.form(world)
        rows = len(GOODS)
        kinds: dict[BaselineKind, Decision] = {
            BaselineKind.NAIVE: form.defaults(),
            BaselineKind.NOTHING: form.defaults() | {"order": [0.0] * rows},
            BaselineKind.POOR: {
                "order": [20.0] * rows,
                "price": ["high"] * rows,
                "sign": [not good for good in self.reference(world)[0]["sign"]],
            },
        }
        return [kinds[kind]] * world.rounds if kind in kinds else None

    def scores(self, world: Stall, plan: Plan, /, standard: Standard | None = None) -> Sequence[PartScore]:
        return gap_scores(
            self,
            world,
            plan,
            why=lambda part, lost, _: both(
                f"{lost:.0f} yuan were left at {part}.", f"在 {part} 上少赚了 {lost:.0f} 元。"
            ),
            standard=standard,
        )


def _fields() -> tuple[NumberField, ChoiceField, FlagField]:
    orders = NumberField(
        key="order",
        component="orders",
        label=both("Order", "订货量"),
        low=Decimal(0),
        high=Decimal(MOST),
        step=Decimal(1),
        default=Decimal(10),
        unit=both("pieces", "件"),
        help=both("What is left at night is thrown away.", "当晚未售出的商品将被丢弃。"),
    )
    price = ChoiceField(
        key="price",
        component="prices",
        label=both("Price", "价格"),
        options=tuple(
            Option(key=key, label=both(en, zh))
            for key, en, zh in (
                ("low", "8 yuan", "8 元"),
                ("usual", "10 yuan", "10 元"),
                ("high", "12 yuan", "12 元"),
            )
        ),
        default="high",
    )
    sign = FlagField(key="sign", component="signs", label=both("Sign", "立牌"), default=False)
    return orders, price, sign


def _numbers(decision: Decision) -> tuple[Floats, Floats]:
    order = np.array([float(value) for value in decision["order"]])
    return order, np.array([PRICES[str(value)] for value in decision["price"]])


def _signs(decision: Decision) -> Floats:
    return np.array([1.0 if value else 0.0 for value in decision["sign"]])


def _drawn(world: Stall, decision: Decision) -> Floats:
    factor = np.array([DRAWN[str(value)] for value in decision["price"]])
    drawn: Floats = world.mean * factor * (1.0 + world.sign * _signs(decision))
    return drawn


def _expected(world: Stall, decision: Decision) -> float:
    return sum(
        _expected_at(
            world,
            place,
            order=float(decision["order"][place]),
            price=str(decision["price"][place]),
            sign=bool(decision["sign"][place]),
        )
        for place in range(len(GOODS))
    )


def _expected_at(world: Stall, place: int, *, order: float, price: str, sign: bool) -> float:
    mean = world.mean[place] * DRAWN[price] * (1.0 + world.sign[place] * sign)
    spread = world.spread[place]
    z = np.array([(order - mean) / spread])
    density = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
    # E min(order, demand) of a normal demand.
    sold = float((mean - spread * (density - z * (1.0 - normal_cdf(z))))[0])
    return PRICES[price] * sold - float(world.cost[place]) * order - 2.0 * sign


def _quantile(world: Stall, place: int, *, price: str, sign: bool) -> float:
    mean = world.mean[place] * DRAWN[price] * (1.0 + world.sign[place] * sign)
    fractile = np.array([(PRICES[price] - world.cost[place]) / PRICES[price]])
    return float(np.clip(np.round(mean + world.spread[place] * normal_quantile(fractile))[0], 0, MOST))


def _panels(order: Floats, wanted: Floats, sold: Floats, profit: float) -> tuple[Any, ...]:
    labels = tuple(both(en, zh) for _, en, zh in GOODS)
    figures = Figures(
        key="morning",
        title=both("The morning", "当日结果"),
        figures=(
            Figure(key="profit", label=both("Profit", "利润"), value=profit, places=0, unit="¥"),
            Figure(key="sold", label=both("Sold", "售出"), value=float(sold.sum()), note=both("pieces", "件")),
            Figure(
                key="service",
                label=both("Served", "满足率"),
                value=float(sold.sum() / wanted.sum()),
                places=1,
                unit="%",
            ),
        ),
    )
    chart = Chart(
        key="bars",
        title=both("Ordered and wanted", "订货与需求"),
        description=both("For each good, how much was ordered and wanted.", "每种商品的订货量与需求量。"),
        axis=Column(label=both("Good", "商品")),
        labels=labels,
        value=Column(label=both("Pieces", "件数")),
        series=(
            Series(label=both("Ordered", "订货"), values=tuple(map(float, order))),
            Series(label=both("Wanted", "需求"), values=tuple(map(float, wanted))),
        ),
        shape="bar",
    )
    grid = Grid(
        key="goods",
        title=both("Good by good", "分商品结果"),
        columns=(Column(label=both("Good", "商品")), Column(label=both("Sold", "售出"))),
        rows=tuple((label, float(count)) for label, count in zip(labels, sold, strict=True)),
    )
    return figures, chart, grid


def _history(world: Stall) -> Chart:
    return Chart(
        key="past",
        title=both("Demand so far", "以往需求"),
        description=both("What was wanted on each of the last six days.", "最近六天每天的需求量。"),
        axis=Column(label=both("Day", "日")),
        labels=tuple(range(1, 7)),
        value=Column(label=both("Pieces", "件数")),
        series=tuple(
            Series(
                label=both(en, zh),
                values=tuple(None if (day, place) == (2, 1) else float(world.past[day, place]) for day in range(6)),
            )
            for place, (_, en, zh) in enumerate(GOODS)
        ),
    )


def _advice() -> Prose:
    return Prose(
        key="advice",
        title=both("What the stall owner says", "摊主的话"),
        text=both("Think of **what is left** at night.", "想一想**晚上剩下的**货。"),
    )
