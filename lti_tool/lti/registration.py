"""Who may launch us and where its services are: a registration as a value.

A registration is the pair of issuer and client_id, since one issuer may stand for many schools (LTI 1.3 core, 3.1.3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from lti_tool.lti.errors import ServiceOriginError
from lti_tool.lti.platform_profiles import PlatformProfile, profile_of
from qualoop.values import ValueRefusedError

DEFAULT_ALGORITHMS: Final = ("RS256",)
#: What a registration may allow. Never `none`, never a symmetric algorithm.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "ES256")

_DEFAULT_PORTS: Final = {"https": "443", "http": "80"}
#: Stricter than RFC 3986 on purpose: no user information (``https://platform@elsewhere`` deceives readers), no
#: backslash (a slash to browsers), ASCII hosts only.
_HTTP_URL: Final = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?(?:[/?#]|$)", re.IGNORECASE)


def find_origin(url: str) -> str | None:
    """Return scheme://host[:port] of an http(s) URL in lower case and without a default port, None where it is none."""
    match = _HTTP_URL.match(url)
    if match is None:
        return None
    scheme, host, port = match.groups()
    scheme = scheme.lower()
    return f"{scheme}://{host.lower()}" + (f":{port}" if port and port != _DEFAULT_PORTS[scheme] else "")


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A platform that may launch us.

    `auth_audience` replaces the token URL as audience of our assertions where the platform wants that;
    `service_origins` are origins that its services may have beside those of issuer and token URL; `product` is which
    product it is, None where nobody has told yet.
    Raises ValueRefusedError for an algorithm outside of ALGORITHMS and for addresses that are not http(s).
    """

    id: int
    organisation_id: int
    issuer: str
    client_id: str
    auth_login_url: str
    token_url: str
    jwks_url: str
    auth_audience: str | None = None
    algorithms: tuple[str, ...] = DEFAULT_ALGORITHMS
    service_origins: tuple[str, ...] = ()
    product: str | None = None

    def __post_init__(self) -> None:
        if not self.algorithms or not set(self.algorithms) <= set(ALGORITHMS):
            raise ValueRefusedError(f"algorithms are some of {', '.join(ALGORITHMS)}")
        wrong = [
            name for name in ("auth_login_url", "token_url", "jwks_url") if find_origin(getattr(self, name)) is None
        ]
        if wrong:
            given = ", ".join(f"{name} ({getattr(self, name)[:80]})" for name in wrong)
            raise ValueRefusedError(f"not an address that begins with https://: {given}")

    @cached_property
    def allowed_origins(self) -> frozenset[str]:
        """Return the origins that our bearer token may be sent to (S13).

        The key URL's origin is not among them: keys often lie on a shared file host.
        """
        own = (find_origin(self.issuer), find_origin(self.token_url), *map(find_origin, self.service_origins))
        return frozenset(origin for origin in own if origin)

    @cached_property
    def page_origins(self) -> tuple[str, ...]:
        """Return the origins that the platform's own pages have, which may frame ours; sorted."""
        return tuple(sorted({origin for url in (self.issuer, self.auth_login_url) if (origin := find_origin(url))}))

    @cached_property
    def profile(self) -> PlatformProfile:
        """Return what is special about the platform."""
        return profile_of(self.product)

    def check_service_url(self, url: str) -> str:
        """Return ``url`` where our bearer token may go there, else raise ServiceOriginError."""
        if find_origin(url) not in self.allowed_origins:
            raise ServiceOriginError("the origin of a service URL is not one of the registration's")
        return url
