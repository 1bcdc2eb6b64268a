"""What the bot says to moderators in a draft, in Korean, and the words it understands from them.

Moderators write to it freely; the patterns here are for a whole line, so that talk among people is not taken for an
instruction.
"""

import re
from typing import Final

# --- what the bot says -----------------------------------------------------------------------------------------------

REPORT_HEAD: Final = "**초안을 검토해 주세요.** 글을 바로 고치셔도 되고, 이 글에 답글로 지시하셔도 됩니다."
REPORT_RISKS: Final = "### 먼저 읽을 문장"
REPORT_NO_RISKS: Final = "눈에 띄게 의심스러운 문장은 찾지 못했습니다. 기계가 찾지 못하는 오류도 있으니 읽어 봐 주세요."
REPORT_PAPER: Final = "{paper} · {passage}"
REPORT_INTRODUCTION: Final = "이번 주 소개"
REPORT_REASON: Final = "- {severity} {message} (지적 {number})"
REPORT_SUGGESTION: Final = "\n  제안: {old} → {new}"
REPORT_MORE: Final = (
    "이 밖에도 {count}개 문장에 지적이 있습니다. 위의 문장들을 고친 뒤 `결과 다시`라고 하시면 이어서 보여 드립니다."
)
SEVERITIES: Final = {"critical": "[심각]", "major": "[중요]", "minor": "[사소]"}
REPORT_FAILED: Final = "### 하지 못한 일과 확인할 일"
REPORT_FAILED_PAPER: Final = "- {rank}번 논문을 번역하지 못했습니다: {reason}"
REPORT_FAILED_INTRODUCTION: Final = "- 이번 주 소개를 쓰지 못했습니다: {reason}"
REPORT_NO_ABSTRACT: Final = "- {ranks}번 논문은 초록을 구하지 못해 목록의 소개만 실었습니다."
REPORT_UNJUDGED: Final = "- {ranks}번 논문은 두 번째 모델이 검토하지 못해 기계적인 검사만 거쳤습니다."
REPORT_WITHDRAWN: Final = "- {ranks}번 논문은 arXiv에서 철회된 것으로 보입니다. 실을지 확인해 주세요."
REPORT_NAMES_DROPPED: Final = (
    "- 이번 주 소개의 이 문장은 글에서 뺀 {ranks}번 논문을 다룹니다. 고치거나 지워 주세요: {text}"
)
REPORT_DOUBLED: Final = "- {ranks}번이 같은 논문을 가리킵니다. 목록의 링크가 잘못되었을 수 있습니다."
REPORT_COST: Final = "모델 {models} · 호출 {calls}회 · 비용 ${cost:.3f}"
REPORT_PAPERS: Final = "논문 번호: {papers}"
REPORT_LEFT_OUT: Final = "{paper}(뺌)"
REPORT_HOW: Final = (
    "지시 예: `결과 다시`, `지적 12 무시`, `3번 다시 번역: 문장을 짧게`, `7번 빼줘`, `보류`, `보류 해제`, `반려`, `설명`. "
    "첫 문장만 지시로 읽으니, 글자 수가 모자라면 뒤에 다른 말을 덧붙이셔도 됩니다. "
    "공개는 Discourse의 공개(Publish) 버튼으로 해 주세요. 공개 전의 일반 답글은 공개와 함께 모두에게 보이니, "
    "의논은 귓속말로 해 주세요."
)

PASSAGE_NAMES: Final = {
    "title": "제목",
    "description": "소개",
    "abstract": "초록",
    "summary": "요약",
    "introduction": "이번 주 소개",
}

UNGROUNDED_NAME: Final = "이 문장이 바탕으로 삼은 논문에 없는 이름입니다: {name}"
UNSUPPORTED: Final = "초록의 어느 문장에도 근거를 두지 않은 문장입니다."
UNGROUNDED_NUMBER: Final = "이 문장이 바탕으로 삼은 논문에 없는 숫자입니다: {number}"

# What does not fit in a list's row
TWEET_OUT_OF_WEEK: Final = (
    "트윗 링크의 날짜({day})가 이 주와 맞지 않습니다. 다른 트윗일 수 있으니 링크를 확인해 주세요."
)
LINK_TO_ANOTHER: Final = (
    "목록의 이름({label})과 링크가 가리키는 논문의 제목({title})이 맞지 않습니다. 링크가 잘못된 것 같습니다."
)
CUT_UPSTREAM: Final = "목록의 소개가 문장 부호 없이 끝납니다. 원래 목록에서 잘렸을 수 있습니다."
LISTED_BEFORE: Final = "{week} 목록에도 실렸던 논문입니다. 일부러 다시 실은 것인지 확인해 주세요."

# What changed upstream after an edition was made
LIST_CHANGED: Final = (
    "**원래 목록이 바뀌었습니다.** 글은 그대로 두었습니다. 반영할 것이 있으면 글을 고치거나, 초안이라면 "
    "`3번 다시 번역: ...`처럼 알려 주세요."
)
LIST_ROW: Final = "**{rank}번 {label}**"
LIST_LINE: Final = "- {what}: {old} → {new}"
LIST_LABEL: Final = "이름"
LIST_DESCRIPTION: Final = "소개"
LIST_LINKS: Final = "링크"
LIST_LATE: Final = "{week} 주의 목록이 아직 올라오지 않았습니다(주가 끝난 지 {days}일). 계속 확인하고 있으며, 올라오면 초안을 만듭니다."
VERSION_NEW: Final = "**{rank}번 논문의 새 판(v{version})이 arXiv에 올라왔습니다:** {title}. 글은 그대로 두었습니다."
VERSION_WITHDRAWN: Final = (
    "**{rank}번 논문이 arXiv에서 철회된 것으로 보입니다(v{version}):** {title}. 글은 그대로 두었습니다."
)
VERSION_TITLE: Final = "바뀐 제목: {title}"
VERSION_GONE: Final = "초록에서 빠진 문장:"
VERSION_ADDED: Final = "초록에 새로 들어간 문장:"
VERSION_SAME: Final = "초록은 같습니다."

REMINDER: Final = (
    "하루가 지나도록 이 초안을 본 분이 없습니다. 시간이 되실 때 살펴봐 주세요. "
    "저절로 공개되지는 않습니다. (이 알림은 한 번만 보냅니다.)"
)
OFFER_HEAD: Final = "사람이 고친 문장은 그대로 두었습니다. 제가 준비한 문장은 다음과 같으니, 필요하면 골라 쓰세요."
OFFER_LINE: Final = "**지금 글:** {forum}\n\n**제안:** {ours}"

PAPER: Final = "{rank}번 {label}"
ANSWER_REDRAFTED: Final = "이 논문을 다시 번역했습니다: {papers}."
ANSWER_REDRAFTED_KEPT: Final = " 사람이 고친 문장은 그대로 두었습니다."
ANSWER_REDRAFT_FAILED: Final = "{ranks}번 논문을 다시 번역하지 못했습니다: {reason}"
ANSWER_DROPPED: Final = "글에서 뺐습니다: {papers}. 번역은 남겨 두었으니 `{ranks}번 다시 넣어줘`라고 하시면 되돌립니다."
ANSWER_RESTORED: Final = "이 논문을 글에 다시 넣었습니다: {papers}."
ANSWER_LEFT_OUT: Final = "지금 글에서 빠져 있습니다: {papers}. 먼저 `{ranks}번 다시 넣어줘`라고 해 주세요."
ANSWER_WHILE_HELD: Final = "보류 중이라 글은 아직 그대로입니다. `보류 해제`라고 하시면 반영합니다."
ANSWER_DISMISSED: Final = "지적 {numbers}: 무시하겠습니다. 이 문장에 같은 지적을 다시 하지 않습니다."
ANSWER_UNKNOWN_FINDING: Final = "지적 {numbers}: 이 글에 없는 번호입니다. `결과 다시`로 번호를 확인해 주세요."
ANSWER_HELD: Final = "알겠습니다. `보류 해제`라고 하실 때까지 이 글을 고치지 않겠습니다."
ANSWER_RELEASED: Final = "보류를 풀었습니다. 이제 다시 글을 돌보겠습니다."
ANSWER_REJECTED: Final = "이 초안을 반려한 것으로 기록했습니다. 글은 그대로 두니, 필요 없으면 삭제해 주세요."
ANSWER_REOPENED: Final = "반려를 취소했습니다. 이 초안을 다시 돌보겠습니다."
ANSWER_IS_REJECTED: Final = "반려한 초안이라 따르지 않았습니다. `반려 취소`라고 하시면 다시 돌보겠습니다."
ANSWER_UNKNOWN_PAPER: Final = "{ranks}번 논문이 이 글에 없습니다. 번호를 다시 확인해 주세요."
ANSWER_TOO_LATE: Final = "이미 공개된 글에는 이 지시를 따르지 않습니다. 글을 직접 고쳐 주세요."
ANSWER_NOTHING: Final = "할 일이 없었습니다: {reason}"
NOTHING_TO_REDRAFT: Final = "모든 문장을 사람이 고쳤거나 이미 같은 번역입니다."
ANSWER_UNCLEAR: Final = (
    "무슨 뜻인지 알아듣지 못해 아무것도 하지 않았습니다. 이렇게 말씀해 주세요: `결과 다시`, `지적 12 무시`, "
    "`3번 다시 번역: 문장을 짧게`, `7번 빼줘`, `7번 다시 넣어줘`, `보류`, `보류 해제`, `반려`, `반려 취소`, `설명`."
)
ANSWER_EXPLAIN: Final = (
    "저는 이 글을 목록과 arXiv 초록에서 만든 봇입니다. 글을 고치시면 그 문장은 고친 분의 것이 되고, 저는 다시 손대지 "
    "않습니다. 공개는 사람만 합니다.\n\n"
    "- `결과 다시`: 먼저 읽을 문장을 다시 보여 드립니다.\n"
    "- `지적 12 무시`: 그 지적을 지우고 이 문장에 다시 하지 않습니다.\n"
    "- `3번 다시 번역: 덧붙일 말`: 그 논문을 다시 번역합니다. 사람이 고친 문장은 그대로 둡니다.\n"
    "- `7번 빼줘` / `7번 다시 넣어줘`: 그 논문을 글에서 빼거나 다시 넣습니다. 번호 대신 이름을 쓰셔도 됩니다.\n"
    "- `보류` / `보류 해제`: 글에 손대는 일을 멈추거나 다시 시작합니다.\n"
    "- `반려` / `반려 취소`: 이 초안을 쓰지 않기로 기록하거나 되돌립니다. 글을 삭제하셔도 반려한 것과 같습니다."
)
TOO_LONG: Final = (
    "{part}번째 글이 {length}자가 되어 포럼의 한도({limit}자)를 넘으므로, 제가 준비한 새 글을 반영하지 못했습니다. "
    "한도(max_post_length)를 늘리거나, 빼도 되는 논문을 빼 주세요."
)
EDIT_REASON: Final = "paperbot: {what}"
EDIT_MERGED: Final = "{key}에 새 번역 반영"
EDIT_REPORTED: Final = "{readers} 님의 제보 반영"

# --- what it understands ---------------------------------------------------------------------------------------------

_PAPER_KO = r"(?:논문\s*)?(?P<ranks>\d{1,2}(?:\s*번)?(?:\s*(?:,|와|과|하고|이랑|및|·|/)\s*\d{1,2}(?:\s*번)?)*)(?:\s*번)?(?:\s*째)?(?:\s*논문)?(?:\s*(?:은|는|을|를|도|만))?"
_PAPER_EN = r"(?:papers?|no\.?|number|#)?\s*#?(?P<ranks>\d{1,2}(?:\s*(?:,|and|&|/)\s*#?\d{1,2})*)"
_PLEASE_KO = r"(?:\s*(?:해|해\s*줘|해\s*줘요|해\s*주세요|해\s*주실래요|해\s*주십시오|하세요|하자|할게요|할께요|부탁|부탁해요|부탁드립니다|부탁드려요|요|주세요|줘|줘요))?"
_END = r"[\s.!~^ㅎㅋ]*"
_REMARK = r"(?:\s*[:：,\-–—]\s*(?P<remark>.+)|\s*\((?P<bracketed>[^)]+)\))?"

PATTERNS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (action, re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for action, pattern in (
        (
            "restore",
            rf"{_PAPER_KO}\s*(?:(?:다시|도로)\s*(?:넣|살려|올려|실어|추가|포함)|되살려|되돌려|복구|복원)(?:어)?{_PLEASE_KO}{_END}",
        ),
        (
            "restore",
            rf"(?:please\s+)?(?:restore|re-?add|undrop|(?:put|bring|add)\s+back)\s+{_PAPER_EN}(?:\s+(?:back|again))?(?:,?\s*please)?{_END}",
        ),
        ("restore", rf"(?:please\s+)?(?:put|bring|add)\s+{_PAPER_EN}\s+back(?:\s+in)?(?:,?\s*please)?{_END}"),
        (
            "redraft",
            rf"{_PAPER_KO}\s*(?:다시|새로|재)\s*(?:번역|작성|써|쓰|만들|초안|드래프트)?(?:어|기)?{_PLEASE_KO}{_END}{_REMARK}{_END}",
        ),
        ("redraft", rf"(?:다시|새로)\s*(?:번역|작성)\s*[:：]?\s*{_PAPER_KO}{_END}{_REMARK}{_END}"),
        (
            "redraft",
            rf"(?:please\s+)?(?:re-?\s?draft|re-?\s?translate|redo|rewrite|retry)\s+{_PAPER_EN}(?:\s+again)?(?:,?\s*please)?{_REMARK}{_END}",
        ),
        (
            "drop",
            rf"{_PAPER_KO}\s*(?:빼|빼기|빼고|제외|삭제|제거|지워|내려|드롭)(?:\s*(?:줘|줘요|주세요|주십시오|해|해줘|해\s*주세요|하자|부탁.{{0,6}}|요))?{_END}",
        ),
        ("drop", rf"(?:please\s+)?(?:drop|remove|delete|leave\s+out|omit|exclude)\s+{_PAPER_EN}(?:,?\s*please)?{_END}"),
        (
            "dismiss",
            rf"지적\s*(?P<ranks>\d{{1,9}}(?:\s*번)?(?:\s*(?:,|와|과|하고|이랑|및|·|/)\s*\d{{1,9}}(?:\s*번)?)*)(?:\s*번)?(?:\s*(?:은|는|을|를|도))?\s*(?:무시|넘어가|패스|괜찮|아님|아니에요|아닙니다|문제\s*없)(?:\s*(?:해|해\s*줘|해\s*주세요|하자|아요|습니다|음|요|줘|주세요))?{_END}",
        ),
        (
            "dismiss",
            rf"(?:please\s+)?(?:dismiss|ignore)\s+(?:findings?\s*)?#?(?P<ranks>\d{{1,9}}(?:\s*(?:,|and|&|/)\s*#?\d{{1,9}})*)(?:,?\s*please)?{_END}",
        ),
        (
            "release",
            rf"(?:(?:보류|반려)\s*(?:를\s*)?(?:해제|풀기|풀어|취소|철회|끝)|해제|계속|재개|다시\s*시작){_PLEASE_KO}{_END}",
        ),
        (
            "release",
            rf"(?:please\s+)?(?:release|resume|continue|unhold|unreject|reopen|go\s+on|carry\s+on)(?:\s+(?:it|this|the\s+draft))?(?:,?\s*please)?{_END}",
        ),
        (
            "hold",
            rf"(?:보류|잠깐|잠시|멈춰|중지|정지|스톱|손\s*대지\s*마)(?:\s*(?:만|보류|멈춰|중지|기다려)){{0,2}}{_PLEASE_KO}{_END}",
        ),
        (
            "hold",
            rf"(?:please\s+)?(?:hold|pause|stop|wait|freeze)(?:\s+(?:on|it|this))?(?:\s+(?:for\s+)?(?:a|one)\s+(?:second|sec|minute|moment|bit|while))?(?:,?\s*please)?{_END}",
        ),
        (
            "show",
            rf"(?:(?:검사|점검|확인|검토)\s*)?(?:결과|리포트|보고서|보고|지적|findings)(?:\s*(?:를|을|좀))?\s*(?:다시|한\s*번\s*더)?(?:\s*(?:보여|알려|보기|올려))?{_PLEASE_KO}{_END}",
        ),
        ("show", rf"(?:다시\s*)?(?:보여|점검|검사)(?:\s*다시)?{_PLEASE_KO}{_END}"),
        (
            "show",
            rf"(?:please\s+)?(?:show|list|print|repeat)?\s*(?:me\s+)?(?:the\s+)?(?:findings|report|results?|checks?)(?:\s+again)?(?:,?\s*please)?{_END}",
        ),
        (
            "explain",
            rf"(?:설명|도움말|사용법|명령|뭐\s*할\s*수\s*있어|어떻게\s*써)(?:\s*(?:좀|을|를))?{_PLEASE_KO}[?\s.!]*",
        ),
        ("explain", r"(?:please\s+)?(?:explain|help|usage|commands?|what\s+can\s+you\s+do)(?:,?\s*please)?[?\s.!]*"),
        ("reject", rf"(?:반려|폐기|거절|취소|안\s*씀|쓰지\s*않음)(?:\s*(?:합니다|함|할게요))?{_PLEASE_KO}{_END}"),
        (
            "reject",
            rf"(?:please\s+)?(?:reject(?:ed)?|discard|scrap)(?:\s+(?:it|this|the\s+draft))?(?:,?\s*please)?{_END}",
        ),
    )
)
"""Actions by the form of a whole line, first match wins."""

NEARLY: Final = re.compile(
    rf".*\d\s*번.*(?:번역|빼|넣|제외|삭제|지우|지워|내려).*(?:줘|줘요|주세요|마|마요|마세요|마십시오){_END}"
    r"|(?:please\s+|don'?t\s+|do\s+not\s+)*(?:drop|remove|delete|exclude|omit|restore|re-?draft|re-?translate|redo|rewrite)\s+(?:the\s+)?(?:papers?|number|no\.?|#).*",
    re.IGNORECASE,
)
"""A short line that wants something of a paper, though not in a form that is understood: better asked than ignored."""

_KOREAN_NUMBER = re.compile(
    r"(?<![가-힣])(?:[일삼사오육칠팔구십](?=번)|(?:첫|두|세|네|다섯|여섯|일곱|여덟|아홉|열)(?=\s*번째))"
)
_KOREAN_NUMBERS: Final = {
    "일": 1, "삼": 3, "사": 4, "오": 5, "육": 6, "칠": 7, "팔": 8, "구": 9, "십": 10,
    "첫": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10,
}  # fmt: skip
"""Without 이, because 이번 is "this time"."""
_ENGLISH_NUMBERS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ENGLISH_NUMBER = re.compile(rf"\b(?:{'|'.join(_ENGLISH_NUMBERS)})\b", re.IGNORECASE)


def with_digits(text: str) -> str:
    """`text` with the numbers of papers that are written as words in digits: `삼번`, `세 번째`, `paper three`."""
    text = _KOREAN_NUMBER.sub(lambda found: str(_KOREAN_NUMBERS[found.group()]), text)
    if re.search(r"\b(?:papers?|number)\b", text, re.IGNORECASE):
        text = _ENGLISH_NUMBER.sub(lambda found: str(_ENGLISH_NUMBERS.index(found.group().lower()) + 1), text)
    return text
