"""Zip files that people send: how they are opened and read without costing more than is known beforehand."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Final

MAX_DIRECTORY: Final = 1024 * 1024
"""Bytes of the list of entries, of at least 46 each: some 20,000, a quarter of a second. Office documents have hundreds."""
BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    EOFError,
)
"""What opening and reading a damaged or hostile file raises."""
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class _Guarded(io.BytesIO):
    """A file of which no single piece can be read that is larger than a list of entries may be.

    `zipfile` reads that list in one piece, of the size that the file's last record says, before it counts anything. So the
    size is held here, however the record is found.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        left = len(self.getbuffer()) - self.tell()
        if (left if size is None or size < 0 else min(size, left)) > MAX_DIRECTORY:
            raise zipfile.BadZipFile
        return super().read(size)


def open_zip(data: bytes) -> zipfile.ZipFile:
    """Return a zip file, opened; raise one of BROKEN, also where its list of entries is too long."""
    return zipfile.ZipFile(_Guarded(data))


def read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes | None:
    """Return an entry's bytes, None where there are more than ``most``; raise one of BROKEN.

    What the file says of an entry's size proves nothing: `ZipFile.read` would unpack two gigabytes at a time.
    """
    if entry.compress_type not in _METHODS:
        raise zipfile.BadZipFile
    got = bytearray()
    with archive.open(entry) as opened:
        while more := opened.read(min(most + 1 - len(got), io.DEFAULT_BUFFER_SIZE)):
            got += more
            if len(got) > most:
                return None
    return bytes(got)
