"""`qualoop framework`: show a framework or one thing in it, check its files, write it for other systems."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from qualoop.authored_files import AuthoredFilesError
from qualoop.commands import Nouns
from qualoop.commands.authored import framework_in, print_problems
from qualoop.commands.framework_export import add_export
from qualoop.framework import (
    FRAMEWORK_FILE,
    Alignment,
    CertificateDirection,
    Domain,
    Framework,
    JobGroup,
    KnowledgePoint,
    Level,
    Post,
    Unit,
    UnknownCodeError,
    shipped_content,
)
from qualoop.values import DEFAULT_LANGUAGE, LANGUAGES


def register(nouns: Nouns) -> None:
    """Add `framework show`, `framework check` and `framework export`."""
    noun = nouns.add_parser("framework", help="show, check or export a qualification framework")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")

    show = verbs.add_parser("show", help="print the tree, or one thing of it by its code")
    show.add_argument("code", nargs="?", metavar="CODE", help="such as SEM, SEM-1, SEM-1.1, L4, CD-IM")
    show.add_argument("--lang", choices=LANGUAGES, default=DEFAULT_LANGUAGE)
    show.add_argument("--json", action="store_true", help="print plain JSON, in all languages")
    _add_directory(show)
    show.set_defaults(run=_show)

    check = verbs.add_parser("check", help="list every problem of its files")
    _add_directory(check)
    check.set_defaults(run=_check)

    _add_directory(add_export(verbs))


def _add_directory(verb: argparse.ArgumentParser) -> None:
    text = f"the folder with {FRAMEWORK_FILE} (default: the e-commerce framework that comes with Qualoop)"
    verb.add_argument("directory", nargs="?", type=Path, metavar="DIR", help=text)


def _show(arguments: argparse.Namespace) -> int:
    code: str | None = arguments.code
    directory: Path | None = arguments.directory
    if code and not directory and (Path(code) / FRAMEWORK_FILE).is_file():
        directory, code = Path(code), None
    framework = _load(directory)
    thing = _find(framework, code) if code else None
    if arguments.json:
        document = framework.to_document() if thing is None else thing.model_dump(mode="json", exclude_none=True)
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        lines = _tree(framework, arguments.lang) if thing is None else _detail(framework, thing, arguments.lang)
        print("\n".join(lines))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    try:
        framework = _load(arguments.directory)
    except AuthoredFilesError as error:
        return print_problems(error.problems)
    counts = ", ".join(f"{len(records)} {name}" for name, records in _sections(framework).items())
    print(f"{framework.code} {framework.version} ({framework.status}): {counts}. No problems.")
    print(f"content hash {framework.content_hash}")
    return 0


def _load(directory: Path | None) -> Framework:
    return framework_in(directory or shipped_content() / "ecommerce")


def _sections(framework: Framework) -> Mapping[str, Mapping[str, Any]]:
    return {
        "levels": framework.levels,
        "domains": framework.domains,
        "job groups": framework.job_groups,
        "posts": framework.posts,
        "units": framework.units,
        "knowledge points": framework.knowledge_points,
        "certificate directions": framework.certificate_directions,
    }


def _find(framework: Framework, code: str) -> Any:
    """Return the thing with a code, whatever it is and however its code was typed."""
    for records in _sections(framework).values():
        for record in records.values():
            if record.code.casefold() == code.casefold():
                return record
    raise UnknownCodeError(code, f"{framework.code} {framework.version}")


def _tree(framework: Framework, language: str) -> Iterator[str]:
    """Yield groups, their posts, their units, their knowledge points."""
    yield f"{framework.code} {framework.version} ({framework.status})  {framework.title[language]}"
    for group in framework.job_groups.values():
        yield ""
        yield _named(group, language)
        for code in group.posts:
            yield f"  {_named(framework.posts[code], language)}"
            yield from _unit_tree(framework, framework.units_of_post(code), language, "    ")
        yield from _unit_tree(framework, (framework.units[code] for code in group.units), language, "  ")


def _unit_tree(framework: Framework, units: Iterable[Unit], language: str, indent: str) -> Iterator[str]:
    for unit in units:
        yield f"{indent}{_named(unit, language)}  [{unit.level}, {unit.credit} credits]"
        for point in framework.knowledge_points_of_unit(unit.code):
            yield f"{indent}  {_named(point, language)}"


def _detail(framework: Framework, thing: Any, language: str) -> Iterator[str]:
    """Yield all about one thing."""
    yield _named(thing, language)
    yield from _DETAILS[type(thing)](framework, thing, language)
    yield from _alignments(getattr(thing, "alignments", ()))


def _knowledge_point(framework: Framework, point: KnowledgePoint, language: str) -> Iterator[str]:
    yield f"{point.kind}, reviewed every {point.review_after_months} months"
    yield point.statement[language]
    yield from _list("Units", framework.units_of_knowledge_point(point.code), language)
    yield from _list("Builds on", framework.prerequisites_of(point.code), language)
    needed_by = (other for other in framework.knowledge_points.values() if point.code in other.prerequisites)
    yield from _list("Directly needed by", needed_by, language)


def _unit(framework: Framework, unit: Unit, language: str) -> Iterator[str]:
    level = framework.levels[unit.level]
    yield f"{_named(level, language)}; {unit.credit} credits, {framework.hours_of_unit(unit.code)} hours"
    yield "Performance criteria:"
    for criterion in unit.performance_criteria:
        yield f"  {criterion.code}  {criterion.text[language]}  [{', '.join(criterion.knowledge_points)}]"
    yield f"Range: {unit.range[language]}"
    yield f"Assessment: {unit.assessment.text[language]}  [{', '.join(unit.assessment.evidence_forms)}]"
    yield from _list("Knowledge points", framework.knowledge_points_of_unit(unit.code), language)
    yield from _list("Posts", framework.posts_of_unit(unit.code), language)


def _post(framework: Framework, post: Post, language: str) -> Iterator[str]:
    yield f"Typical level: {_named(framework.levels[post.typical_level], language)}"
    yield from _list("Units", framework.units_of_post(post.code), language)


def _group(framework: Framework, group: JobGroup, language: str) -> Iterator[str]:
    yield from _list("Posts", (framework.posts[code] for code in group.posts), language)
    yield from _list("Units", (framework.units[code] for code in group.units), language)


def _level(framework: Framework, level: Level, language: str) -> Iterator[str]:
    yield f"Rank {level.rank} of {len(framework.levels)}; typical award: {level.typical_award[language]}"
    for descriptor in level.descriptors:
        yield f"  {framework.domains[descriptor.domain].title[language]}: {descriptor.text[language]}"


def _domain(framework: Framework, domain: Domain, language: str) -> Iterator[str]:
    for level in framework.levels.values():
        text = next(cell.text[language] for cell in level.descriptors if cell.domain == domain.code)
        yield f"  {level.code}  {text}"


def _direction(framework: Framework, direction: CertificateDirection, language: str) -> Iterator[str]:
    yield f"Level: {_named(framework.levels[direction.level], language)}"
    for part in direction.weights:
        yield f"  {part.weight:3} %  {_named(framework.units[part.unit], language)}"
    evidence = direction.evidence
    yield f"Evidence in at least {evidence.min_distinct_forms} forms from {evidence.min_distinct_assessors} assessors"
    yield f"  required: {', '.join(evidence.required_forms) or 'none'}; allowed: {', '.join(evidence.allowed_forms)}"


_DETAILS: Mapping[type, Callable[[Framework, Any, str], Iterator[str]]] = {
    KnowledgePoint: _knowledge_point,
    Unit: _unit,
    Post: _post,
    JobGroup: _group,
    Level: _level,
    Domain: _domain,
    CertificateDirection: _direction,
}


def _alignments(alignments: Iterable[Alignment]) -> Iterator[str]:
    for number, alignment in enumerate(alignments):
        if number == 0:
            yield "Related to:"
        yield f"  {alignment.scheme} {alignment.type}: {alignment.label} <{alignment.uri}>"


def _list(heading: str, records: Iterable[Any], language: str) -> Iterator[str]:
    """Yield a heading and what is under it, or nothing where there is nothing."""
    for number, record in enumerate(records):
        if number == 0:
            yield f"{heading}:"
        yield f"  {_named(record, language)}"


def _named(record: Any, language: str) -> str:
    return f"{record.code}  {record.title[language]}"
