"""Line items, scores, results and memberships, as lti1p3platform asks for them.

The library's dispatcher finds the bearer token and the method; what may be done with which scope, media types and
message bodies are decided here. A refusal is an LtiServiceException with its HTTP status.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from flask import Request as FlaskRequest
from lti1p3platform.exceptions import LineItemNotFoundException, LtiServiceException
from lti1p3platform.membership import Context
from lti1p3platform.request import Request
from lti1p3platform.score import UpdateScoreStatus
from lti1p3platform.service_connector import AssignmentsGradesService, NamesRoleProvisioningService

from demo.lms import claims, gradebook
from demo.lms.course import find_activity_by_id, members
from demo.lms.gradebook import LineItem, Recorded
from demo.lms.line_item_messages import LineItemRefusedError, read_line_item, write_line_item, write_result
from demo.lms.platform import Platform
from demo.lms.school import Person
from demo.lms.score_messages import ScoreRefusedError, read_score

LINE_ITEM_TYPE: Final = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_TYPE: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULTS_TYPE: Final = "application/vnd.ims.lis.v2.resultcontainer+json"
SCORE_TYPE: Final = "application/vnd.ims.lis.v1.score+json"
MEMBERS_TYPE: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

PAGE_PARAMETERS: Final = ("page", "limit")
MOST_PER_PAGE: Final = 1_000
#: Fewer than the course has members: whoever reads only one page is found out here.
MEMBERS_PER_PAGE: Final = 5
STATUS_OF: Final = {
    Recorded.STORED: UpdateScoreStatus.SUCCESS,
    Recorded.IGNORED: UpdateScoreStatus.SUCCESS,
    Recorded.OUTDATED: UpdateScoreStatus.OLD_TIMESTAMP,
}


class ServiceRequest(Request):
    """A service request in the form in which the library looks at it; only ``known`` parameters get through."""

    def __init__(self, request: FlaskRequest, *, known: Sequence[str] = (), body_type: str | None = None) -> None:
        self.body_type = body_type
        self.known = known
        super().__init__(request)

    def build_metadata(self, request: FlaskRequest) -> dict[str, Any]:
        """Return the parts of a Flask request."""
        return {
            "method": request.method,
            "form_data": {},
            "get_data": {name: value for name, value in request.args.items() if name in self.known},
            "headers": request.headers,
            "content_type": request.mimetype,
            "path": request.path,
            "json": request.get_data(),
        }

    @property
    def get_data(self) -> dict[str, Any]:
        """Return the parameters, page and limit as numbers."""
        return {
            name: _page_number(name, value) if name in PAGE_PARAMETERS else value
            for name, value in self.request["get_data"].items()
        }

    @property
    def json(self) -> dict[str, Any]:
        """Return the body as an object with exact decimals, where its media type is the one of the message."""
        if self.request["content_type"] != self.body_type:
            raise LtiServiceException(f"Content-Type is {self.body_type}", 415)
        try:
            text = self.request["json"].decode()
            body = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
            # A lone surrogate escape is JSON, but no text that could be stored.
            json.dumps(body, default=str, ensure_ascii=False).encode()
        except (ValueError, RecursionError, ArithmeticError) as error:
            raise LtiServiceException("the body is no JSON text in UTF-8", 400) from error
        if not isinstance(body, dict):
            raise LtiServiceException("the body is no JSON object", 400)
        return body


class GradeService(AssignmentsGradesService):
    """Line items, scores and results of one course, for a token with one of the ``needed`` scopes."""

    def __init__(self, request: ServiceRequest, platform: Platform, *, needed: Sequence[str]) -> None:
        self.needed = list(needed)
        self.course_id: str = platform.lms.school.course.id
        super().__init__(request, platform, claims.line_items_url(platform.lms.settings, self.course_id))

    @property
    def allowed_scopes(self) -> list[str]:
        """Return the scopes of this one operation; the library would take any scope for each."""
        return self.needed

    def find_lineitems(
        self, page: int = 1, limit: int | None = None, line_item_id: str | None = None, **filters: str
    ) -> dict[str, Any]:
        """Return a page of line items, filtered by resource_link_id, resource_id and tag."""
        del line_item_id
        found = [
            write_line_item(item, self.course_id, self.platform_config.lms.settings)
            for item in gradebook.line_items(self.platform_config.connection, self.course_id)
            if all(getattr(item, name) == value for name, value in filters.items())
        ]
        return page_of(found, page, limit)

    def find_lineitem(self, line_item_id: str) -> dict[str, Any]:
        """Return one line item."""
        return self._message(self._item(line_item_id))

    def create_lineitem(self, creation_data: dict[str, Any]) -> dict[str, Any]:
        """Add a column."""
        values = self._read_line_item(creation_data)
        return self._message(gradebook.add_line_item(self.platform_config.connection, self.course_id, values))

    def update_lineitem(self, update_data: dict[str, Any]) -> dict[str, Any]:
        """Replace a column's description; an activity's own stays bound to its activity."""
        item = self._item(update_data["id"])
        values = self._read_line_item(update_data)
        if item.activity_id is not None:
            values["resource_link_id"] = item.resource_link_id
        return self._message(gradebook.change_line_item(self.platform_config.connection, item.id, values))

    def delete_lineitem(self, line_item_id: str) -> None:
        """Remove a column that the tool made; an activity's own belongs to the teacher."""
        item = self._item(line_item_id)
        if item.activity_id is not None:
            raise LtiServiceException("this line item belongs to an activity", 403)
        gradebook.remove_line_item(self.platform_config.connection, item.id)

    def update_score(self, line_item_id: str, score: dict[str, Any]) -> UpdateScoreStatus:
        """Store a score; raise LtiServiceException 400 where it is malformed or for no student of the course."""
        item = self._item(line_item_id)
        platform = self.platform_config
        try:
            recorded = gradebook.record_score(
                platform.connection, self.course_id, item.id, message=read_score(score), now=platform.lms.clock()
            )
        except ScoreRefusedError as error:
            raise LtiServiceException(str(error), 400) from error
        return STATUS_OF[recorded]

    def get_results(
        self, line_item_id: str, page: int = 1, limit: int | None = None, user_id: str | None = None
    ) -> dict[str, Any]:
        """Return a page of the results of a line item, or of one person in it."""
        item = self._item(line_item_id)
        url = claims.line_item_url(self.platform_config.lms.settings, self.course_id, item.id)
        found = [
            write_result(grade, item, url)
            for grade in gradebook.grades(self.platform_config.connection, self.course_id)
            if grade.line_item_id == item.id and user_id in (None, grade.user_id)
        ]
        return page_of(found, page, limit)

    def _item(self, line_item_id: str) -> LineItem:
        item = gradebook.find_line_item(self.platform_config.connection, self.course_id, line_item_id)
        if item is None:
            raise LineItemNotFoundException
        return item

    def _message(self, item: LineItem) -> dict[str, Any]:
        return write_line_item(item, self.course_id, self.platform_config.lms.settings)

    def _read_line_item(self, body: dict[str, Any]) -> dict[str, str | None]:
        try:
            values = read_line_item(body)
        except LineItemRefusedError as error:
            raise LtiServiceException(str(error), 400) from error
        link = values["resource_link_id"]
        if link is not None and find_activity_by_id(self.platform_config.connection, link) is None:
            raise LtiServiceException("resourceLinkId is no resource link of this course", 400)
        return values


class MembershipService(NamesRoleProvisioningService):
    """The members of the course (Names and Role Provisioning Services 2.0)."""

    def __init__(self, request: ServiceRequest, platform: Platform) -> None:
        course = platform.lms.school.course
        super().__init__(request, platform, claims.memberships_url(platform.lms.settings, course.id))
        self.context = Context(id=course.id, label=course.label, title=course.title["en"])

    def get_context_by_id(self) -> Context:
        """Return the course."""
        return self.context

    def is_resource_link_valid(self, context_id: str, resource_link_id: str) -> bool:
        """Say whether the link is one of the course."""
        del context_id
        return find_activity_by_id(self.platform_config.connection, resource_link_id) is not None

    def get_member_data_page(
        self, page: int = 1, limit: int | None = None, role: str | None = None, rlid: str | None = None
    ) -> dict[str, Any]:
        """Return a page of members, of one role where asked for by URI or short name."""
        del rlid
        people = members(self.platform_config.connection, self.context.id)
        found = [_member(person) for person in people if role in (None, *_role_names(person))]
        return page_of(found, page, min(limit or MEMBERS_PER_PAGE, MEMBERS_PER_PAGE))


def page_of(found: list[Any], page: int, limit: int | None) -> dict[str, Any]:
    """Return one page in the library's form; without a limit there is one page."""
    size = limit or max(len(found), 1)
    return {"content": found[(page - 1) * size : page * size], "has_next": page * size < len(found)}


def _member(person: Person) -> dict[str, Any]:
    return {
        "status": "Active",
        "user_id": person.id,
        "roles": [claims.MEMBERSHIP_ROLES[person.role]],
        "name": person.name,
        "given_name": person.given,
        "family_name": person.family,
        "email": person.email,
    }


def _role_names(person: Person) -> tuple[str, str]:
    uri = claims.MEMBERSHIP_ROLES[person.role]
    return uri, uri.rpartition("#")[2]


def _page_number(name: str, value: str) -> int:
    if not re.fullmatch("[0-9]{1,4}", value) or not 0 < int(value) <= MOST_PER_PAGE:
        raise LtiServiceException(f"{name} is a number from 1 to {MOST_PER_PAGE}", 400)
    return int(value)


def _no_number(constant: str) -> Any:
    raise ValueError(constant)
