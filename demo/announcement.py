"""What the demo says when it is ready: a box for people, a JSON file for programs."""

from __future__ import annotations

import json
import os
import unicodedata
from pathlib import Path

from demo.addresses import Addresses
from demo.lms.school import load_school


def ready_box(addresses: Addresses, folder: Path) -> str:
    """Return the box with the addresses, the people, and what to know."""
    people = load_school().people
    teachers = ", ".join(person.name for person in people if person.is_teacher)
    students = ", ".join(person.name for person in people if person.is_student)
    mentors = ", ".join(person.name for person in people if person.is_mentor)
    lines = [
        "The Qualoop demo is running.",
        "",
        f"  Open the LMS   {addresses.lms}",
        f"  The tool       {addresses.tool}   (it opens inside the LMS)",
        "",
        "  Log in with one click, no password:",
        f"    teachers     {teachers}",
        f"    students     {students}",
        f"    mentor       {mentors}   (a plan waits in “Search marketing for a partner shop”)",
        "",
        f"  Data           {shown(folder)}   (kept; delete the folder to start anew)",
        f"  Logs           {shown(folder / 'log')}",
        "",
        "  Use Chrome, Edge or Firefox. Safari does not keep Secure cookies",
        "  on plain http, so lessons do not open there; over https they do.",
        "",
        "  Stop with Ctrl-C.",
    ]
    width = max(_columns(line) for line in lines)
    body = [f"│ {line}{' ' * (width - _columns(line))} │" for line in lines]
    return "\n".join([f"╭{'─' * (width + 2)}╮", *body, f"╰{'─' * (width + 2)}╯"])


def write_ready_file(path: Path, addresses: Addresses, folder: Path) -> None:
    """Write the addresses as JSON, all at once, so that who waits for the file never reads half of it."""
    people = [{"id": person.id, "name": person.name, "role": person.role} for person in load_school().people]
    plain = {"lms": addresses.lms, "tool": addresses.tool, "data": str(folder), "pid": os.getpid(), "people": people}
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(plain, ensure_ascii=False, indent=1), encoding="utf-8")
    unfinished.replace(path)


def shown(path: Path) -> str:
    """Return a path as short as it can be said from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
