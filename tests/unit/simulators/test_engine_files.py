"""Which files an engine computes with: its hash names all of them, wherever it is asked for and however it is installed."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module, invalidate_caches
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from qualoop.commands import main
from qualoop.simulators import ENTRY_POINT_GROUP, Engine, engine_hash, engine_names, get_engine, registry
from qualoop.simulators.errors import EnginePlaceError

Install = Callable[[str, Mapping[str, str]], Path]
ENGINE = "from tests.fakes.engines import StallEngine\nclass Thrown(StallEngine):\n    name = 'thrown'\n"
SHARED = ("decided_rounds", "decisions", "distributions", "scoring", "streams")


def forget() -> None:
    registry.loaded.cache_clear()
    for module in [name for name in sys.modules if name.partition(".")[0] == "thrown_away"]:
        del sys.modules[module]
    invalidate_caches()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return what installs the engine `thrown` from files, by their names below a folder, and returns the folder."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def installed(module: str, files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        entry = EntryPoint(name="thrown", value=f"{module}:Thrown", group=ENTRY_POINT_GROUP)
        monkeypatch.setattr(registry, "entry_points", lambda group: [*entry_points(group=group), entry])
        forget()
        return folder

    yield installed
    forget()


def hashed() -> str:
    registry.loaded.cache_clear()
    return engine_hash("thrown")


def by_hand(*files: tuple[str, Path]) -> str:
    room = Path(registry.__file__).parent
    digest = hashlib.sha256()
    for name, path in [*files, *((f"{module}.py", room / f"{module}.py") for module in SHARED)]:
        digest.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def test_a_single_module_is_that_file(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = install("thrown_away", {"thrown_away.py": ENGINE, "another.py": ""})
    first = hashed()
    assert first == by_hand(("thrown_away.py", folder / "thrown_away.py"))
    (folder / "another.py").write_text("changed = True", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert hashed() == first
    (folder / "thrown_away.py").write_text(ENGINE + "# changed\n", encoding="utf-8")
    assert hashed() != first


def test_a_project_can_begin_with_an_engine_in_a_single_module(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # What lies beside the module is of no concern to it.
    folder = install("thrown_away", {"thrown_away.py": ENGINE, "starting/thrown/project.yaml": "title: of others\n"})
    into = tmp_path / "projects"
    into.mkdir()
    assert main(["sim", "new", "fresh", "--engine", "thrown", "--unit", "SEM-1", "--into", str(into)]) == 0
    assert "of others" not in (into / "fresh" / "project.yaml").read_text(encoding="utf-8")
    assert main(["sim", "run", str(into / "fresh"), "--out", str(into / "run.json")]) == 0
    assert main(["sim", "verify", str(into / "run.json")]) == 0, capsys.readouterr().out
    assert registry.starting_folder(get_engine("thrown")) is None
    assert folder.is_dir()


@pytest.mark.parametrize("changed", ["engine.py", "deep/maths.py", "deep/deeper/table.json", "deep/rules.yaml"])
def test_a_package_is_hashed_with_all_folders_below(
    install: Install, changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install(
        "thrown_away.engine",
        {
            "thrown_away/__init__.py": "",
            "thrown_away/engine.py": ENGINE,
            "thrown_away/deep/__init__.py": "",
            "thrown_away/deep/maths.py": "FACTOR = 1.0",
            "thrown_away/deep/rules.yaml": "rule: 1",
            "thrown_away/deep/deeper/table.json": "[1]",
        },
    )
    first = hashed()
    # Another working directory, with code in it.
    (tmp_path / "zz.py").write_text("elsewhere = 1", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert hashed() == first
    path = folder / "thrown_away" / changed
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert hashed() != first


@pytest.mark.parametrize("file", ["__pycache__/maths.py", "notes.txt", "starting/thrown/project.yaml"])
def test_what_no_world_is_made_of_is_not_hashed(install: Install, file: str) -> None:
    folder = install("thrown_away.engine", {"thrown_away/__init__.py": "", "thrown_away/engine.py": ENGINE})
    first = hashed()
    path = folder / "thrown_away" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("title: x", encoding="utf-8")
    assert hashed() == first


def test_code_is_hashed_even_where_new_projects_begin(install: Install) -> None:
    folder = install("thrown_away.engine", {"thrown_away/__init__.py": "", "thrown_away/engine.py": ENGINE})
    first = hashed()
    (folder / "thrown_away" / "starting").mkdir()
    (folder / "thrown_away" / "starting" / "maths.py").write_text("FACTOR = 2", encoding="utf-8")
    assert hashed() != first


def test_an_engine_in_the_package_itself(install: Install) -> None:
    folder = install("thrown_away", {"thrown_away/__init__.py": ENGINE, "thrown_away/maths.py": "FACTOR = 1.0"})
    home = folder / "thrown_away"
    assert hashed() == by_hand(("__init__.py", home / "__init__.py"), ("maths.py", home / "maths.py"))


def test_a_folder_that_is_no_package_is_refused_in_words(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = install("thrown_away.engine", {"thrown_away/engine.py": ENGINE})
    with pytest.raises(EnginePlaceError, match=r"put an empty __init__\.py there") as caught:
        get_engine("thrown")
    assert str(folder / "thrown_away") in str(caught.value)
    assert main(["sim", "new", "fresh", "--engine", "thrown", "--unit", "SEM-1", "--into", str(tmp_path)]) == 1
    assert "engine-place: the engine thrown" in capsys.readouterr().err
    (folder / "thrown_away" / "__init__.py").write_text("", encoding="utf-8")
    forget()
    assert hashed()


@pytest.mark.parametrize("name", engine_names())
def test_our_engines_have_the_hash_that_runs_of_before_name(name: str) -> None:
    """Their packages have no folders below with code, so that the names that are hashed are still those of the files."""
    engine: Engine = get_engine(name)
    home = Path(str(import_module(type(engine).__module__).__file__)).parent
    files = sorted([*home.glob("*.py"), *home.glob("*.yaml")])
    assert engine_hash(name) == by_hand(*((path.name, path) for path in files))


def test_the_hash_is_that_of_the_code_that_runs(install: Install) -> None:
    folder = install("thrown_away", {"thrown_away/__init__.py": ENGINE})
    get_engine("thrown")
    before = engine_hash("thrown")
    (folder / "thrown_away" / "__init__.py").write_text(ENGINE + "RENEWED = True\n", encoding="utf-8")
    assert engine_hash("thrown") == before, "an upgrade is in the folder, and the process runs what it has loaded"
    assert hashed() != before
