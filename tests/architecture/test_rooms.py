"""What each room may lean on: its outside libraries by name, and that it runs with only its own extras."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]

CORE = {"pydantic", "pydantic_core", "yaml", "jinja2", "markupsafe", "markdown_it", "nh3", "numpy", "rfc8785"}
LTI = {
    "alembic",
    "babel",
    "cryptography",
    "flask",
    "gunicorn",
    "itsdangerous",
    "jinja2",
    "joserfc",
    "markupsafe",
    "segno",
    "sqlalchemy",
    "urllib3",
    "werkzeug",
}
SIM = {"duckdb", "sqlglot"}
PAPER = {"PIL", "cv2", "openpyxl", "pypdfium2", "reportlab", "segno", "zxingcpp"}
ALLOWED = {
    "qualoop": CORE,
    # Queries of learners want the extra `sim`; every other engine runs in a block.
    "qualoop.simulators.sql": CORE | SIM,
    # Printing and reading of sheets want the extra `paper`; their rules do not.
    "qualoop.classroom.paper": {"numpy"} | PAPER,
    "lti_tool.lti": {"cryptography", "joserfc"},
    "lti_tool.outgoing": {"urllib3"},
    # NumPy comes with the core: a replay's tables are arrays.
    "lti_tool": LTI | {"numpy"},
    # XBlock hands the nodes of OLX over as lxml has them.
    "xblocks": {"xblock", "web_fragments", "webob", "jinja2", "markupsafe", "django", "lxml"},
    # The platform brings these; the blocks themselves run without the plug-in.
    "xblocks.edx": {"django", "celery", "requests", "pydantic"},
}
# Blocked when the room is imported: what its extras do not bring.
FOREIGN = {
    "qualoop": sorted(
        LTI - {"markupsafe", "jinja2"} | SIM | PAPER | {"django", "xblock", "lti1p3platform", "pylti1p3", "numba"}
    ),
    "lti_tool": ["django", "xblock", "lti1p3platform", "pylti1p3", "workbench", "numba", *SIM, *(PAPER - LTI)],
    "qualoop.classroom.paper": sorted(
        LTI - {"markupsafe", "jinja2", "segno"} | SIM | {"django", "xblock", "lti1p3platform", "pylti1p3", "numba"}
    ),
    "xblocks": sorted(
        LTI - {"markupsafe", "jinja2", "babel", "werkzeug"} | SIM | {"lti1p3platform", "pylti1p3", "numba"}
    ),
}

#: What builds a statement: services do, beside the rules of what it reads; views take a connection along at most.
STATEMENTS = {"delete", "insert", "select", "text", "update"}

IMPORT_ALL = """
import importlib, pkgutil, sys
room, *blocked = sys.argv[1:]
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"{name} is of another extra", name=name)
sys.meta_path.insert(0, Wall())
package = importlib.import_module(room)
for module in pkgutil.walk_packages(package.__path__, room + "."):
    # Models want a Django that is set up: tests/integration/open_edx_plugin does that.
    apart = (".migrations", ".simulators.sql.", ".edx.", *([".classroom.paper."] if room == "qualoop" else []))
    if not any(part in module.name for part in apart) and not module.name.endswith(".wsgi"):
        importlib.import_module(module.name)
"""


@pytest.mark.parametrize("room", sorted(FOREIGN))
def test_a_room_runs_with_its_own_extras(room: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", IMPORT_ALL, room, *FOREIGN[room]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        "qualoop",
        "lti_tool",
        "xblocks",
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_what_it_is_allowed(graph: grimp.ImportGraph, room: str) -> None:
    ours = {"qualoop", "lti_tool", "xblocks"}
    apart = tuple(f"{other}." for other in ALLOWED if other.startswith(room + "."))
    inside = {module for module in graph.modules if module == room or module.startswith(room + ".")}
    inside = {module for module in inside if not module.startswith(apart)}
    outside = {
        imported
        for module in inside
        for imported in graph.find_modules_directly_imported_by(module)
        if imported.partition(".")[0] not in ours | set(sys.stdlib_module_names)
    }
    assert {name.partition(".")[0] for name in outside} - ALLOWED[room] == set()


def statements_imported(source: str) -> set[str]:
    """Return which builders of SQL a module takes from SQLAlchemy; the whole of it counts as one."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "sqlalchemy":
            found |= {each.name for each in node.names} & STATEMENTS
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names if each.name.partition(".")[0] == "sqlalchemy"}
    return found


def test_no_page_asks_the_database_by_itself() -> None:
    views = sorted((ROOT / "lti_tool" / "views").rglob("*.py"))
    asking = {path.name: found for path in views if (found := statements_imported(path.read_text(encoding="utf-8")))}
    assert views
    assert asking == {}
