"""A process that is killed while an engine works: it steps somebody's attempt, says when it is at it, and never ends.

Arguments: the database's address, whose attempt (`Who` as JSON), the uuid of the attempt.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from lti_tool.db import Database
from lti_tool.services.attempts import stepping
from lti_tool.services.attempts.attempts import Who
from lti_tool.services.attempts.stepping import Sent
from lti_tool.services.content.contents import Contents
from qualoop.player import Action
from qualoop.player.project import PracticeProjectKind

NEVER_S = 600.0


def endless(*_: Any, **__: Any) -> Any:
    sys.stdout.write("working\n")
    sys.stdout.flush()
    time.sleep(NEVER_S)


def main(url: str, who: str, shown: str) -> None:
    PracticeProjectKind.step = endless  # type: ignore[method-assign]
    sent = Sent(shown=shown, action=Action(name="open", form={"to": ["practice"]}))
    stepping.act(Database(url), Contents(), Who(**json.loads(who)), sent, now=datetime.now(UTC))


if __name__ == "__main__":
    main(*sys.argv[1:])
