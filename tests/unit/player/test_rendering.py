"""The HTML is whole, safe, without names that clash, and the same for every host but for what the host gives."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from qualoop.assessment import ResponseRefusedError
from qualoop.player import Action, Refused
from tests.unit.player.goldens import cases, drawn
from tests.unit.player.hosts import FixedHost
from tests.unit.player.lessons import KIND, NOW, Attempt, canary

VOID = {"img", "input", "br", "hr", "source", "track"}
SVG_LEAVES = {"rect", "circle", "polygon", "path"}


class Page(HTMLParser):
    """Notes the elements of a page, and whether each that opens is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SVG_LEAVES
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def ids(self) -> list[str]:
        return [attrs["id"] or "" for _, attrs in self.elements if "id" in attrs]


@pytest.mark.parametrize("case", cases())
def test_the_html_is_whole(case: str) -> None:
    page = Page(drawn(case).html)
    assert page.open == []
    assert page.elements[0][0] == "qualoop-activity"


@pytest.mark.parametrize("case", cases())
def test_ids_are_unique_prefixed_and_all_that_are_named_exist(case: str) -> None:
    page = Page(drawn(case).html)
    ids = page.ids()
    assert len(ids) == len(set(ids))
    assert all(name.startswith("q-") for name in ids)
    named = {
        name
        for _, attrs in page.elements
        for attribute in ("for", "aria-labelledby", "aria-describedby", "data-for")
        for name in (attrs.get(attribute) or "").split()
    }
    assert named <= set(ids)


@pytest.mark.parametrize("case", cases())
def test_nothing_needs_inline_styles_or_scripts(case: str) -> None:
    for tag, attrs in Page(drawn(case).html).elements:
        assert tag not in {"style", "script"}
        assert not [name for name in attrs if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("case", cases())
def test_every_form_works_without_a_script(case: str) -> None:
    forms = [attrs for tag, attrs in Page(drawn(case).html).elements if tag == "form"]
    assert forms
    assert all(form["method"] == "post" and (form["action"] or "").startswith("/do/") for form in forms)


@pytest.mark.parametrize("case", cases())
def test_headings_go_down_one_by_one(case: str) -> None:
    levels = [int(tag[1]) for tag, _ in Page(drawn(case).html).elements if tag in {"h1", "h2", "h3", "h4"}]
    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))


def test_two_activities_on_one_page_share_no_id() -> None:
    attempt = Attempt()
    attempt.go("ask-spot")
    other = replace(attempt, host=FixedHost(id_prefix="second"))
    assert not set(Page(attempt.html()).ids()) & set(Page(other.html()).ids())


def test_a_host_fills_in_its_addresses_fields_and_attributes() -> None:
    host = FixedHost(hidden_fields={"c<": 'a"b'}, attributes={"data-csrf-cookie": 'c"', "data-canonical-url": "/a?b&c"})
    html = Attempt(host=host).html()
    assert html.startswith(
        '<qualoop-activity class="qualoop q-activity" lang="en" data-csrf-cookie="c&quot;" data-canonical-url="/a?b&amp;c">'
    )
    assert '<input type="hidden" name="c&lt;" value="a&quot;b">' in html
    assert 'src="/assets/figures/boxes.svg"' in html
    assert "\0" not in html


def test_what_differs_between_two_hosts_is_what_they_give() -> None:
    attempt = Attempt()
    attempt.go("ask-spot")
    other = replace(attempt, host=FixedHost(hidden_fields={"csrf": "other"}, attributes={"data-x": "y"}))
    assert other.html().replace("other", "token").replace(' data-x="y"', "") == attempt.html()


@pytest.mark.parametrize("typed", ['"><script>x</script>', "\0fields\0", "\0action go\0", "{{ page }}", "asset:x"])
def test_what_a_learner_types_stays_text(typed: str) -> None:
    attempt = Attempt()
    attempt.go("ask-number")
    action = Action(name="answer", form={"item": ["number"], "try": ["1"], "value": [typed]})
    with pytest.raises(ResponseRefusedError) as refused:
        KIND.step(canary(), attempt.state, action, settings=attempt.settings, now=NOW)
    html = attempt.html(Refused(action=action, error=refused.value))
    fields = [attrs for tag, attrs in Page(html).elements if attrs.get("name") == "value"]
    assert [field["value"] for field in fields] == [typed.replace("\0", "")]
    assert html.count('name="csrf"') == Attempt(state=attempt.state).html().count('name="csrf"')


def test_a_refusal_stands_at_its_field() -> None:
    attempt = Attempt()
    attempt.go("ask-match")
    action = Action(name="answer", form={"item": ["match"], "try": ["1"], "match_0": ["2"]})
    with pytest.raises(ResponseRefusedError) as refused:
        KIND.step(canary(), attempt.state, action, settings=attempt.settings, now=NOW)
    elements = Page(attempt.html(Refused(action=action, error=refused.value))).elements
    invalid = [attrs for _, attrs in elements if "aria-invalid" in attrs]
    assert [attrs["name"] for attrs in invalid] == ["match_1"]
    assert ("option", {"value": "2", "selected": None, "lang": "en"}) in elements
    assert [attrs["role"] for _, attrs in elements if attrs.get("id") == "q-error"] == ["alert"]
