"""Why a request to another system brought no answer: one leaf for each thing that somebody can act on."""

from __future__ import annotations

from typing import ClassVar

from qualoop.errors import QualoopError


class OutgoingError(QualoopError):
    """A request to another system brought no usable answer.

    `may_have_arrived` says whether the other side may have acted on it: then sending it again is not harmless.
    Messages never hold more of an address than its host.
    """

    code = "outgoing"
    may_have_arrived: ClassVar[bool] = False


class AddressRefusedError(OutgoingError):
    """The URL is none that we call: not https, with user information, or without a host."""

    code = "outgoing-address-refused"


class OriginRefusedError(OutgoingError):
    """The URL lies outside of the origins that the caller named."""

    code = "outgoing-origin-refused"


class NetworkBlockedError(OutgoingError):
    """The host is at an address that is not on the public internet and not allowed by the operator."""

    code = "outgoing-network-blocked"


class UnknownHostError(OutgoingError):
    """The name of the host cannot be resolved."""

    code = "outgoing-unknown-host"


class ConnectFailedError(OutgoingError):
    """Nothing listens there, or the way there is closed."""

    code = "outgoing-connect-failed"


class ConnectTimedOutError(OutgoingError):
    """No connection came about in time."""

    code = "outgoing-connect-timeout"


class TlsFailedError(OutgoingError):
    """No secure connection came about: most often the certificate is not trusted or for another host."""

    code = "outgoing-tls"


class ReadTimedOutError(OutgoingError):
    """The answer did not come in time."""

    code = "outgoing-read-timeout"
    may_have_arrived = True


class ConnectionBrokenError(OutgoingError):
    """The connection ended before the answer did, or the answer is not HTTP."""

    code = "outgoing-connection-broken"
    may_have_arrived = True


class TooLargeError(OutgoingError):
    """The answer is larger than we take."""

    code = "outgoing-too-large"
    may_have_arrived = True


class UnexpectedStatusError(OutgoingError):
    """The document asked for was not given; `status` is the answer's."""

    code = "outgoing-unexpected-status"
    may_have_arrived = True

    def __init__(self, status: int) -> None:
        super().__init__(f"the answer has status {status}")
        self.status = status
