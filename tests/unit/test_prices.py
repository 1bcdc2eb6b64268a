"""Prices: what a call cost, the most it can cost, and models without a price."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RejectedError, SettingsError
from bot.translation.prices import (
    PRICES,
    PROMPT_OVERHEAD_TOKENS,
    Usage,
    cost_usd,
    input_tokens_bound,
    price_of,
    prices_with,
    worst_case_usd,
)

MILLION = 1_000_000


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        (Usage(MILLION, 0, 0, 0), "2"),
        (Usage(0, MILLION, 0, 0), "2.5"),
        (Usage(0, MILLION, 0, 0, cache_write_1h_tokens=MILLION), "4"),
        (Usage(0, 0, MILLION, 0), "0.1"),
        (Usage(0, 0, 0, MILLION), "10"),
        (Usage(1200, 3000, 0, 900), "0.0189"),
        (Usage(0, 0, 0, 0), "0"),
    ],
)
def test_each_kind_of_token_has_its_own_price(usage: Usage, usd: str) -> None:
    assert cost_usd(PRICES, "claude-sonnet-5-5", usage) == Decimal(usd)


@pytest.mark.parametrize(
    ("prompt_tokens", "usd"),
    [(100_000, "0.0105"), (100_001, "0.0525005")],
)
def test_a_long_prompt_moves_the_whole_haiku_call_to_the_dearer_band(prompt_tokens: int, usd: str) -> None:
    assert cost_usd(PRICES, "claude-haiku-5-5", Usage(prompt_tokens, 0, 0, 1000)) == Decimal(usd)


def test_cached_tokens_count_towards_the_long_prompt() -> None:
    short, long = Usage(1, 0, 99_999, 0), Usage(1, 0, 100_000, 0)
    assert cost_usd(PRICES, "claude-haiku-5-5", long) > 4 * cost_usd(PRICES, "claude-haiku-5-5", short)


def test_dated_model_costs_what_the_undated_one_costs() -> None:
    assert price_of(PRICES, "claude-haiku-4-5-20251001") == price_of(PRICES, "claude-haiku-4-5")


@pytest.mark.parametrize("model", ["claude-nova-9", "", "claude-sonnet-5-5-2026"])
def test_unknown_model_is_refused_and_the_setting_named(model: str) -> None:
    with pytest.raises(RejectedError, match="MODEL_PRICES"):
        cost_usd(PRICES, model, Usage(1, 0, 0, 1))


def test_every_listed_price_reads_cheaper_and_writes_dearer_than_plain_input() -> None:
    for model, price in PRICES.items():
        assert price.cache_read < price.input < price.cache_write_5m < price.cache_write_1h, model
        assert price.output == 5 * price.input, model


def test_override_adds_a_model_and_fills_the_cache_prices_in() -> None:
    prices = prices_with({"claude-nova-9": {"input": Decimal(4), "output": Decimal(20)}})
    assert cost_usd(prices, "claude-nova-9", Usage(0, MILLION, MILLION, 0)) == Decimal("5.4")
    assert prices["claude-sonnet-5"] == PRICES["claude-sonnet-5"]


def test_override_replaces_a_listed_price() -> None:
    prices = prices_with({"claude-sonnet-5-5": {"input": 1, "output": 5, "cache_read": "0.5"}})
    assert cost_usd(prices, "claude-sonnet-5-5", Usage(0, 0, MILLION, 0)) == Decimal("0.5")


@pytest.mark.parametrize(
    "entry",
    [
        {"input": 1},
        {"output": 1},
        {"input": 1, "output": -1},
        {"input": 1, "output": "dear"},
        {"input": 1, "output": "NaN"},
        {"input": 1, "output": "Infinity"},
        {"input": True, "output": 1},
        {"input": 1, "output": 1, "ouput": 1},
    ],
)
def test_malformed_override_is_refused_with_its_model(entry: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="claude-nova-9"):
        prices_with({"claude-nova-9": entry})


@given(
    model=st.sampled_from(sorted(PRICES)),
    kinds=st.tuples(*[st.integers(0, 150_000)] * 3),
    output=st.integers(0, 64_000),
)
def test_no_call_costs_more_than_its_worst_case(model: str, kinds: tuple[int, int, int], output: int) -> None:
    usage = Usage(*kinds, output_tokens=output)
    assert cost_usd(PRICES, model, usage) <= worst_case_usd(PRICES, model, usage.prompt_tokens, output)


def test_token_bound_counts_every_byte_of_every_text() -> None:
    assert input_tokens_bound("abc", "가나") == 3 + 6 + PROMPT_OVERHEAD_TOKENS


def test_token_bound_survives_a_lone_surrogate() -> None:
    assert input_tokens_bound("\ud800") > PROMPT_OVERHEAD_TOKENS


def test_usages_add_up_by_kind() -> None:
    assert Usage(1, 2, 3, 4, 1) + Usage(10, 20, 30, 40, 5) == Usage(11, 22, 33, 44, 6)
