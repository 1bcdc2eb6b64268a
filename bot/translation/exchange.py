"""Files that other tools read: terms as CSV or TBX (ISO 30042:2019, TBX-Basic, DCT style), memory as TMX 1.4.

Formats: https://www.tbxinfo.net/tbx-dialects/ and the TMX 1.4b specification of GALA
(https://www.gala-global.org/tmx-14b).
"""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

import defusedxml.ElementTree as DefusedTree
from defusedxml import DefusedXmlException

from bot.errors import RejectedError
from bot.translation.memory import Match
from bot.translation.termbase import COLUMNS, Kind, Term

_XML = "{http://www.w3.org/XML/1998/namespace}"
_TBX = "urn:iso:std:iso:30042:ed-2"
_BASIC = "http://www.tbxinfo.net/ns/basic"
_PREFERRED, _ADMITTED = "preferredTerm-admn-sts", "admittedTerm-admn-sts"
_SUPERSEDED, _DEPRECATED = "supersededTerm-admn-sts", "deprecatedTerm-admn-sts"
_SUBJECTS = {"term": "machine learning", "name": "name", "phrase": "phrase"}


def write_csv(terms: Iterable[Term], file: BinaryIO) -> None:
    """The terms in the form of the shipped files, which `termbase.read_rows` reads."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for term in terms:
        wrong = [*term.wrong, *(f"!{words}" for words in term.nonsense)]
        lists = ["|".join(words) for words in (term.accepted, term.avoid, wrong, term.unless)]
        rows.writerow([term.source, "|".join(term.also), term.target, *lists, term.kind, term.note])
    text.detach()


def write_tbx(terms: Iterable[Term], file: BinaryIO) -> None:
    """The terms as TBX-Basic: `accepted` as admitted, `avoid` as superseded, `wrong` as deprecated Korean terms.

    `unless` has no place in TBX and is left out.
    """
    xml = _Xml(file)
    root = {"type": "TBX-Basic", "style": "dct", "xml:lang": "en", "xmlns": _TBX, "xmlns:basic": _BASIC}
    with xml.element("tbx", root):
        with xml.element("tbxHeader"), xml.element("fileDesc"), xml.element("sourceDesc"):
            xml.leaf("p", "paperbot termbase")
        with xml.element("text"), xml.element("body"):
            for number, term in enumerate(terms, 1):
                with xml.element("conceptEntry", {"id": f"c{number}"}):
                    _write_entry(xml, term)
    xml.close()


def _write_entry(xml: "_Xml", term: Term) -> None:
    xml.leaf("basic:subjectField", _SUBJECTS[term.kind])
    if term.note:
        xml.leaf("note", term.note)
    english = [(term.source, _PREFERRED), *((word, _ADMITTED) for word in term.also)]
    korean = [
        (term.target, _PREFERRED),
        *((word, _ADMITTED) for word in term.accepted),
        *((word, _SUPERSEDED) for word in term.avoid),
        *((word, _DEPRECATED) for word in (*term.wrong, *term.nonsense)),
    ]
    for language, words in (("en", english), ("ko", korean)):
        with xml.element("langSec", {"xml:lang": language}):
            for word, status in words:
                with xml.element("termSec"):
                    xml.leaf("term", word)
                    xml.leaf("basic:administrativeStatus", status)


def read_tbx(file: BinaryIO, name: str) -> list[Term]:
    """The terms of a TBX file in DCT style; entries without English or without Korean are refused.

    Raises:
        RejectedError: it is not such a file, or one of its entries lacks a language; the message says which.
    """
    try:
        root = DefusedTree.parse(file).getroot()
    except (DefusedTree.ParseError, DefusedXmlException) as exc:
        raise RejectedError(f"{name} is not XML that can be read: {exc}.") from None
    entries = root.findall(f".//{{{_TBX}}}conceptEntry")
    if not entries:
        raise RejectedError(f"{name} holds no conceptEntry: export it as TBX (ISO 30042:2019) in DCT style.")
    kinds = {subject: kind for kind, subject in _SUBJECTS.items()}
    terms = []
    for entry in entries:
        words: dict[str, dict[str, list[str]]] = {"en": {}, "ko": {}}
        for section in entry.findall(f"{{{_TBX}}}langSec"):
            language = section.get(f"{_XML}lang", "")[:2].lower()
            for one in section.findall(f"{{{_TBX}}}termSec"):
                word = " ".join((one.findtext(f"{{{_TBX}}}term") or "").split())
                status = one.findtext(f"{{{_BASIC}}}administrativeStatus") or _PREFERRED
                if word and language in words:
                    words[language].setdefault(status, []).append(word)
        english = [*words["en"].get(_PREFERRED, []), *words["en"].get(_ADMITTED, [])]
        korean = [*words["ko"].get(_PREFERRED, []), *words["ko"].get(_ADMITTED, [])]
        if not english or not korean:
            raise RejectedError(f"{name}: entry {entry.get('id', '?')} needs an English and a Korean term.")
        terms.append(
            Term(
                source=english[0],
                also=tuple(english[1:]),
                target=korean[0],
                accepted=tuple(korean[1:]),
                avoid=tuple(words["ko"].get(_SUPERSEDED, [])),
                wrong=tuple(words["ko"].get(_DEPRECATED, [])),
                unless=(),
                kind=Kind(kinds.get(entry.findtext(f"{{{_BASIC}}}subjectField") or "", "term")),
                note=entry.findtext(f"{{{_TBX}}}note") or "",
            )
        )
    return terms


def write_tmx(matches: Iterable[Match], file: BinaryIO, now: dt.datetime) -> int:
    """Approved pairs as TMX 1.4, in the order given; how many there were."""
    header = {
        "creationtool": "paperbot",
        "creationtoolversion": "1",
        "segtype": "sentence",
        "o-tmf": "paperbot",
        "adminlang": "en",
        "srclang": "en",
        "datatype": "plaintext",
        "creationdate": f"{now.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}",
    }
    xml = _Xml(file)
    count = 0
    with xml.element("tmx", {"version": "1.4"}):
        with xml.element("header", header):
            pass
        with xml.element("body"):
            for count, match in enumerate(matches, 1):
                with xml.element("tu", {"tuid": str(count)}):
                    for language, text in (("en", match.source), ("ko", match.target)):
                        with xml.element("tuv", {"xml:lang": language}):
                            xml.leaf("seg", text)
    xml.close()
    return count


class _Xml:
    """A document written as it is made, however long it gets."""

    def __init__(self, file: BinaryIO) -> None:
        self._out = XMLGenerator(file, "utf-8", short_empty_elements=True)
        self._out.startDocument()

    @contextmanager
    def element(self, name: str, attributes: Mapping[str, str] | None = None) -> Iterator[None]:
        """An element around what is written inside the block."""
        self._out.startElement(name, AttributesImpl(dict(attributes or {})))
        yield
        self._out.endElement(name)

    def leaf(self, name: str, text: str) -> None:
        """An element with text; characters that XML cannot hold are left out."""
        with self.element(name):
            self._out.characters("".join(char for char in text if char >= " " or char in "\t\n"))

    def close(self) -> None:
        """End the document; the file stays open."""
        self._out.endDocument()
