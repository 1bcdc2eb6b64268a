"""What a comment asks to be changed in an article, found by rules alone.

Nothing is guessed into a sentence: what may be meant in several places is `unclear`, with all of them named. The
comment is data; whatever it says, it can only point at sentences that the article has.
"""

from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz

from bot.corrections import locate
from bot.corrections.article import Article, Sentence
from bot.corrections.changed import written_changes
from bot.corrections.detected import NEW_WORDING_PCT, Detected, Kind, correction, reason, report, sentences_of
from bot.corrections.folding import key
from bot.corrections.locate import Place
from bot.corrections.pointed_out import cited_and_asked, mistyped, reported, rewritten
from bot.corrections.quotes import Part, parts
from bot.languages.ko import comments, mentions

MOST_PARTS = 40
"""Quotes of a comment that are looked for; hundreds of them are no report, and would hold up all others."""
MOST_QUOTED = 2
"""A remark about a quote of more sentences than this does not say which one it means."""


def detect(article: Article, raw: str) -> tuple[Detected, ...]:
    """All that a comment says, at least one thing, in its order. Never raises.

    Args:
        article: what the comment stands under.
        raw: the comment's Markdown.
    """
    found: list[Detected] = []
    pieces = parts(raw)[:MOST_PARTS]
    for number, part in enumerate(pieces):
        following = pieces[number + 1].quote if number + 1 < len(pieces) else None
        found += _in_part(article, part, following)
    own = "\n".join(part.said for part in pieces)
    return tuple(_distinct(found)) or (_remark(own),)


def _distinct(found: Sequence[Detected]) -> Iterator[Detected]:
    """Each once; a mere report of a sentence gives way to a correction of it, and what is open to what is not."""
    fixed = {d.sentence.key for d in found if d.sentence and d.new is not None}
    is_settled = any(d.sentence for d in found)
    seen: set[tuple[str | None, str | None, str | None]] = set()
    for one in found:
        at = one.sentence.key if one.sentence else None
        identity = (at, one.old, one.new)
        is_weaker = (at in fixed and one.new is None) or (one.kind == "unclear" and is_settled and not one.candidates)
        if identity not in seen and not is_weaker:
            seen.add(identity)
            yield one


def _remark(own: str) -> Detected:
    """What a comment is that points at nothing."""
    if comments.reports_fault(own):
        return Detected("unclear", "words", reason=reason(own))
    kind: Kind = "question" if comments.asks(own) else "thanks" if comments.gives_thanks(own) else "other"
    return Detected(kind, "words")


def _in_part(article: Article, part: Part, following: str | None) -> list[Detected]:
    places = locate.quoted(part.quote, article.sentences) if part.quote else []
    quoted = sentences_of(places)
    found, rest = written_changes(article, part, quoted)
    if quoted and not found:
        return _about_quote(part, places, quoted, following)
    if part.quote and part.is_marked and not places and not found:
        found, _ = written_changes(article, Part(None, part.quote), ())  # somebody marks the change inside the quote
    if not quoted:
        found += mistyped(article, rest, found)
        found += cited_and_asked(article, rest, found)
        found += reported(article, rest, found)
    if not found and not part.quote:
        found = rewritten(article, part.said)
    if not found and part.quote and comments.reports_fault(part.said):
        found = [Detected("unclear", "quote", reason=reason(part.said))]
    return found


def _about_quote(
    part: Part, places: Sequence[Place], quoted: Sequence[Sentence], following: str | None
) -> list[Detected]:
    said = part.said
    is_whole = len(key(part.quote or "")) >= 0.8 * sum(len(key(place.text)) for place in places)
    if len(quoted) == 1 and (new := _new_wording(said, following, places[0])) is not None:
        return [new]
    named = locate.pointed(said, _only_passage(quoted))
    if named.is_sentence and len(quoted) > 1 and comments.reports_fault(said):
        return [report(named.sentences[0], "quote", said)]
    if len(quoted) == 1 and (word := _right_word(said, places)) is not None:
        return [word]
    if not comments.asks_for_change(said) and not mentions.asserts_word(said):
        return []
    if len(quoted) > MOST_QUOTED or not is_whole:
        keys = tuple(sentence.key for sentence in quoted)
        if len(quoted) == 1:
            return [report(quoted[0], "quote", said)]
        return [Detected("unclear", "quote", reason=reason(said), candidates=keys)]
    return [report(sentence, "quote", said) for sentence in quoted]


def _only_passage(quoted: Sequence[Sentence]) -> Article:
    return Article(tuple(quoted), ())


def _new_wording(said: str, following: str | None, place: Place) -> Detected | None:
    """A text in the remark, or quoted after it, that is the quoted stretch or its sentence in other words."""
    best: tuple[float, Detected] | None = None
    texts = [*mentions.proposed_texts(said), *([following] if following else [])]
    for old in (place, locate.whole(place.sentence)):
        wanted = key(old.text)
        if len(wanted) < locate.SHORTEST_FUZZY:
            continue
        for text in texts:
            new = key(text)
            likeness = fuzz.ratio(wanted, new)
            least = NEW_WORDING_PCT if comments.is_about_text(said) else locate.REWRITE_PCT
            if new == wanted or likeness < least or not mentions.ends_alike(text, old.text):
                continue
            if best is None or likeness > best[0]:
                best = (
                    likeness,
                    Detected("correction", "quote", old.sentence, old.start, old.text, text.strip(), reason(said)),
                )
    return best[1] if best else None


def _right_word(said: str, places: Sequence[Place]) -> Detected | None:
    """`CoT 프롬프트가 맞습니다` under a quote of the wrong words, or of a sentence with a word that is nearly it."""
    for word in mentions.remark_words(said):
        cited = places[0].text
        if len(key(cited)) <= 1.6 * len(key(word)) + 4 and len(places) == 1:
            is_fragment = key(word) != key(cited) and cited != places[0].sentence.text
            if is_fragment and (len(key(cited)) < 12 or locate.likeness(cited, word) >= 0.4):
                return correction(places, word, "quote", said)
            continue
        near = locate.misspelt(word, [places[0].sentence])
        if len(near) == 1:
            return correction(near, word, "typo", said)
    return None
