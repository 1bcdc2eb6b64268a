"""Korean words for one English term that are each right, but look careless or like two things side by side in one text.

A loanword beside a native word needs no entry here: those always look like two things.
"""

_RIVALS = (
    frozenset({"장면", "씬"}),
    frozenset({"비디오", "동영상"}),
    frozenset({"표현", "표상"}),
    frozenset({"우도", "가능도"}),
    frozenset({"탐색", "탐험"}),
    frozenset({"강건성", "견고성", "강인성"}),
    frozenset({"강건한", "견고한", "강인한"}),
    frozenset({"강건", "견고", "강인"}),
    frozenset({"관측", "관찰"}),
    frozenset({"탐지", "검출", "감지"}),
    frozenset({"문맥", "맥락"}),
    frozenset({"정규화", "정칙화"}),
    frozenset({"순환", "재귀"}),
    frozenset({"기울기", "변화도"}),
    frozenset({"밀집", "조밀한"}),
    frozenset({"희소", "희박한"}),
    frozenset({"객체", "물체", "개체"}),
    frozenset({"신뢰도", "확신도"}),
    frozenset({"섭동", "교란"}),
    frozenset({"수열", "서열"}),
    frozenset({"정렬", "정합"}),
    frozenset({"창발", "출현"}),
    frozenset({"특징", "피처", "특성"}),
    frozenset({"지시", "명령어"}),
    frozenset({"단계", "스텝"}),
    frozenset({"레이블", "라벨"}),
    frozenset({"에폭", "에포크"}),
    frozenset({"프런티어", "프론티어"}),
    frozenset({"데이터셋", "데이터세트"}),
    frozenset({"그래디언트", "그레이디언트"}),
    frozenset({"메시", "메쉬"}),
    frozenset({"워크플로", "워크플로우"}),
)
_CLOSE = (frozenset({"학습", "훈련"}),)
"""Words that good texts mix too: odd only where one of them is plainly what the text writes."""


def are_rivals(word: str, other: str) -> bool:
    """Whether readers would take the two, written without blanks, for two things."""
    return word != other and any(word in words and other in words for words in _RIVALS)


def are_close(word: str, other: str) -> bool:
    """Whether the two, written without blanks, mean so much the same that a change only shows beside a habit."""
    return word != other and any(word.endswith(one) and other.endswith(tuple(ones)) for ones in _CLOSE for one in ones)
