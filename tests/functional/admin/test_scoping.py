"""An administrator sees and changes nothing of another organisation, by any administration route there is."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lti_tool.app import create_app
from lti_tool.models import AdminSession, Base
from lti_tool.services.assembling import assemble
from lti_tool.services.people.roles import Role
from lti_tool.settings import from_environment
from lti_tool.views.guards import GUARD
from tests.factories.tool import Tool
from tests.functional.admin.conftest import Furnished
from tests.functional.admin.steps import Desktop, make_link, signed_in


def _routes() -> list[tuple[str, str]]:
    """Return every administration route with its method, as the application itself has them."""
    app: Flask = create_app(assemble(from_environment({})))
    return sorted(
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/admin")
        for method in (rule.methods or set()) & {"GET", "POST"}
        if not str(getattr(app.view_functions[rule.endpoint], GUARD)).startswith("public")
    )


ROUTES = _routes()
FORMS: dict[str, Any] = {
    "name": "Taken over",
    "product": "canvas",
    "purpose": "lti",
    "reason": "",
    "days": "7",
    "language": "en",
    "deployment": "Theirs-dep",
}


def address(tool: Tool, endpoint: str, method: str, there: Furnished) -> str:
    """Return the address of a route with the numbers of an organisation filled in."""
    with tool.runtime.database.reading() as session:
        newest = session.scalars(select(AdminSession.uuid).order_by(AdminSession.id.desc())).first()
    known = {
        "platform": there.platform,
        "item": there.item,
        "invite_id": there.invite_id,
        "job_uuid": there.job_uuid,
        "session_uuid": newest,
        "person_uuid": there.teacher,
        "entry": there.entry,
    }
    rule = next(r for r in tool.app.url_map.iter_rules(endpoint) if method in (r.methods or set()))
    with tool.app.test_request_context(base_url="https://tool.example.test"):
        return tool.app.url_map.bind("").build(endpoint, {n: known[n] for n in rule.arguments}, method=method)


def rows_of(tool: Tool, organisation_id: int) -> dict[str, list[Any]]:
    """Return all that an organisation has."""
    with tool.runtime.database.reading() as session:
        return {
            table.name: [
                tuple(row) for row in session.execute(select(table).where(table.c.organisation_id == organisation_id))
            ]
            for table in Base.metadata.sorted_tables
            if "organisation_id" in table.columns and table.name not in {"content_asset", "content_version"}
        }


@pytest.mark.parametrize(("endpoint", "method"), ROUTES, ids=[f"{m} {e}" for e, m in ROUTES])
def test_nothing_of_another_organisation_by_any_route(
    tool: Tool, ours: Furnished, theirs: Furnished, endpoint: str, method: str
) -> None:
    desktop = signed_in(tool, organisation_id=ours.organisation_id)
    signed_in(tool, organisation_id=theirs.organisation_id)
    before = rows_of(tool, theirs.organisation_id)
    forms = [{}]
    if method == "POST":
        acts = ("send-again:all", "dismiss:all", f"send-again:{theirs.rows[0]}", f"dismiss:{theirs.rows[1]}")
        forms = [
            FORMS | {"action": action, "act": act, "row": [str(row) for row in theirs.rows]}
            for action, act in zip(("approve", "refuse", "approve", "refuse"), acts, strict=True)
        ]
    url = address(tool, endpoint, method, theirs)
    for form in forms:
        if endpoint == "admin.access.sign_out":
            desktop = signed_in(tool, organisation_id=ours.organisation_id)
            before = rows_of(tool, theirs.organisation_id)
        answer = (
            desktop.get(url)
            if method == "GET"
            else desktop.post(url, organisation=str(theirs.organisation_id), platform=str(theirs.platform), **form)
        )
        assert answer.status_code in {200, 303, 403, 404, 409, 422}
        assert "Theirs" not in answer.text.replace("Theirs-dep", "") or answer.status_code == 422
        assert "theirs.example.test" not in answer.text
    assert rows_of(tool, theirs.organisation_id) == before


def test_every_route_is_closed_to_who_is_not_signed_in(tool: Tool, ours: Furnished) -> None:
    signed_in(tool)
    for endpoint, method in ROUTES:
        url = address(tool, endpoint, method, ours)
        stranger = Desktop(tool)
        answer = stranger.get(url) if method == "GET" else stranger.send(url, csrf="x")
        assert answer.status_code == 401, (endpoint, method)


@pytest.mark.parametrize("endpoint", [e for e, m in ROUTES if m == "POST"])
def test_s30_every_form_carries_the_token(tool: Tool, ours: Furnished, endpoint: str) -> None:
    desktop = signed_in(tool, Role.OPERATOR if "keys" in endpoint or "choose" in endpoint else Role.ADMINISTRATOR)
    url = address(tool, endpoint, "POST", ours)
    before = rows_of(tool, ours.organisation_id)
    for token in ("", "x", "0" * 64, signed_in(tool).token()):
        assert desktop.send(url, csrf=token, action="approve", act="send-again:all").status_code == 403
    after = rows_of(tool, ours.organisation_id)
    assert {name: rows for name, rows in after.items() if not name.startswith("admin_")} == {
        name: rows for name, rows in before.items() if not name.startswith("admin_")
    }


def test_s30_a_page_of_the_former_organisation_changes_nothing(tool: Tool, ours: Furnished, theirs: Furnished) -> None:
    """An operator's page, left open in another tab, is no page of the organisation that was opened since."""
    operator = Desktop(tool)
    operator.sign_in(make_link(tool, Role.OPERATOR))
    operator.post("/admin/organisations", organisation=str(ours.organisation_id))
    left_open = operator.token("/admin/deliveries/")
    operator.post("/admin/organisations", organisation=str(theirs.organisation_id))
    before = rows_of(tool, theirs.organisation_id)
    assert operator.send("/admin/deliveries/", csrf=left_open, act="send-again:all").status_code == 403
    assert rows_of(tool, theirs.organisation_id) == before


def test_an_administrator_sees_no_operator(tool: Tool, ours: Furnished) -> None:
    signed_in(tool, Role.OPERATOR)
    page = signed_in(tool).get("/admin/people")
    assert page.text.count("Administrator") == 1
    assert "Operator" not in page.text


def test_what_is_no_number_is_no_page(tool: Tool, ours: Furnished) -> None:
    desktop = signed_in(tool)
    for wrong in ("0", "x", "-1", "9" * 18, "9" * 40, "1.5", "%00"):
        assert desktop.get(f"/admin/platforms/{wrong}").status_code == 404
    odd = "?platform=x&page=99999999999999999999&reason=%00&state=odd&course=%00%25&channel=no"
    for query in (odd, "?page=-1", "?page=x", "?platform=" + "9" * 30, "?course=" + "z" * 5000):
        assert desktop.get(f"/admin/deliveries/{query}").status_code == 200
    assert desktop.get("/admin/people?before=" + "9" * 30).status_code == 200
    assert desktop.get("/admin/platforms/steps?product=%00").status_code == 200
