"""Why a class list could not be read from a platform (Names and Role Provisioning Services), one leaf for each remedy.

Whichever it is, the class list that is here stays as it was.
"""

from __future__ import annotations

from lti_tool.lti.errors import LtiError, translatable

_AGAIN_LATER = translatable("Try again in a few minutes. Until then the list stays as it was.")
_TELL_PLATFORM = translatable(
    "Please give the code shown here to the administrator of your course platform. The list stays as it was."
)


class RosterError(LtiError):
    """The base of everything that keeps a class list from being read; `status` is the HTTP status where one came."""

    code = "roster"
    sentence = translatable("The class list could not be read.")
    what_to_do = _AGAIN_LATER

    def __init__(self, detail: str = "", *, status: int | None = None) -> None:
        super().__init__(detail)
        self.status = status


class RosterNotOfferedError(RosterError):
    """No launch of this course has named a membership service."""

    code = "roster-not-offered"
    sentence = translatable("Your course platform has not offered its list of members to this tool.")
    what_to_do = translatable(
        "Ask its administrator to switch on Names and Role Provisioning for this tool, then open the activity again."
    )


class RosterRunningError(RosterError):
    """Somebody, or the worker, is reading the list of this course at this moment."""

    code = "roster-running"
    sentence = translatable("The class list is being updated at this moment.")
    what_to_do = translatable("Open this page again in a minute.")


class RosterReplacedError(RosterError):
    """It took so long that another process has taken over; what this one read is not used."""

    code = "roster-replaced"
    sentence = translatable("The class list is being updated at this moment.")
    what_to_do = translatable("Open this page again in a minute.")


class RosterRefusedError(RosterError):
    """The platform refuses its members to us (401 or 403, with a fresh token): the scope is missing."""

    code = "roster-refused"
    sentence = translatable("Your course platform does not let this tool read who is in the course.")
    what_to_do = translatable(
        "Its administrator must allow this tool to use the service Names and Role Provisioning (members of a course)."
    )


class RosterGoneError(RosterError):
    """There is no membership service at the address that the launch named."""

    code = "roster-gone"
    sentence = translatable("Your course platform no longer has a list of members at the address that it named.")
    what_to_do = translatable("Open the activity from your course again, then update the list once more.")


class RosterBusyError(RosterError):
    """The platform wants to be left alone for a while."""

    code = "roster-busy"
    sentence = translatable("Your course platform is busy or under maintenance.")
    what_to_do = _AGAIN_LATER


class RosterPlatformError(RosterError):
    """The platform answered with an error of its own, or in a way that this service does not have."""

    code = "roster-platform-error"
    sentence = translatable("Your course platform could not give its list of members.")
    what_to_do = _AGAIN_LATER


class RosterUnreadableError(RosterError):
    """The answer is no membership container: a page of HTML, or members that break the specification."""

    code = "roster-unreadable"
    sentence = translatable("What your course platform sent is not a list of members that can be read.")
    what_to_do = _TELL_PLATFORM


class RosterLinkError(RosterError):
    """The Link header cannot be read, so nobody knows whether there are more members."""

    code = "roster-link-unreadable"
    sentence = translatable("Your course platform did not say in a readable way where its list of members goes on.")
    what_to_do = _TELL_PLATFORM


class RosterLoopError(RosterError):
    """A next page leads to one that was read before."""

    code = "roster-paging-loop"
    sentence = translatable("The pages of your course platform's list of members go round in a circle.")
    what_to_do = _TELL_PLATFORM


class RosterTooLargeError(RosterError):
    """There are more pages or members than we take."""

    code = "roster-too-large"
    sentence = translatable("The list of members of your course platform is longer than this tool takes.")
    what_to_do = _TELL_PLATFORM


class RosterEmptyError(RosterError):
    """Nobody is active in the list: more likely a fault than a course without anybody, not even a teacher."""

    code = "roster-empty"
    sentence = translatable("Your course platform sent a list with nobody in it.")
    what_to_do = translatable(
        "Nobody was taken off the list here. If the course has members, tell the administrator of your course platform."
    )


class RosterSlowError(RosterError):
    """Reading took longer than there was time for."""

    code = "roster-slow"
    sentence = translatable("Your course platform took too long to give its list of members.")
    what_to_do = translatable("It goes on by itself in the background. Open this page again in a few minutes.")
