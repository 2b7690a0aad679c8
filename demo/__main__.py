"""`python -m demo`: the whole product on this machine, an LMS with a class, the tool, and its worker.

python -m demo [--data FOLDER] [--check] [--once-ready FILE] [--empty]
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from demo.addresses import choose_addresses
from demo.announcement import ready_box, write_ready_file
from demo.course_content import activities_of, package_folders
from demo.examples import make_examples
from demo.lms.settings import LmsSettings
from demo.processes import Child, DemoFailedError
from demo.running import (
    check_addresses,
    only_one,
    start_lms,
    start_tool,
    start_worker,
    wait_until_ready,
    watch,
)
from demo.tool_setup import ToolSetup, set_up, tool_environment
from qualoop.framework import shipped_content


def main(arguments: list[str] | None = None) -> int:
    """Run the demo until it is told to stop; return 0 then, 1 where something failed."""
    options = _options(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    folder: Path = options.data.resolve()
    (folder / "log").mkdir(parents=True, exist_ok=True)
    children: list[Child] = []
    if options.once_ready:
        options.once_ready.unlink(missing_ok=True)
    try:
        with only_one(folder):
            try:
                _run(options, folder, children, stop)
            finally:
                _end(children)
    except DemoFailedError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description="Runs the Qualoop demo on this machine.")
    parser.add_argument("--data", type=Path, default=Path("var/demo"), help="where the data is kept (%(default)s)")
    parser.add_argument("--check", action="store_true", help="start, ask every address once, and stop")
    parser.add_argument("--once-ready", type=Path, metavar="FILE", help="write the addresses as JSON when all answer")
    parser.add_argument("--empty", action="store_true", help="begin nothing: no live project, no rooms")
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace, folder: Path, children: list[Child], stop: threading.Event) -> None:
    addresses, moved = choose_addresses(folder)
    if moved:
        _say("A port of the last run is taken: the LMS or the tool has a new address, so learners start a new record")
    log = folder / "log"
    lms = LmsSettings(
        data_folder=folder / "lms",
        base_url=addresses.lms,
        tool_url=addresses.tool,
        activities=activities_of(package_folders()),
    )
    environment = tool_environment(folder / "tool", addresses)
    set_up(ToolSetup(environment=environment, log=log / "setup.log"), lms, [shipped_content()], say=_say)
    if stop.is_set():
        return
    _say("Starting the LMS, the tool and its worker")
    # One by one, so that what was started is ended even when the next does not start.
    children.append(start_lms(lms, folder / "lms" / "settings.json", addresses.lms_port, log))
    children.append(start_tool(environment, addresses.tool_port, log))
    children.append(start_worker(environment, log))
    wait_until_ready(children, addresses, stop)
    if not options.empty and not stop.is_set():
        make_examples(addresses, folder, say=_say)
    if options.check:
        check_addresses(children, addresses, say=_say)
        return
    if not stop.is_set():
        sys.stdout.write(f"\n{ready_box(addresses, folder)}\n\n")
        sys.stdout.flush()
        if options.once_ready:
            write_ready_file(options.once_ready, addresses, folder)
    watch(children, stop)


def _end(children: list[Child]) -> None:
    """End the worker first, so that a grade on its way still finds the LMS."""
    if children:
        _say("Stopping")
    for child in reversed(children):
        child.end()


def _say(line: str) -> None:
    sys.stdout.write(f"  {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
