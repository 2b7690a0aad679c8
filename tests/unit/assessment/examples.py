"""One item of each type, from the files beside this one, and forms that answer them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st
from pydantic import TypeAdapter

from qualoop.assessment import Form, Item, Matching, Ordering, Response, ShortText, presented

FOLDER = Path(__file__).parent / "items"
ADAPTER: TypeAdapter[Item] = TypeAdapter(Item)
RAW: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))
}
# Typed loosely: a test knows which type of item it asked for by name.
ITEMS: dict[str, Any] = {name: ADAPTER.validate_python(raw) for name, raw in RAW.items()}

every_item: st.SearchStrategy[Item] = st.sampled_from(list(ITEMS.values()))
seeds = st.integers(min_value=0, max_value=2**64)


def changed(name: str, **fields: Any) -> Any:
    """Return the example ``name`` with other values in some fields."""
    return ADAPTER.validate_python({**RAW[name], **fields})


def form_of(item: Item, response: Response, seed: int) -> Form:
    """Return the form that a browser sends to give ``response``: the inverse of `read_response`."""
    position = {thing.key: str(at) for at, thing in enumerate(presented(item, seed))}
    if isinstance(item, Ordering):
        return {f"rank_{position[key]}": [str(place)] for place, key in enumerate(response, 1)}
    if isinstance(item, Matching):
        return {f"match_{row}": [position[key]] for row, key in enumerate(response)}
    if position:
        return {"choice": [position[key] for key in response]}
    return {"text" if isinstance(item, ShortText) else "value": response}


@st.composite
def responses(draw: st.DrawFn, item: Item) -> Response:
    """Draw any response that ``item`` may get."""
    keys = [thing.key for thing in presented(item, 0)]
    if item.type == "multiple-choice":
        picked = draw(st.sets(st.sampled_from(keys), min_size=1))
        return [option.key for option in item.options if option.key in picked]
    if item.type == "ordering":
        return draw(st.permutations(keys))
    if item.type == "matching":
        return draw(st.permutations(keys))[: len(item.pairs)]
    if item.type == "number":
        return [format(draw(st.decimals(-(10**9), 10**9, places=4)), "f")]
    if item.type == "short-text":
        return [draw(st.sampled_from(["ctr", "点击率", "click rate", "CPC", "点击"]))]
    return [draw(st.sampled_from(keys))]
