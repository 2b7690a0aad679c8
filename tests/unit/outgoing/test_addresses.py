"""S12: which addresses we connect to."""

from __future__ import annotations

import pytest

from lti_tool.outgoing.addresses import AddressPolicy
from lti_tool.outgoing.errors import NetworkBlockedError

PUBLIC = AddressPolicy()
DEVELOPMENT = AddressPolicy(allow_loopback=True)
UNSPECIFIED = "0." * 3 + "0"


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"])
def test_s12_the_public_internet_is_open_by_tls(address: str) -> None:
    PUBLIC.check(address, secure=True)
    with pytest.raises(NetworkBlockedError):
        DEVELOPMENT.check(address, secure=False)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "::1",
        UNSPECIFIED,
        "::",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:c0a8:101::1",
        "2001:db8::1",
    ],
)
def test_s12_everything_else_is_closed(address: str) -> None:
    with pytest.raises(NetworkBlockedError):
        PUBLIC.check(address, secure=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("secure", [True, False])
def test_s12_development_opens_loopback_also_without_tls(address: str, *, secure: bool) -> None:
    DEVELOPMENT.check(address, secure=secure)


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", UNSPECIFIED, "::"])
def test_s12_development_opens_nothing_but_loopback(address: str) -> None:
    with pytest.raises(NetworkBlockedError):
        DEVELOPMENT.check(address, secure=True)


def test_s12_the_operator_may_open_a_network() -> None:
    policy = AddressPolicy.of(allow_loopback=False, allowed_networks=("10.1.0.0/16", "fd12::/32"))
    for address in ("10.1.0.1", "10.1.255.255", "fd12::5", "::ffff:10.1.0.1"):
        policy.check(address, secure=True)
    for address in ("10.2.0.0", "fd13::5", "169.254.169.254"):
        with pytest.raises(NetworkBlockedError):
            policy.check(address, secure=True)
    with pytest.raises(NetworkBlockedError, match="plain http"):
        policy.check("10.1.0.1", secure=False)


def test_s12_a_network_opens_no_loopback() -> None:
    with pytest.raises(NetworkBlockedError):
        AddressPolicy.of(allow_loopback=False, allowed_networks=("0.0.0.0/0",)).check("127.0.0.1", secure=True)


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="host bits"):
        AddressPolicy.of(allow_loopback=False, allowed_networks=("10.1.0.1/16",))
