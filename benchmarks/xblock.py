"""The cost of a block's pages beyond its host: a lesson's `student_view`, and an answer to one of its questions.

Blocks are made anew for each call, as a platform makes them for each request; fields lie in memory. `drain_…` are of the
plug-in's outbox: see `xblock_drain`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from webob import Request

from benchmarks.xblock_drain import Drain, drain
from qualoop.assessment import SingleChoice, reveal
from qualoop.content_packages import QuestionStep, ReadingStep
from qualoop.player.form_view import form_of
from tests.fakes.block_runtime import BlockRuntime, Place, Store
from xblocks.kp_lesson import KpLessonBlock

LESSON: Final = "sem-1-1-keywords-and-intent"
WARM_UP: Final = 20
ROUNDS: Final = 200
MUST: Final[Mapping[str, float]] = {
    "view_cpu_ms": 5.0,
    "submit_cpu_ms": 5.0,
    "view_kb": 8.0,
    "drain_s_10k": 30.0,
    "drain_lost": 0.0,
    "drain_doubled": 0.0,
}

Say = Callable[[str], None]
Figures = dict[str, float | None]


def run(say: Say) -> tuple[Figures, dict[str, str]]:
    """Return the figures of the bench `xblock`: milliseconds of CPU in the median, kilobytes (1000 bytes), seconds."""
    figures = _pages(say)
    drained = drain(Drain(), say)
    figures |= {
        "drain_s_10k": drained.seconds,
        "drain_lost": drained.lost,
        "drain_doubled": drained.doubled,
        "drain_kills": drained.kills,
    }
    return figures, {}


def _pages(say: Say) -> Figures:
    """Return what a page and an answer cost."""
    place, store = Place(block_class=KpLessonBlock, fields={"activity_key": LESSON}), Store()
    lesson = KpLessonBlock.contents.get(LESSON).content
    item = next(item for item in lesson.items.values() if isinstance(item, SingleChoice))
    step = next(step.key for step in lesson.steps if isinstance(step, QuestionStep) and step.item == item.key)
    views, submits, sizes = [], [], []
    for number in range(WARM_UP + ROUNDS):
        learner = _Learner(place, store, f"learner-{number}")
        block = learner.block()
        # Not by the runtime: it looks for asides in every package of the machine, and that is the host's time.
        spent, html = _cpu(partial(_shown, block))
        block.save()
        views.append(spent)
        sizes.append(len(html.encode()))
        _sent(learner.block(), learner.request(step=step), "go")
        form = form_of(item, reveal(item).response, learner.state["player"]["seed"])
        request, block = learner.request(item=item.key, **{"try": "1"}, **form), learner.block()
        spent, reply = _cpu(partial(_sent, block, request, "answer"))
        if "q-feedback" not in reply:
            raise RuntimeError("the answer was not taken")
        submits.append(spent)
    first = lesson.steps[0]
    text = lesson.get_section(first.section, "en").html if isinstance(first, ReadingStep) else ""
    figures: Figures = {
        "view_cpu_ms": statistics.median(views[WARM_UP:]),
        "submit_cpu_ms": statistics.median(submits[WARM_UP:]),
        "view_kb": (max(sizes) - len(text.encode())) / 1000,
    }
    say(f"view {figures['view_cpu_ms']:.2f} ms, answer {figures['submit_cpu_ms']:.2f} ms CPU in the median")
    return figures


def missed(figures: Mapping[str, float | None]) -> Sequence[str]:
    """Return a line for each figure that is worse than it must be."""
    return [
        f"{key} is {found:.1f}, and must be {limit:.0f} at most"
        for key, limit in MUST.items()
        if (found := figures[key]) is not None and found > limit
    ]


class _Learner:
    """One learner at the lesson; each call makes the block anew from what is stored."""

    def __init__(self, place: Place, store: Store, user_id: str) -> None:
        self._place = place
        self._store = store
        self._user_id = user_id

    def request(self, **fields: Any) -> Request:
        """Return a form of the attempt."""
        form = {"attempt": self.state["id"], **fields}
        pairs = [(name, one) for name, given in form.items() for one in ([given] if isinstance(given, str) else given)]
        return Request.blank("/", method="POST", POST=pairs)

    @property
    def state(self) -> dict[str, Any]:
        """Return the stored attempt."""
        state: dict[str, Any] = self.block().state
        return state

    def block(self) -> Any:
        """Return the block as a request finds it."""
        return self._place.block(BlockRuntime(self._store), self._user_id)


def _shown(block: Any) -> str:
    """Return the lesson's page."""
    html: str = block.student_view().content
    return html


def _sent(block: Any, request: Request, action: str) -> str:
    """Send a form; return the page that follows."""
    reply: str = block.handle("act", request, action).text
    return reply


def _cpu(work: Callable[[], str]) -> tuple[float, str]:
    """Return the milliseconds of CPU that some work takes, and what it gives."""
    start = time.process_time()
    found = work()
    return (time.process_time() - start) * 1000, found
