"""Files that are small and cost much: what a PDF, a workbook, a document or a TIFF can do to whoever opens it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

_TIFF_TAGS = (
    *((256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)),
    (273, 4, 1, 8),
    (277, 3, 1, 1),
    (278, 3, 1, 1),
    (279, 4, 1, 1),
)
"""A picture of one pixel."""


def drawing_pdf(depth: int = 5, times: int = 25) -> bytes:
    """Return a PDF of one page, 2 KB, whose forms each draw the next one: ``times`` to the power of ``depth`` squares."""
    resources = "/Resources << /XObject << /F {} 0 R >> >>"
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R {resources.format(5)} >>",
        _stream("", "/F Do\n"),
    ]
    for level in range(depth):
        head = "/Type /XObject /Subtype /Form /BBox [0 0 600 900] "
        last = level == depth - 1
        bodies.append(
            _stream(
                head if last else head + resources.format(6 + level),
                ("0 0 10 10 re f\n" if last else "/F Do\n") * times,
            )
        )
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "0000000000 65535 f \n" + "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(bodies) + 1
    end = f"xref\n0 {size}\n{table}trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF"
    return out + end.encode()


def slow_pdf(size: int, pages: int = 1) -> bytes:
    """Return a PDF whose list of objects unpacks to ``size`` MiB, in less than 2 KiB each: that is read to count its pages."""
    rows = size * 1024 * 1024 // 6
    listed = zlib.compress(b"\1\0\0\0\x09\0" * rows, 9)
    out = (
        b"%PDF-1.5\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
        + b"2 0 obj\n<</Type/Pages/Kids[%s]/Count %d>>\nendobj\n" % (b"3 0 R " * pages, pages)
        + b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>\nendobj\n"
    )
    head = b"<</Type/XRef/Size %d/W[1 4 1]/Root 1 0 R/Filter/FlateDecode/Length %d>>" % (
        min(rows, 4_000_000),
        len(listed),
    )
    return out + b"9 0 obj\n%s\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % (head, listed, len(out))


def _stream(head: str, content: str) -> str:
    return f"<< {head}/Length {len(content)} >>\nstream\n{content}endstream"


def tiff(pages: int) -> bytes:
    """Return a TIFF with pages of one pixel, each of 114 bytes."""
    page = struct.pack("<H", len(_TIFF_TAGS)) + b"".join(struct.pack("<HHII", *tag) for tag in _TIFF_TAGS)
    out = bytearray(b"II*\0" + struct.pack("<I", 16) + b"\0" * 8)
    for number in range(pages):
        if number:
            struct.pack_into("<I", out, len(out) - 4, len(out))
        out += page + b"\0\0\0\0"
    return bytes(out)


def damaged_tiff() -> bytes:
    """Return a TIFF whose second page says how wide it is and nothing else."""
    out = bytearray(tiff(1))
    struct.pack_into("<I", out, len(out) - 4, len(out))
    return bytes(out + struct.pack("<HHHII", 1, 256, 3, 1, 1) + b"\0\0\0\0")


def long_directory(size: int) -> bytes:
    """Return what begins like an office document and is a list of ``size`` bytes of entries without a name."""
    head = b"PK\x03\x04" + bytes(26)
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 0, 20, *[0] * 8, 1, *[0] * 6) + b"a"
    count = size // len(entry)
    listed, at = entry * count, len(head)
    wide = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(listed), at)
    where = struct.pack("<4sLQL", b"PK\x06\x07", 0, at + len(listed), 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return head + listed + wide + where + end


def lying_document(unpacked: int) -> bytes:
    """Return an OpenDocument file whose type unpacks to ``unpacked`` bytes and says that it has forty."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", bytes(unpacked))
    return out.getvalue().replace(struct.pack("<L", unpacked), struct.pack("<L", 40))


def padded_workbook(data: bytes, name: str, inside: bytes, element: bytes, count: int) -> bytes:
    """Return a workbook one of whose entries has an element ``count`` times more at the end of another."""
    end = b"</" + inside + b">"
    with zipfile.ZipFile(io.BytesIO(data)) as before:
        content = before.read(name)
    assert end in content
    return changed_workbook(data, {name: content.replace(end, element * count + end, 1)})


def changed_workbook(data: bytes, changes: Mapping[str, bytes]) -> bytes:
    """Return a workbook with entries that are other, or new."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in dict.fromkeys([*before.namelist(), *changes]):
            after.writestr(entry, changes[entry] if entry in changes else before.read(entry))
    return out.getvalue()
