"""Sentence segments: hard cases one by one, the promises for any text, and real abstracts."""

import csv
import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.translation.segments import Span, split
from tests.shared import shared_path
from tests.unit.article import rebuild

# `|` stands where the next segment begins; it is no part of the text. All invented.
HARD_CASES = (
    "Tools help in many tasks, e.g. planning and search. |They fail in others.",
    "Tools help in many tasks (e.g. planning). |They fail in others.",
    "We query popular APIs, e.g. GPT-4 and Claude, at low cost. |The rest is cached.",
    "We test one property, i.e. Robustness to noise. |It holds.",
    "The setting of Smith et al. is stricter. |We relax it.",
    "This follows Cheng et al. (2021) closely. |The loss differs.",
    "Earlier work (Jin et al. 2021, USMLE) is weaker. |Ours is not.",
    "We extend the recipe of Rao et al. |We also release it.",
    "Objects, poses, colours, etc. are varied at random. |Results follow.",
    "We vary objects, poses, colours, etc. |Results follow.",
    "We vary much (styles, lengths, etc.) during training. |Results follow.",
    "As Fig. 3 shows, the loss falls. |It then rises.",
    "As shown in Fig. 3. |It then rises.",
    "Figs. 2 and 3 compare both. |See Tab. 4 too.",
    "The bound in Eq. (2) is tight. |We prove it in Sec. 4.1 below.",
    "See Eq. (2). |The proof is short.",
    "Compare Refs. 3 and 4 with App. B here. |Both agree.",
    "We compare dense vs. sparse models. |Sparse wins.",
    "We compare RLHF vs. RL from AI feedback. |Both work.",
    "The gradient w.r.t. the input is zero. |Training stalls.",
    "The gradient w.r.t. X is zero. |Training stalls.",
    "Others disagree (cf. Rao 2020). |We do not.",
    "Others disagree, cf. Section 2. |We do not.",
    "It takes approx. 30 hours. |Then it stops.",
    "It takes approx. 30 hrs. on one GPU. |Then it stops.",
    "We run No. 5 of the suite. |It passes.",
    "Can models count? |No. |They guess.",
    "The model of J. Smith is small. |That of A. B. Jones is not.",
    "We thank Dr. Lee and Prof. J. K. Rowe. |They read drafts.",
    "Workers in the U.S. labor market are exposed. |Others less so.",
    "The U.S. Congress asked for this. |It waits.",
    "Most users live in the U.S. |We also sample Europe.",
    "A 3.5 point gain is seen. |It is 1.2 on average.",
    "Accuracy rises to 0.72. |We use .5 as threshold.",
    "The threshold is .5 throughout. |Nothing else is tuned.",
    "We compare with GPT-3.5 and v1.2 of the tool. |GPT-4 is better.",
    "The best model is GPT-3.5. |Others trail.",
    "We use Llama 3.1. |It is open.",
    "Trained on 1.5T tokens from v2.0. |The rest is held out.",
    "Training is slow... and costly. |We fix it.",
    "Is it so? |Perhaps... |We do not know.",
    'We ask "Why does it work?" in each prompt. |Then we wait.',
    'The prompt says "Stop!" and the model stops. |It is simple.',
    "Models (really?) learn this. |They do.",
    "Results are significant ($p < 0.05$). |We repeat them.",
    "Results hold with $p < 0.05$. |We repeat them.",
    "Results hold at $p < 0.05.$ |We repeat them.",
    "Let $f(x). g$ be the map. |It is linear.",
    r"Let $x_1. Y$ denote a path and \(a. B\) another. |They meet.",
    r"We use \textbf{Hi}gh-level and \emph{lo. Low} features. |They help.",
    r"The matrix is $W=KQ^\top$. |Its norm is small.",
    r"Modalities ($\textit{e.g.}$ natural language) are mixed. |It scales.",
    r"The tool $Copy.\!ai$ is one. |$Studio.\!ai$ is another.",
    "$O(n)$ time is enough. |$k$-means is slower.",
    "Code is at https://a.b/c.d?e=f. |We keep it open.",
    "Code is at https://github.com/x/y.Z/tree/v1.0 and data elsewhere. |Both are free.",
    "See https://a.b/?q=1&r=2! |It works.",
    "Visit www.example.org. |It has demos.",
    "Code: https://example.org/a_b. |vLLM is needed.",
    "Write to j.smith@uni.edu for data. |We answer.",
    "Write to j.smith@uni.edu. |We answer.",
    "It runs on .NET and Node.js alike. |ASP.NET is optional.",
    "We port it to Node.js. |It is fast.",
    "We port it to .NET. |It is fast.",
    "The file config.json is read first. |Then train.py runs.",
    "It has three parts: 1) aligning text, 2) scoring it, and 3) ranking. |They are joint.",
    "It has three parts: (1) aligning text; (2) scoring it; and (3) ranking. |They are joint. |We test it.",
    "It has two parts: (i) a reader, and (ii) a writer. |They are joint. |We test it.",
    "It has two parts: (a) a reader and (b) a writer. |They are joint. |We test it.",
    "Three things matter. |(1) The data is small. |(2) The model is large. |We study both.",
    "Two questions: i) Is it fast? |ii) Is it right? |We answer both.",
    "We serve models fast. |vLLM is used throughout.",
    "We test several encoders. |mBERT shows gains.",
    "It runs on phones. |iPhone support is planned.",
    "It is cheap. |bitsandbytes is not needed.",
    "The data is open [12]. |We clean it.",
    "The data is open. [12] |We clean it.",
    "The data is open [3, 4]. |[Online] tools exist.",
    'He called it "magic." |We disagree.',
    "He called it “magic.” |We disagree.",
    "They call it ‘magic.’ |We disagree.",
    "It is ``solved.'' |Not surprisingly, it is not.",
    "“It works.” |“It does not.” |Both were said.",
    "The model works — even without labels. |It is small.",
    "The model works—even on U.S. data—and is small. |It is fast.",
    "It improves speed; it lowers cost; it keeps quality. |It is free.",
    "proposes a new loss; Llemma outperforms all; GPT-4 is used as judge",
    "GPT-4 vs. humans: who wins? |We find out!",
    'We present "1.5-Pints", a small model. |It is good.',
    "Is it fast?! |Yes. |It is.",
    "We use Apple Inc. and Google LLC data. |Both agree.",
    "The a.k.a. problem (a.k.a. ChatGPT plus) is known. |We skip it.",
    "The model reaches a new state of the art. |7B and 13B variants are released.",
    "We study Vitamin C. |The effect is small.",
    "We test plan B. |We then stop.",
    "It was done on Jan. 5 and Sept. 12. |Both were Mondays.",
    "It starts at 9 a.m. and ends at 5 p.m. daily. |Then it rests.",
    "The Ph.D. Thesis of B. Rao has it. |We cite it.",
    'It handles "A. Then B." patterns. |Others do not.',
    "The results are better.|However, they cost more.",
    "Scores <5 are bad. |Scores >3 are good. |We go on.",
    "Use torch.Tensor here. |And np.NaN there.",
    "It has steps: 1. Collect data. |2. Train models. |Then stop.",
    "● It keeps one state each turn. |This saves memory. |● Another point follows. |We stop.",
    r"It runs at 25\% of the FLOPs/s. |We improve it.",
    'It uses ``textbook quality" data. |We follow the ``Textbooks" approach. |It works.',
    "What makes it work? |– Ablations tell. |Simple data helps.",
    "The work is concise.|If it fails, we stop.",
)

# Line breaks of every kind, bullets, stops, quotes and TeX, more often than chance would bring them.
_PIECES = st.sampled_from(
    (
        *(
            "\n",
            "\r\n",
            "\u2028",
            "\n- ",
            "- ",
            "-",
            " ",
            "\u2009",
            ". ",
            ".",
            "? ",
            "!",
            "...",
            "。",
            "e.g. ",
            "etc. ",
        ),
        *("$x. y$", "$", "1) ", "(ii) ", "2. ", '"', "``", "''", "“", "”", "We ", "the", "vLLM ", "Node.js", "Fig. 3"),
        *("https://a.b/c.d?e=f.", "한국어 ", "😀", "e\u0301", "\u200b", "● ", " – ", "\\(", "\\)", "art", "FLOPs/s"),
    )
)
TEXTS = st.one_of(st.text(), st.lists(st.one_of(_PIECES, st.text(max_size=4)), max_size=30).map("".join))


def _segments(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split(text)]


def _without_bullets(text: str) -> str:
    return "".join(re.sub(r"\A\s*-\s+(?=\S)", "", line) for line in text.splitlines(keepends=True))


def _squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("marked", HARD_CASES)
def test_hard_case_is_cut_where_a_reader_would_cut(marked: str) -> None:
    assert _segments(marked.replace("|", "")) == [part.strip() for part in marked.split("|")]


def test_bullet_lines_are_cut_by_themselves_and_their_marks_are_glue() -> None:
    text = "Key points:\n- One is fast. Two is\n  - small\n\n-no bullet\n- "
    assert _segments(text) == ["Key points:", "One is fast.", "Two is", "small", "-no bullet", "-"]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u2028 \t"])
def test_blank_text_has_no_segment(text: str) -> None:
    assert split(text) == ()
    assert rebuild(text, (), ()) == text


def test_long_sentence_without_a_stop_is_one_segment() -> None:
    text = "we go on; " * 5_000 + "and end"
    assert split(text) == (Span(0, len(text)),)


@given(TEXTS)
@example("- \n- a\r- b. C")
@example('``a" b. We c')
@example("- \n- a\r- b. K\u2009. C")
def test_spans_hold_all_but_blanks_and_bullets_in_order(text: str) -> None:
    spans = split(text)
    assert all(span.start < span.end for span in spans)
    assert all(left.end <= right.start for left, right in itertools.pairwise(spans))
    segments = _segments(text)
    assert all(segment == segment.strip() and len(segment.splitlines()) == 1 for segment in segments)
    assert _squeezed("".join(segments)) == _squeezed(_without_bullets(text))


@given(TEXTS)
def test_own_text_rebuilds_the_text_and_is_cut_the_same_again(text: str) -> None:
    spans = split(text)
    rebuilt = rebuild(text, spans, _segments(text))
    if all(left.end < right.start for left, right in itertools.pairwise(spans)):
        assert rebuilt == text
    else:
        assert _squeezed(rebuilt) == _squeezed(text)
    assert split(text) == spans


_ABBREVIATION_AT_END = re.compile(
    r"(?<![\w.])(?:e\.g|i\.e|a\.k\.a|w\.r\.t|cf|vs|et al|approx|Figs?|Eqs?|Refs?|Secs?|Tab)\.$"
)


def test_real_abstracts_leave_no_crumbs_and_end_with_no_abbreviation() -> None:
    with shared_path("data/dair/ml-potw-10232023.csv").open(encoding="utf-8", newline="") as file:
        abstracts = [row["Abstract"] for row in csv.DictReader(file) if row["Abstract"].strip()]
    assert len(abstracts) >= 400
    segments = [segment for abstract in abstracts for segment in _segments(abstract)]
    assert [segment for segment in segments if len(segment) < 3] == []
    assert [segment for segment in segments if _ABBREVIATION_AT_END.search(segment)] == []
    assert 6 < len(segments) / len(abstracts) < 9
