"""The feed of changes: everybody once, then whoever moved, nobody else's, and everybody anew after a replay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lti_tool.models import Organisation
from lti_tool.services.erasure import erase
from tests.factories.classrooms import enter
from tests.factories.held_results import show_results
from tests.factories.replays import run_replay
from tests.factories.sources import CHANGES, COURSE, Site, event, make_site, seal, shipped_parts
from tests.factories.tool import Tool


def told(page: dict[str, Any]) -> list[str]:
    return [change["learner"] for change in page["changes"]]


def test_everybody_is_told_once_and_then_whoever_moved(tool: Tool, site: Site) -> None:
    parts = shipped_parts()
    site.send(*(event(n, learner=f"s-{n}") for n in range(1, 4)))
    seal(tool)
    first = site.changes(limit=2)
    assert (told(first), first["is_anew"], first["more"]) == (["s-1", "s-2"], True, True)
    second = site.changes(first["cursor"], limit=2)
    assert (told(second), second["more"]) == (["s-3"], False)
    site.send(event(9, learner="s-2", part=parts[1]))
    assert told(site.changes(second["cursor"])) == [], "what is not sealed yet may still get a smaller number beside it"
    seal(tool)
    third = site.changes(second["cursor"])
    assert (told(third), third["is_anew"], third["more"]) == (["s-2"], False, False)
    assert told(site.changes(third["cursor"])) == []
    assert told(site.changes(second["cursor"])) == ["s-2"], "a cursor can be asked again"


def test_a_change_says_level_status_and_what_is_next(tool: Tool, site: Site) -> None:
    site.send(event())
    seal(tool)
    [change] = site.changes()["changes"]
    assert (change["learner"], change["course"]) == ("s-1", COURSE)
    [point] = [each for each in change["knowledge_points"] if each["responses"]]
    assert (point["code"], point["status"], point["last"]) == ("SEM-1.1", "developing", "2026-03-02T11:59:30Z")
    assert point["low"] < point["level"] < point["high"]
    following = change["next"]
    assert following["address"].endswith(f"/lti/activity/{following['activity']}")
    assert set(following["title"]) == set(following["reason"]) == {"en", "zh-Hans"}


def test_what_is_next_is_not_told_by_a_score_that_is_held_back(tool: Tool, site: Site) -> None:
    seat = enter(tool, "s-7")
    show_results(tool, seat, "on_date", shown_at=tool.clock.now + timedelta(hours=1))
    seat.answer(right=[True])
    seat.finish()
    seal(tool)

    def reason() -> str:
        [change] = site.changes()["changes"]
        return str(change["next"]["reason"]["en"])

    assert "You finished it with" not in reason()
    tool.clock.advance(hours=1)
    assert "You finished it with" in reason()


def test_launches_of_the_platform_are_told_too_and_nothing_of_others(tool: Tool, site: Site) -> None:
    enter(tool, "s-7", name="Ada").answer(right=[True])
    other = make_site(tool, "own", of_platform=False)
    other.send(event(learner="o-1"))
    seal(tool)
    page = site.changes()
    assert told(page) == ["s-7"]
    assert "Ada" not in str(page)
    assert told(other.changes()) == ["o-1"]


def test_after_a_replay_everybody_is_told_anew(tool: Tool, site: Site) -> None:
    site.send(event(), event(2, learner="s-2"))
    seal(tool)
    cursor = site.changes()["cursor"]
    assert told(site.changes(cursor)) == []
    run_replay(tool)
    seal(tool)
    page = site.changes(cursor)
    assert (told(page), page["is_anew"]) == (["s-1", "s-2"], True)
    assert told(site.changes(page["cursor"])) == []


def test_nothing_new_is_not_modified(tool: Tool, site: Site) -> None:
    site.send(event())
    seal(tool)
    cursor = site.changes()["cursor"]
    answer = site.ask("GET", f"{CHANGES}?after={cursor}", headers={"If-None-Match": f'W/"{cursor}"'})
    assert (answer.status_code, answer.data) == (304, b"")


def test_who_was_erased_is_told_no_more_and_comes_back_as_somebody_else(tool: Tool, site: Site) -> None:
    site.send(event(), event(2, content="cd" * 32))
    seat = enter(tool, "s-1")
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        erase(session, organisation, seat.who.person_uuid, actor="operator", now=tool.clock())
    seal(tool)
    assert told(site.changes()) == []
    assert site.send(event()) == ["duplicate"], "a repeat makes nobody"
    assert site.send(event(3, part=shipped_parts()[1])) == ["accepted"]
    seal(tool)
    assert told(site.changes()) == ["s-1"]


def test_cursors_and_limits_of_another_form_are_refused(site: Site) -> None:
    for query, code in (("after=7", "cursor-unreadable"), ("limit=0", "limit-refused"), ("limit=501", "limit-refused")):
        assert site.ask("GET", f"{CHANGES}?{query}").json["code"] == code
    assert site.changes("1.999.999.-")["changes"] == []
