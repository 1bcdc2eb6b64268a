"""Korean words that readers and moderators meet. Labels in posts are interface constants: keep every letter."""

import datetime as dt
import re

# Weekly post
DESCRIPTION = "논문 소개"
ABSTRACT = "논문 초록(Abstract)"
PAPER_LINK = "논문 링크"
READ_MORE = "더 읽어보기"
SOURCE_LIST = "원문"
# The same three beside a research page instead of a paper; they go together
RESEARCH_DESCRIPTION = "연구 소개"
RESEARCH_ABSTRACT = "논문 초록"
RESEARCH_LINK = "연구 및 논문 링크"

BYLINE = "PyTorchKR:fire::kr: :thinking::speech_balloon:"
NOTE_MACHINE = (
    "이 글은 AI 모델로 정리한 것으로, 원문의 뜻과 다르게 옮겨진 부분이 있을 수 있습니다. 원문도 함께 살펴봐 주세요! "
    "어색하거나 잘못된 내용을 발견하시면 댓글로 알려 주세요. :hugs:"
)
NOTE_DIGEST = (
    ":fire: 파이토치 한국 사용자 모임 :kr: 에 가입하시면 이런 글들을 이메일 :love_letter: 로 받아 보실 수 있습니다. "
    "(기본은 매주, 원하시면 매일)"
)
NOTE_LIKE = (
    ":gift: 글이 도움이 되셨다면 아래 :arrow_lower_right: 의 좋아요 :+1: 를 눌러 주세요. "
    "다음 글을 준비하는 데 큰 힘이 됩니다! :hugs:"
)

# Daily post
DAILY_TITLE = "Daily Papers ({day})"
MORE_AUTHORS = "외 {count}명"

# Below a paper that was introduced before
EARLIER = "지난 소개:"

# Exported pages
PICTURE = "그림"
EMOJI = {
    "+1": "\U0001f44d",
    "arrow_lower_right": "\u2198\ufe0f",
    "bowing_man": "\U0001f647",
    "fire": "\U0001f525",
    "gift": "\U0001f381",
    "hourglass": "\u231b",
    "hugs": "\U0001f917",
    "kr": "\U0001f1f0\U0001f1f7",
    "love_letter": "\U0001f48c",
    "smile": "\U0001f604",
    "speech_balloon": "\U0001f4ac",
    "thinking": "\U0001f914",
    "warning": "\u26a0\ufe0f",
}
"""The signs of the codes that our own lines use."""

# Other forms of post, and how published posts tell what is frame and not text
INTRODUCTION_HEADING = "소개"
TALK_SUMMARY = "주요 내용"
TALK_DETAILS = "세미나 세부 내용"
TALK_CONCLUSION = "**결론적으로"
STATUS_MARKS = (":hourglass:", ":warning:")
NOTICES = (
    re.compile(r"^\W*(?:이|본|위|아래|해당)\s?(?:글|내용|게시물|포스트)[은는이].{0,60}(?:GPT|AI|모델|기계|번역)"),
    re.compile(r"초안 작성:|댓글로|파이토치 한국 사용자 모임|좋아요.{0,12}(?:눌러|부탁)"),
    re.compile(r":(?:gift|love_letter|bowing_man|hugs):|^\W*PyTorchKR\b"),
    re.compile(rf"^\W*{EARLIER} \["),
)
"""The notes that stand around the text of a weekly post, in the wordings of its years."""

# What moderators see in a draft where the machine could not do its work
INTRODUCTION_WAITS = ":hourglass: 이번 주 소개는 아직 쓰이지 않았습니다."
INTRODUCTION_FAILED = ":warning: 이번 주 소개를 쓰지 못했습니다. 이유: {reason}"
PAPER_WAITS = ":hourglass: 이 논문은 아직 번역되지 않았습니다."
PAPER_FAILED = ":warning: 이 논문은 번역하지 못했습니다. 이유: {reason}"

TALK_CONTENTS = "목차"
TALK_CONCLUDES = f"{TALK_CONCLUSION},**"
TALK_QUESTION = "질문"
TALK_SECTION = "{rank}번째 부분"
TALK_SUMMARY_WAITS = ":hourglass: 요약은 아직 쓰이지 않았습니다."
TALK_SUMMARY_FAILED = ":warning: 요약을 쓰지 못했습니다. 이유: {reason}"
TALK_WAITS = ":hourglass: 이 부분은 아직 번역되지 않았습니다."
TALK_FAILED = ":warning: 이 부분은 번역하지 못했습니다. 이유: {reason}"

PART_IS_EMPTY = "이 자리에 있던 논문은 이번 글에서 빠졌습니다."

REFUSED = "모델이 번역을 거절했습니다."
CUT = "모델의 답이 길이 제한에서 끊겼습니다."
UNUSABLE = "모델의 답이 두 번 모두 형식에 맞지 않았습니다."
REQUEST_REFUSED = "모델 API가 요청을 받아들이지 않았습니다."
JUDGE_FAILED = "두 번째 모델이 이 논문을 검토하지 못했습니다. 기계적인 검사만 거쳤습니다."
ODD_ANSWER = "모델의 답이 알 수 없는 이유로 멈췄습니다."


def weekly_title(start: dt.date, end: dt.date) -> str:
    """Title of a weekly topic; the end has its year only where it differs from the start's."""
    last = f"{end:%Y/%m/%d}" if end.year != start.year else f"{end:%m/%d}"
    return f"[{start:%Y/%m/%d} ~ {last}] 이번 주의 주요 ML 논문 (Top ML Papers of the Week)"


def provenance(models: list[str], day: dt.date) -> str:
    """Which models wrote the draft, and on which day."""
    return f"초안 작성: {', '.join(models)} ({day:%Y-%m-%d})"
