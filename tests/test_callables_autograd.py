"""Callables of HIPS autograd, recorded by its own tracer."""

import sys

import numpy as onp
import pytest

import symgrad
from tests.array_functions import PLANTED, B, W, Y, of, overlap, spd

autograd = pytest.importorskip("autograd")
np, linalg = autograd.numpy, pytest.importorskip("autograd.scipy.linalg")
special = pytest.importorskip("autograd.scipy.special")
primitive, defvjp = autograd.extend.primitive, autograd.extend.defvjp
FUNCTIONS, BY_NUMPY = of(np), of(onp)


def check(f, X=None, **options):
    return symgrad.check(f, spd() if X is None else X, framework="autograd", **options)


@primitive
def same(x):
    """x, whose gradient is off by a factor."""
    return x * 1.0


defvjp(same, lambda out, x: lambda G: G * (1 + 1e-8))


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.sampled(8)
def test_a_right_gradient_agrees_and_a_planted_one_does_not(name):
    f = FUNCTIONS[name]
    report = check(f)
    assert (report.verdict, report.record.evidence) == ("agrees", "traced"), str(report)
    assert overlap(report.exact, symgrad.derive(BY_NUMPY[name], spd(), framework="numpy"))
    wrong = check(lambda X: f(same(X)))
    assert wrong.verdict == "disagrees"
    assert [(blame.name, blame.custom) for blame in wrong.blame] == [("same", True)]


SPOIL = [lambda S: S]


def spoiled(G):
    return SPOIL[0](G)


@primitive
def logm(X):
    w, V = onp.linalg.eigh(X)
    out = onp.zeros(X.shape)
    out += (V * onp.log(w)) @ V.T
    return out


def of_logm(out, X):
    w, V = onp.linalg.eigh(X)
    apart = w[:, None] - w + onp.eye(len(w))
    slopes = (onp.log(w)[:, None] - onp.log(w)) / apart + onp.diag(1 / w)
    return lambda G: spoiled(V @ (slopes * (V.T @ ((G + G.T) / 2) @ V)) @ V.T)


defvjp(logm, of_logm)


@primitive
def solved(A, b):
    return onp.linalg.solve(A, b)


defvjp(
    solved,
    lambda x, A, b: lambda g: spoiled(-onp.outer(onp.linalg.solve(A.T, g), x)),
    lambda x, A, b: lambda g: onp.linalg.solve(A.T, g),
)


@primitive
def parts(X):
    """The eigenvalues and log |det|, together."""
    w = onp.linalg.eigh(X)[0]
    return w, onp.sum(onp.log(w))


def of_parts(out, X):
    V = onp.linalg.eigh(X)[1]
    return lambda g: spoiled((V * (g[0] + g[1] / out[0])) @ V.T)


defvjp(parts, of_parts)
OWN = {
    "logm": lambda X: np.sum(logm(np.dot(X, X)) * W),
    "solved": lambda X: np.sum(solved(X + B, np.dot(X, Y)) ** 2),
    "parts": lambda X: parts(X)[1] * parts(2 * X)[0][0],
}


@pytest.mark.parametrize("name", OWN)
def test_a_primitive_of_one_s_own_agrees(name):
    report = check(OWN[name])
    assert (report.verdict, report.blame) == ("agrees", ())


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("logm", "one entry doubled", "its own backward is wrong"),
        ("solved", "one triangle dropped", ""),
        ("parts", "a factor", "a factor 1 + 1.0e-08"),
    ],
)
def test_a_primitive_of_one_s_own_is_judged_and_blamed(monkeypatch, name, kind, told):
    monkeypatch.setattr(sys.modules[__name__], "SPOIL", [PLANTED[kind]])
    report = check(OWN[name])
    assert report.verdict == "disagrees"
    assert {(blame.name, blame.custom) for blame in report.blame} == {(name, True)}
    blame = report.blame[0]
    assert told in str(blame)
    assert blame.line.startswith("test_callables_autograd.py:")


CALLS = {
    "solve_triangular": lambda X: np.sum(
        linalg.solve_triangular(np.linalg.cholesky(X), Y, lower=True) ** 2
    ),
    "sqrtm": lambda X: np.trace(linalg.sqrtm(X)),
    "logsumexp": lambda X: special.logsumexp(np.dot(X, W)),
    "array": lambda X: np.linalg.det(np.array([[X[0, 0], X[0, 1]], [X[1, 0], 2.0]])),
    "methods": lambda X: X.T.reshape(2, 8)[1, 3:].sum() * X.trace() + X.ravel()[2] ** 2,
    "inside": lambda X: np.sum(
        autograd.grad(lambda A: np.sum(np.dot(np.linalg.inv(A), W)))(X) ** 2
    ),
    "a branch": lambda X: np.sum(X) if X[0, 0] > 0 else 0.0 * np.sum(X),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_what_autograd_has_besides_numpy(name):
    assert check(CALLS[name]).verdict == "agrees"
    assert check(lambda X: CALLS[name](same(X))).verdict == "disagrees"


@pytest.mark.parametrize("name", ["blocks", "softmax"])
def test_by_forward_mode(name):
    report = check(FUNCTIONS[name], mode="forward")
    if name == "softmax":
        assert report.verdict == "agrees"
    else:
        assert "JVP of slogdet" in report.reason


REFUSED = {
    "out of the box": (lambda X: np.sum(X * X._value), "np.multiply (test_callables_autograd.py:"),
    "no box at the end": (lambda X: np.sum(X._value), "out of its box"),
    "not known": (lambda X: np.sum(np.real(np.fft.fft(X))), "np.fft.fft"),
    "not differentiated": (lambda X: np.linalg.eigvalsh(X)[0], "VJP of eigvalsh"),
    "a vector": (lambda X: X[0], "return one real number"),
    "random numbers": (lambda X: np.sum(X) * onp.random.random(), "the second time"),
    "an error": (lambda X: np.dot(X, np.ones(3)), "it raised ValueError"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_judged_is_refused(name):
    f, told = REFUSED[name]
    report = check(f)
    assert report.verdict == "refused"
    assert told in report.reason
    assert "\n" not in report.reason


def test_a_matrix_of_parameters():
    def kernel(theta):
        return B + theta[0] * np.eye(4) + theta[1] ** 2 * np.outer(Y, Y)

    def f(X):
        return np.linalg.slogdet(X)[1]

    theta = onp.array([0.5, 1.5])
    assert check(f, theta, parameterization=kernel).verdict == "agrees"
    wrong = check(f, theta, parameterization=lambda theta: kernel(same(theta)))
    assert wrong.verdict == "disagrees"
    assert [blame.name for blame in wrong.blame] == ["same"]


def test_an_array_of_numpy_is_numpys_until_autograd_is_named():
    f = next(iter(FUNCTIONS.values()))
    report = symgrad.check(f, spd())
    assert report.verdict == "failed"
    assert "if f is written in autograd.numpy, framework='autograd'" in report.reason
    assert symgrad.check(f, spd(), framework="autograd").verdict == "agrees"


def test_autograd_is_as_it_was():
    before = linalg.solve_triangular
    check(CALLS["solve_triangular"])
    assert linalg.solve_triangular is before
    assert type(autograd.grad(lambda X: np.sum(X**2))(spd())) is onp.ndarray


def gives(factor, jvp=None):
    """x, whose second derivative by reverse mode is off by a factor; forward mode has that rule."""

    @primitive
    def same(x):
        return x * 1.0

    @primitive
    def copied(G):
        return G * 1.0

    defvjp(same, lambda out, x: lambda G: copied(G))
    defvjp(copied, lambda out, G: lambda H: H * factor)
    if jvp:
        autograd.extend.defjvp(same, jvp)
        autograd.extend.defjvp(copied, lambda H, out, G: H * factor)
    return same


def raising(g, out, x):
    raise ValueError("no such slope")


@pytest.mark.parametrize(
    ("factor", "jvp", "verdict"),
    [
        (1.0, None, "agrees"),
        (1 + 1e-8, None, "disagrees"),
        (1.0, lambda g, out, x: g, "agrees"),
        (1.0, lambda g, out, x: g * (1 + 1e-8), "disagrees"),
        (1.0, raising, "failed"),
    ],
)
def test_a_way_without_a_rule_is_told_and_the_others_are_judged(factor, jvp, verdict):
    same = gives(factor, jvp)
    report = check(lambda X: np.sum(same(X) ** 3), order=2)
    assert report.verdict == verdict, str(report)
    lacks = "autograd has no rule for forward over reverse, reverse over forward, forward over "
    assert (lacks in report.reason) == (jvp is None)
    assert ("NotImplementedError: JVP of same" in report.reason) == (jvp is None)


def test_where_no_way_has_a_rule_a_hessian_is_refused():
    report = check(lambda X: np.sum(gives(1.0)(X) ** 3), order=2, mode="forward over reverse")
    assert report.verdict == "refused"
    assert "has no rule" not in report.reason
    bare = primitive(lambda x: x * 1.0)
    report = check(lambda X: np.sum(bare(X) ** 3), order=2)
    assert report.verdict == "refused"
    assert "not defined" in report.reason
    assert "has no rule" not in report.reason
