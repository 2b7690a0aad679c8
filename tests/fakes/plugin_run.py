"""The plug-in as a process of its own, told what to do by words; `show` prints on one line of JSON how it stands.

    python -m tests.fakes.plugin_run record send show

The site is that of `plugin_django`; QUALOOP_TOOL_URL, QUALOOP_SOURCE_KEY and QUALOOP_SOURCE_SECRET come from the environment.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

from tests.fakes.plugin_django import configure


def main() -> None:
    names = ("QUALOOP_TOOL_URL", "QUALOOP_SOURCE_KEY", "QUALOOP_SOURCE_SECRET")
    configure(**{name: os.environ[name] for name in names})
    # They have models, so they can be imported only now.
    verbs = import_module("tests.fakes.plugin_verbs")
    for verb in sys.argv[1:]:
        found = verbs.VERBS[verb]()
        if found is not None:
            sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
