"""The short way to the canonical form of evidence gives the bytes of the long one."""

from __future__ import annotations

from dataclasses import replace

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.services.evidence.evidence import canonical_evidence
from qualoop.ledger import Evidence, EvidenceForm, canonical_body
from qualoop.values import Score

KEYS = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(
    st.builds(
        Evidence,
        activity=KEYS,
        content=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
        part=KEYS,
        score=st.decimals(0, 1, places=6).map(Score),
        form=st.sampled_from(EvidenceForm),
        rater=TEXTS,
        attempt=TEXTS,
        tries=st.integers(1, 10**6),
        hints=st.integers(0, 10**6),
        occasion=st.sampled_from(["", "sheet:6:assessor", "graded-run:4:0.85", "practice-run:4"]),
        run=st.sampled_from(["", "5f" * 32]),
        enterprise=st.sampled_from(["", "Acme \N{EM DASH} 兰亭茶业"]),
    )
)
def test_it_is_the_canonical_form_of_the_body(evidence: Evidence) -> None:
    for each in (evidence, replace(evidence, occasion="graded-run:4", critical=True)):
        assert canonical_evidence(each) == canonical_body(each.to_body()) == rfc8785.dumps(each.to_body())
