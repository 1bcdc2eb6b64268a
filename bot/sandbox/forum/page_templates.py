"""The pages' templates and how they write times and deeds in Korean."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader

_SEOUL = ZoneInfo("Asia/Seoul")
_DEEDS = {
    "closed.enabled": "이 글을 닫았습니다",
    "closed.disabled": "이 글을 다시 열었습니다",
    "archived.enabled": "이 글을 보관했습니다",
    "archived.disabled": "이 글을 보관함에서 꺼냈습니다",
    "pinned.enabled": "이 글을 고정했습니다",
    "pinned.disabled": "이 글의 고정을 풀었습니다",
    "visible.enabled": "이 글을 목록에 다시 올렸습니다",
    "visible.disabled": "이 글을 목록에서 내렸습니다",
    "category_changed": "게시판을 옮겼습니다",
    "tags_changed": "태그를 바꾸었습니다",
}


def korean_time(at: dt.datetime) -> str:
    """Date and time of day in Seoul."""
    local = at.astimezone(_SEOUL)
    return f"{local.year}년 {local.month}월 {local.day}일 {local:%H:%M}"


def deed(action_code: str) -> str:
    """What a small action did."""
    return _DEEDS.get(action_code, action_code)


templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
templates.filters["korean_time"] = korean_time
templates.filters["deed"] = deed
