"""A copied link finds its activity and its settings again, with nothing for a teacher to do."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.models import Activity, Context, Deployment, Organisation, Registration, ResourceLink
from tests.factories.launches import LTI, TOOL_ORIGIN, Case, moodle
from tests.factories.tool import Tool

FIRST, SECOND = "sem-1-1-keywords-and-intent", "sem-1-3-paid-search"
SETTINGS = {"max_attempts": 2, "counts": "latest"}
DATED = {**SETTINGS, "due_at": "2026-01-10T18:00Z", "show_solution": "on_date", "shown_at": "2026-01-12T08:00Z"}


def launched(
    tool: Tool,
    link: str,
    *,
    course: str = "c-1",
    title: str = "Keywords",
    custom: dict[str, Any] | None = None,
    target: str = "/lti/launch",
    **claims: Any,
) -> ResourceLink:
    """Launch a link and return it as it is stored then."""
    changes = {
        LTI + "resource_link": {"id": link, "title": title},
        LTI + "context": {"id": course, "title": course, "label": None, "type": None},
        LTI + "custom": {"lesson": None, **(custom or {})},
        LTI + "target_link_uri": TOOL_ORIGIN + target,
        **claims,
    }
    response = tool.browser().launch(Case("copy", {}, changes, None, None, ()), role="teacher")
    assert response.status_code == 303, response.text
    return stored(tool, link, course)


def stored(tool: Tool, link: str, course: str) -> ResourceLink:
    with tool.runtime.database.reading() as session:
        query = select(ResourceLink).join(Context).where(Context.platform_key == course)
        return session.scalars(query.where(ResourceLink.platform_key == link)).one()


def key_of(tool: Tool, link: ResourceLink) -> str | None:
    with tool.runtime.database.reading() as session:
        return session.scalar(select(Activity.key).where(Activity.id == link.activity_id))


def placed(tool: Tool, link: str, *, activity: str = FIRST, settings: Any = SETTINGS, **more: Any) -> ResourceLink:
    """Place an activity at a link, as its launch names it, and set the link."""
    launched(tool, link, custom={"qualoop_activity": activity}, **more)
    course = more.get("course", "c-1")
    with tool.runtime.database.transaction() as session:
        query = select(ResourceLink).join(Context).where(Context.platform_key == course)
        session.scalars(query.where(ResourceLink.platform_key == link)).one().settings = settings
    return stored(tool, link, course)


def links(*ids: str) -> dict[str, str]:
    return {"resource_link_id_history": ",".join(ids)}


def courses(*ids: str) -> dict[str, str]:
    return {"context_id_history": ",".join(ids)}


# -- By the link's own history


def test_a_copy_takes_activity_and_settings_of_its_ancestor(tool: Tool) -> None:
    source = placed(tool, "r-1", settings=DATED)
    copy = launched(tool, "r-2", course="c-2", custom=links("r-1"))
    assert key_of(tool, copy) == FIRST
    # Dates were another term's, and what waited for one still waits.
    assert copy.settings == {**SETTINGS, "show_solution": "after_due"}
    assert copy.history == {"links": ["r-1"], "contexts": [], "source": source.id}


def test_the_newest_ancestor_that_is_known_counts(tool: Tool) -> None:
    placed(tool, "r-1", activity=FIRST)
    placed(tool, "r-2", activity=SECOND, course="c-2")
    assert key_of(tool, launched(tool, "r-9", course="c-9", custom=links("r-8", "r-2", "r-1"))) == SECOND


def test_what_the_launch_names_comes_first_and_the_settings_come_along(tool: Tool) -> None:
    placed(tool, "r-1", activity=FIRST)
    named = launched(tool, "r-2", course="c-2", custom={**links("r-1"), "qualoop_activity": SECOND})
    assert (key_of(tool, named), named.settings) == (SECOND, SETTINGS)
    targeted = launched(tool, "r-3", course="c-2", custom=links("r-1"), target=f"/lti/activity/{SECOND}")
    assert (key_of(tool, targeted), targeted.settings) == (SECOND, SETTINGS)


def test_later_launches_leave_what_a_teacher_made_of_it(tool: Tool) -> None:
    placed(tool, "r-1")
    launched(tool, "r-2", course="c-2", custom=links("r-1"))
    with tool.runtime.database.transaction() as session:
        session.scalars(select(ResourceLink).where(ResourceLink.platform_key == "r-2")).one().settings = {
            "max_attempts": 9
        }
    tool.clock.advance(days=1)
    again = launched(tool, "r-2", course="c-2", custom=links("r-1"))
    assert (key_of(tool, again), again.settings) == (FIRST, {"max_attempts": 9})


def test_an_empty_place_looks_again(tool: Tool) -> None:
    """The ancestor was first launched after its copy."""
    assert launched(tool, "r-2", course="c-2", custom=links("r-1")).activity_id is None
    placed(tool, "r-1")
    tool.clock.advance(hours=1)
    assert key_of(tool, launched(tool, "r-2", course="c-2", custom=links("r-1"))) == FIRST


def test_ids_are_percent_encoded(tool: Tool) -> None:
    placed(tool, "r,1/a b")
    assert key_of(tool, launched(tool, "r-2", course="c-2", custom=links("r%2C1%2Fa%20b"))) == FIRST


@pytest.mark.parametrize(
    "value",
    ["$ResourceLink.id.history", "", " , ,", "r-unknown", "r-1" * 200, "%00,%ff", ",".join(["x"] * 400) + ",r-1"],
)
def test_what_tells_nothing_changes_nothing(tool: Tool, value: str) -> None:
    placed(tool, "r-1")
    copy = launched(tool, "r-2", course="c-2", custom={"resource_link_id_history": value})
    assert (copy.activity_id, copy.settings) == (None, {})


# -- By the history of the course


def test_a_link_of_the_same_title_in_the_copied_course_is_found(tool: Tool) -> None:
    placed(tool, "r-1", title="Keywords")
    placed(tool, "r-2", title="Paid search", activity=SECOND)
    copy = launched(tool, "r-9", course="c-9", title="Paid search", custom=courses("c-8", "c-1"))
    assert key_of(tool, copy) == SECOND
    assert copy.history is not None
    assert copy.history["contexts"] == ["c-8", "c-1"]


def test_where_two_could_be_meant_nothing_is_taken(tool: Tool) -> None:
    placed(tool, "r-1", title="Quiz")
    placed(tool, "r-2", title="Quiz", activity=SECOND)
    # Not in an older course either: the newest is what was copied.
    placed(tool, "r-0", title="Quiz", course="c-0")
    assert launched(tool, "r-9", course="c-9", title="Quiz", custom=courses("c-1", "c-0")).activity_id is None


def test_a_copy_without_a_title_is_nobody_s(tool: Tool) -> None:
    placed(tool, "r-1", title="")
    assert launched(tool, "r-9", course="c-9", title="", custom=courses("c-1")).activity_id is None


def test_a_named_activity_finds_its_settings_in_the_copied_course(tool: Tool) -> None:
    """As in Moodle, which tells the history of the course alone: the title there may have changed since."""
    placed(tool, "r-1", title="Keywords")
    placed(tool, "r-2", title="Paid search", activity=SECOND, settings={"max_attempts": 7})
    copy = launched(tool, "r-9", course="c-9", title="Renamed", custom={**courses("c-1"), "qualoop_activity": SECOND})
    assert (key_of(tool, copy), copy.settings) == (SECOND, {"max_attempts": 7})


def test_the_same_activity_twice_is_told_apart_by_title(tool: Tool) -> None:
    placed(tool, "r-1", title="Before class", settings={"max_attempts": 1})
    placed(tool, "r-2", title="After class", settings={"max_attempts": 2})
    custom = {**courses("c-1"), "qualoop_activity": FIRST}
    assert launched(tool, "r-9", course="c-9", title="After class", custom=custom).settings == {"max_attempts": 2}
    assert launched(tool, "r-8", course="c-9", title="Another", custom=custom).settings == {}


def test_the_captured_copy_of_moodle_finds_its_settings(tool: Tool) -> None:
    """Moodle's launch in a copied course: new ids, the same title, `Context.id.history` names the source course."""
    claims = moodle("launch-course-copy-history")["claims"]
    assert claims[LTI + "custom"]["rl_hist"] == "$ResourceLink.id.history"
    title = claims[LTI + "resource_link"]["title"]
    placed(tool, "4", course="2", title=title)
    custom = {
        **claims[LTI + "custom"],
        "qualoop_activity": FIRST,
        "context_id_history": claims[LTI + "custom"]["ctx_hist"],
        "resource_link_id_history": claims[LTI + "custom"]["rl_hist"],
    }
    copy = launched(tool, claims[LTI + "resource_link"]["id"], course="3", title=title, custom=custom)
    assert (key_of(tool, copy), copy.settings) == (FIRST, SETTINGS)


# -- Never across platforms and organisations


def elsewhere(tool: Tool, *, own_organisation: bool) -> None:
    """Let link r-1 of course c-1 be at another registration, of this organisation or of another."""
    with tool.runtime.database.transaction() as session:
        organisation = tool.organisation_id
        if not own_organisation:
            other = Organisation(
                uuid=str(uuid.uuid4()), key="other", name="Other", kind="school", created_at=tool.clock()
            )
            session.add(other)
            session.flush()
            organisation = other.id
        known = session.scalars(select(Registration)).one()
        registration = Registration(
            organisation_id=organisation,
            issuer=known.issuer,
            client_id="another-client",
            auth_login_url=known.auth_login_url,
            token_url=known.token_url,
            jwks_url=known.jwks_url,
            algorithms=["RS256"],
            service_origins=[],
            created_at=tool.clock(),
        )
        session.add(registration)
        session.flush()
        deployment = Deployment(
            organisation_id=organisation,
            registration_id=registration.id,
            deployment_id=tool.platform.deployment_id,
            created_at=tool.clock(),
        )
        session.add(deployment)
        session.flush()
        link = session.scalars(select(ResourceLink)).one()
        context = session.get_one(Context, link.context_id)
        context.deployment_id, context.organisation_id, link.organisation_id = deployment.id, organisation, organisation


@pytest.mark.parametrize("whose", ["own", "another"])
@pytest.mark.parametrize("custom", [links("r-1"), courses("c-1"), {**courses("c-1"), "qualoop_activity": FIRST}])
def test_what_another_platform_holds_is_never_taken(tool: Tool, whose: str, custom: dict[str, str]) -> None:
    placed(tool, "r-1")
    elsewhere(tool, own_organisation=whose == "own")
    copy = launched(tool, "r-2", course="c-2", custom=custom)
    assert copy.settings == {}
    assert key_of(tool, copy) == (FIRST if "qualoop_activity" in custom else None)


def test_another_deployment_of_the_same_platform_may_hold_the_ancestor(tool: Tool) -> None:
    placed(tool, "r-1")
    with tool.runtime.database.transaction() as session:
        known = session.scalars(select(Deployment)).one()
        other = Deployment(
            organisation_id=tool.organisation_id,
            registration_id=known.registration_id,
            deployment_id="another",
            created_at=tool.clock(),
        )
        session.add(other)
        session.flush()
        session.scalars(select(Context)).one().deployment_id = other.id
    assert key_of(tool, launched(tool, "r-2", course="c-2", custom=links("r-1"))) == FIRST


# -- The platform's dates


def test_the_dates_of_the_platform_are_kept_and_follow_it(tool: Tool) -> None:
    told = {"available_from": "2026-03-01T08:00:00Z", "submission_until": "2026-03-09T18:00:00+08:00"}
    kept = {"available_from": "2026-03-01T08:00:00+00:00", "submission_until": "2026-03-09T10:00:00+00:00"}
    assert launched(tool, "r-1", custom=told).platform_dates == kept
    # A launch that tells nothing changes nothing; one that tells that there is none any more does.
    assert launched(tool, "r-1").platform_dates == kept
    assert (
        launched(tool, "r-1", custom={"available_from": "$ResourceLink.available.startDateTime"}).platform_dates == kept
    )
    assert launched(tool, "r-1", custom={**dict.fromkeys(told, ""), "available_until": ""}).platform_dates == {}


@pytest.mark.parametrize("value", ["tomorrow", "2026-13-01", "9999-12-31T23:59:59-12:00", "1" * 4000, "-1", "12"])
def test_a_date_that_cannot_be_read_is_none(tool: Tool, value: str) -> None:
    assert launched(tool, "r-1", custom={"available_from": value}).platform_dates == {}


def test_a_platform_that_tells_no_dates_leaves_none(tool: Tool) -> None:
    assert launched(tool, "r-1").platform_dates is None
