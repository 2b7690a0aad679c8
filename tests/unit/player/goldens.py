"""Golden pages: what was done is in `golden/<case>/case.yaml`, what then is shown in `page.html` and `view.json` beside it.

    python -m tests.unit.player.goldens

writes the pages anew. Look at the difference before you keep it: it is what learners will see.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from qualoop.assessment import LinkSettings, ResponseRefusedError
from qualoop.player import Action, KnowledgePointOutlook, NextActivity, Refused
from qualoop.player.state import LessonState
from qualoop.player.translation import translations
from qualoop.player.view import lesson_view
from tests.unit.player.hosts import FixedHost
from tests.unit.player.lessons import KIND, NOW, Attempt, canary

FOLDER = Path(__file__).parent / "golden"

OUTCOME: Mapping[str, Any] = {
    "outlook": [
        KnowledgePointOutlook(
            code="SEM-1.1",
            title="Keywords <and> intent",
            level=62,
            low=41,
            high=79,
            responses=1,
            why="A right answer moved this up by 6 points.",
        )
    ],
    "next_activity": NextActivity(title="The next lesson", reason="It builds on this one.", url="/next?a=1&b=2"),
    "can_restart": True,
}


@dataclass(frozen=True, kw_only=True)
class Golden:
    """What a case shows."""

    view: str
    html: str


def cases() -> list[str]:
    return sorted(path.parent.name for path in FOLDER.glob("*/case.yaml"))


def drawn(name: str) -> Golden:
    case = yaml.safe_load((FOLDER / name / "case.yaml").read_text(encoding="utf-8"))
    language = case["language"]
    host = FixedHost(
        language=language,
        catalogue=translations(language),
        titles={"SEM-1.1": "Keywords <and> intent"},
        **(OUTCOME if "host" in case else {}),
    )
    attempt = Attempt(settings=LinkSettings(**case.get("settings", {})), host=host)
    refused = None
    for row in case["actions"]:
        refused = _done(attempt, row)
    view = lesson_view(
        canary(), LessonState.from_json(attempt.state), settings=attempt.settings, language=language, refused=refused
    )
    return Golden(
        view=json.dumps(view, ensure_ascii=False, indent=1) + "\n",
        html=attempt.html(refused).replace("><", ">\n<") + "\n",
    )


def _done(attempt: Attempt, row: Mapping[str, Any]) -> Refused | None:
    form = {
        key: [str(one) for one in value] if isinstance(value, list) else [str(value)]
        for key, value in row["form"].items()
    }
    action = Action(name=row["name"], form=form)
    if "item" in row["form"]:
        attempt.go(next(step.key for step in canary().steps if getattr(step, "item", "") == row["form"]["item"]))
    try:
        attempt.state = KIND.step(canary(), attempt.state, action, settings=attempt.settings, now=NOW).state
    except ResponseRefusedError as error:
        return Refused(action=action, error=error)
    return None


def main() -> None:
    for name in cases():
        golden = drawn(name)
        (FOLDER / name / "view.json").write_text(golden.view, encoding="utf-8")
        (FOLDER / name / "page.html").write_text(golden.html, encoding="utf-8")


if __name__ == "__main__":
    main()
