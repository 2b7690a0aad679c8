"""Why a Moodle did not do what its web services were asked for, one leaf for each remedy."""

from __future__ import annotations

from lti_tool.lti.errors import LtiError, translatable

_BY_ITSELF = translatable("It is tried again by itself.")


class MoodleError(LtiError):
    """The base: `status` is the HTTP status where an answer came, `function` what was called.

    `retry_after_s` is for how long Moodle wants to be left alone, in seconds.
    """

    code = "moodle"
    sentence = translatable("Moodle did not do what its web services were asked for.")
    what_to_do = translatable("Run the check of the Moodle connection; it names what is missing.")

    def __init__(self, detail: str = "", *, function: str = "", status: int | None = None) -> None:
        super().__init__(detail)
        self.function = function
        self.status = status
        self.retry_after_s = 0


class MoodleTokenError(MoodleError):
    """The web-service token is unknown, has expired, or may not be used from this tool's address."""

    code = "moodle-token"
    sentence = translatable("Moodle no longer takes the web-service token of this tool.")
    what_to_do = translatable(
        "In Moodle, look under Site administration, Server, Manage tokens: the token must be there, not expired, and not "
        "limited to other addresses. Then store it here again."
    )


class MoodleDisabledError(MoodleError):
    """Web services, the REST protocol or competencies are switched off, or no Moodle is at the address."""

    code = "moodle-disabled"
    sentence = translatable("Moodle’s web services do not answer at this address.")
    what_to_do = translatable(
        "In Moodle, switch on web services (Site administration, Advanced features), the REST protocol (Server, Manage "
        "protocols) and competencies (Competencies settings)."
    )


class MoodleFunctionError(MoodleError):
    """The function is not part of the external service of the token, or its user may not use the service."""

    code = "moodle-function"
    sentence = translatable("The external service of the token lacks a function, or its user may not use it.")
    what_to_do = translatable(
        "In Moodle, under Site administration, Server, External services, add the function to the service, and let the "
        "account of the token use the service (capability webservice/rest:use)."
    )


class MoodleCapabilityError(MoodleError):
    """The account of the token lacks a capability."""

    code = "moodle-capability"
    sentence = translatable("The account of the token may not do this in Moodle.")
    what_to_do = translatable(
        "In Moodle, give the capability to a role at the level of the whole site, and that role to the account of the token."
    )


class MoodleGoneError(MoodleError):
    """There is no such competency or user in Moodle any more."""

    code = "moodle-gone"
    sentence = translatable("Moodle no longer knows this competency or this person.")
    what_to_do = translatable("Match the competencies again.")


class MoodleRatingError(MoodleError):
    """The rating is not one of the scale of the competency."""

    code = "moodle-rating"
    sentence = translatable("The rating is not one of the scale of this competency.")
    what_to_do = translatable("Match the competencies again: the scale was changed in Moodle.")


class MoodleRefusedError(MoodleError):
    """Moodle refused for a reason that this tool does not know."""

    code = "moodle-refused"


class MoodleBusyError(MoodleError):
    """Moodle is busy or under maintenance: nothing was done."""

    code = "moodle-busy"
    sentence = translatable("Moodle is busy or under maintenance.")
    what_to_do = _BY_ITSELF


class MoodleUnreadableError(MoodleError):
    """The answer is none of Moodle's web services, or Moodle failed: whether anything was done is not known."""

    code = "moodle-unreadable"
    sentence = translatable("Moodle gave an answer that could not be understood.")
    what_to_do = _BY_ITSELF
