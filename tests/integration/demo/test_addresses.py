"""Ports of the demo: remembered, given up when taken."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from demo.addresses import LOOPBACK, PORTS_FILE, choose_addresses


def test_ports_are_the_same_at_the_next_start(tmp_path: Path) -> None:
    first, moved = choose_addresses(tmp_path)
    assert not moved
    assert first.lms_port != first.tool_port
    assert choose_addresses(tmp_path) == (first, False)


def test_taken_port_is_given_up_and_the_other_kept(tmp_path: Path) -> None:
    first, _ = choose_addresses(tmp_path)
    with socket.socket() as other:
        other.bind((LOOPBACK, first.lms_port))
        other.listen()
        second, moved = choose_addresses(tmp_path)
    assert moved
    assert second.lms_port != first.lms_port
    assert second.tool_port == first.tool_port


@pytest.mark.parametrize("text", ["", "[]", '{"lms_port": 1}', '{"lms_port": "x", "tool_port": 70000}'])
def test_damaged_file_is_no_hindrance(tmp_path: Path, text: str) -> None:
    (tmp_path / PORTS_FILE).write_text(text)
    chosen, moved = choose_addresses(tmp_path)
    assert not moved
    assert choose_addresses(tmp_path) == (chosen, False)
