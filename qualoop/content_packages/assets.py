"""Checks the figures and media of a package: that each is what its ending says, and safe to show."""

from __future__ import annotations

from collections.abc import Iterable

from qualoop.content_packages.captions import caption_faults
from qualoop.content_packages.faults import Fault
from qualoop.content_packages.inspection import Inspection
from qualoop.content_packages.media_types import find_media_type
from qualoop.content_packages.svg import svg_faults


def check_assets(inspection: Inspection) -> None:
    """Note what is wrong inside the files, whether anything uses them or not."""
    for path, data in inspection.source.files.items():
        for fault in _faults(path, data):
            inspection.note(path, 0, fault)


def decoded(data: bytes) -> str | None:
    """Return the text of a caption file or transcript, or None where it is not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _faults(path: str, data: bytes) -> Iterable[Fault]:
    media_type = find_media_type(path)
    if not data.strip():
        return [Fault(1, "file-empty", "the file holds nothing", "put the content in, or take the file out")]
    if media_type is None or not media_type.begins.match(data):
        message = f"the content is not what `{path.rpartition('.')[2]}` promises"
        return [Fault(1, "file-content", message, "save the file again in that format, or mend its ending")]
    if media_type.family == "text":
        return _text_faults(media_type.name, data)
    return svg_faults(data) if path.endswith(".svg") else ()


def _text_faults(media_type: str, data: bytes) -> list[Fault]:
    text = decoded(data)
    if text is None:
        return [Fault(1, "file-not-utf8", "the file is not UTF-8 text", "save it as UTF-8")]
    return caption_faults(text) if media_type == "text/vtt" else []
