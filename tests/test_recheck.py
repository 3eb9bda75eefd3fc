"""The re-checker: every function of the catalogue derived anew, and every forgery caught."""

import copy
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from symgrad import cli
from symgrad.court.judging.contraction import skew_part
from symgrad.court.judging.tolerance import entry_tolerances, value_tolerance
from symgrad.studies.appendix.certificate import _case as certified
from symgrad.studies.appendix.recheck import cases, checking, families, intervals, reading
from symgrad.studies.appendix.recheck.judging import Judge
from symgrad.studies.appendix.recheck.spectrum import spectrum_of
from symgrad.studies.appendix.recheck.structures import STRUCTURES, at
from symgrad.symbolic.cases import Case
from symgrad.symbolic.catalogue import CATALOGUE, instances
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS
from symgrad.symbolic.points import draw_points
from tests.records import scenario

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "studies" / "appendix" / "recheck"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "appendix"
    asked = ["weighted_sqrt", "eigenvector_entry", "-f", "numpy", "--quiet"]
    assert cli.main(["appendix", *asked, "--output", str(folder)]) == 0
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "copy"))


def read(folder):
    return json.loads((folder / "certificate.json").read_text())


def seal(folder, certificate):
    """Write a certificate with fresh digests, as one would who can compute them."""
    for name in certificate["files"]:
        if (folder / name).is_file():
            content = (folder / name).read_bytes()
            certificate["files"][name] = hashlib.sha256(content).hexdigest()
    certificate["digest"] = reading.digest(certificate)
    (folder / "certificate.json").write_text(json.dumps(certificate))


def said(folder, capsys):
    """(Exit status, what is printed.)"""
    status = checking.main(str(folder))
    return status, capsys.readouterr().out


def test_a_genuine_folder_holds_and_leaves_the_frameworks_own_answers(folder, capsys):
    seal(folder, read(folder))
    status, out = said(folder, capsys)
    assert status == 0, out
    left = [line for line in out.splitlines() if line.startswith("not checked")]
    assert [line.partition(", and")[0] for line in left] == [
        "not checked: what the frameworks answered, which is recorded",
        "not checked: the document's prose, proofs and claims",
    ]
    told = re.search(r"largest tolerance of a gradient that agrees: (\S+) of ‖S‖", out)
    assert 0 < float(told[1]) < 1e-12


def test_it_stands_by_itself_and_is_run_in_two_ways(folder):
    found = {name for name in sys.stdlib_module_names if not name.startswith("_")}
    for path in FOLDER.glob("*.py"):
        text = path.read_text()
        assert set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE)) <= found, path
        assert not re.search(r"symgrad|numpy|sympy|flint", text), path
    for command in (["-I", "-S", "recheck", "."], ["-S", "-m", "recheck"]):
        run = [sys.executable, *command]
        done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.endswith("all that was checked holds\n")


def first(items, **wanted):
    return next(x for x in items if all(x[key] == value for key, value in wanted.items()))


def agreeing(certificate):
    """A report with an entry off the diagonal, that agrees."""
    return first(certificate["reports"], verdict="agrees", case=0)


def case(certificate):
    return certificate["cases"][0]


def answer(certificate):
    return agreeing(certificate)["answers"][0]


def times(text, factor):
    return (float.fromhex(text) * factor).hex()


def last_digit(text):
    head, exponent = text.split("p")
    return f"{head[:-1]}{'0' if head[-1] != '0' else '1'}p{exponent}"


def entry(rows, change):
    rows[0][1] = change(rows[0][1])


def put(find, key, value):
    return lambda c: find(c).__setitem__(key, value)


def itself(certificate):
    return certificate


FIELDS = {
    "format": put(itself, "format", 1),
    "command": lambda c: c["command"].remove("numpy"),
    "seed": put(itself, "seed", 1),
    "environment": lambda c: c["environment"].update(numpy="1.0"),
    "environment of the rest": lambda c: c["environment"].update(python="3.99"),
    "files": put(itself, "files", {}),
    "cases": put(itself, "cases", []),
    "reports": put(itself, "reports", []),
    "one report less": lambda c: c["reports"].pop(),
    "case function": put(case, "function", "eigenvalue[1]"),
    "case function unknown": put(case, "function", "mine"),
    "case constants": put(case, "constants", {"i": 1}),
    "case dtype": put(case, "dtype", "float16"),
    "case hermitian": put(case, "hermitian", True),
    "case parameterization": put(case, "parameterization", "toeplitz"),
    "case parameterization unknown": put(case, "parameterization", "mine"),
    "case point": lambda c: case(c)["point"].update(a="1/8"),
    "case X": lambda c: entry(case(c)["X"], last_digit),
    "case refusal": put(case, "refusal", "x"),
    "case evidence": put(case, "evidence", "certified"),
    "case value": lambda c: case(c)["value"].__setitem__(0, case(c)["value"][0] + "1"),
    "case value's radius": lambda c: case(c)["value"].__setitem__(1, "1/1000000000"),
    "case high": lambda c: entry(case(c)["high"], last_digit),
    "case low": lambda c: entry(case(c)["low"], lambda x: times(x, 1 + 1e-12)),
    "case radius": lambda c: entry(case(c)["radius"], lambda x: times(x, 1e9)),
    "case radius negative": lambda c: entry(case(c)["radius"], lambda x: "-" + x),
    "case directions": put(case, "directions", []),
    "case directions' name": lambda c: case(c)["directions"][0].__setitem__(0, "z"),
    "case directions' D": lambda c: case(c)["directions"][1][1].pop(),
    "case directions' D empty": lambda c: case(c)["directions"][1].__setitem__(1, []),
    "case directions' middle": lambda c: case(c)["directions"][0][2].__setitem__(0, "1/3"),
    "case directions' radius": lambda c: case(c)["directions"][0][2].__setitem__(1, "1/3"),
    "report case": put(agreeing, "case", 2),
    "report case before the first": put(agreeing, "case", -1),
    "report framework": put(agreeing, "framework", "torch"),
    "report version": put(agreeing, "version", "1.0"),
    "report route": put(agreeing, "route", "np.linalg.inv"),
    "report dtype": put(agreeing, "dtype", "float32"),
    "report returned": put(agreeing, "returned", "float32"),
    "report reads": put(agreeing, "reads", "entries"),
    "report verdict": put(agreeing, "verdict", "refused"),
    "report verdict wrong": put(agreeing, "verdict", "disagrees"),
    "report convention": put(agreeing, "convention", "upper"),
    "report conjugation": put(agreeing, "conjugation", "real"),
    "report reason": put(agreeing, "reason", "because"),
    "report answers": put(agreeing, "answers", []),
    "answer value": lambda c: answer(c).update(value=times(answer(c)["value"], 1 + 1e-9)),
    "answer value NaN": lambda c: answer(c).update(value="nan"),
    "answer gradient": lambda c: entry(answer(c)["gradient"], last_digit),
    "answer gradient gone": lambda c: answer(c).update(gradient=None),
    "answer contracted": lambda c: answer(c)["contracted"].__setitem__(0, "1"),
    "answer tolerances": lambda c: entry(answer(c)["tolerances"], lambda x: times(x, 1.01)),
    "answer tolerances gone": lambda c: answer(c).update(tolerances=None),
    "answer value_tolerance": lambda c: answer(c).update(value_tolerance="0x1.0p-20"),
}


@pytest.mark.sampled(12)
@pytest.mark.parametrize("field", FIELDS)
def test_tampering_with_a_field_is_caught_sealed_anew(folder, capsys, field):
    certificate = read(folder)
    FIELDS[field](certificate)
    seal(folder, certificate)
    status, out = said(folder, capsys)
    assert status == 1, out
    assert "its digest does not hold" not in out


def test_tampering_with_a_field_is_caught_unsealed(made):
    genuine = read(made)
    assert reading.check_files(made, genuine) == ([], [])
    for field, change in FIELDS.items():
        certificate = copy.deepcopy(genuine)
        change(certificate)
        assert reading.digest(certificate) != genuine["digest"], field
    wrong, _ = reading.check_files(made, certificate)
    assert wrong == ["certificate.json: its digest does not hold"]


def test_every_field_of_a_certificate_is_tampered_with(made):
    certificate = read(made)
    report = certificate["reports"][0]
    fields = [*certificate, *(f"case {key}" for key in certificate["cases"][0])]
    fields += [f"report {key}" for key in report]
    fields += [f"answer {key}" for key in report["answers"][0]]
    assert set(fields) - {"digest"} <= set(FIELDS)


def numbers(rows):
    return np.array([[float.fromhex(x) for x in row] for row in rows])


def written(M):
    return [[float(x).hex() for x in row] for row in M]


def spurious(certificate):
    """Each gradient becomes the spurious form, within tolerances of 0.9 ‖S‖."""
    for report in certificate["reports"]:
        if report["verdict"] != "agrees":
            continue
        S = numbers(certificate["cases"][report["case"]]["high"])
        G, wide = 2 * S - np.diag(np.diag(S)), np.full_like(S, 0.9 * np.linalg.norm(S))
        report["convention"], said = "ambiguous", report["answers"][0]
        said.update(gradient=written(G), tolerances=written(wide))
        directions = certificate["cases"][report["case"]]["directions"]
        exact = [
            sum(reading.exactly(said["gradient"][i][j]) * int(d) for i, j, d in D)
            for _, D, _ in directions
        ]
        said["contracted"] = [str(x) for x in exact]


def untold(certificate):
    for report in certificate["reports"]:
        for said in report["answers"]:
            said["tolerances"] = None


def refuse_all(certificate):
    """Every point is refused, with nothing claimed, and so is every gradient."""
    for about in certificate["cases"]:
        about.update(refusal="out of range: x", directions=[], evidence=about["evidence"])
        about.update(dict.fromkeys(("value", "high", "low", "radius")))
    for report in certificate["reports"]:
        report.update(verdict="refused", convention=None, reason="out of range: x")


def refuse_with_another_gradient(certificate):
    about = certificate["cases"][0]
    about["refusal"] = "x"
    entry(about["high"], lambda x: times(x, 2))


def elsewhere(certificate):
    """Another point, and its X."""
    about = certificate["cases"][0]
    about["point"]["a"], about["X"][0][0] = "1/8", (0.125).hex()


def widened(certificate):
    for about in certificate["cases"]:
        for key in ("high", "radius") if about["radius"] else ():
            about[key] = written(numbers(about[key]) * (1 + 1e-3))


def huge(certificate):
    about = certificate["cases"][0]
    about.update(X=[[(1e300).hex()] * 60] * 60, constants={"i": 0})


def outside(certificate):
    certificate["files"]["../copy/README.md"] = certificate["files"]["README.md"]


FORGERIES = [
    spurious,
    untold,
    refuse_all,
    refuse_with_another_gradient,
    elsewhere,
    widened,
    huge,
    outside,
    lambda c: c["files"].pop("appendix.md"),
    lambda c: c["cases"][0]["value"].__setitem__(0, "1e400000000"),
    lambda c: c["cases"][0]["value"].__setitem__(1, "1e-400000000"),
    lambda c: c["cases"][0]["point"].update(a="1e400000000"),
    lambda c: c["cases"][0]["directions"][0][2].__setitem__(1, "1e-400000000"),
    lambda c: entry(c["cases"][0]["X"], lambda x: "0x1.0p+99999999"),
    lambda c: [about.update(directions=[]) for about in c["cases"]],
    lambda c: [d.__setitem__(1, []) for about in c["cases"] for d in about["directions"]],
    lambda c: c.update(seed=float("nan")),
    lambda c: c.update(seed=0.5),
]


@pytest.mark.sampled(8)
@pytest.mark.parametrize("forge", FORGERIES)
def test_a_forgery_that_is_sealed_anew_is_caught(folder, capsys, forge):
    certificate = read(folder)
    forge(certificate)
    seal(folder, certificate)
    status, out = said(folder, capsys)
    assert status == 1, out
    assert out.splitlines()[-1] == "does not hold" or out.startswith("error: ")


def test_a_key_that_is_given_twice_is_caught(folder, capsys):
    path = folder / "certificate.json"
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 1, "seed": 0'))
    status, out = said(folder, capsys)
    assert status == 1
    assert "a key is given twice" in out


DOCUMENT = {
    "a verdict": (r"(\| \d+) of (\d+ \|)", r"\g<1>9 of \g<2>"),
    "a convention": (r"\| lower \| symmetric \|", "| lower | upper |"),
    "an error": (r"\d\.\de-16 \|", "1.2e-10 |"),
    "a version": (r"numpy [\d.]+,", "numpy 1.0,"),
    "a radius": (r"is \d\.\de-3\d", "is 1.0e-40"),
    "a reason": (r"gauge: f", "gage: f"),
    "a matrix": (r"begin\{pmatrix\}(-?)\d\.\d", r"begin{pmatrix}\g<1>9.9"),
    "a row": (r"\n\| numpy .*", ""),
}


@pytest.mark.sampled(4)
def alter(folder, name, pattern, text):
    """Change a document in one place, and seal the folder anew."""
    path = folder / name
    changed, count = re.subn(pattern, text, path.read_text(), count=1)
    assert count == 1
    path.write_text(changed)
    seal(folder, read(folder))


@pytest.mark.parametrize("change", DOCUMENT)
def test_a_document_that_says_another_thing_is_caught(folder, capsys, change):
    alter(folder, "appendix.md", *DOCUMENT[change])
    status, out = said(folder, capsys)
    assert status == 1
    assert "FAILED appendix.md: " in out


def test_a_page_that_says_another_thing_is_caught(folder, capsys):
    alter(folder, "appendix.html", r"(\d) of (\d+</td>)", r"\g<1>9 of \g<2>")
    status, out = said(folder, capsys)
    assert status == 1
    assert "FAILED appendix.html: " in out


def test_a_document_that_is_lost_is_told_among_the_others(folder, capsys):
    (folder / "appendix.md").unlink()
    status, out = said(folder, capsys)
    assert status == 1
    assert "FAILED appendix.md: missing" in out


def test_a_file_that_nobody_certified_is_told(folder, capsys):
    (folder / "more.txt").write_text("more")
    status, out = said(folder, capsys)
    assert status == 0
    assert "not checked: more.txt, which the certificate does not name" in out


def test_its_structures_are_those_of_the_toolkit():
    assert set(STRUCTURES) == set(PARAMETERIZATIONS)
    for name, structure in PARAMETERIZATIONS.items():
        x = structure(4)
        (theta,) = draw_points(x, "symmetric", 1, 0)
        X, slopes = at(name, 4, theta)
        assert tuple(map(tuple, X)) == x.at(theta), name
        assert {k: tuple(D) for k, D in slopes} == x.directions(theta), name


def members(structure, n):
    """Every member of every family, at one point of a structure of size n: what is certified."""
    x = PARAMETERIZATIONS[structure](n)
    for function in CATALOGUE.values():
        (theta,) = draw_points(x, function.usual_domain, 1, 0)
        for instance in instances(function, n):
            asked = Case("chosen", instance, x, theta, "float64", prove=False)
            reference = asked.reference()
            told = certified(scenario(), reference)
            told.update(constants=instance.constants, dtype="float64")
            yield reference, json.loads(json.dumps(told))


EVERY = [("symmetric", 2), ("hermitian", 2)]
SLOW = [("symmetric", 3), ("symmetric", 4), ("symmetric", 6), ("hermitian", 3), ("circulant", 4)]
EVERY += [pytest.param(*about, marks=pytest.mark.slow) for about in [*SLOW, ("kronecker", 6)]]


@pytest.mark.parametrize(("structure", "n"), EVERY)
def test_every_function_is_derived_with_its_tolerances(structure, n):
    assert set(families.FAMILIES) == set(CATALOGUE)
    for reference, told in members(structure, n):
        told["evidence"] = "proved" if may_be_proved(told, structure, n) else "certified"
        truth, left = cases.check_case(told)
        assert left is None
        assert bool(truth.refusal) == (reference.S is None), told["function"]
        if reference.S is None:
            continue
        G = np.triu(reference.S.high) * 2
        skew = np.abs(skew_part(G))
        wide = entry_tolerances(reference, skew, "float64")
        value = value_tolerance(reference, "float64")
        judge = Judge(truth, "float64")
        assert 0 < judge.check(wide.tolist(), skew.tolist(), value) < 1e-9
        with pytest.raises(ValueError, match="tolerances"):
            judge.check((1.01 * wide).tolist(), skew.tolist(), value)


def may_be_proved(told, structure, n):
    short = "weighted_" in told["function"] and told["constants"].keys() == {"W"}
    family = told["function"].partition("[")[0]
    short &= family not in ("weighted_inverse", "weighted_pseudoinverse", "weighted_square")
    return structure == "symmetric" and n <= 3 - short and family != "eigenvector_entry"


@pytest.mark.parametrize("name", ["weighted_exp", "projector", "cholesky_entry"])
def test_a_digit_beyond_a_float_is_seen(name):
    told = next(t for _, t in members("symmetric", 2) if t["function"].startswith(name))
    told["evidence"] = "proved" if may_be_proved(told, "symmetric", 2) else "certified"
    cases.check_case(copy.deepcopy(told))
    told["low"][0][0] = (float.fromhex(told["low"][0][0]) + 1e-28).hex()
    with pytest.raises(ValueError, match="not in its enclosure"):
        cases.check_case(told)


@pytest.mark.parametrize(
    ("name", "X"),
    [
        ("eigenvalue[0]", [[2, 0], [0, 2]]),
        ("log_det", [[1, 2], [2, 1]]),
        ("inverse_entry[0,0]", [[1, 1], [1, 1]]),
        ("nuclear_norm", [[1, 1], [1, 1]]),
        ("spectral_norm", [[0, 1], [1, 0]]),
        ("weighted_log[full]", [[-1, 0], [0, 1]]),
        ("eigenvector_entry[0]", [[1, 0], [0, 2]]),
    ],
)
def test_where_there_is_no_derivative_none_is_derived(name, X):
    exact = tuple(tuple(map(families.Q, row)) for row in X)
    with pytest.raises(intervals.UndefinedError):
        families.derive(name, exact, 1)
    families.derive("trace_exp", exact, 1)


@pytest.mark.parametrize("bits", [64, 256])
def test_intervals_hold_what_they_enclose(bits):
    import flint

    intervals.Interval.bits = bits
    with flint.ctx.workprec(4 * bits):
        for x in (families.Q(1, 7), families.Q(3), families.Q(50, 3), families.Q(1, 10**9)):
            true = flint.arb(flint.fmpq(x.numerator, x.denominator))
            pairs = [
                (intervals.exp(intervals.lift(x)), true.exp()),
                (intervals.log(intervals.lift(x)), true.log()),
                (intervals.sqrt(intervals.lift(x)), true.sqrt()),
                (intervals.cube_root(intervals.lift(x)), true.root(3)),
                (1 / intervals.lift(x), 1 / true),
            ]
            for found, exact in pairs:
                off = abs(exact * flint.arb(2) ** bits - found.m)
                assert off <= found.r
                assert found.r <= 2**12 + (abs(found.m) >> bits // 2)


def test_multiplicities_are_decided_exactly():
    intervals.Interval.bits = 256
    near = families.Q(1, 2**200)
    spectrum = spectrum_of(((2, 0, 0), (0, 2, 0), (0, 0, 2 + near)), 1, 256)
    spectrum_of.cache_clear()
    assert [(c.first, c.count) for c in spectrum.clusters] == [(0, 2), (2, 1)]
