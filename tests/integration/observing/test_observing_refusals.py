"""What is refused to a phone, and to whoever is not one: other tenants and courses, forged, stolen, too much, too late."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from lti_tool.models import Context, ObservationCapture, ObservationInvitation
from lti_tool.services.people.logins import digest as secret_digest
from qualoop.assessment.rubric import content_hash, read_rubric
from tests.factories.class_sessions import open_classroom
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.phones import APP, Phone, PracticeCourse, digest, install, join, link_in, photo
from tests.factories.rubrics import RUBRIC
from tests.factories.tool import Tool


def code_of(answer: TestResponse) -> tuple[int, str]:
    """Return status and code of a problem document."""
    assert answer.mimetype == "application/problem+json", answer.text
    return answer.status_code, (answer.json or {})["code"]


def stored(tool: Tool) -> int:
    with tool.runtime.database.reading() as session:
        return len(session.scalars(select(ObservationCapture.id)).all())


@pytest.fixture
def phone(course: PracticeCourse) -> Phone:
    return join(course.tool, course.own_link())


# -- Who is a phone


def test_a_cookie_without_the_header_of_the_app_does_nothing(phone: Phone) -> None:
    answer = phone.client.post("/phone/api/captures", base_url=TOOL_ORIGIN, json={"captures": []})
    assert code_of(answer) == (403, "observation-header")


@pytest.mark.parametrize("cookie", ["", "x", f"{uuid.UUID(int=1)}.secret", "." * 9])
def test_a_cookie_of_nobody_is_no_phone(tool: Tool, cookie: str) -> None:
    client = Client(tool.app)
    client.set_cookie("__Host-qualoop-phone", cookie, domain="tool.example.test", secure=True)
    answer = client.get("/phone/api/pack", base_url=TOOL_ORIGIN, headers=APP)
    assert code_of(answer) == (401, "observation-device")


def test_the_cookie_is_private_and_its_secret_is_not_stored(course: PracticeCourse, phone: Phone) -> None:
    answer = Client(course.tool.app).post(course.own_link(), base_url=TOOL_ORIGIN)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-qualoop-phone=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {each.strip() for each in cookie.split(";")}
    secret = phone.cookies.partition("=")[2].partition(".")[2]
    with course.tool.runtime.database.reading() as session:
        kept = session.connection().exec_driver_sql("SELECT secret_digest FROM observation_device").scalars().all()
    assert secret not in kept
    assert secret_digest(secret) in kept


def test_another_site_makes_no_phone_of_a_browser(course: PracticeCourse) -> None:
    client = Client(course.tool.app)
    answer = client.post(course.own_link(), base_url=TOOL_ORIGIN, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_a_link_is_kept_as_a_digest_and_ends(course: PracticeCourse) -> None:
    link = course.own_link()
    token = link.rpartition("/")[2]
    assert len(base64.urlsafe_b64decode(token + "=")) * 8 >= 128
    with course.tool.runtime.database.reading() as session:
        kept = session.scalars(select(ObservationInvitation.link_digest)).all()
    assert token not in kept
    course.tool.clock.advance(minutes=31)
    answer = Client(course.tool.app).post(link, base_url=TOOL_ORIGIN)
    assert (answer.status_code, "has ended" in answer.text) == (410, True)
    newer = course.own_link()
    assert "leads to no invitation" in Client(course.tool.app).get(link, base_url=TOOL_ORIGIN).text
    join(course.tool, newer)


def test_looking_at_a_link_uses_nothing_up(course: PracticeCourse) -> None:
    link = link_in(course.invite(phones="1").text)
    for _ in range(3):
        assert Client(course.tool.app).get(link, base_url=TOOL_ORIGIN).status_code == 200
    join(course.tool, link)


def test_what_was_taken_back_observes_no_more(course: PracticeCourse) -> None:
    link = link_in(course.invite().text)
    phone = join(course.tool, link)
    with course.tool.runtime.database.reading() as session:
        invitation = session.scalars(
            select(ObservationInvitation.uuid).order_by(ObservationInvitation.id.desc())
        ).first()
    assert course.post(f"invitations/{invitation}/change", do="revoke").status_code == 303
    assert code_of(phone.get("pack")) == (401, "observation-ended")
    assert Client(course.tool.app).post(link, base_url=TOOL_ORIGIN).status_code == 410
    # What was observed before may still be handed in, and counts for nothing by itself.
    assert phone.states(phone.capture("Learner One", 2)) == [("kept", "observation-ended")]
    assert course.evidence() == []


def test_a_phone_that_was_taken_off_is_heard_no_more(course: PracticeCourse, phone: Phone) -> None:
    assert course.post(f"phones/{phone.uuid}/remove").status_code == 303
    for answer in (phone.get("pack"), phone.post("captures", {"captures": []}), phone.get("captures")):
        assert code_of(answer) == (401, "observation-ended")


# -- What was signed


def test_a_key_is_told_once(phone: Phone) -> None:
    same = phone.key.as_dict(private=False)
    assert phone.post("key", {"jwk": same}).status_code == 204
    other = ECKey.generate_key("P-256").as_dict(private=False)
    assert code_of(phone.post("key", {"jwk": other})) == (409, "observation-key-set")


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        {},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {**ECKey.generate_key("P-384").as_dict(private=False)},
        {**ECKey.generate_key("P-256").as_dict(private=True)},
    ],
)
def test_no_other_key_is_taken(course: PracticeCourse, jwk: Any) -> None:
    client = Client(course.tool.app)
    client.post(course.own_link(), base_url=TOOL_ORIGIN)
    answer = client.post("/phone/api/key", base_url=TOOL_ORIGIN, headers=APP, json={"jwk": jwk})
    assert code_of(answer) == (422, "observation-key-refused")
    answer = client.post("/phone/api/captures", base_url=TOOL_ORIGIN, headers=APP, json={"captures": ["a.b.c"]})
    assert code_of(answer) == (409, "observation-key-missing")


def test_only_what_this_phone_has_signed_is_taken(course: PracticeCourse, phone: Phone) -> None:
    made = phone.capture("Learner One", 2)
    token = phone.sign(made)
    head, body, signature = token.split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": phone.uuid}).encode()).rstrip(b"=").decode()
    other = join(course.tool, course.own_link())
    before = stored(course.tool)
    odd = [
        base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in (b"[]", b"1", b"null", b'{"alg":["ES256"]}')
    ]
    odd.append(base64.urlsafe_b64encode(b'{"alg":"ES256","crit":1}').rstrip(b"=").decode())
    forged = [
        f"{none}.{body}.",
        f"{none}.{body}.{signature}",
        f"{head}.{body}.{signature[:-6]}AAAAAA",
        f"{head}.{base64.urlsafe_b64encode(json.dumps({**made, 'seq': 9}).encode()).rstrip(b'=').decode()}.{signature}",
        phone.sign(made, kid=other.uuid),
        phone.sign(made, typ="JWT"),
        other.sign({**made, "device": phone.uuid}),
        "",
        "x" * 200_000,
        *(f"{each}.{body}.{signature}" for each in odd),
    ]
    told = phone.send_signed(*forged)
    assert {(each["state"], each["code"]) for each in told} == {("refused", "observation-signature")}
    assert told[0]["id"] == made["id"]
    assert (told[7]["id"], told[8]["id"]) == (None, None)
    assert stored(course.tool) == before


def test_a_capture_of_another_phone_or_course_is_not_taken(
    course: PracticeCourse, another: PracticeCourse, phone: Phone
) -> None:
    there = join(another.tool, another.own_link())
    made = phone.capture("Learner One", 2)
    assert phone.states({**made, "device": there.uuid}) == [("refused", "observation-other-course")]
    assert phone.states({**made, "course": there.pack["course"]["uuid"]}) == [("refused", "observation-other-course")]
    assert phone.states(phone.capture(another.learners[0].who.person_uuid, 2)) == [
        ("kept", "observation-learner-unknown")
    ]
    assert another.evidence() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"v": 2}, "observation-unreadable"),
        ({"seq": 0}, "observation-unreadable"),
        ({"more": 1}, "observation-unreadable"),
        ({"learner": None}, "observation-unreadable"),
        ({"team": [str(uuid.UUID(int=1))]}, "observation-unreadable"),
        ({"made_at": "yesterday"}, "observation-unreadable"),
        ({"made_at": "2026-03-02T12:00:00+02:00"}, "observation-unreadable"),
        ({"overall": "x" * 4001}, "observation-unreadable"),
        ({"enterprise": "a\nb"}, "observation-unreadable"),
        ({"rows": {}}, "observation-empty"),
        ({"rows": {"headline": {"comment": "only words"}}}, "observation-empty"),
        ({"rows": {"nothing": {"level": 1}}}, "observation-unfit"),
        ({"rows": {"headline": {"level": 3}}}, "observation-unfit"),
        ({"rows": {"headline": {"level": -1}}}, "observation-unreadable"),
        ({"rows": {"evidence": {"level": 1, "points": "4"}}}, "observation-unfit"),
        ({"rows": {"evidence": {"level": 1, "points": "1e1"}}}, "observation-unreadable"),
        ({"rows": {f"r-{number}": {"level": 0} for number in range(21)}}, "observation-unreadable"),
    ],
)
def test_what_makes_no_sense_stays_on_the_phone(
    course: PracticeCourse, phone: Phone, changes: dict[str, Any], code: str
) -> None:
    good = phone.capture("Learner Two", 1)
    bad = phone.capture("Learner One", 2, **changes)
    assert phone.states(bad, good) == [("refused", code), ("recorded", "")]
    assert [row[0] for row in course.evidence()] == [course.learners[1].who.person_uuid]


def test_a_batch_is_at_most_fifty_and_a_body_a_megabyte(phone: Phone) -> None:
    assert code_of(phone.post("captures", {"captures": ["x"] * 51})) == (422, "observation-batch")
    assert len(phone.send_signed(*["x"] * 50)) == 50
    assert code_of(phone.post("captures", {"captures": ["x" * (1024 * 1024)]})) == (413, "body-too-large")
    for body in (b"", b"[]", b"{", b'{"captures": [1]}', b"[" * 100_000):
        answer = phone.client.post("/phone/api/captures", base_url=TOOL_ORIGIN, headers=APP, data=body)
        assert code_of(answer) == (422, "observation-batch")


# -- Rubrics that moved


def test_a_rubric_that_changed_meanwhile_keeps_its_version_and_is_flagged(course: PracticeCourse, phone: Phone) -> None:
    made = phone.capture("Learner One", 2)
    newer = read_rubric(
        RUBRIC.replace("One clear benefit", "One clear, proven benefit").replace("1.0.0", "1.1.0"), None
    )
    install(course.tool, newer)
    try:
        assert phone.states(made) == [("recorded", "observation-rubric-older")]
        assert course.events()[0][1]["attempt"] == made["id"]
    finally:
        install(course.tool)


def test_a_rubric_that_nobody_knows_waits_until_it_is_installed(course: PracticeCourse, phone: Phone) -> None:
    unknown = read_rubric(RUBRIC.replace("key: product-copy", "key: brand-new"), None)
    made = phone.capture("Learner One", 2, rubric=content_hash(unknown), task="rubric:brand-new")
    assert phone.states(made) == [("kept", "observation-rubric-unknown")]
    assert course.decide(made, "count") == "refused=unfit"
    install(course.tool, unknown)
    assert course.decide(made, "count") == "done=count"
    assert [row[1:3] for row in course.evidence()] == [("headline", "1")]


# -- Pictures


def test_no_bomb_and_no_other_picture_is_taken(phone: Phone) -> None:
    bomb = photo(6000, 6000, "PNG")
    assert len(bomb) < 1024 * 1024
    broken, text = photo()[:200], b"PK\x03\x04 not a picture"
    files = [bomb, broken, text]
    made = phone.capture("Learner One", 2, photos=[{"sha256": digest(each), "type": "image/png"} for each in files])
    phone.send(made)
    for each in files:
        assert code_of(phone.put_photo(made, each)) == (422, "observation-photo")
    assert code_of(phone.put_photo(made, photo(), digest(bomb))) == (422, "observation-photo")
    assert code_of(phone.put_photo(made, photo())) == (404, "observation-photo-unknown")
    assert code_of(phone.put_photo(made, b"x" * (8 * 1024 * 1024 + 1), digest(bomb))) == (413, "body-too-large")


def test_a_photo_of_twenty_megapixels_is_made_smaller(course: PracticeCourse, phone: Phone) -> None:
    large = photo(5472, 3648)
    made = phone.capture("Learner One", 2, photos=[{"sha256": digest(large), "type": "image/jpeg"}])
    phone.send(made)
    assert phone.put_photo(made, large).status_code == 204
    assert "observe/photos/" in course.page()


def test_nobody_puts_a_picture_to_anothers_capture(course: PracticeCourse, phone: Phone) -> None:
    data = photo()
    made = phone.capture("Learner One", 2, photos=[{"sha256": digest(data), "type": "image/jpeg"}])
    phone.send(made)
    other = join(course.tool, link_in(course.invite().text))
    assert code_of(other.put_photo(made, data)) == (404, "observation-photo-unknown")


# -- Staff


def test_learners_see_nothing_of_it_and_assistants_decide_nothing(tool: Tool) -> None:
    room = open_classroom(tool, "o-assistants")
    course, assistant = PracticeCourse(tool, room.teacher, [room.learner(1, "Learner One")]), room.assistant()
    phone = join(tool, course.own_link())
    made = phone.capture("Learner One", 2)
    phone.send(made)
    assert course.learners[0].get("observe/").status_code == 403
    assert course.learners[0].get("observe/observations.csv").status_code == 403
    page = assistant.get("observe/").text
    assert "What came in" in page
    assert "Leave it out" not in page
    with tool.runtime.database.reading() as session:
        row = session.scalars(select(ObservationCapture.uuid).where(ObservationCapture.capture == made["id"])).one()
    for act in ("leave-out", "count", "both", "assign", "without", "undo"):
        assert course.post(f"captures/{row}/decide", seat=assistant, do=act).status_code == 403
    assert course.post(f"phones/{phone.uuid}/remove", seat=assistant).status_code == 403
    assert course.corrections() == []


def test_nothing_of_another_course_is_decided_or_shown(
    course: PracticeCourse, another: PracticeCourse, phone: Phone
) -> None:
    data = photo()
    made = phone.capture("Learner One", 2, photos=[{"sha256": digest(data), "type": "image/jpeg"}])
    phone.send(made)
    phone.put_photo(made, data)
    with course.tool.runtime.database.reading() as session:
        row = session.scalars(select(ObservationCapture).where(ObservationCapture.capture == made["id"])).one()
        title = session.scalars(select(Context.title).where(Context.id == row.context_id)).one()
    assert title
    assert another.post(f"captures/{row.uuid}/decide", do="leave-out").status_code == 404
    assert another.post(f"phones/{phone.uuid}/remove").status_code == 404
    picture = course.page().split("observe/photos/")[1].split('"')[0]
    assert another.teacher.get(f"observe/photos/{picture}").status_code == 404
    assert course.learners[0].get(f"observe/photos/{picture}").status_code == 403
    assert "No observation has come yet." in another.page()


def test_an_invitation_needs_a_name_and_dates(course: PracticeCourse) -> None:
    past = (course.tool.clock.now - timedelta(days=2)).date().isoformat()
    far = (course.tool.clock.now + timedelta(days=900)).date().isoformat()
    for form in ({"name": " "}, {"until": past}, {"until": far}, {"until": "x"}, {"phones": "9"}, {"what": "some"}):
        answer = course.invite(**form)
        assert (answer.status_code, 'role="alert"' in answer.text) == (422, True), form
