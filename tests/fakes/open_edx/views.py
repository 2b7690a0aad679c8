"""What a person clicks in the course, and what a test looks at."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from lti_consumer.api import get_lti_1p3_content_url, get_lti_1p3_launch_start_url
from lti_consumer.data import Lti1p3LaunchData
from lti_consumer.models import LtiAgsLineItem, LtiConfiguration, LtiDlContentItem

from tests.fakes.open_edx.school import COURSE, COURSE_TITLE, MEMBERS, SCHOOL

BACKEND = "django.contrib.auth.backends.ModelBackend"


def log_in(request: HttpRequest, username: str) -> HttpResponse:
    """Log somebody in: everybody's password is right."""
    login(request, User.objects.get(username=username), backend=BACKEND)
    return HttpResponse(status=204)


def start(request: HttpRequest, name: str) -> HttpResponse:
    """Open a component: a launch, or where several things are chosen the list of them."""
    return HttpResponseRedirect(get_lti_1p3_content_url(_launch_data(request, name)))


def choose(request: HttpRequest, name: str) -> HttpResponse:
    """Let the tool offer what the component may show."""
    return HttpResponseRedirect(get_lti_1p3_launch_start_url(_launch_data(request, name), deep_link_launch=True))


def _launch_data(request: HttpRequest, name: str) -> Lti1p3LaunchData:
    """Return what the LTI XBlock would say of a launch."""
    member, location = MEMBERS[request.user.username], SCHOOL.components[name].location
    return Lti1p3LaunchData(
        user_id=request.user.id,
        user_role=member.role,
        config_id=LtiConfiguration.objects.get(location=location).config_id,
        resource_link_id=str(location),
        external_user_id=member.external_id,
        name=member.name,
        email=request.user.email,
        launch_presentation_document_target="window",
        context_id=str(COURSE),
        context_type=["course_offering"],
        context_title=COURSE_TITLE,
        context_label="SEM",
    )


def component(request: HttpRequest, name: str) -> JsonResponse:
    """Tell how a component stands: its grades by username, its line items with their scores, what was chosen."""
    found = SCHOOL.components[name]
    configuration = LtiConfiguration.objects.get(location=found.location)
    lines = LtiAgsLineItem.objects.filter(lti_configuration=configuration).order_by("id")
    chosen = LtiDlContentItem.objects.filter(lti_configuration=configuration).order_by("id")
    return JsonResponse(
        {
            "location": str(found.location),
            "grades": found.grades,
            "line_items": [_line_item(line) for line in lines],
            "chosen": [{"type": item.content_type, **item.attributes} for item in chosen],
        }
    )


def _line_item(line: LtiAgsLineItem) -> dict[str, Any]:
    scores = line.scores.order_by("id")
    return {
        "label": line.label,
        "maximum": line.score_maximum,
        "resource_link_id": str(line.resource_link_id),
        "resource_id": line.resource_id,
        "tag": line.tag,
        "scores": {
            score.user_id: {"given": score.score_given, "timestamp": score.timestamp.isoformat()} for score in scores
        },
    }


@csrf_exempt
def forget(request: HttpRequest, username: str) -> HttpResponse:
    """Lose somebody's external id, or find it again with DELETE."""
    with SCHOOL.lock:
        (SCHOOL.unknown.discard if request.method == "DELETE" else SCHOOL.unknown.add)(username)
    return HttpResponse(status=204)


urlpatterns = [
    path("log-in/<username>", log_in),
    path("start/<name>", start),
    path("choose/<name>", choose),
    path("component/<name>", component),
    path("forget/<username>", forget),
    path("api/", include("lti_consumer.plugin.urls", namespace="lti_consumer")),
]
