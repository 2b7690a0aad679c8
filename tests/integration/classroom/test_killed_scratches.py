"""Every acknowledged scratch is there, although the process that scratches is killed in the middle of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from lti_tool.services import class_team_checks
from tests.factories.class_sessions import open_classroom
from tests.factories.team_classes import ITEMS, team_class
from tests.factories.tool import make_tool

ROOT = Path(__file__).parents[3]
#: Scratches one wrong option after another, and says so after each commit; then goes on with questions that are over.
SCRATCHING = """
import sys
from datetime import UTC, datetime
from lti_tool.db import Database
from lti_tool.services import class_sessions, class_team_answers
from lti_tool.services.class_seats import Comer, find_seat
url, class_uuid, check, person, *options = sys.argv[1:]
database = Database(url)
while True:
    for each in options:
        number, _, option = each.partition(":")
        with database.transaction() as session:
            row = class_sessions.get_by_uuid(session, class_uuid)
            seat = find_seat(session, row, Comer(person_id=int(person)))
            class_team_answers.scratch(
                session, row, seat, check_uuid=check, number=int(number), option=option, now=datetime.now(UTC)
            )
        print(each, flush=True)
"""


def test_no_acknowledged_scratch_is_lost(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tool.db'}"
    tool = make_tool(url)
    found = team_class(open_classroom(tool, "killed"), 2)
    check = found.plan_check(ITEMS)
    found.until("team")
    options = [
        f"{number}:{option.key}"
        for number, item in enumerate(class_team_checks.read_items(check), 1)
        for option in item.item.options
        if not option.correct
    ]
    sent = [url, found.room.row().uuid, check.uuid, str(found.learners[0].who.person_id), *options]
    said: set[str] = set()
    for after in (1, 3, 6):
        running = subprocess.Popen(
            [sys.executable, "-c", SCRATCHING, *sent], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert running.stdout is not None
        said |= {running.stdout.readline().strip() for _ in range(after)}
        running.send_signal(signal.SIGKILL)
        said |= {line.strip() for line in running.stdout.readlines() if line.endswith("\n")}
        running.wait()
        running.stdout.close()
        assert said
        kept = found.kept()
        assert said <= {f"{number}:{option}" for number, _, option in kept}
        # Whatever was cut off left no gap and no double.
        for number in range(1, len(ITEMS) + 1):
            places = [place for each, place, _ in kept if each == number]
            assert places == list(range(1, len(places) + 1))
    tool.runtime.database.close()
    tool.runtime.http.close()
