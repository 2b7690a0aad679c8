"""A runtime for blocks without a platform: real field data in memory, addresses that say what they are of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xblock.core import XBlock
from xblock.fields import ScopeIds
from xblock.runtime import DictKeyValueStore, KvsFieldData
from xblock.test.tools import TestRuntime


@dataclass(frozen=True, kw_only=True)
class CourseKey:
    """The context of a usage key, as Open edX has them."""

    is_course: bool


@dataclass(frozen=True, kw_only=True)
class UsageKey:
    """Where a block stands, as Open edX has it."""

    name: str
    context_key: CourseKey

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
class CurrentUser:
    opt_attrs: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class FixedUserService:
    """The service `user` with a learner who prefers a language; ``attributes`` without the platform's prefix."""

    language: str
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def get_current_user(self) -> CurrentUser:
        preferences = {"edx-platform.user_preferences": {"pref-lang": self.language}}
        return CurrentUser(opt_attrs=preferences | {f"edx-platform.{k}": v for k, v in self.attributes.items()})

    def get_external_user_id(self, kind: str) -> str | None:
        return self.attributes.get("lti") if kind == "lti" else None


@dataclass(frozen=True, kw_only=True)
class FixedEnrolments:
    """The service `enrollments` as the LMS has it: who is in a course, by user id."""

    enrolled: Mapping[int, bool]

    def get_active_enrollments_by_course_and_user(self, _course_id: str, user_id: int) -> object | None:
        return {"mode": "audit"} if self.enrolled[user_id] else None


@dataclass(frozen=True, kw_only=True)
class Published:
    """What a block published, and the state that was kept at that moment."""

    kind: str
    data: Mapping[str, Any]
    kept: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Store:
    """Field data that outlives a request."""

    data: KvsFieldData = field(default_factory=lambda: KvsFieldData(DictKeyValueStore()))


class BlockRuntime(TestRuntime):
    """The runtime of one learner; what blocks publish is in `published`."""

    def __init__(
        self,
        store: Store,
        *,
        language: str = "en",
        attributes: Mapping[str, Any] | None = None,
        services: Mapping[str, Any] | None = None,
    ) -> None:
        user = FixedUserService(language=language, attributes=attributes or {})
        super().__init__(services={"field-data": store.data, "user": user, **(services or {})})
        self.store = store
        self.published: list[Published] = []

    def handler_url(self, block: XBlock, handler_name: str, suffix: str = "", query: str = "", **_: Any) -> str:
        return f"/handler/{block.scope_ids.usage_id}/{handler_name}/{suffix}?student={block.scope_ids.user_id}"

    def local_resource_url(self, block: XBlock, uri: str) -> str:
        return f"/resource/{block.scope_ids.block_type}/{uri}"

    def publish(self, block: XBlock, event_type: str, event_data: Mapping[str, Any]) -> None:
        # What another request would find now.
        kept = self.store.data.get(block, "state") if self.store.data.has(block, "state") else {}
        self.published.append(Published(kind=event_type, data=dict(event_data), kept=kept))


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a block stands in a course (or in a library), and what its author set."""

    block_class: type[XBlock]
    fields: Mapping[str, Any]
    name: str = "lesson-1"
    is_course: bool = True

    def block(self, runtime: BlockRuntime, user_id: str | None = "learner") -> Any:
        """Return the block for a learner, as each request gets it anew."""
        usage = UsageKey(name=self.name, context_key=CourseKey(is_course=self.is_course))
        block = runtime.construct_xblock_from_class(
            self.block_class, ScopeIds(user_id, self.block_class.__name__.lower(), f"{self.name}.d", usage)
        )
        for name, value in self.fields.items():
            setattr(block, name, value)
        block.save()
        return block
