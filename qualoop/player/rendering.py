"""Templates to HTML: one environment for all requests, the host's words and addresses given at each rendering."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape, unescape
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from qualoop.content_packages import ASSET_SCHEME
from qualoop.player.host import Host

_ASSET_IN_HTML: Final = re.compile(rf'(?<= src="){ASSET_SCHEME}([^"]+)')


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the environment of the player's templates, which are compiled once.

    Messages are looked up in the context (`gettext`, `ngettext`), so one environment serves all languages.
    """
    return Environment(
        loader=PackageLoader("qualoop.player"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def render_fragment(template: str, view: Mapping[str, Any], host: Host) -> str:
    """Return a template filled with a view, for a host."""
    return (
        environment()
        .get_template(template)
        .render(
            view=view,
            host=host,
            gettext=host.gettext,
            ngettext=host.ngettext,
            hosted=_hosted(host),
            address=_address(host),
        )
    )


def _hosted(host: Host) -> Callable[[str], str]:
    """Return what puts the host's addresses into HTML that `content_packages` made safe."""

    def hosted(html: str) -> str:
        if ASSET_SCHEME not in html:
            return html
        return _ASSET_IN_HTML.sub(lambda found: escape(host.asset_url(unescape(found[1]))), html)

    return hosted


def _address(host: Host) -> Callable[[str], str]:
    """Return what gives the address of a source: a file of the package at the host, or an address as it is."""

    def address(source: str) -> str:
        if source.startswith(ASSET_SCHEME):
            return host.asset_url(source.removeprefix(ASSET_SCHEME))
        return source

    return address
