"""What may reach a browser of one item: see `view`, whose part this is."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, TypeAlias

from qualoop.assessment import (
    Hotspot,
    Item,
    ItemFigure,
    LinkSettings,
    Matching,
    MultipleChoice,
    ResponseRefusedError,
    SingleChoice,
    item_credit,
    reveal,
    score_response,
)
from qualoop.content_packages import ASSET_SCHEME, block_html, inline_html
from qualoop.player.form_view import Given, form_of, form_view
from qualoop.player.host import Refused
from qualoop.player.state import ItemState, LessonState
from qualoop.values import ONE, ZERO, Score

View: TypeAlias = dict[str, Any]

_TENTH: Final = Decimal("0.1")


def tenths(number: Decimal) -> str:
    """Return a number with one decimal where it has any: '100', '66.7'."""
    return f"{number.quantize(_TENTH, ROUND_HALF_UP):f}".removesuffix(".0")


def percent(share: Decimal) -> str:
    """Return a share as per cent, without the sign."""
    return tenths(share * 100)


def item_view(
    item: Item, state: LessonState, *, settings: LinkSettings, language: str, refused: Refused | None = None
) -> View:
    """Return what a page may show of an item: prompt, form, feedback on the last response, hints asked for."""
    own = state.item(item.key)
    takes_answers = state.takes_answers(item.key, settings)
    solved = _may_see_solution(state, settings, takes_answers=takes_answers)
    told = state.shows(settings.show_feedback)
    done = not (told and takes_answers)
    error = refused.error if refused and isinstance(refused.error, ResponseRefusedError) else None
    given = _given(item, own, state.seed, refused=refused, done=done, marks=_marks(item, own, told=told, solved=solved))
    return {
        "key": item.key,
        "type": item.type,
        "prompt": block_html(item.prompt[language]),
        "figure": _figure_view(item.figure, language),
        "takes_answers": takes_answers,
        "revealed": own.revealed,
        "try": len(own.tries) + 1,
        "tries": settings.tries_per_item,
        "worth": percent(_next_try_worth(own, settings)),
        "credit": percent(own.credit(settings)) if told and state.shows(settings.show_score) else None,
        "checks": told,
        "form": form_view(item, given, state.seed, language),
        "error": {"field": error.field, "message": error.message} if error else None,
        "feedback": None if error else _feedback_view(item, own, language, told=told),
        "hints": _hints_view(item, own, settings, language, takes_answers=takes_answers),
        "can_reveal": takes_answers and settings.show_solution == "after_item",
        "solution": _solution_view(item, language) if solved else None,
    }


def _may_see_solution(state: LessonState, settings: LinkSettings, *, takes_answers: bool) -> bool:
    if settings.show_solution == "after_item":
        return not takes_answers
    return settings.show_solution == "after_submit" and state.finished is not None


def _next_try_worth(own: ItemState, settings: LinkSettings) -> Score:
    """Return what a right answer would earn now."""
    return item_credit([*(ZERO for _ in own.tries), ONE], [*(one.hints for one in own.tries), own.hints], settings)


def _figure_view(figure: ItemFigure | None, language: str) -> View | None:
    if figure is None:
        return None
    path = figure.file if isinstance(figure.file, str) else figure.file[language]
    return {"source": f"{ASSET_SCHEME}{path}", "alt": figure.alt[language]}


def _feedback_view(item: Item, own: ItemState, language: str, *, told: bool) -> View | None:
    if own.response is None:
        return None
    if not told:
        return {"verdict": "saved", "texts": []}
    outcome = score_response(item, own.response)
    verdict = "right" if outcome.correct else "partly" if outcome.score else "wrong"
    texts = [block_html(text[language]) for text in outcome.feedback]
    return {"verdict": verdict, "texts": texts}


def _hints_view(item: Item, own: ItemState, settings: LinkSettings, language: str, *, takes_answers: bool) -> View:
    more = takes_answers and own.hints < len(item.hints)
    return {
        "shown": [block_html(hint[language]) for hint in item.hints[: own.hints]],
        "total": len(item.hints),
        "next": own.hints + 1 if more else None,
        "cost": percent(settings.hint_cost),
    }


def _solution_view(item: Item, language: str) -> View:
    """Return the worked solution, and the right answer where the form cannot mark it."""
    revealed = reveal(item)
    answer: list[View] = []
    if isinstance(item, Matching):
        pairs = zip(item.pairs, revealed.answer, strict=True)
        answer = [{"left": inline_html(pair.left[language]), "text": right[language]} for pair, right in pairs]
    elif not isinstance(item, SingleChoice | MultipleChoice | Hotspot):
        answer = [{"left": None, "text": text[language]} for text in revealed.answer]
    return {"html": block_html(item.solution[language]), "answer": answer}


def _marks(item: Item, own: ItemState, *, told: bool, solved: bool) -> Mapping[str, bool]:
    """Return which choices to mark as right or wrong."""
    marks: dict[str, bool] = {}
    if told and own.response is not None:
        marks.update(score_response(item, own.response).marks)
    if solved and isinstance(item, SingleChoice | MultipleChoice | Hotspot):
        marks.update(dict.fromkeys(reveal(item).response, True))
    return marks


def _given(
    item: Item, own: ItemState, seed: int, *, refused: Refused | None, done: bool, marks: Mapping[str, bool]
) -> Given:
    """Return what to put into the form: what was just refused, else the last response.

    While more tries are left, a wrong pick of one among many is marked but not picked again.
    """
    if refused is not None:
        return Given(form=refused.action.form, marks=marks)
    if own.response is None or (isinstance(item, SingleChoice | Hotspot) and not done):
        return Given(form={}, marks=marks)
    return Given(form=form_of(item, own.response, seed), marks=marks)
