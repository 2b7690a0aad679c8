"""The record that a learner saved, opened from the disk: it checks itself, names what was changed, and needs no network."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lti_tool.lti.tool_keys import make_tool_key
from lti_tool.models import Organisation
from lti_tool.services.ledger import ledger
from lti_tool.services.platforms import key_rotation, tool_keys
from lti_tool.services.platforms.key_rotation import Terms
from qualoop.ledger import Download, as_document, as_page
from tests.browser.accessibility import serious_findings
from tests.factories.classrooms import enter
from tests.factories.tool import SECRET, make_tool
from tests.unit.ledger.records import a_download

HELD = "Some of your results are not shown yet: they are left out of this file."


class SavedRecord:
    """The saved page in a browser."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self._folder = page, folder
        self.requests: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))

    def open(self, html: str | bytes) -> None:
        path = self._folder / "record.html"
        path.write_bytes(html.encode() if isinstance(html, str) else html)
        self.page.goto(path.as_uri())

    def verdict(self) -> str | None:
        found = self.page.locator("[data-verdict]")
        return found.get_attribute("data-verdict") if found.count() else None

    def said(self) -> str:
        return self.page.locator(".said").inner_text()

    def states(self) -> list[str]:
        return [row.get_attribute("data-state") or "" for row in self.page.locator(".event").all()]


@pytest.fixture
def saved(page: Page, tmp_path: Path) -> SavedRecord:
    return SavedRecord(page, tmp_path)


def all_sealed() -> Download:
    return a_download(unsealed=0)


def test_an_untouched_file_proves_itself(saved: SavedRecord) -> None:
    saved.open(as_page(all_sealed()))
    assert saved.verdict() == "good"
    assert saved.said() == "✓ All 5 events are exactly as the school recorded and signed them."
    assert saved.states() == ["proven"] * 5
    assert saved.page.evaluate("location.protocol") == "file:"
    assert [url for url in saved.requests if not url.startswith(("file:", "data:"))] == []


def test_a_changed_byte_names_its_event(saved: SavedRecord) -> None:
    html = as_page(all_sealed())
    at = html.index('"part-4"') + len('"part-')
    saved.open(html[:at] + "5" + html[at + 1 :])
    assert saved.verdict() == "bad"
    assert saved.states() == ["proven", "proven", "changed", "proven", "proven"]
    named = saved.page.locator(".verdict li")
    expect(named).to_have_count(1)
    expect(named).to_contain_text("keywords / part-5")
    expect(named).to_contain_text("changed")


def test_a_changed_event_with_a_new_hash_is_named_all_the_same(saved: SavedRecord) -> None:
    html = as_page(all_sealed())
    forged = html.replace('"score": "0.5"', '"score": "1"', 1)
    saved.open(forged)
    hashed = saved.page.evaluate(
        "toHex(sha256(utf8(canonical(JSON.parse(document.getElementById('data').textContent).events[0].event))))"
    )
    first = re.search(r'"hash": "([0-9a-f]{64})"', html)
    assert first
    assert hashed != first[1]
    saved.open(forged.replace(first[1], hashed))
    assert saved.states() == ["changed", *["proven"] * 4]


def test_an_event_without_a_seal_says_so(saved: SavedRecord) -> None:
    saved.open(as_page(a_download(unsealed=1)))
    assert saved.verdict() == "new"
    assert saved.states() == [*["proven"] * 4, "unsealed"]
    assert "1 more is too new" in saved.said()
    saved.open(as_page(a_download(events=3, unsealed=3)))
    assert saved.states() == ["unsealed"] * 3
    assert saved.verdict() == "new"


def test_what_is_held_back_is_said_and_the_rest_proves_itself(saved: SavedRecord) -> None:
    made = all_sealed()
    kept = [each for number, each in enumerate(made.events) if number not in {1, 2}]
    saved.open(as_page(replace(made, events=kept, is_held_back=True)))
    assert saved.verdict() == "good"
    assert saved.said() == "✓ All 3 events are exactly as the school recorded and signed them."
    expect(saved.page.locator(".held")).to_have_text(HELD)
    saved.open(as_page(replace(made, events=[], seals=[], is_held_back=True)))
    assert saved.said() == f"… {HELD}"
    expect(saved.page.locator(".held")).to_have_count(0)
    saved.open(as_page(made))
    expect(saved.page.locator(".held")).to_have_count(0)


@pytest.mark.parametrize("field", ["merkle_root", "chain_hash", "link", "signature", "sealed_at", "kid", "n"])
def test_a_changed_seal_or_key_vouches_for_nothing(saved: SavedRecord, field: str) -> None:
    html = as_page(all_sealed())
    start = html.rindex(f'"{field}": "') + len(f'"{field}": "')
    # In the middle: the last sign of a base64 text need not carry a bit.
    at = start + 5
    other = "1" if html[at] != "1" else "2"
    saved.open(html[:at] + other + html[at + 1 :])
    assert saved.verdict() == "bad"
    assert set(saved.states()) == {"seal"}


def test_no_byte_of_the_data_can_be_changed_unnoticed(saved: SavedRecord) -> None:
    made = all_sealed()
    saved.open(as_page(made))
    data = json.dumps(as_document(made))
    begin = data.index("[", data.index('"events"'))
    # What tells nothing may be changed: spaces, the plain words of a note, and what a key says of its use.
    free = [range(*found.span()) for found in re.finditer(r'"note": "Read wrongly\."|"(?:use|alg)": "\w+"', data)]
    places = [at for at in range(begin, len(data)) if data[at] != " " and not any(at in span for span in free)]
    picked = random.Random(3).sample(places, 400)
    changed = [data[:at] + chr(ord(data[at]) ^ 1) + data[at + 1 :] for at in picked]
    proven = saved.page.evaluate(
        "texts => texts.map(text => { const data = read(text); return data && judge(data).every(s => s === 'proven'); })",
        [data, *changed],
    )
    assert proven[0] is True
    assert [data[at - 30 : at + 10] for at, is_good in zip(picked, proven[1:], strict=True) if is_good] == []


def test_an_event_that_stands_there_twice_is_named(saved: SavedRecord) -> None:
    made = all_sealed()
    saved.open(as_page(replace(made, events=[made.events[0], made.events[0], *made.events[2:]])))
    assert saved.states() == ["proven", "changed", *["proven"] * 3]


def test_events_of_somebody_else_are_none_of_the_learner(saved: SavedRecord) -> None:
    saved.open(as_page(replace(all_sealed(), learner="learner-2")))
    assert set(saved.states()) == {"changed"}


def test_seals_by_a_key_that_is_not_in_the_file_vouch_for_nothing(saved: SavedRecord) -> None:
    other, right = make_tool_key().public_jwk, all_sealed().keys[0]
    for keys in ([], [other], [{**other, "kid": right["kid"]}]):
        saved.open(as_page(replace(all_sealed(), keys=keys)))
        assert set(saved.states()) == {"seal"}


def test_a_record_that_the_tool_made_proves_itself(saved: SavedRecord, tmp_path: Path) -> None:
    tool = make_tool(f"sqlite:///{tmp_path / 'qualoop.db'}")
    seat, other = enter(tool, "s-1", name="张小雨", locale="zh-CN"), enter(tool, "s-2")
    seat.answer(right=[True, False, True])
    other.answer(right=[True])
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        key = tool_keys.ensure_key(session, tool_keys.LEDGER, secret=SECRET, now=tool.clock.now)
        assert ledger.seal(session, organisation, key, tool.clock.now)
    saved.open(seat.get("record/download").text)
    assert saved.verdict() == "good"
    assert saved.states() == ["proven"] * 3
    assert saved.page.evaluate("document.documentElement.lang") == "zh-Hans"
    tool.runtime.database.close()
    tool.runtime.http.close()


def test_s10_a_record_whose_seals_have_keys_of_different_times_proves_itself(
    saved: SavedRecord, tmp_path: Path
) -> None:
    tool = make_tool(f"sqlite:///{tmp_path / 'qualoop.db'}")
    now, kids = tool.clock.now, set()
    for lesson in ("sem-1-1-keywords-and-intent", "sem-1-2-organic-search"):
        seat = enter(tool, "s-1", lesson=lesson)
        seat.answer(right=[True])
        with tool.runtime.database.transaction() as session:
            organisation = session.get_one(Organisation, tool.organisation_id)
            key = tool_keys.ensure_key(session, tool_keys.LEDGER, secret=SECRET, now=now)
            kids.add(key.kid)
            assert ledger.seal(session, organisation, key, now)
            terms = Terms(secret=SECRET, now=now, every=timedelta(0))
            key_rotation.replace_at_once(session, tool_keys.LEDGER, "leaked", terms)
    assert len(kids) == 2
    saved.open(seat.get("record/download").text)
    assert saved.verdict() == "good"
    assert saved.states() == ["proven"] * 2
    tool.runtime.database.close()
    tool.runtime.http.close()


def test_a_changed_program_does_not_run(saved: SavedRecord) -> None:
    html = as_page(all_sealed())
    saved.open(html.replace('return "changed"', 'return "proven"', 1))
    assert saved.verdict() is None
    expect(saved.page.locator("main")).to_contain_text("has not checked itself")
    expect(saved.page.locator("main")).to_contain_text("没有完成自检")


def test_damaged_data_is_not_a_good_record(saved: SavedRecord) -> None:
    saved.open(as_page(all_sealed()).replace('"events": [', '"events": ', 1))
    assert saved.verdict() == "bad"
    assert "cannot be read" in saved.said()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_it_reads_well(saved: SavedRecord, language: str, width: int) -> None:
    saved.page.set_viewport_size({"width": width, "height": 800})
    saved.open(as_page(a_download(unsealed=1), language))
    assert serious_findings(saved.page) == []
    assert saved.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert saved.page.evaluate("document.documentElement.lang") == language
    other = {"en": "zh-Hans", "zh-Hans": "en"}[language]
    saved.page.keyboard.press("Tab")
    saved.page.locator(f"[data-language={other}]").focus()
    saved.page.keyboard.press("Enter")
    assert saved.page.evaluate("document.documentElement.lang") == other
    saved.page.locator(".event summary").last.click()
    expect(saved.page.locator(".event").last).to_contain_text("Read wrongly.")


def test_what_learners_wrote_is_shown_and_never_run(saved: SavedRecord) -> None:
    made = a_download(unsealed=0)
    note = "</script><script>document.title = 'run'</script><img src=x onerror=alert(1)>"
    saved.open(as_page(replace(made, events=[*made.events[:-1], replace(made.events[-1], note=note)])))
    assert saved.verdict() == "good"
    saved.page.locator(".event summary").last.click()
    expect(saved.page.locator(".event dd", has_text="</script>")).to_have_count(1)
    assert "run" not in saved.page.title()
    assert json.loads(saved.page.locator("#data").text_content() or "")["events"][-1]["note"] == note
