"""The XBlock SDK's workbench as a process of its own, with lessons of a folder and a record of what blocks publish.

    python -m tests.fakes.workbench_site LESSONS

serves on a free port of 127.0.0.1 until it is ended, and says on one line of JSON which port, and by title which
scenarios there are. It must be started in an otherwise empty folder: the workbench serves every file of it. What blocks
publish is appended to var/published.jsonl, since the workbench itself forgets it.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from demo.workbench import configure, make_server, scenario_ids
from qualoop.framework import shipped_content
from xblocks.common.contents import Contents
from xblocks.kp_lesson import KpLessonBlock

PUBLISHED = Path("var/published.jsonl")


def recorder() -> Callable[[Any, Any, str, Mapping[str, Any]], None]:
    """Return a `publish` that writes down what is published."""
    lock = threading.Lock()

    def publish(_runtime: Any, block: Any, event_type: str, event_data: Mapping[str, Any]) -> None:
        row = {"usage": str(block.scope_ids.usage_id), "type": event_type, "data": event_data}
        with lock, PUBLISHED.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    return publish


def offer(lessons: Path) -> dict[str, str]:
    """Offer every lesson of a folder besides what the blocks offer; return the ids of scenarios by title."""
    contents = Contents(folder=lessons, framework=shipped_content() / "ecommerce")
    scenarios = [
        *KpLessonBlock.workbench_scenarios(),
        *((key, f'<kp_lesson activity_key="{key}"/>') for key in contents),
    ]
    KpLessonBlock.contents = contents
    KpLessonBlock.workbench_scenarios = staticmethod(lambda: scenarios)  # type: ignore[method-assign]
    # It has models, so it can be imported only after `configure`.
    import_module("workbench.runtime").WorkbenchRuntime.publish = recorder()
    return scenario_ids()


def main() -> None:
    configure(Path.cwd())
    scenarios = offer(Path(sys.argv[1]))
    server = make_server(0)
    sys.stdout.write(json.dumps({"port": server.server_port, "scenarios": scenarios}) + "\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
