"""Messages over a pipe."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from qualoop.simulators.sql.frames import LONGEST, FrameError, packed, receive, send, take


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


def test_there_and_back(pipe: tuple[int, int]) -> None:
    for message in ({"query": "select '汉字\ud800'", "id": 1}, [], None, "x" * 10_000):
        send(pipe[1], message)
        assert receive(pipe[0]) == message


def test_the_end_of_the_stream(pipe: tuple[int, int]) -> None:
    os.close(pipe[1])
    assert receive(pipe[0]) is None


@pytest.mark.parametrize("broken", [packed({"a": 1})[:-1], b"\0\0", (LONGEST + 1).to_bytes(4, "big")])
def test_what_is_no_message(pipe: tuple[int, int], broken: bytes) -> None:
    os.write(pipe[1], broken)
    os.close(pipe[1])
    with pytest.raises(FrameError):
        receive(pipe[0])


def test_messages_are_taken_out_of_a_buffer_one_by_one() -> None:
    whole = packed(1) + packed([2])
    buffer = bytearray()
    found = []
    for byte in whole:
        buffer.append(byte)
        while (message := take(buffer)) is not None:
            found.append(message)
    assert (found, buffer) == ([1, [2]], bytearray())


def test_a_message_that_is_too_long_is_not_waited_for() -> None:
    with pytest.raises(FrameError):
        take(bytearray((LONGEST + 1).to_bytes(4, "big")))
