"""A report in a notebook, and in a terminal by Rich; and how far each entry is off."""

import io
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs
from rich.console import Console

import symgrad
from symgrad.court.blame import Blame
from symgrad.court.judging.tolerance import entry_tolerances
from symgrad.symbolic.catalogue import choose
from symgrad.symbolic.here import exactly, true_at

ROOT = Path(__file__).parent.parent
X = np.array([[2.0, 1.0, 0.3], [1.0, 3.0, 0.2], [0.3, 0.2, 1.5]])
H = np.array([[2, 1 + 1j], [1 - 1j, 3]])
BLAME = Blame(call=3, name="<lambda> & co", line="my<file>.py:7", custom=True, share=9.0)


def large(n):
    """A well-conditioned n×n matrix and its inverse."""
    Y = 5 * np.eye(n) + np.ones((n, n))
    return Y, np.linalg.inv(Y)


def off(G, i, j, by=1e-3):
    """G, but for one entry."""
    moved = G.copy()
    moved[i, j] += by
    return moved


class Page(HTMLParser):
    """What a reader sees: the cells of each table, those that are marked, and the text."""

    def __init__(self, html):
        super().__init__()
        self.tables, self.open, self.text = [], [], []
        self.feed(html)
        self.close()
        assert not self.open, "every element is closed"

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append([dict(attributes).get("class"), ""])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] in (["td"], ["th"]):
            self.tables[-1][-1][-1][1] += data
        elif self.open[-1:] != ["style"]:
            self.text.append(data)

    def marked(self, table):
        rows = [row[1:] for row in self.tables[table][1:]]
        coloured = {(i, j) for i, row in enumerate(rows) for j, c in enumerate(row) if c[0]}
        crossed = {(i, j) for i, row in enumerate(rows) for j, c in enumerate(row) if "✗" in c[1]}
        assert coloured == crossed, "no mark is told by colour alone"
        return coloured


def page(report):
    return Page(report._repr_html_())


def rendered(report, width=100):
    console = Console(file=io.StringIO(), width=width, no_color=True)
    console.print(report)
    return console.file.getvalue()


def test_the_wrong_entries_are_marked_and_no_other():
    S = np.linalg.inv(X)
    wrong = page(symgrad.check_gradient(off(S, 0, 2), "log_det", X))
    assert len(wrong.tables) == 3
    assert [wrong.marked(k) for k in range(3)] == [set(), {(0, 2), (2, 0)}, {(0, 2), (2, 0)}]
    assert "✗: wrong, 1 of the 6 entries with i ≤ j" in wrong.text
    assert "✗ disagrees" in wrong.text
    right = page(symgrad.check_gradient(S, "log_det", X))
    assert [right.marked(k) for k in range(3)] == [set()] * 3
    assert "✓ agrees" in right.text
    lower = page(symgrad.check_gradient(2 * np.tril(S) - np.diag(np.diag(S)), "log_det", X))
    assert [lower.marked(k) for k in range(3)] == [set()] * 3
    assert "convention: lower" in "".join(lower.text)


def test_where_nothing_was_judged_nothing_is_marked():
    refused = page(symgrad.check_gradient(np.diag([7.0, 0, 0]), "eigenvalue[0]", np.eye(3)))
    assert "? refused" in refused.text
    assert [refused.marked(k) for k in range(len(refused.tables))] == [set()]
    failed = page(symgrad.check(lambda X: 1 / 0, X, function="det"))
    assert "! failed" in failed.text
    assert "ZeroDivisionError" in "".join(failed.text)


def test_a_gradient_of_another_shape_is_shown_without_marks():
    report = symgrad.check(lambda X: (1.0, np.ones((2, 2))), X, function="det")
    assert report.deviations is None
    shown = page(report)
    assert "✗ disagrees" in shown.text
    assert [shown.marked(k) for k in range(len(shown.tables))] == [set(), set()]


def test_what_a_user_has_named_is_escaped():
    report = symgrad.check_gradient(off(np.linalg.inv(X), 0, 1), "log_det", X)
    record = structs.replace(report.record, function="<script>f</script>", reason="a < b & c")
    named = structs.replace(report, record=record, blame=(BLAME,))
    html = named._repr_html_()
    assert "<script>" not in html
    assert "<lambda>" not in html
    text = "".join(Page(html).text)
    assert "<script>f</script> at a 3×3 matrix" in text
    assert str(BLAME) in text
    assert "a < b & c" in text


def test_a_large_matrix_is_cut_around_the_worst_entry():
    Y, S = large(40)
    shown = page(symgrad.check_gradient(off(S, 21, 30), "log_det", Y))
    rows = [row[0][1] for row in shown.tables[1]]
    assert rows == ["", "0", "1", "2", "…", "21", "…", "30", "…", "39"]
    assert [cell[1] for cell in shown.tables[1][0]] == rows
    assert shown.tables[1][5][7] == ["wrong", f"✗ {S[21, 30] + 1e-3:.6g}"]
    assert {cell[1] for cell in shown.tables[1][4][1:]} == {"…"}
    whole = page(symgrad.check_gradient(large(8)[1], "log_det", large(8)[0]))
    assert [row[0][1] for row in whole.tables[0]] == ["", *map(str, range(8))]


def test_text_takes_the_colours_of_the_page():
    """No colour of text or of the background is set, but for the veil over a wrong entry."""
    style = re.search(
        r"<style>(.*?)</style>", symgrad.check_gradient(X, "det", X)._repr_html_(), re.S
    )
    assert set(re.findall(r"[^-]color: (\S+);", style[1])) <= {"inherit"}
    assert re.findall(r"background: (.*?);", style[1]) == ["rgb(213 94 0 / 0.3)"]


def test_rich_shows_the_contractions_worst_first():
    shown = rendered(symgrad.check_gradient(off(np.linalg.inv(X), 1, 1), "log_det", X))
    first = next(line for line in shown.splitlines() if "✗" in line)
    assert first.split()[:2] == ["✗", "d"]
    assert shown.count("✗") == 1
    assert "log_det at a 3×3 matrix in float64, proposed: disagrees" in shown
    assert "✗" not in rendered(symgrad.check_gradient(np.linalg.inv(X), "log_det", X))


def test_rich_takes_nothing_for_markup_and_cuts():
    Y, S = large(4)
    report = symgrad.check_gradient(2 * S, "log_det", Y)
    record = structs.replace(report.record, reason="[red]not markup[/red]")
    shown = rendered(structs.replace(report, record=record, blame=(BLAME,)))
    assert "[red]not markup[/red]" in shown
    assert "step 3, <lambda> & co (my<file>.py:7): its own backward is wrong" in shown
    assert "and 4 that are less far off" in shown


def test_rich_is_imported_when_it_is_asked_for():
    code = (
        "import sys, numpy as np, symgrad\n"
        "r = symgrad.check_gradient(np.eye(2), 'trace', np.eye(2))\n"
        "str(r), r._repr_html_()\n"
        "print('rich' in sys.modules)\n"
        "r.__rich__()\n"
        "print('rich' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]


def test_an_entry_is_off_in_units_of_its_tolerance():
    (instance,) = choose("log_det", 3)
    reference = true_at(instance, exactly(X)[0])
    S, tolerance = reference.S.high, entry_tolerances(reference, None, "float64")
    for share in (0.5, 2.0):
        G = off(S, 1, 1, share * tolerance[1, 1])
        found = symgrad.check_gradient(G, "log_det", X).deviations
        assert found[1, 1] == pytest.approx(share, rel=0.2)
        assert np.max(np.delete(found.ravel(), 4)) < 0.1


def test_a_printed_entry_may_be_off_by_half_a_unit():
    S = symgrad.derive("log_det", X).gradient
    printed = np.vectorize(lambda x: float(f"{x:.5e}"))(S)
    assert np.max(symgrad.check_gradient(printed, "log_det", X).deviations) > 1e6
    assert np.max(symgrad.check_gradient(printed, "log_det", X, digits=6).deviations) <= 1


def test_a_complex_gradient_may_be_either_conjugate():
    S = symgrad.derive("log_det", H).gradient
    for G in (S, np.conj(S)):
        assert np.max(symgrad.check_gradient(G, "log_det", H).deviations) < 1
    wrong = symgrad.check_gradient(off(S, 0, 1, 1e-3j), "log_det", H).deviations
    assert wrong[0, 1] == wrong[1, 0] > 1e6 > 1 > wrong[0, 0]


def test_what_is_not_finite_is_infinitely_far_off():
    found = symgrad.check_gradient(off(np.linalg.inv(X), 0, 1, np.nan), "log_det", X)
    assert np.isinf(found.deviations[[0, 1], [1, 0]]).all()
    assert np.isfinite(found.deviations[[0, 1, 2], [0, 1, 2]]).all()
    assert page(found).marked(1) == {(0, 1), (1, 0)}
