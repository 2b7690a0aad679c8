"""The blocks in the workbench of the XBlock SDK, without an Open edX site: `make workbench`.

The workbench serves every file of the folder that it is started in, so it gets an empty one, and loopback only. It keeps
learners' state there and forgets grades: `make demo` shows grades.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

from xblocks.common.cache import SERVICE

LOCALE_MIDDLEWARE: Final = "django.middleware.locale.LocaleMiddleware"
HOST: Final = "127.0.0.1"
PORT: Final = 8010
FOLDER: Final = Path("var/workbench")
MASTERY: Final = "demo.workbench_mastery.SampleMastery"
STAFF: Final = "staff"
"""Whose name begins so is staff of the course: the workbench itself knows nobody's role."""


def configure(folder: Path) -> None:
    """Set Django up in an empty folder as the workbench wants it, and let it answer in the browser's language."""
    os.chdir(folder)
    Path("var").mkdir()
    os.environ.setdefault("EXCLUDE_SAMPLE_XBLOCKS", "yes")
    sdk = import_module("workbench.settings")
    names = {name: getattr(sdk, name) for name in dir(sdk) if name.isupper()}
    names["MIDDLEWARE"] = [*names["MIDDLEWARE"], LOCALE_MIDDLEWARE]
    services = names["WORKBENCH"].get("services", {})
    names["WORKBENCH"] = {**names["WORKBENCH"], "services": {**services, SERVICE: MASTERY}}
    settings.configure(**names)
    import_module("django").setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    name_people()


def name_people() -> None:
    """Let the workbench say of students what a platform says: an id in the course, a name, and who is staff."""
    runtime: Any = import_module("workbench.runtime")
    usual = runtime.WorkBenchUserService

    def service(uid: str) -> Any:
        made = usual(uid)
        user = made.get_current_user()
        user.full_name = str(uid).replace("-", " ").title()
        user.opt_attrs["edx-platform.anonymous_user_id"] = str(uid)
        user.opt_attrs["edx-platform.user_is_staff"] = str(uid).startswith(STAFF)
        return made

    runtime.WorkBenchUserService = service


def scenario_ids() -> dict[str, str]:
    """Return the ids of the scenarios by their titles; loads the blocks. Django must be set up."""
    made: dict[str, Any] = import_module("workbench.scenarios").get_scenarios()
    return {scenario.description: name for name, scenario in made.items()}


def make_server(port: int) -> ThreadedWSGIServer:
    """Return a server on loopback; a port of 0 is any that is free."""
    server = ThreadedWSGIServer((HOST, port), WSGIRequestHandler)
    server.daemon_threads = True
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    return server


def emptied(folder: Path) -> Path:
    """Return a folder, made anew: what an earlier workbench kept there is gone; refuse one that was not its own."""
    if folder.exists() and any(path.name != "var" for path in folder.iterdir()):
        raise SystemExit(f"{folder} holds other things, and the workbench would serve them: name an empty folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def main(arguments: Sequence[str] | None = None) -> None:
    """Start the workbench and say where its pages are."""
    parser = argparse.ArgumentParser(prog="python -m demo.workbench", description=main.__doc__)
    parser.add_argument("--port", type=int, default=PORT, help=f"port on loopback ({PORT})")
    parser.add_argument("--data", type=Path, default=FOLDER, help=f"an empty folder ({FOLDER})")
    given = parser.parse_args(arguments)
    configure(emptied(given.data))
    scenarios = scenario_ids()
    server = make_server(given.port)
    origin = f"http://{HOST}:{server.server_port}"
    pages = [
        f"  {title:<32}{origin}/scenario/{name}/student_view/?student=ana\n"
        for title, name in scenarios.items()
        if "Qualoop" in title
    ]
    sys.stdout.write("The blocks of Qualoop as a learner sees them (studio_view, author_view: as authors do;\n")
    sys.stdout.write(
        "?student=staff: as staff of the course do; ?student=new: as somebody of whom nothing is known yet).\n"
    )
    sys.stdout.write("What the map shows is made up: there is no tool beside the workbench.\n")
    sys.stdout.write("".join(pages) + "Ctrl+C ends it.\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
