"""The servers of the demo one by one, so that a test can stop, kill and start each; with a lesson of the tests too."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from demo.addresses import Addresses, choose_addresses
from demo.course_content import activities_of, package_folders
from demo.lms.settings import LmsSettings
from demo.processes import Child
from demo.running import start_lms, start_tool, start_worker, wait_until_ready
from demo.tool_setup import ToolSetup, set_up, tool_environment
from qualoop.framework import shipped_content
from tests.browser.demo_process import Demo
from tests.factories.canary import CANARY


@dataclass(slots=True, kw_only=True)
class DemoParts:
    """LMS, tool and worker of a demo, by name, as far as they run."""

    folder: Path
    addresses: Addresses
    lms: LmsSettings
    environment: dict[str, str]
    running: dict[str, Child] = field(default_factory=dict)

    @property
    def demo(self) -> Demo:
        """Return where the demo is found."""
        return Demo(lms=self.addresses.lms, tool=self.addresses.tool)

    def start(self, *names: str) -> None:
        """Start parts (`lms`, `tool`, `worker`) and wait until LMS and tool answer."""
        for name in names:
            self.running[name] = self._started(name)
        wait_until_ready(list(self.running.values()), self.addresses, Event())

    def stop(self, name: str) -> None:
        """End a part as an operator does."""
        self.running.pop(name).end()

    def kill(self, name: str) -> None:
        """End a part as the failure of a machine does: at once, all of its processes, whatever they are at."""
        child = self.running.pop(name)
        os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()

    def _started(self, name: str) -> Child:
        match name:
            case "lms":
                return start_lms(self.lms, self.folder / "settings.json", self.addresses.lms_port, self.folder)
            case "tool":
                return start_tool(self.environment, self.addresses.tool_port, self.folder)
            case _:
                return start_worker(self.environment, self.folder)


@contextmanager
def running_parts(folder: Path) -> Iterator[DemoParts]:
    """Set up and run the parts of a demo on an empty folder, its course with the canary among the lessons."""
    addresses, _ = choose_addresses(folder)
    lms = LmsSettings(
        data_folder=folder / "lms",
        base_url=addresses.lms,
        tool_url=addresses.tool,
        activities=activities_of([*package_folders(), CANARY]),
    )
    environment = tool_environment(folder / "tool", addresses)
    setup = ToolSetup(environment=environment, log=folder / "setup.log")
    set_up(setup, lms, [shipped_content(), CANARY], say=lambda _: None)
    parts = DemoParts(folder=folder, addresses=addresses, lms=lms, environment=environment)
    try:
        parts.start("lms", "tool", "worker")
        yield parts
    finally:
        for child in reversed(parts.running.values()):
            child.end()
