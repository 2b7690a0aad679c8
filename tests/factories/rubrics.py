"""A small rubric in both languages, with a range in one of its levels, and sheets of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qualoop.assessment.marking import MarkSheet, RowMark
from qualoop.assessment.rubric import Rubric, read_rubric

RUBRIC: Final = """\
format: qualoop-rubric
format_version: 1
key: product-copy
version: 1.0.0
title: {en: Product copy, zh-Hans: 商品文案}
languages: [en, zh-Hans]
rows:
  - key: headline
    title: {en: Headline, zh-Hans: 标题}
    about: {en: What a shopper reads first., zh-Hans: 顾客最先看到的内容。}
    knowledge_points: {SEM-1.1: 1}
    levels:
      - title: {en: Not yet, zh-Hans: 尚未达到}
        descriptor: {en: "Names the product, gives no reason to read on.", zh-Hans: 只写了商品名，没有让人继续看的理由。}
        points: 0
      - title: {en: Nearly, zh-Hans: 接近}
        descriptor: {en: "One benefit, but vague.", zh-Hans: 写出一个好处，但不具体。}
        points: 2
      - title: {en: Secure, zh-Hans: 熟练}
        descriptor: {en: "One clear benefit for the shopper named in the brief.", zh-Hans: 针对任务书中的顾客写出一个明确的好处。}
        points: 4
  - key: evidence
    title: {en: Evidence, zh-Hans: 依据}
    knowledge_points: {SEM-1.2: 1}
    levels:
      - title: {en: None, zh-Hans: 没有}
        descriptor: {en: Claims without a fact., zh-Hans: 只有说法，没有事实。}
        points: 0
      - title: {en: Some, zh-Hans: 部分}
        descriptor: {en: "Facts stand there, without a source.", zh-Hans: 有事实，但没有出处。}
        points: 1
        up_to: 3
      - title: {en: Full, zh-Hans: 充分}
        descriptor: {en: "Each claim has a fact, each fact a source.", zh-Hans: 每个说法都有事实，每个事实都有出处。}
        points: 4
        up_to: 6
"""


def sheet(*levels: int | None, overall: str = "", comments: Mapping[str, str] | None = None) -> MarkSheet:
    """Return a sheet of the rubric above with these levels, each with its lowest points."""
    rubric = the_rubric()
    given = comments or {}
    rows = {
        row.key: RowMark(
            level=level,
            points=None if level is None else row.levels[level].points,
            comment=given.get(row.key, ""),
        )
        for row, level in zip(rubric.rows, levels, strict=False)
    }
    return MarkSheet(rows=rows, overall=overall)


def the_rubric() -> Rubric:
    """Return the rubric above."""
    return read_rubric(RUBRIC, None)
