"""The downloaded record as data: what its proofs, seals and page hold. That the page checks itself: tests/browser."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import rfc8785

from qualoop.ledger import (
    as_document,
    as_page,
    body_hash,
    hashed_form,
    inclusion_proof,
    inclusion_proofs,
    merkle_root,
    verify_inclusion,
)
from tests.unit.ledger.events import an_event
from tests.unit.ledger.records import a_download


def test_the_hashed_form_is_what_is_hashed() -> None:
    event = an_event(body={"words": "é 中文 <b>", "n": [1, None, True]})
    assert sha256(rfc8785.dumps(hashed_form(event))).hexdigest() == body_hash(event)


def test_several_proofs_at_once_are_those_of_one_at_a_time() -> None:
    for size in range(1, 20):
        leaves = [sha256(bytes([number])).hexdigest() for number in range(size)]
        proofs = inclusion_proofs(leaves, range(size))
        assert proofs == [inclusion_proof(leaves, number) for number in range(size)]
        assert all(
            verify_inclusion(leaf, index=number, size=size, proof=proofs[number], root=merkle_root(leaves))
            for number, leaf in enumerate(leaves)
        )


def test_each_sealed_event_is_proven_and_the_chain_hash_covers_the_root() -> None:
    document = as_document(a_download(unsealed=1))
    (seal,) = document["seals"]
    facts = {name: value for name, value in seal.items() if name not in {"link", "chain_hash", "signature"}}
    made = sha256(b"\x03" + bytes.fromhex(seal["link"]) + sha256(rfc8785.dumps(facts)).digest()).hexdigest()
    assert made == seal["chain_hash"]
    for row in document["events"][:-1]:
        assert sha256(rfc8785.dumps(row["event"])).hexdigest() == row["hash"]
        assert verify_inclusion(
            row["hash"], index=row["index"], size=seal["count"], proof=row["proof"], root=seal["merkle_root"]
        )
    assert (document["events"][-1]["seal"], document["events"][-1]["proof"]) == (None, [])


def test_no_other_learner_is_in_it() -> None:
    download = a_download()
    assert "learner-2" not in as_page(download)
    assert {row["event"]["learner"] for row in as_document(download)["events"]} == {"learner-1"}


def test_a_download_says_whether_something_is_held_back() -> None:
    assert as_document(a_download())["held_back"] is False
    assert as_document(replace(a_download(), is_held_back=True))["held_back"] is True


def test_the_page_loads_nothing_and_lets_only_its_own_program_run() -> None:
    page = as_page(a_download())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    program = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert policy
    assert style
    assert program
    for text in (style[1], program[1]):
        assert b64encode(sha256(text.encode()).digest()).decode() in policy[1]
    assert policy[1].startswith("default-src 'none'; ")
    assert not re.search(r'\b(?:src|href)="(?!data:)', page)


def test_the_data_of_the_page_is_the_document() -> None:
    download = a_download()
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', as_page(download), re.DOTALL)
    assert data
    assert "<" not in data[1]
    assert json.loads(data[1]) == as_document(download)


def test_the_page_opens_in_the_language_asked_for() -> None:
    assert '<html lang="zh-Hans">' in as_page(a_download(), "zh-Hans")
    assert '<html lang="en">' in as_page(a_download(), '"><script>')
