"""What a demo LMS needs to know when it starts: its own address, the tool's, and the activities of its course."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from qualoop.values import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityDeclaration:
    """One activity of the course as the LMS shows it; ``key`` is what the tool knows it by."""

    key: str
    title: Text
    description: Text
    graded: bool = True
    maximum: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LmsSettings:
    """The settings of one LMS with one registered tool.

    Addresses have no trailing slash. ``data_folder`` holds the one SQLite file, which outlives the process.
    """

    data_folder: Path
    base_url: str
    tool_url: str
    activities: tuple[ActivityDeclaration, ...] = ()
    client_id: str = "lanting-qualoop"
    deployment_id: str = "1"

    @property
    def database_path(self) -> Path:
        return self.data_folder / "lms.db"

    @property
    def token_url(self) -> str:
        return f"{self.base_url}/lti/token"

    @property
    def tool_login_url(self) -> str:
        return f"{self.tool_url}/lti/login"

    @property
    def tool_key_set_url(self) -> str:
        return f"{self.tool_url}/lti/jwks"

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """Return the only addresses to which an id_token is ever posted, compared as whole strings."""
        return (f"{self.tool_url}/lti/launch",)

    @property
    def deep_linking_uri(self) -> str:
        return f"{self.tool_url}/lti/launch"

    def target_link_uri(self, activity_key: str) -> str:
        return f"{self.tool_url}/lti/activity/{activity_key}"

    def as_json(self) -> str:
        """Return the settings as the text that `from_json` reads in the server process."""
        activities = [
            {
                "key": activity.key,
                "title": dict(activity.title.by_language),
                "description": dict(activity.description.by_language),
                "graded": activity.graded,
                "maximum": activity.maximum,
            }
            for activity in self.activities
        ]
        plain = {
            "data_folder": str(self.data_folder),
            "base_url": self.base_url,
            "tool_url": self.tool_url,
            "client_id": self.client_id,
            "deployment_id": self.deployment_id,
        }
        return json.dumps({**plain, "activities": activities}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the settings that `as_json` wrote."""
        plain: dict[str, Any] = json.loads(text)
        activities = tuple(
            ActivityDeclaration(
                key=activity["key"],
                title=Text(activity["title"]),
                description=Text(activity["description"]),
                graded=activity["graded"],
                maximum=activity["maximum"],
            )
            for activity in plain.pop("activities")
        )
        return cls(data_folder=Path(plain.pop("data_folder")), activities=activities, **plain)
