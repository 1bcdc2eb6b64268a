"""What a model call costs, in US dollars; nothing here touches the network or the SDK.

Prices are those of https://platform.claude.com/docs/en/about-claude/pricing (pay-as-you-go, standard speed, no batch
discount), read on 2026-11-21 in stored copies of that page and of https://platform.claude.com/docs/en/about-claude/models;
Fable 5.2 (9 November 2026), Haiku 5.5 and the lower cache reads of Sonnet 5.5 (both 7 October 2026) come from dated
change notes of price lists that follow that page. `MODEL_PRICES` in the settings overrides or adds a model.

Multiples of the input price that hold for every model listed: 1.25 for a cache entry of 5 minutes, 2 for one of an
hour. Reading from the cache is 0.1 of it, but 0.05 for Opus 5.5 and Sonnet 5.5 and 0.025 for Fable 5.1 and 5.2.
Haiku 5.5 has two bands: a prompt of more than 100,000 tokens, cached ones included, pays five times as much for all
its tokens, those of the answer too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from bot.errors import RejectedError, SettingsError

PRICES_SETTING = "MODEL_PRICES"

_MILLION = Decimal(1_000_000)
_WRITE_5M = Decimal("1.25")
_WRITE_1H = Decimal(2)
_READ = Decimal("0.1")


@dataclass(frozen=True)
class Usage:
    """Tokens of one call by kind, as the API counts them; the four kinds do not overlap."""

    input_tokens: int
    """Of the prompt, neither written to the cache nor read from it."""
    cache_write_tokens: int
    """Of the prompt, written to the cache, all lifetimes together."""
    cache_read_tokens: int
    """Of the prompt, read from the cache."""
    output_tokens: int
    """Of the answer, thinking included."""
    cache_write_1h_tokens: int = 0
    """Those of `cache_write_tokens` that were written for an hour rather than for five minutes."""

    @property
    def prompt_tokens(self) -> int:
        """All tokens of the prompt, whatever they cost."""
        return self.input_tokens + self.cache_write_tokens + self.cache_read_tokens

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cache_write_1h_tokens=self.cache_write_1h_tokens + other.cache_write_1h_tokens,
        )


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens of one model, by kind of token."""

    input: Decimal
    output: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    cache_read: Decimal
    long_prompt_over: int | None = None
    """Prompts of more tokens than this pay `long_prompt_factor` times every price; None: one band only."""
    long_prompt_factor: Decimal = Decimal(1)


def _price(input_usd: str, output_usd: str, *, read: str | None = None) -> Price:
    base = Decimal(input_usd)
    return Price(
        input=base,
        output=Decimal(output_usd),
        cache_write_5m=base * _WRITE_5M,
        cache_write_1h=base * _WRITE_1H,
        cache_read=Decimal(read) if read is not None else base * _READ,
    )


_HAIKU_5_5 = Price(
    input=Decimal("0.10"),
    output=Decimal("0.50"),
    cache_write_5m=Decimal("0.125"),
    cache_write_1h=Decimal("0.20"),
    cache_read=Decimal("0.01"),
    long_prompt_over=100_000,
    long_prompt_factor=Decimal(5),
)

PriceTable = Mapping[str, Price]

PRICES: PriceTable = {
    "claude-fable-5-2": _price("8", "40", read="0.20"),
    "claude-fable-5-1": _price("10", "50", read="0.25"),
    "claude-fable-5": _price("10", "50"),
    "claude-opus-5-5": _price("4", "20", read="0.20"),
    "claude-opus-5": _price("5", "25"),
    "claude-opus-4-8": _price("5", "25"),
    "claude-opus-4-7": _price("5", "25"),
    "claude-opus-4-6": _price("5", "25"),
    "claude-opus-4-5": _price("5", "25"),
    "claude-sonnet-5-5": _price("2", "10", read="0.10"),
    "claude-sonnet-5": _price("2", "10"),
    "claude-sonnet-4-6": _price("3", "15"),
    "claude-sonnet-4-5": _price("3", "15"),
    "claude-haiku-5-5": _HAIKU_5_5,
    "claude-haiku-4-5": _price("1", "5"),
}

_OVERRIDE_KEYS = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")


def prices_with(overrides: Mapping[str, Mapping[str, object]]) -> PriceTable:
    """The price list with the entries of the setting `MODEL_PRICES` put over it.

    An entry needs `input` and `output`; `cache_write_5m`, `cache_write_1h` and `cache_read` follow from `input` by the
    usual multiples (1.25, 2, 0.1) where they are not given. All in US dollars per million tokens.

    Raises:
        SettingsError: an entry lacks a price, has an unknown one, or one that is no number from 0 upwards.
    """
    return {**PRICES, **{model: _override(model, entry) for model, entry in overrides.items()}}


def _override(model: str, entry: Mapping[str, object]) -> Price:
    unknown = sorted(set(entry) - set(_OVERRIDE_KEYS))
    if unknown:
        raise SettingsError(f"{PRICES_SETTING}: {model} has {unknown[0]!r}; use {', '.join(_OVERRIDE_KEYS)}.")
    given = {key: _usd(model, key, value) for key, value in entry.items()}
    if "input" not in given or "output" not in given:
        raise SettingsError(f'{PRICES_SETTING}: {model} needs both "input" and "output", in USD per million tokens.')
    base = given["input"]
    return Price(
        input=base,
        output=given["output"],
        cache_write_5m=given.get("cache_write_5m", base * _WRITE_5M),
        cache_write_1h=given.get("cache_write_1h", base * _WRITE_1H),
        cache_read=given.get("cache_read", base * _READ),
    )


def _usd(model: str, key: str, value: object) -> Decimal:
    try:
        usd = Decimal(str(value))
    except InvalidOperation:
        usd = Decimal(-1)
    if isinstance(value, bool) or not usd.is_finite() or usd < 0:
        raise SettingsError(f"{PRICES_SETTING}: {key} of {model} must be a number of dollars from 0 upwards.")
    return usd


def price_of(prices: PriceTable, model: str) -> Price:
    """The price of `model`; a dated id (`claude-haiku-4-5-20251001`) costs what its undated one costs.

    Raises:
        RejectedError: no price is known for it; a retry does not help, the setting does.
    """
    price = prices.get(model) or prices.get(re.sub(r"-20\d{6}$", "", model))
    if price is None:
        raise RejectedError(
            f"No price is known for the model {model!r}, so its cost cannot be counted: add it to {PRICES_SETTING}, "
            f'e.g. {PRICES_SETTING}={{"{model}": {{"input": 2, "output": 10}}}} (USD per million tokens).'
        )
    return price


def cost_usd(prices: PriceTable, model: str, usage: Usage) -> Decimal:
    """What a call cost, exactly.

    Raises:
        RejectedError: no price is known for `model`.
    """
    price = price_of(prices, model)
    five_minutes = usage.cache_write_tokens - usage.cache_write_1h_tokens
    total = (
        usage.input_tokens * price.input
        + five_minutes * price.cache_write_5m
        + usage.cache_write_1h_tokens * price.cache_write_1h
        + usage.cache_read_tokens * price.cache_read
        + usage.output_tokens * price.output
    )
    return total * _band(price, usage.prompt_tokens) / _MILLION


def worst_case_usd(prices: PriceTable, model: str, input_tokens_upper_bound: int, max_tokens: int) -> Decimal:
    """The most a call can cost: every prompt token is written to the 5-minute cache, the answer runs to its limit.

    The adapter (`claude.py`) asks for 5-minute entries only, so an hour's price does not come into it.

    Raises:
        RejectedError: no price is known for `model`.
    """
    price = price_of(prices, model)
    dearest_input = max(price.input, price.cache_write_5m, price.cache_read)
    total = input_tokens_upper_bound * dearest_input + max_tokens * price.output
    return total * _band(price, input_tokens_upper_bound) / _MILLION


def _band(price: Price, prompt_tokens: int) -> Decimal:
    is_long = price.long_prompt_over is not None and prompt_tokens > price.long_prompt_over
    return price.long_prompt_factor if is_long else Decimal(1)


PROMPT_OVERHEAD_TOKENS = 2048
"""Room for what is added to the texts: the frame of the messages, our schemas (under 1 kB each) and the API's own words
about a schema (https://platform.claude.com/docs/en/build-with-claude/structured-outputs)."""


def input_tokens_bound(*texts: str) -> int:
    """A number of prompt tokens that these texts together never exceed, without asking the API.

    A token for each UTF-8 byte, plus `PROMPT_OVERHEAD_TOKENS`: a tokeniser over bytes does no worse than that.
    English takes about a quarter of that and Korean a third to a half, so the bound is three or four times too high,
    which for prompts of our size is a few US cents.
    """
    return sum(len(text.encode("utf-8", errors="replace")) for text in texts) + PROMPT_OVERHEAD_TOKENS
