"""What can go wrong when a platform registers itself (LTI Dynamic Registration 1.0), one leaf for each remedy."""

from __future__ import annotations

from lti_tool.lti.errors import LtiError, translatable

_NEW_INVITE = translatable("Ask the person who runs this tool for a new registration link.")
_BEGIN_AGAIN = translatable("Begin the registration again in your platform. The registration link stays good.")
_TELL_OPERATOR = translatable(
    "Please give the code shown here to the person who runs this tool. The registration link stays good."
)


class InviteUnknownError(LtiError):
    """No invitation of this installation has this token."""

    code = "lti-invite-unknown"
    sentence = translatable("This registration link is not one of this tool.")
    what_to_do = _NEW_INVITE


class InviteExpiredError(LtiError):
    """The invitation is too old."""

    code = "lti-invite-expired"
    sentence = translatable("This registration link is no longer good.")
    what_to_do = _NEW_INVITE


class InviteUsedError(LtiError):
    """The invitation has registered a platform before: each does so once."""

    code = "lti-invite-used"
    sentence = translatable("This registration link has been used. Each link registers one platform.")
    what_to_do = _NEW_INVITE


class InviteBusyError(LtiError):
    """Another request is registering a platform with this invitation at this moment."""

    code = "lti-invite-busy"
    sentence = translatable("A registration with this link is under way.")
    what_to_do = translatable("Wait two minutes. If nothing was registered by then, try again.")


class RegistrationParameterError(LtiError):
    """The platform's parameters are absent or out of bounds."""

    code = "lti-registration-parameter"
    sentence = translatable("This link is opened by your platform, not by hand.")
    what_to_do = translatable(
        "Copy it into the field of your platform that takes the registration address of a tool. Its administrator can."
    )


class ConfigurationUnavailableError(LtiError):
    """The platform's configuration was not given: another status than 200, a redirect included."""

    code = "lti-configuration-unavailable"
    sentence = translatable("The configuration of your platform could not be read.")
    what_to_do = _TELL_OPERATOR


class ConfigurationInvalidError(LtiError):
    """The platform's configuration is not what the specification says."""

    code = "lti-configuration-invalid"
    sentence = translatable("The configuration of your platform is not what LTI requires.")
    what_to_do = _TELL_OPERATOR


class ConfigurationUnsupportedError(LtiError):
    """The platform cannot do something that the tool needs."""

    code = "lti-configuration-unsupported"
    sentence = translatable("Your platform lacks something that this tool needs.")
    what_to_do = _TELL_OPERATOR


class ConfigurationHostError(LtiError):
    """The configuration names another host than the one that it comes from."""

    code = "lti-configuration-host"
    sentence = translatable("The configuration of your platform points to another host.")
    what_to_do = translatable(
        "If that is right, the person who runs this tool can name the host in a new registration link."
    )


class ConfigurationIssuerError(LtiError):
    """The invitation is for another platform."""

    code = "lti-configuration-issuer"
    sentence = translatable("This registration link is for another platform.")
    what_to_do = _NEW_INVITE


class RegistrationTokenError(LtiError):
    """The platform does not take the registration token that it gave: expired, used, or of something else."""

    code = "lti-registration-token"
    sentence = translatable("Your platform did not let the tool register: its permission has expired or was used.")
    what_to_do = _BEGIN_AGAIN


class RegistrationRefusedError(LtiError):
    """The platform refuses the registration; the message says by which class of answer."""

    code = "lti-registration-refused"
    sentence = translatable("Your platform refused the registration.")
    what_to_do = _TELL_OPERATOR


class RegistrationAnswerError(LtiError):
    """The platform answered the registration with something that cannot be read."""

    code = "lti-registration-answer"
    sentence = translatable("The answer of your platform to the registration cannot be read.")
    what_to_do = translatable(
        "Look whether your platform lists the tool now, and remove it there. Then begin the registration again."
    )


class RegistrationThereError(LtiError):
    """The platform gave a client id that is registered already, in another way or for somebody else."""

    code = "lti-registration-there"
    sentence = translatable("This connection of your platform is registered here already.")
    what_to_do = _TELL_OPERATOR


class RegistrationPendingError(LtiError):
    """The platform has registered, and nobody has approved it yet."""

    code = "lti-registration-pending"
    sentence = translatable("Your course platform is registered with this tool, but not approved yet.")
    what_to_do = translatable("Ask the person who runs this tool to approve the platform, then try again.")
