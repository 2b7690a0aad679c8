"""The plug-in and the blocks on the platforms that there are: each in a process of its own, with its own Django."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pymysql
import pytest
from sqlalchemy import create_engine, make_url, text

from benchmarks import xblock_drain

ROOT = Path(__file__).parents[3]
OLDEST = ROOT / ".venv/openedx-old/bin/python"
NEWEST = ROOT / ".venv/openedx-new-{}/bin/python"
SERVER = "QUALOOP_TEST_POSTGRESQL_URL"
MYSQL_SERVER = "QUALOOP_TEST_MYSQL_URL"
CASES = Path(__file__).parent / "cases"
BLOCKS = CASES.parents[1] / "xblocks"
# Blocks on the oldest and on the newest XBlock and NumPy: what depends on the runtime; content and translations do not.
OF_BLOCKS = (
    *("answering", "evidence", "scoring", "studio", "versions", "practice", "map", "user_state"),
    *("class_block", "class_tables", "class_studio", "judged_work", "judged_renewed", "olx_import", "forms"),
)
REQUIRED = os.environ.get("QUALOOP_TEST_REQUIRE") == "all"


def run(python: Path | str, files: Sequence[Path], *options: str, **environment: str) -> None:
    command = [str(python), "-m", "pytest", "-p", "no:cacheprovider", "-q", *options, *map(str, files)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def run_cases(python: Path | str, **environment: str) -> None:
    files = sorted(CASES.glob("case_*.py"))
    assert files
    run(python, files, "-p", "tests.fakes.plugin_site", f"--confcutdir={CASES}", **environment)


@pytest.fixture
def postgresql() -> Iterator[Mapping[str, str]]:
    """A database of its own on the test server, as the environment names it; none where there is no server."""
    server = os.environ.get(SERVER)
    if not server:
        if REQUIRED:
            pytest.fail(f"set {SERVER}")
        yield {}
        return
    url, name = make_url(server), f"qualoop_plugin_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    named = url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    yield {"QUALOOP_PLUGIN_DATABASE": named}
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


@pytest.fixture
def mysql() -> Iterator[Mapping[str, str]]:
    """A database of its own on the test server, MySQL or MariaDB: the platform runs on nothing else."""
    server = os.environ.get(MYSQL_SERVER)
    if not server:
        missing = f"set {MYSQL_SERVER} to a server on which databases may be made, as mysql://root@127.0.0.1:3306"
        (pytest.fail if REQUIRED else pytest.skip)(missing)
    parts, name = urlsplit(server), f"qualoop_plugin_{uuid.uuid4().hex}"
    connection = pymysql.connect(
        host=parts.hostname, port=parts.port or 3306, user=parts.username, password=parts.password or ""
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        yield {"QUALOOP_PLUGIN_DATABASE": parts._replace(path=f"/{name}").geturl()}
        cursor.execute(f"DROP DATABASE {name}")


@pytest.fixture(scope="module")
def oldest() -> Path:
    if not OLDEST.exists():
        missing = "`make openedx-old` first: it wants Python 3.11"
        (pytest.fail if REQUIRED else pytest.skip)(missing)
    return OLDEST


@pytest.fixture(params=["3.12", "3.13"])
def newest(request: pytest.FixtureRequest) -> Path:
    """The newest libraries on a Python; skipped where the machine lacks it."""
    python = Path(str(NEWEST).format(request.param))
    if not python.exists():
        missing = f"`make openedx-new` first: it wants Python {request.param}"
        (pytest.fail if REQUIRED and is_there(request.param) else pytest.skip)(missing)
    return python


def is_there(version: str) -> bool:
    """Return whether the machine has a Python that environments can be made of, where the Makefile looks for it."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    asked = f"import ssl, sqlite3, venv, sys; sys.exit('%d.%d' % sys.version_info[:2] != {version!r})"
    for candidate in (f"python{version}", *map(str, pyenv.glob(f"{version}*/bin/python"))):
        found = shutil.which(candidate)
        if found and subprocess.run([found, "-c", asked], capture_output=True, check=False).returncode == 0:
            return True
    return False


def test_the_plug_in_on_the_newest_libraries(postgresql: Mapping[str, str]) -> None:
    run_cases(sys.executable, **postgresql)


def test_the_plug_in_on_the_platforms_own_kind_of_database(mysql: Mapping[str, str]) -> None:
    run_cases(sys.executable, **mysql)


def test_senders_that_are_killed_lose_and_double_nothing_there(
    mysql: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in mysql.items():
        monkeypatch.setenv(name, value)
    # The libraries of this process have the driver.
    monkeypatch.setattr(xblock_drain, "PLATFORM", Path(sys.executable))
    found = xblock_drain.drain(xblock_drain.Drain(events=300, kills=1, within=1), [].append)
    assert (found.lost, found.doubled, found.kills) == (0, 0, 1)


def test_the_plug_in_on_the_oldest_platform(oldest: Path) -> None:
    run_cases(oldest)


def test_the_blocks_on_the_oldest_platform(oldest: Path) -> None:
    files = [BLOCKS / f"test_{name}.py" for name in OF_BLOCKS]
    run(oldest, files, f"--confcutdir={BLOCKS}")


def test_it_is_the_oldest_platform(oldest: Path) -> None:
    assert versions_of(oldest) == ["5.2.0", "4.2", "1.26"]


def test_the_blocks_on_the_newest_platform(newest: Path) -> None:
    run(newest, [BLOCKS / f"test_{name}.py" for name in OF_BLOCKS], f"--confcutdir={BLOCKS}")


@pytest.mark.parametrize("newest", ["3.13"], indirect=True)
def test_the_plug_in_on_the_newest_platform(newest: Path) -> None:
    run_cases(newest)


def test_it_is_the_newest_platform(newest: Path) -> None:
    xblock, django, _ = versions_of(newest)
    assert (xblock[:3], django) == ("6.3", "5.2")


def versions_of(python: Path) -> list[str]:
    """Return the versions of XBlock, Django and NumPy."""
    asked = "from importlib.metadata import version as v; print(v('XBlock'), v('Django')[:3], v('numpy')[:4])"
    return subprocess.run([str(python), "-c", asked], capture_output=True, text=True, check=True).stdout.split()
