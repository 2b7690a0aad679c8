"""Who reviews whose work: fair however a class asks, and never the own work, a team mate's, or the same one twice."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from qualoop.assessment.peer_assignment import PeerWork, Reviewer, next_work, still_lacking

NOBODY: frozenset[str] = frozenset()


class Class:
    """A class of which each has handed in one work."""

    def __init__(self, size: int, reviews: int, teams: int = 0) -> None:
        self.reviews = reviews
        self.people = [str(number) for number in range(size)]
        self.teams = {who: frozenset({f"team {int(who) % teams}"}) if teams else NOBODY for who in self.people}
        self.seen: dict[str, list[str]] = {who: [] for who in self.people}
        self.gone: set[str] = set()

    def reviewer(self, who: str) -> Reviewer:
        left = 0 if who in self.gone else self.reviews - len(self.seen[who])
        return Reviewer(key=who, left=left, teams=self.teams[who], seen=frozenset(self.seen[who]))

    @property
    def counts(self) -> dict[str, int]:
        return {who: sum(who in seen for seen in self.seen.values()) for who in self.people}

    @property
    def works(self) -> list[PeerWork]:
        counts = self.counts
        return [
            PeerWork(key=who, author=who, needs=self.reviews - counts[who], teams=self.teams[who])
            for who in self.people
        ]

    def ask(self, who: str) -> str | None:
        others = [self.reviewer(other) for other in self.people if other != who]
        found = next_work(self.reviewer(who), others, self.works)
        if found is not None:
            assert found != who
            assert found not in self.seen[who]
            assert not self.teams[who] & self.teams[found]
            self.seen[who].append(found)
        return found


@settings(max_examples=25, deadline=None)
@given(st.data(), st.integers(2, 9), st.integers(1, 4))
def test_in_whatever_order_a_class_asks_every_work_gets_its_reviews(
    data: st.DataObject, size: int, reviews: int
) -> None:
    reviews = min(reviews, size - 1)
    people = Class(size, reviews)
    order = data.draw(st.permutations([who for who in people.people for _ in range(reviews)]))
    for who in order:
        assert people.ask(who) is not None
    assert set(people.counts.values()) == {reviews}


@settings(max_examples=15, deadline=None)
@given(st.data(), st.integers(2, 4))
def test_team_mates_never_review_each_other_and_all_are_reviewed(data: st.DataObject, teams: int) -> None:
    people = Class(teams * 2, 2, teams=teams)
    order = data.draw(st.permutations([who for who in people.people for _ in range(2)]))
    for who in order:
        people.ask(who)
    assert set(people.counts.values()) == {2}


@settings(max_examples=15, deadline=None)
@given(st.data(), st.integers(4, 8))
def test_who_drops_out_costs_what_was_promised_and_no_more(data: st.DataObject, size: int) -> None:
    people = Class(size, 2)
    people.gone = set(data.draw(st.sets(st.sampled_from(people.people), min_size=1, max_size=size - 3)))
    here = [who for who in people.people if who not in people.gone]
    lacking = still_lacking([people.reviewer(who) for who in people.people], people.works)
    assert sum(lacking.values()) == 2 * len(people.gone)
    for who in data.draw(st.permutations([who for who in here for _ in range(2)])):
        assert people.ask(who) is not None
    assert sum(people.counts.values()) == 2 * len(here)


def test_the_last_one_is_not_left_with_the_own_work() -> None:
    """Of three the second must not take the first's work, or the third's own work would be all that is left."""
    people = Class(3, 1)
    assert {who: people.ask(who) is not None for who in people.people} == dict.fromkeys(people.people, True)


def test_a_class_that_is_too_large_to_plan_is_served_by_need() -> None:
    people = Class(450, 1)
    people.seen["7"].append("0")
    assert people.ask("3") not in {None, "0", "3"}
