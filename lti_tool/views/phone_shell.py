"""The shell of the phone app: its page, its service worker, manifest and icons. The same for everybody, no name in it.

What the app shows comes from `/phone/api`, and is kept on the phone. The shell is kept there by the service worker, under
a version that is made of all its files: so a phone without a network opens the app as it was, and with one learns of a
new version.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from typing import Final

from flask import Blueprint, Response, jsonify, render_template, request, url_for

from lti_tool.views.classroom_device import reader_language
from lti_tool.views.guards import public
from lti_tool.views.host import catalogue
from lti_tool.views.operations import find_static
from lti_tool.views.phone_icons import THEME, png_icon, svg_icon
from lti_tool.views.phone_words import MESSAGES, NAME, NEEDS_SCRIPT

blueprint = Blueprint("phone_shell", __name__)

#: Built files of the shell, by their path in a `static` folder.
FILES: Final = ("qualoop.css", "tool.css", "marking.css", "phone.css", "dist/phone.js")
_WORKER: Final = "dist/phone_worker.js"
#: The page says of which version it is: a worker keeps only the page of its own.
VERSION_HEADER: Final = "Qualoop-Shell"
#: What the page names it needs.
_USED: Final = re.compile(r'(?:href|src)="(/[^"]+)"')
_GROUND: Final = "#f4f6f9"
#: Address of an icon -> pixels of its side, and whether the phone cuts it.
ICONS: Final = {
    "/phone/icon-180.png": (180, True),
    "/phone/icon-192.png": (192, False),
    "/phone/icon-512.png": (512, False),
    "/phone/icon-maskable.png": (512, True),
}
#: Pictures that are on the phone only are shown as blobs; the manifest is ours.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_WORKER_POLICY: Final = "default-src 'none'; connect-src 'self'"
_DAY: Final = "public, max-age=86400"


@blueprint.get("/phone/")
@public("the shell of the phone app, the same for everybody: what it shows is proven by the phone's cookie")
def shell() -> Response:
    """Return the one page of the app."""
    page = _page()
    version = _version(page, _built(_WORKER))
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache", VERSION_HEADER: version}
    return Response(page, mimetype="text/html", headers=headers)


@blueprint.get("/phone/worker.js")
@public("the service worker of the phone app, the same for everybody")
def worker() -> Response:
    """Return the service worker, with the version and the files of the shell that it keeps."""
    source = _built(_WORKER)
    page = _page()
    kept = {"version": _version(page, source), "files": _addresses(page)}
    body = f"self.QUALOOP_SHELL={json.dumps(kept)};\n".encode() + source
    headers = {"Content-Security-Policy": _WORKER_POLICY, "Cache-Control": "no-cache"}
    return Response(body, mimetype="text/javascript", headers=headers)


@blueprint.get("/phone/app.webmanifest")
@public("what a phone needs to install the app, the same for everybody")
def manifest() -> Response:
    """Return the web app manifest (https://www.w3.org/TR/appmanifest/)."""
    language = reader_language()
    icons: list[dict[str, str]] = [{"src": url_for("phone_shell.icon_svg"), "type": "image/svg+xml", "sizes": "any"}]
    icons += [_listed(address) for address in ICONS if not address.endswith("180.png")]
    response = jsonify(
        id="/phone/",
        name=catalogue(language).gettext(NAME),
        short_name="Qualoop",
        lang=language,
        start_url="/phone/",
        scope="/phone/",
        display="standalone",
        theme_color=THEME,
        background_color=_GROUND,
        icons=icons,
    )
    response.mimetype = "application/manifest+json"
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Vary"] = "Accept-Language"
    return response


@blueprint.get("/phone/icon.svg")
@public("a picture, the same for everybody")
def icon_svg() -> Response:
    """Return the icon as SVG."""
    return Response(svg_icon(), mimetype="image/svg+xml", headers={"Cache-Control": _DAY})


@public("a picture, the same for everybody")
def icon() -> Response:
    """Return the icon as PNG, in the size of its address."""
    side, full = ICONS[request.path]
    return Response(png_icon(side, full=full), mimetype="image/png", headers={"Cache-Control": _DAY})


for _address in ICONS:
    blueprint.add_url_rule(_address, "icon", icon)


def _listed(address: str) -> dict[str, str]:
    """Return an icon as the manifest lists it."""
    side, full = ICONS[address]
    return {"src": address, "type": "image/png", "sizes": f"{side}x{side}", "purpose": "maskable" if full else "any"}


def _page() -> str:
    """Return the page; the words of all languages are in it, so that it is the same for everybody."""
    return render_template(
        "phone.html", session=None, files=FILES, catalogues=_catalogues(), needs_script=NEEDS_SCRIPT, theme=THEME
    )


@lru_cache(maxsize=1)
def _catalogues() -> dict[str, dict[str, str]]:
    """Return what the app says, by language and English message; English says itself."""
    chinese = catalogue("zh-Hans")
    return {"en": {}, "zh-Hans": {message: chinese.gettext(message) for message in (*MESSAGES, NEEDS_SCRIPT)}}


def _addresses(page: str) -> list[str]:
    """Return the addresses of everything that the app needs without a network; the first one is its page."""
    return [url_for("phone_shell.shell"), *dict.fromkeys([*_USED.findall(page), *ICONS])]


def _version(page: str, source: bytes) -> str:
    """Return the version of the shell: of its page, which names the version of each file, and of its worker."""
    return hashlib.sha256(page.encode() + source).hexdigest()[:16]


def _built(path: str) -> bytes:
    """Return a built file; empty where it was not built."""
    file = find_static(path)
    return b"" if file is None else file.read_bytes()
