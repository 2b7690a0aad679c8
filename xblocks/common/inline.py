"""Content that a block carries itself: the files of a content package, in the block's own field.

    {"lesson.yaml": "format: …", "lesson.en.md": "## …", "figures/page.svg": "<svg …", "media/talk.mp3": {"base64": "…"}}

They are checked by the reader of packages, so an author is told file, line and repair, as on the command line. What was
built is kept by the hash of the files, a few versions of each process.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias

from qualoop.assessment.rubric import RUBRIC_FILE
from qualoop.authored_files import AuthoredFilesError, Problem, Problems, parse_yaml
from qualoop.errors import MissingExtraError
from qualoop.framework import Framework
from qualoop.values import KEY_PATTERN
from xblocks.common.contents import HEADS, Offer, OpenContent, offer_of, opened

Files: TypeAlias = Mapping[str, Any]

MAX_FILES: Final = 40
MAX_BYTES: Final = 1_000_000
"""Of all files together: the course keeps them in one field."""

FILE_NAME: Final = re.compile(
    r"(?:lesson|project|items|rubric|samples)\.yaml|(?:lesson|brief|debrief)\.(?:en|zh-Hans)\.md"
    r"|(?:figures|media|packs)/[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
)
_KEPT: Final = 64
_NO_KEY: Final = "own-content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """What came of a block's own files: the content, or every problem; ``offer`` is None where there is no head."""

    content: OpenContent | None
    problems: tuple[Problem, ...] = ()
    offer: Offer | None = None


def read_inline(files: Files, framework: Framework) -> Inline:
    """Return what a block's own files make; never raises, whatever they hold."""
    faults = tuple(file_faults(files))
    if faults:
        return Inline(content=None, problems=faults)
    return _built(_Kept(files=files, framework=framework))


def file_faults(files: Any) -> Iterator[Problem]:
    """Give what keeps files from being read at all: names, sizes, text that is none."""
    if not isinstance(files, Mapping):
        yield _fault("content", "files-form", "this is no list of files", "copy an activity into the block again")
        return
    if len(files) > MAX_FILES or _size(files) > MAX_BYTES:
        message = f"more than {MAX_FILES} files or {MAX_BYTES} bytes"
        yield _fault("content", "files-too-large", message, "use fewer figures, or install it as a package")
    for name, value in files.items():
        if not isinstance(name, str) or not FILE_NAME.fullmatch(name):
            repair = "packages have lesson.yaml, items.yaml, lesson.en.md, figures/…, and for a project project.yaml"
            yield _fault(str(name)[:200], "file-place", "no such file belongs to a package", repair)
        elif find_bytes(value) is None:
            yield _fault(name, "file-unreadable", "this is neither text nor base64", "add the file again")


def find_bytes(value: Any) -> bytes | None:
    """Return what a file holds, None where it is neither a text nor `{"base64": …}`."""
    try:
        if isinstance(value, str):
            return value.encode("utf-8")
        if isinstance(value, Mapping) and set(value) == {"base64"}:
            return base64.b64decode("".join(str(value["base64"]).split()), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    return None


def as_value(data: bytes) -> str | dict[str, str]:
    """Return a file's bytes as the field keeps them."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def files_in(folder: Path) -> dict[str, Any]:
    """Return the files of a package's folder, to carry them in a block; foreign ones are left out."""
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: as_value(path.read_bytes()) for name, path in found.items() if FILE_NAME.fullmatch(name)}


class _Kept:
    """Files and framework, by what is in them."""

    __slots__ = ("files", "framework", "key")

    def __init__(self, *, files: Files, framework: Framework) -> None:
        self.files = files
        self.framework = framework
        text = json.dumps([framework.content_hash, files], sort_keys=True, ensure_ascii=True)
        self.key = hashlib.sha256(text.encode()).digest()

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other.key == self.key


@lru_cache(maxsize=_KEPT)
def _built(kept: _Kept) -> Inline:
    head = _head(kept.files)
    key = head.get("key")
    key = key if isinstance(key, str) and KEY_PATTERN.fullmatch(key) else _NO_KEY
    offer = offer_of(key, head, has_rubric=RUBRIC_FILE in kept.files) if head else None
    if offer is not None and offer.needs_tool:
        return Inline(content=None, offer=offer)
    with TemporaryDirectory(prefix="qualoop-") as place:
        folder = Path(place) / key
        _write(kept.files, folder)
        try:
            content = opened(folder, kept.framework)
        except AuthoredFilesError as error:
            return Inline(content=None, problems=error.problems, offer=offer)
        except MissingExtraError as error:
            return Inline(content=None, problems=(_fault("project.yaml", error.code, str(error), ""),), offer=offer)
    return Inline(content=content, offer=offer)


def _head(files: Files) -> Mapping[str, Any]:
    name = next((name for name in HEADS if name in files), None)
    file = parse_yaml(str(files[name]), name, Problems()) if name else None
    return file.data if file is not None and isinstance(file.data, Mapping) else {}


def _write(files: Files, folder: Path) -> None:
    folder.mkdir()
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(find_bytes(value) or b"")


def _size(files: Files) -> int:
    return len(json.dumps(dict(files), ensure_ascii=False, default=str).encode("utf-8", "surrogatepass"))


def _fault(file: str, code: str, message: str, repair: str) -> Problem:
    return Problem(file=file, line=1, code=code, message=message, repair=repair)
