"""Why a launch or a service call is refused: one leaf for each thing that somebody can act on.

A page shows ``sentence`` and ``what_to_do`` (English gettext msgids, marked by `translatable`) beside the ``code``;
``str(error)`` is the technical detail for the log. No detail ever holds what a message contained: a name, an
address or a token cannot leak through it.
"""

from __future__ import annotations

from typing import ClassVar

from qualoop.errors import QualoopError


def translatable(text: str) -> str:
    """Mark a msgid for extraction (Babel keyword ``translatable``); it is translated where it is shown."""
    return text


_LAUNCH_AGAIN = translatable("Go back to your course and open the activity again.")
_TELL_ADMINISTRATOR = translatable(
    "Please tell the person who connected this tool to your course platform, and give the code shown here."
)


class LtiError(QualoopError):
    """The base of every refusal of the protocol."""

    code = "lti"
    sentence: ClassVar[str] = translatable("The message from your course platform could not be accepted.")
    what_to_do: ClassVar[str] = _TELL_ADMINISTRATOR


# -- Login initiation and authentication response


class LoginParameterError(LtiError):
    """A parameter of the login initiation is absent or out of bounds."""

    code = "lti-login-parameter"
    sentence = translatable("Your course platform did not say who it is or what should be opened.")


class UnknownIssuerError(LtiError):
    """No registration fits the issuer (and client_id) of the login initiation."""

    code = "lti-unknown-issuer"
    sentence = translatable("Your course platform is not connected to this tool.")
    what_to_do = translatable("Ask the administrator of your platform to register this tool first.")


class ClientIdNeededError(LtiError):
    """Several registrations share this issuer and the login initiation names no client_id."""

    code = "lti-client-id-needed"
    sentence = translatable("Your course platform did not say which of its connections to this tool it means.")


class PlatformRefusedError(LtiError):
    """The platform answered the authentication request with an error; `reason` is its error code."""

    code = "lti-platform-refused"
    sentence = translatable("Your course platform refused to open the activity.")
    what_to_do = translatable("Sign in to your course platform again, then open the activity from your course.")

    def __init__(self, reason: str) -> None:
        super().__init__(f"the platform answered {reason}")
        self.reason = reason


class ResponseIncompleteError(LtiError):
    """The authentication response lacks id_token or state, or one of them is out of bounds."""

    code = "lti-response-incomplete"
    sentence = translatable("The launch message is incomplete.")
    what_to_do = _LAUNCH_AGAIN


class StateUnknownError(LtiError):
    """No login of ours made this state."""

    code = "lti-state-unknown"
    sentence = translatable("This launch was not begun here, or it has been too long ago.")
    what_to_do = _LAUNCH_AGAIN


class StateExpiredError(LtiError):
    """The login that made this state is too old."""

    code = "lti-state-expired"
    sentence = translatable("It took too long to open the activity.")
    what_to_do = _LAUNCH_AGAIN


class StateUsedError(LtiError):
    """The state has opened a launch before: a reload, a step back, or a replay."""

    code = "lti-state-used"
    sentence = translatable("This launch has already been used. Each launch opens once.")
    what_to_do = _LAUNCH_AGAIN


class BrowserMismatchError(LtiError):
    """The browser that brings the launch is not the one that began it, or it keeps no cookies."""

    code = "lti-browser-mismatch"
    sentence = translatable("This launch was begun in another browser, or your browser does not keep our cookie.")
    what_to_do = translatable("Open the activity again; if that does not help, open it in a new window.")


# -- The id_token


class TokenMalformedError(LtiError):
    """The id_token is no JSON Web Token with a JSON object in it."""

    code = "lti-token-malformed"
    sentence = translatable("The launch message cannot be read.")


class TokenAlgorithmError(LtiError):
    """The id_token is signed with an algorithm that the registration does not allow."""

    code = "lti-token-algorithm"
    sentence = translatable("The launch message is signed in a way that is not allowed.")


class KeyIdMissingError(LtiError):
    """The header of the id_token names no key."""

    code = "lti-key-id-missing"
    sentence = translatable("The launch message does not say with which key it is signed.")


class KeyUnknownError(LtiError):
    """The platform publishes no usable key of this id."""

    code = "lti-key-unknown"
    sentence = translatable("The launch message is signed with a key that your course platform does not publish.")
    what_to_do = translatable("Try again in a minute; if it stays so, tell the administrator of your platform.")


class JwksUnavailableError(LtiError):
    """The platform's keys could not be fetched, or what was fetched is no key set."""

    code = "lti-jwks-unavailable"
    sentence = translatable("The keys of your course platform could not be fetched, so nothing can be checked.")
    what_to_do = translatable("Try again in a minute; if it stays so, tell the administrator of your platform.")


class TokenSignatureError(LtiError):
    """The signature does not fit, or the key is not made for it."""

    code = "lti-token-signature"
    sentence = translatable("The signature of the launch message is wrong.")


class IssuerMismatchError(LtiError):
    """The id_token comes from another issuer than the login."""

    code = "lti-issuer-mismatch"
    sentence = translatable("The launch message comes from another platform than the one that began the launch.")


class AudienceMismatchError(LtiError):
    """The id_token is meant for another client."""

    code = "lti-audience-mismatch"
    sentence = translatable("The launch message is meant for another tool.")


class TokenExpiredError(LtiError):
    """The id_token is past its end."""

    code = "lti-token-expired"
    sentence = translatable("The launch message has expired.")
    what_to_do = _LAUNCH_AGAIN


class TokenTimesError(LtiError):
    """The times of the id_token are absent or cannot be true."""

    code = "lti-token-times"
    sentence = translatable("The times in the launch message cannot be right.")
    what_to_do = translatable("The clock of your course platform may be wrong: please tell its administrator.")


class NonceMismatchError(LtiError):
    """The nonce of the id_token is not the one of this login."""

    code = "lti-nonce-mismatch"
    sentence = translatable("The launch message does not belong to this launch.")
    what_to_do = _LAUNCH_AGAIN


# -- The claims


class ClaimError(LtiError):
    """A claim is at fault; `claim` is its name."""

    code = "lti-claim"

    def __init__(self, claim: str, fault: str) -> None:
        super().__init__(f"{claim}: {fault}")
        self.claim = claim


class ClaimMissingError(ClaimError):
    """A claim that every launch must have is absent or empty."""

    code = "lti-claim-missing"
    sentence = translatable("The launch message lacks something that LTI requires.")

    def __init__(self, claim: str) -> None:
        super().__init__(claim, "is missing")


class ClaimInvalidError(ClaimError):
    """A claim has a wrong type or is out of bounds."""

    code = "lti-claim-invalid"
    sentence = translatable("The launch message holds something that LTI does not allow.")


class VersionError(LtiError):
    """The message is not of LTI 1.3.0."""

    code = "lti-version"
    sentence = translatable("Your course platform uses a version of LTI that this tool does not know.")


class MessageTypeError(LtiError):
    """The message is of a kind that the tool does not take here."""

    code = "lti-message-type"
    sentence = translatable("Your course platform asked for something that this tool does not do.")


class DeploymentUnknownError(LtiError):
    """The deployment has not been approved for this registration."""

    code = "lti-deployment-unknown"
    sentence = translatable("This place in your course platform has not been approved for the tool yet.")
    what_to_do = translatable("Ask the person who runs this tool to approve the deployment, then try again.")


class TargetRefusedError(LtiError):
    """The target_link_uri lies outside of the tool or leads to no activity."""

    code = "lti-target-refused"
    sentence = translatable("The address that your course platform wants to open is not one of this tool.")
    what_to_do = translatable("Ask your teacher to choose the activity again in the course.")


# -- Deep Linking


class ContentTypeError(LtiError):
    """The platform asks for kinds of content of which the tool gives none."""

    code = "lti-content-type"
    sentence = translatable("Your course platform asks for a kind of content that this tool does not have.")
    what_to_do = translatable("Add the activity at a place of your course where external tools can be added.")


class AlreadyAnsweredError(LtiError):
    """This choice was sent to the platform before."""

    code = "lti-already-answered"
    sentence = translatable("What you chose here was already sent to your course.")
    what_to_do = translatable("To add more activities, close this and choose again from your course.")


# -- Services


class ServiceOriginError(LtiError):
    """A service address lies outside of what the registration allows."""

    code = "lti-service-origin"
    sentence = translatable("The platform named a service at an address that is not its own.")
    what_to_do = translatable("If the address is right, the operator can add its origin to the registration.")


class AccessTokenRefusedError(LtiError):
    """The platform refuses a token until somebody changes something; `reason` is its OAuth error code."""

    code = "lti-access-token-refused"
    sentence = translatable("The platform refuses to let this tool use its services.")

    def __init__(self, reason: str) -> None:
        super().__init__(f"the token endpoint answered {reason}")
        self.reason = reason


class AccessTokenUnavailableError(LtiError):
    """The token endpoint gives no token now; later it may."""

    code = "lti-access-token-unavailable"
    sentence = translatable("The platform gives no access to its services at the moment.")
    what_to_do = translatable("It is tried again by itself. Check that the platform can reach this tool's key address.")


class AnswerMalformedError(LtiError):
    """A service answered with something that is not what the specification says."""

    code = "lti-answer-malformed"
    sentence = translatable("A service of the platform answered with something that cannot be read.")


class SealedKeyError(LtiError):
    """A stored private key cannot be opened: most often the secret of the installation was changed."""

    code = "lti-sealed-key"
    sentence = translatable("The signing key of this tool cannot be opened.")
    what_to_do = translatable("The operator restores the former QUALOOP_SECRET_KEY or makes a new key.")
