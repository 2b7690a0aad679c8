"""A block on its way out of a course and into another one, as OLX."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from lxml import etree
from xblock.fields import ScopeIds

from tests.fakes.block_runtime import BlockRuntime, Store


def made(cls: type[Any], keys: ScopeIds, fields: dict[str, Any]) -> Any:
    """Return a saved block with these fields."""
    block = BlockRuntime(Store()).construct_xblock_from_class(cls, keys)
    for name, value in fields.items():
        setattr(block, name, value)
    block.save()
    return block


def exported(block: Any) -> bytes:
    node = etree.Element("unknown_root")
    block.add_xml_to_node(node)
    out = BytesIO()
    etree.ElementTree(node).write(out, xml_declaration=True, pretty_print=True, encoding="utf-8")
    return out.getvalue()


def imported(cls: type[Any], keys: ScopeIds, olx: bytes) -> Any:
    """Return the block of an OLX node, parsed as Studio does."""
    parser = etree.XMLParser(dtd_validation=False, load_dtd=False, remove_blank_text=True)
    node = etree.fromstring(olx, parser)
    node.attrib.pop("xblock-family", None)
    return cls.parse_xml(node, BlockRuntime(Store()), keys)
