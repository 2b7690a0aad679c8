"""A platform registers the tool by itself (LTI Dynamic Registration 1.0): its configuration, our document, its answer.

Nothing is sent or stored here, and nothing in a configuration is believed but what is checked: it comes from whoever
was given an invitation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from lti_tool.lti.ags import SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READ, SCOPE_RESULT_READ, SCOPE_SCORE
from lti_tool.lti.claims import SCOPE_GROUPS_READ
from lti_tool.lti.link_variables import DATES, HISTORY
from lti_tool.lti.nrps import SCOPE_MEMBERS_READ
from lti_tool.lti.platform_profiles import FAMILY_CODE, find_product
from lti_tool.lti.registration import find_origin
from lti_tool.lti.registration_errors import (
    ConfigurationHostError,
    ConfigurationInvalidError,
    ConfigurationIssuerError,
    ConfigurationUnsupportedError,
    RegistrationAnswerError,
    RegistrationParameterError,
    RegistrationRefusedError,
    RegistrationTokenError,
)

PLATFORM_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"
SCOPES: Final = (SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READ, SCOPE_RESULT_READ, SCOPE_SCORE, SCOPE_MEMBERS_READ)
#: Asked for only where a platform says that it has it: most do not, and one that does not may refuse the whole.
OPTIONAL_SCOPES: Final = (SCOPE_GROUPS_READ,)
#: Names as far as lessons show them. An e-mail address is not needed, so it is not asked for.
CLAIMS: Final = ("iss", "sub", "name", "given_name", "family_name")
RESOURCE_LINK: Final = "LtiResourceLinkRequest"
DEEP_LINKING: Final = "LtiDeepLinkingRequest"
SUBMISSION_REVIEW: Final = "LtiSubmissionReviewRequest"
CONTENT_AREA: Final = "ContentArea"
ALGORITHM: Final = "RS256"

#: Longest values taken, in bytes or characters.
MAX_DOCUMENT: Final = 64 * 1024
MAX_URL: Final = 2048
MAX_ID: Final = 255
MAX_TOKEN: Final = 8192
MAX_LISTED: Final = 500

_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")
#: What the lists of a configuration must hold where they are there.
_NEEDED: Final = (
    ("response_types_supported", "id_token"),
    ("id_token_signing_alg_values_supported", ALGORITHM),
    ("token_endpoint_auth_methods_supported", "private_key_jwt"),
    ("token_endpoint_auth_signing_alg_values_supported", ALGORITHM),
)
#: The only words of a refusal that are repeated: Moodle's, and those of RFC 7591, 3.2.2.
_REASONS: Final = frozenset(
    {
        "missing_registration_token",
        "token_already_used",
        "missing_domain",
        "domain_targetlinkuri_mismatch",
        "invalid_response_types",
        "invalid_token_endpoint_auth_method",
        "invalid_redirect_uri",
        "invalid_client_metadata",
        "invalid_software_statement",
        "unapproved_software_statement",
        "invalid_token",
    }
)
_MISSING: Final = "missing required attribute"
_TOKEN_STATUS: Final = frozenset({401, 403})
_REDIRECTS: Final = range(300, 400)
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_LOOPBACK: Final = re.compile(r"localhost|127(?:\.\d{1,3}){3}|::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What the platform opened our registration address with. The token is a secret: it is never shown or logged."""

    configuration_url: str
    origin: str
    token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformConfiguration:
    """The checked configuration of a platform; `product` is None where it is none that we know."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    registration_endpoint: str
    auth_audience: str | None
    product: str | None
    scopes: tuple[str, ...]
    messages: Mapping[str, tuple[str, ...]]
    variables: frozenset[str]

    @property
    def origin(self) -> str:
        """Return the origin of the issuer, which the configuration comes from."""
        return find_origin(self.issuer) or ""

    @property
    def host(self) -> str:
        """Return host[:port] of the issuer, as people know the platform."""
        return self.origin.partition("://")[2]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform answered: our client id, and the deployment that it made, if any."""

    client_id: str
    deployment_id: str | None


def read_opening(parameters: Mapping[str, str], *, allow_loopback: bool) -> Opening:
    """Read the parameters of the registration initiation request (3.3); raise RegistrationParameterError."""
    url, token = parameters.get("openid_configuration", ""), parameters.get("registration_token") or None
    if not is_service_url(url, allow_loopback=allow_loopback):
        raise RegistrationParameterError("openid_configuration is absent or no https address")
    if token is not None and (len(token) > MAX_TOKEN or not _TOKEN.fullmatch(token)):
        raise RegistrationParameterError("registration_token is out of bounds")
    return Opening(configuration_url=url, origin=find_origin(url) or "", token=token)


def is_service_url(url: object, *, allow_loopback: bool) -> bool:
    """Say whether something is an address that a platform may have: https, or http on loopback in development."""
    if not isinstance(url, str) or not 0 < len(url) <= MAX_URL or not _TOKEN.fullmatch(url):
        return False
    if find_origin(url) is None or "#" in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" or (allow_loopback and bool(_LOOPBACK.fullmatch(parts.hostname or "")))
    except ValueError:  # brackets without an IPv6 address
        return False


def read_configuration(
    body: bytes,
    opening: Opening,
    *,
    allow_loopback: bool,
    expected_issuer: str | None = None,
    other_hosts: tuple[str, ...] = (),
) -> PlatformConfiguration:
    """Check a platform's configuration (3.4).

    The issuer is of the origin that the configuration comes from, and is ``expected_issuer`` where that is given. Our
    token goes to its registration endpoint, which is of that origin, too; other services may be at ``other_hosts``.
    Raises ConfigurationInvalidError, ConfigurationHostError, ConfigurationIssuerError, ConfigurationUnsupportedError.
    """
    document = _object(body)
    issuer = document.get("issuer")
    if not isinstance(issuer, str) or not is_service_url(issuer, allow_loopback=allow_loopback) or "?" in issuer:
        raise ConfigurationInvalidError("issuer is absent or no https address")
    if find_origin(issuer) != opening.origin:
        raise ConfigurationHostError("the issuer is of another host than its configuration")
    if expected_issuer is not None and issuer != expected_issuer:
        raise ConfigurationIssuerError("the invitation names another issuer")
    endpoints = _endpoints(document, opening.origin, other_hosts, allow_loopback=allow_loopback)
    for name, needed in _NEEDED:
        if name in document and needed not in _texts(document, name):
            raise ConfigurationUnsupportedError(f"{name} lacks {needed}")
    own = document.get(PLATFORM_CONFIGURATION)
    if not isinstance(own, dict):
        raise ConfigurationInvalidError("lti-platform-configuration is absent")
    return PlatformConfiguration(
        issuer=issuer,
        **endpoints,
        auth_audience=_audience(document),
        product=find_product({FAMILY_CODE: own.get(FAMILY_CODE)}),
        scopes=_scopes(frozenset(_texts(document, "scopes_supported"))),
        messages=_messages(own),
        variables=frozenset(_texts(own, "variables")),
    )


def _scopes(offered: frozenset[str]) -> tuple[str, ...]:
    """Return the scopes to ask for; a platform that lists none is asked for those that every one may have."""
    return (
        *(scope for scope in SCOPES if not offered or scope in offered),
        *(scope for scope in OPTIONAL_SCOPES if scope in offered),
    )


def registration_document(base_url: str, platform: PlatformConfiguration) -> dict[str, Any]:
    """Return what we register (3.5, and OpenID Connect Dynamic Client Registration 1.0, 2).

    Moodle wants the port in `domain`, and refuses a document without one of response_types, initiate_login_uri,
    redirect_uris, client_name, jwks_uri and private_key_jwt.
    """
    launch = f"{base_url}/lti/launch"
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": f"{base_url}/lti/login",
        "redirect_uris": [launch],
        "client_name": "Qualoop",
        "client_name#zh-Hans": "Qualoop 能力闭环",
        "jwks_uri": f"{base_url}/lti/jwks",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(platform.scopes),
        TOOL_CONFIGURATION: {
            "domain": urlsplit(base_url).netloc,
            "description": "Micro-lessons, class activities and practice that show what has been mastered",
            "description#zh-Hans": "微课、课堂活动与模拟实训，呈现知识点的掌握情况",
            "target_link_uri": launch,
            "custom_parameters": {
                name: f"${variable}"
                for name, variable in {**HISTORY, **DATES}.items()
                if variable in platform.variables
            },
            "claims": list(CLAIMS),
            "messages": _our_messages(launch, platform),
        },
    }


def read_answer(body: bytes) -> Answer:
    """Read the platform's answer (3.6); raise RegistrationAnswerError.

    Only the ids are taken. What else it says was seen to be untrue: Moodle's `scope` lists rights that the tool does
    not have. What the tool may do is said by each launch and by the token endpoint.
    """
    try:
        document = _object(body)
    except ConfigurationInvalidError as error:
        raise RegistrationAnswerError(str(error)) from error
    own = document.get(TOOL_CONFIGURATION)
    deployment = own.get("deployment_id") if isinstance(own, dict) else None
    if deployment is not None:
        deployment = _id(deployment, "deployment_id")
    return Answer(_id(document.get("client_id"), "client_id"), deployment)


def refusal(status: int, body: bytes) -> RegistrationTokenError | RegistrationRefusedError:
    """Return the error that an answer of another status than 200 or 201 means.

    Of the answer only a known word is repeated, else what sort of thing it is: Moodle's errors are plain text or whole
    pages, and hold whatever was sent.
    """
    if status in _TOKEN_STATUS:
        return RegistrationTokenError(f"the registration endpoint answered {status}: {_sort(body)}")
    said = "a redirect, which is not followed" if status in _REDIRECTS else _sort(body)
    return RegistrationRefusedError(f"the registration endpoint answered {status}: {said}")


def _sort(body: bytes) -> str:
    """Return the known reason in an answer, else what sort of thing it is."""
    text = body[:MAX_DOCUMENT].decode(errors="replace").strip()
    if text.startswith("{"):
        try:
            code = _object(body).get("error")
        except ConfigurationInvalidError:
            return "no JSON"
        return code if isinstance(code, str) and code in _REASONS else "a JSON object"
    if text in _REASONS:
        return text
    if text.startswith(_MISSING):
        return _MISSING
    if not text:
        return "nothing"
    return "an HTML page" if text.startswith("<") else "plain text"


def _our_messages(launch: str, platform: PlatformConfiguration) -> list[dict[str, Any]]:
    """Return the messages that we take, of those that the platform sends."""
    messages: list[dict[str, Any]] = [{"type": RESOURCE_LINK, "target_link_uri": launch}]
    if DEEP_LINKING in platform.messages:
        choosing: dict[str, Any] = {
            "type": DEEP_LINKING,
            "target_link_uri": launch,
            "label": "Choose lessons",
            "label#zh-Hans": "选择微课",
        }
        if CONTENT_AREA in platform.messages[DEEP_LINKING]:
            choosing["placements"] = [CONTENT_AREA]
        messages.append(choosing)
    if SUBMISSION_REVIEW in platform.messages:
        messages.append({"type": SUBMISSION_REVIEW, "target_link_uri": launch})
    return messages


def _object(body: bytes) -> dict[str, Any]:
    """Return a JSON object of bounded size; raise ConfigurationInvalidError."""
    if len(body) > MAX_DOCUMENT:
        raise ConfigurationInvalidError(f"the document is larger than {MAX_DOCUMENT} bytes")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ConfigurationInvalidError("the document is no JSON") from error
    if not isinstance(document, dict):
        raise ConfigurationInvalidError("the document is no JSON object")
    return document


def _endpoints(
    document: Mapping[str, Any], origin: str, other_hosts: tuple[str, ...], *, allow_loopback: bool
) -> dict[str, str]:
    """Return the addresses of the services, each where it may be."""
    found = {}
    for name in _ENDPOINTS:
        url = document.get(name)
        if not isinstance(url, str) or not is_service_url(url, allow_loopback=allow_loopback):
            raise ConfigurationInvalidError(f"{name} is absent or no https address")
        elsewhere = name != "registration_endpoint" and (urlsplit(url).hostname or "") in other_hosts
        if find_origin(url) != origin and not elsewhere:
            raise ConfigurationHostError(f"{name} is at another host: {urlsplit(url).hostname}")
        found[name] = url
    return found


def _texts(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return a list of texts, nothing where there is none; raise ConfigurationInvalidError where it is no list."""
    listed = document.get(name, [])
    if not isinstance(listed, list) or len(listed) > MAX_LISTED:
        raise ConfigurationInvalidError(f"{name} is no list, or too long")
    return tuple(text for text in listed if isinstance(text, str) and len(text) <= MAX_ID)


def _audience(document: Mapping[str, Any]) -> str | None:
    """Return what replaces the token endpoint as audience of our assertions (`authorization_server`, 3.4)."""
    value = document.get("authorization_server")
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > MAX_URL or not _TOKEN.fullmatch(value):
        raise ConfigurationInvalidError("authorization_server is out of bounds")
    return value


def _messages(own: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return type -> placements of the messages that the platform sends; launches it must send."""
    listed = own.get("messages_supported", [{"type": RESOURCE_LINK}])
    if not isinstance(listed, list) or len(listed) > MAX_LISTED:
        raise ConfigurationInvalidError("messages_supported is no list, or too long")
    found = {
        message["type"]: _texts(message, "placements")
        for message in listed
        if isinstance(message, dict) and isinstance(message.get("type"), str)
    }
    if RESOURCE_LINK not in found:
        raise ConfigurationUnsupportedError(f"messages_supported lacks {RESOURCE_LINK}")
    return found


def _id(value: object, name: str) -> str:
    """Return an id that we can store and send; some platforms give numbers."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or len(text) > MAX_ID or not _TOKEN.fullmatch(text):
        raise RegistrationAnswerError(f"{name} is absent or out of bounds")
    return text
