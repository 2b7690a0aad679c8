"""Reads packs of rules: an author's file with the line of every problem, or the mapping that a project carries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from qualoop.authored_files import Problems, parse_model, read_yaml
from qualoop.simulators.border.pack import CustomsPack
from qualoop.simulators.border.pack_checks import faults
from qualoop.simulators.errors import SpecRefusedError

HERE: Final = Path(__file__).parent
SHIPPED_PACK: Final = "customs.yaml"


def read_pack(root: Path, name: str, problems: Problems) -> CustomsPack | None:
    """Return the pack ``root/name``, or None with a problem, and its line, for everything that is wrong with it."""
    file = read_yaml(root, name, problems)
    pack = None if file is None else parse_model(CustomsPack, file, problems)
    if file is None or pack is None:
        return None
    found = list(faults(pack))
    for fault in found:
        problems.add(file, fault.place, fault.code, fault.message, repair=fault.repair)
    return None if found else pack


def pack_of(data: Mapping[str, Any]) -> CustomsPack:
    """Return the pack that a project carries; raise SpecRefusedError with everything that is wrong with it."""
    try:
        pack = CustomsPack.model_validate(data)
    except ValidationError as error:
        raise SpecRefusedError(f"packs.customs: {error}") from error
    found = [
        f"{'.'.join(map(str, fault.place))}: {fault.message}" + (f" ({fault.repair})" if fault.repair else "")
        for fault in faults(pack)
    ]
    if found:
        raise SpecRefusedError("packs.customs: " + "; ".join(found))
    return pack


@lru_cache(maxsize=1)
def shipped_pack_data() -> dict[str, Any]:
    """Return the pack that comes with the engine, as plain data; raise AuthoredFilesError."""
    problems = Problems()
    file = read_yaml(HERE, SHIPPED_PACK, problems)
    problems.raise_if_any()
    return dict(file.data) if file is not None else {}
