"""Merkle trees as in RFC 6962, section 2.1 (the same in RFC 9162): one root for many hashes, short proofs for each.

Leaves and inner nodes are hashed with different first bytes, so that neither can pass for the other. All hashes are
SHA-256 in 64 hexadecimal digits; a leaf is the bytes of a body hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

LEAF = b"\x00"
NODE = b"\x01"


def merkle_root(leaves: Iterable[str]) -> str:
    """Return the root over the leaves in their order; over none it is the hash of nothing."""
    level = _hashed(leaves)
    if not level:
        return sha256().hexdigest()
    while len(level) > 1:
        level = _level_above(level)
    return level[0].hex()


def inclusion_proof(leaves: Sequence[str], index: int) -> tuple[str, ...]:
    """Return the hashes that lead from leaf ``index`` up to the root; raise IndexError where there is no such leaf."""
    return inclusion_proofs(leaves, [index])[0]


def inclusion_proofs(leaves: Sequence[str], indices: Sequence[int]) -> list[tuple[str, ...]]:
    """Return the proof of each of several leaves; the tree is built once. Raises IndexError for a leaf not there."""
    for index in indices:
        if not 0 <= index < len(leaves):
            raise IndexError(f"no leaf {index} among {len(leaves)}")
    levels = [_hashed(leaves)]
    while len(levels[-1]) > 1:
        levels.append(_level_above(levels[-1]))
    return [_path(levels[:-1], index) for index in indices]


def _path(levels: Sequence[Sequence[bytes]], index: int) -> tuple[str, ...]:
    """Return the siblings on the way up from leaf ``index``; one without a sibling adds nothing."""
    steps = ((level, (index >> height) ^ 1) for height, level in enumerate(levels))
    return tuple(level[sibling].hex() for level, sibling in steps if sibling < len(level))


def verify_inclusion(leaf: str, *, index: int, size: int, proof: Sequence[str], root: str) -> bool:
    """Tell whether the proof shows that ``leaf`` is number ``index`` of the ``size`` leaves under ``root``.

    Whatever the proof holds, the answer is True or False (RFC 9162, section 2.1.3.2).
    """
    if not 0 <= index < size:
        return False
    try:
        current = _hashed([leaf])[0]
        siblings = [bytes.fromhex(sibling) for sibling in proof]
    except ValueError:
        return False
    last = size - 1
    for sibling in siblings:
        if last == 0:
            return False
        if index % 2 or index == last:
            current = _node(sibling, current)
            while index and not index % 2:
                index, last = index // 2, last // 2
        else:
            current = _node(current, sibling)
        index, last = index // 2, last // 2
    return last == 0 and current.hex() == root


def _hashed(leaves: Iterable[str]) -> list[bytes]:
    return [sha256(LEAF + bytes.fromhex(leaf)).digest() for leaf in leaves]


def _level_above(level: Sequence[bytes]) -> list[bytes]:
    """Return the parents of a level; one without a sibling goes up as it is.

    That is RFC 6962's tree, whose left part holds the greatest power of two below the number of leaves.
    """
    pairs = [_node(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(NODE + left + right).digest()
