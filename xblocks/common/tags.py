"""The knowledge points of a place in the course as tags of the platform: an addition, never in the way of saving.

Where the platform has a taxonomy with the export id `qualoop-<framework>` (`qualoop-ecq`), imported with the codes as
ids of its tags, the block is tagged with its knowledge points when its author saves. Libraries have moved, so their
places are tried in turn. What fails is logged.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any, Final

_logger = logging.getLogger(__name__)

LIBRARIES: Final = ("openedx_tagging.api", "openedx_tagging.core.tagging.api")


def sync_tags(block: Any) -> bool:
    """Tag the block's place with its knowledge points, where the platform can; return whether it was done."""
    opened = block.find_content()
    api = _find_library()
    if opened is None or api is None:
        return False
    try:
        return _tagged(api, block, block.tagged_with(opened))
    # Whatever a library of another release raises: saving goes on.
    except Exception:
        _logger.exception("the knowledge points of %s were not made tags", block.scope_ids.usage_id)
        return False


def _tagged(api: Any, block: Any, codes: list[str]) -> bool:
    taxonomy = api.get_taxonomy_by_export_id(f"qualoop-{block.contents.framework.code.lower()}")
    if taxonomy is None:
        return False
    values = [tag.value for tag in taxonomy.tag_set.filter(external_id__in=codes)]
    api.tag_object(str(block.scope_ids.usage_id), taxonomy, values)
    return True


def _find_library() -> Any:
    for name in LIBRARIES:
        try:
            return import_module(name)
        # Django refuses to import models of an app that is not installed with a RuntimeError.
        except (ImportError, RuntimeError):
            continue
    return None
