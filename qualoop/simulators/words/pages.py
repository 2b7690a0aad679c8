"""What a learner sees of the copy clinic: the brief, the form, the findings of the checks, and the reasons of the scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from qualoop.simulators.decisions import (
    Cell,
    ChoiceField,
    Column,
    DecisionForm,
    DecisionTable,
    Option,
    Row,
    TextField,
)
from qualoop.simulators.views import Figure, Figures, Grid, Panel, Prose
from qualoop.simulators.words.briefs import BULLETS, Brief, Copy
from qualoop.simulators.words.checks import LIMITS, MOST_REPEATS, MOST_TITLE_KEYWORDS, Checked, fields_of, range_of
from qualoop.simulators.words.writing import CHINESE
from qualoop.values import LANGUAGES, Text

COMPONENT: Final = "copy"
"""All fields are one text: a sentence may move from a bullet to an answer, so parts are no fields."""
LANGUAGE: Final = "language"
LONGEST: Final = {"title": 200, "bullet": 250, "faq": 1000}
"""Characters that a field takes: more than a check allows, and little enough for two rounds in an attempt's state."""


def _say(en: str, zh: str) -> Text:
    return Text({"en": en, CHINESE: zh})


_NAMES: Final = {
    "title": _say("Title", "标题"),
    **{f"bullet-{number}": _say(f"Bullet {number}", f"卖点 {number}") for number in range(1, BULLETS + 1)},
    "faq": _say("Questions and answers", "常见问答"),
}
TEXT_FIELDS: Final = tuple(_NAMES)
NONE: Final = _say("nothing to mend", "无需修改")


def make_form(default_language: str) -> DecisionForm:
    """Return the form: in which language is written, and the texts."""
    language = ChoiceField(
        key=LANGUAGE,
        component=COMPONENT,
        label=_say("Language of your copy", "文案语言"),
        options=(Option(key="en", label=_say("English", "英文")), Option(key=CHINESE, label=_say("Chinese", "中文"))),
        default=default_language,
    )
    texts = (
        TextField(
            key=key,
            component=COMPONENT,
            label=label,
            max_length=LONGEST[key.partition("-")[0]],
            help=_length_help(key),
        )
        for key, label in _NAMES.items()
    )
    title = _say("Your copy", "你的文案")
    row = Row(key=COMPONENT, label=title)
    return DecisionForm(tables=(DecisionTable(key=COMPONENT, title=title, rows=(row,), fields=(language, *texts)),))


def _length_help(key: str) -> Text:
    english, chinese = (range_of(key, language) for language in LANGUAGES)
    return _say(
        f"In English {english[0]} to {english[1]} characters, in Chinese {chinese[0]} to {chinese[1]}.",
        f"英文 {english[0]}–{english[1]} 个字符，中文 {chinese[0]}–{chinese[1]} 个字。",
    )


def brief_panels(brief: Brief) -> tuple[Panel, ...]:
    """Return the brief: facts that everybody may know."""
    return (
        Prose(key="product", title=_say("Your product", "你的商品"), text=_product(brief)),
        Grid(
            key="terms",
            title=_say("What people search for", "顾客搜索什么"),
            columns=(
                Column(label=_say("English term", "英文搜索词")),
                Column(label=_say("Searches a month", "月搜索量")),
                Column(label=_say("Chinese term", "中文搜索词")),
                Column(label=_say("Searches a month", "月搜索量")),
            ),
            rows=tuple(_term_rows(brief)),
        ),
    )


def _product(brief: Brief) -> Text:
    texts = {}
    for language in LANGUAGES:
        parts = [f"**{brief.name[language]}**", brief.customer[language]]
        parts += [f"**{heading}**\n\n{_items(told)}" for heading, told in _lists(brief, language)]
        texts[language] = "\n\n".join(parts)
    return Text(texts)


def _lists(brief: Brief, language: str) -> list[tuple[str, list[str]]]:
    """Return what a brief lists, under its headings."""
    headings = {
        "en": ("Facts that the copy must state", "Can be proved", "May not be claimed"),
        CHINESE: ("文案必须写明的事实", "可以证明的说法", "不得使用的宣称"),
    }
    told = (brief.facts, brief.allowed, brief.ruled_out)
    lists = ([each.text[language] for each in group] for group in told)
    return list(zip(headings[language], lists, strict=True))


def _items(told: Sequence[str]) -> str:
    return "\n".join(f"- {each}" for each in told)


def work_text(copy: Copy, brief: Brief, language: str) -> str:
    """Return a text as who marks it reads it: first the brief that it was written to, then field by field."""
    head = [brief.name[language], brief.customer[language]]
    head += [f"{heading}\n{_items(told)}" for heading, told in _lists(brief, language)]
    body = [f"{_NAMES[key][language]}\n{text.strip()}" for key, text in fields_of(copy).items()]
    return "\n\n".join([*head, "———", *body])


def _term_rows(brief: Brief) -> Iterator[tuple[Cell, ...]]:
    """Give the terms by searches, so that their order tells nothing of where they belong."""
    for term in sorted(brief.terms, key=lambda term: -term.searches["en"]):
        texts, searches = term.text, term.searches
        yield texts["en"], searches["en"], texts[CHINESE], searches[CHINESE]


def check_panels(checked: Checked) -> tuple[Panel, ...]:
    """Return what the checks found in a text."""
    title = _say("What the checks found", "自动检查结果")
    columns = (
        Column(label=_say("Check", "检查项")),
        Column(label=_say("Result", "结果")),
        Column(label=_say("What to look at", "说明")),
    )
    rows = tuple(
        (name, _say("mend", "需修改") if told else _say("good", "通过"), told or NONE) for name, told in _told(checked)
    )
    return (
        Figures(
            key="parts",
            title=_say("The machine's two parts", "机器评分的两项"),
            figures=(
                Figure(key="compliance", label=_say("Compliance", "合规"), value=checked.compliance, unit="%"),
                Figure(key="search", label=_say("Search", "搜索"), value=checked.search, unit="%"),
            ),
        ),
        Grid(key="checks", title=title, columns=columns, rows=rows),
    )


def _told(checked: Checked) -> list[tuple[Text, Text | None]]:
    """Return every check with what is to be mended, None where it is nothing."""
    return [(name, told) for part in (_compliance(checked), _search(checked)) for name, told in part]


def _compliance(checked: Checked) -> list[tuple[Text, Text | None]]:
    wrong = [_NAMES[field] for field in checked.wrong_lengths]
    return [
        (_say("Claims (critical)", "违规宣称（严重错误）"), _claims(checked)),
        (
            _say("Facts", "必写事实"),
            _listed("Not stated: ", "未写明：", [_say(fact, fact) for fact in checked.missing_facts]),
        ),
        (
            _say("Lengths and questions", "篇幅与问答"),
            _listed("Too short, too long, or fewer than two questions: ", "过短、过长，或问题少于两个：", wrong),
        ),
    ]


def _search(checked: Checked) -> list[tuple[Text, Text | None]]:
    return [
        (_say("Search terms in the title", "标题中的搜索词"), _terms("Missing: ", "缺少：", checked.title_missing)),
        (_say("Search terms in the text", "正文中的搜索词"), _terms("Missing: ", "缺少：", checked.text_missing)),
        (
            _say("Terms that do not fit", "与商品不符的搜索词"),
            _terms("Used although the product is something else: ", "商品并不符合却使用了：", checked.unfit),
        ),
        (_say("Stuffing", "关键词堆砌"), _stuffing(checked)),
        (_say("Sentences", "句子长度"), _sentences(checked)),
        (_say("Bullets that differ", "卖点不重复"), _repeats(checked)),
    ]


def _claims(checked: Checked) -> Text | None:
    if not checked.claims:
        return None
    texts = {}
    for language, mark in zip(LANGUAGES, (": ", "："), strict=True):
        quote = '"{}"' if language == "en" else "“{}”"
        found = (f"{claim.title[language]}{mark}{quote.format(claim.words)}" for claim in checked.claims)
        texts[language] = "; ".join(found) if language == "en" else "；".join(found)
    return Text(texts)


def _terms(en: str, zh: str, terms: Sequence[str]) -> Text | None:
    return _listed(en, zh, [_say(term, term) for term in terms])


def _listed(en: str, zh: str, names: Sequence[Text]) -> Text | None:
    if not names:
        return None
    return _say(en + ", ".join(name["en"] for name in names), zh + "、".join(name[CHINESE] for name in names))


def _stuffing(checked: Checked) -> Text | None:
    if checked.title_keywords > MOST_TITLE_KEYWORDS:
        count = checked.title_keywords
        return _say(
            f"The title has {count} keywords, {MOST_TITLE_KEYWORDS} are the most.",
            f"标题有 {count} 个关键词，最多 {MOST_TITLE_KEYWORDS} 个。",
        )
    return _terms(
        f"Twice in the title, or more than {MOST_REPEATS} times in all: ",
        f"标题中出现两次，或全文超过 {MOST_REPEATS} 次：",
        checked.repeated,
    )


def _sentences(checked: Checked) -> Text | None:
    most = LIMITS[checked.language].sentence
    if checked.longest_sentence <= most:
        return None if checked.longest_sentence else _say("Nothing is written yet.", "尚未填写内容。")
    longest = checked.longest_sentence
    unit = ("characters", "个字") if checked.language == CHINESE else ("words", "个词")
    return _say(
        f"The longest sentence has {longest} {unit[0]}; up to {most} read well.",
        f"最长的一句有 {longest} {unit[1]}，不超过 {most} {unit[1]}更易读。",
    )


def _repeats(checked: Checked) -> Text | None:
    if checked.alike:
        pairs = [_say(f"{one} and {other}", f"{one} 和 {other}") for one, other in checked.alike]
        return _listed("These say the same: ", "内容雷同：", pairs)
    return None if checked.distinct == 1 else _say("Some bullets are empty.", "有卖点未填写。")


def why(checked: Checked, part: str) -> Text:
    """Return what cost most in a part, the first thing to be mended."""
    rows = _compliance(checked) if part == "compliance" else _search(checked)
    faults = [(name, told) for name, told in rows if told is not None]
    if not faults:
        return _say("The checks found nothing to mend here.", "自动检查在此项没有发现问题。")
    name, told = faults[0]
    return _say(f"{name['en']}: {told['en']}", f"{name[CHINESE]}：{told[CHINESE]}")
