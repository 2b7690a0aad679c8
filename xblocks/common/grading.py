"""What Open edX asks of a block that is graded: its score kept and set, computed anew, and never outside 0 to 1."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from xblock.scorable import Score as PlatformScore

from qualoop.values import ZERO, Score
from xblocks.common.attempt import Attempt


class PublishesGrade:
    """A block whose kept score can be published by the platform, as the instructor's override does after it has set one."""

    get_score: Callable[[], PlatformScore]
    _publish_grade: Callable[[PlatformScore], None]
    """XBlock's own mixin has it."""

    def publish_grade(self) -> None:
        """Publish the score as it is kept."""
        self._publish_grade(self.get_score())


class Graded(PublishesGrade):
    """The raw score is a share, 0 to 1 of 1; the platform makes points of it by `weight`."""

    score: str
    state: dict[str, Any]

    def has_submitted_answer(self) -> bool:
        """Return whether the learner has a score."""
        return bool(self.score)

    def max_score(self) -> float:
        """Return the raw maximum, which is never 0."""
        return 1.0

    def get_score(self) -> PlatformScore:
        """Return the learner's score as it was last kept."""
        return PlatformScore(raw_earned=float(kept_score(self.score)), raw_possible=self.max_score())

    def set_score(self, score: PlatformScore) -> None:
        """Keep a score that the platform set, clamped to 0 to 1."""
        self.score = clamped(score.raw_earned, score.raw_possible).as_text()

    def calculate_score(self) -> PlatformScore:
        """Return the score that the learner's answers are worth now; changes nothing."""
        opened = self.find_content()
        if opened is None or not self.state:
            return self.get_score()
        settings = self.rules(opened)
        grade = Attempt.from_json(self.state).rescored(opened, settings).grade(settings)
        return self.get_score() if grade is None else PlatformScore(float(grade), self.max_score())

    def find_content(self) -> Any:
        """Return the content as `ActivityBlock` finds it."""
        raise NotImplementedError

    def rules(self, opened: Any) -> Any:
        """Return the rules as `ActivityBlock` has them."""
        raise NotImplementedError


def clamped(earned: Any, possible: Any) -> Score:
    """Return ``earned`` of ``possible`` inside [0, 1]; 0 for what is no number, and where nothing can be earned."""
    try:
        part, whole = Decimal(str(earned)), Decimal(str(possible))
    except InvalidOperation:
        return ZERO
    if not part.is_finite() or not whole.is_finite() or whole <= 0:
        return ZERO
    return Score.of(part, whole)


def kept_score(text: str) -> Score:
    """Return a kept score; 0 where there is none, or none that could be."""
    return clamped(text or "0", 1)
