"""What a referee decides about each experiment."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from qualoop.simulators.decisions import (
    ChoiceField,
    Column,
    DecisionForm,
    DecisionTable,
    FlagField,
    NumberField,
    Option,
    Row,
)
from qualoop.simulators.shop.experiments import SEGMENTS, Experiment, RefereeWorld
from qualoop.simulators.shop.judging import bound_key
from qualoop.simulators.shop.testing import BOUNDS
from qualoop.values import Text

LEAST_SIZE: Final = Decimal(100)
MOST_SIZE: Final = Decimal(1_000_000)
_SHOWN: Final = 0.001

VERDICT_TITLES: Final = {
    "ship": Text({"en": "ship B", "zh-Hans": "上线B"}),
    "stop": Text({"en": "stop, keep A", "zh-Hans": "停止，保留A"}),
    "extend": Text({"en": "go on with the test", "zh-Hans": "继续测试"}),
    "invalid": Text({"en": "invalid: repair and repeat", "zh-Hans": "无效：修复后重做"}),
}

_FIELDS: Final = (
    NumberField(
        key="planned",
        component="power",
        label=Text({"en": "Visitors needed in each arm", "zh-Hans": "每组所需访客"}),
        low=LEAST_SIZE,
        high=MOST_SIZE,
        step=Decimal(1),
        default=Decimal(1000),
        help=Text(
            {
                "en": "For a power of 80% at 5% two-sided, equal arms, from baseline rate and least effect.",
                "zh-Hans": "按基准转化率和最小效应计算：双侧5%，功效80%，两组等量。",
            }
        ),
    ),
    FlagField(
        key="mismatch",
        component="ratio",
        label=Text({"en": "Sample ratio mismatch", "zh-Hans": "样本比例失衡"}),
    ),
    ChoiceField(
        key="bound",
        component="peeking",
        label=Text({"en": "Ask at each look for |z| ≥", "zh-Hans": "每次查看要求|z| ≥"}),
        options=tuple(
            Option(key=bound_key(looks), label=Text({"en": f"{bound:.2f}", "zh-Hans": f"{bound:.2f}"}))
            for looks, bound in BOUNDS.items()
        ),
        default=bound_key(1),
    ),
    ChoiceField(
        key="verdict",
        component="verdict",
        label=Text({"en": "Verdict", "zh-Hans": "裁决"}),
        options=tuple(Option(key=key, label=label) for key, label in VERDICT_TITLES.items()),
        default="stop",
    ),
    NumberField(
        key="better",
        component="verdict",
        label=Text({"en": "Chance that B is truly better", "zh-Hans": "B确实更好的概率"}),
        low=Decimal(0),
        high=Decimal(100),
        step=Decimal("0.5"),
        default=Decimal(50),
        unit=Text({"en": "%", "zh-Hans": "%"}),
    ),
)

_COLUMNS: Final = (
    Column(label=Text({"en": "Baseline rate", "zh-Hans": "基准转化率"}), places=1, unit="%"),
    Column(label=Text({"en": "Least effect that matters", "zh-Hans": "有意义的最小效应"}), places=2, unit="%"),
    Column(label=Text({"en": "Planned share of B", "zh-Hans": "B组计划占比"}), unit="%"),
    Column(label=Text({"en": "Days planned", "zh-Hans": "计划天数"})),
    Column(label=Text({"en": "Looked at every … days", "zh-Hans": "每隔几天查看"})),
    Column(label=Text({"en": "Days run", "zh-Hans": "已运行天数"})),
    Column(label=Text({"en": "Visitors A", "zh-Hans": "A组访客"})),
    Column(label=Text({"en": "Visitors B", "zh-Hans": "B组访客"})),
    Column(label=Text({"en": "Orders A", "zh-Hans": "A组订单"})),
    Column(label=Text({"en": "Orders B", "zh-Hans": "B组订单"})),
    Column(label=Text({"en": "What its owner says", "zh-Hans": "负责人的说法"})),
)


def form_of(world: RefereeWorld) -> DecisionForm:
    """Return the form of a world."""
    table = DecisionTable(
        key="experiments",
        title=Text({"en": "Experiments", "zh-Hans": "实验"}),
        rows=tuple(_row(number, test) for number, test in enumerate(world.experiments)),
        fields=_FIELDS,
        columns=_COLUMNS,
        row_label=Text({"en": "Experiment", "zh-Hans": "实验"}),
        help=Text(
            {
                "en": "Visitors and orders are counted without the running-in week. Effects are in percentage points.",
                "zh-Hans": "访客与订单均不含磨合周；效应以百分点计。",
            }
        ),
    )
    return DecisionForm(tables=(table,))


def experiment_key(number: int) -> str:
    """Return what an experiment is called."""
    return f"E{number + 1}"


def _row(number: int, test: Experiment) -> Row:
    key = experiment_key(number)
    return Row(
        key=key,
        label=Text({"en": key, "zh-Hans": key}),
        cells=(
            test.rate,
            test.effect,
            test.share_of_b,
            test.days,
            test.every,
            test.days_run,
            *test.visitors,
            *test.orders,
            claim(test),
        ),
    )


def p_text(p: float) -> str:
    """Return a p-value as reports give it."""
    return "p < .001" if p < _SHOWN else f"p = {p:.3f}".replace("0.", ".")


def claim(test: Experiment) -> Text:
    """Return what the owner of an experiment says of it; true, but not always to the point."""
    p, day = p_text(test.claimed_p), test.days_run
    side = Text({"en": "better", "zh-Hans": "更好"}) if test.claims_better else Text({"en": "worse", "zh-Hans": "更差"})
    match test.sort:
        case "novelties":
            en = f"B better over all days, the running-in week counted: {p}"
            zh = f"把磨合周算进去，全程B更好：{p}"
        case "segments":
            en = f"B better among returning visitors on phones, one of {SEGMENTS} segments: {p}"
            zh = f"在{SEGMENTS}个细分人群之一（手机回访用户）中B更好：{p}"
        case "peeks":
            en = f"Ended on day {day}, at the first look below .05: B better, {p}"
            zh = f"第{day}天查看时首次低于.05，随即结束：B更好，{p}"
        case "underpowered":
            en = f"Ended on day {day}, no time for more: B {side['en']}, {p}"
            zh = f"第{day}天因时间不够而结束：B{side['zh-Hans']}，{p}"
        case _:
            en = f"All days run: B {side['en']}, {p}"
            zh = f"跑满全程：B{side['zh-Hans']}，{p}"
    return Text({"en": en, "zh-Hans": zh})
