"""What a class does about a weak knowledge point: what holds for more than half of those concerned."""

from __future__ import annotations

import pytest

from qualoop.sequencing import ClassFacts, ClassMove, advise_class
from tests.factories.packages import ecommerce

CODE, BASE, MIDDLE = "SEM-1.3", "SEM-1.1", "SEM-1.2"


def facts(*, concerned: int = 4, remedial: int = 0, thin: int = 0, **unmet: int) -> ClassFacts:
    by_code = {{"base": BASE, "middle": MIDDLE}[name]: count for name, count in unmet.items()}
    return ClassFacts(code=CODE, concerned=concerned, remedial=remedial, thin=thin, unmet=by_code)


@pytest.mark.parametrize(
    ("found", "move", "target"),
    [
        (facts(), ClassMove.PRACTISE, CODE),
        (facts(base=2), ClassMove.PRACTISE, CODE),
        (facts(base=3), ClassMove.BASE_FIRST, BASE),
        (facts(middle=4, base=3), ClassMove.BASE_FIRST, BASE),
        (facts(middle=3, base=2), ClassMove.BASE_FIRST, MIDDLE),
        (facts(base=3, remedial=4, thin=4), ClassMove.BASE_FIRST, BASE),
        (facts(remedial=2), ClassMove.PRACTISE, CODE),
        (facts(remedial=3), ClassMove.TEACH, CODE),
        (facts(thin=2), ClassMove.PRACTISE, CODE),
        (facts(thin=3), ClassMove.ASK_MORE, CODE),
    ],
)
def test_most_of_those_concerned_decide(found: ClassFacts, move: ClassMove, target: str) -> None:
    advice = advise_class(ecommerce(), found)
    assert (advice.move, advice.target) == (move, target)


@pytest.mark.parametrize(
    ("found", "english", "chinese"),
    [
        (
            facts(base=3),
            "Take up “Keywords and search intent” first: this builds on it, and 3 of the 4 concerned do not know it well "
            "enough yet.",
            "先讲“关键词与搜索意图”：本知识点以它为基础，而相关的 4 名学员中有 3 名还没有掌握好它。",
        ),
        (
            facts(remedial=4),
            "Explain it again in class, with new examples: those concerned will not get further with more of the same "
            "questions.",
            "请换新的例子在课堂上重讲：相关学员都继续做同类题帮助不大。",
        ),
        (
            facts(thin=3),
            "Ask more before you judge: 3 of the 4 concerned have not answered 3 times yet.",
            "先多问几题再下结论：相关的 4 名学员中有 3 名作答还不到 3 次。",
        ),
        (
            facts(),
            "Let those concerned go on practising: nothing suggests yet that they need more than that.",
            "让相关学员继续练习即可：目前没有迹象表明他们还需要更多帮助。",
        ),
    ],
)
def test_it_says_what_and_how_many_in_both_languages(found: ClassFacts, english: str, chinese: str) -> None:
    sentence = advise_class(ecommerce(), found).sentence
    assert (sentence["en"], sentence["zh-Hans"]) == (english, chinese)
