"""Registers of class blocks in the platform's database: written under a lock, so that nobody overwrites anybody."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias

from django.db import transaction
from django.db.models import F

from qualoop.classroom.class_marks import released_share
from qualoop.classroom.register import RELEASED, Register
from qualoop.values import Score
from xblocks.edx.models import ClassRegister
from xblocks.edx.platform import KeptScore, Platform
from xblocks.edx.rows import make as make_row


def read(usage: str) -> Register:
    """Return the register of a block as it stands; an empty one where nobody has written yet."""
    text = ClassRegister.objects.filter(usage=usage).values_list("document", flat=True).first()
    return Register.from_json(json.loads(text)) if text else Register()


def change(course: str, usage: str, make: Callable[[Register], Register]) -> Register:
    """Write what ``make`` makes of the newest register, and return it; what it raises leaves everything as it was.

    Whoever comes second waits until the first has committed, and then sees what the first wrote.
    """
    now = datetime.now(UTC)
    rows = ClassRegister.objects.filter(usage=usage)
    with transaction.atomic():
        # The first statement writes: it takes the row's lock on every database, SQLite's included.
        if not rows.update(version=F("version") + 1):
            make_row(ClassRegister, {"usage": usage}, {"course": course, "updated_at": now})
            rows.update(version=F("version") + 1)
        text = rows.select_for_update().values_list("document", flat=True).get()
        before = Register.from_json(json.loads(text))
        after = make(before)
        if after is not before:
            rows.update(document=json.dumps(after.as_json(), ensure_ascii=False), updated_at=now)
    return after


Released: TypeAlias = Mapping[str, Sequence[tuple[str, Score]]]
"""Of a course, what is released of each learner: usage keys of blocks, with the shares."""


def released(course: str) -> Released:
    """Return what registers of a course keep as learners' scores, where one is released: each register is read once."""
    found: dict[str, list[tuple[str, Score]]] = {}
    for usage, text in ClassRegister.objects.filter(course=course).values_list("usage", "document").iterator():
        register = Register.from_json(json.loads(text))
        for learner in register.cells:
            share = released_share(register.value(learner, RELEASED))
            if share is not None:
                found.setdefault(learner, []).append((usage, share))
    return found


def kept_scores(platform: Platform, learner: str, known: Released) -> Iterator[KeptScore]:
    """Yield what registers keep as a learner's score, and what the platform has.

    ``known`` may be of a moment ago. Where the platform has something else, the register is asked as it is now, so that no
    score that was changed meanwhile is published over the newer one.
    """
    for usage, share in known.get(learner, ()):
        graded = platform.graded(learner, usage)
        now = share if graded == share else released_share(read(usage).value(learner, RELEASED))
        if now is not None:
            yield KeptScore(usage=usage, score=now, graded=graded)


def forget(learners: Iterable[str]) -> None:
    """Take people out of every register, as learners and as who wrote something."""
    for learner in learners:
        for course, usage in list(_mentioning(learner)):
            change(course, usage, partial(Register.without, learner=learner))


def _mentioning(learner: str) -> Iterable[tuple[str, str]]:
    """Return the registers whose text has a learner's id in it; ids are random, so hardly any other."""
    found: Iterable[tuple[str, str]] = ClassRegister.objects.filter(document__contains=learner).values_list(
        "course", "usage"
    )
    return found
