"""Serves the platform: see the package."""

from __future__ import annotations

import json
import logging
import sys
from importlib import import_module
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

from tests.fakes.open_edx.settings import settings_of

READY = "ready.json"


def main() -> None:
    folder, port, tool = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    origin = f"http://127.0.0.1:{port}"
    settings.configure(**settings_of(folder, origin))
    django.setup()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    call_command("migrate", verbosity=0)
    # It has models, so it can be imported only now.
    shown = import_module("tests.fakes.open_edx.course").enter(tool)
    server = ThreadedWSGIServer(("127.0.0.1", port), WSGIRequestHandler)
    server.daemon_threads = True
    server.set_app(get_wsgi_application())
    ready = folder / "unready.json"
    ready.write_text(json.dumps({"issuer": origin, **shown}), encoding="utf-8")
    ready.rename(folder / READY)
    server.serve_forever()


if __name__ == "__main__":
    main()
