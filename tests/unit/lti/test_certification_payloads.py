"""The launch payloads of the conformance guide, against the protocol alone."""

from __future__ import annotations

import pytest

from lti_tool.lti.claims import ResourceLinkLaunch, read_resource_link_launch
from lti_tool.lti.errors import LtiError
from lti_tool.lti.id_token import validate
from tests.factories.launches import Case, LaunchingPlatform, load_cases
from tests.unit.lti.doubles import NONCE, NOW, SECONDS, FixedKeys, registration_of

PLATFORM = LaunchingPlatform()
VALID = [
    (role, case)
    for role, folder in (("teacher", "valid-teacher"), ("learner", "valid-student"))
    for case in load_cases(folder)
]


def launch(case: Case, role: str) -> ResourceLinkLaunch:
    token = PLATFORM.id_token(case, role=role, nonce=NONCE, now=SECONDS)
    keys = FixedKeys(PLATFORM.jwks())
    return read_resource_link_launch(validate(token, registration_of(PLATFORM), keys, now=NOW, nonce=NONCE))


def test_the_folder_holds_every_case_of_the_guide() -> None:
    assert len(load_cases("bad")) == 12
    assert len(load_cases("valid-teacher")) == len(load_cases("valid-student")) == 9


@pytest.mark.parametrize("role", ["teacher", "learner"])
@pytest.mark.parametrize("case", load_cases("bad"), ids=lambda case: case.name)
def test_a_known_bad_payload_is_refused(case: Case, role: str) -> None:
    with pytest.raises(LtiError) as refusal:
        launch(case, role)
    assert refusal.value.code == case.code


@pytest.mark.parametrize(("role", "case"), VALID, ids=lambda value: getattr(value, "name", value))
def test_a_valid_payload_opens(role: str, case: Case) -> None:
    assert launch(case, role).roles.names == case.roles
