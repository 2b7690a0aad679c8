"""The shell of the phone app: everything that it needs is kept, nothing of anybody is in it, and it says what is listed."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from werkzeug.test import Client

import lti_tool
from lti_tool.views import operations
from lti_tool.views.phone_icons import png_icon
from lti_tool.views.phone_words import MESSAGES
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.tool import Tool, make_tool

STATIC = Path(lti_tool.__file__).parent / "static"
SOURCES = sorted((STATIC / "src").glob("phone*.ts"))
SAID = re.compile(r'\b_\(\s*"((?:[^"\\]|\\.)*)"')
BUILT = pytest.mark.skipif(
    not (STATIC / "dist" / "phone_worker.js").exists(), reason="`make assets` builds the scripts"
)


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    made = make_tool(f"sqlite:///{tmp_path_factory.mktemp('shell') / 'tool.db'}")
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


@pytest.fixture
def client(tool: Tool) -> Client:
    return Client(tool.app)


def get(client: Client, path: str, **headers: str) -> Any:
    return client.get(path, base_url=TOOL_ORIGIN, headers=headers)


def kept(client: Client) -> dict[str, Any]:
    """Return what the worker is told to keep."""
    said = re.match(r"self\.QUALOOP_SHELL=(.*);\n", get(client, "/phone/worker.js").text)
    assert said
    found: dict[str, Any] = json.loads(said[1])
    return found


def test_the_scripts_say_what_is_listed_and_nothing_else() -> None:
    said = {found for path in SOURCES for found in SAID.findall(path.read_text(encoding="utf-8"))}
    assert said == set(MESSAGES)


def test_what_a_script_says_is_written_out() -> None:
    """A message that is put together from parts would be found in no catalogue."""
    calls = [
        found for path in SOURCES for found in re.findall(r"\b_\(([^)\n]{0,20})", path.read_text(encoding="utf-8"))
    ]
    assert [
        call for call in calls if not call.lstrip().startswith('"') and not call.startswith("message: string")
    ] == []


def test_the_shell_is_the_same_for_everybody(client: Client) -> None:
    pages = {get(client, "/phone/", **{"Accept-Language": tag}).text for tag in ("en", "zh-CN", "fr")}
    assert len(pages) == 1


def test_the_words_of_both_languages_are_in_the_shell(client: Client) -> None:
    found = re.search(r'id="phone-words">(.*?)</script>', get(client, "/phone/").text, re.DOTALL)
    assert found
    words = json.loads(found[1])
    assert words["zh-Hans"]["Done"] == "完成"
    assert [message for message in MESSAGES if words["zh-Hans"][message] == message] == []


def test_the_shell_allows_what_it_needs_and_no_more(client: Client) -> None:
    policy = get(client, "/phone/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "worker-src 'self'; " in policy
    assert "manifest-src 'self'; " in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "blob:" not in get(client, "/").headers["Content-Security-Policy"]
    assert (
        get(client, "/phone/worker.js").headers["Content-Security-Policy"] == "default-src 'none'; connect-src 'self'"
    )


@BUILT
def test_the_worker_keeps_all_that_the_page_names(client: Client) -> None:
    shell = kept(client)
    assert shell["files"][0] == "/phone/"
    named = re.findall(r'(?:href|src)="([^"]+)"', get(client, "/phone/").text)
    assert set(named) <= set(shell["files"])
    assert {get(client, address).status_code for address in shell["files"]} == {200}
    assert not any(address.startswith("/phone/api") for address in shell["files"])


def test_the_version_follows_the_files(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept(client)["version"]
    assert kept(client)["version"] == before
    monkeypatch.setattr("lti_tool.views.phone_shell._built", lambda _path: b"another worker")
    assert kept(client)["version"] != before


@BUILT
def test_the_page_says_of_which_version_it_is(client: Client) -> None:
    assert get(client, "/phone/").headers["Qualoop-Shell"] == kept(client)["version"]


@BUILT
def test_a_built_file_is_sent_under_its_own_version_alone(client: Client) -> None:
    address = next(each for each in kept(client)["files"] if each.endswith("dist/phone.js"))
    assert get(client, address).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    version = address.split("/")[2]
    for other in ("0", "a" * 12):
        assert get(client, address.replace(version, other)).status_code == 404


def test_a_file_that_is_built_anew_has_a_new_version(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (built := tmp_path / "phone.css").write_text("a {}", encoding="utf-8")
    monkeypatch.setattr(operations, "find_static", lambda _path: built)
    before = operations.version_of("phone.css")
    assert get(client, f"/static/{before}/phone.css").status_code == 200
    built.write_text("b {}", encoding="utf-8")
    os.utime(built, (1, 1))
    assert operations.version_of("phone.css") != before
    assert get(client, f"/static/{before}/phone.css").status_code == 404


def test_a_phone_looks_for_a_new_version_each_time(client: Client) -> None:
    assert {get(client, path).headers["Cache-Control"] for path in ("/phone/", "/phone/worker.js")} == {"no-cache"}


def test_the_manifest_can_be_installed(client: Client) -> None:
    answer = get(client, "/phone/app.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    manifest = answer.json
    assert (manifest["display"], manifest["scope"], manifest["start_url"]) == ("standalone", "/phone/", "/phone/")
    assert {"any", "maskable"} <= {each.get("purpose", "any") for each in manifest["icons"]}
    for each in manifest["icons"]:
        picture = get(client, each["src"])
        assert picture.mimetype == each["type"]
        if each["type"] == "image/png":
            with Image.open(io.BytesIO(picture.data)) as opened:
                assert f"{opened.width}x{opened.height}" == each["sizes"]
    assert get(client, "/phone/app.webmanifest", **{"Accept-Language": "zh"}).json["name"] == "实践观察"


def test_an_icon_is_cut_only_where_the_phone_does_not_cut_it() -> None:
    with Image.open(io.BytesIO(png_icon(96))) as own, Image.open(io.BytesIO(png_icon(96, full=True))) as cut:
        own.load()
        assert own.getpixel((0, 0))[3] == 0  # type: ignore[index]
        assert cut.getpixel((0, 0)) == (57, 73, 192, 255)
        assert own.getpixel((43, 62)) == (255, 255, 255, 255)
