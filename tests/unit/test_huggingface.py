"""Hugging Face's daily papers: only an id and a title are needed, whatever else a year's answers have."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RejectedError, TransientError
from bot.sources.huggingface import parse_day, thumbnail_of
from tests.shared import shared_path

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
FIELDS = ["authors", "upvotes", "summary", "thumbnail", "mediaUrls", "ai_summary"]


def entry(**paper: Any) -> dict[str, Any]:
    return {"paper": {"id": "2611.00001", "title": "Lamps", **paper}}


def parsed(*entries: Any) -> Any:
    return parse_day(json.dumps(entries))


def test_id_and_title_are_enough() -> None:
    (paper,) = parsed(entry())
    assert (paper.arxiv_id, paper.title, paper.votes, paper.authors) == ("2611.00001", "Lamps", 0, ())
    assert paper.thumbnail == thumbnail_of("2611.00001")


def test_inner_title_is_taken_and_its_line_breaks_are_blanks() -> None:
    (paper,) = parsed({**entry(title="Lamps\n  at sea"), "title": r"\textsc{Lamps} at sea"})
    assert paper.title == "Lamps at sea"


def test_half_stripped_links_lose_their_braces() -> None:
    (paper,) = parsed(entry(summary="See https://youtu.be/x{Youtube} and\nmore."))
    assert paper.abstract == "See https://youtu.be/x and more."


def test_pictures_are_taken_from_the_lists_own_host_only() -> None:
    (other,) = parsed({**entry(), "thumbnail": "https://evil.example/x.png"})
    assert other.thumbnail == thumbnail_of("2611.00001")
    (old,) = parsed({**entry(), "mediaUrl": thumbnail_of("2406.04692")})
    assert old.thumbnail == thumbnail_of("2406.04692")


@pytest.mark.parametrize("broken", ["", "<html>", "[", '[{"paper": ', "[" * 100_000])
def test_what_is_no_json_may_be_better_later(broken: str) -> None:
    with pytest.raises(TransientError, match="not JSON"):
        parse_day(broken)


@pytest.mark.parametrize(
    "body", [{"error": "no"}, "text", 7, [7], [{}], [{"paper": {}}], [{"paper": {"id": "x", "title": "y"}}], [None]]
)
def test_another_form_is_refused_whole(body: object) -> None:
    with pytest.raises(RejectedError, match="form"):
        parse_day(json.dumps(body))


@given(
    st.dictionaries(st.sampled_from(["authors", "upvotes", "summary", "thumbnail", "mediaUrls", "ai_summary"]), VALUES)
)
def test_no_other_field_can_stop_a_day(fields: dict[str, Any]) -> None:
    (paper,) = parsed(entry(**fields))
    assert paper.votes >= 0
    assert all(isinstance(name, str) and name for name in paper.authors)


def test_values_that_no_store_or_post_takes_are_put_right() -> None:
    (paper,) = parsed(entry(title="Lamps\x00 \ud800", upvotes=10**30, authors=[{"name": "Ann\udfff"}]))
    assert (paper.title, paper.votes, paper.authors) == ("Lamps", 1_000_000, ("Ann",))


@pytest.mark.parametrize("address", ["https://[", "https://cdn-thumbnails.huggingface.co/a.png)[x](https://evil.org"])
def test_addresses_that_are_no_picture_fall_back_to_the_usual_one(address: str) -> None:
    (paper,) = parsed(entry(mediaUrl=address, thumbnail=address))
    assert paper.thumbnail == thumbnail_of(paper.arxiv_id)


def test_recorded_days_keep_their_order_by_votes() -> None:
    for path in sorted(shared_path("data/huggingface").glob("*.json")):
        body = path.read_text(encoding="utf-8")
        votes = [paper.votes for paper in parse_day(body)]
        assert votes == [one["paper"]["upvotes"] for one in json.loads(body)]
        assert votes == sorted(votes, reverse=True)
