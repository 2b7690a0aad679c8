"""Files that people upload, to grey pictures: PDF, JPEG, PNG and TIFF. Whatever they hold, they cost only so much."""

from __future__ import annotations

import io
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray
from PIL import Image, ImageSequence, UnidentifiedImageError

from qualoop.errors import QualoopError

Grey = NDArray[np.uint8]

MAX_PIXELS: Final = 40_000_000
"""Of one picture: twice what a telephone takes."""
MAX_PAGES: Final = 400
"""Of one file."""
MAX_LONG_SIDE: Final = 2600
"""What a picture is made smaller to: 220 dpi on A4 are enough to read by."""
_PDF_DPI: Final = 200
_POINTS: Final = 72
_PDF_DEPTH: Final = 5
_MAX_PDF_SIDE: Final = 5000
"""In points: twice A0. No page of a scan is larger."""
_FORMATS: Final = ("JPEG", "PNG", "TIFF")
_PDF: Final = b"%PDF-"
_HEAD: Final = 1024
# PDFium may be called by one thread at a time: https://pypdfium2.readthedocs.io/en/stable/python_api.html
_ONE_AT_A_TIME: Final = threading.Lock()
_BROKEN: Final = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    MemoryError,
    IndexError,
    TypeError,
    struct.error,
    pdfium.PdfiumError,
)
"""What Pillow and PDFium raise on damaged files."""


class PictureRefusedError(QualoopError):
    """A file cannot be read as pictures: ``reason`` is `unreadable`, `too-large` or `too-many-pages`, of `opening` also
    `too-slow`: what was opened before took all the time there is.
    """

    code = "picture-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def count_pages(data: bytes) -> int:
    """Return how many pages a file has, at most MAX_PAGES, without opening them; raise PictureRefusedError."""
    try:
        count = _pdf_pages(data) if _is_pdf(data) else _image_pages(data)
    except _BROKEN as error:
        raise PictureRefusedError("unreadable") from error
    if count > MAX_PAGES:
        raise PictureRefusedError("too-many-pages")
    return count


def open_page(data: bytes, number: int) -> Grey:
    """Return one page of a file, from 0, as a grey picture; raise PictureRefusedError."""
    try:
        return _pdf_page(data, number) if _is_pdf(data) else _image_page(data, number)
    except _BROKEN as error:
        raise PictureRefusedError("unreadable") from error


def pages(data: bytes) -> Iterator[Grey]:
    """Give all pages of a file; raise PictureRefusedError."""
    for number in range(count_pages(data)):
        yield open_page(data, number)


def _is_pdf(data: bytes) -> bool:
    return _PDF in data[:_HEAD]


@contextmanager
def _document(data: bytes) -> Iterator[Any]:
    """Open a PDF, one at a time in this process; raise PictureRefusedError."""
    with _ONE_AT_A_TIME:
        try:
            document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as error:
            raise PictureRefusedError("unreadable") from error
        with document:
            yield document


def _pdf_pages(data: bytes) -> int:
    with _document(data) as document:
        return len(document)


def _pdf_page(data: bytes, number: int) -> Grey:
    with _document(data) as document:
        page = document[number]
        width, height = page.get_size()
        if not (0 < width <= _MAX_PDF_SIDE and 0 < height <= _MAX_PDF_SIDE):
            raise PictureRefusedError("too-large")
        _check_pictures_in(page)
        scale = min(_PDF_DPI / _POINTS, MAX_LONG_SIDE / max(width, height))
        picture = page.render(scale=scale, grayscale=True, may_draw_forms=False)
        found: Grey = np.array(picture.to_numpy().reshape(picture.height, picture.width, -1)[:, :, 0])
        return found


def _check_pictures_in(page: Any) -> None:
    """Raise PictureRefusedError for a page that holds a picture too large to be unpacked."""
    for picture in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=_PDF_DEPTH):
        width, height = picture.get_px_size()
        if width * height > MAX_PIXELS:
            raise PictureRefusedError("too-large")


def _image(data: bytes) -> Image.Image:
    """Open a picture without decoding it: its size is checked first."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of what we refuse ourselves.
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = "too-large" if isinstance(error, Image.DecompressionBombError) else "unreadable"
        raise PictureRefusedError(reason) from error
    _check_size(image)
    return image


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise PictureRefusedError("too-large")


def _image_pages(data: bytes) -> int:
    """Return how many pages a picture has; of more than MAX_PAGES, one more than that."""
    with _image(data) as image, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if image.format != "TIFF":
            return 1
        # `n_frames` walks to the last of them first, of which a file of 2 MB can have 20,000.
        for number in range(1, MAX_PAGES + 1):
            try:
                image.seek(number)
            except EOFError:
                return number
        return MAX_PAGES + 1


def _image_page(data: bytes, number: int) -> Grey:
    with _image(data) as image, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = image if number == 0 else ImageSequence.Iterator(image)[number]
        _check_size(frame)
        # JPEG is decoded at half or a quarter of its size where that is enough.
        frame.draft("L", (MAX_LONG_SIDE, MAX_LONG_SIDE))
        grey = frame.convert("L")
        grey.thumbnail((MAX_LONG_SIDE, MAX_LONG_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
        return np.array(grey)
