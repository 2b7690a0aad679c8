"""The stylesheet keeps to its root class and loads nothing; the lock names no server."""

from __future__ import annotations

import json
import re
from pathlib import Path

import qualoop

ROOT = Path(qualoop.__file__).parents[1]
STYLES = (ROOT / "qualoop/player/static/qualoop.css").read_text(encoding="utf-8")
TEMPLATES = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "qualoop/player/templates").glob("*.html"))
SELECTORS = re.compile(r"([^{}]+)\{")


def selectors() -> list[str]:
    bare = re.sub(r"/\*.*?\*/", "", STYLES, flags=re.DOTALL)
    rules = (rule.strip() for rule in SELECTORS.findall(bare))
    # Commas inside :is(…) part no selectors.
    return [one.strip() for rule in rules if not rule.startswith("@") for one in re.split(r",(?![^(]*\))", rule)]


def test_every_rule_lies_under_the_root_class() -> None:
    assert [selector for selector in selectors() if not selector.startswith(".qualoop")] == []


def test_the_stylesheet_loads_nothing() -> None:
    assert "url(" not in STYLES
    assert "@import" not in STYLES


def test_every_class_in_a_template_that_needs_a_rule_has_one() -> None:
    used = {name for names in re.findall(r'class="([^"{]+)', TEMPLATES) for name in names.split()}
    styled = set(re.findall(r"\.([a-z][a-z-]*)", STYLES))
    assert used - styled == set()


def test_the_lock_names_no_server() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"]
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)
