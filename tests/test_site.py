"""The site's own parts: what it makes of records, and of the Markdown in docs/."""

import re

import pytest
from msgspec import structs

from lab.site import documents, entries, pages, pictures
from lab.site.records import DOCS, read
from symgrad.court.names import family
from symgrad.studies.atlas.axes_record import Axes, AxisRow, Wrong
from symgrad.studies.history.record import Step


@pytest.fixture(scope="module")
def records():
    return read()


@pytest.fixture(scope="module")
def all_entries(records):
    return entries.entries(records)


def test_every_row_and_every_former_step_is_an_entry(records, all_entries):
    today = [(e.framework, e.function, e.route) for e in all_entries if e.is_today]
    assert today == [(r.framework, family(r.function), r.route) for r in records.atlas.rows]
    former = [s for story in records.history.stories for s in story.steps if "@" in s.framework]
    assert len(all_entries) == len(today) + len(former) > len(today)


def test_the_matrices_are_those_of_the_atlas_s_routes_and_versions(records):
    asked = {(r.framework, r.version, family(r.function), r.route) for r in records.atlas.rows}
    kept = {(m.framework, m.version, m.function, m.route) for m in records.matrices.rows}
    assert kept == asked, "run `make matrices`"


def test_what_goes_wrong_along_further_axes_is_told_where_its_route_is(records):
    function, first = "log_det", "torch.linalg.slogdet"
    wrong = Wrong("off by <3>", ("unstable",), 0.5, "torch-eigh-units")
    told = [
        AxisRow("torch", "2", function, route, {"ties float64 reverse": "disagrees"}, {}, {})
        for route in (first, f"torch.compile: {first}")
    ]
    told[0].missing["size 8 float64 reverse"] = "no answer"
    told[1].wrong["ties float64 reverse"] = wrong
    axes = Axes({}, {}, records.atlas.made, ("ties",), 3, told)
    page = pages.pages(structs.replace(records, axes=axes))[f"functions/{function}.md"]
    assert page.count("1 verdict, 0 wrong") == page.count("1 verdict, 1 wrong") == 1
    assert "refused: size 8 float64 reverse" in page
    assert "off by &lt;3&gt;" in page
    assert "findings.html#torch-eigh-units" in page


def step(version, convention, verdict="agrees", recorded=False):
    return Step("torch", version, recorded, verdict, convention, None)


def test_successive_versions_that_report_the_same_are_one_segment():
    told = [step("1.0", "lower"), step("1.1", "lower"), step("1.2", "symmetric")]
    assert [(s.versions, s.shown) for s in entries.segments(told)] == [
        ("1.0 – 1.1", "lower"),
        ("1.2", "symmetric"),
    ]
    told[1] = step("1.1", "lower", recorded=True)
    assert len(entries.segments(told)) == 3


def test_what_is_wrong_is_never_shown_by_a_convention():
    assert entries.shown("lower", "agrees") == entries.shown("lower", "inaccurate") == "lower"
    assert entries.shown("invalid", "disagrees") == "disagrees"
    assert entries.shown("symmetric", "disagrees") == "disagrees"
    assert entries.shown("symmetric", None) == "not asked"


def test_a_record_s_line_is_text_but_for_code():
    assert pages.inline("a < b: `f(x < 1)`") == "a &lt; b: <code>f(x &lt; 1)</code>"
    assert pages.inline("a lone ` and <b>") == "a lone ` and &lt;b&gt;"
    assert pages.number(-0.25) == "−0.25"
    assert pages.number("NaN") == "nan"


def test_links_lead_to_pages_of_the_site_or_to_files_that_come_along(tmp_path):
    found = documents.Documents()
    found.add([DOCS.parent / "README.md", DOCS / "ties.md", DOCS / "mutation.md"])
    page = tmp_path / "page.md"
    root = DOCS.parent.as_posix()
    page.write_text(
        f"[a]({root}/docs/ties.md#x) [b]({root}/court/names.py) [c](https://x.y/z) [d](#e)\n"
        f"[gone]({root}/docs/no.md) [out](/etc/passwd)\n```\n[kept](no.md)\n```\n"
    )
    assert found.text(page, "documents/page.md") == (
        "[a](ties.md#x) [b](../files/court/names.py.txt) [c](https://x.y/z) [d](#e)\n"
        "gone out\n```\n[kept](no.md)\n```\n"
    )
    assert found.files["files/court/names.py.txt"] == DOCS.parent / "court" / "names.py"
    assert "index.md" in found.pages


def test_the_table_of_ties_is_read_and_another_page_is_not():
    markdown = (DOCS / "ties.md").read_text(encoding="utf-8")
    rows, gaps = pictures.read_ties(markdown, "weighted_exp[full]")
    assert gaps[0] > gaps[-1] > 0
    assert all(
        len(left) == len(gaps) and max(d for d in left if d is not None) > 10 for _, left in rows
    )
    with pytest.raises(ValueError, match="no table of weighted_exp"):
        pictures.read_ties("# Something else\n", "weighted_exp[full]")


def test_a_picture_has_the_same_bytes_twice_and_no_date():
    first, second = (pictures.drawn(pictures.crossing, "dark", (4, 3)) for _ in range(2))
    assert first == second != pictures.drawn(pictures.crossing, "light", (4, 3))
    assert not re.search(rb"<dc:date>", first)
