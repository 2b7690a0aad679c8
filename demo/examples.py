"""What a newcomer finds begun in the demo: a live project whose plan waits for its mentor, and two rooms ready to open.

The people of the college do all of it over HTTP, by the pages that everybody has; nothing is written past them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import yaml

from demo.addresses import Addresses
from demo.processes import DemoFailedError
from demo.visitor import Shown, Visitor, form_to

EXAMPLES_FILE: Final = Path(__file__).with_name("examples.yaml")
DONE_FILE: Final = "examples.json"
_LAUNCH: Final = re.compile(r"/a/[0-9a-f-]{36}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class College:
    """The running demo, as its people reach it."""

    addresses: Addresses

    def enter(self, user: str, activity: str) -> tuple[Visitor, Shown]:
        """Return somebody who has logged in and opened an activity, with its first page."""
        visitor = Visitor()
        visitor.post(f"{self.addresses.lms}/log-in", {"user": user})
        return visitor, visitor.launch(f"{self.addresses.lms}/course/activities/{activity}/launch?target=window")


def make_examples(addresses: Addresses, folder: Path, *, say: Callable[[str], None]) -> None:
    """Make the examples, once at each address of the LMS; where one fails, the demo goes on without it."""
    wanted = yaml.safe_load(EXAMPLES_FILE.read_text(encoding="utf-8"))
    steps = [(_live_project, wanted["live"]), *((_room, room) for room in wanted["rooms"])]
    made = _made(folder, addresses)
    steps = [(make, example) for make, example in steps if example["activity"] not in made]
    if steps:
        say("Preparing the examples: a live project and two rooms")
    for make, example in steps:
        try:
            make(College(addresses=addresses), example)
        except DemoFailedError as error:
            say(f"An example is not complete, {example['activity']}: {error}")
        else:
            made.append(example["activity"])
    told = {"lms": addresses.lms, "made": made}
    (folder / DONE_FILE).write_text(json.dumps(told), encoding="utf-8")


def _made(folder: Path, addresses: Addresses) -> list[str]:
    """Return what was made before, at this address of the LMS: at another one, everybody is somebody else to the tool."""
    try:
        told = json.loads((folder / DONE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return list(told["made"]) if told["lms"] == addresses.lms else []


def _live_project(college: College, wanted: Mapping[str, Any]) -> None:
    """Let the teacher name the enterprise, the mentor be there, and a learner hand in the plan."""
    activity = wanted["activity"]
    teacher, page = college.enter(wanted["teacher"], activity)
    _send(teacher, _look(teacher, page, "live/projects/"), "live/projects/enterprise", enterprise=wanted["enterprise"])
    college.enter(wanted["mentor"], activity)
    learner, page = college.enter(wanted["student"], activity)
    answers = {f"answer-{question}": text for question, text in wanted["plan"].items()}
    _send(learner, _look(learner, page, "live/"), "live/save", do="hand-in", **answers)


def _room(college: College, wanted: Mapping[str, Any]) -> None:
    """Let the teacher open a room, and learners sit down in it, each with a role."""
    teacher, page = college.enter(wanted["teacher"], wanted["activity"])
    plan = {"teams": str(wanted["teams"]), "size": str(wanted["advertisers"]), "ghosts": ""}
    _send(teacher, _look(teacher, page, "class/room/"), "class/room/begin", **plan)
    for seat in wanted["seats"]:
        learner, page = college.enter(seat["student"], wanted["activity"])
        page = _send(learner, _look(learner, page, "room/"), "room/join", team=str(seat["team"]))
        _send(learner, page, "room/role", do=f"take:{seat['role']}")


def _look(visitor: Visitor, page: Shown, path: str) -> Shown:
    """Return another page of the launch whose page somebody sees: its address, or a link in it, names the launch."""
    found = _LAUNCH.search(page.url) or _LAUNCH.search(page.html)
    if found is None:
        raise DemoFailedError(f"{urlsplit(page.url).path} is no page of a launch")
    return visitor.get(urljoin(page.url, f"{found[0]}{path}"))


def _send(visitor: Visitor, page: Shown, ending: str, **values: str) -> Shown:
    """Fill in the form of a page that goes there, and send it."""
    form = form_to(page, ending)
    return visitor.post(form.action, {**form.fields, **values})
