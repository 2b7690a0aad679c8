"""RFC 6962 trees, with the vectors of the reference implementation (google/certificate-transparency, merkletree tests)."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.ledger import inclusion_proof, merkle_root, verify_inclusion

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PROOFS = {
    (1, 0): [],
    (8, 0): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (8, 5): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (3, 2): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (5, 1): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
hashes = st.lists(st.binary(min_size=32, max_size=32).map(bytes.hex), min_size=1, max_size=70, unique=True)


def test_over_nothing() -> None:
    assert merkle_root([]) == hashlib.sha256().hexdigest()


@pytest.mark.parametrize("size", range(1, 9))
def test_known_roots(size: int) -> None:
    assert merkle_root(LEAVES[:size]) == ROOTS[size - 1]


@pytest.mark.parametrize(("size", "index"), PROOFS)
def test_known_proofs(size: int, index: int) -> None:
    assert list(inclusion_proof(LEAVES[:size], index)) == PROOFS[size, index]


@given(hashes, st.data())
def test_every_proof_verifies_and_for_its_own_leaf_only(leaves: list[str], data: st.DataObject) -> None:
    index, other = (data.draw(st.integers(0, len(leaves) - 1)) for _ in range(2))
    root, proof, size = merkle_root(leaves), inclusion_proof(leaves, index), len(leaves)
    assert len(proof) <= (size - 1).bit_length()
    assert verify_inclusion(leaves[index], index=index, size=size, proof=proof, root=root)
    if other != index:
        assert not verify_inclusion(leaves[other], index=index, size=size, proof=proof, root=root)
        assert not verify_inclusion(leaves[index], index=other, size=size, proof=proof, root=root)


@given(hashes, st.data())
def test_a_proof_with_one_flipped_bit_does_not_verify(leaves: list[str], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    texts = [leaves[index], merkle_root(leaves), *inclusion_proof(leaves, index)]
    which, bit = data.draw(st.integers(0, len(texts) - 1)), data.draw(st.integers(0, 255))
    texts[which] = f"{int(texts[which], 16) ^ 1 << bit:064x}"
    leaf, root, *proof = texts
    assert not verify_inclusion(leaf, index=index, size=len(leaves), proof=proof, root=root)


@pytest.mark.parametrize(
    ("index", "size", "proof"),
    [(-1, 2, [ROOTS[0]]), (2, 2, [ROOTS[0]]), (0, 0, []), (0, 1, [ROOTS[0]]), (0, 2, ["zz"])],
)
def test_nonsense_is_false_and_no_error(index: int, size: int, proof: list[str]) -> None:
    assert not verify_inclusion("00", index=index, size=size, proof=proof, root=ROOTS[1])


def test_a_proof_too_short_or_too_long() -> None:
    right = inclusion_proof(LEAVES, 3)
    for wrong in (right[:-1], (*right, right[0])):
        assert not verify_inclusion(LEAVES[3], index=3, size=8, proof=wrong, root=ROOTS[7])


@pytest.mark.parametrize("index", [-1, 8])
def test_there_is_no_proof_of_what_is_not_there(index: int) -> None:
    with pytest.raises(IndexError):
        inclusion_proof(LEAVES, index)
