"""What the bot says about readers' corrections, and the words by which moderators decide on them."""

import re
from typing import Final

# --- to moderators, as a whisper -------------------------------------------------------------------------------------

PROPOSAL_HEAD: Final = "**독자의 교정 제안입니다.** ({readers} 님)"
PROPOSAL_ITEM: Final = "**제안 {number}** · {where}"
PROPOSAL_OLD: Final = "지금: {text}"
PROPOSAL_NEW: Final = "제안: {text}"
PROPOSAL_NEW_MODEL: Final = "제안(모델이 쓴 문장): {text}"
PROPOSAL_NO_WORDING: Final = "제안: 없음. 독자는 이 문장이 이상하다고만 했습니다. `다른 문장: …`으로 알려 주세요."
PROPOSAL_REASON: Final = "독자의 말: {text}"
PROPOSAL_FINDINGS: Final = "검사 결과: {text}"
PROPOSAL_CLEAN: Final = "검사 결과: 걸리는 것이 없습니다."
PROPOSAL_HOW: Final = (
    "이 글에 답글로 `수락`, `거절: 이유`, `다른 문장: 새 문장` 가운데 하나로 답해 주세요. "
    "여러 개면 `수락 {number}`처럼 번호를 붙여 주세요. "
    "이 글에 좋아요를 누르셔도 수락입니다. 기다리는 동안 글은 바뀌지 않습니다."
)
PROPOSAL_TERM: Final = "제안: ‘{old}’의 번역을 ‘{new}’로. 문장은 없으니 `다른 문장: …`으로 알려 주세요."
PROPOSAL_TRUSTED: Final = "믿을 만한 독자의 작은 수정이고 검사에 걸리는 것이 없어, 기다리지 않고 반영합니다."
TRUSTED_READER: Final = "paperbot(믿을 만한 독자)"
STALE: Final = "제안 {number}: 그사이에 문장이 바뀌어 적용하지 못했습니다. 글을 직접 확인해 주세요."
WAITS_FOR_ROOM: Final = "제안 {number}: 오늘 고칠 수 있는 글의 수를 넘어, 자리가 나는 대로 반영합니다."
REWORD_WHICH: Final = "제안이 여러 개입니다. `{number} 다른 문장: …`처럼 번호를 붙여 주세요."
DECIDED_BEFORE: Final = "제안 {numbers}: 이미 결정된 제안이라 그대로 두었습니다. 바꾸시려면 글을 직접 고쳐 주세요."
DECISION_UNKNOWN: Final = "제안 {numbers}: 이 글에 없는 번호입니다. 제안에 붙은 번호를 확인해 주세요."
DECISION_NEEDS_WORDING: Final = "제안 {numbers}: 독자가 문장을 주지 않았습니다. `다른 문장: …`으로 답해 주세요."
REWORD_REFUSED: Final = "알려 주신 문장은 쓸 수 없어 그대로 두었습니다: {problem}"

RIPPLE_HEAD: Final = "**같은 표현이 다른 문장에도 있습니다.** {old} → {new}, 문장 {count}개"
RIPPLE_EXAMPLE: Final = "- {where}: {text}"
RIPPLE_MORE: Final = "- 그 밖에 {count}개"
RIPPLE_LEFT_OUT: Final = "고치면 검사에 걸리는 문장 {count}개는 뺐습니다."
RIPPLE_NOWHERE: Final = "아직 글에 없는 문장"
RIPPLE_ALL_OR_NONE: Final = (
    "이 묶음은 `모두 수락`이나 `거절`로만 답하실 수 있습니다. 문장마다 다르게 고치시려면 글에서 직접 고쳐 주세요."
)
RIPPLE_HOW: Final = "이 글에 답글로 `모두 수락` 또는 `거절`이라고 답해 주세요. 수락하시면 글을 하나씩 조용히 고칩니다."

# --- to readers ------------------------------------------------------------------------------------------------------

SEEN: Final = "알려 주셔서 감사합니다! 운영진이 살펴보고 이 댓글에 답을 드리겠습니다. :bowing_man:"
ASK: Final = (
    "알려 주셔서 감사합니다! 어느 문장을 말씀하시는지 찾지 못했습니다. "
    "고칠 문장을 인용해서 다시 알려 주시겠어요? :bowing_man:"
)
ASK_WHICH: Final = (
    "알려 주셔서 감사합니다! 말씀하신 곳으로 보이는 문장이 여러 개입니다. "
    "논문 번호를 적거나 고칠 문장을 인용해서 다시 알려 주시겠어요? :bowing_man:"
)
THANKS: Final = "{readers} 님, 덕분에 글을 고쳤습니다. 감사합니다! :hugs:"
THANKS_LINE: Final = "- {old} → {new}"
DECLINED: Final = "{readers} 님, 의견 감사합니다. 살펴본 뒤 지금 문장을 그대로 두기로 했습니다."
ALSO_DECLINED: Final = "다음은 살펴본 뒤 그대로 두기로 했습니다."
DECLINED_LINE: Final = "- {old}"
DECLINED_BECAUSE: Final = "- {old} (이유: {reason})"
OVERTAKEN: Final = (
    "{readers} 님, 의견 감사합니다. 그사이 문장이 바뀌어 제안을 그대로 반영하지는 못했지만, 운영진에게 전했습니다."
)
ALSO_OVERTAKEN: Final = "다음은 그사이 문장이 바뀌어 반영하지 못했고, 운영진에게 전했습니다."

# --- why a wording is not taken --------------------------------------------------------------------------------------

PROBLEM_EMPTY: Final = "빈 문장입니다."
PROBLEM_SAME: Final = "지금 문장과 같습니다."
PROBLEM_LINES: Final = "여러 줄로 되어 있습니다."
PROBLEM_LONG: Final = "지금 문장보다 너무 깁니다."
PROBLEM_HIDDEN: Final = "보이지 않는 글자가 들어 있습니다."
PROBLEM_LINK: Final = "지금 문장에 없는 주소가 들어 있습니다."
PROBLEM_MENTION: Final = "지금 문장에 없는 @이름이나 #태그가 들어 있습니다."
PROBLEM_MARKUP: Final = "지금 문장에 없는 서식이나 HTML이 들어 있습니다."

FIELDS: Final = {
    "title": "제목",
    "description": "소개",
    "abstract": "초록",
    "introduction": "이번 주 소개",
    "summary": "주요 내용",
    "details": "세부 내용",
    "transcript": "본문",
    "overview": "주요 내용",
    "outline": "소제목",
}
_OF_SECTIONS: Final = frozenset({"transcript", "outline"})


def place(kind: str, rank: int) -> str:
    """Where a sentence stands: `3번 논문 초록`, `2번째 부분 본문`; without a rank the kind of text alone."""
    field = FIELDS.get(kind, kind)
    if not rank:
        return field
    return f"{rank}번째 부분 {field}" if kind in _OF_SECTIONS else f"{rank}번 논문 {field}"


# --- what moderators say ---------------------------------------------------------------------------------------------

_NUMBERS = r"(?P<numbers>\d{1,9}(?:\s*번)?(?:\s*(?:,|와|과|하고|및|·|/|and|&)\s*\d{1,9}(?:\s*번)?)*)"
_NAMED = rf"(?:(?:제안|proposal|#)?\s*{_NUMBERS}\s*(?:번)?\s*(?:은|는|을|를|도|만)?\s*[:：]?\s*)?"
_AFTER = rf"(?:\s*(?:제안|proposal|#)?\s*{_NUMBERS.replace('numbers', 'after')})?"
_POLITE = r"(?:\s*(?:합니다|해요|해\s*주세요|해\s*줘|할게요|하겠습니다|함|입니다|이요|요|please))?"
_END = r"[\s.!~^ㅎㅋ]*"

DECISIONS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (action, re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for action, pattern in (
        (
            "reword",
            rf"{_NAMED}(?:다른\s*문장|다른\s*표현|수정|고침|edit|reword|instead)\s*(?:으로|은|는)?\s*[:：]\s*(?P<text>.+)",
        ),
        (
            "reject",
            rf"{_NAMED}(?:모두\s*|전부\s*|all\s+)?(?:거절|반려|기각|아니요|아니오|아뇨|그대로|유지|reject(?:ed)?|decline|no|nope)"
            rf"{_POLITE}{_AFTER}(?:\s*[:：,\-–—]\s*(?P<text>.+)|{_END})",
        ),
        (
            "accept",
            rf"{_NAMED}(?:모두\s*|전부\s*|all\s+)?(?:수락|승인|채택|반영|적용|네|넵|예|좋아요|좋습니다|오케이|ㅇㅋ|"
            rf"accept(?:ed)?|approve[d]?|ok(?:ay)?|yes|lgtm|apply)(?:\s*all)?{_POLITE}{_AFTER}{_END}",
        ),
    )
)
"""Decisions by the form of a whole post, first match wins."""


def readers(names: list[str]) -> str:
    """Names as they stand in a sentence."""
    return ", ".join(names)
