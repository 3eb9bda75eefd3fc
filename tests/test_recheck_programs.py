"""The re-checker on recorded programs: every operation that it has, and every forgery caught."""

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

from symgrad import callables, cli, traced
from symgrad.court.hearing import Hearing, Recorded
from symgrad.court.questions import Choice, Resources
from symgrad.studies.appendix.certificate import _case, _recorded, certify
from symgrad.studies.appendix.recheck import checking, reading
from symgrad.studies.appendix.recheck.judging import check_report
from symgrad.studies.appendix.recheck.recorded import check_recorded, narrowest
from symgrad.symbolic import here
from tests.records import scenario

TEXT = """
import torch


def loss(X):
    return (2 * X).logdet() + (X @ X).trace() ** 3 + X.abs()[0, 1]


def surrogate(X):
    return (X * X.detach()).sum()


def spectral(X):
    w, V = torch.linalg.eigh(X)
    return ((V * w.exp()) @ V.T).pow(2).sum() + w[0]


def left(X):
    return torch.linalg.eigvalsh(X / X.trace())[0] + X.trace()


def special(X):
    return (X @ X).trace().lgamma()


def turned(X):
    return torch.linalg.eigh(X)[1].sum()


def kinked(X):
    return (X[0, 0] - 2 * X[0, 0] + X[0, 0]).relu() + X.trace()


def complex_one(X):
    return torch.linalg.slogdet(X)[1] + (X @ X).trace().real


def single(X):
    return X.float().logdet().double()


def number(X):
    return torch.tensor(float(X[0, 0].item()))
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "my_loss.py"
    path.write_text(TEXT)
    return path


def certified(file, name, structures=(), points=1, n=2):
    """The certificate of a callable alone, as it is read."""
    choice = Choice(
        resources=Resources(frameworks=["torch"], timeout=60),
        functions=(f"{file}:{name}",),
        parameterizations=structures,
        size=n,
        points=points,
    )
    hearing = Hearing(choice)
    callables.judge(hearing)
    command = [
        "appendix",
        *choice.functions,
        "torch",
        *(f"--parameterization={s}" for s in structures),
    ]
    found = certify([hearing], hearing.versions, [*command, f"--size={n}", "--seed=0"], 0)
    return json.loads(json.dumps(found))


def checked(certificate):
    """(What fails, what is left) of a certificate, without the folder."""
    failed, left = [], []
    judged = [(certificate["cases"][r["case"]], r) for r in certificate["reports"]]
    try:
        failed += checking.check_header(certificate, judged)
        truths = [check_recorded(case) for case in certificate["cases"]]
        left += [why for _, why in truths if why]
        for report in certificate["reports"]:
            _, _, why = check_report(truths[report["case"]][0], report)
            left += [why] if why else []
    except checking.ERRORS as error:
        failed.append(str(error))
    return failed, left


@pytest.fixture(scope="module")
def genuine(file):
    return certified(file, "loss")


def test_a_callable_is_derived_anew_with_its_tolerances_and_verdict(file, genuine):
    assert checked(genuine) == ([], [])
    assert genuine["reports"][0]["verdict"] == "agrees"
    assert genuine["cases"][0]["evidence"] == "traced"
    hermitian = certified(file, "complex_one", ("hermitian",))
    assert hermitian["cases"][0]["hermitian"] is True
    assert checked(hermitian) == ([], [])


def test_a_wrong_gradient_disagrees_here_too(file):
    certificate = certified(file, "surrogate")
    assert certificate["reports"][0]["verdict"] == "disagrees"
    assert checked(certificate) == ([], [])
    certificate["reports"][0].update(verdict="agrees", convention="symmetric")
    assert checked(certificate)[0]


def test_a_program_that_casts_is_judged_in_the_narrower_dtype(file):
    certificate = certified(file, "single")
    assert certificate["reports"][0]["dtype"] == "float32"
    assert checked(certificate) == ([], [])
    left = [*checking.of_programs(certificate["cases"])]
    assert sum("computes in float32 too" in line for line in left) == 1
    certificate["cases"][0]["program"]["casts"] = []
    assert checked(certificate)[0]
    assert not any("computes in" in line for line in checking.of_programs(certificate["cases"]))
    assert narrowest({"dtype": "complex128", "casts": ["float32"]}) == "complex64"


def test_a_program_with_an_operation_that_is_not_known_is_left(file):
    assert checked(certified(file, "spectral")) == ([], [])
    assert "the program of special has lgamma (step" in checked(certified(file, "special"))[1][0]
    certificate = certified(file, "left")
    failed, left = checked(certificate)
    assert failed == []
    assert "the program of left has eigh of a matrix that is no exact one (step" in left[0]
    assert len(left) == 1 + len(certificate["reports"])
    certificate["cases"][0]["program"]["steps"][-1]["operation"] = "unheard of"
    assert checked(certificate)[1]


def test_a_sign_of_an_eigenvector_that_moves_f_is_seen(file):
    certificate = certified(file, "turned")
    assert case(certificate)["refusal"].startswith("my_loss.py")
    assert checked(certificate) == ([], [])
    spectral = certified(file, "spectral")
    case(certificate)["program"] = case(spectral)["program"]
    assert "but has a derivative" in checked(certificate)[0][0]


@pytest.mark.parametrize("name", ["kinked", "number"])
def test_what_is_refused_claims_nothing(file, name):
    certificate = certified(file, name)
    assert certificate["reports"][0]["verdict"] == "refused"
    assert checked(certificate)[0] == []
    assert checked(certificate)[1]
    for key in ("value", "sensitivity", "directions"):
        forged = copy.deepcopy(certificate)
        forged["cases"][0][key] = [["1", "0"]]
        assert checked(forged)[0], key


def case(certificate):
    return certificate["cases"][0]


def step(certificate, operation):
    steps = case(certificate)["program"]["steps"]
    return next(s for s in steps if s["operation"] == operation)


def times(text, factor):
    return (float.fromhex(text) * factor).hex()


def entry(rows, change):
    rows[0][1] = rows[1][0] = change(rows[0][1])


def refuse(c):
    case(c).update(refusal="a kink: x", directions=[])
    case(c).update(dict.fromkeys(("value", "high", "low", "radius", "sensitivity", "roundoff")))
    case(c).update(value_roundoff=None)
    c["reports"][0].update(verdict="refused", convention=None, reason="a kink: x")


def widen(c):
    """Roundings twenty times as large, with the tolerances that follow from them."""
    entry(case(c)["roundoff"], lambda x: times(x, 20))


def step_before(c):
    case(c)["program"]["output"] -= 1


FIELDS = {
    "function": lambda c: case(c).update(function="other"),
    "constants": lambda c: case(c).update(constants={"i": 0}),
    "dtype": lambda c: case(c).update(dtype="float32"),
    "hermitian": lambda c: case(c).update(hermitian=True),
    "parameterization": lambda c: case(c).update(parameterization="toeplitz"),
    "point": lambda c: case(c)["point"].update(a="1/8"),
    "X": lambda c: entry(case(c)["X"], lambda x: times(x, 1.5)),
    "refusal": refuse,
    "evidence": lambda c: case(c).update(evidence="certified"),
    "value": lambda c: case(c)["value"].__setitem__(0, case(c)["value"][0] + "1"),
    "high": lambda c: entry(case(c)["high"], lambda x: times(x, 1 + 1e-15)),
    "low": lambda c: entry(case(c)["low"], lambda x: (float.fromhex(x) + 1e-27).hex()),
    "radius": lambda c: entry(case(c)["radius"], lambda x: times(x, 1e9)),
    "directions": lambda c: case(c)["directions"].pop(),
    "file": lambda c: case(c).update(file="another.py"),
    "sensitivity": lambda c: entry(case(c)["sensitivity"], lambda x: times(x, 1.01)),
    "roundoff": lambda c: entry(case(c)["roundoff"], lambda x: times(x, 1.5)),
    "roundoff, much": widen,
    "value_roundoff": lambda c: case(c).update(value_roundoff=times(case(c)["value_roundoff"], 50)),
    "program": lambda c: case(c).update(program=None),
    "program framework": lambda c: case(c)["program"].update(framework="jax"),
    "program version": lambda c: case(c)["program"].update(version="1.0"),
    "program dtype": lambda c: case(c)["program"].update(dtype="float32"),
    "program size": lambda c: case(c)["program"].update(size=3),
    "program output": step_before,
    "program casts": lambda c: case(c)["program"].update(casts=["float32"]),
    "program steps": lambda c: case(c)["program"]["steps"].pop(),
    "step operation": lambda c: step(c, "add").update(operation="sub"),
    "step inputs": lambda c: step(c, "add")["inputs"].reverse() or step(c, "add")["inputs"].pop(),
    "step inputs, later": lambda c: step(c, "add").update(inputs=[0, 99]),
    "step shapes": lambda c: step(c, "matmul").update(shapes=[[4]]),
    "step index": lambda c: step(c, "take").update(index=[0, 1]),
    "step index, beyond": lambda c: step(c, "take").update(index=[0, 99]),
    "step axes": lambda c: step(c, "sum").update(axes=[1]),
    "step signs": lambda c: step(c, "slogdet").update(signs=[-1]),
    "step constants": lambda c: step(c, "const").update(constants=[(3.0).hex()]),
    "step exponent": lambda c: step(c, "power").update(exponent=(2.0).hex()),
    "answer tolerances": lambda c: entry(
        c["reports"][0]["answers"][0]["tolerances"], lambda x: times(x, 1.01)
    ),
    "answer value_tolerance": lambda c: c["reports"][0]["answers"][0].update(
        value_tolerance="0x1.0p-20"
    ),
    "answer gradient": lambda c: entry(
        c["reports"][0]["answers"][0]["gradient"], lambda x: times(x, 1 + 1e-9)
    ),
    "report verdict": lambda c: c["reports"][0].update(verdict="refused", convention=None),
    "report verdict, wrong": lambda c: c["reports"][0].update(verdict="disagrees"),
}


@pytest.mark.sampled(12)
@pytest.mark.parametrize("field", FIELDS)
def test_tampering_is_caught(genuine, field):
    certificate = copy.deepcopy(genuine)
    FIELDS[field](certificate)
    assert certificate != genuine
    assert checked(certificate)[0], field


def test_every_field_of_a_recorded_case_is_tampered_with(genuine):
    told = case(genuine)
    fields = [*told, *(f"program {key}" for key in told["program"])]
    fields += [f"step {key}" for s in told["program"]["steps"] for key in s]
    in_the_document = {"sha256", "program folded"}
    assert set(fields) - in_the_document <= set(FIELDS)


def batched(torch, X):
    """Of two matrices at once."""
    return torch.stack([X, X @ X + torch.eye(len(X), dtype=X.dtype)])


FUNCTIONS = {
    "arithmetic": lambda t, X: (
        (X * X / (X + 3) - X).sum() + X.max() + X.clamp(min=0.3).sum() + (-X).abs().sum()
    ),
    "movement": lambda t, X: (t.cat([X, X.T[:1]]).flip(0)[1:] * X.diagonal()).cumsum(1).prod(),
    "exponentials": lambda t, X: t.logsumexp(X, 1).sum() + (X / 3).exp().log1p().expm1().sum(),
    "powers": lambda t, X: (X * X + 1).pow(0.7).sum() + X.pow(-2).sum() + X.norm() + X[0, 0] ** 3,
    "circular": lambda t, X: (X.sin() * X.cos()).sum() + (X / 20).tan().sum() + X.atan().sum(),
    "inverse circular": lambda t, X: (X / 20).asin().sum() + (X / 20).acos().prod(),
    "hyperbolic": lambda t, X: (X / 3).sinh().sum() + (X / 3).cosh().sum() + X.tanh().sum(),
    "inverse hyperbolic": lambda t, X: (
        X.asinh().sum() + (X / 20).atanh().sum() + (X + 9).acosh().sum()
    ),
    "activations": lambda t, X: t.nn.functional.gelu(X).sum() + X.sigmoid().sum() + t.erf(X).sum(),
    "solve": lambda t, X: t.linalg.solve(batched(t, X), X).sum() + t.linalg.inv(X)[0, 1],
    "cholesky": lambda t, X: (t.linalg.cholesky(batched(t, X)) ** 2 * X).log1p().sum(),
    "determinants": lambda t, X: t.linalg.det(batched(t, X)).sum() + t.linalg.slogdet(-X)[1],
    "eigenvalues": lambda t, X: (t.linalg.eigvalsh(batched(t, X)).log() ** 2).sum(),
    "eigenvectors": lambda t, X: (t.linalg.eigh(X)[1] ** 2 * X).sum() + t.linalg.eigh(X)[0].prod(),
    "expm": lambda t, X: t.linalg.matrix_exp(batched(t, X) / 8)[:, 0, 1].sum(),
}


def recorded(f, X):
    """(The case of a callable at X, what is true.)"""
    import torch

    M, blocks = here.exactly(X)
    run = traced.record("torch", lambda Y: f(torch, Y), X, M, blocks, "float64", "f")
    reference = run.at(M)
    names = [d.name for d in reference.directions]
    point = {name: str(M[i][j]) for name, (i, j) in zip(names, _above(len(X)), strict=True)}
    told = {**_case(scenario(), reference), "parameterization": "symmetric", "point": point}
    told |= {"constants": {}, "dtype": "float64"}
    told |= _recorded(reference, Recorded(run.program, "f.py", "", tuple))
    return json.loads(json.dumps(told))


def _above(n):
    return [(i, j) for i in range(n) for j in range(i, n)]


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("n", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_every_operation_is_run_there_and_back(name, n):
    X = np.array([[4.25, 1.0, -0.5], [1.0, 3.0, 0.25], [-0.5, 0.25, 2.0]])[:n, :n]
    told = recorded(FUNCTIONS[name], X)
    truth, left = check_recorded(copy.deepcopy(told))
    assert left is None
    assert not truth.left
    scale = max(abs(float.fromhex(x)) for row in told["high"] for x in row)
    told["low"][0][0] = (float.fromhex(told["low"][0][0]) + 1e-28 * scale).hex()
    with pytest.raises(ValueError, match="not in its enclosure"):
        check_recorded(told)


def test_no_rule_is_untried():
    from symgrad.studies.appendix.recheck.backward import PULL
    from symgrad.studies.appendix.recheck.operations import FORWARD, SCALARS

    X = np.array([[4.25, 1.0], [1.0, 3.0]])
    tried = {s["operation"] for f in FUNCTIONS.values() for s in recorded(f, X)["program"]["steps"]}
    assert set(FORWARD) == {*PULL, *SCALARS, "const"}
    assert set(FORWARD) - tried <= {"hold", "reciprocal", "lu", "put_add", "min"}


@pytest.fixture(scope="module")
def made(file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "appendix"
    asked = ["det", f"{file}:loss", f"{file}:left", "-n", "3", "-f", "torch", "--quiet"]
    assert cli.main(["appendix", *asked, "--output", str(folder)]) == 0
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "copy"))


def rechecked(folder):
    command = [sys.executable, "-I", "-S", "recheck", "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_an_appendix_of_callables_is_checked_and_says_what_it_left(made, file):
    done = rechecked(made)
    assert done.returncode == 0, done.stdout
    assert re.search(r"enclosures: \d+ hold, 0 do not, 3 not checked", done.stdout)
    left = [line for line in done.stdout.splitlines() if line.startswith("not checked: ")]
    assert "3 enclosures: the program of left has eigh of a matrix that is no exact" in left[0]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert any(f"what my_loss.py (SHA-256 {digest}) executes" in line for line in left)
    text = (made / "appendix.md").read_text()
    assert "the program as traced at $X$" in text
    assert f"SHA-256 {digest}" in text
    assert "{.theorem #fn:det" in text
    assert "#fn:loss" not in text
    assert r"\frac{\partial f}{\partial a}=" in text


DOCUMENT = {
    "operations": (r"(\| loss \| )(\d+)", r"\g<1>1\g<2>"),
    "held": (r"(\| loss \| \d+ \| )0", r"\g<1>1"),
    "computed without X": (r"(\| loss \| \d+ \| 0 \|  \| )", r"\g<1>seed"),
    "sha256": (r"SHA-256 [0-9a-f]", "SHA-256 x"),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", DOCUMENT)
def test_a_document_that_tells_of_another_program_is_caught(folder, capsys, change):
    path = folder / "appendix.md"
    text, count = re.subn(*DOCUMENT[change], path.read_text())
    assert count
    path.write_text(text)
    certificate = json.loads((folder / "certificate.json").read_text())
    certificate["files"]["appendix.md"] = hashlib.sha256(text.encode()).hexdigest()
    certificate["digest"] = reading.digest(certificate)
    (folder / "certificate.json").write_text(json.dumps(certificate))
    assert checking.main(str(folder)) == 1
    assert "FAILED appendix.md: " in capsys.readouterr().out


@pytest.mark.slow
def test_tampering_is_caught_unsealed_and_sealed(folder, capsys):
    genuine = json.loads((folder / "certificate.json").read_text())
    traced_at = [c for c in genuine["cases"] if c["function"] == "loss"]
    genuine["cases"][genuine["cases"].index(traced_at[0])]["program"]["folded"] = ["seed"]
    (folder / "certificate.json").write_text(json.dumps(genuine))
    assert checking.main(str(folder)) == 1
    assert "its digest does not hold" in capsys.readouterr().out
    genuine["digest"] = reading.digest(genuine)
    (folder / "certificate.json").write_text(json.dumps(genuine))
    assert checking.main(str(folder)) == 1
    assert "the tables of programs are not those" in capsys.readouterr().out


@pytest.mark.slow
def test_a_callable_that_is_not_what_its_file_defines_is_refused(tmp_path, capsys):
    path = tmp_path / "two.py"
    path.write_text(TEXT + "\n\ndef exact(X):\n    return X.trace()\n")
    folder = tmp_path / "appendix"
    assert cli.main(["appendix", f"{path}:loss", "-f", "torch", "--output", str(folder)]) == 2
    assert "is not the exact of its file" in capsys.readouterr().err
    assert not folder.exists()
