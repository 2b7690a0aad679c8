"""What a request is about: the running LMS, its database, who is logged in, and in which language."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import current_app, g, request, session

from demo.lms.course import find_person
from demo.lms.database import connect
from demo.lms.registrations import settings_of
from demo.lms.school import Person, School
from demo.lms.settings import LmsSettings
from demo.lms.wording import say
from qualoop.values import DEFAULT_LANGUAGE, LANGUAGES

EXTENSION = "demo-lms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lms:
    """A running LMS: its settings, its college, its key pair (PEM), and what it needs from outside."""

    settings: LmsSettings
    school: School
    private_key: str
    public_key: str
    clock: Callable[[], datetime]
    fetch_key_set: Callable[[str], dict[str, Any]]


def lms() -> Lms:
    """Return the LMS that answers this request."""
    found: Lms = current_app.extensions[EXTENSION]
    return found


def lms_of(client_id: str | None) -> Lms:
    """Return the LMS as a tool that registered itself knows it: with its client id, where there is such a tool."""
    return replace(lms(), settings=settings_of(database(), lms().settings, client_id))


def database() -> sqlite3.Connection:
    """Return this request's connection; it is closed when the request ends."""
    if "database" not in g:
        g.database = connect(lms().settings.database_path)
    connection: sqlite3.Connection = g.database
    return connection


def close_database(_error: BaseException | None) -> None:
    """Close this request's connection, where one was opened."""
    if "database" in g:
        g.pop("database").close()


def find_current_person() -> Person | None:
    """Return who is logged in."""
    if "person" not in g:
        user_id = session.get("user")
        g.person = find_person(database(), user_id) if isinstance(user_id, str) else None
    person: Person | None = g.person
    return person


def language() -> str:
    """Return the chosen language of the site, else the browser's, else English."""
    chosen = session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    return "zh-Hans" if request.accept_languages.best_match(["en", "zh"]) == "zh" else DEFAULT_LANGUAGE


def text(key: str, **values: object) -> str:
    """Return a sentence of the site in the language of the request."""
    return say(language(), key, **values)
