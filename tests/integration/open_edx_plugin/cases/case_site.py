"""The plug-in as a site runs it: settings, signed requests over HTTP, the command, the tasks."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import override_settings

from tests.fakes.evidence_tool import EvidenceTool, Reply, running_tool
from tests.fakes.plugin_batches import batch
from tests.fakes.plugin_platform import School
from xblocks.edx import nudging, outbox, tool, work
from xblocks.edx.checks import Compared
from xblocks.edx.config import NotConfiguredError, tool_access
from xblocks.edx.management.commands import qualoop_outbox
from xblocks.edx.models import ClassRegister, EvidenceEvent, EvidenceOutbox
from xblocks.edx.settings import devstack, production, usual
from xblocks.edx.settings import test as in_tests

SECRET = "a secret of the source"
NIGHT = datetime(2026, 3, 2, tzinfo=UTC)
NO_CHANGES = {
    "at": "2026-03-02T12:00:00Z",
    "framework": None,
    "is_anew": False,
    "changes": [],
    "cursor": "1",
    "more": False,
}


@pytest.fixture
def site_tool() -> Iterator[EvidenceTool]:
    with running_tool(SECRET) as running, override_settings(QUALOOP_TOOL_URL=running.url + "/base/"):
        yield running


def run(*words: str) -> str:
    out = StringIO()
    call_command("qualoop_outbox", *words, stdout=out, stderr=out)
    return out.getvalue()


def test_the_tables_are_as_the_migrations_make_them() -> None:
    call_command("makemigrations", "qualoop", check=True, dry_run=True, verbosity=0)


def test_a_site_sets_what_it_has_and_the_rest_is_as_usual() -> None:
    site = SimpleNamespace(
        QUALOOP_BATCH=10, ENV_TOKENS={"QUALOOP_TOOL_URL": "https://q.example.org", "OTHER": 1}, AUTH_TOKENS={"QUALOOP_SOURCE_SECRET": "s"}
    )  # fmt: skip
    usual.plugin_settings(site)
    production.plugin_settings(site)
    devstack.plugin_settings(site)
    assert (site.QUALOOP_BATCH, site.QUALOOP_TOOL_URL, site.QUALOOP_SOURCE_SECRET) == (10, "https://q.example.org", "s")
    assert site.QUALOOP_KEEP_SENT_DAYS == 30
    assert not hasattr(site, "OTHER")
    in_tests.plugin_settings(site)
    assert site.QUALOOP_TOOL_URL == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"QUALOOP_TOOL_URL": ""},
        {"QUALOOP_TOOL_URL": "http://qualoop.example.org"},
        {"QUALOOP_TOOL_URL": "https://user:word@qualoop.example.org"},
        {"QUALOOP_TOOL_URL": "file:///etc/passwd"},
        {"QUALOOP_SOURCE_KEY": None},
        {"QUALOOP_SOURCE_SECRET": ""},
        {"QUALOOP_TIMEOUT_S": "15"},
    ],
    ids=["none", "plain-http", "password", "file", "no-key", "no-secret", "text"],
)
def test_a_setting_that_cannot_be_is_named_and_evidence_waits(wrong: dict[str, Any]) -> None:
    outbox.record(batch())
    with override_settings(**wrong):
        with pytest.raises(NotConfiguredError, match=next(iter(wrong))):
            tool_access()
        with pytest.raises(CommandError, match="Nothing is lost"):
            run("send")
    assert EvidenceEvent.objects.get().state == "waiting"


def test_a_secret_is_shown_nowhere() -> None:
    assert SECRET not in repr(tool_access())


def test_one_process_does_the_regular_runs_and_compares_once_a_day(
    site_tool: EvidenceTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = iter([2, 3, 4, 23, 24 + 2, 24 + 3, 24 + 4])
    now = [NIGHT]

    def sleep(seconds: float) -> None:
        assert seconds == 30
        hour = next(hours, None)
        if hour is None:
            raise KeyboardInterrupt
        now[0] = NIGHT + timedelta(hours=hour)

    monkeypatch.setattr(qualoop_outbox.time, "sleep", sleep)
    monkeypatch.setattr(qualoop_outbox, "system_clock", lambda: now[0])
    compared: list[datetime] = []
    monkeypatch.setattr(work, "reconcile", lambda: compared.append(now[0]) or Compared())
    site_tool.replies = [Reply(body=NO_CHANGES) for _ in range(8)]
    with pytest.raises(KeyboardInterrupt):
        run("send", "--every", "30", "--reconcile-at", "3")
    assert compared == [NIGHT + timedelta(hours=3), NIGHT + timedelta(hours=27)]
    with pytest.raises(CommandError):
        run("send", "--every", "30", "--reconcile-at", "24")


@dataclass
class KeptDate:
    """A block whose marks are released at a date, as it was when it was read."""

    release_at: str
    seen: list[str]

    def release_due(self, _now: datetime) -> None:
        self.seen.append(self.release_at)


def test_a_process_that_goes_on_sees_what_authors_changed_meanwhile(
    site_tool: EvidenceTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    caches = pytest.importorskip("edx_django_utils.cache")
    store, seen = {"block-1": "March"}, []

    def find_block(_school: School, usage: str) -> KeptDate | None:
        # As the platform's store looks a course up: once in a request.
        course = caches.RequestCache("course_index_cache")
        if not course.get_cached_response("course").is_found:
            course.set("course", dict(store))
        found = course.get_cached_response("course").value.get(usage)
        return KeptDate(found, seen) if found else None

    changes: Iterator[dict[str, str]] = iter([{"block-1": "June"}, {"block-2": "May"}])

    def sleep(_seconds: float) -> None:
        change = next(changes, None)
        if change is None:
            raise KeyboardInterrupt
        store.update(change)

    for usage in ("block-1", "block-2"):
        approved = '{"cells": {"ann": {"approved": {"value": {"at": 1}}}}}'
        ClassRegister.objects.create(usage=usage, course="course", document=approved, updated_at=NIGHT)
    monkeypatch.setattr(School, "find_block", find_block)
    monkeypatch.setattr(qualoop_outbox.time, "sleep", sleep)
    site_tool.replies = [Reply(body=NO_CHANGES) for _ in range(3)]
    with pytest.raises(KeyboardInterrupt):
        run("send", "--every", "30")
    assert seen == ["March", "June", "June", "May"]


@pytest.mark.parametrize("name", ["send", "pull", "sweep", "reconcile"])
def test_a_run_uses_no_connection_that_is_too_old(
    site_tool: EvidenceTool, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    site_tool.replies = [Reply(body=NO_CHANGES)] if name == "pull" else []
    connection.ensure_connection()
    before = connection.connection
    monkeypatch.setattr(connection, "close_at", time.monotonic() - 1)
    getattr(work, name)()
    assert connection.connection is not before


@pytest.mark.parametrize("name", ["send", "pull", "sweep", "reconcile"])
def test_a_run_knows_nothing_that_the_one_before_read(site_tool: EvidenceTool, name: str) -> None:
    caches = pytest.importorskip("edx_django_utils.cache")
    site_tool.replies = [Reply(body=NO_CHANGES)] if name == "pull" else []
    caches.RequestCache("anything").set("key", "of the run before")
    getattr(work, name)()
    assert not caches.RequestCache("anything").get_cached_response("key").is_found


def test_the_command_sends_signed_requests_and_says_how_things_stand(site_tool: EvidenceTool) -> None:
    outbox.record(batch(count=2))
    site_tool.replies = [Reply(status=503, body={"code": "engine-unavailable"}), Reply(body=NO_CHANGES)]
    with pytest.raises(CommandError, match="sending: engine-unavailable"):
        run("send")
    assert json.loads(run("status", "--json"))["last_errors"] == {"engine-unavailable": 1}
    assert "1 learners" in run("retry")
    site_tool.replies = []
    site_tool.outcome = lambda event: {"outcome": "accepted" if event["sequence"] == 1 else "waits"}
    assert work.send().events == 2
    assert site_tool.asked[0].target.startswith("/base/api/v1/activities/sem-1-1-keywords-and-intent/versions/")
    site_tool.replies = [Reply(body=NO_CHANGES)]
    assert "sent 0" in run("send")
    assert "waiting: 0" in run("status")


def test_status_ends_with_an_error_where_a_person_is_needed() -> None:
    outbox.record(batch())
    run("status")
    EvidenceOutbox.objects.update(state="dead", last_error="unreachable")
    with pytest.raises(SystemExit):
        run("status", "--json")
    with override_settings(QUALOOP_LAG_WARNING_S=-1), pytest.raises(SystemExit):
        run("status")


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(status=302, body={}, headers={"Location": "http://127.0.0.1:9/elsewhere"}), "http-302"),
        (Reply(status=200, body=b"<html>"), "answer-unreadable"),
        (Reply(status=200, body=b'"' + b"a" * (tool.MAX_ANSWER + 1) + b'"'), "answer-unreadable"),
        (Reply(status=500, body=b"oops"), "http-500"),
        (Reply(status=429, body={"code": "too-many-requests"}, headers={"Retry-After": "30"}), "too-many-requests"),
        (Reply(status=400, body={"code": "<script>"}), "http-400"),
    ],
    ids=["redirect", "html", "endless", "broken", "busy", "odd-code"],
)
def test_whatever_the_tool_answers_is_an_answer(site_tool: EvidenceTool, reply: Reply, code: str) -> None:
    site_tool.replies = [reply]
    with tool.HttpTool(tool_access()) as http:
        answer = http.ask("GET", "/api/v1/changes")
    assert (answer.status, answer.code) == (reply.status, code)
    assert answer.retry_after_s == (30 if code == "too-many-requests" else 0)
    assert len(site_tool.asked) == 1


def test_a_wrong_secret_and_no_tool_at_all_are_answers_too(site_tool: EvidenceTool) -> None:
    with override_settings(QUALOOP_SOURCE_SECRET="another"), tool.HttpTool(tool_access()) as http:
        assert http.ask("GET", "/api/v1/changes").code == "signature-wrong"
    with override_settings(QUALOOP_TOOL_URL="http://127.0.0.1:9"), tool.HttpTool(tool_access()) as http:
        assert http.ask("GET", "/api/v1/changes").code == "unreachable"


def test_an_answer_does_not_fail_where_no_task_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> Any:
        raise ConnectionError(name)

    monkeypatch.setattr(nudging, "import_module", broken)
    with override_settings(QUALOOP_NUDGE=True):
        outbox.record(batch())
    assert EvidenceEvent.objects.count() == 1


def test_tasks_are_found_by_their_names_and_a_commit_starts_the_sender(site_tool: EvidenceTool) -> None:
    celery = pytest.importorskip("celery")
    app = celery.Celery("site", set_as_current=True)
    app.conf.task_always_eager = True
    # It wants Celery, which not every environment has.
    tasks = import_module("xblocks.edx.tasks")
    with override_settings(QUALOOP_NUDGE=True):
        outbox.record(batch())
    assert len(site_tool.events) == 1
    site_tool.replies = [Reply(body=NO_CHANGES)]
    for task in (tasks.pull, tasks.sweep, tasks.reconcile):
        task.delay()
    assert {name for name in app.tasks if name.startswith("qualoop.")} == {
        f"qualoop.{name}" for name in ("send", "pull", "sweep", "reconcile")
    }
    with override_settings(QUALOOP_TOOL_URL=""):
        tasks.send()


def test_the_platform_finds_the_app_by_its_entry_points() -> None:
    plugins = pytest.importorskip("edx_django_utils.plugins")
    for project in ("lms.djangoapp", "cms.djangoapp"):
        assert plugins.get_plugin_apps(project) == ["xblocks.edx.apps.QualoopPluginConfig"]
        site = SimpleNamespace(ENV_TOKENS={"QUALOOP_SOURCE_KEY": "key7"})
        for kind in ("common", "production"):
            # The platform passes the name of its settings module.
            module = f"site_of_{project.partition('.')[0]}"
            sys.modules[module] = site
            plugins.add_plugins(module, project, kind)
        assert (site.QUALOOP_SOURCE_KEY, site.QUALOOP_BATCH) == ("key7", 200)
    assert settings.QUALOOP_PLATFORM == "tests.fakes.plugin_platform.School"
