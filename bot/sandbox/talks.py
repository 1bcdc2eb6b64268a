"""What the model stand-in knows of talks: Korean of each sentence, and a summary, recorded or made of nothing.

A recorded talk is a JSON object (see `sample/talk.json`): `title`, `sentences` with `en` and `ko`, and a `summary`
whose statements name in `en` how the sentences begin that they rest on.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_OPENING = "이 요약은 시연용 모델이 발표의 제목만 보고 지은 글이므로, 발표의 내용은 판단하지 않습니다."
_HEADING = "발표의 한 부분"
_BULLET = "이 부분에서 발표자가 하는 말은 아래의 세부 내용에서 처음부터 끝까지 읽으실 수 있습니다."
_CLOSING = "발표의 내용은 영상과 아래의 세부 내용에서 직접 확인해 보시기 바랍니다."
MOST_POINTS = 5


def as_recorded(talk: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The talk's sentences in the form that recorded translations are built from."""
    return [{"title": None, "intro": {"en": one["en"], "ko": one["ko"]}, "abstract": None} for one in talk["sentences"]]


def summary_of(data: Mapping[str, Any], talks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The answer to `summarize_talk`: recorded, if every passage it rests on is there; else true of any talk."""
    sections: Sequence[Mapping[str, Any]] = data.get("sections", [])
    title = (data.get("talk") or {}).get("title")
    talk = next((talk for talk in talks if talk["title"] == title), None)
    recorded = _recorded(talk["summary"], sections) if talk is not None else None
    return recorded or _made_of_nothing(sections)


def _recorded(summary: Mapping[str, Any], sections: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    texts = {passage["n"]: passage["text"] for section in sections for passage in section["passages"]}

    def statement(said: Mapping[str, Any]) -> dict[str, Any]:
        numbers = [number for start in said["en"] for number, text in texts.items() if start in text]
        return {"text": said["ko"], "passages": list(dict.fromkeys(numbers))}

    opening = [statement(said) for said in summary["opening"]]
    points = [
        {"heading": point["heading"], "bullets": [statement(said) for said in point["bullets"]]}
        for point in summary["points"]
    ]
    closing = statement(summary["closing"])
    bullets = [bullet for point in points for bullet in point["bullets"]]
    if len(sections) != len(summary["headings"]) or not all(one["passages"] for one in (*opening, *bullets, closing)):
        return None
    headings = [
        {"section": section["number"], "text": text}
        for section, text in zip(sections, summary["headings"], strict=True)
    ]
    return {"opening": opening, "points": points, "closing": closing, "headings": headings}


def _made_of_nothing(sections: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    firsts = [section["passages"][0]["n"] for section in sections if section["passages"]]
    step = max(1, -(-len(firsts) // MOST_POINTS))
    return {
        "opening": [{"text": _OPENING, "passages": firsts[:1]}],
        "points": [
            {"heading": _HEADING, "bullets": [{"text": _BULLET, "passages": [number]}]} for number in firsts[::step]
        ],
        "closing": {"text": _CLOSING, "passages": firsts[-1:]},
        "headings": [{"section": section["number"], "text": _HEADING} for section in sections],
    }
