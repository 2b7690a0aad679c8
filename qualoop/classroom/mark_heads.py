"""How people call the columns of tables of marks and attendance, in both languages, and what they write for presence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from qualoop.classroom.roll_call import Presence

ATTENDANCE: Final = "attendance"
"""The one column of a table of attendance, as a part."""
TASK: Final = "task"
MARK: Final = "mark"
"""Columns of a table with a row for each mark: of which task it is, and the mark."""
IGNORED: Final = "-"
ID_HEADS: Final[Mapping[str, frozenset[str]]] = {
    "pseudonym": frozenset({"pseudonym", "learner id", "匿名编号", "学员编号"}),
    "number": frozenset(
        {
            *("student number", "student id", "student no", "number", "id", "id number", "matriculation number"),
            *("username", "login", "学号", "学生编号", "编号", "用户名"),
        }
    ),
    "email": frozenset({"email", "e-mail", "email address", "mail", "邮箱", "电子邮件", "电子邮箱", "邮件地址"}),
    "name": frozenset(
        {"learner", "name", "student", "full name", "student name", "姓名", "学生", "学员", "学员姓名", "学生姓名"}
    ),
}
PRESENCE_HEADS: Final = frozenset({"attendance", "present", "presence", "status", "出勤", "考勤", "到课"})
MARK_HEADS: Final = frozenset({"mark", "marks", "score", "grade", "points", "result", "成绩", "分数", "得分", "评分"})
TASK_HEADS: Final = frozenset(
    {
        *("task", "task title", "activity", "lesson", "question", "assignment"),
        *("任务", "任务名称", "题目", "题目名称", "微课", "作业", "作业名称", "活动"),
    }
)
_PRESENCES: Final[Mapping[Presence, frozenset[str]]] = {
    Presence.PRESENT: frozenset(
        {"present", "p", "yes", "y", "1", "true", "x", "✓", "√", "remote", "出勤", "出席", "到", "到课", "是", "线上"}
    ),
    Presence.LATE: frozenset({"late", "l", "came late", "迟到"}),
    Presence.EXCUSED: frozenset({"excused", "e", "请假", "已请假"}),
    Presence.ABSENT: frozenset({"absent", "a", "no", "n", "0", "false", "缺勤", "缺席", "缺课", "旷课", "否", "×"}),
}
_NOTE: Final = re.compile(r"[(（\[][^()（）\[\]]*[)）\]]\s*$")
"""What heads have behind them: (out of 10), （必填）."""
_NO_WORD: Final = re.compile(r"[\W_]+")


def comparable(text: str) -> str:
    """Return a text as it is compared: one width, one case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def head_key(text: str) -> str:
    """Return a head as names of tasks are compared: words alone."""
    return _NO_WORD.sub(" ", comparable(text)).strip()


def identity_of(title: str) -> str:
    """Return how the column of this head names learners, empty where it does not."""
    head = bare_head(title)
    return next((kind for kind, titles in ID_HEADS.items() if head in titles), "")


def is_presence_head(title: str) -> bool:
    """Say whether the column of this head says who was there."""
    return bare_head(title) in PRESENCE_HEADS


def bare_head(title: str) -> str:
    """Return a head without what stands behind it: Mark (out of 10)*."""
    return comparable(_NOTE.sub("", comparable(title).rstrip("*:. "))).rstrip("*:. ")


def read_presence(text: str) -> Presence | None:
    """Return what a text says of somebody's presence, None where it says nothing of it."""
    said = comparable(text)
    return next((mark for mark, words in _PRESENCES.items() if said in words), None)
