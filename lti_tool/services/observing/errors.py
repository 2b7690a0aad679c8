"""What is refused to a phone, to whoever opens its link, and to who decides about observations: each with a code."""

from __future__ import annotations

from lti_tool.services.sources.api_errors import ApiError
from qualoop.classroom.observation import CaptureRefusedError
from qualoop.errors import QualoopError


class PhoneUnknownError(ApiError):
    """This browser is no phone of an invitation here: open the link of the invitation again."""

    code = "observation-device"
    status = 401


class PhoneEndedError(ApiError):
    """The invitation has ended, or was taken back, or this phone was taken off it."""

    code = "observation-ended"
    status = 401


class PhoneHeaderError(ApiError):
    """A request of the app carries the header Qualoop-Phone: 1."""

    code = "observation-header"
    status = 403


class KeySetError(ApiError):
    """This phone has told another public key before: open the link of the invitation again to be a new phone."""

    code = "observation-key-set"
    status = 409


class KeyMissingError(ApiError):
    """This phone has told no public key yet: POST it to /phone/api/key first."""

    code = "observation-key-missing"
    status = 409


class KeyRefusedError(ApiError):
    """The body is {"jwk": …} with a public key ECDSA P-256: kty EC, crv P-256, x, y, and nothing private."""

    code = "observation-key-refused"
    status = 422


class BatchRefusedError(ApiError):
    """The body is {"captures": [at most 50 texts], "device_now": a moment}."""

    code = "observation-batch"
    status = 422


class PhotoUnknownError(ApiError):
    """No capture of this phone has told of this picture: send the capture first."""

    code = "observation-photo-unknown"
    status = 404


class PhotoRefusedError(ApiError):
    """This is no JPEG, PNG or WebP picture of at most 8 MB and 25 megapixels (as JPEG 50), or not the one told of."""

    code = "observation-photo"
    status = 422


class PhotosUnavailableError(ApiError):
    """Pictures cannot be taken here: the extra `paper` is not installed (pip install qualoop[paper])."""

    code = "observation-photo-unavailable"
    status = 503
    retry_after_s = 3600


class OtherCourseError(CaptureRefusedError):
    """It was made for another course, or by another phone."""

    code = "observation-other-course"


class PhoneFullError(CaptureRefusedError):
    """So many observations came from this phone that no more are taken."""

    code = "observation-phone-full"


class AboutErasedError(CaptureRefusedError):
    """A learner whom it is about was erased: nothing can be written about this person any more."""

    code = "learner-erased"


class InvitationMissingError(QualoopError):
    """There is no such invitation, phone or observation in this course."""

    code = "observation-missing"


class LinkRefusedError(QualoopError):
    """A link of an invitation that leads nowhere."""

    code = "observation-link"


class LinkUnknownError(LinkRefusedError):
    """There is no such invitation: the link is incomplete, or a newer one has taken its place."""

    code = "observation-link-unknown"


class LinkEndedError(LinkRefusedError):
    """The invitation has ended, or was taken back."""

    code = "observation-link-ended"


class PhonesFullError(LinkRefusedError):
    """As many phones as the invitation is for have been joined to it."""

    code = "observation-phones-full"


class InvitationRefusedError(QualoopError):
    """An invitation needs a name, dates in their order, and something to observe; ``reason`` names the field."""

    code = "observation-invitation-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DecisionRefusedError(QualoopError):
    """This cannot be decided so: it does not wait, or somebody else has decided, or the learner is not of the course.

    ``reason`` says which: `moved`, `learner`, `level`, `target`, `unfit`, `ledger`.
    """

    code = "observation-decision-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
