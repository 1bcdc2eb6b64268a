"""What moderators should check about a talk besides its sentences: names that were put right, what was left out."""

from collections.abc import Iterator

from bot.editions import markdown
from bot.languages.ko import review as words
from bot.papers.videos import clock, watch_url
from bot.store.tables import Edition, Talk

MOST_REPAIRS = 40


def to_check(edition: Edition, talk: Talk) -> list[str]:
    """Paragraphs of the report, in Markdown; those without anything to say are left out."""
    lines = list(_lines(edition, talk))
    repairs = list(_repairs(talk))
    shown = repairs[:MOST_REPAIRS]
    if len(repairs) > MOST_REPAIRS:
        shown.append(words.REPORT_MORE_REPAIRS.format(count=len(repairs) - MOST_REPAIRS))
    return [
        *([words.REPORT_FAILED, "\n".join(lines)] if lines else []),
        *([words.REPORT_REPAIRS, "\n".join(shown)] if shown else []),
    ]


def _lines(edition: Edition, talk: Talk) -> Iterator[str]:
    sections = [section for section in talk.sections if section.dropped_by is None]
    if edition.introduction_failure:
        yield words.REPORT_SUMMARY_FAILED.format(reason=edition.introduction_failure)
    for section in sections:
        if section.failure:
            yield words.REPORT_FAILED_SECTION.format(rank=section.rank, reason=section.failure)
    if unjudged := [str(section.rank) for section in sections if section.judge_failure]:
        yield words.REPORT_UNJUDGED_SECTIONS.format(ranks=", ".join(unjudged))
    if talk.is_generated:
        yield words.REPORT_GENERATED
    for repeat in talk.repeats:
        opening = markdown.escape_inline(repeat["opening"])
        moment = _moment(talk, repeat["start_s"])
        yield words.REPORT_REPEAT.format(
            opening=opening, words=repeat["words"], moment=f" ({moment})" if moment else ""
        )
    if talk.unknown_names:
        names = ", ".join(markdown.escape_inline(name) for name in talk.unknown_names)
        yield words.REPORT_UNKNOWN_NAMES.format(names=names)


def _repairs(talk: Talk) -> Iterator[str]:
    """One line for each way a name was heard, in the order of the talk."""
    found: dict[tuple[str, str, str], list[float | None]] = {}
    for section in talk.sections:
        for passage in section.passages:
            for repair in passage.spoken.repairs if passage.spoken is not None else ():
                key = (repair["heard"], repair["written"], repair["voucher"])
                found.setdefault(key, []).append(passage.spoken.start_s if passage.spoken is not None else None)
    for (heard, written, voucher), starts in found.items():
        moment = _moment(talk, starts[0])
        yield words.REPORT_REPAIR.format(
            heard=markdown.escape_inline(heard),
            written=markdown.escape_inline(written),
            where=words.VOUCHERS[voucher],
            count=len(starts),
            moment=f", {moment}" if moment else "",
        )


def _moment(talk: Talk, start_s: float | None) -> str:
    if start_s is None:
        return ""
    if talk.video_id is None:
        return clock(start_s)
    return f"[{clock(start_s)}]({watch_url(talk.video_id, start_s)})"
