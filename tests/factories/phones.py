"""A course whose practice is observed, and phones that observe: each signs like the app, and its clock may be wrong."""

from __future__ import annotations

import hashlib
import io
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc import jws
from joserfc.jwk import ECKey
from PIL import Image
from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from lti_tool.models import LedgerEvent, ObservationCapture
from lti_tool.services.content import rubrics
from qualoop.assessment.rubric import Rubric, content_hash
from tests.factories.classrooms import Seat
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.rubrics import the_rubric
from tests.factories.tool import Tool

APP: Final = {"Qualoop-Phone": "1"}
TASK: Final = "rubric:product-copy"


@dataclass
class Phone:
    """A browser that was joined to an invitation, with the key of the app in it."""

    tool: Tool
    client: Client
    key: ECKey
    pack: dict[str, Any]
    skew: timedelta = timedelta(0)
    seq: int = 0

    @property
    def uuid(self) -> str:
        return str(self.pack["device"]["uuid"])

    @property
    def now(self) -> datetime:
        """What the clock of the phone shows."""
        return self.tool.clock.now + self.skew

    @property
    def cookies(self) -> str:
        """What its browser sends as cookies."""
        kept = (self.client._cookies or {}).values()
        pairs: list[str] = [f"{each.key}={each.value}" for each in kept]
        return "; ".join(pairs)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(f"/phone/api/{path}", base_url=TOOL_ORIGIN, headers={**APP, **headers})

    def post(self, path: str, body: object, **headers: str) -> TestResponse:
        return self.client.post(f"/phone/api/{path}", base_url=TOOL_ORIGIN, headers={**APP, **headers}, json=body)

    def learner(self, name: str) -> str:
        found: str = next(each["uuid"] for each in self.pack["learners"] if each["name"] == name)
        return found

    def capture(self, who: str | Sequence[str], *levels: int | None, **changes: Any) -> dict[str, Any]:
        """Return what the app would sign of a learner, by name or uuid, or of a team of uuids."""
        self.seq += 1
        rubric = the_rubric()
        rows = {
            row.key: {"level": level, "comment": ""}
            for row, level in zip(rubric.rows, levels, strict=False)
            if level is not None
        }
        about: dict[str, Any] = {"learner": None, "team": [*who]}
        if isinstance(who, str):
            about = {"learner": self.learner(who) if "-" not in who else who}
        return {
            "v": 1,
            "id": str(uuid.uuid4()),
            "device": self.uuid,
            "seq": self.seq,
            "course": self.pack["course"]["uuid"],
            **about,
            "task": TASK,
            "rubric": content_hash(rubric),
            "rows": rows,
            "overall": "",
            "photos": [],
            "enterprise": "",
            "made_at": moment(self.now),
            "replaces": None,
            **changes,
        }

    def sign(self, payload: Mapping[str, Any], **header: str) -> str:
        protected = {"alg": "ES256", "kid": self.uuid, **header}
        return jws.serialize_compact(protected, json.dumps(payload, ensure_ascii=False).encode(), self.key)

    def send(self, *payloads: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Sign and send; return what the server says of each."""
        return self.send_signed(*(self.sign(each) for each in payloads))

    def send_signed(self, *tokens: str) -> list[dict[str, Any]]:
        answer = self.post("captures", {"captures": list(tokens), "device_now": moment(self.now)})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json["results"] if answer.json else []
        return found

    def states(self, *payloads: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [(each["state"], each["code"]) for each in self.send(*payloads)]

    def put_photo(self, capture: Mapping[str, Any], data: bytes, sha256: str = "") -> TestResponse:
        address = f"/phone/api/captures/{capture['id']}/photo/{sha256 or digest(data)}"
        return self.client.put(address, base_url=TOOL_ORIGIN, headers=APP, data=data)


@dataclass
class PracticeCourse:
    """A course whose organisation has the rubric of these tests, its teacher, and learners One and Two."""

    tool: Tool
    teacher: Seat
    learners: list[Seat] = field(default_factory=list)

    def page(self) -> str:
        return self.teacher.get("observe/").text

    def own_link(self, seat: Seat | None = None) -> str:
        return link_in(self.post("own", seat=seat).text)

    def invite(self, **form: Any) -> TestResponse:
        day = self.tool.clock.now.date()
        sent: dict[str, Any] = {
            "uuid": str(uuid.uuid4()),
            "name": "Mei Mentor",
            "enterprise": "Tmall shop",
            "from": day.isoformat(),
            "until": (day + timedelta(days=20)).isoformat(),
            "phones": "2",
            "what": "all",
            **form,
        }
        return self.post("invite", seat=None, **sent)

    def post(self, path: str, *, seat: Seat | None = None, **form: Any) -> TestResponse:
        who = seat or self.teacher
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', who.get("observe/").text)
        data = {"csrf": csrf[1] if csrf else "", **form}
        return who.browser.client.post(f"{who.page}observe/{path}", data=data, base_url=TOOL_ORIGIN)

    def decide(self, capture: Mapping[str, Any], do: str, **form: str) -> str:
        """Decide about a capture; return what the page is told of it."""
        with self.tool.runtime.database.reading() as session:
            query = select(ObservationCapture.uuid).where(ObservationCapture.capture == capture["id"])
            row = session.scalars(query.order_by(ObservationCapture.id.desc())).first()
        answer = self.post(f"captures/{row}/decide", seat=None, do=do, **form)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"].partition("?")[2]

    def evidence(self) -> list[tuple[str, str, str, str]]:
        """Return what stands in the ledger as recorded: learner, part, score, rater, in a fixed order."""
        found = [(event.learner or "", body["part"], body["score"], body["rater"]) for event, body in self.events()]
        return sorted(found)

    def events(self) -> list[tuple[LedgerEvent, dict[str, Any]]]:
        """Return the observations of the ledger as they were recorded, the first one first."""
        with self.tool.runtime.database.reading() as session:
            rows = session.scalars(
                select(LedgerEvent).where(LedgerEvent.source == "observation").order_by(LedgerEvent.id)
            ).all()
        own = {seat.who.person_uuid for seat in self.learners}
        return [(row, json.loads(row.body)) for row in rows if row.learner in own]

    def corrections(self) -> list[dict[str, Any]]:
        """Return the corrections of these observations."""
        targets = {event.uuid for event, _ in self.events()}
        with self.tool.runtime.database.reading() as session:
            rows = session.scalars(
                select(LedgerEvent).where(LedgerEvent.source == "correction").order_by(LedgerEvent.id)
            ).all()
        bodies = [json.loads(row.body) for row in rows]
        return [body for body in bodies if body["target"] in targets]


def install(tool: Tool, rubric: Rubric | None = None) -> None:
    """Let the organisation have a rubric."""
    with tool.runtime.database.transaction() as session:
        rubrics.install(session, tool.organisation_id, rubric or the_rubric(), tool.clock.now)


def link_in(html: str) -> str:
    """Return the path of the link that a page shows."""
    found = re.search(r"(/observe/[A-Za-z0-9_-]{43})<", html)
    assert found, html
    return found[1]


def join(tool: Tool, link: str, *, skew: timedelta = timedelta(0), client: Client | None = None) -> Phone:
    """Join a new browser to an invitation by its link, as the app does it."""
    browser = client or Client(tool.app)
    answer = browser.post(link, base_url=TOOL_ORIGIN)
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/phone/"), answer.text
    phone = Phone(tool, browser, ECKey.generate_key("P-256"), {}, skew)
    refresh(phone)
    assert phone.post("key", {"jwk": phone.key.as_dict(private=False)}).status_code == 204
    return phone


def refresh(phone: Phone) -> None:
    """Fetch the pack."""
    answer = phone.get("pack")
    assert answer.status_code == 200, answer.text
    phone.pack = answer.json or {}


def moment(at: datetime) -> str:
    """Return a moment as JavaScript writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def photo(width: int = 60, height: int = 40, kind: str = "JPEG", **options: Any) -> bytes:
    """Return a picture with a few colours."""
    picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    made = io.BytesIO()
    picture.save(made, kind, **options)
    return made.getvalue()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
