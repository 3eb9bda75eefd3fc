"""What is cited is in references.bib, and what is in it is cited."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from symgrad.court import VERSION
from symgrad.studies.appendix.references import BIB, Entry, read, unicode

ROOT = Path(__file__).parent.parent
NAME = r"[A-Z][\w’-]+"
SHORT = re.compile(rf"\b({NAME}(?:, {NAME})*(?: and {NAME}| et al\.)? \((?:19|20)\d\d\))")
"""A short name: authors and year, as "Magnus (1985)"."""
KEY = re.compile(r"(?<![\\\w])@([a-z]+\d{4})\b")


def texts():
    """Everything that is written here, but for what quotes others and what is made by machine."""
    names = subprocess.run(
        ["git", "ls-files", "*.py", "*.md", "*.json", "*.v", "*.cff"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in names:
        if not name.startswith(("symgrad/", "docs/atlas", "docs/history", "court/former/recorded")):
            path = ROOT / name
            if path.is_file() and path.name != "test_references.py":
                yield name, path.read_text(encoding="utf-8")


def unknown(text, known):
    """The short names in a text that are none of those that are known."""
    flat = " ".join(text.replace("\\n", " ").split())
    return sorted(set(SHORT.findall(flat)) - known)


def test_every_short_name_is_in_the_bibliography_and_every_entry_is_cited():
    works = read()
    known = {work.short for work in works.values()}
    assert {name: bad for name, text in texts() if (bad := unknown(text, known))} == {}
    everything = " ".join(" ".join(text.split()) for _, text in texts())
    keys = {key for name, text in texts() if "tests/" not in name for key in KEY.findall(text)}
    assert keys <= set(works)
    assert [w.key for w in works.values() if w.key not in keys and w.short not in everything] == []


def test_a_name_that_is_in_no_bibliography_is_noticed():
    known = {"Magnus (1985)", "Bhatia, Jain and Lim (2019)"}
    assert unknown("as Magnus\n(1985) and Bhatia, Jain and Lim (2019) have it", known) == []
    assert unknown("as Magnus (1986) has it", known) == ["Magnus (1986)"]
    assert unknown("(Bhatia and Lim (2019))", known) == ["Bhatia and Lim (2019)"]


def test_every_entry_is_read_whole():
    works = read()
    text = BIB.read_text(encoding="utf-8")
    assert len(works) == len(re.findall(r"^@", text, re.MULTILINE)) > 20
    for work in works.values():
        assert {"author", "title", "year"} <= set(work.fields), work.key
        assert len(work.fields) == len(
            re.findall(" = ", text.split(f"{{{work.key},")[1].split("\n}")[0])
        )
        assert not set("{}\\") & set(work.markdown()), work.key
        assert re.fullmatch(r"10\.\d{4,}/\S+", work.fields.get("doi", "10.1000/x"))
        assert work.key == work.key.lower()
        assert work.tex().isascii()


@pytest.mark.parametrize(
    ("tex", "read_as"),
    [(r"Kre{\u\i}n", "Kreĭn"), (r"S{\"o}ren", "Sören"), ("{III}, 1--2", "III, 1–2")],
)
def test_tex_is_read(tex, read_as):
    assert unicode(tex) == read_as


def test_a_short_name_has_all_authors_or_says_so():
    def short(author):
        return Entry("key", {"author": author, "year": "2000"}).short

    assert short("A, B and C, D and E, F") == "A, C and E (2000)"
    assert short("A, B and others") == "A et al. (2000)"


def test_what_is_said_of_the_software_is_said_once():
    """Version, authors and works of CITATION.cff, codemeta.json, cite.md and paper.md are one."""
    cff = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    meta = json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "cite.md").read_text(encoding="utf-8")
    assert f"\nversion: {VERSION}\n" in cff
    assert meta["version"] == VERSION
    assert f"version = {{{VERSION}}}" in page
    (author,) = meta["author"]
    assert f'- name: "{author["name"]}"' in cff
    assert author["name"] in (ROOT / "paper.md").read_text(encoding="utf-8")
    titles = re.findall(r"^  - type: \w+\n    title: \"(.*)\"$", cff, re.MULTILINE)
    assert len(titles) == 2
    assert set(titles) <= {unicode(work.fields["title"]) for work in read().values()}
    dois = re.findall(r"^    doi: (\S+)$", cff, re.MULTILINE)
    assert set(dois) <= {work.fields.get("doi") for work in read().values()}


def test_the_paper_has_the_length_and_the_parts_that_the_journal_asks_for():
    _, head, text = (ROOT / "paper.md").read_text(encoding="utf-8").split("---\n", 2)
    assert 700 <= len(text.split()) <= 1000
    parts = re.findall(r"^# (.*)$", text, re.MULTILINE)
    assert parts[:3] == ["Summary", "Statement of need", "State of the field"]
    assert parts[-1] == "References"
    (named,) = re.findall(r"^bibliography: (.*)$", head, re.MULTILINE)
    assert (ROOT / named).samefile(BIB)
