"""Starts Open edX (tests/fakes/open_edx) and a tool that is registered there, as processes of their own on loopback."""

from __future__ import annotations

import json
import os
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.request import Request, urlopen

import pytest

from demo.addresses import Addresses, choose_addresses
from demo.processes import Child, last_lines
from demo.running import answers, start_tool
from demo.tool_setup import ToolSetup, tool_environment
from lti_tool.services.assembling import assemble
from lti_tool.services.mechanisms.outbox import Terms
from lti_tool.services.platforms.runtime import Runtime
from lti_tool.settings import from_environment
from lti_tool.worker import Worker, make_dispatch
from qualoop.commands import main
from qualoop.framework import shipped_content
from tests.factories.packages import PACKAGES
from tests.factories.web_browser import Page, WebBrowser

PROJECT = Path(__file__).parents[2]
PYTHON = PROJECT / ".venv" / "open-edx" / "bin" / "python"
MISSING = f"Open edX is not tested: {PYTHON.parent.parent} is not there. Install Python 3.12, then `make openedx`"

ORGANISATION = "school"
START_S = 60
# A try that failed is tried again at once.
TERMS = Terms(first_delay=timedelta(0))
LOOK_EVERY_S = 0.1
RIGHT, WRONG = "What a person types", "What an advertiser books"


@dataclass(frozen=True, kw_only=True)
class OpenEdx:
    """A running platform and its tool. ``shown`` is what Studio shows to be entered at the tool."""

    addresses: Addresses
    shown: Mapping[str, str]
    setup: ToolSetup = field(repr=False)
    runtime: Runtime = field(repr=False)

    def person(self, username: str) -> Person:
        """Return somebody who has logged in at the platform."""
        browser = WebBrowser()
        assert browser.get(f"{self.addresses.lms}/log-in/{username}").status == 204
        return Person(self.addresses, browser)

    def component(self, name: str) -> dict[str, Any]:
        """Return how a component stands: location, grades, line_items, chosen."""
        with urlopen(f"{self.addresses.lms}/component/{name}") as response:
            found: dict[str, Any] = json.load(response)
            return found

    def lose(self, username: str) -> None:
        """Let the platform lose somebody's external id."""
        self._control("POST", username)

    def find_again(self, username: str) -> None:
        self._control("DELETE", username)

    def run_worker(self) -> None:
        """Run the worker once, as a process."""
        self.setup.qualoop("worker", "--once")

    def work(self, now: datetime | None = None) -> int:
        """Do what a worker does once, in this process, where it is ``now``; return how many deliveries it tried."""
        runtime = replace(self.runtime, clock=lambda: now) if now else self.runtime
        return Worker(runtime, make_dispatch(runtime, random=Random(1), terms=TERMS)).run_once()

    def _control(self, method: str, username: str) -> None:
        with urlopen(Request(f"{self.addresses.lms}/forget/{username}", method=method)) as response:
            assert response.status == 204


@dataclass(frozen=True)
class Person:
    """Somebody at the platform, in a browser."""

    addresses: Addresses
    browser: WebBrowser

    def offered(self, name: str, *, verb: str = "start") -> Page:
        """Open a component as far as the platform's page that sends the launch to the tool by itself."""
        return self.browser.get(f"{self.addresses.lms}/{verb}/{name}")

    def launch(self, name: str, *, verb: str = "start") -> Page:
        """Open a component and return the tool's page."""
        return self.offered(name, verb=verb).send("/lti/launch")

    def score(self, name: str, answer: str = RIGHT) -> None:
        """Open the lesson of a component, begin again where it is done, answer its one question, and finish."""
        page = self.launch(name)
        if any("/do/restart" in form.action for form in page.forms):
            page = page.send("/do/restart")
        page = page.send("/do/go", step="ask").send("/do/answer", pick=answer)
        if answer != RIGHT:
            page = page.send("/do/reveal")
        page.send("/do/go", step="_summary").send("/do/finish").form("/do/restart")


def claims_of(page: Page) -> dict[str, Any]:
    """Return the claims of the id_token that a platform's page carries; nobody checks its signature here."""
    token = dict(page.form("/lti/launch").fields)["id_token"].split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    return claims


@contextmanager
def running_open_edx(folder: Path) -> Iterator[OpenEdx]:
    """Run platform and tool on an empty folder until the block is left."""
    addresses, _ = choose_addresses(folder)
    environment = tool_environment(folder / "tool", addresses)
    children = [_start_platform(folder, addresses)]
    try:
        shown = _set_up(folder, environment, children[0])
        children.append(start_tool(environment, addresses.tool_port, folder))
        _wait(lambda: answers(f"{addresses.tool}/health"), children)
        runtime = assemble(from_environment(environment))
        setup = ToolSetup(environment=environment, log=folder / "worker.log")
        yield OpenEdx(addresses=addresses, setup=setup, shown=shown, runtime=runtime)
        runtime.database.close()
        runtime.http.close()
    finally:
        for child in reversed(children):
            child.end()


def _start_platform(folder: Path, addresses: Addresses) -> Child:
    site = folder / "open-edx"
    site.mkdir()
    return Child.start(
        "Open edX",
        [str(PYTHON), "-m", "tests.fakes.open_edx", str(site), str(addresses.lms_port), addresses.tool],
        environment={**os.environ, "PYTHONPATH": str(PROJECT)},
        log=folder / "open-edx.log",
    )


def _set_up(folder: Path, environment: Mapping[str, str], platform: Child) -> dict[str, str]:
    """Set the tool up as an operator does, with what Studio shows; return that."""
    lessons = [str(shipped_content()), str(PACKAGES / "minimal")]
    _qualoop(environment, "database", "migrate")
    _qualoop(environment, "organisation", "add", ORGANISATION, "--name", "School")
    _qualoop(environment, "content", "install", *lessons, "--organisation", ORGANISATION)
    ready = folder / "open-edx" / "ready.json"
    _wait(ready.exists, [platform])
    shown: dict[str, str] = json.loads(ready.read_text(encoding="utf-8"))
    options = [word for name, value in shown.items() for word in (f"--{name.replace('_', '-')}", value)]
    where = ["--organisation", ORGANISATION, "--deployment", "1", "--product", "open-edx"]
    _qualoop(environment, "platform", "add", *where, *options)
    return shown


def _qualoop(environment: Mapping[str, str], *words: str) -> None:
    """Run a command in this process: to start one takes longer than most of them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        assert main(words) == 0


def _wait(is_ready: Callable[[], bool], children: Sequence[Child]) -> None:
    """Wait until something is so; raise DemoFailedError where a child ends."""
    deadline = time.monotonic() + START_S
    while not is_ready():
        for child in children:
            child.check()
        assert time.monotonic() < deadline, "\n".join(line for child in children for line in last_lines(child.log))
        time.sleep(LOOK_EVERY_S)


def logs_of(folder: Path) -> str:
    """Return the last lines of whatever ran in a folder."""
    return "\n".join(f"--- {log.name}\n" + "\n".join(last_lines(log)) for log in sorted(folder.glob("*.log")))
