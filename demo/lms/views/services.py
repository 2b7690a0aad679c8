"""The platform's services for the tool: keys, tokens, line items, scores, results, members."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request

from demo.lms.current import database, lms, lms_of
from demo.lms.grade_services import (
    LINE_ITEM_TYPE,
    LINE_ITEMS_TYPE,
    MEMBERS_TYPE,
    PAGE_PARAMETERS,
    RESULTS_TYPE,
    SCORE_TYPE,
    GradeService,
    MembershipService,
    ServiceRequest,
)
from demo.lms.platform import Platform
from demo.lms.tokens import (
    LINE_ITEM,
    LINE_ITEM_READONLY,
    RESULT_READONLY,
    SCORE,
    TokenRefusedError,
    claimed_client,
)

blueprint = Blueprint("services", __name__, url_prefix="/lti")

LINE_ITEMS = "/courses/<course_id>/lineitems"
ONE_LINE_ITEM = f"{LINE_ITEMS}/<line_item_id>/lineitem"
FILTERS = ("resource_link_id", "resource_id", "tag")
JSON_TYPE = "application/json"


@blueprint.get("/jwks")
def key_set() -> Response:
    """Return the platform's public key."""
    return _json(_platform().get_jwks(), JSON_TYPE)


@blueprint.post("/token")
def token() -> Response:
    """Give the tool an access token for its signed assertion."""
    try:
        form = request.form.to_dict()
        # Whose assertion it is decides how it is checked; that it is theirs is checked then.
        served = lms_of(claimed_client(form.get("client_assertion", "")))
        reply, status = Platform(lms=served, connection=database()).get_access_token(form), 200
    except TokenRefusedError as error:
        reply, status = {"error": error.error, "error_description": str(error)}, 400
    response = _json(reply, JSON_TYPE, status)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get(LINE_ITEMS)
def line_items(course_id: str) -> Response:
    _require(course_id, LINE_ITEMS_TYPE)
    service = _grade_service((LINE_ITEM, LINE_ITEM_READONLY), known=(*PAGE_PARAMETERS, *FILTERS))
    return _answer(service, service.handle_get_lineitems)


@blueprint.post(LINE_ITEMS)
def add_line_item(course_id: str) -> Response:
    _require(course_id)
    service = _grade_service((LINE_ITEM,), body_type=LINE_ITEM_TYPE)
    return _answer(service, service.handle_create_lineitem)


@blueprint.get(ONE_LINE_ITEM)
def line_item(course_id: str, line_item_id: str) -> Response:
    _require(course_id, LINE_ITEM_TYPE)
    service = _grade_service((LINE_ITEM, LINE_ITEM_READONLY))
    return _answer(service, service.handle_get_lineitem, line_item_id=line_item_id)


@blueprint.put(ONE_LINE_ITEM)
def change_line_item(course_id: str, line_item_id: str) -> Response:
    _require(course_id)
    service = _grade_service((LINE_ITEM,), body_type=LINE_ITEM_TYPE)
    return _answer(service, service.handle_update_lineitem, line_item_id=line_item_id)


@blueprint.delete(ONE_LINE_ITEM)
def remove_line_item(course_id: str, line_item_id: str) -> Response:
    _require(course_id)
    service = _grade_service((LINE_ITEM,))
    return _answer(service, service.handle_delete_lineitem, line_item_id=line_item_id)


@blueprint.post(f"{ONE_LINE_ITEM}/scores")
def add_score(course_id: str, line_item_id: str) -> Response:
    """Take a score; the answer to a good one has no body, as Moodle's."""
    _require(course_id)
    service = _grade_service((SCORE,), body_type=SCORE_TYPE)
    return _answer(service, service.handle_update_score, line_item_id=line_item_id)


@blueprint.get(f"{ONE_LINE_ITEM}/results")
def results(course_id: str, line_item_id: str) -> Response:
    _require(course_id, RESULTS_TYPE)
    service = _grade_service((RESULT_READONLY,), known=(*PAGE_PARAMETERS, "user_id"))
    return _answer(service, service.handle_get_results, line_item_id=line_item_id)


@blueprint.get("/courses/<course_id>/memberships")
def memberships(course_id: str) -> Response:
    _require(course_id, MEMBERS_TYPE)
    service = MembershipService(ServiceRequest(request, known=(*PAGE_PARAMETERS, "role", "rlid")), _platform())
    return _answer(service, service.handle_get_members)


def _platform() -> Platform:
    return Platform(lms=lms(), connection=database())


def _grade_service(needed: Sequence[str], *, known: Sequence[str] = (), body_type: str | None = None) -> GradeService:
    return GradeService(ServiceRequest(request, known=known, body_type=body_type), _platform(), needed=needed)


def _require(course_id: str, media_type: str | None = None) -> None:
    """Refuse another course, and a reader that does not ask for the very media type."""
    if course_id != lms().school.course.id:
        abort(404)
    if media_type is not None and media_type not in [wanted for wanted, _ in request.accept_mimetypes]:
        abort(406)


def _answer(service: Any, handle: Callable[..., Any], **arguments: str) -> Response:
    """Return the library's answer: paging goes into the Link header, a refusal into a JSON body."""
    answer = service.handle_resp(handle, **arguments)
    if answer.code >= HTTPStatus.BAD_REQUEST:
        return _json({"error": answer.message}, JSON_TYPE, answer.code)
    result, has_next = answer.result, False
    if isinstance(result, dict):
        has_next = result.pop("next", None) is not None
        result = result.get("content", result)
    if result is None:
        return Response(status=answer.code)
    response = _json(result, answer.media_type, answer.code)
    if has_next:
        response.headers["Link"] = f'<{_next_url()}>; rel="next"'
    return response


def _next_url() -> str:
    parameters = {**request.args.to_dict(), "page": int(request.args.get("page", "1")) + 1}
    return f"{lms().settings.base_url}{request.path}?{urlencode(parameters)}"


def _json(body: Any, media_type: str, status: int = 200) -> Response:
    return Response(json.dumps(body, separators=(",", ":")), status, content_type=media_type)
