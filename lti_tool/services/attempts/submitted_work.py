"""Work that is handed in: text, links, files. Checked here, before anything of it is kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from lti_tool.services.mechanisms.file_types import find_media_type
from qualoop.errors import QualoopError

MAX_TEXT: Final = 50_000
"""Characters."""
MAX_LINKS: Final = 5
MAX_LINK: Final = 2000
MAX_FILES: Final = 5
MAX_FILE_BYTES: Final = 20 * 1024 * 1024
MAX_BYTES: Final = 2 * MAX_FILE_BYTES
"""Of all files of one work together."""
MAX_NAME: Final = 120
_LONGEST_ENDING: Final = 10

EMPTY, TEXT_LONG, LINK_WRONG, LINKS_MANY = "work-empty", "text-long", "link-wrong", "links-many"
FILE_EMPTY, FILE_LARGE, FILE_TYPE, FILES_MANY = "file-empty", "file-large", "file-type", "files-many"


class WorkRefusedError(QualoopError):
    """The work cannot be taken as it is: by field what is wrong. Nothing was kept, and nothing that was there was lost."""

    code = "work-refused"

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__(", ".join(f"{field}: {code}" for field, code in wrong.items()))
        self.wrong = wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file as it was sent; the name is what the sender's machine calls it.

    ``media_type`` is what its content shows, None where it is nothing that is taken. It is found here, so before any
    transaction: files are hostile, and on SQLite nobody else could write while somebody's file is looked into.
    """

    name: str
    data: bytes
    media_type: str | None = field(init=False)

    def __post_init__(self) -> None:
        """Find out what it is."""
        object.__setattr__(self, "media_type", find_media_type(self.name, self.data))


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedFile:
    """A file with a name that is safe everywhere, and the media type that its content shows."""

    name: str
    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What somebody hands in. ``kept`` are the uuids of files that were handed in before and stay."""

    text: str = ""
    links: Sequence[str] = ()
    files: Sequence[NewFile] = ()
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedWork:
    """Work that may be kept."""

    text: str
    links: Sequence[str]
    files: Sequence[TypedFile]


def check_work(work: Work, *, kept_sizes: Sequence[int] = ()) -> CheckedWork:
    """Return work as it may be kept, beside files of ``kept_sizes`` bytes that stay; raise WorkRefusedError.

    Takes no longer than its texts are: no file is looked into.
    """
    text = work.text.replace("\r\n", "\n").replace("\x00", "").strip()
    links = [link.strip() for link in work.links if link.strip()]
    wrong = {**_text_faults(text), **_link_faults(links), **_file_faults(work.files, kept_sizes)}
    wrong |= {
        f"file-{number}": FILE_TYPE for number, each in enumerate(work.files) if each.data and each.media_type is None
    }
    if not wrong and not (text or links or work.files or kept_sizes):
        wrong["work"] = EMPTY
    if wrong:
        raise WorkRefusedError(wrong)
    files = [
        TypedFile(name=safe_name(each.name), data=each.data, media_type=each.media_type)
        for each in work.files
        if each.media_type
    ]
    return CheckedWork(text=text, links=links, files=files)


def _text_faults(text: str) -> Mapping[str, str]:
    return {"text": TEXT_LONG} if len(text) > MAX_TEXT else {}


def _link_faults(links: Sequence[str]) -> Mapping[str, str]:
    if len(links) > MAX_LINKS:
        return {"links": LINKS_MANY}
    return {} if all(map(is_safe_link, links)) else {"links": LINK_WRONG}


def _file_faults(files: Sequence[NewFile], kept_sizes: Sequence[int]) -> Mapping[str, str]:
    wrong = {}
    for number, file in enumerate(files):
        if not file.data:
            wrong[f"file-{number}"] = FILE_EMPTY
        elif len(file.data) > MAX_FILE_BYTES:
            wrong[f"file-{number}"] = FILE_LARGE
    if len(files) + len(kept_sizes) > MAX_FILES:
        wrong["files"] = FILES_MANY
    elif sum(len(file.data) for file in files) + sum(kept_sizes) > MAX_BYTES:
        wrong["files"] = FILE_LARGE
    return wrong


def is_safe_link(link: str) -> bool:
    """Say whether a link may stand on a page: an address on the web, without a user name that could pass for a host."""
    if len(link) > MAX_LINK or not link.isprintable() or any(each.isspace() for each in link):
        return False
    try:
        parts = urlsplit(link)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False


def safe_name(name: str) -> str:
    """Return a file name without a folder, a control character or a sign that turns the writing round."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(each for each in last if each.isprintable() and unicodedata.category(each) != "Cf").strip(" .")
    if len(kept) <= MAX_NAME:
        return kept or "file"
    stem, dot, ending = kept.rpartition(".")
    return (
        stem[: MAX_NAME - len(ending) - 1] + dot + ending if dot and len(ending) < _LONGEST_ENDING else kept[:MAX_NAME]
    )
