"""What can be asked in the room: an item of a lesson, or a question that is made on the spot."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from qualoop.assessment import Item, MultipleChoice, NumberItem, Ordering, ShortText, SingleChoice
from qualoop.assessment.wording import find_number
from qualoop.classroom.session import ClassRefusedError
from qualoop.ledger import canonical_body

KINDS: Final = ("single-choice", "multiple-choice", "ordering", "number", "short-text")
"""Choice, several choices, ranking, number, short text: what fits on a phone and can be counted at once."""
PART: Final = "question"
MAX_PROMPT: Final = 600
MAX_LINE: Final = 200
MAX_EXPLANATION: Final = 2000
_MOST: Final = 8
_FEWEST: Final = {"single-choice": 2, "multiple-choice": 2, "ordering": 3}
_RIGHT: Final = "*"
_NOTHING: Final = "–"

_ITEMS: Final[TypeAdapter[Item]] = TypeAdapter(Item)


class QuestionRefusedError(ClassRefusedError):
    """A question needs its text, and what can be answered; `reason` says what is missing."""

    code = "class-question"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the question is not complete: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An item as it is asked in a room. Where it is not ``graded`` nothing is right or wrong: it is an opinion."""

    item: Item
    graded: bool = True

    def to_document(self) -> dict[str, Any]:
        """Return the question as plain JSON."""
        return {"graded": self.graded, "item": self.item.model_dump(mode="json", exclude_none=True)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Question:
        """Return the question in a document that `to_document` made."""
        return cls(item=_ITEMS.validate_python(document["item"]), graded=bool(document["graded"]))

    @property
    def content_hash(self) -> str:
        """Return the hash of what is asked: 64 hexadecimal digits, the same for the same question."""
        return hashlib.sha256(canonical_body(self.to_document())).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A question as a teacher types it.

    ``lines``: options, one a line, right ones marked with a star in front; of a ranking the right order from the top; of
    a short text the right forms. ``answer`` and ``tolerance`` are a number's. All of it is in ``language``.
    """

    kind: str
    prompt: str
    lines: str = ""
    answer: str = ""
    tolerance: str = ""
    explanation: str = ""
    graded: bool = True
    language: str = "en"


def lesson_question(document: Mapping[str, Any]) -> Question:
    """Return an item of a lesson's document as a question; raise QuestionRefusedError where it fits no phone."""
    if document.get("type") not in KINDS:
        raise QuestionRefusedError("kind")
    return Question(item=_ITEMS.validate_python(document))


def spot_question(draft: Draft) -> Question:
    """Return the question that a teacher typed; raise QuestionRefusedError."""
    prompt = draft.prompt.strip()
    if draft.kind not in KINDS:
        raise QuestionRefusedError("kind")
    if not prompt or len(prompt) > MAX_PROMPT:
        raise QuestionRefusedError("prompt")
    lines = [" ".join(line.split()) for line in draft.lines.splitlines() if line.strip()]
    if len(lines) > _MOST or any(len(line) > MAX_LINE for line in lines):
        raise QuestionRefusedError("lines")
    explanation = draft.explanation.strip()[:MAX_EXPLANATION]
    common = {
        "key": PART,
        "type": draft.kind,
        "knowledge_points": {},
        "prompt": {draft.language: prompt},
        "solution": {draft.language: explanation or _NOTHING},
    }
    answers, graded = _BUILDERS[draft.kind](draft, lines)
    try:
        return Question(item=_ITEMS.validate_python({**common, **answers}), graded=graded)
    except ValidationError as error:
        raise QuestionRefusedError("answer") from error


def _choices(draft: Draft, lines: Sequence[str]) -> tuple[dict[str, Any], bool]:
    rights = [line.startswith(_RIGHT) for line in lines]
    words = [line.removeprefix(_RIGHT).strip() for line in lines]
    if len(lines) < _FEWEST[draft.kind] or not all(words) or len(set(words)) < len(words):
        raise QuestionRefusedError("lines")
    # Without a star nothing is right: an opinion. One star is what a single choice can take.
    if draft.kind == "single-choice" and sum(rights) > 1:
        raise QuestionRefusedError("one-right")
    options = [
        {
            "key": f"option-{number}",
            "text": {draft.language: word},
            "correct": right and draft.graded,
            "feedback": {draft.language: _NOTHING},
        }
        for number, (word, right) in enumerate(zip(words, rights, strict=True), 1)
    ]
    return {"options": options, "shuffle": False}, any(rights) and draft.graded


def _entries(draft: Draft, lines: Sequence[str]) -> tuple[dict[str, Any], bool]:
    if len(lines) < _FEWEST[draft.kind] or len(set(lines)) < len(lines):
        raise QuestionRefusedError("lines")
    entries = [{"key": f"entry-{number}", "text": {draft.language: line}} for number, line in enumerate(lines, 1)]
    return {"entries": entries, "feedback": _feedback(draft)}, draft.graded


def _number(draft: Draft, lines: Sequence[str]) -> tuple[dict[str, Any], bool]:
    graded = draft.graded and bool(draft.answer.strip())
    values = []
    for typed in (draft.answer, draft.tolerance):
        found = find_number(typed.strip()[:40], ()) if typed.strip() else Decimal(0)
        if found is None:
            raise QuestionRefusedError("answer")
        values.append(format(found, "f"))
    if values[1].startswith("-"):
        raise QuestionRefusedError("answer")
    return {"answer": values[0], "tolerance": values[1], "feedback": _feedback(draft)}, graded


def _forms(draft: Draft, lines: Sequence[str]) -> tuple[dict[str, Any], bool]:
    accepted = {draft.language: list(lines) or [_NOTHING]}
    return {"accepted": accepted, "feedback": _feedback(draft)}, draft.graded and bool(lines)


_BUILDERS: Final = {
    "single-choice": _choices,
    "multiple-choice": _choices,
    "ordering": _entries,
    "number": _number,
    "short-text": _forms,
}


def _feedback(draft: Draft) -> dict[str, Any]:
    nothing = {draft.language: _NOTHING}
    return {"correct": nothing, "incorrect": nothing}


def explanation(question: Question, language: str) -> str:
    """Return the explanation that is shown at the end (Markdown), empty where none was written."""
    found = question.item.solution[language]
    return "" if found == _NOTHING else found


def right_keys(question: Question) -> frozenset[str]:
    """Return the keys of the right options of a choice; nothing for other kinds and for opinions."""
    item = question.item
    if not question.graded or not isinstance(item, SingleChoice | MultipleChoice):
        return frozenset()
    return frozenset(option.key for option in item.options if option.correct)


def response_words(question: Question, response: Sequence[str], language: str) -> tuple[str, ...]:
    """Return in words what somebody answered (Markdown): options, entries in their order, a number with its unit.

    A text that was typed freely is in no response; a key that the question does not have stands as it is.
    """
    item = question.item
    if isinstance(item, SingleChoice | MultipleChoice):
        words = {option.key: option.text[language] for option in item.options}
    elif isinstance(item, Ordering):
        words = {entry.key: entry.text[language] for entry in item.entries}
    elif isinstance(item, NumberItem) and item.unit:
        return tuple(f"{value} {item.unit[language]}" for value in response)
    else:
        words = {}
    return tuple(words.get(key, key) for key in response)


def right_words(question: Question, language: str) -> tuple[str, ...]:
    """Return the right answer of a number, a text or a ranking in words; nothing for choices and for opinions."""
    item = question.item
    if not question.graded:
        return ()
    if isinstance(item, NumberItem):
        within = f" ± {item.tolerance.normalize():f}" if item.tolerance else ""
        unit = f" {item.unit[language]}" if item.unit else ""
        return (f"{item.answer.normalize():f}{within}{unit}",)
    if isinstance(item, ShortText):
        forms = item.accepted.get("zh-Hans" if language == "zh-Hans" else "en") or next(iter(item.accepted.values()))
        return (forms[0],)
    return tuple(entry.text[language] for entry in item.entries) if isinstance(item, Ordering) else ()
