"""What is cited, from ``references.bib``: short names, and entries as Markdown and as TeX."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from symgrad.court import VERSION

BIB = Path(__file__).with_name("references.bib")
SOFTWARE = f"""
@software{{symgrad,
  title   = {{symgrad: who is right about the gradient of a function of a symmetric matrix}},
  author  = {{{{The symgrad developers}}}},
  version = {{{VERSION}}},
  year    = {{2026}}
}}
"""
"""The entry of this toolkit, as docs/cite.md has it."""
ENTRY = re.compile(r"^@(\w+)\{(\w+),\n(.*?)^\}", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^  (\w+) = \{(.*)\},$", re.MULTILINE)
ACCENTS = {"u": "\u0306", '"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302"}
"""TeX's accents, and the Unicode characters that put them on the letter before."""


class Entry(NamedTuple):
    """A cited work: its key, and its fields as they stand in the file, in TeX."""

    key: str
    fields: Mapping[str, str]

    @property
    def authors(self) -> list[str]:
        """The authors as "Family, Given", in Unicode; what follows "others" is none."""
        return [unicode(name) for name in self.fields["author"].split(" and ")]

    @property
    def short(self) -> str:
        """The name by which code and pages cite it: "Srinivasan and Panda (2022)"."""
        names = [name.split(",")[0] for name in self.authors]
        if names[-1] == "others":
            return f"{names[0]} et al. ({self.fields['year']})"
        told = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
        return f"{told} ({self.fields['year']})"

    @property
    def link(self) -> str:
        """Where it is found: its DOI's address or another; nothing if none is known."""
        doi = self.fields.get("doi")
        return f"https://doi.org/{doi}" if doi else self.fields.get("url", "")

    def _parts(self) -> Iterable[str]:
        """What stands behind the title, in TeX."""
        found = self.fields
        if place := found.get("journal") or found.get("booktitle") or found.get("howpublished"):
            volume = found.get("volume", "")
            yield " ".join(filter(None, [place, volume]))
        if "edition" in found:
            yield f"{found['edition']} ed."
        yield from (found[name] for name in ("publisher", "note") if name in found)
        if "pages" in found:
            yield found["pages"]
        yield found["year"]
        if "eprint" in found:
            yield f"arXiv:{found['eprint']}"

    def markdown(self) -> str:
        """One line: authors, title, place, year and link."""
        told = _listed(self.authors)
        place = ", ".join(unicode(part) for part in self._parts())
        link = f" <{self.link}>" if self.link else ""
        return f"{told}: *{unicode(self.fields['title'])}*. {place}.{link}"

    def tex(self) -> str:
        r"""Its ``\bibitem``."""
        told = _listed(self.fields["author"].split(" and "))
        where = f" \\href{{{self.link}}}{{\\nolinkurl{{{self.link}}}}}" if self.link else ""
        place = ", ".join(self._parts())
        return f"\\bibitem{{{self.key}}} {told}: \\emph{{{self.fields['title']}}}. {place}.{where}"


def _listed(authors: Iterable[str]) -> str:
    names = [" ".join(reversed(name.split(", "))) for name in authors]
    return ", ".join(names).replace(", others", " et al.")


def read() -> dict[str, Entry]:
    """All entries by key, in the order of the file."""
    text = BIB.read_text(encoding="utf-8")
    return {key: Entry(key, dict(FIELD.findall(body))) for _, key, body in ENTRY.findall(text)}


def unicode(tex: str) -> str:
    r"""A field without TeX: ``Kre{\u\i}n`` is Kreĭn."""

    def accent(found: re.Match[str]) -> str:
        letter = found.group(2).replace("\\i", "i")
        return unicodedata.normalize("NFC", letter + ACCENTS[found.group(1)])

    text = re.sub(r"\{\\([u\"'`^])\s*(\\?[A-Za-z])\}", accent, tex)
    return text.replace("{", "").replace("}", "").replace("---", "—").replace("--", "–")
