"""What keeps a map from showing levels at this site, in words for those who can mend it or pass it on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from xblocks.common.cache import find_copy


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


NO_COPY = _(
    "Learners see no levels here: this site has not installed the plug-in that brings them from the Qualoop tool. Whoever "
    "runs the site finds how in docs/openedx.md, under “Installing at a site”."
)
NO_ADDRESS = _(
    "Nor can the map lead to the tool: the site’s settings have no https address of it (XBLOCK_SETTINGS, qualoop, tool_url)."
)
NEVER_READ = _(
    "Nothing was read from the Qualoop tool yet. Where this stays so for more than ten minutes, the tool cannot be reached, "
    "or nothing runs `qualoop_outbox` regularly: ask whoever runs the site."
)


def lacking(block: Any) -> Iterator[str]:
    """Give a sentence for each thing that is missing, in the language of the request."""
    copy = find_copy(block)
    if copy is None:
        yield block.ugettext(NO_COPY)
        if not tool_url(block):
            yield block.ugettext(NO_ADDRESS)
    elif copy.read_at() is None:
        yield block.ugettext(NEVER_READ)


def tool_url(block: Any) -> str:
    """Return where the tool is, by the site's settings; empty where they name no https address."""
    service = block.runtime.service(block, "settings")
    found = service.get_settings_bucket(block).get("tool_url", "") if service is not None else ""
    parts = urlsplit(found) if isinstance(found, str) else None
    return found if parts is not None and parts.scheme == "https" and parts.netloc else ""
