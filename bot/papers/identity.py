"""Who a paper is: its arXiv id, the address we post for it, and whether that address is a paper at all.

Pure functions over text. Addresses come from outside and are never trusted: an id is taken only from arXiv's own hosts
and DOIs, and an address that could mislead a reader or a renderer is refused.
"""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from bot.errors import RejectedError

# The two id schemes of arXiv (info.arxiv.org/help/arxiv_identifier.html): YYMM.number since April 2007, before that
# archive/YYMMnumber. A version has at most four digits here, so that no text can make an absurd number of it.
_ARXIV_ID = re.compile(
    r"(?:(?P<new>[0-9]{4}\.[0-9]{4,5})|(?P<archive>[a-z-]+)(?:\.[A-Z]{2})?/(?P<number>[0-9]{7}))"
    r"(?:v(?P<version>[1-9][0-9]{0,3}))?"
)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(?P<id>.+)", re.IGNORECASE)
_ARXIV_HOST = re.compile(r"(?:[a-z0-9-]+\.)?arxiv\.org")
_ARXIV_FORMS = frozenset({"abs", "pdf", "html", "format", "ps", "src", "e-print"})
_DOI = re.compile(r"10\.[0-9]{4,9}/[^\s\"<>?#]+")
_ACL_PAPER = re.compile(
    r"/(?P<id>[0-9]{4}\.[a-z0-9]+-[a-z0-9]+\.[0-9]+|[A-Z][0-9]{2}-[0-9]{4})(?:v[0-9]+)?(?:\.pdf)?/?"
)
_NATURE_PAPER = re.compile(r"/articles/(?P<id>[sd][0-9]{5}-[0-9]{3}-[0-9]{4,5}-[0-9a-z])(?:\.pdf|_reference\.pdf|/.*)?")
_SSRN_HOSTS = frozenset({"ssrn.com", "papers.ssrn.com"})
# Hosts whose paths hold the DOI itself.
_HOSTS_WITH_DOIS = (
    "science.org",
    "biorxiv.org",
    "medrxiv.org",
    "acm.org",
    "pnas.org",
    "springer.com",
    "wiley.com",
    "tandfonline.com",
    "acs.org",
    "aps.org",
    "sagepub.com",
    "royalsocietypublishing.org",
    "aaai.org",
)
_AFTER_A_DOI = re.compile(r"(?:v[0-9]+)?(?:\.full|\.abstract|\.full-text)?(?:\.pdf|\+html)?/?$")
_DOI_HOSTS = frozenset({"doi.org", "www.doi.org", "dx.doi.org"})

_STATUS_HOSTS = frozenset(
    {"x.com", "www.x.com", "mobile.x.com", "twitter.com", "www.twitter.com", "mobile.twitter.com", "m.twitter.com"}
)
_STATUS_PATH = re.compile(r"/(?P<user>[A-Za-z0-9_]{1,20}|i/web)/status(?:es)?/(?P<id>[0-9]{1,20})(?:/.*)?")
_YOUTUBE_HOSTS = frozenset({"youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "youtu.be"})

# Query parameters that only tell a site who sent the reader. Names that some site needs for real (`source`, `ref`,
# `id`) are not here.
_TRACKING_NAMES = frozenset(
    {
        "fbclid",
        "gclid",
        "dclid",
        "gbraid",
        "wbraid",
        "msclkid",
        "twclid",
        "ttclid",
        "yclid",
        "igsh",
        "igshid",
        "mc_cid",
        "mc_eid",
        "mkt_tok",
        "_hsenc",
        "_hsmi",
        "__hssc",
        "__hstc",
        "__hsfp",
        "hsctatracking",
        "ref_src",
        "ref_url",
        "oly_anon_id",
        "oly_enc_id",
        "vero_id",
    }
)
_TRACKING_PREFIX = "utm_"
_X_TRACKING = frozenset({"s", "t"})
_YOUTUBE_TRACKING = frozenset({"si", "pp", "feature", "ab_channel"})
_HUBSPOT_TRACKING = frozenset({"ecid"})
# A signature may cover the whole query, so a signed address is kept as it is.
_SIGNATURE_NAMES = frozenset(
    {"x-amz-signature", "x-goog-signature", "signature", "sig", "oh", "hdnea", "hdnts", "hmac", "token"}
)

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"})
_UNSAFE_CHARACTERS = frozenset('<>"\\`')
# A host name or IPv6 address, perhaps with a port: no credentials, no percent signs.
_NETLOC = re.compile(r"(?:[\w-]+(?:\.[\w-]+)*\.?|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")


@dataclass(frozen=True)
class ArxivId:
    """A paper on arXiv.

    Attributes:
        id: without version, as arXiv itself writes it: `2405.04434`, `hep-th/9901001`. The subject class that old ids
            may carry (`cs.CL/0701001`) is left out, because arXiv's answers leave it out too and one paper has one id.
        version: the version that was named, or None for the latest.
    """

    id: str
    version: int | None = None

    def __str__(self) -> str:
        return self.id if self.version is None else f"{self.id}v{self.version}"


def arxiv_id_of(url_or_id: str) -> ArxivId | None:
    """The arXiv paper that an address or id names, or None; never raises, whatever the text.

    Understood are abs, pdf, html and source addresses on arxiv.org and its subdomains (with or without scheme, version,
    `.pdf`, closing slash, query or fragment), bare ids, `arXiv:ID`, and arXiv's DOIs (`10.48550/arXiv.ID`, with `doi:`
    or at doi.org). Everything else is None, also hosts that only look like arXiv's and addresses that hold an arXiv
    address inside.
    """
    text = url_or_id.strip()
    if not text or not _is_clean(text):
        return None
    bare = _parse_id(text)
    if bare is not None:
        return bare
    prefix, _, rest = text.partition(":")
    if prefix.lower() == "arxiv":
        return _parse_id(rest)
    doi = _ARXIV_DOI.fullmatch(rest if prefix.lower() == "doi" else text)
    if doi is not None:
        return _parse_id(doi["id"])
    parts = _split(text if "://" in text else f"https://{text}")
    return None if parts is None else _arxiv_id_in(parts)


def doi_of(url_or_doi: str) -> str | None:
    """The DOI that an address or text names, in lower case (DOIs ignore case), or None; never raises.

    Understood are bare DOIs, `doi:`, doi.org, publishers that have the DOI in the address (Science, bioRxiv, ACM, PNAS,
    Springer, ...), Nature's articles (`10.1038/`), the ACL Anthology (`10.18653/v1/`) and SSRN (`10.2139/ssrn.`).
    arXiv's own DOIs are arXiv ids and not given here.
    """
    text = url_or_doi.strip()
    if not text or not _is_clean(text) or arxiv_id_of(text) is not None:
        return None
    bare = text.partition(":")[2].strip() if text.lower().startswith("doi:") else text
    if _DOI.fullmatch(bare):
        return bare.lower()
    parts = _split(text)
    if parts is None:
        return None
    host, path = _host(parts).removeprefix("www."), unquote(parts.path)
    if f"www.{host}" in _DOI_HOSTS or host in _DOI_HOSTS:
        found = _DOI.fullmatch(path.strip("/"))
        return found[0].lower() if found else None
    if host == "nature.com" and (paper := _NATURE_PAPER.fullmatch(path)):
        return f"10.1038/{paper['id']}"
    if host == "aclanthology.org" and (paper := _ACL_PAPER.fullmatch(path)):
        return f"10.18653/v1/{paper['id'].lower()}"
    if host in _SSRN_HOSTS and (found := re.search(r"(?:^|&)abstract(?:_id)?=([0-9]{4,9})(?:&|$)", parts.query)):
        return f"10.2139/ssrn.{found[1]}"
    if _is_under(host, _HOSTS_WITH_DOIS) and (found := _DOI.search(path)):
        return _AFTER_A_DOI.sub("", found[0]).lower()
    return None


def canonical_url(url: str) -> str:
    """The address to post: tracking dropped, arXiv and X in their one form, otherwise as written.

    * arXiv papers in any form become `https://arxiv.org/abs/ID`, without version.
    * A status on x.com or twitter.com becomes `https://x.com/USER/status/ID`.
    * From every other address only known tracking parameters go; order, percent-encoding and the rest stay. Signed
      addresses (storage and CDN links) keep their whole query.

    The result begins with `http://` or `https://`, and applying the function to it again changes nothing.

    Raises:
        RejectedError: not an http(s) address, no host, credentials inside, or characters that no address may hold
            (white space, control and invisible characters, angle brackets, double quotes, backslashes, backticks).
    """
    parts = _checked(url)
    arxiv_id = _arxiv_id_in(parts)
    if arxiv_id is not None:
        return f"https://arxiv.org/abs/{arxiv_id.id}"
    host = _host(parts)
    status = _STATUS_PATH.fullmatch(parts.path) if host in _STATUS_HOSTS else None
    if status is not None:
        return f"https://x.com/{status['user']}/status/{status['id']}"
    # Cut by hand: urlunsplit() would not give every address back as it was written.
    address, hash_mark, fragment = url.partition("#")
    address, question_mark, query = address.partition("?")
    kept = _without_tracking(query, host)
    if kept != query and not kept:
        question_mark = ""
    return f"{parts.scheme}{address[len(parts.scheme) :]}{question_mark}{kept}{hash_mark}{fragment}"


def is_status(url: str) -> bool:
    """Whether the address is on X (Twitter); never raises."""
    parts = _split(url)
    return parts is not None and _host(parts) in _STATUS_HOSTS


# Hosts of companies that announce their work in posts and keep the papers elsewhere (as PDF on a CDN or on arXiv).
_COMPANY_HOSTS = frozenset(
    {
        "openai.com",
        "anthropic.com",
        "deepmind.google",
        "deepmind.com",
        "x.ai",
        "mistral.ai",
        "stability.ai",
        "ai.meta.com",
        "ai.facebook.com",
        "cohere.com",
    }
)
# Hosts where everything is a post. `research` as first label is a company's research site (research.example.com).
_POST_HOSTS = ("notion.site", "medium.com", "substack.com", "googleblog.com")
_POST_LABELS = frozenset({"blog", "blogs", "research", "news"})
_POST_SEGMENTS = frozenset({"blog", "blogs", "news", "newsroom", "research"})
# Hosts whose pages are the paper, its record, or code and weights, whatever the path says.
_PAPER_HOSTS = (
    "arxiv.org",
    "doi.org",
    "nature.com",
    "science.org",
    "biorxiv.org",
    "medrxiv.org",
    "openreview.net",
    "aclanthology.org",
    "ssrn.com",
    "jamanetwork.com",
    "acm.org",
    "ieee.org",
    "springer.com",
    "sciencedirect.com",
    "cell.com",
    "pnas.org",
    "ams.org",
    "nist.gov",
    "github.com",
    "gitlab.com",
    "x.com",
    "twitter.com",
)
_PAPER_SEGMENTS = frozenset({"publication", "publications", "pdf", "papers", "static-resource"})
_DOI_IN_PATH = re.compile(r"/10\.[0-9]{4,9}/")


def is_research_page(url: str) -> bool:
    """Whether the address is a company's post about its work (a research, news or blog page) and not a paper.

    The rule, in this order; what no line decides is a paper:

    1. Not a research page: a PDF (path ends in `.pdf`), a path with a DOI or a segment such as `publication(s)`,
       `papers` or `pdf` (a paper or its record), a paper, journal, code or X host, and anything that is no http(s)
       address.
    2. A research page: the host of a company that announces its work in posts (openai.com, anthropic.com,
       deepmind.google, x.ai, ai.meta.com, ...; not its CDN hosts), a blog host, a host whose first label is `blog`,
       `research`, `news` or the like, or one of `blog`, `news`, `research` as a whole path segment other than the last.

    Project pages, model cards and papers published as web pages are papers by this rule. In the DAIR list (1,300 rows,
    June 2025) 35 first links are research pages. A post labels such an entry as research instead of as a paper.
    """
    try:
        parts = _checked(url)
    except RejectedError:
        return False
    host = _host(parts).removeprefix("www.")
    path = parts.path.lower()
    segments = [segment for segment in path.split("/") if segment]
    if path.endswith(".pdf") or _DOI_IN_PATH.search(path) or _PAPER_SEGMENTS.intersection(segments):
        return False
    if _is_under(host, _PAPER_HOSTS):
        return False
    return (
        host in _COMPANY_HOSTS
        or _is_under(host, _POST_HOSTS)
        or host.split(".")[0] in _POST_LABELS
        or not _POST_SEGMENTS.isdisjoint(segments[:-1])
    )


def _parse_id(text: str) -> ArxivId | None:
    match = _ARXIV_ID.fullmatch(text)
    if match is None:
        return None
    version = int(match["version"]) if match["version"] else None
    return ArxivId(match["new"] or f"{match['archive']}/{match['number']}", version)


def _arxiv_id_in(parts: SplitResult) -> ArxivId | None:
    host = _host(parts)
    if host in _DOI_HOSTS:
        doi = _ARXIV_DOI.fullmatch(unquote(parts.path).strip("/"))
        return None if doi is None else _parse_id(doi["id"])
    if not _ARXIV_HOST.fullmatch(host):
        return None
    segments = [segment for segment in unquote(parts.path).split("/") if segment]
    if len(segments) < 2 or segments[0] not in _ARXIV_FORMS:
        return None
    return _parse_id("/".join(segments[1:]).removesuffix(".pdf"))


def _is_clean(text: str) -> bool:
    return not any(c in _UNSAFE_CHARACTERS or unicodedata.category(c) in _UNSAFE_CATEGORIES for c in text)


def _split(url: str) -> SplitResult | None:
    """The parts of an http(s) address with a plain host, a sound port and no credentials; None for anything else."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where the port is not a number up to 65535
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and _NETLOC.fullmatch(parts.netloc) else None


def _checked(url: str) -> SplitResult:
    if not _is_clean(url):
        raise RejectedError(
            f"the address {url!r} holds white space or characters no address may hold; correct the link"
        )
    parts = _split(url)
    if parts is None:
        raise RejectedError(
            f"{url!r} is not a web address to post (http or https, with a host, without a password); correct the link"
        )
    return parts


def _host(parts: SplitResult) -> str:
    """The host in lower case; with its port unless that is the usual one, so that it equals no known host."""
    host = (parts.hostname or "").removesuffix(".")
    return host if parts.port in (None, 80, 443) else f"{host}:{parts.port}"


def _is_under(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _without_tracking(query: str, host: str) -> str:
    pieces = query.split("&")
    names = [piece.partition("=")[0].lower().removeprefix("amp;") for piece in pieces]
    if not _SIGNATURE_NAMES.isdisjoint(names):
        return query
    return "&".join(piece for piece, name in zip(pieces, names, strict=True) if not _is_tracking(name, host))


def _is_tracking(name: str, host: str) -> bool:
    if name in _TRACKING_NAMES or name.startswith(_TRACKING_PREFIX):
        return True
    if host in _STATUS_HOSTS:
        return name in _X_TRACKING
    if host in _YOUTUBE_HOSTS:
        return name in _YOUTUBE_TRACKING
    return name in _HUBSPOT_TRACKING and _is_under(host, ("hs-sites.com",))
