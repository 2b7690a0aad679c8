"""Which files a package may hold: by ending, with media type, largest size and how the content begins."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final, NamedTuple

MEGABYTE: Final = 1_000_000


class MediaType(NamedTuple):
    """What a file's ending promises. Sizes in bytes; ``begins`` is matched against the first bytes."""

    name: str
    max_bytes: int
    begins: re.Pattern[bytes]

    @property
    def family(self) -> str:
        """Return what it is: `image`, `audio`, `video` or `text`."""
        return self.name.partition("/")[0]


def _row(name: str, max_bytes: int, begins: bytes) -> MediaType:
    return MediaType(name, max_bytes, re.compile(begins, re.DOTALL))


# The signatures are those of the WHATWG MIME Sniffing standard (https://mimesniff.spec.whatwg.org/).
MEDIA_TYPES: Final = {
    ".svg": _row("image/svg+xml", 512_000, rb""),
    ".png": _row("image/png", 2 * MEGABYTE, rb"\x89PNG\r\n\x1a\n"),
    ".jpg": _row("image/jpeg", 2 * MEGABYTE, rb"\xff\xd8\xff"),
    ".webp": _row("image/webp", 2 * MEGABYTE, rb"RIFF.{4}WEBP"),
    ".mp3": _row("audio/mpeg", 20 * MEGABYTE, rb"ID3|\xff[\xe2-\xff]"),
    ".m4a": _row("audio/mp4", 20 * MEGABYTE, rb".{4}ftyp"),
    ".mp4": _row("video/mp4", 80 * MEGABYTE, rb".{4}ftyp"),
    ".webm": _row("video/webm", 80 * MEGABYTE, rb"\x1a\x45\xdf\xa3"),
    ".vtt": _row("text/vtt", MEGABYTE, rb""),
    ".md": _row("text/markdown", MEGABYTE, rb""),
}
MAX_FILES: Final = 200
MAX_PACKAGE_BYTES: Final = 150 * MEGABYTE


def find_media_type(path: str) -> MediaType | None:
    """Return what the ending of ``path`` promises, or None where such files are not for packages."""
    return MEDIA_TYPES.get(PurePosixPath(path).suffix)


def endings(family: str) -> tuple[str, ...]:
    """Return the endings of `image`, `audio`, `video` or `text` files."""
    return tuple(ending for ending, media_type in MEDIA_TYPES.items() if media_type.family == family)
