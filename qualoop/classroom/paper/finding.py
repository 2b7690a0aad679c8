"""Finds a page in a picture: its QR code says which and which way up, its corner marks where exactly everything is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from qualoop.classroom.paper.pictures import Grey
from qualoop.classroom.sheets.codes import PageCode
from qualoop.classroom.sheets.shapes import MARK_SIDE, Paper

Points = NDArray[np.float64]

SCALE: Final = 6.0
"""Pixels a millimetre in the page that is laid straight: 152 dpi."""
_REACH: Final = 0.16
"""How far a corner mark may lie from where the QR code alone lets it be expected, as a share of the page's height."""
_COARSE: Final = 3.0
"""Pixels a millimetre in which corner marks are looked for."""
_DARKEST_GREY: Final = 140
"""No corner mark is paler, however dim the light of a photo."""
_FULL: Final = 0.55
"""Share of its frame that a square fills, turned by up to 45 degrees: half."""
_MOST_SHAPES: Final = 200_000
_TOO_SMALL: Final = 2.2
"""Pixels a millimetre: below this nothing can be told of a bubble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCode:
    """A QR code of ours in a picture, with its four corners in the code's own order."""

    code: PageCode
    corners: Points


def find_codes(picture: Grey, read: Callable[[str], PageCode | None]) -> FoundCode | None:
    """Return the code of the page that a picture shows; None where there is none that ``read`` knows."""
    for attempt, factor in _attempts(picture):
        for barcode in zxingcpp.read_barcodes(attempt, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)):
            code = read(barcode.text)
            if code is not None:
                return FoundCode(code=code, corners=_corners(barcode) / factor)
    return None


def _attempts(picture: Grey) -> Iterator[tuple[Grey, float]]:
    """Give the picture as it is, then in other ways in which a poor code may still be read."""
    yield picture, 1.0
    calm = calmed(picture)
    yield calm, 1.0
    yield _grey(cv2.resize(calm, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)), 2.0
    yield _grey(cv2.adaptiveThreshold(calm, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, 51, 8)), 1.0


def calmed(picture: Grey) -> Grey:
    """Return a picture without single specks."""
    return _grey(cv2.medianBlur(picture, 3))


def _grey(picture: Any) -> Grey:
    return np.asarray(picture, dtype=np.uint8)


def _corners(barcode: zxingcpp.Barcode) -> Points:
    place = barcode.position
    corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    return np.array([(corner.x, corner.y) for corner in corners], dtype=np.float64)


def lay_straight(picture: Grey, found: FoundCode, paper: Paper) -> Grey | None:
    """Return the page of a picture laid straight by its corner marks; None where they cannot all be found."""
    calm = calmed(picture)
    expected = _affine(np.array(paper.code), found.corners)
    # How many pixels a millimetre has in this picture.
    scale = float(np.sqrt(abs(np.linalg.det(expected[:, :2]))))
    if scale < _TOO_SMALL:
        return None
    squares = _squares(calm, scale)
    marks = np.array(paper.marks)
    places = _match(squares, marks, expected, reach=_REACH * paper.size[1] * scale)
    if places is None:
        return None
    width, height = paper.size
    target = marks * SCALE
    matrix = cv2.getPerspectiveTransform(places.astype(np.float32), target.astype(np.float32))
    size = (round(width * SCALE), round(height * SCALE))
    return _grey(cv2.warpPerspective(calm, matrix, size, flags=cv2.INTER_LINEAR, borderValue=255))


def _affine(source: Points, target: Points) -> Points:
    """Return the affine map, 2 x 3, that takes ``source`` nearest to ``target`` (least squares)."""
    design = np.hstack([source, np.ones((len(source), 1))])
    return np.asarray(np.linalg.lstsq(design, target, rcond=None)[0].T, dtype=np.float64)


def _squares(calm: Grey, scale: float) -> Points:
    """Return the middles of whatever is black, full, and as large as a corner mark; ``scale`` is pixels a millimetre."""
    # Smaller, because the middle of a square is as exact there, and the specks of a poor scan are gone.
    factor = min(1.0, _COARSE / scale)
    picture = _grey(cv2.resize(calm, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
    side = MARK_SIDE * scale * factor
    block = int(side * 4) | 1
    mean = cv2.boxFilter(picture, -1, (block, block))
    dark = ((picture < (mean.astype(np.int16) - 30)) & (picture < _DARKEST_GREY)).astype(np.uint8)
    count, _, stats, middles = cv2.connectedComponentsWithStats(dark, connectivity=4)
    if count > _MOST_SHAPES:
        return np.empty((0, 2))
    wide, high, area = (stats[:, column].astype(np.float64) for column in (2, 3, 4))
    full = area / np.maximum(wide * high, 1)
    right_size = (area > 0.5 * side**2) & (area < 1.7 * side**2)
    square = (np.maximum(wide, high) < 1.9 * side) & (np.minimum(wide, high) > 0.6 * side) & (full > _FULL)
    # A pixel's middle is half a pixel from where it begins, in either size.
    return np.asarray((middles[right_size & square] + 0.5) / factor - 0.5, dtype=np.float64)


def _match(squares: Points, marks: Points, expected: Points, *, reach: float) -> Points | None:
    """Return which square is which mark: nearest to the code first, each one found telling better where the next is."""
    if len(squares) < len(marks):
        return None
    order = (1, 0, 2, 3)
    known: list[int] = []
    places: dict[int, Points] = {}
    for index in order:
        guess = expected @ np.array([*marks[index], 1.0])
        if known:
            # Moved by how far the nearest that is known was off.
            near = known[0]
            guess += (places[near] - expected @ np.array([*marks[near], 1.0])) * 0.5
        distances = np.linalg.norm(squares - guess, axis=1)
        best = int(distances.argmin())
        if distances[best] > reach:
            return None
        places[index] = squares[best]
        known.append(index)
    return _if_plausible(np.array([places[index] for index in range(len(marks))]), marks)


def _if_plausible(places: Points, marks: Points) -> Points | None:
    """Return four places that can be the corners of a page, else None: apart from each other, and round the right way."""
    sides = np.roll(places, -1, axis=0) - places
    after = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0]
    lengths = np.linalg.norm(sides, axis=1) / np.linalg.norm(np.roll(marks, -1, axis=0) - marks, axis=1)
    is_convex = bool((turns > 0).all())
    return places if is_convex and lengths.max() < 2.0 * lengths.min() else None


def crop(straight: Grey, box: Sequence[float], margin: float = 2.0) -> Grey:
    """Return what lies in a box of millimetres: left, top, right, bottom."""
    height, width = straight.shape
    left, top = (max(0, int((value - margin) * SCALE)) for value in box[:2])
    right, bottom = min(width, int((box[2] + margin) * SCALE)), min(height, int((box[3] + margin) * SCALE))
    return straight[top:bottom, left:right]


def as_jpeg(picture: Grey, longest: int = 900, quality: int = 60) -> bytes:
    """Return a picture as JPEG, at most ``longest`` pixels wide or high."""
    factor = min(1.0, longest / max(picture.shape[:2]))
    if factor < 1.0:
        high, wide = (max(1, round(side * factor)) for side in picture.shape[:2])
        picture = _grey(cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA))
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])
