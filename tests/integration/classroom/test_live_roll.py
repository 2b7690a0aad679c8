"""The roll call's page is one that changes: its script is told, and gets only what changes."""

from __future__ import annotations

import html
import re
from uuid import uuid4

from sqlalchemy.orm import Session

from lti_tool.models import ClassSeat, Enrolment, Identity, Person
from lti_tool.services.classes.roll_call import read_roll
from lti_tool.views.classroom import MOST_DEVICES
from tests.factories.class_sessions import Classroom
from tests.factories.launches import TOOL_ORIGIN

FRAGMENT = "X-Qualoop-Fragment"
CLOCK = r'<time datetime="2026-[^"]*" data-q-time="clock">\d\d:\d\d&nbsp;UTC</time>'


def begin(room: Classroom) -> str:
    """Begin the roll call of a class; return the address of its page."""
    room.plan()
    room.do("open")
    room.do("roll")
    return f"{room.teacher.page}class/sessions/{room.row().uuid}/roll"


def test_the_roll_gives_its_script_only_what_changes(room: Classroom) -> None:
    learner = room.learner(1)
    address = begin(room)
    found = re.search(r"<qualoop-live ([^>]*)>", room.roll())
    live = dict(re.findall(r'([a-z-]+)="([^"]*)"', found[1] if found else ""))
    assert live["data-page"] == address
    assert live["data-events"] == address.replace("/roll", "/events")
    get = room.teacher.browser.client.get
    known = {FRAGMENT: "1", "If-None-Match": f'"{live["data-stamp"]}"'}
    assert get(address, base_url=TOOL_ORIGIN, headers=known).status_code == 304
    learner.post(f"in-class/{room.row().uuid}/here", number=room.number())
    answer = get(address, base_url=TOOL_ORIGIN, headers=known)
    assert answer.status_code == 200
    assert answer.headers["ETag"] not in {known["If-None-Match"], ""}
    assert "<html" not in answer.text
    assert re.search(rf"number typed {CLOCK}", answer.text)
    marked = answer.headers["ETag"]
    room.teacher.post(f"class/sessions/{room.row().uuid}/mark", mark=f"{learner.who.person_uuid}:excused")
    again = get(address, base_url=TOOL_ORIGIN, headers={FRAGMENT: "1", "If-None-Match": marked})
    assert again.status_code == 200
    # Whoever opens the page itself gets all of it, whatever is known.
    assert "<html" in get(address, base_url=TOOL_ORIGIN, headers={"If-None-Match": marked}).text


def fragment(room: Classroom, address: str) -> str:
    return room.teacher.browser.client.get(address, base_url=TOOL_ORIGIN, headers={FRAGMENT: "1"}).text


def test_a_device_says_whom_it_means_and_when_it_came_with_the_zone(room: Classroom) -> None:
    learner, phone = room.learner(1, "Amara <Diallo>"), room.phone()
    room.learner(2)
    begin(room)
    phone.scan(room.token())
    assert 'name="person"' not in room.roll()
    phone.post("name", name="Amara <Diallo>")
    page = room.roll()
    assert page.count(f'name="person" value="{learner.who.person_uuid}"') == 1
    assert re.search(rf"says to be Amara &lt;Diallo&gt; · {CLOCK}", page)


def test_whose_a_device_is_may_be_chosen_on_a_page_of_its_own(room: Classroom) -> None:
    ben, carla, phone = room.learner(1, "Ben"), room.learner(2, "Carla"), room.phone()
    begin(room)
    phone.scan(room.token())
    phone.post("name", name="Ben")
    found = re.search(r'href="([^"]*/roll/device\?seat=(\d+))"', room.roll())
    assert found
    page = room.teacher.browser.client.get(found[1], base_url=TOOL_ORIGIN).text
    # Nobody is chosen beforehand: whoever comes here says somebody else.
    assert re.findall(r'<option value="([^"]*)"[^>]*>', page) == ["", ben.who.person_uuid, carla.who.person_uuid]
    assert " selected" not in page
    sent = {"seat": found[2], "person": carla.who.person_uuid, "back": "roll"}
    room.teacher.post(f"class/sessions/{room.row().uuid}/confirm", **sent)
    with room.tool.runtime.database.reading() as reading:
        roll = read_roll(reading, room.row())
    assert [(line.member.name, line.way) for line in roll.lines] == [("Ben", ""), ("Carla", "scan")]
    gone = room.teacher.browser.client.get(found[1], base_url=TOOL_ORIGIN)
    assert gone.status_code == 303
    assert gone.headers["Location"].endswith("/roll?refused=class-no-seat")


def test_devices_that_say_a_name_or_checked_in_stand_first_and_all_can_be_reached(room: Classroom) -> None:
    room.learner(1, "Ben")
    address = begin(room)
    phones = [room.phone() for _ in range(MOST_DEVICES + 3)]
    for phone in phones:
        phone.enter(room.row().code or "")
    in_order = devices(room.teacher.get(f"{address.split(room.teacher.page)[1]}?more=99").text)
    assert len(in_order) == MOST_DEVICES + 3
    # The last but two say a name, one of them checks in; the last only checks in.
    for phone in phones[-3:-1]:
        phone.post("name", name="Ben")
    phones[-2].post("here", number=room.number())
    phones[-1].scan(room.token())
    page = room.roll()
    *others, said, here, checked = in_order
    assert devices(page) == [here, said, checked, *others[: MOST_DEVICES - 3]]
    assert "The first 40 of 43 are shown." in page
    assert "Show 3 more" in page
    more = html.unescape(re.findall(r'id="more-devices" href="([^"#]*)', page)[0])
    whole = room.teacher.browser.client.get(more, base_url=TOOL_ORIGIN).text
    assert devices(whole) == devices(fragment(room, more)) == [here, said, checked, *others]
    assert "more-devices" not in whole
    assert f'data-page="{more}"' in whole
    # What is done there leads back there.
    sent = {"seat": here, "person": room.learner(1, "Ben").who.person_uuid, "back": "roll", "more": "80"}
    answer = room.teacher.post(f"class/sessions/{room.row().uuid}/confirm", **sent)
    assert answer.headers["Location"].endswith("/roll?done=confirmed&more=80")
    answer = room.teacher.post(f"class/sessions/{room.row().uuid}/mark", mark="joined:present", more="80")
    assert answer.headers["Location"].endswith("/roll?done=marked&more=80")
    assert room.console().count('<li class="q-row" id="device-') == MOST_DEVICES


def devices(page: str) -> list[str]:
    """Return the devices of a page by their number, in its order."""
    return re.findall(r'<li class="q-row" id="device-(\d+)"', page)


def enrol_many(session: Session, room: Classroom, count: int) -> list[Person]:
    """Enrol learners of whom the platform has told, none of whom has launched."""
    row, now = room.row(), room.tool.clock.now
    owned = {"organisation_id": row.organisation_id}
    people = [Person(**owned, uuid=str(uuid4()), created_at=now) for _ in range(count)]
    session.add_all(people)
    session.flush()
    for number, person in enumerate(people):
        at = {**owned, "person_id": person.id, "updated_at": now}
        subject, name = f"{room.name}-many-{number}", f"Learner Number {number}"
        session.add(Identity(**at, registration_id=row.registration_id, subject=subject, name=name))
        session.add(Enrolment(**at, context_id=row.context_id, roles="learner"))
    return people


def test_what_is_sent_of_a_big_class_is_small(room: Classroom) -> None:
    address = begin(room)
    now, row = room.tool.clock.now, room.row()
    with room.tool.runtime.database.transaction() as session:
        for number, person in enumerate(enrol_many(session, room, 300)):
            # 260 have joined, but not checked in, of whom most is said; 40 more say their names on devices.
            is_sure, checked = number < 260, now if number >= 260 else None
            session.add(
                ClassSeat(
                    organisation_id=row.organisation_id,
                    class_session_id=row.id,
                    slot=f"{'person' if is_sure else 'device'}:{person.id}",
                    person_id=person.id,
                    is_confirmed=is_sure,
                    joined_at=now,
                    checked_at=checked,
                    way="scan" if checked else "",
                )
            )
    sent = fragment(room, address)
    assert len(devices(sent)) == MOST_DEVICES
    assert sent.count('id="learner-') == 300
    assert sent.count('data-q-fill="one"') == 260
    assert len(sent.encode()) < 200_000
