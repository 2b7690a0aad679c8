"""What a file of submitted work is, by what it holds: only what is on the list is taken, whatever its name says.

Nothing on it runs in a browser: no HTML, no SVG, no script, no program, no archive but those of office documents.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from lti_tool.services.mechanisms.zip_files import BROKEN, open_zip, read_entry

_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT: Final = "application/vnd.oasis.opendocument."
_CONTENT_TYPES: Final = "[Content_Types].xml"
_MACROS: Final = ("vbaproject.bin", "vbadata.xml")
_HEAD: Final = 4096
_MOST_ENTRIES: Final = 5000
_LONGEST_TYPE: Final = 100
_TEXT_TYPES: Final = {".csv": "text/csv", ".md": "text/markdown", ".txt": "text/plain"}
_OFFICE_PARTS: Final = {
    "word/": f"{_OFFICE}wordprocessingml.document",
    "xl/": f"{_OFFICE}spreadsheetml.sheet",
    "ppt/": f"{_OFFICE}presentationml.presentation",
}
_OPEN_KINDS: Final = ("text", "spreadsheet", "presentation")

ENDINGS: Final = (
    *(".pdf", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".txt", ".md", ".csv", ".docx", ".xlsx", ".pptx"),
    *(".odt", ".ods", ".odp", ".mp3", ".wav", ".m4a", ".mp4", ".webm"),
)
"""What a file dialogue offers."""
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
SOUNDS: Final = frozenset({"audio/mpeg", "audio/wav", "audio/mp4"})
FILMS: Final = frozenset({"video/mp4", "video/webm"})
SHOWN: Final = PICTURES | SOUNDS | FILMS
"""What a page may show in itself; everything else is only ever downloaded."""


@dataclass(frozen=True, slots=True)
class _Signature:
    """A media type and how its files begin: bytes at an offset, and more that must follow at another."""

    media_type: str
    start: bytes
    at: int = 0
    then: bytes = b""
    then_at: int = 0

    def fits(self, head: bytes) -> bool:
        return head.startswith(self.start, self.at) and head.startswith(self.then, self.then_at)


_SIGNATURES: Final = (
    _Signature("application/pdf", b"%PDF-"),
    _Signature("image/png", b"\x89PNG\r\n\x1a\n"),
    _Signature("image/jpeg", b"\xff\xd8\xff"),
    _Signature("image/gif", b"GIF87a"),
    _Signature("image/gif", b"GIF89a"),
    _Signature("image/webp", b"RIFF", then=b"WEBP", then_at=8),
    _Signature("audio/wav", b"RIFF", then=b"WAVE", then_at=8),
    _Signature("audio/mpeg", b"ID3"),
    _Signature("audio/mpeg", b"\xff\xfb"),
    _Signature("audio/mpeg", b"\xff\xf3"),
    _Signature("audio/mp4", b"ftypM4A", at=4),
    _Signature("video/mp4", b"ftyp", at=4),
    _Signature("video/webm", b"\x1a\x45\xdf\xa3"),
)


def find_media_type(name: str, data: bytes) -> str | None:
    """Return the media type that the content shows; None where it is nothing that is taken.

    The name decides only between kinds of plain text, which look alike.
    """
    head = data[:_HEAD]
    for signature in _SIGNATURES:
        if signature.fits(head):
            return signature.media_type
    kinds: tuple[Callable[[str, bytes], str | None], ...] = (_office_type, _text_type)
    return next((found for kind in kinds if (found := kind(name, data))), None)


def _office_type(name: str, data: bytes) -> str | None:
    """Return the type of an office document without macros, by the names of its entries; nothing else of it is unpacked."""
    if not data.startswith(b"PK\x03\x04"):
        return None
    try:
        with open_zip(data) as archive:
            names = archive.namelist()
            if len(names) > _MOST_ENTRIES or any(each.lower().endswith(_MACROS) for each in names):
                return None
            if "mimetype" in names:
                return _open_type(archive)
    except BROKEN:
        return None
    found = [kind for part, kind in _OFFICE_PARTS.items() if any(each.startswith(part) for each in names)]
    return found[0] if _CONTENT_TYPES in names and len(found) == 1 else None


def _open_type(archive: zipfile.ZipFile) -> str | None:
    found = read_entry(archive, archive.getinfo("mimetype"), _LONGEST_TYPE)
    said = "" if found is None else found.decode("ascii", "replace").strip()
    return next((said for kind in _OPEN_KINDS if said == _OPEN_DOCUMENT + kind), None)


def _text_type(name: str, data: bytes) -> str | None:
    """Return the type of a text in UTF-8 whose name ends like one; what a browser might take for a page is sent as text."""
    media_type = _TEXT_TYPES.get(PurePosixPath(name).suffix.lower())
    if media_type is None or b"\x00" in data:
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return media_type
