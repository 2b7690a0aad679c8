"""The OpenAPI document against the API: whatever follows it, or does not, is answered as it says."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from werkzeug.test import Client

from qualoop.exchange import SignatureMissingError, read_signing, sign_request
from qualoop.exchange.signed_requests import FORMS
from tests.factories.sources import Site, make_site
from tests.factories.tool import TOOL_ORIGIN, Tool
from tests.integration.sources.conftest import copy_of

schemathesis = pytest.importorskip("schemathesis", reason="pip install 'schemathesis>=4' (extra `test`)")
conformance = pytest.importorskip("schemathesis.specs.openapi.checks")
EXAMPLES = 8
DOCUMENT = "/api/v1/openapi.json"


@dataclass
class Signing:
    """Signs what comes with the headers of a signature: the document cannot say how that is computed."""

    site: Site

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        names = {name: "HTTP_" + name.upper().replace("-", "_") for name in FORMS}
        try:
            read_signing({name: environ.get(key, "") for name, key in names.items()})
        except SignatureMissingError:  # a header is not of its form: the API is to say so
            return self.site.tool.app(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        query = environ.get("QUERY_STRING", "")
        target = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace") + (f"?{query}" if query else "")
        signed = sign_request(
            environ["REQUEST_METHOD"],
            target,
            body,
            key=self.site.key.kid,
            secret=self.site.key.secret,
            request_id=str(uuid.uuid4()),
            now=self.site.tool.clock(),
        )
        self.site.tool.clock.advance(seconds=1)
        environ["wsgi.input"] = io.BytesIO(body)
        return self.site.tool.app({**environ, **{names[name]: signed[name] for name in FORMS}}, start_response)


@pytest.fixture(scope="module")
def document(furnished_file: tuple[Tool, Path], tmp_path_factory: pytest.TempPathFactory) -> Any:
    made, path = furnished_file
    copied = tmp_path_factory.mktemp("document") / "tool.db"
    copied.write_bytes(path.read_bytes())
    return schemathesis.openapi.from_wsgi(DOCUMENT, Signing(make_site(copy_of(made, f"sqlite:///{copied}"))))


@pytest.mark.parametrize("mode", ["POSITIVE", "NEGATIVE"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/evidence"),
        ("PUT", "/api/v1/activities/{key}/versions/{hash}"),
        ("GET", "/api/v1/changes"),
    ],
)
def test_every_answer_is_as_the_document_says(document: Any, method: str, path: str, mode: str) -> None:
    checks = [
        schemathesis.checks.not_a_server_error,
        conformance.status_code_conformance,
        conformance.content_type_conformance,
        conformance.response_schema_conformance,
    ]
    # A batch with a bad event is a good batch: the event alone is refused.
    if mode == "NEGATIVE" and method != "POST":
        checks.append(conformance.negative_data_rejection)
    seen: set[int] = set()
    made = document[path][method].as_strategy(generation_mode=schemathesis.GenerationMode[mode])

    @given(case=made)
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
    def ask(case: Any) -> None:
        answer = case.call()
        seen.add(answer.status_code)
        case.validate_response(answer, checks=checks)

    ask()
    assert mode == "NEGATIVE" or seen & {200, 409}, "the signature opened the door"


def test_the_document_is_public_and_names_every_address(file_tool: Tool) -> None:
    answer = Client(file_tool.app).get(DOCUMENT, base_url=TOOL_ORIGIN)
    rules = {
        rule.rule.replace("<content_hash>", "{hash}").replace("<key>", "{key}").replace("<override_id>", "{id}")
        for rule in file_tool.app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
    }
    assert rules - {DOCUMENT} == set(answer.json["paths"])
    assert answer.json["openapi"] == "3.1.0"
