"""What `competency_site` does once its Django is set up: our files, statuses and tags in openedx-core's own code."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey
from openedx_catalog.api import create_course_run_for_modulestore_course_with
from openedx_learning.models_api import StudentCompetencyCriterionStatus
from openedx_tagging.api import create_taxonomy, get_object_tags
from openedx_tagging.import_export import ParserFormat
from openedx_tagging.import_export.api import export_tags, import_tags
from organizations.models import Organization

from qualoop.exchange.openedx_taxonomy import as_csv, as_json
from xblocks.common.contents import SHIPPED
from xblocks.common.tags import sync_tags
from xblocks.edx import competencies
from xblocks.edx.models import CourseMastery

COURSE = "course-v1:School+EC101+2026"
USAGE = "block-v1:School+EC101+2026+type@kp_lesson+block@one"


class School:
    """The platform's users by external id."""

    def __init__(self) -> None:

        self.users = {name: get_user_model().objects.create(username=name) for name in ("ann", "ben")}

    def user_of(self, learner: str) -> Any:
        return self.users.get(learner)


def taxonomy_files() -> dict[str, Any]:
    """Import our files as Studio does, again with another title, and give back what Open edX exports of them."""
    taxonomy = create_taxonomy("Plain", export_id="plain")
    done = [
        import_tags(taxonomy, io.BytesIO(text.encode()), form)[0]
        for text, form in (
            (as_csv(SHIPPED.framework, "en"), ParserFormat.CSV),
            (as_json(SHIPPED.framework, "zh-Hans"), ParserFormat.JSON),
        )
    ]
    exported = list(csv.DictReader(io.StringIO(export_tags(taxonomy, ParserFormat.CSV))))
    return {"imported": done, "exported": exported}


def competencies_of_a_course() -> dict[str, Any]:
    """Set a course up, feed statuses that rise and fall, and look at what the platform shows."""
    Organization.objects.get_or_create(short_name="School", defaults={"name": "School"})
    create_course_run_for_modulestore_course_with(CourseKey.from_string(COURSE), title="A course", language_short="en")
    school = School()

    def told(learner: str, **statuses: str) -> None:
        points = [
            {"code": code.replace("_", "-").replace("p", "."), "status": status} for code, status in statuses.items()
        ]
        now = timezone.now()
        CourseMastery.objects.update_or_create(
            learner=learner, course=COURSE, defaults={"points": points, "framework": "", "as_of": now, "told_at": now}
        )

    def shown() -> dict[str, str]:
        rows = StudentCompetencyCriterionStatus.objects.select_related("criterion__object_tag", "status", "user")
        return {
            f"{row.user.username} {row.criterion.object_tag.tag.external_id}": row.status.status
            for row in rows.order_by("id")
        }

    result: dict[str, Any] = {"new": [competencies.prepare(SHIPPED.framework, COURSE) for _ in range(2)]}
    told("ann", SEM_1p1="competent", SEM_1p2="developing", SEM_1p3="under-appeal")
    told("nobody", SEM_1p1="competent")
    first = competencies.feed(school, COURSE)
    result["first"] = [first.learners, first.raised, shown()]
    told("ann", SEM_1p1="withdrawn", SEM_1p2="review-due")
    second = competencies.feed(school, COURSE)
    result["second"] = [second.learners, second.raised, shown()]
    result["falls"] = [[fall.learner, fall.code, fall.status] for fall in competencies.falls(school, COURSE)]
    return result


def tags_of_a_block() -> dict[str, Any]:
    """Let a block tag its place, as it does when its author saves."""
    block = SimpleNamespace(
        contents=SHIPPED,
        scope_ids=SimpleNamespace(usage_id=USAGE),
        find_content=object,
        tagged_with=lambda _: ["SEM-1.1", "SEM-1.2"],
    )
    return {"done": sync_tags(block), "tags": [tag.tag.external_id for tag in get_object_tags(USAGE)]}


def everything() -> dict[str, Any]:
    """Return what became of all of it, as plain JSON."""
    return {"files": taxonomy_files(), "competencies": competencies_of_a_course(), "tags": tags_of_a_block()}
