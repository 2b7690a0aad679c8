"""A tool with everything real but the network: database, content, one registered platform, a browser to launch with."""

from __future__ import annotations

import copy
import re
import ssl
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final, cast
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import Client, TestResponse

from lti_tool.app import create_app
from lti_tool.commands.install import read
from lti_tool.lti.platform_keys import KeyCache
from lti_tool.lti.tool_keys import ToolKey, make_tool_key, seal_tool_key
from lti_tool.models import Deployment, Organisation, Registration
from lti_tool.models import ToolKey as ToolKeyRow
from lti_tool.outgoing import AddressPolicy, HttpClient
from lti_tool.services.content.contents import Contents
from lti_tool.services.mastery.content_install import ContentImport
from lti_tool.services.mechanisms import imports
from lti_tool.services.platforms import tool_keys
from lti_tool.services.platforms.registrations import Registrations
from lti_tool.services.platforms.runtime import Runtime
from lti_tool.settings import Settings
from qualoop.errors import QualoopError
from qualoop.framework import load_framework, shipped_content
from tests.factories.databases import Rows, open_migrated, put_rows, rows_of
from tests.factories.launches import TOOL_ORIGIN, Case, LaunchingPlatform

SECRET = "a secret for tests, long enough to be one"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class PlatformDownError(QualoopError):
    """What the tool meets where the platform's keys cannot be fetched."""

    code = "outgoing-down"


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class KeySets:
    """What the platforms publish, by address; absent means down."""

    documents: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        if url not in self.documents:
            raise PlatformDownError
        return self.documents[url]


@dataclass
class Tool:
    """The tool under test, and the platform that launches it."""

    app: Flask
    runtime: Runtime
    clock: Clock
    keys: KeySets
    platform: LaunchingPlatform
    organisation_id: int

    def browser(self) -> Browser:
        return Browser(self)


class Browser:
    """A browser with cookies of its own that follows the steps of a launch."""

    def __init__(self, tool: Tool) -> None:
        self.tool = tool
        self.client = Client(tool.app)

    def login(self, **changes: str) -> TestResponse:
        platform = self.tool.platform
        form = {
            "iss": platform.issuer,
            "client_id": platform.client_id,
            "login_hint": "s-1",
            "target_link_uri": platform.target_link_uri,
            "lti_message_hint": '{"cmid":7}',
            "lti_deployment_id": platform.deployment_id,
        }
        form |= changes
        return self.client.post("/lti/login", data={k: v for k, v in form.items() if v}, base_url=TOOL_ORIGIN)

    def authenticate(self, **changes: str) -> tuple[str, str]:
        """Log in and return state and nonce as the platform gets them."""
        response = self.login(**changes)
        assert response.status_code == 302, response.text
        query = parse_qs(urlsplit(response.headers["Location"]).query)
        return query["state"][0], query["nonce"][0]

    def answer(self, token: str, state: str) -> TestResponse:
        """Bring the platform's answer."""
        return self.client.post("/lti/launch", data={"id_token": token, "state": state}, base_url=TOOL_ORIGIN)

    def launch(self, case: Case | None = None, *, role: str = "learner") -> TestResponse:
        """Do a whole launch."""
        state, nonce = self.authenticate()
        now = int(self.tool.clock.now.timestamp())
        return self.answer(self.tool.platform.id_token(case, role=role, nonce=nonce, now=now), state)

    def open_lesson(self, *, role: str = "learner") -> str:
        """Launch and return the address of the lesson's page."""
        response = self.launch(role=role)
        if response.status_code == 303:
            found = re.search(r"/a/([0-9a-f-]{36})/", response.headers["Location"])
        else:
            assert response.status_code == 200, response.text
            found = re.search(r'data-canonical-url="/a/([0-9a-f-]{36})/"', response.text)
        assert found
        return f"/a/{found[1]}/"

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=TOOL_ORIGIN)

    def act(self, page: str, name: str, *, fragment: bool = True, **form: str) -> TestResponse:
        """Send an action with the token that the page carries."""
        html = self.get(page).text
        hidden = dict(re.findall(r'name="(csrf|attempt)" value="([0-9a-f-]+)"', html))
        headers = {"X-Qualoop-Fragment": "1"} if fragment else {}
        return self.client.post(f"{page}do/{name}", data={**hidden, **form}, headers=headers, base_url=TOOL_ORIGIN)


@cache
def shipped(*projects: str) -> ContentImport:
    """Return the framework and the lessons of search marketing that come with Qualoop, and the projects named; read once.

    Tests count on these lessons: further ones would stand on their pages, too.
    """
    root = shipped_content() / "ecommerce"
    lessons = read([*sorted((root / "lessons").glob("sem-*")), *(root / "projects" / key for key in projects)])
    return replace(lessons, framework=load_framework(root))


@cache
def _signing_key(_purpose: str) -> ToolKey:
    """Return the key of a purpose, the same for every tool of a test run: to make one takes a tenth of a second."""
    return make_tool_key()


def make_tool(database_url: str, *, content: ContentImport | None = None, activity: str = "") -> Tool:
    """Return a tool on an empty database, with content installed and one platform registered."""
    clock, keys = Clock(), KeySets()
    lesson = activity or "sem-1-1-keywords-and-intent"
    platform = LaunchingPlatform(target_link_uri=f"{TOOL_ORIGIN}/lti/activity/{lesson}")
    keys.documents[platform.jwks_url] = platform.jwks()
    settings = Settings(secret_key=SECRET, base_url=TOOL_ORIGIN, database_url=database_url, data_folder=Path("var"))
    database = open_migrated(database_url)
    runtime = Runtime(
        settings=settings,
        database=database,
        http=HttpClient(AddressPolicy.of(allow_loopback=True, allowed_networks=()), tls=_authorities()),
        platform_keys=KeyCache(keys.fetch),
        registrations=Registrations(database),
        contents=Contents(),
        clock=clock,
    )
    organisation_id = _furnish(runtime, platform, content or shipped())
    return Tool(app_of(runtime), runtime, clock, keys, platform, organisation_id)


def app_of(runtime: Runtime) -> Flask:
    """Return the application of a runtime; all of a test run share routes and compiled templates, which hold nothing."""
    app = copy.copy(_first_app())
    app.extensions = {"qualoop": runtime}
    return app


@cache
def _first_app() -> Flask:
    # No request ever reaches this one, so it needs no runtime.
    return create_app(cast("Runtime", None))


@cache
def _authorities() -> ssl.SSLContext:
    """Return the certificate authorities of this machine: to read them takes 20 ms."""
    return ssl.create_default_context()


def _furnish(runtime: Runtime, platform: LaunchingPlatform, content: ContentImport) -> int:
    """Add an organisation with content and a platform."""
    with runtime.database.transaction() as session:
        organisation_id = _installed(session, content, runtime.clock())
        register_platform(runtime, platform, organisation_id, session=session)
        return organisation_id


#: What an installation of some content left in the tables: to store it again takes a fifth of the time.
_stored: Final[dict[int, tuple[ContentImport, Rows]]] = {}


def _installed(session: Session, content: ContentImport, now: datetime) -> int:
    """Add an organisation with keys and content, the way it is done or, the second time, as it was left."""
    if id(content) not in _stored:
        organisation_id = _install(session, content, now)
        _stored[id(content)] = (content, rows_of(session))
        return organisation_id
    rows = _stored[id(content)][1]
    put_rows(session, rows)
    return int(rows[Organisation.__tablename__][0]["id"])


def _install(session: Session, content: ContentImport, now: datetime) -> int:
    organisation = Organisation(uuid=str(uuid.uuid4()), key="school", name="School", kind="school", created_at=now)
    session.add(organisation)
    session.flush()
    for purpose in tool_keys.PURPOSES:
        key = _signing_key(purpose)
        session.add(
            ToolKeyRow(
                kid=key.kid,
                purpose=purpose,
                state=tool_keys.ACTIVE,
                public_jwk=key.public_jwk,
                private_encrypted=seal_tool_key(key, SECRET),
                created_at=now,
                active_at=now,
            )
        )
    imports.apply(session, content, organisation.id, now)
    return organisation.id


def register_platform(runtime: Runtime, platform: LaunchingPlatform, organisation_id: int, *, session: Session) -> None:
    """Register a platform with its deployment."""
    now = runtime.clock()
    row = Registration(
        organisation_id=organisation_id,
        issuer=platform.issuer,
        client_id=platform.client_id,
        name="Test LMS",
        auth_login_url=platform.auth_login_url,
        token_url=platform.token_url,
        jwks_url=platform.jwks_url,
        auth_audience=None,
        algorithms=["RS256"],
        service_origins=[],
        created_at=now,
    )
    session.add(row)
    session.flush()
    session.add(
        Deployment(
            organisation_id=organisation_id,
            registration_id=row.id,
            deployment_id=platform.deployment_id,
            state="approved",
            created_at=now,
        )
    )
