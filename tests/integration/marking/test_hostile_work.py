"""Files of work that cost more than they show: they are known before anybody waits for them."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lti_tool.db import Database
from lti_tool.services.attempts import submitted_work
from lti_tool.services.attempts.submitted_work import NewFile, Work, check_work
from lti_tool.services.mechanisms.file_types import find_media_type
from lti_tool.services.mechanisms.zip_files import MAX_DIRECTORY
from tests.factories.hostile_files import long_directory, lying_document
from tests.factories.marking import Room
from tests.functional.marking.steps import hand_in

PDF = b"%PDF-1.7 plan"


def test_a_long_list_of_entries_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []

    class Counted(zipfile.ZipInfo):
        def __init__(self, *given: Any) -> None:
            read.append(given)
            super().__init__(*given)

    monkeypatch.setattr(zipfile, "ZipInfo", Counted)
    assert find_media_type("a.docx", long_directory(MAX_DIRECTORY // 2)) is None
    assert read
    read.clear()
    assert find_media_type("a.docx", long_directory(MAX_DIRECTORY + 1000)) is None
    assert not read


def test_a_type_that_unpacks_to_more_than_it_says_is_not_unpacked() -> None:
    data = lying_document(100_000_000)
    assert len(data) < 200_000
    tracemalloc.start()
    try:
        assert find_media_type("a.odt", data) is None
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_no_file_is_looked_into_once_it_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(files=[NewFile(name="a.pdf", data=PDF)])
    monkeypatch.setattr(submitted_work, "find_media_type", None)
    assert [each.media_type for each in check_work(work).files] == ["application/pdf"]


@pytest.fixture
def depth(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many transactions were open whenever a file was looked into."""
    found: list[int] = []
    open_now = [0]
    transaction: Callable[[Database], Any] = Database.transaction
    look = submitted_work.find_media_type

    @contextmanager
    def counted(self: Database) -> Iterator[Any]:
        with transaction(self) as session:
            open_now[0] += 1
            try:
                yield session
            finally:
                open_now[0] -= 1

    def looked(name: str, data: bytes) -> str | None:
        found.append(open_now[0])
        return look(name, data)

    monkeypatch.setattr(Database, "transaction", counted)
    monkeypatch.setattr(submitted_work, "find_media_type", looked)
    return found


def test_no_transaction_is_open_while_a_file_is_looked_into(room: Room, depth: list[int]) -> None:
    """On SQLite nobody else could write meanwhile."""
    assert hand_in(room.learner(), text="x", files=[(PDF, "a.pdf"), (PDF, "b.pdf")]).status_code == 303
    assert depth == [0, 0]
