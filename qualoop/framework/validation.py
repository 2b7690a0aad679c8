"""What must hold in a framework beyond the form of its records. Never raises: it notes every problem.

The rules and the reasons for them stand in docs/framework.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from pydantic import BaseModel

from qualoop.authored_files import Place, Problems
from qualoop.framework.reading import Draft, Entry
from qualoop.framework.schema import CertificateDirection
from qualoop.values import Text

CODED_SECTIONS = ("domains", "levels", "job_groups", "posts", "units", "knowledge_points", "certificate_directions")
CERTIFICATE_WEIGHT = 100


def find_problems(draft: Draft, problems: Problems) -> None:
    """Note every rule that the draft breaks.

    Where a part could not be read, what looks across files is left out: it would only report what is unread.
    """
    for check in _CHECKS:
        check(draft, problems)
    if draft.complete:
        for check in _CHECKS_ACROSS_FILES:
            check(draft, problems)


class _Value(NamedTuple):
    """A value inside an entry, and where it stands there."""

    entry: Entry[Any]
    place: Place
    value: Any

    @property
    def name(self) -> str:
        """Return the name of the field in which the value stands, alone or in a list."""
        return next((part for part in reversed(self.place) if isinstance(part, str)), "")

    def note(self, problems: Problems, code: str, message: str, repair: str = "") -> None:
        """Note a problem at the line of the value."""
        problems.add(self.entry.file, (*self.entry.place, *self.place), code, message, repair=repair)


# What is in one record, or compares records of a kind


def _codes_are_unique(draft: Draft, problems: Problems) -> None:
    """Over all kinds, without regard to case: tag systems and file names fold it."""
    _note_repeated(_codes(draft), problems, "code-repeated", "choose a code that was never used")
    sources = (_Value(entry, ("id",), entry.record.id) for entry in draft.sources)
    _note_repeated(sources, problems, "source-repeated", "keep one of them")


def _titles_are_unique(draft: Draft, problems: Problems) -> None:
    """Over all kinds, without regard to case, in each language: a tag system knows a tag by its title."""
    for language in draft.head.record.framework.languages:
        titles = (
            _Value(entry, ("title", language), entry.record.title.by_language[language])
            for section in CODED_SECTIONS
            for entry in getattr(draft, section)
            if language in entry.record.title.by_language
        )
        _note_repeated(titles, problems, "title-repeated", "say what sets this one apart")


def _ranks_are_unique(draft: Draft, problems: Problems) -> None:
    """The order of levels is their rank, that of domains their order."""
    ranks = (_Value(entry, ("rank",), str(entry.record.rank)) for entry in draft.levels)
    _note_repeated(ranks, problems, "rank-repeated", "give each level a rank of its own")
    orders = (_Value(entry, ("order",), str(entry.record.order)) for entry in draft.domains)
    _note_repeated(orders, problems, "order-repeated", "give each domain a place of its own")


def _lists_name_things_once(draft: Draft, problems: Problems) -> None:
    """A thing that is named twice in one list would be counted twice."""
    for value in _values(draft):
        if isinstance(value.value, tuple) and all(isinstance(item, str) for item in value.value):
            items = (_Value(value.entry, (*value.place, index), item) for index, item in enumerate(value.value))
            _note_repeated(items, problems, "named-twice", "take one out")


def _texts_are_in_every_language(draft: Draft, problems: Problems) -> None:
    """Every text stands in exactly the languages that the framework declares."""
    declared: tuple[str, ...] = draft.head.record.framework.languages
    for value in _values(draft):
        if isinstance(value.value, Text):
            for language in declared:
                if language not in value.value.by_language:
                    value.note(problems, "language-missing", f"no text in {language}", f"add `{language}:`")
            for language in value.value.by_language:
                if language not in declared:
                    repair = "add it to `languages` or take the text out"
                    value.note(problems, "language-undeclared", f"{language} is not declared", repair)


def _words_are_in_the_vocabularies(draft: Draft, problems: Problems) -> None:
    """Kinds, origins, forms and relations are words of the framework's vocabularies."""
    vocabularies = draft.head.record.vocabularies
    allowed_at = {
        "kind": vocabularies.knowledge_point_kind,
        "origin": vocabularies.origin,
        "relation": vocabularies.alignment_relation,
        "evidence_forms": vocabularies.evidence_form,
        "required_forms": vocabularies.evidence_form,
        "allowed_forms": vocabularies.evidence_form,
    }
    for value in _values(draft):
        allowed = allowed_at.get(value.name)
        if allowed and isinstance(value.value, str) and value.value not in allowed:
            value.note(problems, "word-unknown", f"`{value.value}` is no word for {value.name}", _one_of(allowed))


def _criteria_stay_in_their_unit(draft: Draft, problems: Problems) -> None:
    """A criterion shows knowledge points of its own unit only."""
    for entry in draft.units:
        for index, criterion in enumerate(entry.record.performance_criteria):
            for code in sorted(set(criterion.knowledge_points) - set(entry.record.knowledge_points)):
                value = _Value(entry, ("performance_criteria", index, "knowledge_points"), code)
                message = f"{code} is not a knowledge point of {entry.record.code}"
                value.note(problems, "criterion-outside-unit", message, "add it to the unit's `knowledge_points`")


def _certificates_add_up(draft: Draft, problems: Problems) -> None:
    """Weights sum to 100 over exactly the units of the rule, and the forms asked for can be met."""
    for entry in draft.certificate_directions:
        direction = entry.record
        total = sum(weight.weight for weight in direction.weights)
        if total != CERTIFICATE_WEIGHT:
            message = f"the weights of {direction.code} sum to {total}"
            _Value(entry, ("weights",), None).note(problems, "weights-sum", message, "make them sum to 100")
        weighted = [weight.unit for weight in direction.weights]
        if sorted(weighted) != sorted(_rule_units(entry)):
            message = "the rule and the weights do not name the same units"
            _Value(entry, ("weights",), None).note(
                problems, "weights-units", message, "weigh each unit of the rule once"
            )
        unmet = set(direction.evidence.required_forms) - set(direction.evidence.allowed_forms)
        if unmet or direction.evidence.min_distinct_forms > len(direction.evidence.allowed_forms):
            message = f"the forms that {direction.code} asks for are not all allowed"
            _Value(entry, ("evidence",), None).note(problems, "forms-unmet", message, "allow more or ask for fewer")


def _head_is_sound(draft: Draft, problems: Problems) -> None:
    """The default language is declared; a framework is adopted only with an owner and a licence."""
    head = draft.head.record.framework
    if head.default_language not in head.languages:
        value = _Value(draft.head, ("framework", "default_language"), head.default_language)
        value.note(problems, "language-undeclared", f"{head.default_language} is not declared", _one_of(head.languages))
    if head.status == "adopted" and not (head.owner and head.licence):
        value = _Value(draft.head, ("framework", "status"), head.status)
        value.note(problems, "adopted-unowned", "adopted without an owner or a licence", "state both")


# What looks across files


def _references_have_targets(draft: Draft, problems: Problems) -> None:
    """Every code that points to something points to something that is there."""
    codes: dict[str, set[str]] = {
        section: {entry.record.code for entry in getattr(draft, section)} for section in CODED_SECTIONS
    }
    codes["sources"] = {entry.record.id for entry in draft.sources}
    for section, value in _references(draft):
        if value.value not in codes[section]:
            near = get_close_matches(value.value, codes[section], n=1)
            repair = f"did you mean {near[0]}?" if near else f"add it to `{section}` or take the reference out"
            value.note(problems, "reference-broken", f"`{value.value}` is none of the {section}", repair)


def _grid_is_full(draft: Draft, problems: Problems) -> None:
    """Each level has exactly one descriptor for each domain."""
    domains = [entry.record.code for entry in draft.domains]
    for entry in draft.levels:
        described = [descriptor.domain for descriptor in entry.record.descriptors]
        for domain in domains:
            if described.count(domain) != 1:
                message = f"{entry.record.code} has {described.count(domain)} descriptors for {domain}"
                value = _Value(entry, ("descriptors",), None)
                value.note(problems, "grid-not-full", message, "write exactly one")


def _prerequisites_are_acyclic(draft: Draft, problems: Problems) -> None:
    """No knowledge point builds on itself, directly or round a circle. Every circle is named."""
    entries = {entry.record.code: entry for entry in draft.knowledge_points}
    graph = {code: set(entry.record.prerequisites) & set(entries) for code, entry in entries.items()}
    for code, entry in entries.items():
        if code in graph[code]:
            graph[code].remove(code)
            value = _Value(entry, ("prerequisites",), code)
            value.note(problems, "prerequisite-itself", f"{code} is a prerequisite of itself", "take it out")
    while circle := _find_circle(graph):
        first, second = circle[:2]
        graph[second].remove(first)
        value = _Value(entries[second], ("prerequisites",), first)
        message = f"prerequisites go round in a circle, each before the next: {' → '.join(circle)}"
        value.note(problems, "prerequisite-circle", message, "take one of these prerequisites out")


def _everything_hangs_from_something(draft: Draft, problems: Problems) -> None:
    """A post is in a group, a unit in a post or a group, a knowledge point in a unit; else nobody would find it."""
    held = {
        "posts": {code for entry in draft.job_groups for code in entry.record.posts},
        "units": {
            code for entries in (draft.job_groups, draft.posts) for entry in entries for code in entry.record.units
        },
        "knowledge_points": {code for entry in draft.units for code in entry.record.knowledge_points},
    }
    for section, codes in held.items():
        for entry in getattr(draft, section):
            if entry.record.code not in codes:
                message = f"nothing holds {entry.record.code}"
                _Value(entry, ("code",), None).note(problems, "held-by-nothing", message, "name it where it belongs")


_CHECKS = (
    _head_is_sound,
    _codes_are_unique,
    _titles_are_unique,
    _ranks_are_unique,
    _lists_name_things_once,
    _texts_are_in_every_language,
    _words_are_in_the_vocabularies,
    _criteria_stay_in_their_unit,
    _certificates_add_up,
)
_CHECKS_ACROSS_FILES = (
    _references_have_targets,
    _grid_is_full,
    _prerequisites_are_acyclic,
    _everything_hangs_from_something,
)


# Walks over a draft


def _walk(entry: Entry[Any], place: Place, value: Any) -> Iterator[_Value]:
    """Yield ``value`` and every value in it."""
    yield _Value(entry, place, value)
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _walk(entry, (*place, name), getattr(value, name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _walk(entry, (*place, index), item)


def _values(draft: Draft) -> Iterator[_Value]:
    """Yield every value of the framework's head and sections."""
    yield from _walk(draft.head, ("framework",), draft.head.record.framework)
    for section in CODED_SECTIONS:
        for entry in getattr(draft, section):
            yield from _walk(entry, (), entry.record)


def _codes(draft: Draft) -> Iterator[_Value]:
    """Yield every code that names something of this framework."""
    for section in CODED_SECTIONS:
        for entry in getattr(draft, section):
            yield _Value(entry, ("code",), entry.record.code)
    for level in draft.levels:
        for index, descriptor in enumerate(level.record.descriptors):
            yield _Value(level, ("descriptors", index, "code"), descriptor.code)
    for unit in draft.units:
        for index, criterion in enumerate(unit.record.performance_criteria):
            yield _Value(unit, ("performance_criteria", index, "code"), criterion.code)


def _references(draft: Draft) -> Iterator[tuple[str, _Value]]:
    """Yield every code that points to something else, with the section in which its target stands."""
    for section in CODED_SECTIONS:
        for entry in getattr(draft, section):
            for value in _walk(entry, (), entry.record):
                target = _TARGETS.get((section, value.name))
                if target and isinstance(value.value, str):
                    yield target, value


_TARGETS = {
    ("levels", "domain"): "domains",
    ("job_groups", "posts"): "posts",
    ("job_groups", "units"): "units",
    ("posts", "typical_level"): "levels",
    ("posts", "units"): "units",
    ("posts", "scheme"): "sources",
    ("units", "level"): "levels",
    ("units", "knowledge_points"): "knowledge_points",
    ("units", "scheme"): "sources",
    ("knowledge_points", "prerequisites"): "knowledge_points",
    ("knowledge_points", "scheme"): "sources",
    ("certificate_directions", "level"): "levels",
    ("certificate_directions", "unit"): "units",
}


def _rule_units(entry: Entry[CertificateDirection]) -> set[str]:
    """Return the units that a certificate's rule names."""
    rule = _walk(entry, ("rule",), entry.record.rule)
    return {value.value for value in rule if value.name == "unit" and isinstance(value.value, str)}


def _note_repeated(values: Iterable[_Value], problems: Problems, code: str, repair: str) -> None:
    """Note every value that folds to the same text as one before it."""
    seen: dict[str, _Value] = {}
    for value in values:
        first = seen.setdefault(value.value.casefold(), value)
        if first is not value:
            at = (*first.entry.place, *first.place)
            message = f"`{value.value}` stands at {first.entry.file.name}:{first.entry.file.line(at)} already"
            value.note(problems, code, message, repair)


def _find_circle(graph: dict[str, set[str]]) -> list[str]:
    """Return codes each of which comes before the next, back to the first; empty where there is no circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def _one_of(words: Iterable[str]) -> str:
    return f"one of: {', '.join(words)}"
