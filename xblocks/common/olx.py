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
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from lxml import etree
from xblock.fields import String, UserScope

from qualoop.authored_files import is_beyond_json
from xblocks.common.inline import find_bytes
from xblocks.common.weights import is_weight

NODE: Final = "file"
_OPTION: Final = "{http://code.edx.org/xblock/option}"
_UNSAFE: Final = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, or would not give back: a parser makes one line end of all."""

_LINE: Final = 76
_CHECKS: Final[Mapping[str, Callable[[Any], bool]]] = {"weight": is_weight}
"""Settings that a platform computes with: what cannot be is left out. The rest is named to authors, and does no harm."""


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
        if not isinstance(child.tag, str):
            # A platform steps over comments, and stumbles over what else XML has.
            node.remove(child)
            continue
        if child.tag.startswith(_OPTION):
            continue
        name = child.get("name", "")
        value = _value(child) if child.tag == NODE and not len(child) else None
        if value is None or not name or name in files:
            odd.append(f"<{child.tag[:60]}>" if child.tag != NODE else file_word(name))
        else:
            files[name] = value
        node.remove(child)
    return files, odd


def file_word(name: str) -> str:
    """Return how an author is told of a file's node."""
    return f'<file name="{name[:60]}">'


def take_odd_settings(node: Any, fields: Mapping[str, Any]) -> list[str]:
    """Take settings out that cannot be read or cannot be, or that are a learner's, so that defaults hold; return their names.

    A setting is an attribute, or a node in the namespace of options.
    """
    odd = [name for name, value in node.attrib.items() if not _is_setting(fields, name, value)]
    for name in odd:
        del node.attrib[name]
    for child in node.findall(f"{_OPTION}*"):
        name = child.tag.removeprefix(_OPTION)
        if not _is_setting(fields, name, child.text, is_none=child.get("none") == "true"):
            node.remove(child)
            odd.append(name)
    return odd


def learners_fields(fields: Mapping[str, Any]) -> list[str]:
    """Return the names of the fields that hold what a learner did: no export has them, and no import sets them."""
    # The fields by which blocks hang together have a scope that names no user at all.
    users = {name: getattr(field.scope, "user", UserScope.NONE) for name, field in fields.items()}
    return [name for name, user in users.items() if user != UserScope.NONE]


def _is_setting(fields: Mapping[str, Any], name: str, text: str | None, *, is_none: bool = False) -> bool:
    """Return whether a setting can be taken; what no field of the block reads does no harm."""
    if name not in fields:
        return True
    if name in learners_fields(fields):
        return False
    # A field's reader is YAML and a cast: it raises what either raises. What JSON cannot hold, no course can keep.
    with suppress(Exception):
        # No export has them: a platform writes fields as JSON. A few lines would make more than any machine holds.
        if not isinstance(fields[name], String) and text is not None and is_beyond_json(text):
            return False
        value = fields[name].from_string(text)
        json.dumps(fields[name].to_json(value))
        return _CHECKS.get(name, _anything)(None if is_none else value)
    return False


def _anything(_value: Any) -> bool:
    return True


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
