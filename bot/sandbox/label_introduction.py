"""An introduction made of nothing but the papers' labels: what the model stand-in says about weeks it does not know."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

# {0} is a list of labels, {n} how many papers there are. Labels stand before a
# noun or a comma, so that no particle has to fit their last sound.
_OPENING = "이번 주 목록에는 모두 {n}편의 논문이 올라 있으며, 첫 번째 자리에는 {0} 논문이 놓여 있습니다."
_OWN_WORDS = "이 소개문은 시연용 모델이 {0} 등 논문의 이름만 보고 지은 글이므로, 논문의 내용은 판단하지 않습니다."
_GROUPS = (
    "순서대로 살펴보면 {0} 논문이 차례로 실려 있고, 각각의 소개는 아래 본문에서 확인할 수 있습니다.",
    "그다음으로는 {0} 논문이 이어지며, 우리말 소개와 영어 원문을 나란히 읽을 수 있습니다.",
    "이어서 {0} 논문을 만날 수 있고, 자세한 내용은 각 논문의 링크에서 직접 살펴보실 수 있습니다.",
    "계속해서 {0} 논문이 자리하고 있으며, 원문의 표현은 함께 실린 영어 문장에서 확인할 수 있습니다.",
    "그 뒤에는 {0} 논문이 놓여 있고, 관심 있는 주제부터 골라 읽으셔도 괜찮습니다.",
)
_CLOSING = "마지막 자리에는 {0} 논문이 놓여 있으며, 이 논문을 끝으로 이번 주의 목록이 마무리됩니다."
_MORE = (
    "처음부터 읽으려면 {0} 논문에서 시작하여 목록의 순서를 그대로 따라 한 편씩 차례로 살펴보시면 됩니다.",
    "목록의 양 끝에 놓인 논문만 먼저 훑어보려면 첫 논문을 읽은 뒤에 {0} 논문의 소개를 찾아보시면 됩니다.",
    "제목만 보고 고르기 어렵다면 {0} 논문의 소개를 먼저 읽어 보시는 것도 한 가지 방법입니다.",
    "더 궁금한 점이 있다면 {0} 논문 아래에 실린 링크를 따라가 원문을 직접 확인해 보시기 바랍니다.",
    "한 주의 논문을 한자리에 모은 이 글에서는 {0} 논문도 목록에 적힌 차례와 이름 그대로 소개하고 있습니다.",
    "영어 문장과 우리말 문장을 견주어 읽고 싶다면 {0} 논문의 본문을 펼쳐 보시기 바랍니다.",
    "시간이 많지 않다면 {0} 논문의 짧은 소개만 읽고 나머지는 시간이 날 때 한 편씩 천천히 살펴보셔도 좋습니다.",
    "번역이 어색한 곳을 찾으셨다면 {0} 논문을 비롯한 어느 글에서든 댓글로 알려 주시기 바랍니다.",
)
INTRODUCTION_LENGTH = (500, 1000)


def introduction_of_labels(papers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Two or three paragraphs that are true of any week, in 500 to 1,000 characters where the labels allow that.

    All papers are named where there is room; long labels leave some out, single labels of more than about 200
    characters can make it longer.
    """
    if not papers:
        return []
    ordered = sorted(papers, key=lambda paper: paper["rank"])
    first, last = ordered[:1], ordered[-1:]
    head = [_sentence(_OPENING, first, len(ordered)), _sentence(_OWN_WORDS, first, len(ordered))]
    tail = [_sentence(_CLOSING, last, len(ordered)), _sentence(_MORE[0], first, len(ordered))]
    rest = ordered[1:-1]
    size = max(1, math.ceil(len(rest) / len(_GROUPS)), 2 if len(rest) > 2 else 1)
    middle = [
        _sentence(frame, rest[number * size : (number + 1) * size], len(ordered))
        for number, frame in enumerate(_GROUPS)
        if rest[number * size : (number + 1) * size]
    ]
    lowest, highest = INTRODUCTION_LENGTH
    while middle and _length(head + middle + tail) > highest:
        middle.pop()
    if len(middle) < 2:
        head, middle = head + middle, []
    for number, frame in enumerate(_MORE[1:]):
        sentence = _sentence(frame, first if number % 2 else last, len(ordered))
        length = _length(head + middle + tail)
        shortest = min((tail, head), key=len)
        if length < lowest + 20 and length + len(sentence["text"]) < highest and len(shortest) < 5:
            shortest.append(sentence)
    return [{"sentences": paragraph} for paragraph in (head, middle, tail) if paragraph]


def _sentence(frame: str, papers: Sequence[Mapping[str, Any]], total: int) -> dict[str, Any]:
    labels = ", ".join(str(paper["label"]) for paper in papers)
    text = frame.replace("{n}", str(total)).replace("{0}", labels)
    return {"text": text, "papers": [paper["rank"] for paper in papers]}


def _length(sentences: Sequence[Mapping[str, Any]]) -> int:
    return sum(len(sentence["text"]) + 1 for sentence in sentences)
