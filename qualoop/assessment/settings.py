"""How one placed activity is graded and when it is open: what a teacher sets where the link is made, or later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)

from qualoop.assessment.items import Number
from qualoop.errors import QualoopError

MAX_GRACE_MINUTES: Final = 10_080
MAX_ATTEMPTS: Final = 1000
YEARS: Final = range(2000, 2200)

# What is refused, in words for who set it: marked for the catalogues, and hosts translate them.
N_ = str
YEAR_ODD: Final = N_("Write a year from 2000 to 2199.")
DUE_BEFORE_OPEN: Final = N_("It would be due before it opens.")
CLOSED_BEFORE_OPEN: Final = N_("It would close before it opens.")
CLOSED_BEFORE_DUE: Final = N_("It would close before it is due. Leave one of the two dates out, or close it later.")
CLOSED_IN_GRACE: Final = N_("It would close before the extra minutes after the due date are over.")
FLOOR_TOO_HIGH: Final = N_("Late answers would keep more than the first day or the one deduction leaves.")
DATE_MISSING: Final = N_("Set the date from which results are shown, or choose another moment.")
SOLUTION_TELLS: Final = N_("Solutions cannot be shown before feedback: they tell which answers are right.")
SCORE_TELLS: Final = N_(
    "A score that moves with each answer tells which answers are right: show it later, as the feedback."
)


class LinkSettingsError(QualoopError):
    """Settings that cannot be; ``faults`` has a sentence by field, that of no single field under the empty name."""

    code = "link-settings"

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults.values()))


def checked_moment(moment: datetime) -> datetime:
    """Return an aware moment in UTC; raise ValueError for one that no course can mean."""
    # With room for zones, graces and whatever else is added to a date.
    if moment.year not in YEARS:
        raise ValueError(YEAR_ODD)
    return moment.astimezone(UTC)


def _to_minute(moment: datetime) -> datetime:
    return checked_moment(moment).replace(second=0, microsecond=0)


Share = Annotated[Number, Field(ge=0, le=1)]
Moment = Annotated[
    AwareDatetime,
    AfterValidator(_to_minute),
    PlainSerializer(lambda moment: f"{moment:%Y-%m-%dT%H:%MZ}", return_type=str, when_used="json"),
]
"""A whole minute in UTC."""

Shown: TypeAlias = Literal["after_item", "after_submit", "after_due", "on_date", "never"]
"""When something may be seen: at once; when the attempt is handed in; when besides the learner's due date and grace, or
the date set for it, have passed; never."""

_ORDER: Final = {"after_item": 0, "after_submit": 1, "after_due": 2, "on_date": 2, "never": 3}


class LinkSettings(BaseModel):
    """The settings of one link. Made of numbers or of the texts that stand in LTI custom parameters and forms."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """Return settings of what somebody wrote; raise LinkSettingsError with every fault at once."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            rows = error.errors()
        raise LinkSettingsError(
            {str(row["loc"][0]) if row["loc"] else "": row["msg"].removeprefix("Value error, ") for row in rows}
        )

    tries_per_item: int = Field(default=3, ge=1, le=10, description="How often one item may be answered in an attempt.")
    retry_credit: tuple[Share, ...] = Field(
        default=(Decimal(1), Decimal("0.7"), Decimal("0.4")),
        min_length=1,
        max_length=10,
        description="What the first, second, … try is worth; the last holds for all that follow; never rising.",
    )
    hint_cost: Share = Field(
        default=Decimal("0.2"), description="Share of a try's credit that each hint before it costs."
    )
    max_attempts: int = Field(
        default=0, ge=0, le=MAX_ATTEMPTS, description="How many attempts there may be; 0 for no limit."
    )
    counts: Literal["best", "latest", "mean"] = Field(default="best", description="Which attempt's score is the grade.")
    score_maximum: int = Field(default=100, ge=1, le=1_000_000, description="The grade for a score of 1.")
    opens_at: Moment | None = Field(default=None, description="Before this nothing can be seen or answered.")
    due_at: Moment | None = Field(default=None, description="What is answered up to this, or in the grace, is in time.")
    grace_minutes: int = Field(
        default=0, ge=0, le=MAX_GRACE_MINUTES, description="How long after the due date an answer still counts fully."
    )
    late: Literal["accept", "daily", "once", "refuse"] = Field(
        default="accept",
        description="Late answers count fully; lose a share for each day begun since the due date; lose it once; or "
        "are not taken.",
    )
    late_deduction: Share = Field(default=Decimal("0.1"), description="What a late answer loses, a day or once.")
    late_floor: Share = Field(default=Decimal(0), description="What is left of a late answer however late it is.")
    closes_at: Moment | None = Field(default=None, description="After this nothing is taken, whatever the late rule.")
    show_feedback: Shown = Field(
        default="after_item", description="When it may be seen which answers are right, with their feedback."
    )
    show_solution: Shown = Field(
        default="after_item", description="When worked solutions and right answers may be seen."
    )
    show_score: Shown = Field(
        default="after_item", description="When scores may be seen, here and in the platform's grade book."
    )
    shown_at: Moment | None = Field(default=None, description="The moment meant by `on_date`.")

    @model_validator(mode="after")
    def _refuse_rising_credit(self) -> Self:
        if any(later > earlier for earlier, later in pairwise(self.retry_credit)):
            raise ValueError("a later try must not be worth more than an earlier one")
        return self

    @model_validator(mode="after")
    def _refuse_impossible_dates(self) -> Self:
        for earlier, later, message in (
            (self.opens_at, self.due_at, DUE_BEFORE_OPEN),
            (self.opens_at, self.closes_at, CLOSED_BEFORE_OPEN),
            (self.due_at, self.closes_at, CLOSED_BEFORE_DUE),
        ):
            if earlier and later and later <= earlier:
                raise ValueError(message)
        if self.due_at and self.closes_at and self.closes_at < self.due_at + timedelta(minutes=self.grace_minutes):
            raise ValueError(CLOSED_IN_GRACE)
        if self.late_floor > 1 - self.late_deduction and self.late in {"daily", "once"}:
            raise ValueError(FLOOR_TOO_HIGH)
        return self

    @model_validator(mode="after")
    def _refuse_leaks(self) -> Self:
        if "on_date" in {self.show_feedback, self.show_solution, self.show_score} and self.shown_at is None:
            raise ValueError(DATE_MISSING)
        if _ORDER[self.show_solution] < _ORDER[self.show_feedback]:
            raise ValueError(SOLUTION_TELLS)
        if self.show_score == "after_item" and self.show_feedback != "after_item":
            raise ValueError(SCORE_TELLS)
        return self
