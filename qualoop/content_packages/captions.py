"""Whether a caption file can be shown: the header and the cue timings of WebVTT (https://www.w3.org/TR/webvtt1/)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from qualoop.content_packages.faults import Fault

_TIME: Final = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING: Final = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t]+\S.*)?")
_NOT_CUES: Final = ("NOTE", "STYLE", "REGION")

Block = list[tuple[int, str]]


def caption_faults(text: str) -> list[Fault]:
    """Return what keeps ``text`` from being captions: header, timing lines, order, empty cues."""
    blocks = list(_blocks(text.removeprefix("\N{BYTE ORDER MARK}")))
    header = blocks[0][0][1] if blocks and blocks[0][0][0] == 1 else ""
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", header):
        return [Fault(1, "captions-header", "the first line is not WEBVTT", "begin the file with WEBVTT")]
    cues = [block for block in blocks[1:] if not block[0][1].startswith(_NOT_CUES)]
    if not cues:
        return [Fault(1, "captions-empty", "there is not one cue", "add the captions")]
    return list(_cue_faults(cues))


def _blocks(text: str) -> Iterator[Block]:
    """Iterate over the runs of lines between empty lines, each line with its number."""
    block: Block = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _cue_faults(cues: list[Block]) -> Iterator[Fault]:
    before = 0
    for cue in cues:
        index = 0 if "-->" in cue[0][1] else 1
        number, line = cue[min(index, len(cue) - 1)]
        timing = _TIMING.fullmatch(line.strip())
        if not timing:
            yield Fault(number, "captions-timing", f"`{line.strip()}` is no timing", "write 00:01.000 --> 00:04.000")
            continue
        start, end = _milliseconds(timing.groups()[:4]), _milliseconds(timing.groups()[4:])
        if end <= start:
            yield Fault(number, "captions-timing", "the cue ends before it starts", "mend the times")
        if start < before:
            yield Fault(number, "captions-order", "the cue starts before the one above it", "put the cues in order")
        if len(cue) == index + 1:
            yield Fault(number, "captions-text", "the cue has no words", "add them, or take the cue out")
        before = start


def _milliseconds(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths
