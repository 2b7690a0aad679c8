"""Pages that belong to no launch: health, built files, a word at the front door."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from flask import Blueprint, Response, abort, jsonify, render_template

from lti_tool.views.guards import public, runtime

BUILT_BY = ("qualoop.player", "lti_tool")

blueprint = Blueprint("operations", __name__)

FOR_GOOD = "public, max-age=31536000, immutable"
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".map": "application/json"}


def find_static(path: str) -> Traversable | None:
    """Return a file for the browser by its path in the `static` folder of the player or of the tool, or None."""
    parts = PurePosixPath(path).parts
    if any(part.startswith(".") for part in parts):
        return None
    found = (files(package).joinpath("static", *parts) for package in BUILT_BY)
    return next((file for file in found if file.is_file()), None)


def version_of(path: str) -> str:
    """Return the start of a built file's hash; "0" where it was not built."""
    file = find_static(path)
    return "0" if file is None else _hashed(path, _changed_at(file))


def _changed_at(file: Traversable) -> int:
    """Return when a file was written, in ns: it may be built anew under a process that goes on."""
    return file.stat().st_mtime_ns if isinstance(file, Path) else 0


@lru_cache(maxsize=256)
def _hashed(path: str, _changed: int) -> str:
    file = find_static(path)
    return "0" if file is None else hashlib.sha256(file.read_bytes()).hexdigest()[:12]


@blueprint.get("/")
@public("says what this is")
def front_door() -> str:
    """Tell whoever comes here by hand that activities are opened from a course."""
    return render_template("front_door.html", session=None)


@blueprint.get("/health")
@public("says only that the process and its database answer")
def health() -> Response:
    """Answer 200 where the database answers."""
    runtime().database.check()
    return jsonify(status="ok")


@blueprint.get("/static/<version>/<path:path>")
@public("built files, the same for everybody")
def static_file(version: str, path: str) -> Response:
    """Send a built file under its own version alone: nobody keeps another one for good under an address that is not its."""
    kind = MEDIA_TYPES.get(PurePosixPath(path).suffix)
    if kind is None:
        abort(404)
    file = find_static(path)
    if file is None or version != version_of(path):
        abort(404)
    return Response(file.read_bytes(), mimetype=kind, headers={"Cache-Control": FOR_GOOD})
