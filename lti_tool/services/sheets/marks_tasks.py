"""What a column of a table of marks can be of: the parts of what is installed, and how people call them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import Activity, ContentVersion
from qualoop.classroom.mark_heads import head_key
from qualoop.player.flipped import CHECK_KIND
from qualoop.values import LANGUAGES, Text

_MARKUP: Final = re.compile(r"[*_`#>|]+")
_SHOWN: Final = 60
"""How much of a question stands in the name of its task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A part that a mark can be of. ``number`` is its place in its activity.

    ``is_offered`` says whether somebody wrote it: not a question of the moment, nor presence. ``is_preparation`` is for
    a question of readiness checks, which shows who is prepared and moves no level.
    """

    activity: str
    content: str
    part: str
    number: int
    title: Text
    prompt: Text
    is_offered: bool
    is_preparation: bool

    @property
    def name(self) -> str:
        """Return what is certain: activity/part."""
        return f"{self.activity}/{self.part}"

    def label(self, language: str) -> str:
        """Return what people read: the title of the activity and the number in it."""
        return f"{self.title[language]} · {self.number}"

    def head(self, language: str) -> str:
        """Return the label with the beginning of the question."""
        asked = " ".join(_MARKUP.sub("", self.prompt[language]).split())
        shown = asked if len(asked) <= _SHOWN else asked[: _SHOWN - 1].rstrip() + "…"
        return f"{self.label(language)}: {shown}" if shown else self.label(language)


def list_tasks(session: Session, organisation_id: int) -> Mapping[str, Task]:
    """Return every part of what is installed, by its name."""
    rows = session.execute(
        select(Activity.key, Activity.kind, ContentVersion.hash, ContentVersion.manifest, ContentVersion.document)
        .join(ContentVersion, ContentVersion.id == Activity.version_id)
        .where(Activity.organisation_id == organisation_id, ContentVersion.organisation_id == organisation_id)
        .order_by(Activity.key)
    )
    found = [task for key, kind, *row in rows for task in _tasks(key, *row, is_check=kind == CHECK_KIND)]
    return {task.name: task for task in found}


def _tasks(key: str, content: str, manifest: Mapping[str, Any], document: str, *, is_check: bool) -> Iterator[Task]:
    told: Mapping[str, Any] = json.loads(document) if document else {}
    title = told.get("title") or manifest.get("title")
    items = [each for each in told.get("items", ()) if isinstance(each, dict)]
    prompts = {item.get("key"): item["prompt"] for item in items if isinstance(item.get("prompt"), dict)}
    ready = {item["key"] for item in told.get("readiness", ()) if isinstance(item, dict)}
    for number, part in enumerate(manifest["parts"], 1):
        yield Task(
            activity=key,
            content=content,
            part=part["key"],
            number=number,
            title=Text(title if isinstance(title, dict) else {"en": title or key}),
            prompt=Text(prompts.get(part["key"], {})),
            is_offered=bool(told),
            is_preparation=is_check or part["key"] in ready,
        )


def names_of(tasks: Iterable[Task]) -> Mapping[str, str]:
    """Return what people call tasks, in every language (`head_key` -> name); what two are called is neither's."""
    called: dict[str, set[str]] = {}
    for task in tasks:
        if task.is_offered:
            for name in _names(task):
                called.setdefault(head_key(name), set()).add(task.name)
    return {key: next(iter(names)) for key, names in called.items() if key and len(names) == 1}


def _names(task: Task) -> Iterator[str]:
    yield task.name
    for language in LANGUAGES:
        yield task.label(language)
        yield task.head(language)
        yield task.prompt[language]


def heads_of(tasks: Iterable[Task], language: str) -> Mapping[str, str]:
    """Return the head of each task's column for people, by name: one that is its alone, else what is certain."""
    offered = [task for task in tasks if task.is_offered]
    known = names_of(offered)
    heads = {task.name: task.head(language) for task in offered}
    return {name: head if known.get(head_key(head)) == name else name for name, head in heads.items()}
