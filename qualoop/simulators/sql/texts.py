"""What a learner is told about a query: one sentence for every code, in both languages; never the engine's own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qualoop.values import Text

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    # What the sandbox reports.
    "empty": ("Nothing was handed in.", "没有提交查询。"),
    "too-long": ("The query is too long.", "查询语句太长。"),
    "syntax": ("The query cannot be read: there is a slip in its syntax{line}.", "语法有误，无法解析这条查询{line}。"),
    "not-select": ("Only a SELECT can be run: nothing can be changed or set.", "只能运行 SELECT，不能修改数据或设置。"),
    "several-statements": (
        "There is more than one statement: hand in exactly one SELECT.",
        "包含多条语句：请只提交一条 SELECT。",
    ),
    "forbidden": ("The query uses a function that is switched off here.", "查询使用了此处停用的函数。"),
    "unrepeatable": (
        "The query uses chance or the clock, so it would not give the same rows twice.",
        "查询使用了随机数或当前时间，重复运行会得到不同的结果。",
    ),
    "unknown-table": (
        "A table is named that is not there: the data is in `sales`.",
        "引用了不存在的表：数据在 `sales` 中。",
    ),
    "name-taken": (
        "A WITH query has the name of a table that the database keeps for itself: give it another name.",
        "WITH 子查询与数据库内部的表同名：请换一个名称。",
    ),
    "unknown-name": ("A table or function is named that is not there{line}.", "引用了不存在的表或函数{line}。"),
    "binding": (
        "A column is unknown or ambiguous, or neither grouped nor aggregated{line}.",
        "列名不存在或有歧义，或者该列既未分组也未聚合{line}。",
    ),
    "conversion": ("A value cannot be turned into the type that is needed.", "有的值无法转换成所需的类型。"),
    "too-deep": ("The query is nested too deeply.", "查询嵌套过深。"),
    "timeout": ("The query took longer than two seconds and was stopped.", "查询超过两秒，已被终止。"),
    "memory": (
        "The query needed more memory than there is; a text built up row by row may be too long as well.",
        "查询所需内存超出上限；逐行拼接的文本过长也会如此。",
    ),
    "too-many-rows": ("The query gives more than 5,000 rows.", "查询结果超过 5000 行。"),
    "too-large": ("The result is too large: more than 64 KB.", "查询结果过大：超过 64 KB。"),
    "failed": ("The query could not be run.", "无法运行这条查询。"),
    # How a result differs.
    "none": ("Right.", "正确。"),
    "no-rows": ("There are no rows, or there should be none.", "结果没有行，或者本不应有行。"),
    "column-count": ("The number of columns is not the one asked for.", "列数与题目要求不符。"),
    "type": (
        "Column {column} holds words where numbers are asked for, or the other way round.",
        "第 {column} 列的类型不对：该用数字的用了文本，或者相反。",
    ),
    "duplicates": ("All rows are there, but some of them more than once.", "所需的行都有，但有的行重复出现。"),
    "missing-rows": ("Every row is right, but some are missing.", "每一行都正确，但缺少一些行。"),
    "extra-rows": ("All rows asked for are there, and others besides.", "所需的行都有，但还有多余的行。"),
    "wrong-column": ("Everything is right but column {column}.", "除第 {column} 列外都正确。"),
    "rows-differ": ("Some rows are missing, and others should not be there.", "缺少一些行，又有一些行不该出现。"),
    "wrong-order": ("The rows are right; their order is not the one asked for.", "各行正确，但排列顺序与要求不符。"),
    "no-construct": (
        "The rows are right; the construct that the task asks for is not used.",
        "各行正确，但没有使用题目要求的写法。",
    ),
}
_LINE: Final = {"en": " (line {line})", "zh-Hans": "（第 {line} 行）"}


def sentence(code: str, *, column: int | None = None, line: int | None = None) -> Text:
    """Return what is said about an outcome; an unknown code is said like `failed`."""
    english, chinese = _SENTENCES.get(code, _SENTENCES["failed"])
    places = {"en": english, "zh-Hans": chinese}
    return Text({language: _filled(language, text, column, line) for language, text in places.items()})


def _filled(language: str, text: str, column: int | None, line: int | None) -> str:
    where = "" if line is None else _LINE[language].format(line=line)
    return text.replace("{column}", "?" if column is None else str(column)).replace("{line}", where)


FOR_TEACHERS: Final[Mapping[str, Text]] = {
    "sql-sandbox-unavailable": Text(
        {
            "en": "SQL tasks stay closed: this server has no safe place to run learners' queries. Ask its administrator to "
            "install bubblewrap (with unprivileged user namespaces), or to run Linux 5.13 or newer with Landlock and "
            "seccomp. Everything else works.",
            "zh-Hans": "SQL 任务暂不开放：服务器上没有能安全运行学员查询的环境。请管理员安装 bubblewrap（并允许非特权用户命名空间），"
            "或使用启用了 Landlock 与 seccomp 的 Linux 5.13 及以上版本。其他功能不受影响。",
        }
    ),
    "sql-sandbox-busy": Text(
        {
            "en": "Too many queries are waiting, and nothing was marked. Hand the sheet in again in a minute.",
            "zh-Hans": "等待运行的查询太多，本次没有评分。请一分钟后重新提交。",
        }
    ),
    "sql-sandbox": Text(
        {
            "en": "The queries could not be run, and nothing was marked. Hand the sheet in again.",
            "zh-Hans": "查询未能运行，本次没有评分。请重新提交。",
        }
    ),
}
"""By the code of an error: what pages say, for nothing of it is the learner's doing."""

CODES: Final = frozenset(_SENTENCES)
