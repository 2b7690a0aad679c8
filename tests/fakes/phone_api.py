"""The server as the phone app meets it, in memory: it checks every signature, and can be told to be difficult."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from joserfc import jws
from joserfc.jwk import ECKey
from werkzeug.wrappers import Request, Response

COOKIE: Final = "__Host-qualoop-phone"
COURSE: Final = "22222222-2222-4222-8222-222222222222"
TOKEN: Final = "invitation-of-a-mentor-0001"
MOST: Final = 50

_LEVELS: Final = (
    ("Not yet", "尚未达到", "The buyer waits for more than two minutes, or gets no answer.", "0", None),
    ("Adequate", "合格", "Answers within two minutes, friendly, and mostly to the point.", "1", None),
    ("Good", "良好", "Answers at once, asks what the buyer needs, and names two fitting products.", "2", "4"),
    ("Outstanding", "优秀", "Leads the buyer to a choice, and notes what was learnt for the shop.", "5", None),
)


def _row(key: str, english: str, chinese: str) -> dict[str, Any]:
    levels = [
        {
            "title": {"en": en, "zh-Hans": zh},
            "descriptor": {"en": about, "zh-Hans": about},
            "points": low,
            "up_to": high,
        }
        for en, zh, about, low, high in _LEVELS
    ]
    return {"key": key, "title": {"en": english, "zh-Hans": chinese}, "about": None, "levels": levels}


RUBRIC: Final = {
    "key": "service",
    "title": {"en": "Serving a customer", "zh-Hans": "客户服务"},
    "rows": [
        _row("speed", "Speed of the answer", "响应速度"),
        _row("need", "Finding out what is needed", "了解需求"),
        _row("tone", "Tone", "语气"),
        _row("close", "Closing the talk", "结束对话"),
    ],
}
NAMES: Final = ("Amara Diallo", "Chen Yu", "Daniel Weber", "李小明", "Sofía Hernández", "王思源")


def pack(*, rubric: str = "a" * 64) -> dict[str, Any]:
    """Return what a phone is given: six learners in two groups, three tasks, of which one is above the assessor."""
    titles = (("chat", "Serving a customer in the chat", "在线客服接待"), ("packing", "Packing an order", "订单打包"))
    tasks = [{"key": key, "title": {"en": en, "zh-Hans": zh}, "rubric": rubric} for key, en, zh in titles]
    locked = {
        "key": "audit",
        "title": {"en": "Auditing a shop", "zh-Hans": "店铺审核"},
        "rubric": rubric,
        "beyond": True,
    }
    return {
        "version": "1",
        "assessor": {"name": "Lin Mei", "is_enterprise": True, "enterprise": "Hangzhou Lantern Ltd", "level_cap": 4},
        "invitation": {"title": "Practice week", "from": "2026-01-01T00:00:00Z", "until": "2036-03-31T00:00:00Z"},
        "server_time": "2026-03-02T12:00:00Z",
        "course": {"uuid": COURSE, "title": "Online shop practice"},
        "learners": [
            {"uuid": learner(number), "name": name, "group": f"Group {number % 2 + 1}"}
            for number, name in enumerate(NAMES)
        ],
        "teams": [{"name": "Red team", "learners": [learner(0), learner(1)]}],
        "tasks": [*tasks, locked],
        "rubrics": {rubric: RUBRIC},
        "language": "en",
    }


def device(number: int) -> str:
    """Return the uuid of the device that came as ``number``, from 1."""
    return f"11111111-1111-4111-8111-{number:012d}"


def learner(number: int) -> str:
    """Return the pseudonym of a learner."""
    return f"33333333-3333-4333-8333-{number:012d}"


@dataclass
class PhoneApi:
    """Answers below /phone/api and /observe. What the tests change are its public fields."""

    pack: dict[str, Any] = field(default_factory=pack)
    captures: dict[str, dict[str, Any]] = field(default_factory=dict)
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)
    photos: dict[tuple[str, str], bytes] = field(default_factory=dict)
    skews: list[str] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    #: Device -> its public key, once it has given one.
    keys: dict[str, ECKey | None] = field(default_factory=dict)
    #: Task -> state, code, message: what becomes of its captures.
    verdicts: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    has_ended: bool = False
    #: How many captures of a batch are stored before the connection is cut, with no answer.
    cut_after: int | None = None
    fails: int = 0
    #: What answers in the place of the server where it wants to: a proxy, a page in between, a fault.
    between: Callable[[Request], Response | None] | None = None
    left: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a request (PEP 3333)."""
        request = Request(environ)
        # What takes its time there must not keep the server from answering others.
        response = self.between(request) if self.between else None
        if response is None:
            with self._lock:
                response = self._answer(request)
        response.headers["Cache-Control"] = "no-store"
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        path = request.path
        if path.startswith("/observe/"):
            return self._join(path.removeprefix("/observe/"), request)
        if response := self._refusal(request):
            return response
        what = path.removeprefix("/phone/api/")
        if request.method == "PUT":
            return self._photo(what, request)
        table: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "pack"): self._pack,
            ("POST", "key"): self._key,
            ("POST", "captures"): self._receive,
            ("GET", "captures"): self._list,
            ("DELETE", "device"): self._leave,
        }
        return table[request.method, what](request)

    def _refusal(self, request: Request) -> Response | None:
        """Return the answer of what stands before the API, None where it lets through."""
        if self._device(request) not in self.keys:
            return problem(401, "observation-device")
        if request.headers.get("Qualoop-Phone") != "1":
            return problem(403, "forged")
        if self.fails:
            self.fails -= 1
            return problem(503, "busy")
        return None

    def _join(self, token: str, request: Request) -> Response:
        if token != TOKEN:
            return problem(404, "observation-invitation")
        if request.method == "GET":
            page = f'<!doctype html><form method="post" action="/observe/{TOKEN}"><button>Open</button></form>'
            return Response(page, mimetype="text/html")
        self.keys[device(len(self.keys) + 1)] = None
        response = Response(status=303, headers={"Location": "/phone/"})
        response.headers.add(
            "Set-Cookie", f"{COOKIE}={len(self.keys)}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=86400"
        )
        return response

    def _pack(self, request: Request) -> Response:
        if self.has_ended:
            return problem(401, "observation-ended")
        body = json.dumps({**self.pack, "device": {"uuid": self._device(request), "seq": 0}})
        etag = f'"{hashlib.sha256(body.encode()).hexdigest()}"'
        if request.headers.get("If-None-Match") == etag:
            return Response(status=304, headers={"ETag": etag})
        return Response(body, mimetype="application/json", headers={"ETag": etag})

    def _key(self, request: Request) -> Response:
        sent = ECKey.import_key(request.get_json()["jwk"])
        known = self.keys[self._device(request)]
        if known and known.thumbprint() != sent.thumbprint():
            return problem(409, "observation-key-set")
        self.keys[self._device(request)] = sent
        return Response(status=204)

    def _receive(self, request: Request) -> Response:
        sent = request.get_json()
        assert len(sent["captures"]) <= MOST
        self.skews.append(sent["device_now"])
        self.batches.append(len(sent["captures"]))
        results = []
        for number, token in enumerate(sent["captures"]):
            if self.cut_after == number:
                self.cut_after = None
                return Response(status=502)
            results.append(self._take(token, self._device(request)))
        return _json({"results": results, "server_time": "2026-03-02T12:00:00Z"})

    def _take(self, token: str, sender: str) -> dict[str, Any]:
        key = self.keys[sender]
        assert key
        opened = jws.deserialize_compact(token, key, algorithms=["ES256"])
        assert opened.headers() == {"alg": "ES256", "kid": sender}
        payload = json.loads(opened.payload or b"")
        state, code, message = self.verdicts.get(payload["task"], ("recorded", "", ""))
        outcome = {"id": payload["id"], "state": state, "code": code, "message": message}
        if state == "refused":
            return outcome
        self.captures.setdefault(payload["id"], payload)
        return self.outcomes.setdefault(payload["id"], outcome)

    def _list(self, _request: Request) -> Response:
        if self.has_ended:
            return problem(401, "observation-ended")
        rows = [
            {
                **self.outcomes[key],
                **{name: each.get(name) for name in ("learner", "task", "made_at")},
                "team": each.get("team", []),
            }
            for key, each in self.captures.items()
        ]
        return _json({"captures": rows})

    def _photo(self, what: str, request: Request) -> Response:
        _, capture, _, digest = what.split("/")
        body = request.get_data()
        assert capture in self.captures
        assert hashlib.sha256(body).hexdigest() == digest
        self.photos[capture, digest] = body
        return Response(status=204)

    def _device(self, request: Request) -> str:
        """Return which device the cookie proves; an empty word where none does."""
        number = request.cookies.get(COOKIE, "")
        return device(int(number)) if number else ""

    def _leave(self, _request: Request) -> Response:
        self.left += 1
        response = Response(status=204)
        response.delete_cookie(COOKIE, secure=True, httponly=True)
        return response


def payload_of(token: str) -> dict[str, Any]:
    """Return what a signed capture says, unchecked."""
    body = token.split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return said


def _json(body: Any) -> Response:
    return Response(json.dumps(body), mimetype="application/json")


def problem(status: int, code: str) -> Response:
    """Return how the server says no (RFC 9457)."""
    body = json.dumps({"type": "about:blank", "status": status, "code": code, "title": code})
    return Response(body, status=status, mimetype="application/problem+json")
