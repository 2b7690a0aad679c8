"""Submission Review 1.0: a platform opens what one person handed in, mostly from a cell of its grade book.

The message is a launch of the resource link by whoever looks, and names whose work it is in `for_user`; it goes to the
address that the line item names in `submissionReview`.
https://www.imsglobal.org/spec/lti-sr/v1p0
"""

from __future__ import annotations

from typing import Any, Final

from lti_tool.lti.claims import (
    SUBMISSION_REVIEW_REQUEST,
    ResourceLinkLaunch,
    check_kind,
    launch_of,
    object_of,
    required_id,
)
from lti_tool.lti.id_token import VerifiedLaunch

_FOR_USER: Final = "https://purl.imsglobal.org/spec/lti/claim/for_user"

#: The activityProgress of a score (AGS 2.0, 3.4.7) at which a platform offers a review. Ours are sent as Completed;
#: the others are what a platform shows of work that was begun, or that it counts as handed in.
_REVIEWABLE: Final = ("InProgress", "Submitted", "Completed")


def read_submission_review(verified: VerifiedLaunch) -> ResourceLinkLaunch:
    """Return the launch with whose work it is about; raise a ClaimError, VersionError or MessageTypeError.

    Of that person only the subject is read: names come with that person's own launch and with the class list.
    """
    check_kind(verified.claims, SUBMISSION_REVIEW_REQUEST)
    user = object_of(verified.claims, _FOR_USER)
    return launch_of(verified)._replace(for_user=required_id(user, "user_id", "for_user"))


def submission_review(url: str, *, label: str, parameter: str, key: str) -> dict[str, Any]:
    """Return what a line item says of its review: where it opens, what it is called, and which activity it is of.

    The label is what the platform writes on its link; the key travels in the custom parameters, as in the link itself.
    """
    return {"reviewableStatus": list(_REVIEWABLE), "label": label, "url": url, "custom": {parameter: key}}
