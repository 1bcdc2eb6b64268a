"""Writes what these pages take from the code: `make docs`. A test holds pages and code together.

A page has such a part between `<!-- from the code: NAME -->` and `<!-- end -->`.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import annotated_types
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from bot.settings import Settings
from bot.translation.checks.run import CHECKS
from bot.translation.prices import PRICES, Usage, cost_usd, price_of
from tests.unit.test_imports import BOT, LAYERS, imported, modules, package_of

DOCS = Path(__file__).resolve().parent
EXAMPLE = DOCS.parent / ".env.example"
_PART = re.compile(r"(<!-- from the code: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Bring every page up to date."""
    for path in pages():
        old = path.read_text(encoding="utf-8")
        new = renewed(old)
        if new != old:
            path.write_text(new, encoding="utf-8")
            sys.stdout.write(f"Written: {path.relative_to(DOCS.parent)}\n")


def pages() -> list[Path]:
    """Pages with a part from the code."""
    return [path for path in sorted(DOCS.glob("*.md")) if _PART.search(path.read_text(encoding="utf-8"))]


def renewed(page: str) -> str:
    """The page with its parts as the code has them now."""
    return _PART.sub(lambda found: f"{found[1]}\n{chr(10).join(PARTS[found[2]]()).strip()}\n\n{found[3]}", page)


# --- settings --------------------------------------------------------------------------------------------------------


def settings_tables() -> Iterator[str]:
    """A table for each group of `.env.example`, with the fields of `Settings`."""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            yield from ("", line, "", "| setting | what it is | default |", "| --- | --- | --- |")
        elif match := re.match(r"#?([A-Z][A-Z0-9_]*)=", line):
            field = Settings.model_fields.get(match[1].lower())
            if field is not None:
                yield f"| `{match[1]}` | {_cell(_meaning(field))} | {_default(field)} |"


def _meaning(field: FieldInfo) -> str:
    words = [field.description or ""]
    choices = next((get_args(kind) for kind in _kinds(field) if get_origin(kind) is Literal), ())
    if choices:
        words.append("one of " + ", ".join(f"`{choice}`" for choice in choices))
    limits = [text for one in field.metadata if (text := _limit(one))]
    if limits:
        words.append(", ".join(limits))
    if SecretStr in _kinds(field):
        words.append("**secret**")
    return "; ".join(words)


def _limit(one: object) -> str | None:
    match one:
        case annotated_types.Ge(ge=least):
            return f"at least {least}"
        case annotated_types.Gt(gt=least):
            return f"more than {least}"
        case annotated_types.Le(le=most):
            return f"at most {most}"
    return None


def _kinds(field: FieldInfo) -> Sequence[Any]:
    return get_args(field.annotation) if get_origin(field.annotation) is not Literal else (field.annotation,)


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None or value == () or value == {}:
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:%H:%M}`" if hasattr(value, "hour") else f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


# --- the picture of the packages -------------------------------------------------------------------------------------


ROLES = {
    "cli": "commands",
    "web": "webhooks, readers' pages",
    "jobs": "queue, calendar, workers",
    "figures": "what stands, the month, alerts",
    "digests": "mail to readers",
    "corrections": "what readers report",
    "forum": "Discourse: drafts, edits read back",
    "editions": "weeks, days, talks",
    "translation": "model, memory, terms, checks",
    "sources": "upstream lists and pages",
    "papers": "identity of works",
    "languages": "everything Korean",
    "store": "Postgres",
    "settings": "the environment",
    "errors": "what callers should do",
    "clock": "the time",
}


def packages_picture() -> Iterator[str]:
    """Which package imports which, without what follows from others: Mermaid."""
    graph = imports_by_package()
    yield from ("```mermaid", "flowchart TD")
    yield from (f'    {name}["{name}: {ROLES[name]}"]' for name in sorted(set(graph) | set().union(*graph.values())))
    for layer in reversed(LAYERS):
        for name in sorted(layer & (set(graph) | set().union(*graph.values()))):
            for other in sorted(graph.get(name, set()), reverse=True):
                if not any(other in _reached(graph, third) for third in graph[name] - {other}):
                    yield f"    {name} --> {other}"
    yield "```"


def imports_by_package() -> dict[str, set[str]]:
    """The packages that each package of `bot` imports; the sandbox, which stands apart, is left out."""
    graph: dict[str, set[str]] = {}
    for path in modules():
        own = path.relative_to(BOT).parts[0].removesuffix(".py")
        others = {package for module in imported(path) if (package := package_of(module))} - {own, "sandbox"}
        if own != "sandbox":
            graph.setdefault(own, set()).update(others)
    return graph


def _reached(graph: dict[str, set[str]], start: str) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for other in graph.get(waiting.pop(), set()) - reached:
            reached.add(other)
            waiting.append(other)
    return reached


# --- costs -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measured:
    """What `paperbot costs` counted for one kind of call."""

    what: str
    calls: int
    usage: Usage
    is_cheap: bool = False
    """Whether `JUDGE_MODEL` is asked rather than `DRAFT_MODEL`."""


WEEK = (
    Measured("introduction", 1, Usage(18_067, 0, 0, 427)),
    Measured("translation", 10, Usage(32_506, 4_759, 42_831, 5_221)),
    Measured("judge", 10, Usage(86_216, 0, 0, 390), is_cheap=True),
    Measured("repair", 8, Usage(57_617, 0, 0, 1_778)),
)
"""`paperbot demo` on the ten papers of the week of 2024-06-03 with recorded Korean, on 2026-11-25."""
DAY = (
    Measured("summaries", 9, Usage(16_020, 4_759, 38_072, 2_537)),
    Measured("judge", 9, Usage(61_073, 0, 0, 409), is_cheap=True),
)
"""The sample's day of nine papers alone, the same day; where the week has the papers already, only the judge reads."""
TALK = (
    Measured("translation", 5, Usage(5_998, 4_759, 19_036, 1_184)),
    Measured("summary", 1, Usage(7_008, 0, 0, 514)),
    Measured("judge", 5, Usage(29_500, 0, 0, 195), is_cheap=True),
)
"""The sample's talk of four minutes, the same day."""
WEEKS_A_MONTH, DAYS_A_MONTH = Decimal("4.35"), 22


def cost_tables() -> Iterator[str]:
    """The week's calls with their dollars, the arithmetic of a line, and the same week with other models."""
    fields = {name: Settings.model_fields[name].get_default() for name in ("draft_model", "judge_model")}
    draft, judge = str(fields["draft_model"]), str(fields["judge_model"])
    cap = Settings.model_fields["model_monthly_cap_usd"].get_default()
    yield "| model | input | cache write | cache read | output |"
    yield "| --- | --- | --- | --- | --- |"
    for model in dict.fromkeys((draft, judge)):
        price = price_of(PRICES, model)
        kinds = (price.input, price.cache_write_5m, price.cache_read, price.output)
        yield f"| `{model}` | " + " | ".join(f"${_plain(kind)}" for kind in kinds) + " |"
    yield from ("", "US dollars per million tokens. One week of ten papers:", "")
    yield "| calls for | model | calls | input | cache write | cache read | output | USD |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for row in WEEK:
        model, use = judge if row.is_cheap else draft, row.usage
        tokens = (use.input_tokens, use.cache_write_tokens, use.cache_read_tokens, use.output_tokens)
        cells = " | ".join(f"{count:,}" for count in tokens)
        yield f"| {row.what} | `{model}` | {row.calls} | {cells} | {cost_usd(PRICES, model, use):.4f} |"
    week, day, talk = (_sum(rows, draft, judge) for rows in (WEEK, DAY, TALK))
    yield f"| **together** | | **{sum(row.calls for row in WEEK)}** | | | | | **{week:.4f}** |"
    use, price = WEEK[1].usage, price_of(PRICES, draft)
    yield from ("", "The line of the translations, for checking by hand:", "", "```text")
    written, read = f"${_plain(price.cache_write_5m)}", f"${_plain(price.cache_read)}"
    yield f"{use.input_tokens:,} x ${_plain(price.input)} + {use.cache_write_tokens:,} x {written}"
    yield f"  + {use.cache_read_tokens:,} x {read} + {use.output_tokens:,} x ${_plain(price.output)}"
    yield f"  = {cost_usd(PRICES, draft, use) * 1_000_000:,.0f} millionths of a dollar"
    month, days = WEEKS_A_MONTH * week, DAYS_A_MONTH * day
    yield from ("```", "", "| | one | a month | |", "| --- | --- | --- | --- |")
    yield f"| week of ten papers | ${week:.3f} | {WEEKS_A_MONTH} x ${week:.3f} = **${month:.2f}** | {_calls(WEEK)} |"
    yield f"| day of nine papers | ${day:.3f} | {DAYS_A_MONTH} x ${day:.3f} = **${days:.2f}** | {_calls(DAY)} |"
    yield f"| talk of four minutes | ${talk:.3f} | | {_calls(TALK)} |"
    yield from ("", f"`MODEL_MONTHLY_CAP_USD` is ${cap} by default. The same week with other models:", "")
    yield from ("| `DRAFT_MODEL` | `JUDGE_MODEL` | a week | a month |", "| --- | --- | --- | --- |")
    for one, other in ((draft, judge), (draft, "none"), ("claude-opus-5-5", judge), ("claude-fable-5-2", judge)):
        usd = _sum(WEEK, one, other)
        yield f"| `{one}` | `{other}` | ${usd:.2f} | ${WEEKS_A_MONTH * usd:.2f} |"


def _calls(rows: Sequence[Measured]) -> str:
    return f"{sum(row.calls for row in rows)} calls"


def _sum(rows: Sequence[Measured], draft: str, judge: str) -> Decimal:
    asked = [row for row in rows if not (row.is_cheap and judge == "none")]
    return sum((cost_usd(PRICES, judge if row.is_cheap else draft, row.usage) for row in asked), Decimal(0))


def _plain(usd: Decimal) -> str:
    return f"{usd.normalize():f}"


# --- checks ----------------------------------------------------------------------------------------------------------


def check_list() -> Iterator[str]:
    """The checks in the order in which they win."""
    yield ", ".join(f"`{check.__module__.rsplit('.', 1)[-1]}`" for check in CHECKS)


def language_modules() -> Iterator[str]:
    """The modules of the Korean folder that are imported from outside it, with the packages that do so."""
    users: dict[str, set[str]] = {}
    for path in modules():
        own = path.relative_to(BOT).parts
        if own[0] in ("languages", "sandbox"):
            continue
        for module in imported(path):
            match = re.match(r"bot\.languages\.ko\.(\w+)", module)
            if match and (BOT / "languages" / "ko" / f"{match[1]}.py").exists():
                users.setdefault(match[1], set()).add(own[0])
    yield from ("| module | used by |", "| --- | --- |")
    for name, packages in sorted(users.items(), key=lambda item: (-len(item[1]), item[0])):
        yield f"| `{name}` | {', '.join(sorted(packages))} |"


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "settings": settings_tables,
    "packages": packages_picture,
    "costs": cost_tables,
    "checks": check_list,
    "language": language_modules,
}

if __name__ == "__main__":
    main()
