"""The claims of a launch of a resource link, read into values that are typed and bounded (LTI 1.3 core, 5.3 and 5.4).

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
DEEP_LINKING_REQUEST: Final = "LtiDeepLinkingRequest"
SUBMISSION_REVIEW_REQUEST: Final = "LtiSubmissionReviewRequest"

_LTI: Final = "https://purl.imsglobal.org/spec/lti/claim/"
_CONTEXT: Final = _LTI + "context"
_CUSTOM: Final = _LTI + "custom"
_LAUNCH_PRESENTATION: Final = _LTI + "launch_presentation"
_MESSAGE_TYPE: Final = _LTI + "message_type"
_RESOURCE_LINK: Final = _LTI + "resource_link"
_ROLES: Final = _LTI + "roles"
TARGET_LINK_URI: Final = _LTI + "target_link_uri"
_VERSION: Final = _LTI + "version"
_AGS: Final = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
_NRPS: Final = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
_GROUPS: Final = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"
SCOPE_GROUPS_READ: Final = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"

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

    ``for_user`` is the subject of whose work is to be reviewed; None where the activity is opened to work at it.
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
    groups_url: str | None = None
    for_user: str | None = None


def read_resource_link_launch(verified: VerifiedLaunch) -> ResourceLinkLaunch:
    """Return the launch that verified claims describe; raise a ClaimError, VersionError or MessageTypeError."""
    check_kind(verified.claims, RESOURCE_LINK_REQUEST)
    return launch_of(verified)


def launch_of(verified: VerifiedLaunch) -> ResourceLinkLaunch:
    """Return what a message at a resource link says, whatever its kind; raise a ClaimError."""
    claims = verified.claims
    return ResourceLinkLaunch(
        verified.deployment_id,
        user_of(claims),
        roles_of(claims),
        context_of(claims),
        _resource_link(claims),
        optional_text(claims, TARGET_LINK_URI, MAX_URL),
        _custom(claims),
        presentation_of(claims),
        _ags(claims),
        _service_url(object_of(claims, _NRPS), "context_memberships_url"),
        _groups_url(claims),
    )


def kind_of(claims: Object) -> str:
    """Return the kind that a message says it is of; nothing is checked yet, and it may be none that we know."""
    kind = claims.get(_MESSAGE_TYPE)
    return kind if isinstance(kind, str) else ""


def check_kind(claims: Object, wanted: str) -> None:
    """Raise VersionError, ClaimMissingError or MessageTypeError unless this is a message of LTI 1.3 of the kind."""
    version, kind = claims.get(_VERSION), claims.get(_MESSAGE_TYPE)
    if version != VERSION:
        raise VersionError("version is not 1.3.0" if version else "version is missing")
    if kind is None:
        raise ClaimMissingError("message_type")
    if kind != wanted:
        raise MessageTypeError(f"message_type is not {wanted}")


def user_of(claims: Object) -> LtiUser:
    """Return who launches; raise a ClaimError."""
    name, given_name, family_name, email = [
        shown_text(claims, claim, MAX_TITLE) or None if claim in claims else None
        for claim in ("name", "given_name", "family_name", "email")
    ]
    return LtiUser(required_id(claims, "sub"), name, given_name, family_name, email)


def roles_of(claims: Object) -> LaunchRoles:
    """Return the roles in the course; raise a ClaimError."""
    # An empty list is a launch without role; no list at all is no launch (Conformance Guide, 6.1.1 and 6.1.2).
    if claims.get(_ROLES) is None:
        raise ClaimMissingError("roles")
    return read_roles(strings_of(claims, _ROLES))


def context_of(claims: Object) -> LtiContext | None:
    """Return the course, None outside of any."""
    context = object_of(claims, _CONTEXT)
    if not context:
        return None
    return LtiContext(
        required_id(context, "id", "context"),
        shown_text(context, "label", MAX_TITLE),
        shown_text(context, "title", MAX_TITLE),
        strings_of(context, "type"),
    )


def _resource_link(claims: Object) -> LtiResourceLink:
    link = object_of(claims, _RESOURCE_LINK)
    return LtiResourceLink(
        required_id(link, "id", "resource_link"),
        shown_text(link, "title", MAX_TITLE),
        shown_text(link, "description", MAX_TEXT),
    )


def _custom(claims: Object) -> Mapping[str, str]:
    """Return the custom parameters; numbers and truth values, which some platforms send, as their JSON text."""
    custom = object_of(claims, _CUSTOM)
    if len(custom) > MAX_ENTRIES:
        raise ClaimInvalidError("custom", f"has more than {MAX_ENTRIES} entries")
    return {
        checked_text(name, "custom", MAX_ID): value
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
    return checked_text(value, "custom", MAX_TEXT)


def presentation_of(claims: Object) -> LaunchPresentation:
    """Return how the platform shows us."""
    presentation = object_of(claims, _LAUNCH_PRESENTATION)
    return_url = optional_text(presentation, "return_url", MAX_URL)
    return LaunchPresentation(
        optional_text(presentation, "locale", MAX_ID),
        optional_text(presentation, "document_target", MAX_ID),
        # It becomes a link on our pages: javascript: and its like must not get there (S15).
        return_url if return_url and _WEB_ADDRESS.match(return_url) else None,
    )


def _ags(claims: Object) -> AgsEndpoint | None:
    """Return the grade service, None where it is off: Moodle then still names a line item, without any scope."""
    endpoint = object_of(claims, _AGS)
    scopes = frozenset(strings_of(endpoint, "scope"))
    if not scopes:
        return None
    return AgsEndpoint(scopes, _service_url(endpoint, "lineitems"), _service_url(endpoint, "lineitem"))


def _groups_url(claims: Object) -> str | None:
    """Return where the groups of the course are listed (Course Groups Service 1.0, 3.1), None where we may not read them."""
    service = object_of(claims, _GROUPS)
    scopes = strings_of(service, "scope")
    return _service_url(service, "context_groups_url") if not scopes or SCOPE_GROUPS_READ in scopes else None


# -- Values of one JSON type within bounds. `null` counts as absent.


def object_of(claims: Object, name: str) -> Object:
    """Return a claim that is a JSON object; nothing in it where it is absent."""
    value = claims.get(name)
    if value is None:
        return _EMPTY
    if type(value) is not dict:
        raise ClaimInvalidError(_short(name), "is not an object")
    return value


def strings_of(claims: Object, name: str) -> tuple[str, ...]:
    """Return a claim that is a list of strings; none where it is absent."""
    value = claims.get(name)
    if value is None:
        return ()
    if type(value) is not list or len(value) > MAX_ENTRIES:
        raise ClaimInvalidError(_short(name), f"is not a list of at most {MAX_ENTRIES} strings")
    for entry in value:
        checked_text(entry, name, MAX_ID)
    return tuple(value)


def required_id(claims: Object, name: str, within: str = "") -> str:
    """Return an identifier: at most 255 ASCII characters, as LTI says of sub and of the ids of its objects."""
    value = claims.get(name)
    shown = f"{within}.{name}" if within else name
    if value is None or value == "":
        raise ClaimMissingError(shown)
    if type(value) is not str or len(value) > MAX_ID or not value.isascii() or "\x00" in value:
        raise ClaimInvalidError(shown, f"is not a string of at most {MAX_ID} ASCII characters")
    return value


def optional_text(claims: Object, name: str, longest: int) -> str | None:
    """Return a text that is taken whole or refused; None where it is absent or empty."""
    value = claims.get(name)
    return checked_text(value, name, longest) or None if value is not None else None


def shown_text(claims: Object, name: str, longest: int) -> str:
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
    value = optional_text(claims, name, MAX_URL)
    if value is not None and not _WEB_ADDRESS.match(value):
        raise ClaimInvalidError(name, "is not an http(s) address")
    return value


def checked_text(value: object, name: str, longest: int) -> str:
    """Return a text within bounds that can be stored; raise ClaimInvalidError."""
    if type(value) is not str or len(value) > longest or not (value.isprintable() or _storable(value)):
        raise ClaimInvalidError(_short(name), f"is not a string of at most {longest} characters")
    return value


def _storable(value: str) -> bool:
    return _UNSTORABLE.search(value) is None


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1]
