"""Korean words of the digest: subjects, the mail's own lines, and the names of choices. Pages are in `templates/`."""

import datetime as dt
from collections.abc import Sequence

SENDER = "파이토치 한국 사용자 모임"
ADVERTISING = "(광고) "
CADENCES = {"weekly": "매주", "daily": "매일"}
LANGUAGES = {"ko": "한국어", "both": "한국어와 영어 함께", "en": "영어"}
ZONES = {
    "Asia/Seoul": "서울",
    "Asia/Tokyo": "도쿄",
    "Europe/Berlin": "베를린",
    "Europe/London": "런던",
    "America/New_York": "뉴욕",
    "America/Los_Angeles": "로스앤젤레스",
    "UTC": "협정 세계시(UTC)",
}
CONFIRM_SUBJECT = "구독 확인: ML 논문 소식 메일"
ALREADY_SUBJECT = "이미 구독하고 계십니다: ML 논문 소식 메일"
TEST_MARK = "[시험] "


def subject(cadence: str, day: dt.date, *, advertising: bool = False) -> str:
    """Subject of a digest that is due on `day`; under 60 letters."""
    kind = "오늘의 ML 논문 소식" if cadence == "daily" else "이번 주 ML 논문 소식"
    return f"{ADVERTISING if advertising else ''}{kind} · {day.year}년 {day.month}월 {day.day}일"


def lead(cadence: str, papers: int, talks: int = 0) -> str:
    """First line of a digest."""
    since = "어제부터" if cadence == "daily" else "지난 소식 뒤로"
    counted = [f"{name} {count}편" for name, count in (("논문", papers), ("세미나", talks)) if count]
    return f"{since} 새로 올라온 {'과 '.join(counted)}을 골라 담았습니다."


def preheader(titles: list[str]) -> str:
    """What mail programmes show beside the subject."""
    return " · ".join(titles[:3])


def shortened(authors: list[str]) -> str:
    """Authors in one line: at most three, then how many more."""
    return ", ".join(authors[:3]) + (f" 외 {len(authors) - 3}명" if len(authors) > 3 else "")


def thanks(reporters: Sequence[str]) -> str:
    """Thanks to the readers who reported a mistake: at most three by name."""
    more = f" 외 {len(reporters) - 3}명" if len(reporters) > 3 else " 님"
    return f"알려 주신 {', '.join(reporters[:3])}{more}, 고맙습니다."


def liked(likes: int, replies: int) -> str:
    """How a post was received; empty where it was not."""
    parts = [f"좋아요 {likes}"] if likes else []
    return " · ".join([*parts, f"댓글 {replies}"] if replies else parts)
