"""Why an action at a practice project is refused, in words, where no field is to blame."""

from __future__ import annotations

from typing import Final

from qualoop.simulators import Refusal
from qualoop.simulators.errors import EngineUnavailableError
from qualoop.values import Text

TOO_MUCH: Final = Refusal(
    code="too-much",
    text=Text(
        {"en": "This is more than can be kept. Shorten your texts.", "zh-Hans": "内容过多，无法保存。请缩短文字。"}
    ),
)
NO_FORM: Final = Refusal(
    code="no-form",
    text=Text(
        {
            "en": "No graded world could be made for this attempt. Nothing is lost: tell your teacher, and try again later.",
            "zh-Hans": "暂时无法为本次作答生成计分环境。内容不会丢失，请告知教师并稍后再试。",
        }
    ),
)
NO_CLASS_WORLD: Final = Refusal(
    code="class-world",
    text=Text(
        {
            "en": "The number of a class world has one to six digits. Your teacher says which it is.",
            "zh-Hans": "班级环境编号为1至6位数字，请向教师确认。",
        }
    ),
)


class EngineFailedError(EngineUnavailableError):
    """An engine raised what it should not. For the learner's work it is as if it could not be reached."""

    code = "crashed"

    @property
    def notice(self) -> Text:
        """Return what happened and what to do."""
        return _FAILED


_FAILED: Final = Text(
    {
        "en": "The simulation failed. Your attempt is as it was before, and nothing that you entered is lost. "
        "Try again; if it fails once more, tell your teacher.",
        "zh-Hans": "模拟运行出错。你的作答保持出错前的状态，填写的内容没有丢失。请重试；若再次出错，请告知教师。",
    }
)
