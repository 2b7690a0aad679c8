"""Photos that a phone took, made anew from their pixels: no place, no time, no device. Whatever comes costs only so much."""

from __future__ import annotations

import io
import threading
import warnings
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from qualoop.errors import QualoopError

MAX_JPEG_PIXELS: Final = 50_000_000
"""A JPEG is decoded smaller at once, so it may have more than other pictures."""
MAX_PIXELS: Final = 25_000_000
MAX_SIDE: Final = 1600
"""Pixels of the longer side of what is kept."""
QUALITY: Final = 82
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_BROKEN: Final = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    MemoryError,
    IndexError,
    TypeError,
    Image.DecompressionBombError,
)
# A picture needs up to a hundred megabytes while it is made smaller, so one at a time; that also keeps the filter of
# warnings, which is the process's, to one thread.
_ONE_AT_A_TIME: Final = threading.Lock()


class PhotoUnreadableError(QualoopError):
    """This is no picture that can be read, or one of too many pixels."""

    code = "photo-unreadable"


def clean_photo(data: bytes) -> bytes:
    """Return a photo as a JPEG of at most MAX_SIDE pixels without any of its metadata; raise PhotoUnreadableError.

    It is turned as its camera said first. Of several frames the first one counts.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        # Pillow warns of what is refused here.
        warnings.simplefilter("ignore")
        try:
            return _cleaned(data)
        except (*_BROKEN, UnidentifiedImageError) as error:
            raise PhotoUnreadableError from error


def _cleaned(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
        most = MAX_JPEG_PIXELS if opened.format == "JPEG" else MAX_PIXELS
        if opened.width * opened.height > most:
            raise PhotoUnreadableError
        # Halves, quarters or eighths, while it is read.
        opened.draft("RGB", (MAX_SIDE, MAX_SIDE))
        if opened.width * opened.height > MAX_PIXELS:
            raise PhotoUnreadableError
        turned = ImageOps.exif_transpose(opened)
        flat = _on_white(turned)
        flat.thumbnail((MAX_SIDE, MAX_SIDE))
        # Pixels alone go into the new picture: `info` of the old one would bring its EXIF, XMP and profiles along.
        bare = Image.new("RGB", flat.size)
        bare.paste(flat)
        made = io.BytesIO()
        bare.save(made, "JPEG", quality=QUALITY, optimize=True)
        return made.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    """Return a picture without transparency."""
    if picture.mode not in {"RGBA", "LA", "PA", "P"}:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")
