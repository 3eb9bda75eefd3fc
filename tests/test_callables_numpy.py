"""Functions of NumPy, recorded by its own protocols, and gradients that are given beside them."""

import copy
import functools
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.special
from scipy.linalg import cho_factor, cho_solve

import symgrad
from symgrad import cli
from tests.array_functions import PLANTED, B, W, Y, of, overlap, spd

FUNCTIONS = of(np)


def derived(f, X):
    return symgrad.derive(f, X, framework="numpy")


def judged(G, f, X):
    return symgrad.check_gradient(G, f, X, framework="numpy")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_right_gradient_agrees_and_a_planted_one_does_not(name):
    f, X = FUNCTIONS[name], spd()
    found = derived(f, X)
    assert abs(found.value - f(X)) <= 1e-12 * (1 + abs(f(X)))
    slope = (f(X + 1e-6 * B) - f(X - 1e-6 * B)) / 2e-6
    assert abs(np.sum(found.gradient * B) - slope) <= 1e-6 * (1 + abs(slope))
    report = judged(found.gradient, f, X)
    assert (report.verdict, report.record.evidence) == ("agrees", "traced"), str(report)
    for spoil in PLANTED.values():
        assert judged(spoil(found.gradient), f, X).verdict == "disagrees"


def laplacian(X):
    n = len(X)
    L = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if i != j:
                L[i, j] = -(X[i, j] ** 2)
                L[i, i] += X[i, j] ** 2
    return np.linalg.eigvalsh(L)[1]


def likelihood(X):
    c = cho_factor(X, lower=True)
    return 0.5 * Y @ cho_solve(c, Y) + np.log(np.diag(c[0])).sum()


def by_definition(X):
    det = np.linalg.det(np.array([[X[0, 0], X[0, 1]], [X[1, 0], 2.0]]))
    return det + np.linalg.det(np.block([[X, W], [W.T, 5 * B]])) * 1e-3


def in_views(X):
    A = X.copy()
    rows = A.T
    rows[0] = X[1] ** 2
    A[2:, 2:] *= 2
    np.fill_diagonal(A, X[0])
    A[[0, 2], [1, 3]] += A[1, 1]
    np.add.at(A, ([0, 0], [1, 1]), X[3, 3])
    return (A.ravel() ** 2 * W.ravel()).sum() + A.reshape(2, 8)[1, 3]


def in_another_order(X):
    A = X.T + X.T  # whose columns lie in rows, so that the row is a copy
    row = A.reshape(-1)
    row[1] = X[2, 2]
    corner = A[::2, ::2]
    corner *= X[0, 1]
    A[A > 1] = X[0, 0]
    A.T[0] = A[1]
    A.sort(axis=0)
    return (A * W).sum() + row[1] ** 2


def factored(X):
    A = X.copy()
    for k in range(4):
        A[k, k] = np.sqrt(A[k, k])
        A[k + 1 :, k] /= A[k, k]
        for j in range(k + 1, 4):
            A[j:, j] -= A[j:, k] * A[j, k]
    return np.log(np.tril(A).diagonal()).sum()


def accumulated(X):
    total = before = X[0, 0]
    for row in X:
        before = total
        total += row @ row
    return total * before


def matched(X):
    """With what NumPy's arrays are asked for."""
    A = np.asarray(X, float)
    assert isinstance(A, np.ndarray)
    assert A.shape == (4, 4)
    return float(np.linalg.norm(A - B, "fro") ** 2 + copy.deepcopy(A).mean(axis=0).max())


def retried(X):
    shift = 0.0
    while True:
        try:
            return 2 * np.log(np.diag(np.linalg.cholesky(X + (shift - 1.6) * np.eye(4)))).sum()
        except np.linalg.LinAlgError:
            shift += 1.0


OWN = {
    f.__name__: f
    for f in (
        *(laplacian, likelihood, by_definition, in_views, in_another_order, factored),
        *(accumulated, matched, retried),
    )
} | {
    "expm": lambda X: (scipy.linalg.expm(X / 5) * W).sum(),
    "logm": lambda X: (scipy.linalg.logm(X) * W).sum(),
    "sqrtm": lambda X: scipy.linalg.sqrtm(X).trace(),
    "solve_triangular": lambda X: (
        scipy.linalg.solve_triangular(np.linalg.cholesky(X), Y, lower=True) ** 2
    ).sum(),
    "lyapunov": lambda X: (scipy.linalg.solve_continuous_lyapunov(X, B) * W).sum(),
    "a generalized problem": lambda X: np.linalg.norm(np.log(scipy.linalg.eigh(X, B)[0])),
    "logsumexp": lambda X: scipy.special.logsumexp(X @ W, axis=1).sum(),
    "qr": lambda X: np.log(np.abs(np.diag(np.linalg.qr(X @ W)[1]))).sum(),
    "svd": lambda X: (lambda U, S, V: ((U * np.sqrt(S)) @ V * W).sum())(*np.linalg.svd(X @ W)),
    "eig": lambda X: np.linalg.eig(X)[0].max(),
    "powers": lambda X: (np.linalg.matrix_power(X, -3) * W).sum() + np.linalg.cond(X),
    "lstsq": lambda X: (np.linalg.lstsq(X[:, :3], Y)[0] ** 2).sum(),
    "moves": lambda X: (np.pad(np.tril(X), 1, constant_values=2.0) * np.roll(X, 1)[0, 0]).sum(),
    "order": lambda X: np.sort(np.linalg.eigvalsh(X))[1:].sum() * np.median(X) + X.max(),
    "covariance": lambda X: np.linalg.slogdet(np.cov(X @ W) + np.eye(4))[1],
    "tensordot": lambda X: np.tensordot(X, W, axes=([0], [1])).sum() * np.outer(X[0], Y)[1, 2],
    "an ellipsis": lambda X: np.einsum("...ij,...jk->...ik", X, W).cumsum()[-3],
}  # fmt: skip


@pytest.mark.parametrize("name", OWN)
def test_what_numpy_s_arrays_do(name):
    f, X = OWN[name], spd()
    found = derived(f, X)
    assert abs(found.value - f(X)) <= 1e-11 * (1 + abs(f(X)))
    slope = (f(X + 1e-6 * B) - f(X - 1e-6 * B)) / 2e-6
    assert abs(np.sum(found.gradient * B) - slope) <= 1e-5 * (1 + abs(slope))


THEOREMS = {
    "log_det": lambda X: np.linalg.slogdet(X)[1],
    "det": lambda X: np.prod(np.linalg.eigvalsh(X)),
    "trace_exp": lambda X: np.trace(scipy.linalg.expm(X)),
    "nuclear_norm": lambda X: np.abs(np.linalg.eigvalsh(X)).sum(),
    "von_neumann_entropy": lambda X: (lambda w: -(w * np.log(w)).sum())(np.linalg.eigvalsh(X)),
    "eigenvalue[0]": lambda X: np.linalg.eigh(X).eigenvalues[0],
    "condition_number": np.linalg.cond,
}


@pytest.mark.parametrize("name", THEOREMS)
def test_the_enclosure_is_that_of_the_theorem(name):
    X = spd(3) / 4
    theorem = symgrad.derive(name, X)
    assert overlap(derived(THEOREMS[name], X), theorem)
    assert not overlap(derived(lambda X: THEOREMS[name](X) * (1 + 1e-13), X), theorem)


def valued(spoil):
    """log det X with its gradient."""

    def f(X):
        return 2 * np.log(np.diag(np.linalg.cholesky(X))).sum(), spoil(np.linalg.inv(X))

    return f


def test_a_value_with_its_gradient_is_judged():
    assert symgrad.check(valued(lambda G: G), spd()).verdict == "agrees"
    for spoil in PLANTED.values():
        assert symgrad.check(valued(spoil), spd()).verdict == "disagrees"


def test_what_the_gradient_alone_needs_may_be_unknown():
    def f(X):
        G = np.real(np.fft.ifft(np.fft.fft(np.linalg.inv(X))))
        return np.linalg.slogdet(X)[1], (G + G.T) / 2

    assert symgrad.check(f, spd()).verdict == "agrees"
    report = symgrad.check(lambda X: (np.sum(np.real(np.fft.fft(X))), np.eye(4)), spd())
    assert report.verdict == "refused"
    assert "np.fft.fft (test_callables_numpy.py:" in report.reason


def test_a_value_alone_is_told_what_to_do():
    report = symgrad.check(lambda X: np.linalg.slogdet(X)[1], spd())
    assert report.verdict == "failed"
    assert "check_gradient(G, f, X, framework='numpy')" in report.reason


def returned_after(X):
    return float(X.sum()) * 2


def left_and_compared(X):
    value = float(X.sum())
    return max(value, 3.0)


HELPER: dict[str, Any] = {}
exec("from scipy.linalg import eigvalsh\ndef g(X):\n    return eigvalsh(X).sum()", HELPER)
HELPER["f"] = lambda X: HELPER["g"](X)
REFUSED = {
    ".item()": (lambda X: X[0, 0].item() * X[1, 1], ".item() (test_callables_numpy.py:"),
    "a product of float()": (returned_after, "float() (test_callables_numpy.py:"),
    "a comparison of float()": (left_and_compared, "float() (test_callables_numpy.py:"),
    "SciPy": (lambda X: scipy.linalg.lu(X)[2].sum(), "scipy.linalg.lu (test_callables_numpy.py:"),
    "not known": (lambda X: np.interp(0.5, X[0], Y), "np.interp (test_callables_numpy.py:"),
    "into an array": (lambda X: (B.copy().__iadd__(X)).sum(), "write a = a + b"),
    "a dict": (lambda X: {"loss": X[0, 0]}, "it returned dict of the shape ()"),
    "into X": (lambda X: X.__setitem__(0, 1.0) or X.sum(), "writes into X"),
    "complex": (lambda X: np.abs(np.linalg.eigvals(X + 1j * W)).sum(), "of complex numbers"),
    "vectors of eig": (lambda X: np.linalg.eig(X)[1][0, 0], "np.linalg.eigh"),
    "a vector": (lambda X: X[0], "return one real number"),
    "random numbers": (lambda X: X.sum() * np.random.random(), "the second time"),
    "names of another module": (HELPER["f"], "call it as scipy.linalg.eigvalsh"),
    "an error": (lambda X: X @ np.ones(3), "it raised ValueError"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_recorded_is_refused(name):
    f, told = REFUSED[name]
    report = judged(np.eye(4), f, spd())
    assert report.verdict == "refused"
    assert told in report.reason
    assert "\n" not in report.reason


def test_a_refusal_is_not_lost_in_the_function():
    def f(X):
        try:
            return X.sum().item()
        except Exception:
            return 0.0 * X.sum()

    assert judged(np.zeros((4, 4)), f, spd()).verdict == "refused"


def test_a_branch_at_a_tie_is_a_kink():
    def f(X):
        return X.sum() if X[0, 1] > 1 else (X @ X).sum()

    at = np.array([[2.0, 1.0], [1.0, 3.0]])
    assert judged(np.ones((2, 2)), f, at).verdict == "refused"
    beside = at + 1e-3 * np.array([[0, 1], [1, 0]])
    assert judged(np.ones((2, 2)), f, beside).verdict == "agrees"


def test_numpy_and_scipy_are_as_they_were():
    before = (np.zeros, np.array, scipy.linalg.expm, cho_solve)
    derived(likelihood, spd())
    judged(np.eye(4), REFUSED["SciPy"][0], spd())
    assert before == (np.zeros, np.array, scipy.linalg.expm, cho_solve)
    assert type(np.zeros(2)) is np.ndarray


@functools.cache
def cached():
    return np.eye(4), np.zeros((4, 4))


def test_constants_that_are_kept_are_no_state_but_what_is_written_into_them_is():
    def constant(X):
        return np.linalg.slogdet(cached()[0] + X)[1]

    def written(X):
        cached()[1][0] += X[0]
        return cached()[1].sum()

    cached.cache_clear()
    for _ in range(2):
        assert judged(np.linalg.inv(np.eye(4) + spd()), constant, spd()).verdict == "agrees"
    assert judged(np.eye(4), written, spd()).verdict == "refused"
    cached.cache_clear()


@pytest.mark.parametrize("G", [None, "a", {}, [[1, None], [2, 3]]], ids=repr)
def test_a_gradient_that_is_none_fails_and_one_of_another_shape_disagrees(G):
    X = np.array([[2.0, 1.0], [1.0, 3.0]])
    report = symgrad.check(lambda X: (np.trace(X), G), X)
    assert report.verdict == "failed"
    assert "not as numbers" in report.reason
    other = symgrad.check(lambda X: (np.trace(X), 1.0), X)
    assert (other.verdict, other.reason) == (
        "disagrees",
        "the gradient has the shape (), X is 2×2",
    )


def test_single_precision():
    X = spd().astype("float32")
    X = (X + X.T) / 2
    G = np.linalg.inv(X)
    f = FUNCTIONS["gaussian_process"]
    assert judged(derived(f, X).gradient.astype("float32"), f, X).verdict == "agrees"
    logdet = THEOREMS["log_det"]
    assert judged(G, logdet, X).verdict == "agrees"
    assert judged(G * np.float32(1 + 1e-4), logdet, X).verdict == "disagrees"


FILE = """
import numpy as np


def loss(X):
    return np.linalg.slogdet(X)[1], {gradient}
"""


@pytest.mark.parametrize(
    ("gradient", "code"), [("np.linalg.inv(X)", 0), ("np.tril(np.linalg.inv(X))", 1)]
)
def test_a_callable_of_a_file_that_imports_numpy_alone(tmp_path, capsys, gradient, code):
    file = tmp_path / "loss.py"
    file.write_text(FILE.format(gradient=gradient))
    assert cli.main([f"{file}:loss", "--matrix", "2 1; 1 3"]) == code
    assert "numpy " in capsys.readouterr().out


def test_a_file_that_imports_another_framework_too_is_not_numpy_s(tmp_path, capsys):
    pytest.importorskip("autograd")
    file = tmp_path / "loss.py"
    file.write_text(
        "import numpy\nimport autograd.numpy as np\n\n\n"
        "def loss(X):\n    return np.sum(np.dot(X, numpy.eye(2)) ** 2)\n"
    )
    assert cli.main([f"{file}:loss", "--matrix", "2 1; 1 3"]) == 0
    shown = capsys.readouterr().out
    assert "autograd " in shown
    assert "numpy " not in shown
