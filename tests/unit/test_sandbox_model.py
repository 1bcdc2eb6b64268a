"""The Messages-API stand-in: its protocol, its prompt cache, its translations and its scripted faults."""

import itertools
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bot.sandbox
from bot.sandbox.label_introduction import introduction_of_labels
from bot.sandbox.model import REDRAFTED, UNKNOWN_TASK, UNTRANSLATED, FaultKind, ModelStandIn
from bot.sandbox.recorded import Translations
from bot.sandbox.server import serve
from bot.sandbox.upstream import read_recorded
from bot.translation.answers import ModelRequest
from bot.translation.claude import Claude
from bot.translation.segments import split
from tests.shared import shared_path

SAMPLE = Path(bot.sandbox.__file__).parent / "sample" / "week.jsonl"
HEADERS = {"x-api-key": "sk-any", "anthropic-version": "2026-10-21"}


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[ModelStandIn, str]]:
    api = ModelStandIn()
    with serve(api) as url:
        yield api, url


@pytest.fixture
def api(server: tuple[ModelStandIn, str]) -> Iterator[ModelStandIn]:
    stand_in = server[0]
    stand_in.calls.clear()
    stand_in.faults.clear()
    stand_in.translations = Translations()
    stand_in.introduction = None
    stand_in.latency_s = 0.0
    yield stand_in
    assert stand_in.unfired() == []


@pytest.fixture(scope="module")
def http(server: tuple[ModelStandIn, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server[1], headers=HEADERS, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def claude(server: tuple[ModelStandIn, str]) -> Claude:
    return Claude("sk-any", base_url=server[1])


def user_text(data: dict[str, Any]) -> str:
    packed = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e")
    return f"Do this.\n<data>\n{packed}\n</data>"


def paper(*texts: str, title: str | None = None, letter: str = "a") -> dict[str, Any]:
    segments = [{"id": f"{letter}{number}", "text": text} for number, text in enumerate(texts, start=1)]
    return {"task": "translate_paper", "title": title, "segments": segments}


def body(data: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    text = user_text(data if data is not None else paper("One."))
    asked = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 4000,
        "messages": [{"role": "user", "content": text}],
        **fields,
    }
    return {name: value for name, value in asked.items() if value is not None}


def ask(claude: Claude, data: dict[str, Any], system: str = "Translate.") -> dict[str, Any]:
    schema = {"type": "object", "additionalProperties": False}
    request = ModelRequest("claude-sonnet-5-5", (system,), user_text(data), schema, 32_000, timeout_s=10)
    answer: dict[str, Any] = json.loads(claude.ask(request).text)
    return answer


# The protocol


def test_whole_and_streamed_answers_say_the_same(api: ModelStandIn, http: httpx.Client) -> None:
    whole = http.post("/v1/messages", json=body()).json()
    streamed = http.post("/v1/messages", json=body(stream=True))
    events = [json.loads(line[6:]) for line in streamed.text.splitlines() if line.startswith("data: ")]
    text = "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")
    assert [block["type"] for block in whole["content"]] == ["thinking", "text"]
    assert whole["content"][1]["text"] == text
    assert whole["usage"]["output_tokens"] == events[-2]["usage"]["output_tokens"]
    assert (whole["stop_reason"], events[-2]["delta"]["stop_reason"]) == ("end_turn", "end_turn")
    kinds = [kind for kind, _ in itertools.groupby(event["type"] for event in events)]
    assert kinds[:2] == ["message_start", "ping"]
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert streamed.headers["request-id"] == api.calls[1].request_id


def test_no_thinking_where_it_is_switched_off(api: ModelStandIn, http: httpx.Client) -> None:
    whole = http.post("/v1/messages", json=body(thinking={"type": "disabled"})).json()
    assert [block["type"] for block in whole["content"]] == ["text"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"model": None}, "model: Field required"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "first message"),
        ({"messages": [{"role": "user", "content": ""}]}, "non-empty"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": " "}]}]}, "non-empty"),
        ({"system": [{"type": "text", "text": "x", "cache_control": {"type": "eternal"}}]}, "cache_control"),
        ({"system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}] * 5}, "maximum of 4"),
        ({"temperature": 0.2}, "temperature: Extra inputs"),
        ({"stream": "yes"}, "stream"),
        ({"output_config": {"effort": "heroic"}}, "effort"),
        ({"output_config": {"shape": {}}}, "output_config"),
        ({"output_config": {"format": {"type": "xml"}}}, "json_schema"),
        ({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}, "additionalProperties"),
    ],
)
def test_malformed_request_is_refused_as_the_api_does(http: httpx.Client, fields: dict[str, Any], words: str) -> None:
    answer = http.post("/v1/messages", json=body(**fields))
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert words in answer.json()["error"]["message"]
    assert answer.json()["request_id"] == answer.headers["request-id"]


def test_open_object_deep_in_a_schema_is_refused(http: httpx.Client) -> None:
    inner = {"type": "array", "items": {"type": "object", "properties": {}}}
    schema = {"type": "object", "additionalProperties": False, "properties": {"list": inner}}
    asked = body(output_config={"format": {"type": "json_schema", "schema": schema}})
    assert http.post("/v1/messages", json=asked).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"anthropic-version": "2026-10-21"}, 401),
        ({"x-api-key": "k"}, 400),
        ({"x-api-key": "k", "anthropic-version": "2023-06-01"}, 200),
        ({"authorization": "Bearer k", "anthropic-version": "2026-10-21"}, 200),
    ],
)
def test_headers_are_checked(server: tuple[ModelStandIn, str], headers: dict[str, str], status: int) -> None:
    answer = httpx.post(f"{server[1]}/v1/messages", json=body(), headers=headers, trust_env=False)
    assert answer.status_code == status


def test_body_that_is_no_json_and_unknown_model_and_path(http: httpx.Client) -> None:
    assert http.post("/v1/messages", content=b'{"model').status_code == 400
    assert http.post("/v1/messages", json=body(model="claude-nova-9")).status_code == 404
    assert http.get("/v1/nothing").json()["error"]["type"] == "not_found_error"


def test_models_are_listed_and_found(http: httpx.Client) -> None:
    ids = [model["id"] for model in http.get("/v1/models").json()["data"]]
    assert "claude-sonnet-5-5" in ids
    assert http.get("/v1/models/claude-sonnet-5-5").json()["type"] == "model"
    assert http.get("/v1/models/claude-nova-9").status_code == 404


def test_counting_tokens_agrees_with_what_a_call_books(api: ModelStandIn, http: httpx.Client) -> None:
    counted = http.post("/v1/messages/count_tokens", json=body(max_tokens=None)).json()["input_tokens"]
    assert http.post("/v1/messages", json=body()).json()["usage"]["input_tokens"] == counted > 10


def test_a_call_takes_its_latency_and_starts_before_it_ends(api: ModelStandIn, claude: Claude) -> None:
    api.latency_s = 0.4
    began, started = time.monotonic(), []
    schema = {"type": "object", "additionalProperties": False}
    request = ModelRequest("claude-sonnet-5-5", ("s",), user_text(paper("One.")), schema, 4000)
    claude.ask(request, on_started=lambda: started.append(time.monotonic() - began))
    assert 0.38 < time.monotonic() - began < 0.7
    assert started[0] < 0.2


# The prompt cache


def cached(text: str, **control: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text, "cache_control": {"type": "ephemeral", **control}}]


def test_prefix_is_written_once_and_then_read(api: ModelStandIn, http: httpx.Client) -> None:
    system = cached("Style guide. " * 500)
    first, second = (http.post("/v1/messages", json=body(system=system)).json()["usage"] for _ in range(2))
    assert first["cache_creation_input_tokens"] == second["cache_read_input_tokens"] > 1024
    assert first["cache_read_input_tokens"] == second["cache_creation_input_tokens"] == 0
    assert first["cache_creation"]["ephemeral_5m_input_tokens"] == first["cache_creation_input_tokens"]


def test_prefix_for_an_hour_is_booked_as_such(api: ModelStandIn, http: httpx.Client) -> None:
    usage = http.post("/v1/messages", json=body(system=cached("For an hour. " * 500, ttl="1h"))).json()["usage"]
    assert usage["cache_creation"]["ephemeral_1h_input_tokens"] == usage["cache_creation_input_tokens"] > 1024


@pytest.mark.parametrize("other", ["model", "schema", "text"])
def test_any_change_before_the_mark_misses_the_cache(api: ModelStandIn, http: httpx.Client, other: str) -> None:
    system = cached(f"Guide for {other}. " * 500)
    http.post("/v1/messages", json=body(system=system))
    schema = {"format": {"type": "json_schema", "schema": {"type": "object", "additionalProperties": False}}}
    changed: dict[str, dict[str, Any]] = {
        "model": {"system": system, "model": "claude-opus-5-5"},
        "schema": {"system": system, "output_config": schema},
        "text": {"system": cached(f"guide for {other}. " * 500)},
    }
    usage = http.post("/v1/messages", json=body(**changed[other])).json()["usage"]
    assert usage["cache_read_input_tokens"] == 0


def test_short_prefix_is_silently_not_cached(api: ModelStandIn, http: httpx.Client) -> None:
    usages = [http.post("/v1/messages", json=body(system=cached("Short."))).json()["usage"] for _ in range(2)]
    assert [usage["cache_creation_input_tokens"] + usage["cache_read_input_tokens"] for usage in usages] == [0, 0]


# What it answers


def test_unknown_text_is_marked_as_untranslated(api: ModelStandIn, claude: Claude) -> None:
    answer = ask(claude, paper("A <b>new</b> text & more.", title="Unheard Of"))
    assert answer == {
        "title": f"{UNTRANSLATED} Unheard Of",
        "segments": [{"id": "a1", "ko": f"{UNTRANSLATED} A <b>new</b> text & more."}],
    }


def test_no_title_asked_means_an_empty_one(api: ModelStandIn, claude: Claude) -> None:
    assert ask(claude, paper("One."))["title"] == ""


def test_request_without_a_known_task_gets_a_sentence(api: ModelStandIn, http: httpx.Client) -> None:
    for text in ("Hello", user_text({"task": "sing"}), "<data>\n{broken\n</data>"):
        whole = http.post("/v1/messages", json=body(messages=[{"role": "user", "content": text}])).json()
        assert whole["content"][-1]["text"] == UNKNOWN_TASK


def test_redraft_can_be_told_from_the_first_draft(api: ModelStandIn, claude: Claude) -> None:
    api.translations = Translations(
        [{"title": None, "intro": None, "abstract": {"en": "It sorts.", "ko": "정렬합니다."}}]
    )
    asked = {"task": "translate_paper", "title": None, "segments": [{"id": "a1", "text": "It sorts."}]}
    api.marks_redrafts = True
    assert ask(claude, asked)["segments"][0]["ko"] == "정렬합니다."
    assert ask(claude, {**asked, "attempt": 1})["segments"][0]["ko"] == f"정렬합니다. {REDRAFTED}"


def test_passages_of_one_paper_are_looked_up_apart(api: ModelStandIn, claude: Claude) -> None:
    api.translations = Translations(
        [
            {
                "title": None,
                "intro": {"en": "It sorts.", "ko": "정렬합니다."},
                "abstract": {"en": "It sorts. Fast.", "ko": "빠르게 정렬합니다."},
            }
        ]
    )
    segments = [{"id": "d1", "text": "It sorts."}, {"id": "a1", "text": "It sorts."}, {"id": "a2", "text": "Fast."}]
    answer = ask(claude, {"task": "translate_paper", "title": None, "segments": segments})
    assert [segment["ko"] for segment in answer["segments"]] == ["정렬합니다.", "빠르게", "정렬합니다."]


def collapsed(korean: str) -> str:
    return " ".join(re.sub(r"^\s*-\s+", "", korean, flags=re.MULTILINE).split())


def texts_of(english: str) -> list[str]:
    return [english[span.start : span.end] for span in split(english)]


def check_recorded_file(path: Path, api: ModelStandIn, claude: Claude) -> int:
    recorded = read_recorded(path)
    api.translations = Translations(recorded)
    passages = 0
    for line in recorded:
        kinds = [("d", line["intro"]), ("a", line["abstract"])]
        segments = [
            {"id": f"{letter}{number}", "text": text}
            for letter, texts in kinds
            if texts
            for number, text in enumerate(texts_of(texts["en"]), start=1)
        ]
        answer = ask(claude, {"task": "translate_paper", "title": line["title"]["en"], "segments": segments})
        assert answer["title"] == line["title"]["ko"]
        assert [segment["id"] for segment in answer["segments"]] == [segment["id"] for segment in segments]
        assert all(segment["ko"].strip() for segment in answer["segments"])
        for letter, texts in kinds:
            pieces = [segment["ko"] for segment in answer["segments"] if segment["id"][0] == letter]
            assert " ".join(pieces) == (collapsed(texts["ko"]) if texts else "")
            passages += bool(texts)
    return passages


def test_every_recorded_passage_of_the_real_week_comes_back_whole(api: ModelStandIn, claude: Claude) -> None:
    path = shared_path("data/recorded/2024-06-03.jsonl")
    assert check_recorded_file(path, api, claude) >= 20


def test_every_passage_of_the_sample_week_comes_back_whole(api: ModelStandIn, claude: Claude) -> None:
    assert check_recorded_file(SAMPLE, api, claude) > 10


def test_pieces_end_where_sentences_end_if_both_languages_have_as_many() -> None:
    english = "We sort keys, e.g., fast ones. The cost falls a lot. Nothing else changes in the model at all."
    korean = "키를 정렬합니다. 비용이 크게 줄어듭니다. 모델의 다른 부분은 전혀 바뀌지 않습니다."
    translations = Translations([{"title": None, "intro": None, "abstract": {"en": english, "ko": korean}}])
    assert list(translations.passage(texts_of(english))) == [f"{part}." for part in korean[:-1].split(". ")]


def test_a_passage_asked_in_halves_later_gives_the_same_pieces() -> None:
    recorded = read_recorded(SAMPLE)
    translations = Translations(recorded)
    compared = 0
    for text in [line["abstract"] for line in recorded if line["abstract"]]:
        texts = texts_of(text["en"])
        whole, middle = translations.passage(texts), len(texts) // 2
        halves = translations.passage(texts[:middle]) + translations.passage(texts[middle:])
        assert halves == whole
        assert tuple(translations.passage([one])[0] for one in texts if len(one) > 20) == tuple(
            piece for one, piece in zip(texts, whole, strict=True) if len(one) > 20
        )
        compared += 1
    assert compared > 5


@pytest.mark.parametrize(
    "asked",
    [
        "introduces “sorted” attention - it’s fast.",
        'Introduces  "sorted"\nattention – it\'s fast. ',
        "Introduces\u200b “sorted” attention — it’s fast.",
    ],
)
def test_case_blanks_quotes_and_dashes_do_not_hide_a_recorded_text(asked: str) -> None:
    english = {"en": 'Introduces "sorted" attention – it\'s fast.', "ko": "정렬된 어텐션을 소개합니다."}
    translations = Translations([{"title": english, "intro": english, "abstract": None}])
    assert translations.passage([asked]) == ("정렬된 어텐션을 소개합니다.",)
    assert translations.title(asked) == "정렬된 어텐션을 소개합니다."


@pytest.mark.parametrize("asked", ["It is 45% faster than before.", "It is 44% faster than before!", "faster", " "])
def test_another_text_is_not_taken_for_a_recorded_one(asked: str) -> None:
    text = {"en": "It is 44% faster than before.", "ko": "이전보다 44% 빠릅니다."}
    assert Translations([{"title": None, "intro": text, "abstract": None}]).passage([asked]) == (None,)


def test_fewer_words_than_segments_is_left_untranslated() -> None:
    text = {"en": "It sorts. It is fast.", "ko": "빠릅니다."}
    translations = Translations([{"title": None, "intro": text, "abstract": None}])
    assert translations.passage(["It sorts.", "It is fast."]) == (None, None)


def test_bullet_lines_are_cut_at_their_lines() -> None:
    text = {
        "en": "It has:\n- speed. Much of it.\n- a very long limit.",
        "ko": "이런 것이 있습니다:\n- 속도. 많이.\n- 한계.",
    }
    translations = Translations([{"title": None, "intro": text, "abstract": None}])
    assert translations.passage(texts_of(text["en"])) == ("이런 것이 있습니다:", "속도.", "많이.", "한계.")


WORDS = st.lists(
    st.sampled_from(["모델", "학습합니다.", "그리고,", "n", "GPT-4를", "됩니다!", "$x$"]), min_size=1, max_size=60
)


@settings(max_examples=150, deadline=None)
@given(words=WORDS, lengths=st.lists(st.integers(1, 90), min_size=1, max_size=12))
def test_pieces_are_never_empty_and_join_to_the_recorded_korean(words: list[str], lengths: list[int]) -> None:
    segments = [f"{chr(97 + number)}{'x' * length}." for number, length in enumerate(lengths)]
    text = {"en": " ".join(segments), "ko": " ".join(words)}
    pieces = Translations([{"title": None, "intro": None, "abstract": text}]).passage(segments)
    if len(words) < len(segments):
        assert set(pieces) == {None}
    else:
        assert all(pieces)
        assert " ".join(filter(None, pieces)) == text["ko"]


# The introduction


def week(labels: Sequence[str]) -> dict[str, Any]:
    papers = [{"rank": rank, "label": label, "title": label} for rank, label in enumerate(labels, start=1)]
    return {"task": "introduce_week", "papers": papers}


@settings(max_examples=200, deadline=None)
@given(
    labels=st.lists(st.text("abcXYZ -", min_size=2, max_size=60).map(str.strip).filter(bool), min_size=2, max_size=12)
)
def test_introduction_of_an_unknown_week_names_what_it_cites(labels: list[str]) -> None:
    paragraphs = introduction_of_labels(week(labels)["papers"])
    assert 2 <= len(paragraphs) <= 3
    sentences = [sentence for paragraph in paragraphs for sentence in paragraph["sentences"]]
    for paragraph in paragraphs:
        assert 2 <= len(paragraph["sentences"]) <= 5
    for sentence in sentences:
        assert sentence["papers"]
        assert all(labels[rank - 1] in sentence["text"] for rank in sentence["papers"])
        assert re.search(r"(습니다|[가-힣]니다|바랍니다)\.$", sentence["text"])
    assert 500 <= sum(len(sentence["text"]) for sentence in sentences) <= 1000
    assert sum("시연용 모델" in sentence["text"] for sentence in sentences) == 1


def test_every_paper_of_a_week_with_short_labels_is_named(api: ModelStandIn, claude: Claude) -> None:
    answer = ask(claude, week([f"Paper{number}" for number in range(1, 11)]))
    cited = {
        rank for paragraph in answer["paragraphs"] for sentence in paragraph["sentences"] for rank in sentence["papers"]
    }
    assert cited == set(range(1, 11))


def test_sample_week_gets_its_written_introduction(api: ModelStandIn, claude: Claude) -> None:
    recorded = read_recorded(SAMPLE)
    api.translations = Translations(recorded)
    api.introduction = json.loads((SAMPLE.parent / "introduction.json").read_text(encoding="utf-8"))
    answer = ask(claude, week([line["title"]["en"] for line in recorded]))
    assert answer["paragraphs"][0]["sentences"][0]["text"] == api.introduction[0]["sentences"][0]["ko"]
    other = ask(claude, week(["Another", "Week"]))
    assert "시연용 모델" in json.dumps(other, ensure_ascii=False)


@pytest.mark.parametrize("length", [2, 20, 40, 60, 80, 100])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 10, 12])
def test_introduction_keeps_its_length_for_short_and_long_labels(length: int, count: int) -> None:
    paragraphs = introduction_of_labels(week(["L" * length] * count)["papers"])
    total = sum(len(sentence["text"]) for paragraph in paragraphs for sentence in paragraph["sentences"])
    assert 500 <= total <= 1000


# Faults that leave the protocol whole; the others are in test_claude.py

THREE = paper("One.", "Two.", "Three.")


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        ("wrong_ids", lambda ids, _: ids == ["zz9", "a2", "a3"]),
        ("missing_segment", lambda ids, _: ids == ["a1", "a2"]),
        ("extra_segment", lambda ids, _: ids == ["a1", "a2", "a3", "zz9"]),
        ("doubled_segment", lambda ids, _: ids == ["a1", "a2", "a3", "a1"]),
        ("empty_segment", lambda _, texts: not texts[0].strip()),
        (
            "swapped_segments",
            lambda ids, texts: ids == ["a1", "a2", "a3"] and "Three" in texts[0] and "One" in texts[2],
        ),
    ],
)
def test_spoilt_answers(
    api: ModelStandIn, claude: Claude, kind: FaultKind, check: Callable[[list[str], list[str]], bool]
) -> None:
    fault = api.fail_next(kind)
    segments = ask(claude, THREE)["segments"]
    assert check([segment["id"] for segment in segments], [segment["ko"] for segment in segments])
    assert fault.fired == 1
    assert [segment["id"] for segment in ask(claude, THREE)["segments"]] == ["a1", "a2", "a3"]


def test_fault_waits_for_the_request_it_is_meant_for(api: ModelStandIn, http: httpx.Client) -> None:
    fault = api.fail_next("overloaded", times=2, match="Special")
    assert http.post("/v1/messages", json=body()).status_code == 200
    statuses = [http.post("/v1/messages", json=body(paper("Special."))).status_code for _ in range(3)]
    assert statuses == [529, 529, 200]
    assert fault.fired == 2
    assert [call.fault for call in api.calls] == [None, "overloaded", "overloaded", None]


def test_fault_that_never_fired_is_named() -> None:
    api = ModelStandIn()
    fault = api.fail_next("refusal")
    assert api.unfired() == [fault]


def test_unknown_fault_cannot_be_armed() -> None:
    with pytest.raises(ValueError, match="meteor"):
        ModelStandIn().fail_next("meteor")  # type: ignore[arg-type]  # the point of the test


def test_every_fault_is_sent_through_the_adapter_somewhere() -> None:
    tests = Path(__file__).parent
    text = "".join((tests / name).read_text(encoding="utf-8") for name in ("test_claude.py", "test_sandbox_model.py"))
    assert [kind for kind in get_args(FaultKind) if f'"{kind}"' not in text] == []
