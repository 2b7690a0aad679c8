"""A Moodle's web services over HTTP: answers in the form of the captured ones, keeps every rating, is odd on demand."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from tests.unit.outgoing.servers import serving

CAPTURE = Path(__file__).parents[1] / "fixtures" / "moodle" / "competency-web-services.json"
TOKEN = "0123456789abcdef0123456789abcdef"
PATH = "/webservice/rest/server.php"
SCALE = '[{"scaleid":"2"},{"id":2,"scaledefault":1,"proficient":1}]'


@cache
def captured() -> list[dict[str, Any]]:
    """Return the captured calls in their order."""
    calls: list[dict[str, Any]] = json.loads(CAPTURE.read_text())
    return calls


def answer_of(function: str, label: str = "") -> Any:
    """Return a fresh copy of a captured answer."""
    return deepcopy(next(c["response"] for c in captured() if (c["function"], c["label"]) == (function, label)))


@dataclass(frozen=True)
class Answer:
    """What is answered instead of the usual; None as body: the connection ends without an answer."""

    body: bytes | None
    status: int = 200
    headers: str = ""


#: Given function and parameters, what is answered instead of the usual; None: the usual.
Oddity = Callable[[str, dict[str, str]], Answer | None]


@dataclass
class MoodleSite:
    """The state of the site; ``loses`` says of a call that it is done and its answer lost."""

    frameworks: list[dict[str, Any]] = field(default_factory=list)
    competencies: list[dict[str, Any]] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    scale: list[str] = field(default_factory=lambda: ["Not yet competent", "Competent"])
    can_grade: bool = True
    odd: Oddity = lambda _function, _parameters: None
    loses: Callable[[str], bool] = lambda _function: False
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    ratings: dict[tuple[int, int], list[tuple[int, str]]] = field(default_factory=dict)
    url: str = ""

    def add_framework(self, codes: Sequence[str], *, id_number: str = "SKILLS-2026", scale: str = SCALE) -> int:
        """Add a framework with a competency for each code; return its id."""
        framework = answer_of("core_competency_list_competency_frameworks")[0]
        framework |= {"id": len(self.frameworks) + 1, "idnumber": id_number, "scaleconfiguration": scale}
        self.frameworks.append(framework)
        for code in codes:
            self.add_competency(code, framework["id"])
        return int(framework["id"])

    def add_competency(self, code: str, framework: int = 1) -> int:
        """Add a competency; return its id."""
        competency = answer_of("core_competency_read_competency")
        number = 100 + len(self.competencies)
        competency |= {"id": number, "idnumber": code, "shortname": f"About {code}"}
        self.competencies.append(competency | {"competencyframeworkid": framework})
        return number

    def called(self, function: str) -> list[dict[str, str]]:
        """Return the parameters of every call of a function whose name ends so."""
        return [parameters for name, parameters in self.calls if name.endswith(function)]

    def grades(self, user: int, code: str) -> list[int]:
        """Return every grade that a user got on a competency, one for each row of evidence."""
        competency = next(each["id"] for each in reversed(self.competencies) if each["idnumber"] == code)
        return [grade for grade, _ in self.ratings.get((user, competency), [])]

    def behave(self, connected: socket.socket, raw: bytes) -> None:
        head, _, body = raw.partition(b"\r\n\r\n")
        answer = self._answer(head.decode("latin-1"), dict(parse_qsl(body.decode(), keep_blank_values=True)))
        if answer.body is None:
            connected.shutdown(socket.SHUT_RDWR)
            return
        first = f"HTTP/1.1 {answer.status} -\r\n{answer.headers}Content-Length: {len(answer.body)}\r\n\r\n"
        connected.sendall(first.encode() + answer.body)

    def _answer(self, head: str, form: dict[str, str]) -> Answer:
        self.heads.append(head)
        if not head.startswith(f"POST {PATH} "):
            return Answer(b"<html>not found</html>", 404)
        function = form.pop("wsfunction", "")
        token = form.pop("wstoken", "")
        self.calls.append((function, form))
        odd = self.odd(function, form)
        if odd is not None:
            return odd
        if token != TOKEN:
            return _json(answer_of("core_competency_read_competency", "bad token"))
        if function not in (self.functions or answer_of("core_webservice_get_site_info")["functions"]):
            return _json(answer_of("core_user_create_users", "not in service"))
        result = _DOES[function](self, form)
        return Answer(None) if self.loses(function) else _json(result)

    def site_info(self, form: dict[str, str]) -> Any:
        info = answer_of("core_webservice_get_site_info")
        return info | {"functions": self.functions or info["functions"]}

    def list_frameworks(self, form: dict[str, str]) -> Any:
        return _page(self.frameworks, form)

    def list_competencies(self, form: dict[str, str]) -> Any:
        if "," in form["sort"]:
            return next(c["response"] for c in captured() if "," in str(c["params"].get("sort")))
        assert form["filters[0][column]"] == "competencyframeworkid"
        wanted = int(form["filters[0][value]"])
        return _page([each for each in self.competencies if each["competencyframeworkid"] == wanted], form)

    def scale_values(self, form: dict[str, str]) -> Any:
        return [{"id": number, "name": name} for number, name in enumerate(self.scale, 1)]

    def grade(self, form: dict[str, str]) -> Any:
        user, competency, grade = (int(form[name]) for name in ("userid", "competencyid", "grade"))
        if competency not in {each["id"] for each in self.competencies}:
            return answer_of("core_competency_delete_evidence", "bogus")
        if not 1 <= grade <= len(self.scale):
            return answer_of("core_competency_grade_competency", "grade 3 invalid")
        self.ratings.setdefault((user, competency), []).append((grade, form["note"]))
        return answer_of("core_competency_grade_competency", "rate user 4 competent") | {"grade": grade}

    def summary(self, form: dict[str, str]) -> Any:
        summary = answer_of("tool_lp_data_for_user_competency_summary") | {"cangrade": self.can_grade}
        rated = self.ratings.get((int(form["userid"]), int(form["competencyid"])))
        summary["usercompetency"]["grade"] = rated[-1][0] if rated else None
        return summary


_DOES: dict[str, Callable[[MoodleSite, dict[str, str]], Any]] = {
    "core_webservice_get_site_info": MoodleSite.site_info,
    "core_competency_list_competency_frameworks": MoodleSite.list_frameworks,
    "core_competency_list_competencies": MoodleSite.list_competencies,
    "core_competency_get_scale_values": MoodleSite.scale_values,
    "core_competency_grade_competency": MoodleSite.grade,
    "tool_lp_data_for_user_competency_summary": MoodleSite.summary,
}


@contextmanager
def moodle_site() -> Iterator[MoodleSite]:
    """Run a Moodle on loopback."""
    site = MoodleSite()
    with serving(site.behave) as server:
        site.url = f"http://127.0.0.1:{server.port}"
        yield site


def _page(entries: list[dict[str, Any]], form: dict[str, str]) -> list[dict[str, Any]]:
    skip, limit = int(form["skip"]), int(form["limit"])
    return entries[skip : skip + limit] if limit else entries[skip:]


def _json(value: Any) -> Answer:
    return Answer(json.dumps(value).encode())
