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
from tests.functional.security.tenant_arguments import arguments_of
from tests.functional.security.tenant_forms import FORMS


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
    client, values = browser_of(world), arguments_of(mine, world.theirs)
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
    # Pictures are no text.
    shown = answer.data.decode(errors="replace")
    assert answer.status_code < 500, shown
    assert CANARY not in shown.replace(SHARED, "")
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
    monkeypatch.setattr("sys.argv", ["qualoop", *filled(words, arguments_of(world.ours, world.theirs)).split()])
    status = main()
    shown = capsys.readouterr()
    assert CANARY not in shown.out + shown.err
    assert checksums(world.tool, world.theirs.organisation_id) == before
    assert status in {0, 1}
