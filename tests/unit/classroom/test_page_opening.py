"""The process that opens pages: what a file costs ends that process at most, and the next file is opened."""

from __future__ import annotations

import io
import math
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from qualoop.classroom.paper import pictures
from qualoop.classroom.paper.opening import (
    COUNTING,
    MOST_LOST_OF_FILE,
    READING,
    Limits,
    OpenerUnavailableError,
    PageOpener,
)
from qualoop.classroom.paper.pictures import PictureRefusedError
from tests.factories.hostile_files import drawing_pdf, slow_pdf, tiff
from tests.factories.paper import png

MIB = 1 << 20
TIGHT = Limits(memory=128 * MIB, cpu_s=3, wall_s=30.0, most_lost=10)
GOOD = png(np.full((40, 30), 7, np.uint8))


@pytest.fixture
def opener() -> Iterator[PageOpener]:
    with PageOpener(TIGHT) as made:
        yield made


def refused(opener: PageOpener, data: bytes, number: int = 0) -> str:
    with pytest.raises(PictureRefusedError) as error:
        opener.open_page(data, number)
    return error.value.reason


def test_pages_are_the_same_as_in_this_process(opener: PageOpener) -> None:
    for data in (GOOD, tiff(3), drawing_pdf(2, 3)):
        assert opener.count_pages(data) == pictures.count_pages(data)
        found = opener.open_page(data, 0)
        assert (found == pictures.open_page(data, 0)).all()


def test_a_page_of_forty_million_pixels_fits_into_the_limits() -> None:
    out = io.BytesIO()
    Image.new("RGB", (8000, 5000), "red").save(out, "PDF", resolution=600)
    with PageOpener(READING) as opener:
        assert max(opener.open_page(out.getvalue(), 0).shape) > 2000
    with PageOpener(COUNTING) as opener:
        assert opener.count_pages(out.getvalue()) == 1


def test_a_pdf_that_draws_without_end_is_refused_and_the_next_file_is_opened(opener: PageOpener) -> None:
    hostile = drawing_pdf()
    assert len(hostile) < 2500
    assert opener.count_pages(hostile) == 1
    assert refused(opener, hostile) == "unreadable"
    assert opener.open_page(GOOD, 0).shape == (40, 30)


def test_a_pdf_that_takes_too_long_is_refused() -> None:
    with PageOpener(Limits(memory=8192 * MIB, cpu_s=30, wall_s=0.5, most_lost=10)) as opener:
        opener.open_page(GOOD, 0)
        assert refused(opener, drawing_pdf(4, 60)) == "unreadable"
        assert opener.process_id is None


def test_of_a_file_and_of_an_upload_only_so_many_pages_end_a_process() -> None:
    with PageOpener(Limits(memory=64 * MIB, cpu_s=5, wall_s=0.0, most_lost=MOST_LOST_OF_FILE + 1)) as opener:
        # Nothing is answered within no time.
        for number in range(MOST_LOST_OF_FILE):
            assert refused(opener, GOOD, number) == "unreadable"
            assert opener.lost == number + 1
        assert refused(opener, GOOD, 8) == "unreadable"
        assert opener.lost == MOST_LOST_OF_FILE
        assert refused(opener, tiff(1)) == "unreadable"
        assert refused(opener, tiff(2)) == "unreadable"
        assert opener.lost == MOST_LOST_OF_FILE + 1


def test_files_together_may_take_only_so_long() -> None:
    limits = Limits(memory=128 * MIB, cpu_s=30, wall_s=60.0, most_lost=10, all_s=0.1)
    slow = slow_pdf(4)
    assert len(slow) < 10_000
    with PageOpener(limits) as opener:
        assert opener.count_pages(slow) == 1
        assert refused(opener, GOOD) == "too-slow"
        with pytest.raises(PictureRefusedError, match="too-slow"):
            opener.count_pages(GOOD)
    assert math.isfinite(COUNTING.all_s)


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="this system has no such file")
def test_where_memory_ends_the_process_is_ended_first(opener: PageOpener) -> None:
    opener.open_page(GOOD, 0)
    assert int(Path(f"/proc/{opener.process_id}/oom_score_adj").read_text()) == 1000


def test_a_page_is_tried_again_where_the_process_had_opened_others(opener: PageOpener) -> None:
    data = tiff(2)
    opener.open_page(data, 0)
    assert opener.process_id is not None
    os.kill(opener.process_id, signal.SIGKILL)
    assert opener.open_page(data, 1).shape == (1, 1)


def test_the_process_ends_with_the_server_and_not_before(opener: PageOpener) -> None:
    opener.open_page(GOOD, 0)
    process = opener.process_id
    assert process is not None
    # A service manager sends this to every process of the service.
    os.kill(process, signal.SIGTERM)
    opener.open_page(tiff(1), 0)
    assert opener.process_id == process
    opener.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="this system has no /proc")
def test_the_process_has_no_secret(opener: PageOpener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUALOOP_SECRET_KEY", "a secret")
    opener.open_page(GOOD, 0)
    assert b"QUALOOP" not in Path(f"/proc/{opener.process_id}/environ").read_bytes()


def test_where_no_process_can_be_started_no_file_is_blamed(
    opener: PageOpener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for program in (tmp_path / "none", Path("/bin/true")):
        monkeypatch.setattr(sys, "executable", str(program))
        with pytest.raises(OpenerUnavailableError):
            opener.open_page(GOOD, 0)
