"""What a learner sees of a shift: the windows, what can be said, the rules of the shop; and what is told afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from qualoop.simulators.decisions import ChoiceField, DecisionForm, DecisionTable, Option, Row
from qualoop.simulators.engine import Refusal
from qualoop.simulators.service.dialogue import earned
from qualoop.simulators.service.shift import WAIT, Desk, Said, Shift
from qualoop.simulators.views import Figure, Figures, Line, Panel, Prose, Talk, View
from qualoop.values import LANGUAGES, Text

YOU: Final = Text({"en": "You", "zh-Hans": "您"})
_WAIT: Final = Text({"en": "Let this customer wait", "zh-Hans": "让这位客户稍等"})
_NOBODY: Final = Text({"en": "Nobody is here", "zh-Hans": "暂无客户"})
_MOODS: Final = (
    Text({"en": "has left", "zh-Hans": "已离开"}),
    Text({"en": "angry", "zh-Hans": "很生气"}),
    Text({"en": "annoyed", "zh-Hans": "有些不满"}),
    Text({"en": "calm", "zh-Hans": "平静"}),
    Text({"en": "friendly", "zh-Hans": "友好"}),
    Text({"en": "pleased", "zh-Hans": "满意"}),
    Text({"en": "delighted", "zh-Hans": "非常满意"}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskWorld:
    """A shift, and the rules of the shop (Markdown)."""

    shift: Shift
    rules: Text


def field_key(window: int) -> str:
    """Return the key of the field in which a window is answered."""
    return f"window{window + 1}"


def _say(en: str, zh: str) -> Text:
    return Text({"en": en, "zh-Hans": zh})


def gone(window: int) -> Refusal:
    """Return that a reply cannot be given any more."""
    text = _say("This cannot be said now: choose again.", "现在不能这样回复，请重新选择。")
    return Refusal(code="reply-gone", text=text, field=field_key(window), row=0)


def too_long(needed: int, seconds: int) -> Refusal:
    """Return that all replies together take longer than the turn."""
    text = _say(
        f"These replies take {needed} seconds, a turn has {seconds}. Let somebody wait, or answer more briefly.",
        f"这些回复共需 {needed} 秒，而一轮只有 {seconds} 秒。请让一位客户稍等，或选择更简短的回复。",
    )
    return Refusal(code="too-long", text=text)


def whole_form(shift: Shift) -> DecisionForm:
    """Return a form with every reply of every customer of a window."""
    keys = [[key for chat in queue for key in shift.chats[chat].offers] for queue in shift.queues]
    return _form(shift, keys)


def _form(shift: Shift, offered: Sequence[Sequence[str]]) -> DecisionForm:
    return DecisionForm(tables=tuple(_window(shift, window, keys) for window, keys in enumerate(offered)))


def _window(shift: Shift, window: int, keys: Sequence[str]) -> DecisionTable:
    options = [Option(key=WAIT, label=_WAIT), *(_option(shift, key) for key in keys)]
    field = ChoiceField(
        key=field_key(window),
        component="replies",
        label=_say("Your reply", "您的回复"),
        options=tuple(options),
        default=WAIT,
    )
    title = _say(f"Window {window + 1}", f"窗口 {window + 1}")
    return DecisionTable(key=f"w{window + 1}", title=title, rows=(Row(key="reply", label=title),), fields=(field,))


def _option(shift: Shift, key: str) -> Option:
    chat = shift.chats[int(key.partition("-")[0])]
    reply = chat.reply(chat.offers[key])
    words = chat.conversation.words(reply.text)
    label = _say(f"{words['en']} ({reply.seconds} s)", f"{words['zh-Hans']}（{reply.seconds} 秒）")
    return Option(key=key, label=label)


def view(world: DeskWorld, turns: Sequence[Sequence[str]]) -> View:
    """Return the windows as they stand after some turns."""
    shift = world.shift
    desk = shift.after(turns)
    is_over = len(turns) >= shift.turns or not any(desk.standings)
    form = None if is_over else _form(shift, [shift.offered(desk, window) for window in range(shift.windows)])
    return View(
        round=len(turns),
        rounds=shift.turns,
        panels=(
            Prose(key="rules", title=_say("Rules of the shop", "店铺规则"), text=world.rules),
            *(_talk(world, desk, turns, window) for window in range(shift.windows)),
        ),
        form=form,
        standing={} if form is None else {field_key(window): [WAIT] for window in range(shift.windows)},
    )


def _talk(world: DeskWorld, desk: Desk, turns: Sequence[Sequence[str]], window: int) -> Talk:
    """Return the conversation in a window, all customers so far in one thread."""
    shift = world.shift
    lines: list[Line] = []
    for chat in shift.queues[window]:
        said = [each for each in shift.history(turns) if each.chat == chat]
        if said or (desk.queues[window] and desk.queues[window][0] == chat):
            lines += _lines(shift, chat, said)
    standing = desk.standings[window]
    state = _NOBODY
    if standing is not None:
        mood, waited = _MOODS[standing.mood], standing.waited
        state = _say(
            f"{mood['en']}, has waited {waited} turns" if waited else mood["en"],
            f"{mood['zh-Hans']}，已等待 {waited} 轮" if waited else mood["zh-Hans"],
        )
    return Talk(
        key=f"talk{window + 1}",
        title=_say(f"Window {window + 1}", f"窗口 {window + 1}"),
        lines=tuple(lines),
        state=state,
    )


def _lines(shift: Shift, number: int, said: Sequence[Said]) -> list[Line]:
    chat = shift.chats[number]
    conversation = chat.conversation
    who = conversation.words(conversation.script.customer)
    lines = [Line(who=who, text=conversation.opening)]
    for each in said:
        at = str(each.turn + 1)
        if each.offer is None:
            continue
        reply = chat.reply(each.offer)
        lines.append(Line(who=YOU, text=conversation.words(reply.text), at=at, is_own=True))
        lines.append(Line(who=who, text=conversation.words(conversation.node(each.after).says), at=at))
    if said and said[-1].after.mood <= 0:
        lines.append(Line(who=who, text=_say("(has left the chat)", "（已离开聊天）"), at=str(said[-1].turn + 1)))
    return lines


def turn_panels(world: DeskWorld, turns: Sequence[Sequence[str]]) -> tuple[Panel, ...]:
    """Return what a turn brought."""
    shift = world.shift
    said = [each for each in shift.history(turns) if each.turn == len(turns) - 1]
    answered = [each for each in said if each.offer is not None]
    used = sum(shift.chats[each.chat].reply(each.offer).seconds for each in answered if each.offer)
    figures = Figures(
        key="turn",
        title=_say(f"Turn {len(turns)}", f"第 {len(turns)} 轮"),
        figures=(
            Figure(key="answered", label=_say("Answered", "已回复"), value=len(answered)),
            Figure(key="waiting", label=_say("Left waiting", "仍在等待"), value=len(said) - len(answered)),
            Figure(key="used", label=_say("Time used", "用时"), value=used, unit="s"),
        ),
    )
    return (figures,)


def why(world: DeskWorld, turns: Sequence[Sequence[str]], part: str, critical: str | None) -> Text:
    """Return what cost most in a part: the reply, and what is said of it."""
    shift = world.shift
    if critical:
        reply = next(reply for reply in shift.replies(turns) if reply.breach == critical)
        return _told("You broke a rule of the shop: ", "您违反了店铺规则：", reply.why)
    worst: tuple[float, Text] | None = None
    for each in shift.history(turns):
        if each.offer is None:
            continue
        chat = shift.chats[each.chat]
        replies = chat.conversation.node(each.before).replies
        best = max(earned(replies[place], part) for place in chat.conversation.offered(each.before))
        reply = chat.reply(each.offer)
        loss = best - earned(reply, part)
        if loss > 0 and (worst is None or loss > worst[0]):
            worst = (loss, chat.conversation.words(reply.why))
    if worst is None:
        return _say("Nothing was lost here.", "此项没有失分。")
    return _told("What cost most: ", "失分最多之处：", worst[1])


def _told(en: str, zh: str, why_: Text) -> Text:
    return Text({language: {"en": en, "zh-Hans": zh}[language] + why_[language] for language in LANGUAGES})
