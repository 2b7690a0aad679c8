"""Dynamic Registration over HTTP, against a platform on loopback: S14 of the security list."""

from __future__ import annotations

import json
import logging
import threading
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import Deployment, InboxItem, Organisation, Registration, RegistrationInvite
from lti_tool.services.platforms import approval, invites
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.tool import Tool, register_platform
from tests.fakes.registering_platform import (
    CLIENT_ID,
    DEPLOYMENT_ID,
    TOKEN,
    TOOL,
    RegisteringPlatform,
    accepted,
    http,
)
from tests.functional.registration.steps import (
    ancestors,
    approve,
    code_of,
    form_of,
    get,
    launching,
    make_link,
    post,
    register,
    stored,
)


def test_s14_from_the_link_to_the_first_launch(tool: Tool, platform: RegisteringPlatform, link: str) -> None:
    done = register(tool, platform, link)
    assert (done.status_code, done.headers["Location"]) == (303, f"{link}/done")
    launched = launching(tool, platform)
    refused = launched.browser().login()
    assert (refused.status_code, code_of(refused.text)) == (400, "lti-registration-pending")
    assert platform.origin in ancestors(refused)
    approve(tool)
    assert launched.browser().launch().status_code == 200


def test_s14_the_page_shows_what_will_be_registered_and_changes_nothing(
    tool: Tool, platform: RegisteringPlatform, link: str
) -> None:
    page = get(tool, link, platform.opening())
    assert platform.origin in page.text
    assert "School" in page.text
    assert ancestors(page) == platform.origin
    assert platform.registrations() == []
    assert stored(tool) is None
    assert form_of(get(tool, link, platform.opening()))["registration_token"] == TOKEN


def test_s14_the_platform_is_sent_our_document_with_its_token(
    tool: Tool, platform: RegisteringPlatform, link: str
) -> None:
    register(tool, platform, link)
    [sent] = platform.registrations()
    head, _, body = sent.partition(b"\r\n\r\n")
    assert f"authorization: bearer {TOKEN}" in head.decode().lower()
    document = json.loads(body)
    assert document["redirect_uris"] == [f"{TOOL_ORIGIN}/lti/launch"]
    assert document[TOOL]["domain"] == "tool.example.test"


def test_s14_a_platform_without_registration_token_is_sent_none(
    tool: Tool, platform: RegisteringPlatform, link: str
) -> None:
    done = post(tool, link, form_of(get(tool, link, platform.opening(registration_token=""))))
    assert done.status_code == 303
    assert b"authorization" not in platform.registrations()[0].lower()


def test_s14_what_is_registered_waits_in_the_invitations_organisation(
    tool: Tool, platform: RegisteringPlatform, link: str
) -> None:
    register(tool, platform, link)
    row = stored(tool)
    assert row is not None
    assert (row.state, row.organisation_id, row.issuer) == ("pending", tool.organisation_id, platform.origin)
    assert (row.product, row.algorithms, row.service_origins) == ("moodle", ["RS256"], [])
    with tool.runtime.database.reading() as session:
        deployment = session.scalars(select(Deployment).where(Deployment.registration_id == row.id)).one()
        assert (deployment.deployment_id, deployment.state) == (DEPLOYMENT_ID, "pending")
        item = session.scalars(select(InboxItem)).one()
        assert (item.reason, item.actions) == ("registration-pending", ["approve", "refuse"])


def test_s14_the_last_page_says_what_is_left_and_closes_the_frame(
    tool: Tool, platform: RegisteringPlatform, link: str
) -> None:
    register(tool, platform, link)
    page = get(tool, f"{link}/done")
    assert f'data-close-origin="{platform.origin}"' in page.text
    assert f"qualoop platform approve --issuer {platform.origin} --client-id {CLIENT_ID}" in page.text
    assert "Activate the tool" in page.text
    assert "LTI External tools" in page.text
    assert ancestors(page) == platform.origin
    assert "<script>alert" not in page.text
    approve(tool)
    assert "qualoop platform approve" not in get(tool, f"{link}/done").text


def test_s14_what_is_to_be_typed_is_safe_in_a_shell(tool: Tool, platform: RegisteringPlatform, link: str) -> None:
    platform.answer = accepted(client_id="c;$(reboot)'")
    register(tool, platform, link)
    page = unescape(get(tool, f"{link}/done").text)
    assert """--client-id 'c;$(reboot)'"'"''""" in page


@pytest.mark.parametrize("path", ["", "/done"])
def test_s14_a_link_of_nobody_is_refused(tool: Tool, platform: RegisteringPlatform, path: str) -> None:
    refused = get(tool, f"/lti/register/invented{path}", platform.opening())
    assert (refused.status_code, code_of(refused.text)) == (400, "lti-invite-unknown")
    assert ancestors(refused) == "'none'"
    assert platform.server.requests == []


def test_s14_a_link_is_good_once(tool: Tool, platform: RegisteringPlatform, link: str) -> None:
    form = form_of(get(tool, link, platform.opening()))
    assert post(tool, link, form).status_code == 303
    for again in (get(tool, link, platform.opening()), post(tool, link, form)):
        assert (again.status_code, code_of(again.text)) == (400, "lti-invite-used")
        assert ancestors(again) == platform.origin
    assert len(platform.registrations()) == 1


@pytest.mark.parametrize(("seconds", "good"), [(-1, True), (0, False), (1, False)])
def test_s14_a_link_expires(tool: Tool, platform: RegisteringPlatform, link: str, *, seconds: int, good: bool) -> None:
    form = form_of(get(tool, link, platform.opening()))
    tool.clock.now += timedelta(days=7, seconds=seconds)
    answer = post(tool, link, form)
    assert answer.status_code == (303 if good else 400)
    if not good:
        assert code_of(answer.text) == "lti-invite-expired"
        assert platform.registrations() == []


def test_s14_the_link_is_stored_as_its_hash(tool: Tool, link: str) -> None:
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(RegistrationInvite.token_hash)).one() != link.rpartition("/")[2]


def test_s14_two_tries_at_once_ask_the_platform_once(tool: Tool, platform: RegisteringPlatform, link: str) -> None:
    form = form_of(get(tool, link, platform.opening()))
    statuses: list[int] = []
    codes: list[str] = []
    start = threading.Barrier(3)

    def press() -> None:
        start.wait()
        answer = post(tool, link, form)
        statuses.append(answer.status_code)
        codes.append(code_of(answer.text))

    threads = [threading.Thread(target=press) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 400, 400]
    assert set(codes) - {""} <= {"lti-invite-busy", "lti-invite-used"}
    assert len(platform.registrations()) == 1


def test_s14_a_try_that_died_blocks_the_link_for_two_minutes_only(
    tool: Tool, platform: RegisteringPlatform, link: str
) -> None:
    form = form_of(get(tool, link, platform.opening()))
    with tool.runtime.database.transaction() as session:
        invites.claim(session, session.scalars(select(RegistrationInvite)).one(), tool.clock.now)
    assert code_of(post(tool, link, form).text) == "lti-invite-busy"
    tool.clock.advance(minutes=2)
    assert post(tool, link, form).status_code == 303


def test_s14_the_registration_token_is_in_no_log(
    tool: Tool, platform: RegisteringPlatform, link: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    platform.answer = http(TOKEN.encode(), "400 Bad Request")
    assert TOKEN not in register(tool, platform, link).text
    platform.answer = accepted()
    register(tool, platform, link)
    get(tool, f"{link}/done")
    get(tool, link, platform.opening(registration_token=TOKEN + "\x00"))
    assert caplog.records
    # Werkzeug's test client logs nothing; what is looked at is ours, and urllib3's.
    assert TOKEN not in caplog.text
    assert link.rpartition("/")[2] not in caplog.text


def test_s14_a_link_for_one_issuer_refuses_another(tool: Tool, platform: RegisteringPlatform) -> None:
    refused = get(tool, make_link(tool, issuer="https://lms.example.test"), platform.opening())
    assert (refused.status_code, code_of(refused.text)) == (400, "lti-configuration-issuer")
    assert ancestors(refused) == "https://lms.example.test"


def test_s14_a_registration_of_another_organisation_is_not_taken_over(
    tool: Tool, platform: RegisteringPlatform, link: str
) -> None:
    with tool.runtime.database.transaction() as session:
        other = another_organisation(tool, session)
        theirs = platform.launching(tool.platform.target_link_uri)
        register_platform(tool.runtime, theirs, other, session=session)
    refused = register(tool, platform, link)
    assert (refused.status_code, code_of(refused.text)) == (400, "lti-registration-there")
    row = stored(tool)
    assert row is not None
    assert (row.organisation_id, row.state) == (other, "active")
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(RegistrationInvite.used_at)).one() is None


def another_organisation(tool: Tool, session: Session) -> int:
    row = Organisation(uuid="o-2", key="other", name="Other", kind="school", created_at=tool.clock.now)
    session.add(row)
    session.flush()
    return row.id


def test_s14_registering_again_changes_no_address_of_what_is_there(
    tool: Tool, platform: RegisteringPlatform, link: str
) -> None:
    register(tool, platform, link)
    approve(tool)
    assert register(tool, platform, make_link(tool)).status_code == 303
    platform.configure(jwks_uri=f"{platform.origin}/other-keys")
    refused = register(tool, platform, make_link(tool))
    assert code_of(refused.text) == "lti-registration-there"
    row = stored(tool)
    assert row is not None
    assert (row.state, row.jwks_url) == ("active", f"{platform.origin}/jwks")
    with tool.runtime.database.reading() as session:
        query = select(func.count()).select_from(Registration).where(Registration.client_id == CLIENT_ID)
        assert session.scalar(query) == 1


@pytest.mark.parametrize("change", ["csrf", "openid_configuration", "registration_token"])
def test_s30_the_form_is_bound_to_its_page(tool: Tool, platform: RegisteringPlatform, link: str, change: str) -> None:
    form = form_of(get(tool, link, platform.opening()))
    for forged in (form | {change: form[change] + "x"}, {k: v for k, v in form.items() if k != "csrf"}):
        refused = post(tool, link, forged)
        assert (refused.status_code, code_of(refused.text)) == (403, "form-token")
    assert platform.registrations() == []


def test_s30_the_form_of_one_link_is_no_form_of_another(tool: Tool, platform: RegisteringPlatform, link: str) -> None:
    form = form_of(get(tool, link, platform.opening()))
    assert code_of(post(tool, make_link(tool), form).text) == "form-token"


def test_s14_a_refused_platform_is_gone_and_its_link_stays_used(
    tool: Tool, platform: RegisteringPlatform, link: str
) -> None:
    register(tool, platform, link)
    with tool.runtime.database.transaction() as session:
        row = session.scalars(select(Registration).where(Registration.client_id == CLIENT_ID)).one()
        approval.refuse(session, row, now=tool.clock.now)
    tool.runtime.registrations.forget()
    assert code_of(launching(tool, platform).browser().login().text) == "lti-unknown-issuer"
    assert code_of(get(tool, link, platform.opening()).text) == "lti-invite-used"
    page = get(tool, f"{link}/done")
    assert (page.status_code, ancestors(page)) == (200, "'none'")
    assert CLIENT_ID not in page.text
    with tool.runtime.database.reading() as session:
        item = session.scalars(select(InboxItem)).one()
        assert (item.state, item.resolution) == ("resolved", "refuse")


def test_s14_only_what_waits_can_be_refused(tool: Tool, platform: RegisteringPlatform, link: str) -> None:
    register(tool, platform, link)
    approve(tool)
    with tool.runtime.database.transaction() as session:
        row = session.scalars(select(Registration).where(Registration.client_id == CLIENT_ID)).one()
        with pytest.raises(approval.RegistrationNotPendingError):
            approval.refuse(session, row, now=tool.clock.now)


def test_s14_what_waits_takes_nothing_from_what_is_approved(
    tool: Tool, platform: RegisteringPlatform, link: str
) -> None:
    """A login without client id means the approved client, although another one of the issuer waits."""
    register(tool, platform, link)
    approve(tool)
    platform.answer = accepted(client_id="another")
    register(tool, platform, make_link(tool))
    assert launching(tool, platform).browser().login(client_id="").status_code == 302
