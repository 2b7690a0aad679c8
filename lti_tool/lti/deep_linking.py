"""Deep Linking 2.0: what a platform asks for when a teacher chooses content, and the signed answer.

Only resource links are ever answered: what platforms make of other types are activities that do not open. What the
request says is checked like the claims of a launch; `data` is opaque and goes back as it came.
https://www.imsglobal.org/spec/lti-dl/v2p0
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from joserfc import jwt

from lti_tool.lti.claims import (
    DEEP_LINKING_REQUEST,
    MAX_TEXT,
    MAX_TITLE,
    MAX_URL,
    TARGET_LINK_URI,
    VERSION,
    LaunchPresentation,
    LtiContext,
    LtiUser,
    Object,
    check_kind,
    checked_text,
    context_of,
    object_of,
    optional_text,
    presentation_of,
    roles_of,
    shown_text,
    strings_of,
    user_of,
)
from lti_tool.lti.client_assertion import BACKDATED_S, LIFE_S
from lti_tool.lti.errors import ClaimInvalidError, ClaimMissingError, ContentTypeError
from lti_tool.lti.id_token import VerifiedLaunch
from lti_tool.lti.link_variables import CUSTOM
from lti_tool.lti.registration import Registration
from lti_tool.lti.roles import LaunchRoles
from lti_tool.lti.submission_review import submission_review
from lti_tool.lti.tool_keys import ALGORITHM, ToolKey
from qualoop.values import ValueRefusedError, checked_key

#: Characters. Room for a signed token of the platform's, and still within what a message may hold.
MAX_DATA: Final = 32_768
MAX_POINTS: Final = 1000
#: At once: what is chosen stands in the address of the page, which servers bound.
MAX_ITEMS: Final = 30
#: Some platforms take no longer label of a grade column.
MAX_LABEL: Final = 100

RESOURCE_LINK: Final = "ltiResourceLink"
RESPONSE: Final = "LtiDeepLinkingResponse"

_DL: Final = "https://purl.imsglobal.org/spec/lti-dl/claim/"
_LTI: Final = "https://purl.imsglobal.org/spec/lti/claim/"
_SETTINGS: Final = _DL + "deep_linking_settings"

#: How an activity is best shown, where the platform takes a hint: a lesson needs this much room (CSS pixels).
_FRAME: Final = {"width": 960, "height": 720}
_WINDOW: Final = {"targetName": "_blank"}


class DeepLinkingSettings(NamedTuple):
    """What the platform takes and where the answer goes.

    `return_url` is an http(s) address in the registration's origins; it may carry a session key: never log it.
    `takes_line_items` is None where the platform does not say. `title` and `text` are for display.
    """

    return_url: str
    targets: tuple[str, ...]
    accept_multiple: bool
    auto_create: bool
    takes_line_items: bool | None
    title: str
    text: str
    data: str | None


class DeepLinkingRequest(NamedTuple):
    """A request for content, every claim checked. Not checked: whether `target_link_uri` is ours (target.py)."""

    deployment_id: str
    user: LtiUser
    roles: LaunchRoles
    context: LtiContext | None
    target_link_uri: str | None
    presentation: LaunchPresentation
    settings: DeepLinkingSettings


def read_deep_linking_request(verified: VerifiedLaunch) -> DeepLinkingRequest:
    """Return the request that verified claims describe.

    Raises a ClaimError, VersionError or MessageTypeError; ServiceOriginError for a return address elsewhere (S23) and
    ContentTypeError where the platform takes no resource links.
    """
    claims = verified.claims
    check_kind(claims, DEEP_LINKING_REQUEST)
    return DeepLinkingRequest(
        verified.deployment_id,
        user_of(claims),
        roles_of(claims),
        context_of(claims),
        optional_text(claims, TARGET_LINK_URI, MAX_URL),
        presentation_of(claims),
        _settings(object_of(claims, _SETTINGS), verified.registration),
    )


def _settings(settings: Object, registration: Registration) -> DeepLinkingSettings:
    if not settings:
        raise ClaimMissingError("deep_linking_settings")
    return_url = optional_text(settings, "deep_link_return_url", MAX_URL)
    if return_url is None:
        raise ClaimMissingError("deep_linking_settings.deep_link_return_url")
    types = strings_of(settings, "accept_types")
    if not types:
        raise ClaimMissingError("deep_linking_settings.accept_types")
    if RESOURCE_LINK not in types:
        raise ContentTypeError("accept_types holds no ltiResourceLink")
    data = settings.get("data")
    return DeepLinkingSettings(
        registration.check_service_url(return_url),
        strings_of(settings, "accept_presentation_document_targets"),
        # Where the platform says nothing, one item: more might be lost.
        _flag(settings, "accept_multiple") or False,
        _flag(settings, "auto_create") or False,
        _flag(settings, "accept_lineitem"),
        shown_text(settings, "title", MAX_TITLE),
        shown_text(settings, "text", MAX_TEXT),
        None if data is None else checked_text(data, "data", MAX_DATA),
    )


def _flag(settings: Object, name: str) -> bool | None:
    """Return a truth value; some platforms write it as a text."""
    value = settings.get(name)
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if value is not None and type(value) is not bool:
        raise ClaimInvalidError(name, "is not true or false")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An activity that was chosen: `key` is our own stable id of it, `maximum` its points, None where not graded.

    `review` is what the platform writes on its link to what somebody handed in; where it is empty there is no such link.
    A copied course brings `key` back in the custom parameters, whatever ids the platform gives the copy.
    Raises ValueRefusedError for a key that is none and for points that are no whole number from 1 to MAX_POINTS.
    """

    key: str
    title: str
    text: str
    url: str
    maximum: int | None
    review: str = ""

    def __post_init__(self) -> None:
        # Custom parameters are lines to some platforms: a line break would lose whatever follows.
        checked_key(self.key)
        if self.maximum is not None and (type(self.maximum) is not int or not 1 <= self.maximum <= MAX_POINTS):
            raise ValueRefusedError(f"a maximum is a whole number from 1 to {MAX_POINTS}")

    def as_claim(self, settings: DeepLinkingSettings, *, parameter: str, tag: str) -> dict[str, Any]:
        """Return the item as the platform reads it; the key is the custom `parameter`, the grade column has `tag`."""
        title = " ".join(self.title.split())[:MAX_TITLE]
        claim: dict[str, Any] = {
            "type": RESOURCE_LINK,
            "title": title,
            "text": self.text[:MAX_TEXT],
            "url": self.url,
            "custom": {parameter: self.key, **CUSTOM},
        }
        if "iframe" in settings.targets:
            claim["iframe"] = dict(_FRAME)
        elif "window" in settings.targets:
            claim["window"] = dict(_WINDOW)
        if self.maximum is not None and settings.takes_line_items is not False:
            claim["lineItem"] = self._line_item(title[:MAX_LABEL], parameter, tag)
        return claim

    def _line_item(self, label: str, parameter: str, tag: str) -> dict[str, Any]:
        """Return the grade column, with the review of what was handed in (Submission Review 1.0)."""
        column: dict[str, Any] = {
            "label": label,
            "scoreMaximum": self.maximum,
            "resourceId": self.key,
            "tag": tag,
        }
        if self.review:
            column["submissionReview"] = submission_review(
                self.url, label=self.review, parameter=parameter, key=self.key
            )
        return column


def response_claims(
    registration: Registration,
    deployment_id: str,
    *,
    items: Sequence[Mapping[str, Any]],
    data: str | None,
    nonce: str,
    now: datetime,
) -> dict[str, Any]:
    """Return the claims of the answer (Deep Linking 2.0, 4.5); no items mean that the teacher chose none.

    Good for five minutes less what `iat` is backdated: some platforms allow no clock difference.
    """
    issued_at = int(now.timestamp()) - BACKDATED_S
    claims = {
        "iss": registration.client_id,
        "aud": registration.issuer,
        "iat": issued_at,
        "exp": issued_at + LIFE_S,
        "nonce": nonce,
        _LTI + "message_type": RESPONSE,
        _LTI + "version": VERSION,
        _LTI + "deployment_id": deployment_id,
        _DL + "content_items": list(items),
    }
    return claims if data is None else {**claims, _DL + "data": data}


def sign_response(claims: Mapping[str, Any], key: ToolKey) -> str:
    """Return the answer signed with our key; the same claims give the same text."""
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, dict(claims), key.private, algorithms=[ALGORITHM])
