"""The claims of a resource link launch, read into values that are typed and bounded (LTI 1.3 core, 5.3 and 5.4).

Identifiers out of bounds are refused, since a shortened one is another one. Texts that are only shown are cut.
Names and e-mail are optional: a platform's privacy settings often withhold them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from lti_tool.lti.errors import ClaimInvalidError, ClaimMissingError, MessageTypeError, VersionError
from lti_tool.lti.id_token import VerifiedLaunch
from lti_tool.lti.roles import LaunchRoles, read_roles

MAX_ID: Final = 255
MAX_TITLE: Final = 255
MAX_TEXT: Final = 4000
MAX_URL: Final = 2048
MAX_ENTRIES: Final = 200

VERSION: Final = "1.3.0"
RESOURCE_LINK_REQUEST: Final = "LtiResourceLinkRequest"

_LTI: Final = "https://purl.imsglobal.org/spec/lti/claim/"
_CONTEXT: Final = _LTI + "context"
_CUSTOM: Final = _LTI + "custom"
_LAUNCH_PRESENTATION: Final = _LTI + "launch_presentation"
_MESSAGE_TYPE: Final = _LTI + "message_type"
_RESOURCE_LINK: Final = _LTI + "resource_link"
_ROLES: Final = _LTI + "roles"
_TARGET_LINK_URI: Final = _LTI + "target_link_uri"
_VERSION: Final = _LTI + "version"
_AGS: Final = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
_NRPS: Final = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"

#: Half a surrogate pair cannot be encoded, and PostgreSQL stores no NUL.
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")

#: An http(s) address with a host and without user information. Which hosts are allowed is checked where it is used.
_WEB_ADDRESS: Final = re.compile(
    r"https?://[^\s/?#@\\:]+(:[0-9]{1,5})?(?=[/?#]|$)|https?://\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?(?=[/?#]|$)"
)

Object = Mapping[str, Any]
_EMPTY: Final[Object] = {}


class LtiUser(NamedTuple):
    """Who launches: `subject` is unique within the issuer and never changes."""

    subject: str
    name: str | None
    given_name: str | None
    family_name: str | None
    email: str | None


class LtiContext(NamedTuple):
    """The course. `types` are full URIs or bare names, as the platform sends them."""

    id: str
    label: str
    title: str
    types: tuple[str, ...]


class LtiResourceLink(NamedTuple):
    """The place in the course; a copy of the course gives it another id."""

    id: str
    title: str
    description: str


class LaunchPresentation(NamedTuple):
    """How the platform shows us. `return_url` may carry a session key of the platform: never log it."""

    locale: str | None
    document_target: str | None
    return_url: str | None


class AgsEndpoint(NamedTuple):
    """Where grades go; `line_item` is None where the link has no grade column (yet)."""

    scopes: frozenset[str]
    line_items_url: str | None
    line_item_url: str | None


class ResourceLinkLaunch(NamedTuple):
    """A launch of an activity, every claim checked.

    Not checked: whether `target_link_uri` is ours (target.py) and whether the service URLs lie in the
    registration's origins (Registration.check_service_url).
    """

    deployment_id: str
    user: LtiUser
    roles: LaunchRoles
    context: LtiContext | None
    resource_link: LtiResourceLink
    target_link_uri: str | None
    custom: Mapping[str, str]
    presentation: LaunchPresentation
    ags: AgsEndpoint | None
    memberships_url: str | None


def read_resource_link_launch(verified: VerifiedLaunch) -> ResourceLinkLaunch:
    """Return the launch that verified claims describe; raise a ClaimError, VersionError or MessageTypeError."""
    claims = verified.claims
    _check_kind(claims)
    return ResourceLinkLaunch(
        verified.deployment_id,
        _user(claims),
        _roles(claims),
        _context(claims),
        _resource_link(claims),
        _optional_id(claims, _TARGET_LINK_URI, MAX_URL),
        _custom(claims),
        _presentation(claims),
        _ags(claims),
        _service_url(_object(claims, _NRPS), "context_memberships_url"),
    )


def _check_kind(claims: Object) -> None:
    version, kind = claims.get(_VERSION), claims.get(_MESSAGE_TYPE)
    if version != VERSION:
        raise VersionError("version is not 1.3.0" if version else "version is missing")
    if kind is None:
        raise ClaimMissingError("message_type")
    if kind != RESOURCE_LINK_REQUEST:
        raise MessageTypeError("message_type is not LtiResourceLinkRequest")


def _user(claims: Object) -> LtiUser:
    name, given_name, family_name, email = [
        _shown(claims, claim, MAX_TITLE) or None if claim in claims else None
        for claim in ("name", "given_name", "family_name", "email")
    ]
    return LtiUser(_required_id(claims, "sub"), name, given_name, family_name, email)


def _roles(claims: Object) -> LaunchRoles:
    # An empty list is a launch without role; no list at all is no launch (Conformance Guide, 6.1.1 and 6.1.2).
    if claims.get(_ROLES) is None:
        raise ClaimMissingError("roles")
    return read_roles(_strings(claims, _ROLES))


def _context(claims: Object) -> LtiContext | None:
    context = _object(claims, _CONTEXT)
    if not context:
        return None
    return LtiContext(
        _required_id(context, "id", "context"),
        _shown(context, "label", MAX_TITLE),
        _shown(context, "title", MAX_TITLE),
        _strings(context, "type"),
    )


def _resource_link(claims: Object) -> LtiResourceLink:
    link = _object(claims, _RESOURCE_LINK)
    return LtiResourceLink(
        _required_id(link, "id", "resource_link"),
        _shown(link, "title", MAX_TITLE),
        _shown(link, "description", MAX_TEXT),
    )


def _custom(claims: Object) -> Mapping[str, str]:
    """Return the custom parameters; numbers and truth values, which some platforms send, as their JSON text."""
    custom = _object(claims, _CUSTOM)
    if len(custom) > MAX_ENTRIES:
        raise ClaimInvalidError("custom", f"has more than {MAX_ENTRIES} entries")
    return {
        _checked_text(name, "custom", MAX_ID): value
        if type(value) is str and len(value) <= MAX_TEXT and value.isprintable()
        else _custom_value(value)
        for name, value in custom.items()
    }


def _custom_value(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return _checked_text(value, "custom", MAX_TEXT)


def _presentation(claims: Object) -> LaunchPresentation:
    presentation = _object(claims, _LAUNCH_PRESENTATION)
    return_url = _optional_id(presentation, "return_url", MAX_URL)
    return LaunchPresentation(
        _optional_id(presentation, "locale", MAX_ID),
        _optional_id(presentation, "document_target", MAX_ID),
        # It becomes a link on our pages: javascript: and its like must not get there (S15).
        return_url if return_url and _WEB_ADDRESS.match(return_url) else None,
    )


def _ags(claims: Object) -> AgsEndpoint | None:
    """Return the grade service, None where it is off: Moodle then still names a line item, without any scope."""
    endpoint = _object(claims, _AGS)
    scopes = frozenset(_strings(endpoint, "scope"))
    if not scopes:
        return None
    return AgsEndpoint(scopes, _service_url(endpoint, "lineitems"), _service_url(endpoint, "lineitem"))


# -- Values of one JSON type within bounds. `null` counts as absent.


def _object(claims: Object, name: str) -> Object:
    value = claims.get(name)
    if value is None:
        return _EMPTY
    if type(value) is not dict:
        raise ClaimInvalidError(_short(name), "is not an object")
    return value


def _strings(claims: Object, name: str) -> tuple[str, ...]:
    value = claims.get(name)
    if value is None:
        return ()
    if type(value) is not list or len(value) > MAX_ENTRIES:
        raise ClaimInvalidError(_short(name), f"is not a list of at most {MAX_ENTRIES} strings")
    for entry in value:
        _checked_text(entry, name, MAX_ID)
    return tuple(value)


def _required_id(claims: Object, name: str, within: str = "") -> str:
    """Return an identifier: at most 255 ASCII characters, as LTI says of sub and of the ids of its objects."""
    value = claims.get(name)
    shown = f"{within}.{name}" if within else name
    if value is None or value == "":
        raise ClaimMissingError(shown)
    if type(value) is not str or len(value) > MAX_ID or not value.isascii() or "\x00" in value:
        raise ClaimInvalidError(shown, f"is not a string of at most {MAX_ID} ASCII characters")
    return value


def _optional_id(claims: Object, name: str, longest: int) -> str | None:
    value = claims.get(name)
    return _checked_text(value, name, longest) or None if value is not None else None


def _shown(claims: Object, name: str, longest: int) -> str:
    """Return a text that is only shown: cut, and freed of what cannot be stored."""
    value = claims.get(name)
    if value is None:
        return ""
    if type(value) is not str:
        raise ClaimInvalidError(_short(name), "is not a string")
    cut = value[:longest]
    return cut if cut.isprintable() else _UNSTORABLE.sub("\ufffd", cut)


def _service_url(claims: Object, name: str) -> str | None:
    """Return the address of a service; the empty string, which Moodle sends, means that there is none."""
    value = _optional_id(claims, name, MAX_URL)
    if value is not None and not _WEB_ADDRESS.match(value):
        raise ClaimInvalidError(name, "is not an http(s) address")
    return value


def _checked_text(value: object, name: str, longest: int) -> str:
    if type(value) is not str or len(value) > longest or not (value.isprintable() or _storable(value)):
        raise ClaimInvalidError(_short(name), f"is not a string of at most {longest} characters")
    return value


def _storable(value: str) -> bool:
    return _UNSTORABLE.search(value) is None


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1]
