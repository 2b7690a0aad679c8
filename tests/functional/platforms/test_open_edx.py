"""The tool at a real Open edX: launch, deep linking, line items, scores in its grade book, the list of members."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from lti_tool.lti import ags, nrps
from tests.factories.choosing import SETTINGS as DL_SETTINGS
from tests.factories.launches import AGS, LTI
from tests.factories.open_edx import WRONG, OpenEdx, Person, claims_of
from tests.factories.web_browser import Page
from tests.functional.platforms.open_edx_steps import (
    LINE_ITEM_SCOPES,
    ask,
    ask_with,
    forget_line_item,
    forget_tries,
    make_line_item,
    post_score,
    service,
    tries,
)

MEMBERS = 107
KEYWORDS, MINIMAL = "sem-1-1-keywords-and-intent", "minimal"
KEYWORDS_TITLE, MINIMAL_TITLE = "Keywords and search intent", "A minimal lesson"
SECOND = timedelta(seconds=1)


def present() -> datetime:
    return datetime.now(UTC)


def headings(page: Page) -> list[str]:
    """Return the headings of the first rank."""
    return re.findall(r"<h1[^>]*>([^<]*)</h1>", page.text)


# -- Launch


def test_a_student_is_launched_into_the_lesson(open_edx: OpenEdx) -> None:
    offered = open_edx.person("amara").offered("given")
    page = offered.send("/lti/launch")
    assert (page.status, headings(page)) == (200, [MINIMAL_TITLE])
    claims = claims_of(offered)
    assert claims[LTI + "deployment_id"] == "1"
    assert (claims["aud"], claims["azp"]) == (open_edx.shown["client_id"],) * 2
    assert claims["exp"] - claims["iat"] == 3600
    assert "product_family_code" not in claims[LTI + "tool_platform"], "the reason for --product open-edx"


def test_a_login_comes_by_get_and_names_no_platform_storage(open_edx: OpenEdx) -> None:
    amara = open_edx.person("amara")
    amara.offered("given")
    [login] = [url for url in amara.browser.visited if "/lti/login" in url]
    assert parse_qs(urlsplit(login).query).keys() == {
        *("iss", "client_id", "lti_deployment_id", "target_link_uri", "login_hint", "lti_message_hint")
    }


def test_a_teacher_is_launched_onto_the_class_page(open_edx: OpenEdx) -> None:
    page = open_edx.person("tina").launch("given")
    assert page.status == 200
    assert re.search(r"/a/[0-9a-f-]{36}/class/$", page.url)


def test_a_launch_is_taken_once(open_edx: OpenEdx) -> None:
    offered = open_edx.person("amara").offered("given")
    assert [offered.send("/lti/launch").status for _ in range(2)] == [200, 400]


# -- Line items and scores


def test_a_score_reaches_the_grade_book_by_the_line_item_of_the_launch(open_edx: OpenEdx) -> None:
    amara = open_edx.person("amara")
    assert claims_of(amara.offered("given"))[AGS]["lineitem"]
    amara.score("given")
    open_edx.run_worker()
    component = open_edx.component("given")
    assert component["grades"]["amara"]["score"] == 1.0
    assert len(component["line_items"]) == 1, "the one that Open edX made"


def test_a_line_item_is_made_once_and_its_scores_are_published(open_edx: OpenEdx) -> None:
    bao, carla = open_edx.person("bao"), open_edx.person("carla")
    assert "lineitem" not in claims_of(bao.offered("made"))[AGS]
    bao.score("made")
    open_edx.work()
    component = open_edx.component("made")
    [line] = component["line_items"]
    assert (line["resource_link_id"], line["resource_id"], line["maximum"]) == (component["location"], MINIMAL, 100)
    assert component["grades"]["bao"]["score"] == 1.0

    assert claims_of(carla.offered("made"))[AGS]["lineitem"], "launches name it as soon as it is there"
    carla.score("made", WRONG)
    open_edx.work()
    component = open_edx.component("made")
    assert component["grades"]["carla"]["score"] == 0.0
    assert len(component["line_items"]) == 1


def test_a_line_item_that_is_there_is_found(open_edx: OpenEdx) -> None:
    open_edx.person("deng").score("found")
    now = present()
    open_edx.work(now)
    forget_line_item(open_edx, "found")
    forget_tries(open_edx, "found")
    open_edx.work(now + SECOND)
    assert [(each.outcome, each.status) for each in tries(open_edx, "found")] == [("done", 201)]
    assert len(open_edx.component("found")["line_items"]) == 1


def test_a_line_item_without_resource_link_takes_scores_and_publishes_none(open_edx: OpenEdx) -> None:
    """Why ours always name it."""
    user = claims_of(open_edx.person("deng").offered("loose"))["sub"]
    assert post_score(open_edx, make_line_item(open_edx, "loose"), user, present()).status == 201
    component = open_edx.component("loose")
    assert component["line_items"][0]["scores"][user]["given"] == 100.0
    assert component["grades"] == {}


def test_every_line_item_of_a_link_ends_in_its_one_grade(open_edx: OpenEdx) -> None:
    """Why columns of other meanings are not made here: the last one to be sent would be the grade."""
    deng = open_edx.person("deng")
    deng.score("one", WRONG)
    open_edx.work()
    other = make_line_item(open_edx, "one", resource_link=open_edx.component("one")["location"])
    assert post_score(open_edx, other, claims_of(deng.offered("one"))["sub"], present()).status == 201
    assert open_edx.component("one")["grades"]["deng"]["score"] == 1.0


def test_a_score_that_is_there_already_is_found_in_the_results(open_edx: OpenEdx) -> None:
    """Sent again at an equal second by a tool that does not know it was sent: refused, looked up, done."""
    open_edx.person("deng").score("again")
    open_edx.person("emil").score("again", WRONG)
    now = present()
    open_edx.work(now)
    assert [(each.outcome, each.status) for each in tries(open_edx, "again")] == [("done", 201)] * 2
    forget_tries(open_edx, "again")
    open_edx.work(now)
    assert [(each.outcome, each.status) for each in tries(open_edx, "again")] == [("done", 400)] * 2


def test_a_score_that_we_do_not_know_of_stands_until_a_person_sends_ours(open_edx: OpenEdx) -> None:
    farah = open_edx.person("farah")
    farah.score("better", WRONG)
    now = present()
    open_edx.work(now)
    farah.score("better")
    forget_tries(open_edx, "better")
    open_edx.work(now)
    assert [(each.outcome, each.status) for each in tries(open_edx, "better")] == [("refused", 400)]
    assert open_edx.component("better")["grades"]["farah"]["score"] == 0.0
    class_page = open_edx.person("tina").launch("better")
    assert "Changed in the grade book" in class_page.text
    class_page.send("/class/send-again")
    open_edx.work(present() + SECOND)
    assert open_edx.component("better")["grades"]["farah"]["score"] == 1.0


def test_a_score_of_somebody_unknown_is_saved_with_an_error_and_tried_later(open_edx: OpenEdx) -> None:
    open_edx.person("carla").score("lost")
    now = present()
    open_edx.lose("carla")
    for number in range(2):
        open_edx.work(now + number * SECOND)
    component = open_edx.component("lost")
    [saved] = component["line_items"][0]["scores"].values()
    assert (saved["given"], component["grades"]) == (100.0, {}), "saved all the same, and not published"
    open_edx.find_again("carla")
    open_edx.work(now + 2 * SECOND)
    assert open_edx.component("lost")["grades"]["carla"]["score"] == 1.0
    sent = tries(open_edx, "lost")
    assert [(each.outcome, each.status) for each in sent] == [("ambiguous", 500), ("ambiguous", 500), ("done", 201)]
    assert sent[0].timestamp < sent[1].timestamp < sent[2].timestamp, "an equal one would be 400"


def test_equal_and_older_timestamps_are_refused_in_these_words(open_edx: OpenEdx) -> None:
    url, now = make_line_item(open_edx, "loose"), present()
    assert post_score(open_edx, url, "x", now).status == 201
    equal, older = (post_score(open_edx, url, "x", now - late * SECOND) for late in range(2))
    assert (equal.status, b"already exists" in equal.body) == (400, True)
    assert (older.status, b"later point in time" in older.body) == (400, True)


def test_results_are_of_one_person_by_path_and_of_all_by_query(open_edx: OpenEdx) -> None:
    url, now = make_line_item(open_edx, "loose"), present()
    for user in ("x", "y"):
        post_score(open_edx, url, user, now)
    [known] = open_edx.runtime.registrations.all()
    addresses = ags.results_url(url, "x", known.registration.profile.results), f"{url}/results?user_id=x"
    replies = [ask(open_edx, [ags.SCOPE_RESULT_READ], "GET", url=each, kind=ags.RESULTS_TYPE) for each in addresses]
    assert [{each.user_id for each in ags.parse_results(reply.body)} for reply in replies] == [{"x"}, {"x", "y"}]


def test_what_services_refuse(open_edx: OpenEdx) -> None:
    url = service(open_edx, "loose")
    refusal = ask_with("none-of-theirs", url)
    assert (refusal.code, refusal.headers["WWW-Authenticate"]) == (403, None)
    assert ask(open_edx, [ags.SCOPE_SCORE], "GET", url=url, kind=ags.LINE_ITEMS_TYPE).status == 403, "of another scope"
    assert ask(open_edx, LINE_ITEM_SCOPES, "GET", url=url, kind="application/json").status == 406
    item = make_line_item(open_edx, "loose")
    assert ask(open_edx, LINE_ITEM_SCOPES, "DELETE", url=item, kind=ags.LINE_ITEM_TYPE).status == 403


# -- Names and roles


def test_the_class_list_comes_with_names_of_all_pages(open_edx: OpenEdx) -> None:
    tina = open_edx.person("tina")
    page = tina.launch("given").send("/class/update-list")
    assert f"{MEMBERS} members in the course" in page.text
    assert "Quiet Student 99" in page.text, "who has never been here"


def test_members_are_paged_by_link_headers(open_edx: OpenEdx) -> None:
    url = service(open_edx, "given", "/memberships?limit=100&role=Instructor")
    first = ask(open_edx, [nrps.SCOPE_MEMBERS_READ], "GET", url=url, kind=nrps.MEMBERS_TYPE)
    assert len(nrps.parse_members(first.body)) == 100, "the role is no filter"
    assert 'rel="next"' in first.headers["link"]


# -- Deep linking


def choose(person: Person, name: str, *keys: str) -> Page:
    """Choose activities for a component, and go back to the platform."""
    page = person.launch(name, verb="choose")
    base = page.url
    page = person.browser.get(f"{base}grades?" + "&".join(f"pick={key}" for key in keys))
    return page.send("/answer").send("/lti-dl/response")


def test_a_chosen_lesson_arrives_is_launched_and_graded(open_edx: OpenEdx) -> None:
    saved = choose(open_edx.person("tina"), "chosen", MINIMAL)
    assert (saved.status, "successfully saved" in saved.text) == (200, True)
    [item] = open_edx.component("chosen")["chosen"]
    assert (item["type"], item["url"]) == ("ltiResourceLink", f"{open_edx.addresses.tool}/lti/activity/{MINIMAL}")
    assert item["custom"]["qualoop_activity"] == MINIMAL

    emil = open_edx.person("emil")
    offered = emil.offered("chosen")
    [login] = [url for url in emil.browser.visited if "/lti/login" in url]
    assert parse_qs(urlsplit(login).query)["target_link_uri"] == [f"{open_edx.addresses.tool}/"], "not the item's"
    assert claims_of(offered)[LTI + "target_link_uri"] == item["url"]
    assert headings(offered.send("/lti/launch")) == [MINIMAL_TITLE]
    emil.score("chosen")
    open_edx.work()
    component = open_edx.component("chosen")
    assert component["grades"]["emil"]["score"] == 1.0
    assert [line["resource_link_id"] for line in component["line_items"]] == [component["location"]]


def test_choosing_again_replaces_what_was_chosen(open_edx: OpenEdx) -> None:
    tina = open_edx.person("tina")
    choose(tina, "changed", MINIMAL)
    choose(tina, "changed", KEYWORDS)
    assert [item["custom"]["qualoop_activity"] for item in open_edx.component("changed")["chosen"]] == [KEYWORDS]
    assert headings(open_edx.person("emil").launch("changed")) == [KEYWORDS_TITLE]


def test_one_lesson_is_chosen_for_a_component(open_edx: OpenEdx) -> None:
    """Open edX takes several, but as one link with one grade: the second would open, and grade, the first."""
    tina = open_edx.person("tina")
    offered = tina.offered("single", verb="choose")
    assert claims_of(offered)[DL_SETTINGS]["accept_multiple"] is True
    page = offered.send("/lti/launch")
    assert ('type="radio"' in page.text, 'type="checkbox"' in page.text) == (True, False)
    choose(tina, "single", MINIMAL, KEYWORDS)
    assert [item["custom"]["qualoop_activity"] for item in open_edx.component("single")["chosen"]] == [MINIMAL]


def test_a_student_is_not_let_choose(open_edx: OpenEdx) -> None:
    assert open_edx.person("emil").offered("chosen", verb="choose").status == 403
