"""Mistakes that a comment points out without a quote: mistyped words, cited words, sentences by their place."""

from collections.abc import Sequence

from rapidfuzz import fuzz

from bot.corrections import locate
from bot.corrections.article import Article, Sentence
from bot.corrections.changed import old_places
from bot.corrections.detected import NEW_WORDING_PCT, Detected, are_alike, correction, reason, report, sentences_of
from bot.corrections.folding import key
from bot.corrections.locate import Place
from bot.languages.ko import changes, comments, known_words, mentions, wording
from bot.languages.ko.places import places_in


def mistyped(article: Article, said: str, found: Sequence[Detected]) -> list[Detected]:
    """`오타: 트랜스포머`: the word as it should be, or as it should not."""
    out: list[Detected] = []
    for line in said.split("\n"):
        where = locate.pointed(line, article)
        scope = where.sentences if where.is_narrowed and where.sentences else article.sentences
        for word in mentions.typo_words(line):
            one = _typo(word, scope, line)
            if one is None and scope is not article.sentences:
                one = _typo(word, article.sentences, line)
            if one is not None and not any(one.sentence == other.sentence for other in found if other.sentence):
                out.append(one)
    return out


def _typo(word: str, scope: Sequence[Sentence], said: str) -> Detected | None:
    near, exact = locate.misspelt(word, scope), locate.words(word, scope)
    wrong, right = _wrong_and_right(near, exact, word)
    if wrong and right:
        if locate.only(wrong) is not None:
            return correction(wrong, right, "typo", said)
        return _open(wrong, "typo", right, said)
    if exact and not near and (sentence := locate.only(exact)) is not None:
        return report(sentence, "typo", said)
    return _open([*near, *exact], "typo", word, said) if near or exact else None


def _wrong_and_right(near: Sequence[Place], exact: Sequence[Place], word: str) -> tuple[Sequence[Place], str | None]:
    """Which of two spellings is the mistake: the one that is no word of the trade, else the rarer; and the other."""
    if not near:
        return (), None
    spellings = {place.text for place in near}
    weight = len(exact) + 10 * known_words.is_word(word)
    near_weight = len(near) + 10 * any(known_words.is_word(spelling) for spelling in spellings)
    if not exact or near_weight < weight:
        return near, word
    if weight < near_weight and len(spellings) == 1:
        return exact, spellings.pop()
    return (), None


def _open(places: Sequence[Place], method: str, word: str, said: str) -> Detected:
    keys = tuple(sentence.key for sentence in sentences_of(places))
    return Detected("unclear", method, None, 0, None, word, reason(said), keys)


def cited_and_asked(article: Article, said: str, found: Sequence[Detected]) -> list[Detected]:
    """Words said to stand in the text, and what should stand there said in a later breath."""
    all_clauses = wording.clauses(said)
    for number, clause in enumerate(all_clauses):
        where = locate.pointed(clause, article)
        scopes = [scope for scope in (where.sentences if where.is_narrowed else (), article.sentences) if scope]
        stated = [*mentions.stated_words(clause), (clause.strip(" .?!~ㅋㅎㅠㅜ"), True)]
        strings = wording.masked(clause)[1]
        for old, is_exact in [*stated, *((string, True) for string in strings)]:
            cited = changes.Change(old, "", "pair", is_exact, is_certain=True)
            places = next((p for scope in scopes if (p := old_places(cited, scope)[0])), [])
            sentence = locate.only(places)
            if sentence is None or len(key(places[0].text)) < 3 or any(one.sentence == sentence for one in found):
                continue
            later = all_clauses[number : number + 3]
            asked = [word for part in later for word in mentions.asked_words(part) if key(word) != key(places[0].text)]
            asked = [word for word in asked if key(places[0].text) not in key(word)]
            new = next((word for word in asked if _is_like(places[0].text, word)), asked[-1] if asked else None)
            if new is not None and len(key(new)) <= 3 * len(key(places[0].text)) + 6:
                return [correction(places, _likest_end(new, places[0].text), "pair", said)]
            if old not in strings and any(comments.asks_for_change(part) for part in later):
                return [report(sentence, "word", said)]
    return []


def _is_like(old: str, new: str) -> bool:
    return are_alike(old, _likest_end(new, old))


def _likest_end(said: str, old: str) -> str:
    """The last words of what was said, as many as are most like the old ones: those before them lead up to them."""
    words = said.split()
    ends = [" ".join(words[first:]) for first in range(len(words))]
    best = max(ends, key=lambda end: locate.likeness(old, end), default=said)
    return best if locate.likeness(old, best) > 0 else said


def reported(article: Article, said: str, found: Sequence[Detected]) -> list[Detected]:
    """Sentences pointed at by their place or by words of theirs, where it is said that something is wrong."""
    out: list[Detected] = []
    taken = {one.sentence.key for one in found if one.sentence}
    all_clauses = wording.clauses(said)
    context: Sequence[Sentence] | None = None
    for number, clause in enumerate(all_clauses):
        after = all_clauses[number + 1] if number + 1 < len(all_clauses) else ""
        is_fault = comments.asks_for_change(clause)
        for piece in places_in(clause):
            where = locate.pointed(piece, article, context)
            is_next = comments.asks_for_change(after) and not locate.pointed(after, article).is_narrowed
            is_next &= not comments.gives_thanks(clause)
            cited = _cited(piece, article, article.sentences, said, least_words=4) if is_fault else None
            if cited is not None:
                out.append(cited)
            elif where.is_sentence and (is_fault or is_next):
                out.append(_with_wording(where.sentences[0], said))
            elif (is_fault or (is_next and wording.masked(piece)[1])) and (
                one := _cited(piece, article, where.sentences or article.sentences, said)
            ) is not None:
                out.append(one)
            elif comments.reports_fault(clause) and where.is_named and where.sentences:
                keys = tuple(sentence.key for sentence in where.sentences)
                out.append(Detected("unclear", "position", reason=reason(said), candidates=keys))
            if where.is_narrowed and where.sentences:
                context = where.sentences
    return [one for one in out if one.sentence is None or one.sentence.key not in taken]


def _with_wording(sentence: Sentence, said: str) -> Detected:
    """A sentence counted out, with the new wording if one stands in the remark."""
    wanted = sentence.folded.key
    for text in mentions.proposed_texts(said):
        likeness = fuzz.ratio(wanted, key(text))
        if likeness >= NEW_WORDING_PCT and key(text) != wanted and mentions.ends_alike(text, sentence.text):
            return Detected("correction", "position", sentence, 0, sentence.text, text, reason(said))
    return report(sentence, "position", said)


def _cited(
    clause: str, article: Article, scope: Sequence[Sentence], said: str, least_words: int = 1
) -> Detected | None:
    """Words of the article in a clause that calls them wrong."""
    strings = [text for text in wording.masked(clause)[1] if len(text.split()) >= least_words]
    for text in strings:
        places = locate.words(text, scope) or locate.quoted(text, scope)
        if (sentence := locate.only(places)) is not None:
            return report(sentence, "word", said)
        if places:
            keys = tuple(s.key for s in sentences_of(places))
            return Detected("unclear", "word", None, 0, text, None, reason(said), keys)
    if strings:
        return None
    for text in mentions.cited_words(clause):
        if len(text.split()) < least_words or any(
            key(text) in name for paper in article.papers for name in paper.names
        ):
            continue
        if " " not in text and locate.misspelt(text, scope):
            return _typo(text, scope, said)
        places = locate.words(text, scope)
        if (sentence := locate.only(places)) is not None:
            return report(sentence, "word", said)
    return None


def rewritten(article: Article, said: str) -> list[Detected]:
    """Whole sentences in other words, given without a quote."""
    if not comments.proposes(said):
        return []
    found: dict[str, Detected] = {}
    for text in mentions.proposed_texts(said):
        sentence = locate.rewritten(text, article.sentences)
        if sentence is not None and sentence.key not in found and mentions.ends_alike(text, sentence.text):
            found[sentence.key] = Detected("correction", "rewrite", sentence, 0, sentence.text, text, reason(said))
    return list(found.values())
