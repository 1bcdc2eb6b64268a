"""Changes that a comment writes down, found in the article: what is to go, where it stands, what is to come."""

from collections.abc import Sequence

from bot.corrections import locate
from bot.corrections.article import Article, Sentence
from bot.corrections.detected import Detected, are_alike, correction, reason, sentences_of
from bot.corrections.folding import key
from bot.corrections.locate import Place
from bot.corrections.quotes import Part
from bot.languages.ko import changes, comments, wording


def written_changes(article: Article, part: Part, quoted: Sequence[Sentence]) -> tuple[list[Detected], str]:
    """The changes written down, and the lines that hold none."""
    found: list[Detected] = []
    rest: list[str] = []
    context: Sequence[Sentence] = ()
    by_line = changes.written(part.said)
    is_plain = all(written or _says_little(line) for line, written in by_line)
    for line, written in by_line:
        said = locate.pointed(line, article)
        scopes = [scope for scope in (quoted, said.sentences if said.is_narrowed else (), context) if scope]
        located = [
            one
            for change in written
            if (one := _located(change, [*scopes, article.sentences], line, part.said, is_plain, quoted)) is not None
        ]
        best = [one for one in located if one.kind != "unclear"] or located
        found += best[:1] if written and written[0].form == "pair" and len(written) > 1 and not _many(written) else best
        if not located:
            rest.append(line)
            if said.is_narrowed:
                context = said.sentences
    return found, "\n".join(rest)


def _many(written: Sequence[changes.Change]) -> bool:
    """Whether these are different changes and not readings of one."""
    return all(change.is_exact for change in written) and len({change.old for change in written}) == len(written)


def _says_little(line: str) -> bool:
    """Whether a line beside a change takes nothing from its being one: thanks, or words about the text."""
    return not line.strip() or comments.gives_thanks(line) or comments.is_about_text(line) or len(line.split()) <= 1


def _located(
    change: changes.Change,
    scopes: Sequence[Sequence[Sentence]],
    line: str,
    said: str,
    is_plain: bool,
    quoted: Sequence[Sentence],
) -> Detected | None:
    new = change.new
    places: list[Place] = []
    old = change.old
    if quoted and not change.is_exact and change.form == "pair":
        scopes = [quoted]  # words without quotation marks, about a quote, are of that quote
    for scope in scopes:
        places, old = old_places(change, scope)
        if places:
            break
    if not new or not key(new) or old == new:
        return None
    if not places:
        return _unlocated(change, scopes[-1], line)
    if not change.is_certain and not are_alike(old, new):
        is_bare = change.form == "arrow" and is_plain and _is_bare(change, line)
        is_in_quote = change.form == "arrow" and locate.only(places) in quoted
        if not is_bare and not is_in_quote and not comments.reports_fault(said):
            return None
    if not change.is_exact and change.form == "pair" and key(old) in wording.STOP_WORDS:
        return None
    sentence = locate.only(places)
    beside = line.replace(change.old, " ").replace(change.new or " ", " ")  # a sentence that says 모든 means itself
    if comments.means_everywhere(beside) or (sentence is None and comments.is_about_term(line)):
        keys = tuple(s.key for s in sentences_of(places))
        start = places[0].start if sentence is not None else 0
        return Detected("term", change.form, sentence, start, old, new, reason(said), keys)
    if sentence is None:
        keys = tuple(s.key for s in sentences_of(places))
        return Detected("unclear", change.form, None, 0, old, new, reason(said), keys) if change.is_certain else None
    return correction(places, new, change.form, said)


def _is_bare(change: changes.Change, line: str) -> bool:
    """Whether the line is nothing but the change."""
    return len(key(line)) <= len(key(change.old)) + len(key(change.new or "")) + 2


def _unlocated(change: changes.Change, scope: Sequence[Sentence], line: str) -> Detected | None:
    """A change of words that the article does not have: perhaps of an English term, perhaps misquoted."""
    if change.new and change.is_exact and change.old.isascii() and comments.is_about_text(line):
        wanted = f" {change.old.casefold()}"
        holding = [s for s in scope if s.english and wanted in f" {s.english.casefold()}"]
        if holding:
            keys = tuple(s.key for s in holding)
            return Detected("term", change.form, None, 0, change.old, change.new, reason(line), keys)
    if change.is_exact and change.is_certain and comments.reports_fault(line):
        return Detected("unclear", change.form, None, 0, change.old, change.new, reason(line))
    return None


def old_places(change: changes.Change, scope: Sequence[Sentence]) -> tuple[list[Place], str]:
    """Where the words to be replaced stand, and which they are."""
    if change.is_exact:
        return _free_of(change, locate.words(change.old, scope) or locate.alike(change.old, scope)), change.old
    said = change.old.split()
    for first in range(len(said)):
        old = " ".join(said[first:]).strip("\"'“”‘’()[]:：,.")
        if key(old) in wording.STOP_WORDS or len(key(old)) < 2 or not wording.may_stand_before(said[:first]):
            continue
        places = _free_of(change, locate.words(old, scope) or (locate.alike(old, scope) if first == 0 else []))
        if places:
            return places, old
    return [], change.old


def _free_of(change: changes.Change, places: Sequence[Place]) -> list[Place]:
    """Without those where the new words stand already."""
    new = change.new or ""
    if not new or change.old not in new:
        return list(places)
    at = new.index(change.old)
    return [p for p in places if p.sentence.text[max(p.start - at, 0) :][: len(new)] != new]
