"""What a correction teaches for good: an entry of the termbase, and a case that later prompts are measured by."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.corrections.rule import SHORTEST, Rule, rules
from bot.store.tables import Correction, ReplayCase
from bot.translation import stored_terms
from bot.translation.termbase import Kind, Term, Termbase

ORIGIN = "correction"


def remember(session: Session, correction: Correction, source: str, *, before: str, after: str) -> None:
    """Store what follows from an accepted correction of the sentence `source`. The caller commits."""
    if not source:
        return
    termbase = stored_terms.termbase(session)
    found = rules(source, before, after, termbase)
    bad = found[0].old if found else before
    session.execute(insert(ReplayCase).values(source=source, bad=bad, good=after).on_conflict_do_nothing())
    terms = [term for rule in found if (term := term_of(rule, termbase)) is not None]
    if terms:
        at = correction.decided_at or correction.created_at
        stored_terms.add(session, terms, origin=ORIGIN, author=correction.decided_by or "", now=at)


def term_of(rule: Rule, termbase: Termbase) -> Term | None:
    """The entry that a rule makes or changes; None where its English is not known or nothing is new."""
    old, new = _core(rule.old, rule.new)
    if rule.english is None or not new or len("".join(old.split())) < SHORTEST:
        return None
    known = next((term for term in termbase.terms if rule.english in term.sources), None)
    if known is None:
        is_name = new == rule.english and new != new.lower()
        return Term(source=rule.english, target=new, wrong=(old,), kind=Kind.NAME if is_name else Kind.TERM)
    if new in known.good and old in (*known.avoid, *known.wrong):
        return None
    # What was good is discouraged from now on; what was unknown is wrong.
    was_good = old in known.good
    target = new if old == known.target else known.target
    accepted = _with([word for word in known.accepted if word not in (old, target)], [new] if new != target else [])
    avoid = _with([word for word in known.avoid if word != new], [old] if was_good else [])
    wrong = _with([word for word in known.wrong if word != new], [] if was_good or old in avoid else [old])
    return replace(known, target=target, accepted=accepted, avoid=avoid, wrong=wrong)


def _with(words: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*words, *more]))


def _core(old: str, new: str) -> tuple[str, str]:
    """Both without the words that they share at their beginning and end."""
    left, right = old.split(), new.split()
    while left and right and left[0] == right[0]:
        left, right = left[1:], right[1:]
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    return " ".join(left), " ".join(right)
