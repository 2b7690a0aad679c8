"""A block's own content as nodes of OLX: one `<file>` for each file of the package, as readable as in its folder.

    <kp_lesson display_name="Queries" weight="2.0">
      <file name="lesson.yaml"><![CDATA[format: qualoop-package …]]></file>
      <file name="lesson.en.md"><![CDATA[## What people want {#want} …]]></file>
      <file name="media/talk.mp3" encoding="base64">SUQz…</file>
    </kp_lesson>

An import never fails for what a block holds: what cannot be taken is left out and named, and Studio shows the author.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from lxml import etree
from xblock.fields import UserScope

from xblocks.common.inline import find_bytes

NODE: Final = "file"
_OPTION: Final = "{http://code.edx.org/xblock/option}"
_UNSAFE: Final = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, or would not give back: a parser makes one line end of all."""

_LINE: Final = 76


def add_files(node: Any, files: Mapping[str, Any]) -> None:
    """Add a node for each file; `take_files` gives the same files back, whatever they hold."""
    for name in sorted(files):
        value = files[name]
        child = etree.SubElement(node, NODE, {"name": name})
        if isinstance(value, str) and value.strip() and not _UNSAFE.search(value):
            # Written out as ASCII, as some exports are, characters of other scripts would come to grief in CDATA.
            child.text = etree.CDATA(value) if value.isascii() and "]]>" not in value else value
        else:
            child.set("encoding", "base64" if not isinstance(value, str) else "base64-text")
            child.text = _wrapped(find_bytes(value) or b"")


def take_files(node: Any) -> tuple[dict[str, Any], list[str]]:
    """Take every node out that the platform would make blocks of; return the files, and a word on what else was there."""
    files: dict[str, Any] = {}
    odd: list[str] = []
    for child in list(node):
        if not isinstance(child.tag, str) or child.tag.startswith(_OPTION):
            continue
        name = child.get("name", "")
        value = _value(child) if child.tag == NODE and not len(child) else None
        if value is None or not name or name in files:
            odd.append(f"<{child.tag[:60]}>" if child.tag != NODE else f'<file name="{name[:60]}">')
        else:
            files[name] = value
        node.remove(child)
    return files, odd


def take_odd_attributes(node: Any, fields: Mapping[str, Any]) -> list[str]:
    """Take attributes out that a field cannot read, or that are a learner's, so that defaults hold; return their names."""
    return [name for name in _unreadable(node, fields) if node.attrib.pop(name, None) is not None]


def learners_fields(fields: Mapping[str, Any]) -> list[str]:
    """Return the names of the fields that hold what a learner did: no export has them, and no import sets them."""
    # The fields by which blocks hang together have a scope that names no user at all.
    users = {name: getattr(field.scope, "user", UserScope.NONE) for name, field in fields.items()}
    return [name for name, user in users.items() if user != UserScope.NONE]


def _unreadable(node: Any, fields: Mapping[str, Any]) -> Iterator[str]:
    learners = set(learners_fields(fields))
    for name, value in list(node.attrib.items()):
        is_readable = False
        # A field's reader is YAML and a cast: it raises what either raises.
        with suppress(Exception):
            if name in fields:
                fields[name].from_string(value)
            is_readable = name not in learners
        if not is_readable:
            yield name


def _value(child: Any) -> Any:
    """Return a file as the field keeps it; None where its text is not what its encoding says."""
    text, encoding = child.text or "", child.get("encoding")
    if encoding is None:
        return text
    data = find_bytes({"base64": text})
    if data is None or encoding not in {"base64", "base64-text"}:
        return None
    if encoding == "base64":
        return {"base64": base64.b64encode(data).decode("ascii")}
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _wrapped(data: bytes) -> str:
    text = base64.b64encode(data).decode("ascii")
    return "\n".join(text[start : start + _LINE] for start in range(0, len(text), _LINE))
