"""What a class knows: the table of levels, its filters, the weakest points, the file, and the evidence behind a cell."""

from __future__ import annotations

import csv
import gzip
import html
import io
import re

import pytest
from sqlalchemy import update

from lti_tool.models import MasteryLearner, MasteryPoint
from tests.factories.classrooms import Seat, enter
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.tool import Tool
from tests.integration.pages.reading_html import text_of


@pytest.fixture
def teacher(tool: Tool) -> Seat:
    return enter(tool, "t-1", name="Tina Teacher", role="teacher")


@pytest.fixture
def learners(tool: Tool) -> list[Seat]:
    """Three learners: one who is right, one who is wrong, one who has answered nothing."""
    strong, weak, idle = (enter(tool, f"s-{name}", name=name) for name in ("Li Wei", "Wang Fang", "Zhao Lei"))
    strong.answer(right=[True] * 8)
    weak.answer(right=[False] * 4)
    # What many answers of many learners would show: how hard this is, and that one of them is good at everything.
    with tool.runtime.database.transaction() as session:
        session.execute(update(MasteryPoint).values(c=0.0, v_c=0.02))
        session.execute(update(MasteryLearner).where(MasteryLearner.learner == strong.who.person_uuid).values(g=2.0))
    return [strong, weak, idle]


def rows_of(seat: Seat, query: str = "") -> list[list[str]]:
    """Return the rows of the file."""
    response = seat.get(f"class/levels.csv{query}")
    assert response.status_code == 200
    assert response.data.startswith(b"\xef\xbb\xbf"), "Excel needs the mark to read UTF-8"
    return list(csv.reader(io.StringIO(response.data.decode("utf-8-sig"))))


def shown(seat: Seat, query: str = "") -> list[str]:
    """Return who is in the table, in its order."""
    table = seat.get(f"class/levels/{query}").text.partition('<table class="q-map"')[2]
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', table)


def test_where_nobody_has_come_the_page_says_so(teacher: Seat) -> None:
    assert "Nobody has opened anything yet" in text_of(teacher.get("class/levels/"))


def test_a_cell_has_level_band_status_and_number(teacher: Seat, learners: list[Seat]) -> None:
    page = teacher.get("class/levels/")
    text = text_of(page)
    assert re.search(r"Class \d+ Li Wei \d\d \d+–\d+ Wang Fang \d\d \d+–\d+ Zhao Lei –", text)
    assert re.search(r'title="Provisionally secure, likely \d+–\d+%, answers: 8"', page.text)
    assert re.search(r'role="region" aria-label="Table of levels" tabindex="0"', page.text)


def test_a_cell_opens_to_the_evidence(teacher: Seat, learners: list[Seat]) -> None:
    page = teacher.get("class/levels/").text
    [address] = re.findall(rf'"\.\./({learners[1].who.person_uuid}/SEM-1\.1/)"', page)
    text = text_of(teacher.get(f"class/{address}"))
    assert "Wang Fang SEM-1.1 Keywords and search intent" in text
    assert text.count("Quiz item, scored automatically") == 4


def test_the_weakest_point_comes_with_what_to_do(teacher: Seat, learners: list[Seat]) -> None:
    page = teacher.get("class/levels/")
    text = text_of(page)
    assert "mean of 2 learners 1 secure, 1 not yet, 1 without evidence What to do Explain it again in class" in text
    assert "those concerned will not get further with more of the same questions" in text
    assert "Lessons that practise SEM-1.1: Keywords and intent" in text
    [address] = re.findall(r'<li><a href="([^"]+)">Keywords and intent</a>', page.text)
    assert "Keywords and search intent" in text_of(teacher.browser.get(address))


def test_whom_it_concerns_is_a_link_away(teacher: Seat, learners: list[Seat]) -> None:
    page = teacher.get("class/levels/").text
    [query] = re.findall(r'<a href="(\?[^"]+)">1 learner concerned', page)
    assert shown(teacher, html.unescape(query)) == ["Wang Fang"]
    assert '<option value="not-secure" selected>' in teacher.get(f"class/levels/{html.unescape(query)}").text


def test_what_a_weak_point_builds_on_comes_first(tool: Tool, teacher: Seat) -> None:
    for number in range(3):
        enter(tool, f"s-{number}", lesson="sem-1-2-organic-search", title="Organic search").answer(right=[False] * 4)
    page = teacher.get("class/levels/")
    text = text_of(page)
    assert (
        "Take up “Keywords and search intent” first: this builds on it, and those concerned do not know it well enough "
        "yet. Lessons that practise SEM-1.1: Keywords and intent 3 learners concerned, weakest first" in text
    )
    assert 'href="?point=SEM-1.1#map">See how they stand on SEM-1.1' in page.text


def test_a_lesson_at_another_link_is_named_and_no_link(tool: Tool, learners: list[Seat]) -> None:
    title = "Organic search"
    elsewhere = enter(tool, "t-1", role="teacher", lesson="sem-1-2-organic-search", title=title)
    page = elsewhere.get("class/levels/")
    assert "Keywords and intent open it from your course" in text_of(page)
    assert ">Keywords and intent</a>" not in page.text


def test_advice_speaks_chinese(tool: Tool, learners: list[Seat]) -> None:
    text = text_of(enter(tool, "t-2", role="teacher", locale="zh-CN").get("class/levels/"))
    assert "请换新的例子在课堂上重讲：相关学员都继续做同类题帮助不大。 练习 SEM-1.1 的课： Keywords and intent" in text
    assert "相关的 1 名学员，由弱到强" in text


def test_where_all_are_secure_nothing_is_weak(tool: Tool, teacher: Seat) -> None:
    enter(tool, "s-1", name="Li Wei").answer(right=[True] * 10)
    assert "Where the class is weakest" not in text_of(teacher.get("class/levels/"))


@pytest.mark.parametrize(
    ("query", "who"),
    [
        ("", ["Li Wei", "Wang Fang", "Zhao Lei"]),
        ("?name=wANg", ["Wang Fang"]),
        ("?status=developing", ["Wang Fang"]),
        ("?status=no-evidence", ["Zhao Lei"]),
        ("?status=developing&name=li", []),
        ("?unit=SEM-1", ["Li Wei", "Wang Fang", "Zhao Lei"]),
        ("?unit=DA-1", []),
        ("?point=SEM-1.1", ["Wang Fang", "Li Wei", "Zhao Lei"]),
        ("?status=not-secure", ["Wang Fang"]),
        ("?status=none-of-ours", ["Li Wei", "Wang Fang", "Zhao Lei"]),
    ],
)
def test_filters_need_no_script(teacher: Seat, learners: list[Seat], query: str, who: list[str]) -> None:
    assert shown(teacher, query) == who


def test_a_filter_stays_chosen_and_is_text(teacher: Seat, learners: list[Seat]) -> None:
    page = teacher.get("class/levels/?name=<script>alert(1)</script>&status=developing").text
    assert "<script>alert" not in page
    assert '<option value="developing" selected>' in page
    assert 'value="&lt;script&gt;alert(1)&lt;/script&gt;"' in page


def test_the_whole_table_is_sent_compressed_and_no_page_that_repeats_a_filter(
    teacher: Seat, learners: list[Seat]
) -> None:
    def get(query: str) -> tuple[str | None, bytes]:
        path = f"{teacher.page}class/levels/{query}"
        response = teacher.browser.client.get(path, base_url=TOOL_ORIGIN, headers={"Accept-Encoding": "gzip"})
        return response.headers.get("Content-Encoding"), response.data

    encoding, data = get("")
    assert encoding == "gzip"
    assert "Li Wei" in gzip.decompress(data).decode()
    encoding, data = get("?name=li")
    assert encoding is None
    assert "Li Wei" in data.decode()


def test_the_file_has_a_row_for_each_learner_and_point(teacher: Seat, learners: list[Seat]) -> None:
    head, *rows = rows_of(teacher)
    assert head[:6] == ["Learner", "Pseudonym", "Unit", "Code", "Knowledge point", "Status"]
    assert [row[0] for row in rows] == ["Li Wei", "Wang Fang", "Zhao Lei"]
    assert rows[0][2:6] == ["SEM-1", "SEM-1.1", "Keywords and search intent", "Provisionally secure"]
    level, low, high, n, items = map(int, rows[0][6:11])
    assert low < level < high
    assert (n, items, rows[0][11]) == (8, 8, "2026-03-02")
    assert rows[2][5:] == ["No evidence", "", "", "", "0", "0", ""]


def test_the_file_keeps_to_the_filters(teacher: Seat, learners: list[Seat]) -> None:
    for query in ("?status=developing", "?status=not-secure"):
        assert [row[0] for row in rows_of(teacher, query)[1:]] == ["Wang Fang"]
    assert len(rows_of(teacher, "?status=none-of-ours")) == len(rows_of(teacher))
    [address] = re.findall(r'href="([^"]+levels\.csv[^"]*)"', teacher.get("class/levels/?name=fang").text)
    assert "Li Wei" not in teacher.browser.get(address).text


@pytest.mark.parametrize("name", ['=HYPERLINK("https://evil.example","x")', "+1", "-1", "@SUM(A1)", " =1", "＝1"])
def test_no_name_becomes_a_formula(tool: Tool, teacher: Seat, name: str) -> None:
    enter(tool, "s-1", name=name)
    assert rows_of(teacher)[1][0] == f"'{name}"


def test_file_and_page_speak_chinese(tool: Tool, learners: list[Seat]) -> None:
    teacher = enter(tool, "t-2", role="teacher", locale="zh-CN")
    head, first, *_ = rows_of(teacher)
    assert head[:3] == ["学员", "匿名编号", "单元"]
    assert first[4:6] == ["关键词与搜索意图", "暂达标"]
    text = text_of(teacher.get("class/levels/"))
    for words in ("掌握情况", "全班最薄弱的知识点", "每名学员的每个知识点", "1 人已掌握，1 人尚未掌握，1 人暂无证据"):
        assert words in text
