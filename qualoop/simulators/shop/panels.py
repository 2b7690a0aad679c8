"""What a referee may see: what is known of all ideas; after a year, how each experiment turned out."""

from __future__ import annotations

from qualoop.simulators.decisions import Cell, Column
from qualoop.simulators.shop.experiments import RefereeWorld
from qualoop.simulators.shop.form import VERDICT_TITLES, experiment_key, p_text
from qualoop.simulators.shop.judging import FULL, VERDICT_SHARE, Lost
from qualoop.simulators.shop.sampling import Year
from qualoop.simulators.shop.spec import RefereeSpec
from qualoop.simulators.shop.testing import planned_size, ratio_p
from qualoop.simulators.views import Chart, Figure, Figures, Grid, Panel, Series
from qualoop.values import Text


def _column(en: str, zh: str, *, places: int = 0, unit: str = "") -> Column:
    return Column(label=Text({"en": en, "zh-Hans": zh}), places=places, unit=unit)


def _figure(key: str, label: tuple[str, str], value: float, *, places: int = 2, unit: str = "") -> Figure:
    return Figure(key=key, label=Text({"en": label[0], "zh-Hans": label[1]}), value=value, places=places, unit=unit)


def facts(spec: RefereeSpec) -> tuple[Panel, ...]:
    """Return what is known before anything is decided: of ideas at large, never of one."""
    stakes = Figures(
        key="stakes",
        title=Text({"en": "What is known of all ideas", "zh-Hans": "关于全部创意的已知信息"}),
        figures=(
            _figure("nothing", ("Ideas that do nothing", "毫无效果的创意占比"), spec.nothing, places=0, unit="%"),
            _figure(
                "spread",
                (
                    "Standard deviation of the others' effects, in least effects",
                    "其余创意效应的标准差（以最小效应为单位）",
                ),
                spec.spread,
            ),
            _figure("shipping", ("Cost of shipping, in least effects", "上线成本（以最小效应为单位）"), spec.shipping),
            _figure("extending", ("Cost of going on, in least effects", "继续测试的成本（同上）"), spec.extending),
            _figure("repeating", ("Cost of repeating, in least effects", "重做的成本（同上）"), spec.repeating),
        ),
    )
    return (stakes,)


def outcome(world: RefereeWorld, lost: Lost, year: Year) -> tuple[Panel, ...]:
    """Return what became of the experiments within a year."""
    return (_points(lost), _chart(lost), _year(world, year))


def _points(lost: Lost) -> Figures:
    return Figures(
        key="points",
        title=Text({"en": "Your decisions", "zh-Hans": "你的决策"}),
        figures=(
            _figure("points", ("Points as it came out", "实际得分"), lost.points(), places=0),
            _figure("most", ("Points that there are", "满分"), FULL * 4 * len(lost.power), places=0),
        ),
    )


def _chart(lost: Lost) -> Chart:
    verdict = VERDICT_SHARE * lost.verdict + (1.0 - VERDICT_SHARE) * lost.belief
    parts = (
        (Text({"en": "Size", "zh-Hans": "样本量"}), lost.power),
        (Text({"en": "Ratio", "zh-Hans": "比例检查"}), lost.ratio),
        (Text({"en": "Looks", "zh-Hans": "查看规则"}), lost.peeking),
        (Text({"en": "Verdict", "zh-Hans": "裁决"}), verdict),
    )
    return Chart(
        key="lost",
        title=Text({"en": "Points lost, by question", "zh-Hans": "各类问题失分"}),
        description=Text(
            {
                "en": "A bar for each question; the highest shows where most points were lost.",
                "zh-Hans": "每类问题一根柱，最高的就是失分最多的地方。",
            }
        ),
        axis=_column("Question", "问题"),
        labels=tuple(label for label, _ in parts),
        value=_column("Points lost", "失分"),
        series=(
            Series(
                label=Text({"en": "Points lost", "zh-Hans": "失分"}),
                values=tuple(FULL * float(each.sum()) for _, each in parts),
            ),
        ),
        shape="bar",
    )


def _year(world: RefereeWorld, year: Year) -> Grid:
    rows: list[tuple[Cell, ...]] = []
    for number, test in enumerate(world.experiments):
        rows.append(
            (
                experiment_key(number),
                round(planned_size(test.rate, test.effect)),
                p_text(ratio_p(*test.visitors, test.share_of_b)),
                test.looks,
                test.belief.better,
                VERDICT_TITLES[test.verdict],
                float(year.effects[number]) * test.effect,
                float(year.gains[number]),
            )
        )
    return Grid(
        key="year",
        title=Text({"en": "A year later", "zh-Hans": "一年之后"}),
        columns=(
            _column("Experiment", "实验"),
            _column("Needed in each arm", "每组所需访客"),
            _column("Split", "分流检验"),
            _column("Looks planned", "计划查看次数"),
            _column("Chance that B is better, given the data", "依据数据，B更好的概率", unit="%"),
            _column("Best verdict, given the data", "依据数据的最佳裁决"),
            _column("Effect as it turned out", "最终显现的效应", places=2, unit="%"),
            _column("Gain of your verdict, in least effects", "你的裁决带来的收益（以最小效应为单位）", places=2),
        ),
        rows=tuple(rows),
    )
