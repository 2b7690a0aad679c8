"""Which network addresses we connect to (the guard against server-side request forgery).

URLs come from registrations and from launches, and a name may resolve to anything. So what is checked is the address
that the socket is about to connect to: no name can be changed in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from lti_tool.outgoing.errors import NetworkBlockedError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: RFC 6052: the last 32 bits are an IPv4 address.
_NAT64: Final = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """The public internet, and what the operator adds to it.

    `allow_loopback` is for development and demonstration: it also lets plain http through, to loopback alone.
    `allowed_networks` are the operator's own networks (an LMS in the intranet), by https as ever.
    """

    allow_loopback: bool = False
    allowed_networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, *, allow_loopback: bool, allowed_networks: tuple[str, ...]) -> AddressPolicy:
        """Make a policy of the settings' words; raise ValueError for what is no network."""
        return cls(allow_loopback, tuple(ip_network(network) for network in allowed_networks))

    def check(self, address: str, *, secure: bool) -> None:
        """Raise NetworkBlockedError unless we may connect to the IP ``address``, encrypted (``secure``) or not."""
        if not _allows(self, address, secure=secure):
            raise NetworkBlockedError(
                "the address is not on the public internet" if secure else "plain http is for loopback alone"
            )


@lru_cache(maxsize=1024)
def _allows(policy: AddressPolicy, text: str, *, secure: bool) -> bool:
    address = _unwrapped(ip_address(text.partition("%")[0]))
    if address.is_loopback:
        return policy.allow_loopback
    if not secure:
        return False
    if any(address.version == network.version and address in network for network in policy.allowed_networks):
        return True
    return address.is_global and not address.is_multicast and not getattr(address, "is_site_local", False)


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address
