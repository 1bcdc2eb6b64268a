"""Looking for a corrected mistake in a million stored sentences: how long it takes, and what memory it needs.

The sentences are made up: words drawn as words of a language are (few very often, most hardly ever), with a rare word,
frequent words and a phrase planted among them.
"""

import random
import resource
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path

import psycopg
from sqlalchemy import Engine, text

from benchmarks.figures import Figure, seconds_of

SEGMENTS, FEW = 1_000_000, 100_000
IN_PASSAGE = 10
BAR_S, BAR_MB = 1.0, 50.0

FREQUENT = "모델"
PLANTED = {"침대": 1 / 20_000, FREQUENT: 0.3, "실험": 0.3, "합성 자료": 1 / 500}
"""Words, and the share of the sentences with them."""
RULES = {
    "rare word": ("침대", "CoT", None),
    "frequent word": (FREQUENT, "모형", None),
    "frequent word, its English known": (FREQUENT, "모형", "model"),
    "phrase": ("합성 자료", "합성 데이터", None),
    "phrase of two frequent words": (f"{FREQUENT} 실험", "모델의 시험", None),
    "word that nobody wrote": ("없는낱말", "있는낱말", None),
}
_PARTICLES = ("은", "는", "을", "를", "에서", "의", "으로", "")


def searching(folder: Path, repeats: int, *, quick: bool) -> list[Figure]:
    """Seconds of one search by rule, and how much the process grew in all of them."""
    from bot.corrections import ripple
    from bot.corrections.rule import Rule
    from bot.settings import Settings
    from bot.store.engine import opened
    from bot.translation.termbase import Termbase, shipped

    count = FEW if quick else SEGMENTS
    termbase = Termbase(shipped().terms)
    figures = []
    with opened(Settings(_env_file=None, database_url=None, data_dir=folder)) as sessions:
        engine = sessions.kw["bind"]
        assert isinstance(engine, Engine)
        fill(engine, count)
        rules = {name: Rule(*words) for name, words in RULES.items()}
        with sessions() as session:
            ripple.find(session, Rule("자료", "데이터"), termbase)  # loads what a process loads once
            before = _peak_mb()
            for name, rule in rules.items():
                search = partial(ripple.find, session, rule, termbase)
                samples = tuple(seconds_of(search) for _ in range(repeats))
                found = len(search())
                figures.append(Figure(f"ripple: {name}", "s", samples, BAR_S, f"{found:,} of {count:,} sentences"))
            grown = _peak_mb() - before
    return [*figures, Figure("  memory that the searches add", "MB", (grown,), BAR_MB, "peak of the process")]


def fill(engine: Engine, count: int) -> None:
    """Store so many sentences, each the current Korean of a segment."""
    with engine.begin() as connection:
        connection.execute(text("set local statement_timeout = 0"))
        words = connection.execute(text("select pg_get_indexdef('ix_revisions_words'::regclass)")).scalar_one()
        connection.execute(text("drop index ix_revisions_words"))
        connection.execute(text("drop index ix_segments_source_words"))  # no part of the search
        connection.execute(
            text(
                "insert into papers (url, title) "
                "select 'https://papers.test/' || n, 'Paper' from generate_series(1, :n) n"
            ),
            {"n": count // IN_PASSAGE},
        )
        connection.execute(
            text("insert into passages (paper_id, kind, source, source_hash) select id, 'abstract', '', '' from papers")
        )
        raw = connection.connection.dbapi_connection
        assert isinstance(raw, psycopg.Connection)
        with raw.cursor() as cursor:
            cursor.execute("create temporary table made (n int, english text, korean text) on commit drop")
            with cursor.copy("copy made from stdin") as copy:
                for number, (english, korean) in enumerate(sentences(count)):
                    copy.write_row((number, english, korean))
        connection.execute(
            text(
                'insert into segments (id, passage_id, position, start, "end", source, source_hash) '
                "select n + 1, (select min(id) from passages) + n / :of, n % :of, 0, length(english), english, "
                "md5(english) from made"
            ),
            {"of": IN_PASSAGE},
        )
        connection.execute(
            text(
                "insert into revisions (segment_id, text, current, author_kind, author, reason) "
                "select n + 1, korean, true, 'model', 'model', 'draft' from made"
            )
        )
        connection.execute(text(words))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("set statement_timeout = 0"))
        connection.execute(text("vacuum analyze segments"))
        connection.execute(text("vacuum analyze revisions"))


def sentences(count: int) -> Iterator[tuple[str, str]]:
    """Made-up pairs of an English and a Korean sentence, always the same."""
    chance = random.Random(7)
    syllables = [chr(code) for code in range(ord("가"), ord("힣"), 37)]
    words = ["".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(30_000)]
    weights = list(accumulate(1 / rank for rank in range(1, len(words) + 1)))
    for _ in range(count):
        chosen = chance.choices(words, cum_weights=weights, k=chance.randint(8, 16))
        planted = [word for word, share in PLANTED.items() if chance.random() < share]
        for word in planted:
            chosen.insert(chance.randrange(len(chosen)), word)
        korean = " ".join(word + chance.choice(_PARTICLES) for word in chosen) + " 보입니다."
        yield _english(planted, len(chosen)), korean


def _english(planted: Sequence[str], length: int) -> str:
    about = "This model" if FREQUENT in planted else "This method"
    return f"{about} shows an effect on benchmark number {length} in all experiments that the authors made so far."


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
