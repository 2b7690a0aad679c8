"""The LTI 1.3 platform: what lti1p3platform does, with this LMS put in for its abstract parts.

The library builds and signs messages, verifies the tool's signatures and dispatches the services. The checks that
it leaves out are in authorization.py, tokens.py, score_messages.py and line_item_messages.py; its own are
assertions in part, which `python -O` removes, so none of them is relied on.
"""

from __future__ import annotations

import sqlite3
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jwcrypto.common import JWException
from jwt.exceptions import PyJWTError
from lti1p3platform.exceptions import LtiException, LtiServiceException
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from lti1p3platform.oidc_login import OIDCLoginAbstract
from lti1p3platform.registration import Registration
from lti1p3platform.request import Request

from demo.lms import claims, tokens
from demo.lms.authorization import AuthorizationRequest
from demo.lms.course import Activity
from demo.lms.current import Lms
from demo.lms.key_sets import KeySetUnavailableError
from demo.lms.launch_hints import DocumentTarget
from demo.lms.school import Person

ID_TOKEN_LIFE_S = 60
UNREADABLE = (LtiException, PyJWTError, JWException, ValueError, TypeError, KeyError, AttributeError)


class Platform(LTI1P3PlatformConfAbstract):
    """The registration of the tool, and the tokens for it. One object serves one request: the library keeps state."""

    def init_platform_config(self, *, lms: Lms, connection: sqlite3.Connection) -> None:
        """Take what this LMS is; the library's constructor calls this."""
        self.lms, self.connection = lms, connection
        self.get_registration()

    def get_registration_by_params(self, **_parameters: Any) -> Registration:
        """Return the one registration."""
        settings = self.lms.settings
        registration = Registration().set_iss(settings.base_url).set_client_id(settings.client_id)
        registration.set_deployment_id(settings.deployment_id).set_oidc_login_url(settings.tool_login_url)
        registration.set_platform_private_key(self.lms.private_key)
        return registration.set_platform_public_key(self.lms.public_key)

    def get_tool_key_set(self) -> dict[str, Any]:
        """Return the tool's keys as they are now: the library would keep the first set for ever."""
        return self.lms.fetch_key_set(self.lms.settings.tool_key_set_url)

    def get_access_token(self, form: dict[str, str]) -> dict[str, Any]:
        """Return the token reply of RFC 6749, 5.1; raise TokenRefusedError."""
        now = self.lms.clock()
        scopes = tokens.granted_scopes(form)
        jti, expires = tokens.check_assertion(self.verified(form["client_assertion"]), self.lms.settings, now)
        tokens.use_assertion(self.connection, jti, expires, now=now)
        return {
            "access_token": tokens.give_token(self.connection, scopes, now),
            "token_type": "Bearer",
            "expires_in": int(tokens.TOKEN_LIFE.total_seconds()),
            "scope": " ".join(scopes),
        }

    def validate_token(self, token: str, allowed_scopes: list[str] | None = None, audience: str | None = None) -> bool:
        """Say that ``token`` holds one of the scopes; raise LtiServiceException 401 or 403 (RFC 6750, 3.1)."""
        del audience
        scopes = tokens.find_scopes(self.connection, token, self.lms.clock())
        if scopes is None:
            raise LtiServiceException("invalid_token", 401)
        if not set(scopes) & set(allowed_scopes or ()):
            raise LtiServiceException("insufficient_scope", 403)
        return True

    def verified(self, token: str) -> dict[str, Any]:
        """Return the claims of a token that the tool's key signed; nothing else of it is checked."""
        try:
            verified: dict[str, Any] = self.tool_validate_and_decode(token)
        except KeySetUnavailableError as error:
            raise tokens.TokenRefusedError("invalid_client", f"the key set cannot be read: {error}") from error
        except UNREADABLE as error:
            raise tokens.TokenRefusedError("invalid_client", "the token is not valid") from error
        return verified


class LoginInitiation(OIDCLoginAbstract):
    """The first message of a launch (LTI 1.3 / Security Framework 5.1.1.1)."""

    def set_lti_message_hint(self, *, hint: str) -> None:
        """Set the hint that the tool returns unchanged."""
        self._lti_message_hint = hint

    def get_redirect(self, url: str) -> str:
        """Return the address itself: a form posts its parameters, as Moodle does."""
        return url

    def fields(self, user_id: str, *, target: DocumentTarget) -> dict[str, str]:
        """Return the fields of that form. The page around a frame keeps data for the tool, and says so."""
        fields = dict(parse_qsl(urlsplit(self.initiate_login(user_id)).query))
        return {**fields, "lti_storage_target": "_parent"} if target == "iframe" else fields


class PreflightRequest(Request):
    """The tool's authentication request in the form in which the library looks at it."""

    def build_metadata(self, request: AuthorizationRequest) -> dict[str, Any]:
        """Return the checked parameters."""
        return {"get_data": {"nonce": request.nonce, "state": request.state}, "form_data": {}}


class ResourceLinkLaunch(LTIAdvantageMessageLaunchAbstract):
    """The id_token of a resource link launch."""

    def __init__(self, request: PreflightRequest, platform: Platform) -> None:
        super().__init__(request, platform)
        # The library sets it only on the way through its own checks, which are too few.
        self._registration = platform.get_registration()

    def render_launch_form(self, launch_data: dict[str, Any], **_parameters: Any) -> dict[str, Any]:
        """Return the fields: the pages of this LMS draw their own forms."""
        return launch_data


def sign_launch(
    platform: Platform,
    request: AuthorizationRequest,
    *,
    person: Person,
    activity: Activity,
    target: DocumentTarget,
    for_user: str | None,
    language: str,
) -> str:
    """Return the signed id_token for a request that was checked in full: tool, person and hint.

    With ``for_user`` it opens what that person handed in.
    """
    settings, school = platform.lms.settings, platform.lms.school
    launch = ResourceLinkLaunch(PreflightRequest(request), platform)
    launch.set_launch_url(activity.url or settings.target_link_uri(activity.key)).set_id_token_expiration(
        ID_TOKEN_LIFE_S
    )
    launch.set_user_data(person.id, [claims.MEMBERSHIP_ROLES[person.role]], person.name, person.email)
    launch.set_resource_link_claim(str(activity.id), activity.description[language], activity.title[language])
    course = school.course
    launch.set_launch_context_claim(course.id, [claims.COURSE_SECTION], course.title[language], course.label)
    launch.set_custom_parameters_claim(activity.custom or {"qualoop_activity": activity.key})
    launch.set_nrps(claims.memberships_url(settings, course.id))
    for extra in (
        claims.person_claims(person),
        claims.grade_claim(settings, course.id, activity),
        claims.presentation_claim(settings, target, language),
        claims.platform_claim(school, language),
        claims.review_claims(for_user),
    ):
        launch.set_extra_claims(extra)
    token: str = launch.generate_launch_request()["id_token"]
    return token


def sign_content_request(
    platform: Platform, request: AuthorizationRequest, *, person: Person, data: str, language: str
) -> str:
    """Return the signed request for content; ``data`` comes back with the answer."""
    settings, school = platform.lms.settings, platform.lms.school
    launch = ResourceLinkLaunch(PreflightRequest(request), platform)
    launch.set_launch_url(settings.deep_linking_uri).set_id_token_expiration(ID_TOKEN_LIFE_S)
    launch.set_user_data(person.id, [claims.MEMBERSHIP_ROLES[person.role]], person.name, person.email)
    course = school.course
    launch.set_launch_context_claim(course.id, [claims.COURSE_SECTION], course.title[language], course.label)
    for extra in (
        claims.person_claims(person),
        claims.presentation_claim(settings, "iframe", language),
        claims.platform_claim(school, language),
        claims.content_request_claims(settings, data),
    ):
        launch.set_extra_claims(extra)
    token: str = launch.generate_launch_request()["id_token"]
    return token
