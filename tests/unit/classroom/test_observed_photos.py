"""Photos are made anew from their pixels: small enough, turned, flat, without a word of where and when."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from qualoop.classroom.paper.photos import MAX_SIDE, PhotoUnreadableError, clean_photo

PLACE = b"GPS-52.5200"
ORIENTATION = 0x0112
TURNED_LEFT = 6


def encoded(kind: str, size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any) -> bytes:
    made = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(made, kind, **options)
    return made.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(clean_photo(data)))


def exif(orientation: int = 1) -> bytes:
    made = Image.Exif()
    made[ORIENTATION] = orientation
    made[0x010E] = PLACE.decode()
    return made.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_but_pixels_is_kept(kind: str) -> None:
    data = encoded(kind, exif=exif())
    assert PLACE in data
    cleaned = clean_photo(data)
    assert PLACE not in cleaned
    found = Image.open(io.BytesIO(cleaned))
    assert (found.format, found.size, dict(found.getexif())) == ("JPEG", (60, 40), {})


def test_it_is_turned_as_the_camera_said() -> None:
    assert opened(encoded("JPEG", exif=exif(TURNED_LEFT))).size == (40, 60)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1"])
def test_any_mode_becomes_plain_colours(mode: str) -> None:
    assert opened(encoded("PNG", mode=mode)).mode == "RGB"


def test_a_large_one_is_made_smaller() -> None:
    assert max(opened(encoded("JPEG", (6000, 4000))).size) == MAX_SIDE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        encoded("PNG")[:-30],
        encoded("GIF", mode="P"),
        encoded("TIFF"),
        encoded("PNG", (5100, 5000), mode="1"),
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    ],
    ids=["empty", "zip", "cut", "gif", "tiff", "bomb", "svg"],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(PhotoUnreadableError):
        clean_photo(data)
