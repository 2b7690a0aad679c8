"""A platform's token and score services on loopback: quick, with the ways of a product, and faulty on demand.

It keeps everything that it took of each line item and user, and watches what may never happen whatever goes wrong: a
timestamp that is lower than one before, one that comes twice, two scores of one user under way at once, one attempt
counted twice. `python -m benchmarks.ags_stub` runs platforms as a process of their own; tests run one in a thread
(`running`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs

from benchmarks.ags_faults import (
    ANSWERS,
    SAVED,
    Fault,
    Oddity,
    Plan,
    no_faults,
    nothing_odd,
    random_faults,
    random_oddities,
)
from benchmarks.ags_platforms import BEHAVIOURS, Behaviour, Filter
from benchmarks.loopback_server import Answer, serve, serving
from lti_tool.lti.platform_profiles import Product

__all__ = ["LINE_ITEMS_PATH", "LINE_ITEM_TYPE", "SCORE_TYPE", "Fault", "Stub", "running"]

SCORE_TYPE: Final = b"application/vnd.ims.lis.v1.score+json"
LINE_ITEM_TYPE: Final = b"application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_PATH: Final = "/courses/1/lineitems"
AHEAD_S: Final = 60.0
NOBODY: Final = "\0"
#: Of a batch: a token that the plan ends early has served as many requests at least. Twice in one try is a refusal.
TOKEN_USES: Final = 50

_SCORES_PATH: Final = re.compile(rf"{LINE_ITEMS_PATH}/(\d+)/lineitem/scores(?:\?.*)?")
_RESULTS_PATH: Final = re.compile(rf"{LINE_ITEMS_PATH}/(\d+)/lineitem/results(?:/([\w-]+))?(?:\?(.*))?")
_TYPE: Final = re.compile(rb"\r\ncontent-type: *([^\r]+)", re.IGNORECASE)
_BEARER: Final = re.compile(rb"\r\nauthorization: Bearer ([^\r]+)", re.IGNORECASE)
#: Answers after which the same request may come again as it was.
_COMES_AGAIN: Final = frozenset({401, 403, 404})

#: Line item and user.
Key = tuple[str, str]


@dataclass
class Stub:
    """The state of the platform."""

    plan: Plan = no_faults
    behaviour: Behaviour = BEHAVIOURS[Product.GENERIC]
    odd: Oddity = nothing_odd
    token: int = 1
    token_uses: int = 0
    """How many requests a token has served before the plan may end it."""
    strangers: frozenset[str] = frozenset()
    """Users who are no students here."""
    attempts_allowed: int | None = None
    """How many attempts a user may hand in where posts count as attempts."""
    scores: dict[Key, list[tuple[str, float]]] = field(default_factory=dict)
    """By line item and user: timestamp and score of everything that was taken, in order."""
    attempts: Counter[Key] = field(default_factory=Counter)
    """By line item and user: how many posts counted as new attempts, where the platform counts them."""
    requests: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    """How often each fault struck."""
    line_items: list[dict[str, Any]] = field(default_factory=list)
    newest_body: dict[str, Any] = field(default_factory=dict)
    """The body of the score that was taken last."""
    ahead_s: float = float("-inf")
    """How far a timestamp was ahead of the clock at most."""
    lowered: int = 0
    """Scores that came with a lower timestamp than one before."""
    repeated: int = 0
    """Scores that came with the timestamp of one before, although that one may have been stored."""
    overlapping: int = 0
    """Scores that came while another one of the same user was under way."""
    delay_s: float = 0.0
    """How long each answer takes."""
    under_way: int = 0
    most_at_once: int = 0
    base_url: str = ""
    _uses: int = 0
    _seen: dict[Key, tuple[str, bool]] = field(default_factory=dict)
    _held: dict[Key, dict[str, Any]] = field(default_factory=dict)
    _busy: dict[Key, float] = field(default_factory=dict)

    def report(self) -> dict[str, Any]:
        """Return what was seen, as plain JSON, once what is still on its way has arrived."""
        self.release()
        scores = {f"{item} {user}": [len(taken), *taken[-1]] for (item, user), taken in self.scores.items() if taken}
        return {
            "scores": scores,
            "attempts": {f"{item} {user}": count for (item, user), count in self.attempts.items()},
            "answers": dict(self.answers),
            "faults": dict(self.faults),
            "ahead_s": self.ahead_s,
            "lowered": self.lowered,
            "repeated": self.repeated,
            "overlapping": self.overlapping,
            "token_requests": self.token - 1,
        }

    def release(self) -> None:
        """Let everything arrive that was held on its way."""
        while self._held:
            key, score = self._held.popitem()
            self._store(key, score)

    # -- What the server calls

    def answer(self, method: str, path: str, head: bytes, body: bytes) -> Answer:
        """Return the answer to a request."""
        answer = self._answer(method, path, head, body)
        self.answers[str(answer[0]) if answer[0] >= 0 else "closed"] += 1
        return answer

    def began(self) -> None:
        """Note that an answer is being delayed."""
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)

    def ended(self) -> None:
        """Note that it is out."""
        self.under_way -= 1

    def _answer(self, method: str, path: str, head: bytes, body: bytes) -> Answer:
        if method == "GET" and path == "/report":
            return 200, json.dumps(self.report()).encode(), b""
        if odd := self.odd(method, path):
            return odd
        if path == "/token":
            return self._new_token()
        bearer = _BEARER.search(head)
        if not bearer or bearer[1] != b"t%d" % self.token:
            return self.behaviour.no_access
        return self._serve(method, path, head, body)

    def _serve(self, method: str, path: str, head: bytes, body: bytes) -> Answer:
        """Answer a request that bears the token of the hour."""
        self._uses += 1
        if scores := _SCORES_PATH.fullmatch(path):
            return self._score(scores[1], head, body)
        if results := _RESULTS_PATH.fullmatch(path):
            return self._results(results[1], results[2] or "", parse_qs(results[3] or ""))
        return self._line_item(method, path, head, body)

    def _new_token(self) -> Answer:
        self.token += 1
        self._uses = 0
        token = {"access_token": f"t{self.token}", "token_type": "bearer", "expires_in": 3600}
        return 200, json.dumps(token).encode(), b""

    # -- Scores

    def _score(self, item: str, head: bytes, body: bytes) -> Answer:
        """Take a score, or fail as planned."""
        score = _parsed(head, body)
        if score is None:
            trapped = self.behaviour.newline_trap and b"\n" in body
            return ANSWERS[Fault.NOTHING_200] if trapped else self.behaviour.malformed
        key = (item, score["userId"])
        if score["gradingProgress"] != "FullyGraded":
            return self._ungraded(key)
        race = self._raced(key)
        answer = race or self._taken_or_failed(key, score)
        self._see(key, score["timestamp"], answer)
        return answer

    def _taken_or_failed(self, key: Key, score: dict[str, Any]) -> Answer:
        """Take a score unless the plan says otherwise."""
        fault = self.plan(key[1], self.requests[key[1]])
        self.requests[key[1]] += 1
        if fault is Fault.TOKEN_401 and self._uses < self.token_uses:
            fault = None
        if fault is not None:
            self.faults[fault] += 1
        if fault is Fault.HELD:
            self._held[key] = score
            return ANSWERS[fault]
        if fault is None or fault in SAVED or fault is Fault.TWICE:
            answer = self._store(key, score)
            if late := self._held.pop(key, None):
                self._store(key, late)
            if answer != self.behaviour.taken:
                return answer
        if fault is Fault.TWICE:
            return self._store(key, {**score, self.behaviour.submission or "": {"new_submission": False}})
        return self._failed(fault) if fault else self.behaviour.taken

    def _store(self, key: Key, score: dict[str, Any]) -> Answer:
        """Store a score as the product does, or refuse it."""
        refusal = self._refusal(key, score)
        stranger = key[1] in self.strangers
        if refusal is None and (not stranger or self.behaviour.keeps_strangers):
            self.scores.setdefault(key, []).append((score["timestamp"], score["scoreGiven"]))
            self.newest_body = score
            self.attempts[key] += self._is_new_attempt(score)
            self.ahead_s = max(self.ahead_s, _ahead_s(score["timestamp"]))
        return refusal or (self.behaviour.no_student if stranger else self.behaviour.taken)

    def _refusal(self, key: Key, score: dict[str, Any]) -> Answer | None:
        """Return why a score is not taken; None where it is."""
        ways, exact = self.behaviour, self.behaviour.exact
        if ways.ahead and _ahead_s(score["timestamp"]) > AHEAD_S:
            return ways.ahead
        if (
            self.attempts_allowed is not None
            and self.attempts[key] + self._is_new_attempt(score) > self.attempts_allowed
        ):
            return 422, b'{"errors":{"message":"The maximum number of allowed attempts has been reached"}}', b""
        taken = self.scores.get(key)
        if not taken:
            return None
        now, last = score["timestamp"][:exact], taken[-1][0][:exact]
        if now < last:
            return ways.older
        return ways.equal if now == last else None

    def _is_new_attempt(self, score: dict[str, Any]) -> bool:
        """Say whether a post counts as a new attempt: where posts do at all, each one that does not say no."""
        member = self.behaviour.submission
        return member is not None and bool(score.get(member, {}).get("new_submission", True))

    def _ungraded(self, key: Key) -> Answer:
        """Do what the product does with a score that is not fully graded."""
        if not self.behaviour.erases:
            return self.behaviour.malformed
        self.scores.pop(key, None)
        return self.behaviour.taken

    def _failed(self, fault: Fault) -> Answer:
        if fault is Fault.TOKEN_401:
            self.token += 1
            return self.behaviour.no_access
        return ANSWERS[fault]

    def _raced(self, key: Key) -> Answer | None:
        """Note that two scores of a user are under way at once; return what the product makes of it."""
        now = time.monotonic()
        beside = now < self._busy.get(key, 0.0)
        self.overlapping += beside
        if self.delay_s:
            self._busy[key] = now + self.delay_s
        return self.behaviour.race if beside and key not in self.scores else None

    def _see(self, key: Key, timestamp: str, answer: Answer) -> None:
        """Watch that the timestamps of a user only rise."""
        before = self._seen.get(key)
        if before is not None:
            self.lowered += timestamp < before[0]
            self.repeated += timestamp == before[0] and not before[1]
        if before is None or timestamp >= before[0]:
            self._seen[key] = (timestamp, answer[0] in _COMES_AGAIN)

    # -- Results and line items

    def _results(self, item: str, by_path: str, query: dict[str, list[str]]) -> Answer:
        """Return the newest grades in a column, of one person where the product can tell."""
        self.requests["results"] += 1
        if self.behaviour.limited and "limit" in query:
            return self.behaviour.limited
        if by_path and self.behaviour.results is not Filter.PATH:
            return 404, b"", b""
        wanted = self._wanted(by_path, query)
        found = [
            {"userId": user, "resultScore": taken[-1][1], "resultMaximum": 100}
            for (column, user), taken in self.scores.items()
            if taken and column == item and wanted in {"", user}
        ]
        return self._page(f"{LINE_ITEMS_PATH}/{item}/lineitem/results", found, query)

    def _wanted(self, by_path: str, query: dict[str, list[str]]) -> str:
        """Return the user whose result is looked for, empty for everybody's."""
        if self.behaviour.results is Filter.PATH:
            return by_path
        asked = query.get("user_id", [""])[0]
        return NOBODY if asked and self.behaviour.results is Filter.FAULTY else asked

    def _line_item(self, method: str, path: str, head: bytes, body: bytes) -> Answer:
        """List the line items, or make one."""
        where, _, query = path.partition("?")
        if where != LINE_ITEMS_PATH:
            return 404, b"", b""
        if method == "GET":
            return self._page(where, self.line_items, parse_qs(query))
        kind = _TYPE.search(head)
        if not kind or kind[1] != LINE_ITEM_TYPE:
            return 400, b"not a line item", b""
        url = f"{self.base_url}{LINE_ITEMS_PATH}/{len(self.line_items) + 101}/lineitem?type_id=1"
        made = {**json.loads(body), "id": url}
        self.line_items.append(made)
        return 201, json.dumps(made).encode(), b""

    def _page(self, path: str, entries: list[dict[str, Any]], query: dict[str, list[str]]) -> Answer:
        """Return a page of a list, with a link to the next one."""
        size = self.behaviour.page or len(entries)
        begin = int(query.get("from", ["0"])[0])
        more = b""
        if begin + size < len(entries):
            more = f'Link: <{self.base_url}{path}?from={begin + size}>; rel="next"\r\n'.encode()
        return 200, json.dumps(entries[begin : begin + size]).encode(), more


def _parsed(head: bytes, body: bytes) -> dict[str, Any] | None:
    """Return a score with all that any product wants of it; None where it lacks something."""
    kind = _TYPE.search(head)
    if not kind or kind[1] != SCORE_TYPE:
        return None
    try:
        score = json.loads(body)
        datetime.fromisoformat(score["timestamp"])
    except (ValueError, TypeError, KeyError):
        return None
    wanted: dict[str, Any] = {"userId": str, "gradingProgress": str, "activityProgress": str}
    if score.get("gradingProgress") == "FullyGraded":
        wanted |= {"scoreMaximum": int, "scoreGiven": int | float}
    whole = all(isinstance(score.get(name), kind) for name, kind in wanted.items())
    return score if whole else None


def _ahead_s(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp() - time.time()


@contextmanager
def running(stub: Stub) -> Iterator[Stub]:
    """Run a stub in a thread of this process; its `base_url` says where."""
    with serving([stub]):
        yield stub


def main() -> None:
    """Run platforms as a process: prints their addresses as JSON by product, then serves until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", default=Product.GENERIC.value, help="comma-separated")
    parser.add_argument("--faults", type=float, default=0.0, help="share of the requests that fail")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    stubs = {
        product: _faulty(Product(product), arguments.seed + number, arguments.faults)
        for number, product in enumerate(arguments.products.split(","))
    }

    def say(_: object) -> None:
        print(json.dumps({product: stub.base_url for product, stub in stubs.items()}), flush=True)

    asyncio.run(serve([*stubs.values()], say))


def _faulty(product: Product, seed: int, share: float) -> Stub:
    """Return a platform of a product where a share of the requests fails in the product's ways."""
    behaviour = BEHAVIOURS[product]
    if not share:
        return Stub(behaviour=behaviour)
    return Stub(
        plan=random_faults(seed, share, behaviour.faults),
        behaviour=behaviour,
        odd=random_oddities(seed, share),
        token_uses=TOKEN_USES,
    )


if __name__ == "__main__":
    main()
