"""A shift at the chat desk: several conversations at once on one clock, turn by turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from qualoop.simulators.service.dialogue import Conversation, Standing, earned, worth
from qualoop.simulators.service.script import PARTS, Reply
from qualoop.simulators.streams import WorldKey

WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Offer:
    """A reply at a node of a conversation: what an option's key stands for."""

    node: str
    place: int


@dataclass(frozen=True, kw_only=True)
class Chat:
    """A conversation at the desk; ``offers`` are its replies under keys that tell nothing, in an order of their own."""

    conversation: Conversation
    offers: Mapping[str, Offer]

    @cached_property
    def keys(self) -> Mapping[Offer, str]:
        """Return the key of each reply."""
        return {offer: key for key, offer in self.offers.items()}

    def reply(self, offer: Offer) -> Reply:
        """Return what an offer says."""
        return self.conversation.script.nodes[offer.node].replies[offer.place]


def make_chat(conversation: Conversation, number: int, key: WorldKey) -> Chat:
    """Return a conversation with its replies shuffled under keys such as `2-7`."""
    offers = [
        Offer(name, place) for name, node in conversation.script.nodes.items() for place in range(len(node.replies))
    ]
    order = key.uniforms("order", shape=len(offers)).argsort(kind="stable")
    return Chat(
        conversation=conversation,
        offers={f"{number}-{rank}": offers[place] for rank, place in enumerate(order.tolist())},
    )


@dataclass(frozen=True, slots=True)
class Said:
    """What happened in a chat in one turn: the offer that was taken (None: the customer waited), before and after."""

    turn: int
    chat: int
    offer: Offer | None
    before: Standing
    after: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where the desk stands: for each window the chats that are left and how the first of them stands."""

    queues: tuple[tuple[int, ...], ...]
    standings: tuple[Standing | None, ...]


@dataclass(frozen=True, kw_only=True)
class Shift:
    """The world of a shift: ``windows`` chats at once, each with a queue; ``seconds`` of attention a turn."""

    chats: tuple[Chat, ...]
    queues: tuple[tuple[int, ...], ...]
    turns: int
    seconds: int

    @property
    def windows(self) -> int:
        """Return how many chats are open at once."""
        return len(self.queues)

    def begin(self) -> Desk:
        """Return the desk before the first turn."""
        return Desk(queues=self.queues, standings=tuple(self._first(queue) for queue in self.queues))

    def _first(self, queue: Sequence[int]) -> Standing | None:
        return self.chats[queue[0]].conversation.begin() if queue else None

    def offered(self, desk: Desk, window: int) -> list[str]:
        """Return the keys of what can be said in a window now, in the order in which they are shown."""
        standing = desk.standings[window]
        if standing is None:
            return []
        chat = self.chats[desk.queues[window][0]]
        keys = [chat.keys[Offer(standing.node, place)] for place in chat.conversation.offered(standing)]
        return sorted(keys, key=lambda key: int(key.partition("-")[2]))

    def taken(self, desk: Desk, turn: int, picks: Sequence[str]) -> tuple[Desk, list[Said]]:
        """Return the desk after a turn, and what happened. What cannot be said now, or in time, is waiting."""
        left = self.seconds
        said: list[Said] = []
        for window, pick in enumerate(picks):
            standing = desk.standings[window]
            if standing is None:
                continue
            chat = self.chats[desk.queues[window][0]]
            offer = chat.offers.get(pick) if pick in self.offered(desk, window) else None
            if offer is not None and chat.reply(offer).seconds > left:
                offer = None
            if offer is None:
                after = chat.conversation.waited(standing)
            else:
                left -= chat.reply(offer).seconds
                after = chat.conversation.answered(standing, chat.reply(offer))
            said.append(Said(turn, desk.queues[window][0], offer, standing, after))
        return self._moved(desk, said), said

    def _moved(self, desk: Desk, said: Sequence[Said]) -> Desk:
        """Return the desk with the next customer where a conversation is over."""
        after = {each.chat: each.after for each in said}
        queues, standings = list(desk.queues), list(desk.standings)
        for window, queue in enumerate(desk.queues):
            if not queue or queue[0] not in after:
                continue
            standings[window] = after[queue[0]]
            if self.chats[queue[0]].conversation.is_over(after[queue[0]]):
                queues[window] = queue[1:]
                standings[window] = self._first(queue[1:])
        return replace(desk, queues=tuple(queues), standings=tuple(standings))

    def played(self, turns: Sequence[Sequence[str]]) -> Iterator[tuple[Desk, list[Said]]]:
        """Iterate over the desk after each turn, with what happened in it."""
        desk = self.begin()
        for number, picks in enumerate(turns):
            desk, said = self.taken(desk, number, picks)
            yield desk, said

    def after(self, turns: Sequence[Sequence[str]]) -> Desk:
        """Return the desk after some turns."""
        desk = self.begin()
        for number, picks in enumerate(turns):
            desk, _ = self.taken(desk, number, picks)
        return desk

    def history(self, turns: Sequence[Sequence[str]]) -> list[Said]:
        """Return everything that happened."""
        return [each for _, said in self.played(turns) for each in said]

    def points(self, turns: Sequence[Sequence[str]]) -> dict[str, int]:
        """Return the points of each part."""
        replies = self.replies(turns)
        return {part: sum(earned(reply, part) for reply in replies) for part in PARTS}

    def replies(self, turns: Sequence[Sequence[str]]) -> list[Reply]:
        """Return everything that was said by the learner."""
        return [self.chats[each.chat].reply(each.offer) for each in self.history(turns) if each.offer is not None]

    def unaccounted(self, turns: Sequence[Sequence[str]]) -> dict[str, float]:
        """Return what is lost or made up in some turns: customers, and lines that do not go on where a talk stood."""
        last: dict[int, Standing] = {}
        elsewhere = 0
        for each in self.history(turns):
            elsewhere += last.get(each.chat, self.chats[each.chat].conversation.begin()) != each.before
            last[each.chat] = each.after
        over = sum(self.chats[chat].conversation.is_over(standing) for chat, standing in last.items())
        queued = sum(map(len, self.after(turns).queues))
        return {"customers": float(len(self.chats) - queued - over), "talks go on": float(elsewhere)}

    def value(self, turns: Sequence[Sequence[str]]) -> float:
        """Return what the shift was worth: all points, less what breaches cost."""
        return sum(worth(reply) for reply in self.replies(turns))
