"""Pictures of sheets: scans, photos, hostile files; what is read is what was marked, or it waits."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from benchmarks.classroom_sheets import layouts, run_sheets
from qualoop.classroom.paper.finding import as_jpeg
from qualoop.classroom.paper.pictures import MAX_PAGES, PictureRefusedError, count_pages, open_page
from qualoop.classroom.paper.printing import NUMBER_BOX, Head, PrintedPage, measure, print_sheets
from qualoop.classroom.paper.reading import PageProblem, PageReading, Printed, read_page
from qualoop.classroom.sheets.codes import PageCode, code_text, find_code
from qualoop.classroom.sheets.judging import Finding
from qualoop.classroom.sheets.layout import Question, set_pages
from qualoop.classroom.sheets.shapes import Page, Paper, RowKind
from tests.factories.hostile_files import damaged_tiff, tiff
from tests.factories.paper import Pen, Picture, fill, pictures, png

SECRET = "ours"
CODE = PageCode(sheet="0123456789", version="A", page=1)
WORDS = {"fill": "Fill the circles", "name": "Name", "number": "Number", "teacher": "老师"}


def page_of(paper: Paper = Paper.A4) -> Page:
    asked = [
        Question(part="l/one", kind=RowKind.ONE, prompt="哪一个？ Which one?", options=(("a", "这个"), ("b", "that"))),
        Question(part="l/many", kind=RowKind.MANY, prompt="Which?", options=(("a", "x"), ("b", "y"), ("c", "z"))),
        Question(part="l/written", kind=RowKind.MARKED, prompt="How much?"),
    ]
    return set_pages(asked, paper, measure)[0]


def printed(paper: Paper = Paper.A4, name: str | None = "王小明") -> Picture:
    head = Head(title="测验 Test", course="课程", name=name)
    page = PrintedPage(head=head, code=code_text(CODE, SECRET), foot="A", page=page_of(paper))
    return pictures(print_sheets([page], paper, WORDS))[0]


def read(picture: Picture, paper: Paper = Paper.A4) -> PageReading:
    return read_page(picture, lambda text: find_code(text, SECRET), lambda _: Printed(paper=paper, page=page_of(paper)))


MARKS = {"l/one": ("b",), "l/many": ("a", "c"), "l/written": ("0.75",)}


def turned(picture: Picture, times: int) -> Picture:
    return np.ascontiguousarray(np.rot90(picture, times))


def photo(picture: Picture) -> Picture:
    """Return a page as a telephone sees it: from one side, on a dark table, the light from the left."""
    height, width = picture.shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = np.array([(160, 120), (1180, 60), (1260, 1700), (60, 1620)], np.float32)
    out = cv2.warpPerspective(picture, cv2.getPerspectiveTransform(corners, seen), (1320, 1760), borderValue=90)
    light = np.linspace(1.0, 0.7, out.shape[1])[None, :]
    return (out * light).astype(np.uint8)


@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize("name", ["Ada", None])
@pytest.mark.parametrize("seen", [lambda each: each, lambda each: turned(each, 1), lambda each: turned(each, 2), photo])
def test_what_was_marked_is_read(paper: Paper, name: str | None, seen: Callable[[Picture], Picture]) -> None:
    found = read(seen(fill(printed(paper, name), page_of(paper), Pen(MARKS))), paper)
    assert found.problem is None
    assert found.code == CODE
    assert {row.part: row.picked for row in found.rows} == MARKS
    assert all(row.finding is Finding.CLEAR for row in found.rows)


def test_faint_and_crossed_circles_are_never_guessed() -> None:
    page = page_of()
    picture = fill(printed(), page, Pen({"l/one": ("a",), "l/many": ("a",)}, grey={"l/one": 195}))
    bubble = page.rows[1].bubbles[1]
    x, y = (round(value * 150 / 25.4) for value in (bubble.x, bubble.y))
    cv2.line(picture, (x - 9, y - 9), (x + 9, y + 9), 40, 2)
    cv2.line(picture, (x - 9, y + 9), (x + 9, y - 9), 40, 2)
    found = read(picture)
    assert [row.finding for row in found.rows] == [Finding.FAINT, Finding.FAINT, Finding.UNMARKED]
    assert {row.confidence for row in found.rows[:2]} == {0.0}


def test_an_empty_page_says_so() -> None:
    assert read(printed()).problem is PageProblem.BLANK


def test_a_page_without_a_corner_is_not_read() -> None:
    picture = fill(printed(), page_of(), Pen(MARKS))
    picture[-130:, :130] = 255
    assert read(picture).problem is PageProblem.NO_MARKS


def test_a_stranger_is_not_read() -> None:
    blank = np.full((1754, 1240), 255, np.uint8)
    assert read(blank).problem is PageProblem.UNKNOWN
    found = read_page(printed(), lambda text: find_code(text, "theirs"), lambda _: None)
    assert (found.code, found.problem) == (None, PageProblem.UNKNOWN)


def test_ten_poor_scans_of_two_versions() -> None:
    """The bench in small, with its noise."""
    found = run_sheets(10)
    assert (found["sheets_misassigned"], found["sheets_waiting"], found["rows_waiting"]) == (0, 0, 0)


def test_versions_of_the_bench_differ() -> None:
    pages = layouts()
    parts = {version: [row.part for row in page.rows] for version, page in pages.items()}
    assert parts["A"] != parts["B"]
    assert sorted(parts["A"]) == sorted(parts["B"])


def test_the_same_sheets_are_the_same_bytes() -> None:
    page = PrintedPage(head=Head(title="t", course="c", name="n"), code="QL", foot="A", page=page_of())
    assert print_sheets([page], Paper.A4, WORDS) == print_sheets([page], Paper.A4, WORDS)
    assert NUMBER_BOX[2] < Paper.A4.code[0][0]


def saved(size: tuple[int, int], kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("1", size, 1).save(out, kind)
    return out.getvalue()


def test_bombs_in_a_pdf_are_refused_before_they_are_opened() -> None:
    data = saved((9000, 9000), "PDF")
    assert count_pages(data) == 1
    with pytest.raises(PictureRefusedError) as refused:
        open_page(data, 0)
    assert refused.value.reason == "too-large"


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_bombs_are_refused_before_they_are_opened(kind: str) -> None:
    data = saved((9000, 9000), kind)
    assert len(data) < 15_000_000
    with pytest.raises(PictureRefusedError) as refused:
        count_pages(data)
    assert refused.value.reason == "too-large"


def test_twenty_megapixels_are_taken_and_made_smaller() -> None:
    found = open_page(saved((5000, 4000), "PNG"), 0)
    assert max(found.shape) == 2600


@pytest.mark.parametrize("shape", [(2600, 1), (1, 2600), (1, 1)])
def test_a_line_is_a_picture_too(shape: tuple[int, int]) -> None:
    picture = open_page(png(np.zeros(shape, np.uint8)), 0)
    assert as_jpeg(picture).startswith(b"\xff\xd8")
    assert read(picture).problem is PageProblem.UNKNOWN


def test_pages_are_opened_by_one_thread_at_a_time() -> None:
    head = Head(title="T", course="c", name=None)
    page = PrintedPage(head=head, code=code_text(CODE, SECRET), foot="A", page=page_of())
    data = print_sheets([page, page], Paper.A4, WORDS)
    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(lambda number: open_page(data, number % 2), range(6)))
        assert set(threads.map(count_pages, [data] * 4)) == {2}
    assert all((each == opened[0]).all() for each in opened)


def test_a_tiff_has_its_pages_and_a_broken_page_is_refused() -> None:
    frames = [Image.new("L", (60, 80), shade) for shade in (0, 200)]
    out = io.BytesIO()
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:])
    assert count_pages(out.getvalue()) == 2
    assert int(open_page(out.getvalue(), 1)[0, 0]) == 200
    data = png(printed())
    assert count_pages(data[: len(data) // 2]) == 1
    with pytest.raises(PictureRefusedError):
        open_page(data[: len(data) // 2], 0)


def test_the_pages_of_a_tiff_are_not_walked_beyond_what_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    walked: list[int] = []
    seek = TiffImageFile._seek
    monkeypatch.setattr(TiffImageFile, "_seek", lambda image, frame: walked.append(frame) or seek(image, frame))
    assert count_pages(tiff(MAX_PAGES)) == MAX_PAGES
    walked.clear()
    with pytest.raises(PictureRefusedError, match="too-many-pages"):
        count_pages(tiff(2000))
    assert walked[-1] == MAX_PAGES


def test_a_damaged_tiff_is_refused() -> None:
    with pytest.raises(PictureRefusedError, match="unreadable"):
        count_pages(damaged_tiff())


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"%PDF-", b"%PDF-1.7\n%%EOF", b"\x89PNG\r\n\x1a\n", b"II*\x00" + b"\xff" * 20]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PictureRefusedError):
        open_page(data, count_pages(data) - 1)
