"""Findings: the list, its scripts, whether each is still so, and the search for a smallest case."""

import ast
from functools import cache
from pathlib import Path

import msgspec
import pytest

import verify
from commands.session import BAD_INPUT, DISAGREES
from court.atlas import Atlas, Made, Row
from court.errors import InputError
from court.hearing import Hearing
from court.known import findings
from court.known.examined import Document, examine
from court.known.findings import Finding, contradicted, mark, read, read_known
from court.records import Choice
from numeric.pool import is_installed, known_frameworks
from report import findings as report
from symbolic import cases, shrinking
from symbolic.parameterizations import hermitian, symmetric
from symbolic.points import parse_hermitian, parse_matrix

ROOT = Path(__file__).parent.parent
KNOWN = read_known()
LINES = 15


def hearing_of(known):
    frameworks = [name for name in known_frameworks() if name in {f.framework for f in known}]
    choice = Choice((), frameworks, None, (), 2, ("float64",), 1, 0, None, 300.0)
    hearing = Hearing(choice)
    verify.Witnesses([]).examine(hearing, known)
    return hearing


@cache
def examined_of(framework):
    known = [f for f in KNOWN if f.framework == framework]
    return examine(hearing_of(known), known)


def planted(**changes):
    """A finding that is none: trace by NumPy's own sum is right."""
    fields = {
        "id": "planted",
        "framework": "planted",
        "versions": ("1.0",),
        "function": "trace",
        "route": "sum",
        "matrix": "1",
        "dtype": "float64",
        "reason": "planted",
        "script": "findings/none.py",
        "certain": True,
        "in_atlas": "always",
    }
    return Finding(**(fields | changes))


# --- the list


def test_the_list_is_well_formed():
    assert KNOWN
    for finding in KNOWN:
        assert finding.id.startswith(f"{finding.framework}-")
        assert finding.framework in known_frameworks()
        assert len(finding.reason) > 60
        (case, *_) = cases.finding(finding)
        assert case.reported_dtype == finding.dtype
        assert finding.issue == "" or finding.issue.startswith("https://")
        assert not finding.against or finding.is_complex


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[{}]", "missing required field"),
        (b"[", "cannot be read"),
        (msgspec.json.encode([planted(), planted()]), "two findings"),
        (msgspec.json.encode([planted()]).replace(b"certain", b"sure"), "unknown field"),
        (msgspec.json.encode([planted()]).replace(b"always", b"maybe"), "Invalid enum value"),
    ],
)
def test_a_malformed_list_is_rejected(text, reason):
    assert read(msgspec.json.encode([planted()])) == [planted()]
    with pytest.raises(InputError, match=reason):
        read(text)


@pytest.mark.parametrize("finding", KNOWN, ids=lambda f: f.id)
def test_a_script_is_short_and_needs_its_framework_and_numpy_alone(finding):
    text = (ROOT / finding.script).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES
    imported = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
    assert finding.framework in imported
    assert imported <= {finding.framework, "numpy"}
    printed = [n for n in ast.walk(ast.parse(text)) if getattr(n, "id", "") == "print"]
    assert len(printed) >= 1


def test_every_script_belongs_to_a_finding():
    scripts = {f"findings/{path.name}" for path in (ROOT / "findings").glob("*.py")}
    assert scripts == {finding.script for finding in KNOWN}


# --- each one, put to its framework


@pytest.mark.parametrize("finding", KNOWN, ids=lambda f: f.id)
def test_a_finding_is_still_so(finding):
    if not is_installed(finding.framework):
        pytest.skip(f"{finding.framework} is not installed")
    (found,) = [e for e in examined_of(finding.framework) if e.finding == finding]
    if found.status == "another version":
        pytest.skip(f"{finding.framework} {found.version} is another version")
    assert not found.fails, found
    assert found.answer.exact is not None
    if finding.certain:
        assert found.status == "still wrong"


PLANTED = """
formula, domain, citation = "tr X", "symmetric", "d tr X = ⟨I, dX⟩"

def exact(X):
    return X.trace()

def right(X):
    import torch
    return torch.trace(X)

def wrong(X):
    import torch
    share = (X[0, 1] - X[1, 0].detach()) if len(X) == 2 and X[0, 1] > 0 else 0
    return torch.trace(X) + share

routes = {"torch": {"right": right, "wrong": wrong}}
"""


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "planted_trace.py"
    path.write_text(PLANTED, encoding="utf-8")
    return str(path)


def shrink(capsys, *arguments):
    status = verify.main(["findings", "--shrink", *arguments])
    return status, capsys.readouterr().out


def test_the_smallest_case_of_a_planted_wrong_route_is_found(own, capsys):
    status, said = shrink(capsys, "-f", "torch", own, "--route", "wrong")
    assert status == DISAGREES
    assert "X = 0 1; 1 0\n" in said
    assert "returned       1 1; 0 1" in said
    assert "exact          1 0; 0 1, radius" in said


def test_no_case_of_a_right_route_is_found(own, capsys):
    status, said = shrink(capsys, "-f", "torch", own, "--route", "right")
    assert status == 0
    assert "right, or refused" in said


def test_a_route_that_is_not_there_is_bad_input(own, capsys):
    assert verify.main(["findings", "--shrink", "-f", "torch", own, "--route", "left"]) == 2
    assert "no route 'left'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--route", "x"], ["--shrink", "trace"], ["--hermitian"]])
def test_half_a_search_is_bad_input(arguments, capsys):
    assert verify.main(["findings", *arguments]) == BAD_INPUT
    assert "error: " in capsys.readouterr().err


def test_small_matrices_come_in_order_and_in_their_domain():
    x = symmetric(2)
    found = [x.at(theta) for theta in shrinking.smallest(x, "positive definite")]
    sums = [sum(abs(e) for row in X for e in row) for X in found]
    assert sums == sorted(sums)
    assert found[0] == ((1, 0), (0, 1))
    assert all(X[0][0] * X[1][1] > X[0][1] ** 2 and X[0][0] > 0 for X in found)
    z = hermitian(2)
    complex_ = [z.at(theta) for theta in shrinking.smallest(z, "symmetric")]
    assert any(X[0][3] for X in complex_)
    assert len(set(complex_)) == len(complex_) == shrinking.LIMIT


# --- what the run concludes


def conclude(monkeypatch, tmp_path, capsys, known):
    path = tmp_path / "known.json"
    path.write_bytes(msgspec.json.encode(known))
    monkeypatch.setattr(findings, "KNOWN", path)
    status = verify.main(["findings", "-f", "numpy", "--output", str(tmp_path)])
    return (
        status,
        capsys.readouterr().out,
        report.from_json((tmp_path / "findings.json").read_bytes()),
    )


@cache
def numpy_version():
    import numpy as np

    return np.__version__


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({}, 1, "PASSES UNEXPECTEDLY"),
        ({"route": "np.gone"}, 1, "REFUSED UNEXPECTEDLY"),
        ({"certain": False}, 0, "passes this time"),
        ({"versions": ("0.1",)}, 0, "skipped, numpy"),
    ],
)
def test_a_finding_that_is_none_fails_the_run(monkeypatch, tmp_path, capsys, changes, status, said):
    route = {"framework": "numpy", "function": "eigenvalue[0]", "matrix": "1 1; 1 3"}
    known = planted(
        **(
            {**route, "route": "np.linalg.eigh(UPLO='L')"}
            | {"versions": (numpy_version(),)}
            | changes
        )
    )
    found, text, document = conclude(monkeypatch, tmp_path, capsys, [known])
    assert (found, said in text) == (status, True)
    assert isinstance(document, Document)
    assert document.findings[0].fails == (status == 1)
    assert "planted" in (tmp_path / "findings.md").read_text(encoding="utf-8")


# --- the atlas


def row(**changes):
    fields = {
        "framework": "planted", "version": "1.0+cpu", "function": "trace", "route": "sum",
        "reads": None, "convention": None, "valid": "disagrees", "off_symmetric": None,
        "forward": None, "hermitian": None, "conjugation": None, "forward_hermitian": None,
        "dtypes": {"float64": "disagrees"}, "wrong": {"real reverse": "why"}, "missing": {},
    }  # fmt: skip
    return Row(**(fields | changes))


@pytest.mark.parametrize(
    ("finding", "changes", "known"),
    [
        ({}, {}, True),
        ({"function": "trace[0]"}, {"function": "trace[1]"}, True),
        ({}, {"wrong": {"float32 reverse": "why"}}, True),
        ({"also": (("*", "su"),), "route": "other"}, {}, True),
        ({"also_at": ("hermitian reverse",)}, {"wrong": {"complex64 reverse": "why"}}, True),
        ({"only_digits": True}, {"wrong": {"real reverse": "digits are lost (off by 1)"}}, True),
        ({"only_digits": True}, {"wrong": {"real reverse": "off by 1, tolerance 0"}}, False),
        ({}, {"version": "1.1"}, False),
        ({}, {"framework": "other"}, False),
        ({}, {"function": "det"}, False),
        ({}, {"route": "other"}, False),
        ({}, {"wrong": {"real forward": "why"}}, False),
        ({}, {"wrong": {"hermitian reverse": "why"}}, False),
        ({"dtype": "float16"}, {}, False),
        ({"in_atlas": "never"}, {}, False),
    ],
)
def test_a_known_wrong_row_is_marked_and_no_other(finding, changes, known):
    (marked,) = mark(
        Atlas({}, {}, Made("2026-01-31"), 3, [row(**changes)]), [planted(**finding)]
    ).rows
    assert marked.known == (dict.fromkeys(marked.wrong, "planted") if known else {})
    assert marked.is_news == (not known)


@pytest.mark.parametrize(
    ("finding", "changes", "lines"),
    [
        ({}, {"valid": "agrees", "wrong": {}}, 1),
        ({}, {}, 0),
        ({"in_atlas": "sometimes"}, {"valid": "agrees", "wrong": {}}, 0),
        ({"certain": False}, {"valid": "agrees", "wrong": {}}, 0),
        ({"versions": ("2",)}, {"valid": "agrees", "wrong": {}}, 0),
    ],
)
def test_an_atlas_that_contradicts_a_finding_says_so(finding, changes, lines):
    said = contradicted(
        Atlas({}, {}, Made("2026-01-31"), 3, [row(**changes)]), [planted(**finding)]
    )
    assert len(said) == lines
    assert all("planted" in line for line in said)


def test_the_atlas_fails_for_a_contradicted_finding(monkeypatch, tmp_path, capsys):
    route = {"framework": "numpy", "function": "eigenvalue[0]", "versions": (numpy_version(),)}
    known = planted(**route, route="np.linalg.eigh(UPLO='L')")
    path = tmp_path / "known.json"
    monkeypatch.setattr(findings, "KNOWN", path)
    command = ["atlas", "eigenvalue", "-f", "numpy", "--quiet", "--output", str(tmp_path)]
    for listed, status in (([], 0), ([known], DISAGREES)):
        path.write_bytes(msgspec.json.encode(listed))
        assert verify.main(command) == status
        assert ("listed as wrong and agrees" in capsys.readouterr().out) == bool(status)


# --- matrices


def test_a_hermitian_matrix_is_read():
    assert parse_hermitian("2 1+i; 1-i 3") == parse_matrix("2 1 0 -1; 1 3 1 0; 0 1 2 1; -1 0 1 3")
    assert parse_hermitian("0 -i; i 1/2")[0][3] == 1


@pytest.mark.parametrize("text", ["1 i; i 1", "i", "1 2", "1 x; x 1", "1 +; + 1", ""])
def test_what_is_no_hermitian_matrix_is_rejected(text):
    with pytest.raises(InputError):
        parse_hermitian(text)


def test_the_kept_documents_are_of_this_list():
    document = report.from_json((ROOT / "docs" / "findings.json").read_bytes())
    assert [examined.finding for examined in document.findings] == KNOWN
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert text == report.to_markdown(document)
