"""Templates to HTML: one environment for all requests, and pages that are drawn once and filled for each host.

A template sees nothing but the page (plain JSON) and its messages. What differs from request to request although the
page is the same (addresses, CSRF fields, the start of ids) is left open while drawing: a *slot*, its name between two
NUL characters, which no text that a page shows can hold. So the first page of a lesson, which every launch shows, is
drawn once and then only filled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape, unescape
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from qualoop.content_packages import ASSET_SCHEME
from qualoop.player.host import Host

SLOT_MARK: Final = "\0"

_ASSET_IN_HTML: Final = re.compile(rf'(?<= src="){ASSET_SCHEME}([^"]+)')
_KEPT_PAGES: Final = 512


def _slot(name: str) -> str:
    return f"{SLOT_MARK}{name}{SLOT_MARK}"


def _address(source: str) -> str:
    """Leave open where the host has a file of the package; an address is taken as it is."""
    if source.startswith(ASSET_SCHEME):
        return _slot(f"asset {source.removeprefix(ASSET_SCHEME)}")
    return source


def _hosted(html: str) -> str:
    """Leave open where the host has the files that safe HTML of `content_packages` names."""
    if ASSET_SCHEME not in html:
        return html
    return _ASSET_IN_HTML.sub(lambda found: _slot(f"asset {unescape(found[1])}"), html)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the environment of the player's templates, which are compiled once.

    Messages are looked up in the context (`gettext`, `ngettext`), so one environment serves all languages.
    """
    made = Environment(
        loader=PackageLoader("qualoop.player"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(
        id=_slot("id"),
        attributes=_slot("attributes"),
        fields=_slot("fields"),
        action=lambda name: _slot(f"action {name}"),
        address=_address,
        hosted=_hosted,
    )
    return made


def render_fragment(template: str, page: Mapping[str, Any], host: Host) -> str:
    """Return a template filled with a page, which is plain JSON, for a host."""
    return render_text(template, page_text(page), host)


def page_text(page: Mapping[str, Any]) -> str:
    """Return a page, which is plain JSON, as the text by which its drawing is kept."""
    return json.dumps(page, ensure_ascii=False, separators=(",", ":"))


def render_text(template: str, text: str, host: Host) -> str:
    """Return a template filled with the page of a `page_text`, for a host."""
    pieces = list(_drawn(template, text, host.gettext, host.ngettext))
    filling = _filling(host)
    pieces[1::2] = [filling(name) for name in pieces[1::2]]
    return "".join(pieces)


def render_once(template: str, page: Mapping[str, Any], host: Host) -> str:
    """Return what `render_fragment` returns, for a page that no other request will ask for: nothing of it is kept."""
    html = environment().get_template(template).render(page=page, gettext=host.gettext, ngettext=host.ngettext)
    pieces = html.split(SLOT_MARK)
    filling = _filling(host)
    pieces[1::2] = [filling(name) for name in pieces[1::2]]
    return "".join(pieces)


@lru_cache(maxsize=_KEPT_PAGES)
def _drawn(
    template: str, page: str, gettext: Callable[[str], str], ngettext: Callable[[str, str, int], str]
) -> tuple[str, ...]:
    """Return the page in pieces: HTML and names of slots in turn."""
    html = environment().get_template(template).render(page=json.loads(page), gettext=gettext, ngettext=ngettext)
    return tuple(html.split(SLOT_MARK))


def _filling(host: Host) -> Callable[[str], str]:
    """Return what says what stands in a slot."""
    fields = [
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in host.hidden_fields.items()
    ]
    known = {
        "id": host.id_prefix,
        "fields": "".join(fields),
        "attributes": "".join(f' {name}="{escape(value)}"' for name, value in host.attributes.items()),
    }

    def filled(name: str) -> str:
        if name not in known:
            kind, _, rest = name.partition(" ")
            known[name] = escape(host.action_url(rest) if kind == "action" else host.asset_url(rest))
        return known[name]

    return filled
