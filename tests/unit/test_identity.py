"""Identity of papers: arXiv ids in every form, the address to post, research pages."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RejectedError
from bot.papers.identity import ArxivId, arxiv_id_of, canonical_url, doi_of, is_research_page
from tests.shared import shared_path

_ID_TEXT = (
    "https:// // arxiv.org doi.org /abs/ /pdf/ 2405.04434 v2 10.48550 arXiv. hep-th/ 9901001 @ : [ ] %2F % ? # \\ é"
)
_ID_PIECES = (*_ID_TEXT.split(), " ", "\x00")
_URL_TEXT = "/abs/2405.04434v2 /u/status/12 /p / ? & # = utm_source=x s=20 t=1 si=2 id=3 amp; oh=1 %20 % : @ é ;"
_URL_PIECES = tuple(_URL_TEXT.split())


def _dair_rows() -> Iterator[list[str]]:
    """The addresses in the links cell of each row of the real list, in order; crude on purpose."""
    for line in shared_path("data/dair/README.md").read_text("utf-8").split("\n"):
        cells = line.split("|")
        if len(cells) == 4 and re.match(r"\s*\**\d", cells[1]):
            yield re.findall(r"\]\((https?://[^\s)]+)", cells[2])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://arxiv.org/abs/2405.04434", ArxivId("2405.04434")),
        ("https://arxiv.org/abs/2405.04434v2", ArxivId("2405.04434", 2)),
        ("http://www.arxiv.org/abs/2405.04434v4", ArxivId("2405.04434", 4)),
        ("https://export.arxiv.org/abs/2405.04434", ArxivId("2405.04434")),
        ("http://arxiv.org/abs/2405.04434", ArxivId("2405.04434")),
        ("HTTPS://ArXiv.org/abs/2405.04434", ArxivId("2405.04434")),
        ("https://arxiv.org:443/abs/2405.04434", ArxivId("2405.04434")),
        ("https://arxiv.org/pdf/2405.04434", ArxivId("2405.04434")),
        ("https://arxiv.org/pdf/2405.04434v3.pdf", ArxivId("2405.04434", 3)),
        ("https://arxiv.org/pdf/2405.04434.pdf#page=7", ArxivId("2405.04434")),
        ("https://arxiv.org/html/2405.04434v1", ArxivId("2405.04434", 1)),
        ("https://arxiv.org/abs/2405.04434/", ArxivId("2405.04434")),
        ("https://arxiv.org/abs/2405.04434?context=cs.CL", ArxivId("2405.04434")),
        ("https://arxiv.org/abs/0704.0001", ArxivId("0704.0001")),
        ("arxiv.org/abs/2405.04434", ArxivId("2405.04434")),
        ("https://arxiv.org/abs/hep-th/9901001", ArxivId("hep-th/9901001")),
        ("https://arxiv.org/pdf/hep-th/9901001v2.pdf", ArxivId("hep-th/9901001", 2)),
        ("https://arxiv.org/abs/hep-th%2F9901001", ArxivId("hep-th/9901001")),
        ("hep-th/9901001", ArxivId("hep-th/9901001")),
        ("2405.04434", ArxivId("2405.04434")),
        (" 2405.04434v12\n", ArxivId("2405.04434", 12)),
        ("arXiv:2405.04434v2", ArxivId("2405.04434", 2)),
        ("arxiv:hep-th/9901001", ArxivId("hep-th/9901001")),
        ("10.48550/arXiv.2405.04434", ArxivId("2405.04434")),
        ("10.48550/ARXIV.2405.04434", ArxivId("2405.04434")),
        ("doi:10.48550/arXiv.2405.04434", ArxivId("2405.04434")),
        ("https://doi.org/10.48550/arXiv.2405.04434", ArxivId("2405.04434")),
        ("https://dx.doi.org/10.48550/arXiv.hep-th/9901001", ArxivId("hep-th/9901001")),
    ],
)
def test_every_form_of_an_arxiv_address_names_its_paper(text: str, expected: ArxivId) -> None:
    assert arxiv_id_of(text) == expected


def test_the_subject_class_of_an_old_id_does_not_make_another_paper() -> None:
    # A recorded answer of arXiv calls this kind `cs/0503050`, never `cs.CL/...`.
    assert arxiv_id_of("cs.CL/0701001") == arxiv_id_of("https://arxiv.org/abs/cs/0701001") == ArxivId("cs/0701001")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://arxiv.org.evil.com/abs/2405.04434",
        "https://notarxiv.org/abs/2405.04434",
        "https://arxiv.org@evil.com/abs/2405.04434",
        "https://user@arxiv.org/abs/2405.04434",
        "https://evil.com/https://arxiv.org/abs/2405.04434",
        "https://evil.com/?u=arxiv.org/abs/2405.04434",
        "https://evil.com#arxiv.org/abs/2405.04434",
        "https://evil.com\\@arxiv.org/abs/2405.04434",
        "https://arxiv.org:8080/abs/2405.04434",
        "https://arxiv.org:99999/abs/2405.04434",
        "https://аrxiv.org/abs/2405.04434",  # the first letter is Cyrillic
        "javascript://arxiv.org/abs/2405.04434",
        "ftp://arxiv.org/abs/2405.04434",
        "https://doi.org.evil.com/10.48550/arXiv.2405.04434",
        "https://doi.org/10.1038/s41586-024-07335-x",
        "https://arxiv.org/list/cs.CL/recent",
        "https://arxiv.org/a/someone_a_1",
        "https://arxiv.org/",
        "https://arxiv.org/abs/",
        "https://arxiv.org/abs/2405.04434%00",
        "https://arxiv.org/abs/2405.044340",
        "https://arxiv.org/abs/2405.04434v0",
        "2405.04434v" + "9" * 5000,
        "2405.٠٤٤٣٤",  # Arabic digits
        "2405.04434 2405.04435",
        "arXiv:abc",
        "https://[arxiv.org/abs/2405.04434",
        "A 2405.04434",
    ],
)
def test_what_only_resembles_an_arxiv_address_names_no_paper(text: str) -> None:
    assert arxiv_id_of(text) is None


@given(st.one_of(st.text(), st.lists(st.sampled_from(_ID_PIECES), max_size=10).map("".join)))
def test_arxiv_id_of_answers_any_text_with_a_sound_id_or_none(text: str) -> None:
    found = arxiv_id_of(text)
    assert found is None or arxiv_id_of(str(found)) == found


@pytest.mark.parametrize("version", [None, 1, 42])
def test_an_id_written_out_reads_back_the_same(version: int | None) -> None:
    assert arxiv_id_of(str(ArxivId("2405.04434", version))) == ArxivId("2405.04434", version)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://www.arxiv.org/pdf/2405.04434v2.pdf", "https://arxiv.org/abs/2405.04434"),
        ("https://doi.org/10.48550/arXiv.2405.04434", "https://arxiv.org/abs/2405.04434"),
        (
            "https://twitter.com/some_one/status/1798420492774432769?s=20&t=Ab-c_D",
            "https://x.com/some_one/status/1798420492774432769",
        ),
        ("http://mobile.twitter.com/some_one/status/12/photo/1", "https://x.com/some_one/status/12"),
        ("https://x.com/some_one/status/12?s=20", "https://x.com/some_one/status/12"),
        ("https://twitter.com/i/web/status/12", "https://x.com/i/web/status/12"),
        ("https://twitter.com/some_one?s=20", "https://twitter.com/some_one"),
        ("https://youtu.be/abc123?si=XyZ&t=90", "https://youtu.be/abc123?t=90"),
        ("https://www.youtube.com/watch?v=abc&feature=shared", "https://www.youtube.com/watch?v=abc"),
        ("https://a.example/p?utm_source=twitter&utm_medium=social", "https://a.example/p"),
        ("https://a.example/p?utm_source=x&id=1&fbclid=2#part", "https://a.example/p?id=1#part"),
        ("https://a.example/p?id=1&amp;utm_source=x", "https://a.example/p?id=1"),
        ("https://a.example/p?UTM_Source=x#a?utm_b=c", "https://a.example/p#a?utm_b=c"),
        ("HTTPS://A.example/P", "https://A.example/P"),
    ],
)
def test_a_posted_address_has_its_one_form_and_no_tracking(url: str, expected: str) -> None:
    assert canonical_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/plain",
        "https://a.example/Ready%20to%2Fgo%27s.pdf?",
        "https://openreview.example/forum?id=AbC&noteId=dEf",
        "https://papers.example/sol3/papers.cfm?abstract_id=4945566",
        "https://a.example/demo/?hn",
        "https://a.example/video?t=90&s=1&si=2",  # these names mean tracking on X and YouTube only
        "https://a.example/p?source=x&ref=y",
        "https://bucket.s3.example/f.pdf?X-Amz-Signature=0a&utm_source=x",  # the signature may cover utm_source
        "https://cdn.example/f.pdf?_nc_cat=101&ccb=1-7&oh=00_Af&oe=684FA230",
        "https://a.example//double//slash/",
        "https://한국.example/논문?q=가#나",
        "https://[2001:db8::1]:8443/p",
        "https://x.com.evil.example/a/status/1?s=20",
        "https://arxiv.org/list/cs.CL/recent",
    ],
)
def test_what_is_no_tracking_stays_as_written(url: str) -> None:
    assert canonical_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "2405.04434",
        "arxiv.org/abs/2405.04434",
        "javascript:alert(1)",
        "JavaScript://a.example/%0aalert(1)",
        "data:text/html,hello",
        "mailto:a@a.example",
        "ftp://a.example/f",
        "//a.example/p",
        "https:///p",
        "https:p",
        "https://",
        "https://:443/p",
        "https://user:secret@a.example/p",
        "https://a.example@evil.example/p",
        "https://a.example:99999/p",
        "https://a.example:port/p",
        "https://a.example\\@evil.example/p",
        "https://a..example/p",
        "https://a%2eexample/p",
        " https://a.example/p",
        "https://a.example/p q",
        "https://a.example/p\n",
        "https://a.example/\tp",
        "https://a.example/\x00",
        "https://a.example/\u202egnp.exe",
        "https://a.example/\u200bp",
        "https://a.example/\u00a0p",
        "https://a.example/\ud800",
        'https://a.example/"onclick="x',
        "https://a.example/<b>",
        "https://[a.example/p",
    ],
)
def test_what_is_unfit_to_be_posted_is_refused(url: str) -> None:
    with pytest.raises(RejectedError):
        canonical_url(url)


@given(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["https://", "http://", "HTTP://"]),
        st.sampled_from(
            ["x.com", "twitter.com", "youtu.be", "arxiv.org", "www.arxiv.org", "a.example", "A.example:80"]
        ),
        st.lists(st.sampled_from(_URL_PIECES), max_size=9).map("".join),
    )
)
def test_canonical_twice_is_canonical_once_and_always_a_web_address(url: str) -> None:
    try:
        once = canonical_url(url)
    except RejectedError:
        return
    assert canonical_url(once) == once
    assert once.startswith(("http://", "https://"))


@given(st.text())
def test_any_text_gives_a_web_address_or_a_refusal(text: str) -> None:
    for url in (text, f"https://a.example/{text}"):
        try:
            assert canonical_url(url).startswith(("http://", "https://"))
        except RejectedError:
            continue


def test_addresses_of_the_real_list_keep_their_paper_and_lose_only_tracking() -> None:
    changed = set()
    for url in (url for row in _dair_rows() for url in row):
        posted = canonical_url(url)
        if arxiv_id_of(url) is None and "/status/" not in url and posted != url:
            assert url.startswith(posted.partition("?")[0])
            changed.add(posted)
        assert "utm_" not in posted
        assert not re.search(r"//(www\.)?twitter\.com/\w+/status|[?&]s=20", posted)
    assert len(changed) == 4


def test_the_real_list_leads_to_1098_arxiv_papers() -> None:
    rows = [[found.id for url in row if (found := arxiv_id_of(url))] for row in _dair_rows()]
    assert len(rows) == 1300
    with_paper = [ids[0] for ids in rows if ids]
    assert len(with_paper) == 1101
    assert len(set(with_paper)) == 1098


@pytest.mark.parametrize(
    "url",
    [
        "https://openai.com/index/some-announcement/",
        "https://www.anthropic.com/news/some-model",
        "https://www.anthropic.com/research/some-study",
        "https://deepmind.google/discover/blog/some-model",
        "https://ai.meta.com/blog/some-model/?utm_source=twitter",
        "https://x.ai/blog/some-model",
        "https://blog.google/technology/ai/some-model/",
        "https://ai.googleblog.com/2023/01/some-year.html",
        "https://research.example.com/some-model",
        "https://www.example.com/blog/some-model",
        "https://huggingface.co/blog/some-model",
        "https://group.notion.site/Some-Study-1234",
    ],
)
def test_a_companys_post_is_a_research_page(url: str) -> None:
    assert is_research_page(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://arxiv.org/abs/2405.04434",
        "https://www.nature.com/articles/s41586-024-07335-x",
        "https://www.nature.com/news/some-news/x",
        "https://www.example.org/doi/blog/10.1234/5678",
        "https://cdn.openai.com/papers/some.pdf",
        "https://cdn.openai.com/some-report",
        "https://assets.anthropic.com/m/1234/original/Some-Paper.pdf",
        "https://deepmind.google/blog/Some-Paper.PDF",
        "https://ai.meta.com/research/publications/some-paper/",
        "https://www.microsoft.com/en-us/research/publication/some-paper/",
        "https://research.nvidia.com/publication/2024-06_some-paper",
        "https://github.com/some/blog/blob/main/README.md",
        "https://openreview.net/forum?id=AbC",
        "https://www.example.edu/~someone/research",
        "https://some-project.github.io/",
        "https://huggingface.co/some/model",
        "https://x.com/some_one/status/12",
        "https://openai.com.evil.example/index/some",
        "javascript:openai.com/blog/x",
        "",
    ],
)
def test_papers_records_code_and_nonsense_are_no_research_pages(url: str) -> None:
    assert not is_research_page(url)


def test_35_first_links_of_the_real_list_are_research_pages_and_none_is_a_pdf() -> None:
    first_links = [row[0] for row in _dair_rows() if row]
    pages = [url for url in first_links if is_research_page(url)]
    assert len(pages) == 35
    assert not [url for url in pages if ".pdf" in url or "publication" in url or arxiv_id_of(url)]


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.1038/S41586-024-08252-9", "10.1038/s41586-024-08252-9"),
        ("doi:10.1126/science.ado9336", "10.1126/science.ado9336"),
        ("https://doi.org/10.1126/science.ado9336", "10.1126/science.ado9336"),
        ("http://dx.doi.org/10.1126%2Fscience.ado9336", "10.1126/science.ado9336"),
        ("https://www.science.org/doi/10.1126/science.ado9336", "10.1126/science.ado9336"),
        ("https://www.science.org/doi/full/10.1126/sciadv.adk4489", "10.1126/sciadv.adk4489"),
        ("https://www.nature.com/articles/s41586-024-08252-9", "10.1038/s41586-024-08252-9"),
        ("http://nature.com/articles/s41587-023-01905-6.pdf", "10.1038/s41587-023-01905-6"),
        ("https://www.biorxiv.org/content/10.1101/2023.09.11.556673v1.full.pdf", "10.1101/2023.09.11.556673"),
        ("https://www.medrxiv.org/content/10.1101/2025.05.01.25326820v1", "10.1101/2025.05.01.25326820"),
        ("https://aclanthology.org/2024.acl-long.1", "10.18653/v1/2024.acl-long.1"),
        ("https://aclanthology.org/2023.emnlp-main.797.pdf", "10.18653/v1/2023.emnlp-main.797"),
        ("https://papers.ssrn.com/sol3/papers.cfm?abstract_id=4945566", "10.2139/ssrn.4945566"),
        ("https://dl.acm.org/doi/pdf/10.1145/3581641.3584059", "10.1145/3581641.3584059"),
        ("https://aclanthology.org/volumes/2023.conll-babylm/", None),
        ("https://www.nature.com/nature/volumes/600", None),
        ("https://example.org/articles/10.1038/s41586-024-08252-9", None),
        ("https://doi.org/10.48550/arXiv.2405.04434", None),
        ("https://openreview.net/forum?id=rAnB7JSMXL", None),
        ("10.1038/with blank", None),
        ("", None),
    ],
)
def test_doi_is_read_from_the_addresses_that_hold_one(text: str, doi: str | None) -> None:
    assert doi_of(text) == doi


@given(st.text())
def test_no_text_makes_doi_of_raise(text: str) -> None:
    found = doi_of(text)
    assert found is None or found.startswith("10.")
