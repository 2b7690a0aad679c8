"""The icon of the phone app, as SVG and as PNG in the sizes that phones ask for; drawn here, so that both are one picture."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import Any, Final

import numpy as np

THEME: Final = "#3949c0"

_GROUND: Final = (57, 73, 192)
_INK: Final = (255, 255, 255)
#: The tick, in shares of the side: three points, and half the breadth of its line.
_TICK: Final = ((0.29, 0.52), (0.44, 0.67), (0.72, 0.36))
_HALF_LINE: Final = 0.055
_CORNER: Final = 0.22
#: A maskable icon may lose everything outside of a circle of four fifths of its side, so its tick is smaller.
#: See https://www.w3.org/TR/appmanifest/#icon-masks
_SAFE: Final = 0.78


def svg_icon() -> str:
    """Return the icon as SVG."""
    points = " ".join(f"{x * 100:g},{y * 100:g}" for x, y in _TICK)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
        f'<rect width="100" height="100" rx="{_CORNER * 100:g}" fill="{THEME}"/>'
        f'<polyline points="{points}" fill="none" stroke="#fff" stroke-width="{_HALF_LINE * 200:g}"'
        ' stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )


@lru_cache(maxsize=8)
def png_icon(side: int, *, full: bool = False) -> bytes:
    """Return the icon as PNG, ``side`` pixels wide; ``full`` fills the whole square, for phones that cut it themselves."""
    axis = (np.arange(side) + 0.5) / side
    x, y = np.meshgrid(axis, axis)
    ground = np.ones((side, side)) if full else _inside(_distance_to_square(x, y), side)
    scale = _SAFE if full else 1.0
    points = [((px - 0.5) * scale + 0.5, (py - 0.5) * scale + 0.5) for px, py in _TICK]
    line = np.minimum(_distance_to_line(x, y, points[:2]), _distance_to_line(x, y, points[1:])) - _HALF_LINE * scale
    ink = _inside(line, side)[..., None]
    colour = np.array(_GROUND) * (1 - ink) + np.array(_INK) * ink
    return _png(np.dstack([colour, ground * 255]).round().astype(np.uint8))


def _inside(distance: Any, side: int) -> Any:
    """Return how much of each pixel lies inside an edge, of which ``distance`` is how far outside it lies."""
    return np.clip(0.5 - distance * side, 0, 1)


def _distance_to_square(x: Any, y: Any) -> Any:
    """Return how far outside of the rounded square each pixel lies."""
    beyond_x, beyond_y = np.abs(x - 0.5) - 0.5 + _CORNER, np.abs(y - 0.5) - 0.5 + _CORNER
    outside = np.hypot(np.maximum(beyond_x, 0), np.maximum(beyond_y, 0))
    return outside + np.minimum(np.maximum(beyond_x, beyond_y), 0) - _CORNER


def _distance_to_line(x: Any, y: Any, ends: list[tuple[float, float]]) -> Any:
    """Return how far each pixel is from a stretch."""
    (ax, ay), (bx, by) = ends
    along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
    along = np.clip(along, 0, 1)
    return np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay))


def _png(pixels: Any) -> bytes:
    """Return an image of red, green, blue, alpha as PNG (https://www.w3.org/TR/png-3/)."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
