"""Findings: the list, its scripts, whether each is still so, and the search for a smallest case."""

import ast
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest

from symgrad import cli, inquiry
from symgrad.commands.session import BAD_INPUT, DISAGREES
from symgrad.court.errors import InputError
from symgrad.court.hearing import Hearing
from symgrad.numeric.pool import is_installed, known_frameworks
from symgrad.report.pages import linked
from symgrad.studies.atlas import page as tables
from symgrad.studies.atlas.axes_record import AxisRow
from symgrad.studies.atlas.known import contradicted, mark
from symgrad.studies.atlas.record import Atlas, Made, Row
from symgrad.studies.findings import cases, plan
from symgrad.studies.findings import page as report
from symgrad.studies.findings import record as findings
from symgrad.studies.findings.issue import clause
from symgrad.studies.findings.portable import portable
from symgrad.studies.findings.record import (
    CLASSES,
    Finding,
    ranked,
    read,
    read_known,
)
from symgrad.studies.findings.rule import Answer, Document, Examined, examine, lost
from symgrad.symbolic import shrinking
from symgrad.symbolic.parameterizations import hermitian, symmetric
from symgrad.symbolic.points import parse_hermitian, parse_matrix
from tests.records import choice

ROOT = Path(__file__).parent.parent
KNOWN = read_known()
SCRIPTS = ROOT / findings.SCRIPTS
LINES = 15


def hearing_of(known):
    frameworks = [name for name in known_frameworks() if name in {f.framework for f in known}]
    hearing = Hearing(choice(frameworks=frameworks, timeout=300.0))
    inquiry.listen(hearing, plan.examined(known))
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
        "kind": "wrong",
        "reason": "planted",
        "documentation": "planted",
        "script": "none.py",
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
        assert len(finding.documentation) > 60
        assert not finding.only_digits or finding.framework == "paddle" or finding.kind == "value"
        (case, *_) = cases.examined(finding)
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
    text = (SCRIPTS / finding.script).read_text(encoding="utf-8")
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
    scripts = {path.name for path in SCRIPTS.glob("*.py")}
    assert scripts == {finding.script for finding in KNOWN}


# --- each one, put to its framework


@pytest.mark.sampled(4)
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
    if found.status == "still wrong":
        check_the_rule(finding, found.answer)


def check_the_rule(finding, answer):
    """At least half of the digits are gone, and the value is right where it is not at fault."""
    bits = {"float64": 26.5, "complex128": 26.5 - 0.75, "float32": 12, "bfloat16": 4}
    half = 2.0 ** -bits[finding.dtype]
    if finding.kind == "raises":
        assert answer.verdict == "failed"
        return
    if finding.kind == "value":
        value, exact = float(answer.value), float(answer.exact_value)
        assert abs(value - exact) / abs(exact) >= half
        return
    assert answer.value_error < half
    if finding.against:
        return
    G = np.array([[complex(*np.atleast_1d(e)) for e in map(floats, r)] for r in answer.gradient])
    S = np.array([[complex(*np.atleast_1d(e)) for e in map(floats, r)] for r in answer.exact])
    errors = [np.linalg.norm((M + M.conj().T) / 2 - S) for M in (G, G.conj())]
    assert np.all(np.isfinite(G)) == (finding.kind != "not finite") or finding.kind == "unstable"
    assert not min(errors) < half * np.linalg.norm(S)


def floats(entry):
    return tuple(map(float, entry)) if isinstance(entry, tuple) else float(entry)


@pytest.mark.parametrize(
    ("changes", "dtype", "kinds"),
    [
        ({"error": 2e-8}, "float64", ("wrong", "unstable")),
        ({"error": 1e-8}, "float64", ()),
        ({"error": 1e-13}, "float64", ()),
        ({"error": "NaN"}, "float64", ("not finite", "unstable")),
        ({"error": None}, "float64", ()),
        ({"error": 2e-8}, "float32", ()),
        ({"error": 3e-4}, "float32", ("wrong", "unstable")),
        ({"error": 0.05}, "bfloat16", ()),
        ({"error": 0.2}, "bfloat16", ("wrong", "unstable")),
        ({"error": 1.0, "value_error": 2e-8}, "float64", ("value",)),
        ({"error": 1.0, "value_error": "NaN"}, "float64", ("value",)),
        ({"error": 1.0, "value_error": 1e-9}, "float64", ("wrong", "unstable")),
    ],
)
def test_half_of_the_digits_are_what_makes_a_finding(changes, dtype, kinds):
    errors = {"error": 0.0, "value_error": 0.0} | changes
    answer = Answer("trace", "1", "disagrees", "", 1.0, None, None, None, None, **errors)
    assert lost(answer, dtype) == kinds


ALIASES = {"jnp": "jax.numpy", "tf": "tensorflow", "pt": "pytensor.tensor"}
DOCSTRINGS = """
import importlib, json, sys
found = {}
for name in sys.argv[1:]:
    parts = name.split(".")
    thing = importlib.import_module(parts[0])
    for k, part in enumerate(parts[1:], 2):
        try:
            thing = getattr(thing, part)
        except AttributeError:
            thing = importlib.import_module(".".join(parts[:k]))
    found[name] = thing.__doc__
print(json.dumps(found))
"""


def plain(text):
    """A docstring, or a quotation from one, without its markup and its line breaks."""
    return " ".join(re.sub(r":attr:|:func:|:math:|[`*\\\\]", "", text).split())


def quoted(finding):
    """The call whose docstring is quoted in a finding, if one is, and the pieces of it."""
    named = re.match(r"([\w.]+\.\w+)(?:, which is wrapped[^“]*)?: ", finding.documentation)
    if not named:
        return "", []
    alias, _, rest = named[1].partition(".")
    quotations = re.findall("“(.*?)”", finding.documentation)
    pieces = [piece for text in quotations for piece in text.split("…")]
    pieces = [plain(piece).rstrip(".") for piece in pieces if piece.strip()]
    return f"{ALIASES.get(alias, alias)}.{rest}", pieces


def misquoted(known):
    """What is quoted in some findings, and does not stand in the docstring of the call."""
    quotations = [(f.id, *quoted(f)) for f in known]
    names = sorted({name for _, name, _ in quotations if name})
    command = [sys.executable, "-W", "ignore", "-c", DOCSTRINGS, *names]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    docs = {name: plain(text) for name, text in json.loads(said.splitlines()[-1]).items()}
    told = [(i, docs[name], p) for i, name, pieces in quotations for p in pieces if name]
    assert told
    return [(i, piece) for i, text, piece in told if piece not in text]


@pytest.mark.parametrize("framework", sorted({f.framework for f in KNOWN}))
@pytest.mark.sampled(3)
def test_what_a_finding_quotes_stands_in_the_documentation(framework):
    if not is_installed(framework):
        pytest.skip(f"{framework} is not installed")
    assert misquoted([f for f in KNOWN if f.framework == framework]) == []


def test_a_quotation_that_stands_nowhere_is_found():
    right = "numpy.linalg.eigh: “a complex Hermitian … real symmetric matrix”, and so on."
    wrong = right.replace("real", "unreal")
    known = [planted(documentation=right), planted(id="other", documentation=wrong)]
    assert misquoted(known) == [("other", "unreal symmetric matrix")]


def test_findings_are_listed_by_class():
    ranks = [finding.rank for finding in ranked(KNOWN)]
    assert ranks == sorted(ranks, key=list(CLASSES).index)
    assert set(ranks) <= set(CLASSES)
    told = ranked(
        [
            planted(id="d", documented=True),
            planted(id="r", kind="raises"),
            planted(id="u", kind="unstable"),
            planted(id="n", kind="not finite"),
            planted(id="w"),
            planted(id="v", kind="value"),
        ]
    )
    assert [finding.id for finding in told] == ["w", "v", "u", "n", "r", "d"]


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
    status = cli.main(["findings", "--shrink", *arguments])
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
    assert cli.main(["findings", "--shrink", "-f", "torch", own, "--route", "left"]) == 2
    assert "no route 'left'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--route", "x"], ["--shrink", "trace"], ["--hermitian"]])
def test_half_a_search_is_bad_input(arguments, capsys):
    assert cli.main(["findings", *arguments]) == BAD_INPUT
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
    status = cli.main(["findings", "-f", "numpy", "--output", str(tmp_path)])
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
        ({"kind": "raises"}, 1, "PASSES UNEXPECTEDLY"),
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


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("torch-det-singular", 0, ["```python", "expected: `1 -1; -1 1`", "torch 2.", "adjugate"]),
        ("torch-det", 2, ["unknown finding 'torch-det'"]),
    ],
)
def test_a_report_is_an_issue_that_maintainers_can_use(name, status, said, capsys):
    if not is_installed("torch"):
        pytest.skip("torch is not installed")
    assert cli.main(["findings", "--report", name, "-f", "torch", "-f", "numpy"]) == status
    told = "".join(capsys.readouterr())
    for text in said:
        assert text in told
    if not status:
        assert "numpy" in told
        assert "(G + Gᴴ)/2" in told
        assert (SCRIPTS / "torch_det_singular.py").read_text(encoding="utf-8").rstrip() in told


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("off by 5, tolerance 1e-13; it is the same beside X", "off by 5, tolerance 1e-13"),
        ("word " * 40, " ".join(["word"] * 31) + " …"),
    ],
)
def test_a_reason_in_an_issue_is_no_half_of_a_clause(reason, told):
    assert clause(reason) == told


@pytest.mark.parametrize(
    ("along", "column", "covered"),
    [
        (("scale 1e-12",), "scale 1e-12 float32 reverse", True),
        (("scale 1e-12",), "scale 1e-30 float32 reverse", False),
        (("ties",), "ties pair complex64 forward", True),
        ((), "ties pair complex64 forward", False),
    ],
)
def test_a_finding_is_known_in_the_columns_that_it_names(along, column, covered):
    assert planted(along=along).covers_axis(column) == covered


@pytest.mark.parametrize(
    ("name", "function", "route", "column", "known"),
    [
        ("pytensor-det-raises", "det", "pt.linalg.det", "rank 1 float32 reverse", True),
        ("pytensor-lu-singular", "det", "pt.linalg.lu", "rank 0 float64 reverse", True),
        ("tensorflow-det-raises", "det", "tf.linalg.slogdet", "rank 1 complex64 reverse", True),
        ("casadi-eig-symbolic-repeated", "det", "ca.eig_symbolic", "rank 0 float64 forward", True),
        ("jax-norm-zero", "trace_square", "jnp.linalg.norm(X)**2", "rank 0 float64 reverse", True),
        ("casadi-eig-symbolic-repeated", "det", "ca.eig_symbolic", "rank 1 float64 forward", False),
        ("pytensor-det-raises", "det", "pt.linalg.det", "ties all float64 reverse", False),
        ("pytensor-det-raises", "log_det", "pt.linalg.det", "rank 1 float64 reverse", False),
        ("pytensor-det-raises", "det", "pt.prod(eigvalsh)", "rank 1 complex128 reverse", False),
    ],
)
def test_what_fails_at_singular_matrices_is_known_by_its_route(
    name, function, route, column, known
):
    finding = next(f for f in KNOWN if f.id == name)
    asked = AxisRow(finding.framework, finding.versions[-1], function, route, {}, {}, {})
    found = [f.id for f in KNOWN if f.is_of_cause(asked) and f.covers_axis(column)]
    assert found == ([name] if known else [])


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
        ({"only_digits": True}, {"lost": ["real reverse"]}, True),
        ({"only_digits": True}, {"lost": ["float32 reverse"]}, False),
        ({}, {"version": "1.1"}, False),
        ({}, {"framework": "other"}, False),
        ({}, {"function": "det"}, False),
        ({}, {"route": "other"}, False),
        ({}, {"wrong": {"real forward": "why"}}, False),
        ({}, {"wrong": {"hermitian reverse": "why"}}, False),
        ({"dtype": "float16"}, {}, False),
        ({"in_atlas": "never"}, {}, False),
        ({"kind": "raises"}, {}, False),
    ],
)
def test_a_known_wrong_row_is_marked_and_no_other(finding, changes, known):
    (marked,) = mark(
        Atlas({}, {}, Made("2026-01-31"), 3, [row(**changes)]), [planted(**finding)]
    ).rows
    assert marked.known == (dict.fromkeys(marked.wrong, "planted") if known else {})
    assert marked.is_news == (not known)


@pytest.mark.parametrize(
    ("finding", "changes", "known"),
    [
        ({"kind": "raises"}, {}, True),
        ({"kind": "raises"}, {"wrong": {"hermitian reverse": "why"}}, False),
        ({"kind": "raises", "version": "2"}, {}, False),
        ({"kind": "wrong"}, {}, False),
    ],
)
def test_a_row_that_fails_is_news_unless_a_finding_says_that_it_raises(finding, changes, known):
    fails = {"valid": "failed", "wrong": {}, "missing": {"real reverse": "an error"}}
    version = {"versions": (finding.get("version", "1.0"),)}
    listed = planted(kind=finding["kind"], **version)
    made = Atlas({}, {}, Made("2026-01-31"), 3, [row(**(fails | changes))])
    (marked,) = mark(made, [listed]).rows
    assert marked.is_news == (not known)
    told = "an error (known: planted)" in tables.to_markdown(mark(made, [listed]))
    assert told == (marked.known.get("real reverse") == "planted")


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
        assert cli.main(command) == status
        assert ("listed as wrong and agrees" in capsys.readouterr().out) == bool(status)


# --- what is kept


def kept(finding, **changes):
    """What is kept of an answer that is otherwise wrong in the first digit."""
    fields = {
        "function": "trace", "matrix": "1", "verdict": "disagrees", "reason": "off by 0.123456789",
        "value": 2.0000000000000004, "exact_value": None, "exact": None, "radius": None,
        "gradient": [[0.12345678901, (1e-17, -3.0)], ["NaN", 2.0]],
        "error": 0.87654321, "value_error": 2e-16,
    }  # fmt: skip
    examined = Examined(finding, "1.0", "still wrong", Answer(**(fields | changes)))
    (found,) = portable(Document({}, {}, [examined])).findings
    return found.answer


def test_what_is_kept_of_a_wrong_formula_has_the_digits_that_every_processor_has():
    found = kept(planted())
    assert found.gradient == [[0.1235, (0.0, -3.0)], ["NaN", 2.0]]
    assert (found.value, found.error, found.value_error, found.reason) == (2.0, 0.8765, 0.0, "")
    assert kept(planted(), verdict="agrees", reason="why").reason == "why"


@pytest.mark.parametrize("changes", [{"kind": "unstable"}, {"certain": False}])
def test_nothing_is_kept_of_noise(changes):
    found = kept(planted(**changes))
    assert (found.gradient, found.value, found.error, found.value_error) == (None,) * 4
    assert found.verdict == "disagrees"


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
    assert [examined.finding for examined in document.findings] == ranked(KNOWN)
    assert document == portable(document)
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert text == linked(report.to_markdown(document), ROOT / "docs")
