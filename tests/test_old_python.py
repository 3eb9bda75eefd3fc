"""The worker's side under old Pythons: its syntax, and the frameworks that run there for real."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from symgrad.court.names import family
from symgrad.numeric.environments import build, environments, find_python, variables
from symgrad.studies.findings.record import read_known
from tests.helpers import beside_numpy, judged
from tests.test_isolation import WORKER

ROOT = Path(__file__).parent.parent


def is_old_enough(text):
    """Whether it is Python 3.6, as far as its syntax tells."""
    try:
        tree = ast.parse(text, feature_version=(3, 6))
    except SyntaxError:
        return False
    future = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return not any(node.module == "__future__" for node in future)


IN_WORKERS = sorted(
    {
        *(ROOT / "numeric" / f"{name}.py" for name in (*WORKER, "__init__")),
        *ROOT.glob("numeric/former/*.py"),
        *ROOT.glob("numeric/frameworks/*.py"),
    }
)


@pytest.mark.parametrize("path", IN_WORKERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_runs_in_a_worker_is_python_3_6(path):
    assert is_old_enough(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "if (n := 1): pass",
        "def f(x, /): pass",
        "from __future__ import annotations",
        "match 1:\n    case 1: pass",
    ],
)
def test_what_is_newer_is_noticed(text):
    assert not is_old_enough(text)
    assert is_old_enough("def f(x: int, *, y=1) -> 'dict[str, int]':\n    n: int = 1")


@pytest.fixture
def place(tmp_path):
    """A folder for environments, which are large."""
    yield tmp_path / "kept"
    shutil.rmtree(tmp_path / "kept", ignore_errors=True)


def built(name, folder, version):
    """The interpreter of an environment, built with this Python, or a skip that says why not."""
    (found,) = (e for e in environments() if e.name == name)
    python = find_python(version)
    if python is None:
        pytest.skip(f"{name} was not run: no Python {version} was found")
    reach = [python, "-m", "pip", "download", "--no-deps", "-q", "-d", folder / "pip"]
    done = subprocess.run([*reach, "six==1.17.0"], capture_output=True, env=variables())
    if done.returncode:
        pytest.skip(f"{name} was not run: the pip of {python} finds no packages")
    return build(found, folder, python, print)


@pytest.mark.parametrize("version", ["3.6", "3.7"])
@pytest.mark.slow
def test_numpy_as_it_was_under_an_old_python(tmp_path, place, version):
    name = "numpy@1.16.6"
    python = built(name, place, version)
    status, by = judged(tmp_path, "eigenvalue", "singular_value", *beside_numpy(name, python))
    assert status == 0
    assert {v.verdict for v in by[name]} == {"agrees"}
    assert {v.version for v in by[name]} == {"1.16.6"}
    routes = {v.route for v in by[name] if v.function.startswith("singular_value")}
    assert "np.linalg.svd" in routes
    assert "np.linalg.svd(hermitian=True)" not in routes  # which came with 1.17


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "conventions"),
    [
        (
            "torch@1.0.1",
            {
                "torch.symeig(eigenvectors=True, upper=True)": "upper",
                "torch.symeig(eigenvectors=True, upper=False)": "lower",
            },
        ),
        ("tensorflow@1.14.0", {"tf.linalg.eigh": "lower", "tf.self_adjoint_eig": "lower"}),
    ],
)
def test_the_frameworks_of_the_reference_experiment(tmp_path, place, name, conventions):
    python = built(name, place, "3.7")
    status, by = judged(tmp_path, "eigenvalue", *beside_numpy(name, python))
    assert status == 0
    for route, convention in conventions.items():
        rows = [v for v in by[name] if v.route == route]
        assert {(v.verdict, v.convention) for v in rows} == {("agrees", convention)}


WRONG = {
    "mxnet@1.9.1": {
        *(f"mx.np.linalg.{call}(UPLO={side!r})" for call in ("eigh", "eigvalsh") for side in "LU"),
        "mx.np.linalg.pinv",
    },
    "aesara@2.9.4": {"at.slinalg.solve_triangular(L.T, trans='T')"},
}
"""MXNet returns gradients of zeros, Aesara that by the factor transposed; neither says so."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("theano@1.0.5", "3.7"),
        ("aesara@2.9.4", "3.11"),
        ("chainer@7.8.1", "3.7"),
        ("mxnet@1.9.1", "3.7"),
        ("autograd@1.3", "3.7"),
    ],
)
def test_what_has_ended_or_is_long_past(tmp_path, place, name, version):
    python = built(name, place, version)
    functions = ("eigenvalue", "weighted_pseudoinverse", "cholesky_entry", "log_det", "det")
    functions += ("triangular_solve",) if name == "aesara@2.9.4" else ()
    _, by = judged(tmp_path, *functions, *beside_numpy(name, python))
    wrong = {v.route for v in by[name] if v.verdict == "disagrees"}
    assert wrong == WRONG.get(name, set())
    assert not any(v.verdict == "failed" for v in by[name])
    assert any(v.verdict == "agrees" for v in by[name])


OFFERED = "from symgrad.numeric.former.torch import ROUTES; print(*ROUTES['eigenvalue'], sep='\\n')"


def test_what_pytorch_has_removed_is_not_offered():
    done = subprocess.run(
        [sys.executable, "-c", OFFERED], capture_output=True, text=True, check=True, cwd=ROOT
    )
    offered = done.stdout.splitlines()
    assert "torch.linalg.eigh(UPLO='L')" in offered
    assert not any("symeig" in route or "torch.eig" in route for route in offered)


COMPARED = """
import json, sys
import numpy as np
from symgrad.numeric.former.torch import Framework as Then
from symgrad.numeric.frameworks.torch import Framework as Now

W = [[1.0, 2.0], [3.0, 5.0]]
CONSTANTS = {
    "det": {}, "trace_exp": {}, "weighted_exp": {"W": W}, "weighted_log": {"W": W},
    "projector": {"i": 1, "W": W}, "subspace_projector": {"k": 1, "W": W},
    "truncated_pseudoinverse": {"k": 1, "W": W},
}
for X in (np.array([[2.0, 1.0], [1.0, 4.0]]), np.array([[2.0, 1 + 1j], [1 - 1j, 4.0]])):
    for function, route in json.loads(sys.argv[1]):
        answers = [
            framework().differentiate(framework.routes[function][route], X, constants, str(X.dtype))
            for framework, constants in ((Then, CONSTANTS[function]), (Now, CONSTANTS[function]))
        ]
        same = all(np.allclose(a, b, rtol=1e-9) for a, b in zip(*(x[:2] for x in answers)))
        print(function, route, X.dtype, same)
"""


def test_what_findings_of_pytorch_are_about_was_computed_alike():
    known = [f for f in read_known() if (f.framework, f.mode) == ("torch", "reverse")]
    asked = {(family(f.function), f.route) for f in known if "torch.compile" not in f.route}
    done = subprocess.run(
        [sys.executable, "-c", COMPARED, json.dumps(sorted(asked))],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    told = [line.rpartition(" ")[2] for line in done.stdout.splitlines()]
    assert told == ["True"] * 2 * len(asked), done.stdout
