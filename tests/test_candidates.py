"""From what a sweep sees wrong to candidates: the smallest case, its script, and what is none."""

import ast
import json
import subprocess
import sys
from fractions import Fraction
from types import ModuleType

import numpy as np
import pytest

from symgrad import cli
from symgrad.numeric import writing
from symgrad.numeric.frameworks import torch as in_torch
from symgrad.numeric.pool import is_installed
from symgrad.studies.atlas.axes_record import Axes, AxisRow, Wrong, news
from symgrad.studies.atlas.record import Made
from symgrad.studies.findings.candidates import gathered
from symgrad.studies.findings.idioms import RUN
from symgrad.studies.findings.record import Seen, read
from symgrad.studies.findings.scripting import Shown, script
from symgrad.studies.findings.seen import ROUNDS, Round, small_cases, text_of
from tests.test_findings import planted

FILE = '''
"""log det by PyTorch: one route doubles its gradient in large units, and one is right."""
exact = "log_det"
def right(X):
    import torch
    return torch.logdet(X)
def wrong(X):
    import torch
    y = torch.logdet(X)
    factor = 2 if X.detach().abs().max() > 1e6 else 1
    return factor * y - (factor - 1) * y.detach()
routes = {"torch": {"right": right, "wrong": wrong}}
'''


def seen(column, function="log_det", route="planted", kinds=("wrong",)):
    return Seen("torch", "2.13.0+cpu", function, route, (column,), kinds)


@pytest.mark.slow
def test_a_planted_wrong_route_becomes_a_candidate_and_the_right_one_beside_it_none(
    tmp_path, capsys
):
    if not is_installed("torch"):
        pytest.skip("torch is not installed")
    file = tmp_path / "planted_log_det.py"
    file.write_text(FILE)
    command = ["atlas", str(file), "-f", "torch", "--axes", "scale", "--scale", "1/4,1e8"]
    folder = tmp_path / "found"
    status = cli.main([*command, "--output", str(tmp_path), "--candidates", str(folder)])
    assert status == 1
    assert "1 candidates" in capsys.readouterr().out
    (found,) = read((folder / "candidates.json").read_bytes())
    assert (found.route, found.kind, found.matrix) == ("wrong", "wrong", "1e8")
    assert {column.split()[1] for column in found.along} == {"1e8"}
    page = (folder / "candidates.md").read_text(encoding="utf-8")
    assert "still wrong" in page
    assert "right: agrees" in page
    shown = subprocess.run(
        [sys.executable, folder / "scripts" / found.script], capture_output=True, text=True
    )
    assert shown.returncode == 0, shown.stderr
    said = dict(line.split(":", 1) for line in shown.stdout.splitlines())
    value, exact = map(float, said["value"].split(" exact: "))
    assert value == pytest.approx(exact)
    slope, exact = map(float, said["derivative along E"].split(" exact: "))
    assert slope == pytest.approx(2 * exact)


def test_candidates_without_axes_are_bad_input(tmp_path, capsys):
    assert cli.main(["atlas", "det", "--candidates", str(tmp_path)]) == 2
    assert "--candidates are of what --axes shows" in capsys.readouterr().err


def test_news_are_told_by_axis_and_kind_and_what_is_known_is_none():
    wrong = {
        "scale 1e5 float32 reverse": Wrong("why", ("wrong",), 1.0),
        "scale 1e19 float32 reverse": Wrong("why", ("wrong",), 1.0),
        "ties all float64 reverse": Wrong("why", ("not finite",), "NaN"),
        "ties pair float64 reverse": Wrong("why", ("wrong",), 1.0, "an-id"),
        "rank 1 float64 reverse": Wrong("why", (), 1e-12),
    }
    row = AxisRow("torch", "2", "det", "torch.det", {}, wrong, {})
    found = news(Axes({}, {}, Made("2026-01-31"), (), 3, [row]))
    assert [(s.axis, len(s.columns), s.kinds) for s in found] == [
        ("scale", 2, ("wrong",)),
        ("ties", 1, ("not finite",)),
    ]
    assert (found[0].scale, found[0].dtype, found[0].mode) == ("1e5", "float32", "reverse")


def test_one_candidate_is_of_each_route_axis_and_kind():
    alike = [seen("ties all float64 reverse"), seen("ties all float64 reverse", "det")]
    other = [seen("ties all float64 reverse", route="another"), seen("rank 0 float64 reverse")]
    found = gathered([*alike, *other])
    assert [len(s.others) for s in found] == [2, 1, 1]
    assert set(found[0].others) == {("log_det", "planted"), ("det", "planted")}


@pytest.mark.parametrize(
    ("column", "function", "first"),
    [
        ("scale 1e-12 float32 reverse", "log_det", "2e-12 0; 0 1e-12"),
        ("ties all float64 reverse", "log_det", "1 0; 0 1"),
        ("rank 1 float64 reverse", "det", "0 0; 0 0"),
        ("scale 1e30 complex128 reverse", "log_det", "2e30 0; 0 1e30"),
        ("query vjp-lower float64 reverse", "weighted_inverse", "2 0; 0 1"),
        ("query hvp float64 forward over forward", "log_det", "2 0; 0 1"),
    ],
)
def test_small_matrices_are_of_the_axis_and_of_no_other_kind(column, function, first):
    cases = small_cases({7: seen(column, function)}, Round(2, 0, 10), {})
    assert cases[0].label == f"7 {first}"
    for case in cases:
        n = case.parameterization.blocks
        X = np.array(case.parameterization.at(case.theta), dtype=float)
        sizes = np.sort(np.abs(np.linalg.eigvalsh(X)))[::n]
        is_singular = sizes[0] < 1e-6 * max(sizes[-1], 1e-30)
        assert is_singular == column.startswith("rank")
        if not is_singular:
            assert (sizes[1] / sizes[0] < 1 + 1e-6) == column.startswith("ties")
    assert cases[0].query.operator == ("hvp" if "hvp" in column else "gradient")
    assert [ROUNDS[0].n, ROUNDS[-1].n] == [1, 3]


def test_a_matrix_is_written_so_that_it_is_read_back_exactly():
    (case, *_) = small_cases({0: seen("scale 1/3 float64 reverse")}, Round(2, 0, 1), {})
    assert text_of(case) == "2/3 0; 0 1/3"
    large = small_cases({0: seen("scale 33554432 complex64 reverse")}, Round(2, 0, 9), {})
    assert any("i" in text_of(case) for case in large)
    assert Fraction(text_of(large[0]).split()[0]) == 67108864


# --- routes as programs


def written(route):
    namespace = {}
    text = writing.written(route, in_torch)
    exec(text, namespace)
    assert "symgrad" not in text
    return namespace["f"], text


@pytest.mark.parametrize(
    ("function", "route", "holds"),
    [
        ("weighted_log", "torch.linalg.svd", "torch.linalg.svd(X)"),
        ("weighted_exp", "torch.linalg.eigh(UPLO='U')", "torch.linalg.eigh(X, UPLO='U')"),
        ("weighted_inverse", "torch.linalg.solve(left=False)", "left=False"),
        ("trace_exp", "torch.linalg.matrix_exp", "torch.trace(torch.linalg.matrix_exp(X))"),
    ],
)
def test_a_route_is_written_with_its_calls_and_is_the_same_function(function, route, holds):
    torch = pytest.importorskip("torch")
    own = in_torch.ROUTES[function][route]
    f, text = written(own)
    assert holds in text
    X = torch.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
    W = {} if function == "trace_exp" else {"W": torch.tensor([[2.0, 3.0], [3.0, 4.0]]).double()}
    assert torch.equal(f(X, **W), own(X, **W))
    assert not torch.equal(f(X + 1e-9, **W), own(X, **W))


def test_what_has_no_public_name_is_not_written():
    module = ModuleType("planted")
    module.__file__ = in_torch.__file__
    with pytest.raises(writing.UnwrittenError, match="no public name"):
        writing.written(object(), module)


@pytest.mark.slow
@pytest.mark.parametrize("framework", ["torch", "tensorflow", "jax", "autograd", "paddle"])
def test_every_route_can_be_written(framework):
    if not is_installed(framework):
        pytest.skip(f"{framework} is not installed")
    code = (
        "import importlib, sys\n"
        "from symgrad.numeric import writing\n"
        "module = importlib.import_module('symgrad.numeric.frameworks.' + sys.argv[1])\n"
        "for named in module.ROUTES.values():\n"
        "    for route in named.values():\n"
        "        compile(writing.written(route, module), 'f', 'exec')\n"
    )
    run = subprocess.run([sys.executable, "-c", code, framework], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, "(G,) = torch.autograd.grad(loss(x), x)"),
        ({"mode": "forward"}, "slope = torch.func.jvp(loss, (x,), (e,))[1]"),
        ({"route": "torch.compile(backend='aot_eager'): g"}, "torch.compile(loss, backend='aot_"),
        ({"route": "torch.func.vmap: g"}, "torch.func.vmap(one)(x[None])[0]"),
        ({"dtype": "complex128"}, "return y.real"),
        ({"mode": "forward over forward"}, "d = torch.tensor(np.array([[1]])"),
        ({"framework": "jax"}, "G = jax.grad(loss)(x)"),
        ({"framework": "tensorflow", "route": "tf.vectorized_map: g"}, "map(one, x[None])[0]"),
        ({"framework": "casadi", "route": "g (SX)"}, "ca.SX.sym"),
        ({"framework": "pytensor", "route": "pytensor.function(mode='FAST_COMPILE'): g"},
         "pytensor.function([x], y, mode='FAST_COMPILE')"),
    ],
)  # fmt: skip
def test_a_script_differentiates_as_the_finding_does(changes, holds):
    finding = planted(**({"framework": "torch", "route": "g"} | changes))
    shown = Shown([[2.0]], [[1.0]], {"W": [[3.0]]}, 1.0, 2.0, ((1,),))
    text = script(finding, "import torch\n\ndef f(X, W):\n    return torch.sum(W * X)", shown)
    ast.parse(text)
    assert holds in text
    assert script(finding, "", shown) == ""
    assert script(planted(framework="paddle", mode="forward"), "f = g", shown) == ""


CUBES = {
    "torch": "torch.trace(X @ X @ X)",
    "jax": "jnp.trace(X @ X @ X)",
    "tensorflow": "tf.linalg.trace(X @ X @ X)",
    "autograd": "anp.trace(X @ X @ X)",
    "paddle": "paddle.sum(X @ X * X)",  # trace differentiates once
    "pytensor": "pt.trace(X @ X @ X)",
    "casadi": "ca.trace(X @ X @ X)",
}


@pytest.mark.slow
@pytest.mark.parametrize("framework", RUN)
def test_scripts_of_every_mode_print_what_is_true_of_a_right_route(framework):
    """Of tr X³: ⟨3X², E⟩, and ⟨3(XD + DX), E⟩ twice."""
    if not is_installed(framework):
        pytest.skip(f"{framework} is not installed")
    X, E, D = (np.array(M, float) for M in ([[2, 1], [1, 3]], [[0, 1], [1, 0]], [[1, 2], [2, 0]]))
    texts = []
    for mode in RUN[framework][1]:
        is_second = " " in mode or mode == "hessian"
        G = 3 * (X @ D + D @ X) if is_second else 3 * X @ X
        value, slope = float(np.trace(X @ X @ X)), float(np.sum(G * E))
        shown = Shown(X.tolist(), E.tolist(), {}, value, slope, D.tolist() if is_second else ())
        finding = planted(framework=framework, mode=mode)
        texts.append(script(finding, f"def f(X):\n    return {CUBES[framework]}", shown))
    together = "import sys, json\nfor text in json.load(sys.stdin): exec(text, {})"
    run = subprocess.run(
        [sys.executable, "-c", together], input=json.dumps(texts), capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-2000:]
    told = [line.split(":", 1)[1] for line in run.stdout.splitlines() if " exact: " in line]
    assert len(told) == len(texts) + sum("value:" in text for text in texts)
    for found, exact in (line.split(" exact: ") for line in told):
        assert float(found) == pytest.approx(float(exact))
