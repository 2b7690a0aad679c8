"""What a learner sees of the ladder: the table described, how each answer did, and the learner's own first rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qualoop.simulators.decisions import Column
from qualoop.simulators.sql.ladder import SqlWorld
from qualoop.simulators.sql.marking import Outcome, sheet_marks
from qualoop.simulators.sql.texts import sentence
from qualoop.simulators.views import Figure, Figures, Grid, Panel, Prose
from qualoop.values import Text

RIGHT: Final = 1.0


def _text(english: str, chinese: str) -> Text:
    return Text({"en": english, "zh-Hans": chinese})


_DATA: Final = Prose(
    key="data",
    title=_text("The data", "数据"),
    text=_text(
        "One table, `sales`: invoice lines of a British mail-order shop for gifts, 1 December 2010 to 9 December 2011. "
        "Your sample is yours alone: four of five customers, four of five invoices without a customer.\n\n"
        "- `invoice`: number of the invoice; `C…` is a cancellation\n"
        "- `stock_code`: code of the product; what does not begin with a digit is a service, such as postage\n"
        "- `description`: name of the product\n"
        "- `quantity`: pieces; negative when they come back\n"
        "- `invoice_date`: day and time\n"
        "- `unit_price`: pounds sterling a piece\n"
        "- `customer`: number of the customer; empty where it is not known\n"
        "- `country`: country of the customer\n\n"
        "Revenue is always `quantity * unit_price`. A query has two seconds, and gives at most 5,000 rows and 64 KB. "
        "Columns count by position; their names are free.",
        "只有一张表 `sales`：一家英国礼品邮购店 2010 年 12 月 1 日至 2011 年 12 月 9 日的发票明细。"
        "你的样本是独有的：保留五分之四的客户，以及五分之四没有客户编号的发票。\n\n"
        "- `invoice`：发票号；以 `C` 开头的是取消单\n"
        "- `stock_code`：商品编码；不以数字开头的是服务项目，例如邮费\n"
        "- `description`：商品名称\n"
        "- `quantity`：件数；退货为负数\n"
        "- `invoice_date`：日期和时间\n"
        "- `unit_price`：单价（英镑）\n"
        "- `customer`：客户编号；未知时为空\n"
        "- `country`：客户所在国家\n\n"
        "销售额一律为 `quantity * unit_price`。每条查询限时两秒，结果最多 5000 行、64 KB。"
        "各列按位置比较，列名不限。",
    ),
)


def panels_of(world: SqlWorld, outcomes: Sequence[Outcome]) -> tuple[Panel, ...]:
    """Return the panels to be seen; ``outcomes`` are those of the sheet handed in last, empty before the first."""
    return (_DATA, *results_of(world, outcomes)) if outcomes else (_DATA,)


def results_of(world: SqlWorld, outcomes: Sequence[Outcome]) -> tuple[Panel, ...]:
    """Return how a sheet did."""
    right = sum(outcome.marks >= RIGHT for outcome in outcomes)
    figures = Figures(
        key="standing",
        title=_text("Where you stand", "目前成绩"),
        figures=(
            Figure(key="right", label=_text("Tasks right", "正确题数"), value=right),
            Figure(key="tasks", label=_text("Tasks in all", "总题数"), value=len(outcomes)),
            Figure(key="marks", label=_text("Marks", "得分"), value=sheet_marks(world, outcomes), places=1, unit="%"),
        ),
    )
    return figures, _results(world, outcomes), _own_rows(world, outcomes)


def _results(world: SqlWorld, outcomes: Sequence[Outcome]) -> Grid:
    return Grid(
        key="results",
        title=_text("Your answers", "你的答案"),
        columns=(
            Column(label=_text("Task", "任务")),
            Column(label=_text("Level", "等级")),
            Column(label=_text("Marks", "得分"), places=0, unit="%"),
            Column(label=_text("Your rows", "你的行数")),
            Column(label=_text("What was found", "判定")),
        ),
        rows=tuple(
            (
                task.spec.title,
                task.spec.level,
                outcome.marks,
                outcome.rows,
                sentence(outcome.code, column=outcome.column, line=outcome.line),
            )
            for task, outcome in zip(world.tasks, outcomes, strict=True)
        ),
    )


def _own_rows(world: SqlWorld, outcomes: Sequence[Outcome]) -> Grid:
    return Grid(
        key="own-rows",
        title=_text("First rows of your results", "你的结果的前几行"),
        columns=(Column(label=_text("Task", "任务")), Column(label=_text("Row", "行"))),
        rows=tuple(
            (task.spec.title, row) for task, outcome in zip(world.tasks, outcomes, strict=True) for row in outcome.shown
        ),
    )
