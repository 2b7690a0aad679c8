"""What an administrator enters in Studio: the tool, and the course's components."""

from __future__ import annotations

from django.contrib.auth.models import User
from lti_consumer.models import CourseAllowPIISharingInLTIFlag, Lti1p3Passport, LtiConfiguration
from lti_consumer.utils import get_lms_lti_access_token_link, get_lms_lti_keyset_link, get_lms_lti_launch_link

from tests.fakes.open_edx.school import COURSE, MEMBERS, SCHOOL, Component


def enter(tool: str) -> dict[str, str]:
    """Enter people, tool and components; return what Studio then shows to be entered at the tool."""
    User.objects.bulk_create(User(username=name, email=f"{name}@open-edx.test") for name in MEMBERS)
    # Without it names and e-mails are withheld, whatever the settings say.
    CourseAllowPIISharingInLTIFlag.objects.create(course_id=COURSE, enabled=True)
    passport = Lti1p3Passport.objects.create(name="Qualoop", lti_1p3_tool_keyset_url=f"{tool}/lti/jwks")
    for component in SCHOOL.components.values():
        LtiConfiguration.objects.create(**_configuration(component, tool), lti_1p3_passport=passport)
    return {
        "client_id": passport.lti_1p3_client_id,
        "jwks_url": get_lms_lti_keyset_link(passport.passport_id),
        "token_url": get_lms_lti_access_token_link(passport.passport_id),
        "auth_login_url": get_lms_lti_launch_link(),
    }


def _configuration(component: Component, tool: str) -> dict[str, object]:
    """Return the fields of a component: what `qualoop platform steps` says, and those of deep linking."""
    return {
        "version": LtiConfiguration.LTI_1P3,
        "config_store": LtiConfiguration.CONFIG_ON_DB,
        "location": component.location,
        "lti_1p3_oidc_url": f"{tool}/lti/login",
        "lti_1p3_launch_url": f"{tool}/lti/activity/{component.activity}" if component.activity else f"{tool}/",
        "lti_1p3_redirect_uris": [f"{tool}/lti/launch"],
        "lti_advantage_enable_nrps": True,
        "lti_advantage_deep_linking_enabled": not component.activity,
        "lti_advantage_deep_linking_launch_url": f"{tool}/lti/launch",
        "lti_advantage_ags_mode": component.grading.value,
    }
