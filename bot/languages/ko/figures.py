"""Korean words of the operator's alerts and of the editors' month; the month's page is `templates/month.html`."""

import datetime as dt
from typing import Final

SOURCES: Final = {"dair": "주간 목록(DAIR)", "huggingface": "일간 목록(Hugging Face)"}
SERIES: Final = {"weekly": "주간", "daily": "일간", "talk": "발표"}

# --- alerts ----------------------------------------------------------------------------------------------------------

ALERT_LEAD: Final = "사람이 봐야 할 일이 생겼습니다. 같은 일은 다시 알리지 않습니다."
ALERT_SEE: Final = "자세히: `paperbot status`, `paperbot jobs list`"
SOURCE_SILENT: Final = "{name}: {day} 목록 뒤로 {silent}째 새 목록이 없습니다. (평소에는 길어도 {usual})"
DRAFT_WAITS: Final = "초안 {name}: {waited}째 아무도 손대지 않았습니다."
JOB_GAVE_UP: Final = "작업 {task}({id}번): {tries}번 만에 그만두었습니다. 이유: {reason}"
JOB_FAILING: Final = "작업 {task}({id}번): {tries}번 실패했고 다시 시도합니다. 이유: {reason}"
MORE_JOBS: Final = " (같은 작업 {count}개가 더 있습니다.)"


def alert_subject(count: int) -> str:
    """Subject of the message to the operator."""
    return f"[paperbot] 확인이 필요한 일 {count}건"


def days(span: dt.timedelta) -> str:
    """A span of time, as people say it."""
    hours = span.total_seconds() / 3600
    return f"{hours / 24:.0f}일" if hours >= 36 else f"{hours:.0f}시간"


# --- the month -------------------------------------------------------------------------------------------------------

CORRECTION_KINDS: Final = {"correction": "문장 제안", "report": "오류 제보", "term": "용어"}
CORRECTION_STATES: Final = {"applied": "반영", "rejected": "유지", "open": "진행 중", "other": "철회·무효"}
PEOPLE: Final = {"moderator": "운영진", "reader": "독자"}
WAITED: Final = ((3, "3시간 안"), (6, "6시간 안"), (12, "12시간 안"), (24, "하루 안"), (48, "이틀 안"), (96, "나흘 안"))
"""Hours within which a draft was published."""
WAITED_LONGER: Final = "더 오래"
CADENCES: Final = {"weekly": "매주 메일", "daily": "매일 메일"}
DIGEST_STATES: Final = {
    "due": "예정",
    "sending": "보내는 중",
    "paused": "멈춤",
    "sent": "보냄",
    "empty": "새 글 없음",
    "missed": "놓침",
}
PURPOSES: Final = {
    "translate_paper": "논문 번역",
    "translate_talk": "발표 번역",
    "summarize_paper": "논문 요약",
    "summarize_talk": "발표 요약",
    "introduce_week": "주간 소개",
    "judge_paper": "검토",
    "repair_paper": "검토 뒤 고치기",
    "read_comment": "댓글 읽기",
}

UNITS: Final = {"posts": "편", "letters": "자", "corrections": "건", "mails": "통"}
COUNTED_POSTS: Final = "{}편"
COUNTED_LETTERS: Final = "{:,}자"
COUNTED_CORRECTIONS: Final = "{}건"
COUNTED_MAILS: Final = "{:,}통"
TILES: Final = (
    "올린 글",
    "올리기까지",
    "그대로 둔 문장",
    "사람이 고친 글자",
    "독자의 교정",
    "모델 비용",
    "보낸 메일",
)
TILE_UNTOUCHED_POSTS: Final = "하나도 고치지 않은 글 {}편"
TILE_MEDIAN: Final = "초안에서 공개까지 (중앙값)"
TILE_UNTOUCHED: Final = "올리기 전에 고치지 않은 비율"
TILE_PEOPLE: Final = "운영진 {:,} · 독자 {:,}"
TILE_CORRECTIONS: Final = "반영 {}건 · 반영까지 {}"
TILE_CAP: Final = "한 달 한도 ${:.2f}"
TILE_READERS: Final = "지금 구독자 {:,}명"


def month_title(year: int, month: int) -> str:
    """Title of a month's page."""
    return f"{year}년 {month}월 편집 보고서"


def hours(value: float | None) -> str:
    """A time in hours, as people say it; a dash for none."""
    if value is None:
        return "–"
    if value < 1:
        return f"{value * 60:.0f}분"
    return f"{value:.1f}시간" if value < 48 else f"{value / 24:.1f}일"


def percent(value: float | None) -> str:
    """A share; a dash for none."""
    return "–" if value is None else f"{value:.1%}"


def weekday(day: dt.date) -> str:
    """Short name of the day of the week."""
    return "월화수목금토일"[day.weekday()]
