"""What a learner sees of a shift: the windows, what can be said, the rules of the shop; and what is told afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from qualoop.simulators.decisions import ChoiceField, Column, DecisionForm, DecisionTable, Option, Row
from qualoop.simulators.engine import Refusal
from qualoop.simulators.service.dialogue import earned
from qualoop.simulators.service.script import Reply
from qualoop.simulators.service.shift import WAIT, Chat, Desk, Said, Shift
from qualoop.simulators.views import Figure, Figures, Grid, Line, Panel, Prose, Talk, View
from qualoop.values import LANGUAGES, Text

YOU: Final = Text({"en": "You", "zh-Hans": "你"})
_WAIT: Final = Text({"en": "Let this customer wait", "zh-Hans": "让这位客户稍等"})
_REPLY: Final = Text({"en": "Reply", "zh-Hans": "回复"})
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
_BROKEN: Final = ("You broke a rule of the shop: ", "你违反了店铺规则：")
_UNSERVED: Final = Text(
    {
        "en": "Nothing that was said cost anything here: customers who left, or were not served to the end, did.",
        "zh-Hans": "说过的话没有失分，失分来自中途离开或没有接待完的客户。",
    }
)


@dataclass(frozen=True, kw_only=True)
class DeskWorld:
    """A shift, and the rules of the shop (Markdown)."""

    shift: Shift
    rules: Text

    @cached_property
    def form(self) -> DecisionForm:
        """Return a form with every reply of every customer of a window."""
        shift = self.shift
        return _form(shift, [[key for chat in queue for key in shift.chats[chat].offers] for queue in shift.queues])


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


def _form(shift: Shift, offered: Sequence[Sequence[str]]) -> DecisionForm:
    tables = tuple(_window(shift, window, keys) for window, keys in enumerate(offered))
    return DecisionForm(tables=tables, seconds=shift.seconds)


def _window(shift: Shift, window: int, keys: Sequence[str]) -> DecisionTable:
    options = [Option(key=WAIT, label=_WAIT), *(_option(shift, key) for key in keys)]
    field = ChoiceField(
        key=field_key(window),
        component="replies",
        label=_say("What you say", "你怎么说"),
        options=tuple(options),
        default=WAIT,
    )
    title = _say(f"Window {window + 1}", f"窗口 {window + 1}")
    return DecisionTable(key=f"w{window + 1}", title=title, rows=(Row(key="reply", label=_REPLY),), fields=(field,))


def _option(shift: Shift, key: str) -> Option:
    chat = shift.chats[int(key.partition("-")[0])]
    reply = chat.reply(chat.offers[key])
    words = chat.conversation.words(reply.text)
    label = _say(f"{words['en']} ({reply.seconds} s)", f"{words['zh-Hans']}（{reply.seconds} 秒）")
    return Option(key=key, label=label, seconds=reply.seconds)


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
            *([review(world, turns)] if is_over else []),
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
    state, who = _NOBODY, _NOBODY
    if standing is not None:
        conversation = shift.chats[desk.queues[window][0]].conversation
        who = conversation.words(conversation.script.customer)
        state = _MOODS[standing.mood]
    return Talk(
        key=f"w{window + 1}",
        title=who,
        lines=tuple(lines),
        state=state,
        waited=None if standing is None else standing.waited * shift.seconds,
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


def review(world: DeskWorld, turns: Sequence[Sequence[str]]) -> Grid:
    """Return everything that was said, with what is to be said of it: for after the shift alone."""
    rows = [
        (each.turn + 1, chat.conversation.words(chat.conversation.script.customer), *_told_of(chat, reply))
        for each, chat, reply in _replies(world.shift, turns)
    ]
    labels = (
        _say("Turn", "轮次"),
        _say("Customer", "客户"),
        _say("Your reply", "你的回复"),
        _say("What is to be said of it", "点评"),
    )
    return Grid(
        key="review",
        title=_say("Your replies, one by one", "逐条回顾"),
        columns=tuple(Column(label=label) for label in labels),
        rows=tuple(rows),
    )


def _told_of(chat: Chat, reply: Reply) -> tuple[Text, Text]:
    told = chat.conversation.words(reply.why)
    return chat.conversation.words(reply.text), _told(*_BROKEN, told) if reply.breach else told


def _replies(shift: Shift, turns: Sequence[Sequence[str]]) -> Iterator[tuple[Said, Chat, Reply]]:
    """Iterate over everything that the learner said."""
    for each in shift.history(turns):
        if each.offer is not None:
            chat = shift.chats[each.chat]
            yield each, chat, chat.reply(each.offer)


def why(world: DeskWorld, turns: Sequence[Sequence[str]], part: str, *, critical: str | None, lost: int) -> Text:
    """Return what cost most in a part: the reply, and what is said of it. ``lost`` is how many points are missing."""
    said = list(_replies(world.shift, turns))
    if critical:
        chat, reply = next((chat, reply) for _, chat, reply in said if reply.breach == critical)
        return _told(*_BROKEN, chat.conversation.words(reply.why))
    losses = [(_loss(each, chat, reply, part), chat.conversation.words(reply.why)) for each, chat, reply in said]
    loss, told = max(losses, key=lambda entry: entry[0], default=(0, _UNSERVED))
    if loss > 0:
        return _told("What cost most: ", "失分最多之处：", told)
    return _UNSERVED if lost > 0 else _say("Nothing was lost here.", "此项没有失分。")


def _loss(each: Said, chat: Chat, reply: Reply, part: str) -> int:
    """Return how many points of a part another reply would have brought at once."""
    replies = chat.conversation.node(each.before).replies
    return max(earned(replies[place], part) for place in chat.conversation.offered(each.before)) - earned(reply, part)


def _told(en: str, zh: str, why_: Text) -> Text:
    return Text({language: {"en": en, "zh-Hans": zh}[language] + why_[language] for language in LANGUAGES})
