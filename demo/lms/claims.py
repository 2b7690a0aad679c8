"""Addresses and claims of a launch that lti1p3platform leaves to the platform or knows only in part.

The shapes follow LTI 1.3 Core, 5.3 and 5.4, and what Moodle 4.5 sends.
"""

from __future__ import annotations

from typing import Any, Final

from demo.lms.course import Activity
from demo.lms.launch_hints import DocumentTarget
from demo.lms.school import Person, School
from demo.lms.settings import LmsSettings
from demo.lms.tokens import GRADE_SCOPES

CLAIM: Final = "https://purl.imsglobal.org/spec/lti/claim"
AGS_CLAIM: Final = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
DL_CLAIM: Final = "https://purl.imsglobal.org/spec/lti-dl/claim"
NRPS_CLAIM: Final = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
MEMBERSHIP_ROLES: Final = {
    "teacher": "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor",
    "mentor": "http://purl.imsglobal.org/vocab/lis/v2/membership#Mentor",
    "student": "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner",
}
COURSE_SECTION: Final = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"
# A query, as Moodle's have: a tool that appends /scores to the whole address is found out here.
SERVICE_QUERY: Final = "?type_id=1"


def line_items_url(settings: LmsSettings, course_id: str) -> str:
    """Return the address of a course's line items."""
    return f"{settings.base_url}/lti/courses/{course_id}/lineitems{SERVICE_QUERY}"


def line_item_url(settings: LmsSettings, course_id: str, line_item_id: int) -> str:
    """Return the address of one line item."""
    return f"{settings.base_url}/lti/courses/{course_id}/lineitems/{line_item_id}/lineitem{SERVICE_QUERY}"


def memberships_url(settings: LmsSettings, course_id: str) -> str:
    """Return the address of a course's membership service."""
    return f"{settings.base_url}/lti/courses/{course_id}/memberships"


def grade_claim(settings: LmsSettings, course_id: str, activity: Activity) -> dict[str, Any]:
    """Return the Assignment and Grade Services claim; an activity without grade has no `lineitem`."""
    endpoint = {"scope": list(GRADE_SCOPES), "lineitems": line_items_url(settings, course_id)}
    if activity.line_item_id is None:
        return {AGS_CLAIM: endpoint}
    return {AGS_CLAIM: {**endpoint, "lineitem": line_item_url(settings, course_id, activity.line_item_id)}}


def person_claims(person: Person) -> dict[str, Any]:
    """Return the names that lti1p3platform has no argument for."""
    return {"given_name": person.given, "family_name": person.family}


def presentation_claim(settings: LmsSettings, target: DocumentTarget, language: str) -> dict[str, Any]:
    """Return into what the activity is shown, in which language, and the way back."""
    presentation = {
        "locale": language,
        "document_target": target,
        "return_url": f"{settings.base_url}/course/return",
    }
    return {f"{CLAIM}/launch_presentation": presentation}


def content_request_claims(settings: LmsSettings, data: str) -> dict[str, Any]:
    """Return the claims that make a launch a request for content (Deep Linking 2.0, 4.4)."""
    asked = {
        "deep_link_return_url": f"{settings.base_url}/course/add/return",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_multiple": True,
        "accept_lineitem": True,
        "auto_create": True,
        "data": data,
    }
    return {f"{CLAIM}/message_type": "LtiDeepLinkingRequest", f"{DL_CLAIM}/deep_linking_settings": asked}


def review_claims(for_user: str | None) -> dict[str, Any]:
    """Return the claims that make a launch a review of what somebody handed in (Submission Review 1.0), if it is one."""
    if for_user is None:
        return {}
    return {f"{CLAIM}/message_type": "LtiSubmissionReviewRequest", f"{CLAIM}/for_user": {"user_id": for_user}}


def platform_claim(school: School, language: str) -> dict[str, Any]:
    """Return what this LMS says of itself."""
    platform = {
        "guid": "lanting-demo-lms",
        "name": school.name[language],
        "product_family_code": "qualoop-demo-lms",
        "version": "1",
    }
    return {f"{CLAIM}/tool_platform": platform}
