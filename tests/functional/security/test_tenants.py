"""Nothing of another organisation is shown or changed, by any route that the application has.

A browser with everything that one organisation may have (a teacher's launch, a choice of content, an administrator)
tries every route with the other's identifiers. A route whose arguments or form the tables do not know fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import Client, TestResponse

from lti_tool.app import create_app
from lti_tool.models import InboxItem
from lti_tool.services.assembling import assemble
from lti_tool.settings import from_environment
from qualoop.commands import main
from tests.factories.classrooms import enter
from tests.factories.launches import LTI, TOOL_ORIGIN, Case
from tests.factories.tenants import CANARY, SHARED, Tenant, checksums, two_tenants
from tests.factories.tool import SECRET, Tool, make_tool
from tests.functional.admin.steps import make_link


@dataclass(frozen=True)
class World:
    tool: Tool
    ours: Tenant
    theirs: Tenant


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    tool = make_tool(f"sqlite:///{tmp_path_factory.mktemp('tenants') / 'tool.db'}")
    ours, theirs = two_tenants(tool)
    yield World(tool, ours, theirs)
    tool.runtime.database.close()
    tool.runtime.http.close()


def _routes() -> list[tuple[str, str]]:
    app = create_app(assemble(from_environment({})))
    return sorted(
        (rule.endpoint, method) for rule in app.url_map.iter_rules() for method in rule.methods & {"GET", "POST"}
    )


ROUTES: Final = _routes()
#: Endpoint -> the form of its POST; `$x` stands for the other organisation's x.
FORMS: Final[dict[str, dict[str, Any]]] = {
    "activity.act": {"attempt": "$attempt"},
    "activity.choose_language": {"language": "en", "back": "class/$person_uuid"},
    "activity_preview.walk": {"attempt": "$attempt"},
    "admin.access.choose_organisation": {"organisation": "$organisation"},
    "admin.access.end": {},
    "admin.access.language": {"language": "en", "back": "/admin/platforms/$platform"},
    "admin.access.sign_in": {},
    "admin.access.sign_out": {},
    "admin.check.run": {"platform": "$platform"},
    "admin.content.undo": {"run": "$run"},
    "admin.deliveries.act": {"act": "send-again:$row", "row": ["$row"], "platform": "$platform"},
    "admin.jobs.stop": {},
    "admin.keys.replace": {"purpose": "lti", "reason": "no"},
    "admin.keys.rotate": {"purpose": "lti"},
    "admin.overview.decide": {"action": "dismiss"},
    "admin.platforms.change": {"name": "Taken over", "product": "canvas"},
    "admin.platforms.decide": {"action": "approve"},
    "admin.platforms.decide_deployment": {"action": "refuse", "deployment": "1"},
    "admin.platforms.invite": {"days": "7", "organisation": "$organisation"},
    "admin.platforms.withdraw": {},
    "admin.sources.revoke": {"source": "1", "key": ""},
    "admin.sources.rotate": {"source": "1"},
    "api.record_evidence": {},
    "class_rounds.change": {"do": "pace", "seen": "0", "by_teacher": "yes"},
    "classroom.change": {"do": "close"},
    "classroom.delete": {},
    "classroom.plan": {"title": "Ours", "late": "10", "low": "30", "high": "70"},
    "classroom_device.check_in": {"number": "123456"},
    "classroom_device.name": {"name": "our learner"},
    "classroom_device.vote": {"poll": "$poll", "round": "1", "choice": "0"},
    "classroom_door.enter": {"code": "ZZZZZZ"},
    "classroom_polls.add": {"activity": "$key", "content": "0", "item": "x"},
    "classroom_polls.make": {"kind": "single-choice", "prompt": "Q", "lines": "*a\nb"},
    "classroom_polls.move": {"do": "remove", "poll": "$poll"},
    "classroom_roll.confirm": {"seat": "$seat", "person": "$person_uuid"},
    "classroom_roll.mark": {"mark": "$person_uuid:present"},
    "classroom_seat.check_in": {"number": "123456"},
    "classroom_seat.pair": {},
    "classroom_seat.vote": {"poll": "$poll", "round": "1", "choice": "0"},
    "deep_linking.answer": {"pick": ["$key"]},
    "deep_linking.cancel": {},
    "flipped.write_text": {"kind": "reflection", "text": "mine"},
    "flipped_build.copy": {"source": "$unit", "class_at": ""},
    "flipped_build.copy_here": {"source": "$unit", "class_at": ""},
    "flipped_build.edit": {"do": "undo", "revision": "1"},
    "flipped_build.edit_choosing": {"do": "undo", "revision": "1"},
    "flipped_build.place": {},
    "flipped_build.propose_unit": {"unit": "SEM-1"},
    "flipped_class.ask": {"question": "all"},
    "link_settings.change": {"do": "save", "attempts": "1"},
    "link_settings.extend": {"person": "$person_uuid", "extra_attempts": "3", "reason": "x"},
    "link_settings.restore": {"change": "$change"},
    "link_settings.take_back": {"person": "$person_uuid"},
    "live.save": {"do": "hand-in", "step": "plan", "seen": "0", "text": "x", "keep": ["$file"]},
    "live.withdraw": {"step": "plan", "seen": "1"},
    "live_mentor.assign": {"to": ""},
    "live_mentor.decide": {"do": "accept", "step": "plan", "seen": "1", "enterprise": "x"},
    "live_mentor.name_enterprise": {"enterprise": "Ours"},
    "marks_files.apply": {},
    "marks_files.bring": {"kind": "marks"},
    "marks_files.match": {"row-2": "$person_uuid"},
    "marks_files.undo": {},
    "marking.release": {"do": "now", "work": ["$work"]},
    "marking_room.arrange": {"do": "assign", "to": ""},
    "marking_room.correct": {"reason": "error"},
    "marking_room.save": {"do": "approve", "seen": "1"},
    "marking_room.undo": {"seen": "1"},
    "mastery_columns.choose": {"column": ["kp:SEM-1.1"]},
    "mastery_columns.compare_grades": {},
    "mastery_columns.send_again": {"person": "$person_uuid"},
    "moodle_competencies.send_again": {"person": "$person_uuid"},
    "notices.mark": {"to": "99999999999999"},
    "notices.undo": {},
    "oidc.launch": {"id_token": "x.y.z", "state": "$state"},
    "oidc.launch_stored": {"id_token": "x.y.z", "state": "$state", "secret": "x"},
    "oidc.login": {"iss": SHARED, "client_id": "canvas-ours", "login_hint": "1", "target_link_uri": TOOL_ORIGIN},
    "peers.flag": {"reason": "x"},
    "peers.rate": {"level-accuracy": "1"},
    "peers.save_review": {"do": "hand-in", "seen": "1"},
    "peers.take_back": {},
    "peers.take_next": {},
    "peers_staff.change": {"is_on": "on", "reviews": "3", "samples": "0", "hours": "72", "effect": "advise"},
    "peers_staff.settle": {"do": "out", "reason": "x", "work": "$work"},
    "registration.register": {},
    "run_files.own": {"attempt": "$attempt"},
    "rooms.begin": {"teams": "4", "size": "6", "ghosts": "$room"},
    "rooms.change": {"do": "end", "room": "$room", "played": "1"},
    "rooms_team.join": {"room": "$room", "team": "1"},
    "rooms_team.name": {"room": "$room", "name": "Ours"},
    "rooms_team.role": {"do": "take:buyer", "room": "$room"},
    "rooms_team.save": {"do": "save", "room": "$room", "round": "1", "seen.bids": "1"},
    "rubrics.change": {"rubric": "$rubric", "form": "project"},
    "sheets.make": {"item": "x/y"},
    "sheets_uploads.apply": {},
    "sheets_uploads.read_again": {},
    "sheets_uploads.settle_answer": {"picked": "a"},
    "sheets_uploads.settle_page": {"do": "name", "person": "$person_uuid"},
    "sheets_uploads.undo": {},
    "sheets_uploads.upload": {},
    "storage.open_window": {"page": "class/$person_uuid"},
    "submission.hand_in": {"text": "x", "keep": ["$file"]},
    "teaching.compare_grades": {},
    "teaching.send_again": {"person": "$person_uuid"},
    "teaching.update_list": {},
}


def of_a_class(theirs: Tenant) -> dict[str, Any]:
    """Return the arguments of the routes of a class."""
    return {
        "class_uuid": theirs.one("class_session", "uuid"),
        "poll": theirs.one("class_poll", "uuid"),
        "poll_uuid": theirs.one("class_poll", "uuid"),
        "seat": theirs.one("class_seat"),
        # A secret of the room: who has the key of a projector may see it.
        "screen_key": "0" * 43,
    }


def of_paper(theirs: Tenant) -> dict[str, Any]:
    """Return the arguments of the routes of paper."""
    return {
        "answer": theirs.one("sheet_answer", "uuid"),
        "page": theirs.one("sheet_page", "uuid"),
        "printed": theirs.one("sheet_set", "uuid"),
        "table": theirs.one("mark_file", "uuid"),
        "upload": theirs.one("sheet_upload", "uuid"),
    }


def known(world: World, mine: Tenant) -> dict[str, Any]:
    """Return every argument of a route: whose launch and choice ``mine`` says, all else of the other organisation."""
    theirs = world.theirs
    return {
        **of_a_class(theirs),
        **of_paper(theirs),
        "launch": mine.uuid_of(mine.teacher),
        "request_uuid": mine.chooser.base.strip("/").split("/")[1],
        "person_uuid": theirs.learner.who.person_uuid,
        "code": "SEM-1.1",
        "column_id": theirs.one("mastery_column"),
        "number": 1,
        "path": "cover.svg",
        "key": "sem-1-1-keywords-and-intent",
        "action": "go",
        "version": "0",
        "platform": theirs.one("registration"),
        "invite": theirs.one("registration_invite", "token_hash"),
        "invite_id": theirs.one("registration_invite"),
        "item": theirs.one("inbox_item"),
        "job_uuid": theirs.one("job", "uuid"),
        "session_uuid": theirs.one("admin_session", "uuid"),
        "token": theirs.one("admin_link", "token_hash"),
        "organisation_uuid": "00000000-0000-0000-0000-000000000000",
        "attempt": theirs.one("attempt", "uuid"),
        "organisation": theirs.organisation_id,
        "run": theirs.one("import_run", "uuid"),
        "row": theirs.one("outbox"),
        "change": theirs.one("link_change"),
        "work": theirs.one("submission", "uuid"),
        "file": theirs.one("submission_file", "uuid"),
        "unit": theirs.one("flipped_unit", "uuid"),
        "room": theirs.one("market_room", "uuid"),
        "review": theirs.one("peer_review", "uuid"),
        "sample": "umbrella-listed",
        "rubric": theirs.one("rubric_version"),
        "source": theirs.one("source", "key"),
        "state": theirs.one("launch_state", "state_hash"),
    }


def filled(value: Any, values: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [filled(each, values) for each in value]
    return re.sub(r"\$(\w+)", lambda found: str(values[found[1]]), value)


def browser_of(world: World) -> Client:
    """Return a browser in which our teacher, our choice of content and our administrator are all open."""
    client = world.ours.teacher.browser.client
    for cookie in world.ours.chooser.browser.client._cookies.values():
        client.set_cookie(cookie.key, cookie.value, domain="tool.example.test", secure=True)
    link = make_link(world.tool, organisation_id=world.ours.organisation_id)
    client.post(link, base_url=TOOL_ORIGIN, data={"csrf": token_of(client, link)})
    return client


def token_of(client: Client, page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(page, base_url=TOOL_ORIGIN).text)
    return found[1] if found else ""


def csrf(world: World, client: Client, rule: str) -> str:
    """Return the form token of our own page that such a route belongs to."""
    pages = {"/a/": world.ours.teacher.page + "class/", "/choose/": world.ours.chooser.base, "/admin/": "/admin/people"}
    return next((token_of(client, page) for start, page in pages.items() if rule.startswith(start)), "")


def ask(world: World, rule: Rule, method: str, mine: Tenant) -> TestResponse:
    client, values = browser_of(world), known(world, mine)
    url = world.tool.app.url_map.bind("").build(rule.endpoint, {n: values[n] for n in rule.arguments}, method=method)
    if method == "GET":
        return client.get(url, base_url=TOOL_ORIGIN)
    form = {name: filled(value, values) for name, value in FORMS[rule.endpoint].items()}
    return client.post(url, base_url=TOOL_ORIGIN, data={"csrf": csrf(world, client, rule.rule), **form})


def test_the_table_knows_every_form() -> None:
    assert {endpoint for endpoint, method in ROUTES if method == "POST"} == set(FORMS)


def test_the_other_organisation_is_full(world: World) -> None:
    """Without rows of theirs there would be nothing to find."""
    counts = {name: rows for name, (rows, _) in checksums(world.tool, world.theirs.organisation_id).items()}
    assert [name for name, rows in counts.items() if not rows] == []
    assert CANARY in world.theirs.teacher.get("class/").text


@pytest.mark.parametrize("whose", ["ours", "theirs"])
@pytest.mark.parametrize(("endpoint", "method"), ROUTES, ids=[f"{m} {e}" for e, m in ROUTES])
def test_no_route_shows_or_changes_anything_of_theirs(world: World, endpoint: str, method: str, whose: str) -> None:
    rule = next(r for r in world.tool.app.url_map.iter_rules(endpoint) if method in (r.methods or set()))
    before = checksums(world.tool, world.theirs.organisation_id)
    answer = ask(world, rule, method, getattr(world, whose))
    assert answer.status_code < 500, answer.text
    assert CANARY not in answer.text.replace(SHARED, "")
    assert checksums(world.tool, world.theirs.organisation_id) == before
    if whose == "theirs" and rule.rule.startswith(("/a/", "/choose/")):
        assert answer.status_code in {400, 401, 403, 404}


# -- One issuer for many clients


def test_the_client_id_alone_tells_the_organisations_apart(world: World) -> None:
    """The same issuer, subject, course and link: two people, two courses."""
    ours, theirs = (enter(each.at_shared, "shared-1", name="Same Name") for each in (world.ours, world.theirs))
    assert ours.who.organisation_id == world.ours.organisation_id
    assert theirs.who.organisation_id == world.theirs.organisation_id
    assert ours.who.person_uuid != theirs.who.person_uuid
    assert ours.who.resource_link_id != theirs.who.resource_link_id


def test_a_token_for_their_client_opens_nothing_of_ours(world: World) -> None:
    browser = world.ours.at_shared.browser()
    state, nonce = browser.authenticate()
    token = world.theirs.at_shared.platform.id_token(nonce=nonce, now=int(world.tool.clock.now.timestamp()))
    refused = browser.answer(token, state)
    assert (refused.status_code, "<code>lti-audience-mismatch</code>" in refused.text) == (400, True)


def test_an_issuer_of_many_clients_must_say_which(world: World) -> None:
    refused = world.ours.at_shared.browser().login(client_id="")
    assert (refused.status_code, "<code>lti-client-id-needed</code>" in refused.text) == (400, True)


def test_an_unknown_deployment_waits_for_the_organisation_of_its_client(world: World) -> None:
    before = checksums(world.tool, world.theirs.organisation_id)
    changed = Case("new", {}, {LTI + "deployment_id": "brand-new"}, None, None, ())
    refused = world.ours.at_shared.browser().launch(changed)
    assert (refused.status_code, "<code>lti-deployment-unknown</code>" in refused.text) == (400, True)
    with world.tool.runtime.database.reading() as session:
        asked = session.scalars(select(InboxItem).where(InboxItem.reason == "deployment-unknown")).all()
        [item] = [each for each in asked if each.details.get("deployment_id") == "brand-new"]
    assert item.organisation_id == world.ours.organisation_id
    assert checksums(world.tool, world.theirs.organisation_id) == before


# -- The command line

#: Words of a command for our organisation that names something of theirs. Commands that take no organisation are those
#: of the whole installation's operator.
COMMANDS: Final[tuple[str, ...]] = (
    "inbox decide --organisation school $item dismiss",
    "inbox list --organisation school",
    "delivery list --organisation school --state all",
    "delivery send-again --organisation school $row",
    "delivery dismiss --organisation school $row",
    "deployment list --organisation school",
    "platform show --organisation school --issuer https://theirs.example.test --client-id client-1",
    "platform invites --organisation school",
    "platform withdraw --organisation school $invite_id",
    "content list --organisation school",
    "content undo --organisation school",
    "rubric list --organisation school",
    "rubric show --organisation school $key",
    "ledger find --organisation school s-1",
    "ledger erase --organisation school --learner $person_uuid --yes",
    "ledger as-of --organisation school --learner $person_uuid --known-by 2030-01-01",
    "moodle check --organisation school --issuer https://theirs.example.test --client-id client-1",
    "moodle match --organisation school --issuer https://theirs.example.test --client-id client-1",
    "admin changes --organisation school",
    "source list --organisation school",
    "source revoke --organisation school $source",
)


@pytest.mark.parametrize("words", COMMANDS)
def test_no_command_for_us_shows_or_changes_anything_of_theirs(
    world: World, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUALOOP_DATABASE_URL", str(world.tool.runtime.database.engine.url))
    monkeypatch.setenv("QUALOOP_SECRET_KEY", SECRET)
    before = checksums(world.tool, world.theirs.organisation_id)
    monkeypatch.setattr("sys.argv", ["qualoop", *filled(words, known(world, world.ours)).split()])
    status = main()
    shown = capsys.readouterr()
    assert CANARY not in shown.out + shown.err
    assert checksums(world.tool, world.theirs.organisation_id) == before
    assert status in {0, 1}
