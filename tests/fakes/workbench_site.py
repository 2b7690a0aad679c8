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

import django
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from workbench import settings as workbench_settings

from qualoop.framework import shipped_content
from xblocks.common.contents import Contents
from xblocks.kp_lesson import KpLessonBlock

PUBLISHED = Path("var/published.jsonl")
LOCALE_MIDDLEWARE = "django.middleware.locale.LocaleMiddleware"


def configure() -> None:
    """Set Django up as the workbench wants it, and let it answer in the browser's language."""
    Path("var").mkdir()
    names = {name: getattr(workbench_settings, name) for name in dir(workbench_settings) if name.isupper()}
    settings.configure(**{**names, "MIDDLEWARE": [*names["MIDDLEWARE"], LOCALE_MIDDLEWARE]})
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)


def recorder() -> Callable[[Any, Any, str, Mapping[str, Any]], None]:
    """Return a `publish` that writes down what is published."""
    lock = threading.Lock()

    def publish(_runtime: Any, block: Any, event_type: str, event_data: Mapping[str, Any]) -> None:
        row = {"usage": str(block.scope_ids.usage_id), "type": event_type, "data": event_data}
        with lock, PUBLISHED.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    return publish


def offer(lessons: Path) -> dict[str, str]:
    """Offer every lesson of a folder besides what the block offers; return the ids of scenarios by title."""
    contents = Contents(lessons=lessons, framework=shipped_content() / "ecommerce")
    scenarios = [
        *KpLessonBlock.workbench_scenarios(),
        *((key, f'<kp_lesson activity_key="{key}"/>') for key in contents),
    ]
    KpLessonBlock.contents = contents
    KpLessonBlock.workbench_scenarios = staticmethod(lambda: scenarios)  # type: ignore[method-assign]
    # These have models, so they can be imported only after `configure`.
    runtime = import_module("workbench.runtime")
    runtime.WorkbenchRuntime.publish = recorder()
    made = import_module("workbench.scenarios").get_scenarios()
    return {scenario.description: name for name, scenario in made.items()}


def main() -> None:
    configure()
    scenarios = offer(Path(sys.argv[1]))
    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.daemon_threads = True
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    sys.stdout.write(json.dumps({"port": server.server_port, "scenarios": scenarios}) + "\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
