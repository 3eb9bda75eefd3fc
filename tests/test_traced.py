"""Programs differentiated exactly: against the catalogue's own theorems, and what is refused."""

from fractions import Fraction

import numpy as np
import pytest

from symgrad.court.judging.tolerance import entry_tolerances
from symgrad.court.program import read, write
from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.tape import Tape
from symgrad.symbolic import traced
from symgrad.symbolic.here import resolve, true_at
from symgrad.symbolic.traced import noise, rules
from symgrad.symbolic.traced.floats import Floats
from symgrad.symbolic.traced.sweep import Course


def spd(n, seed=0):
    A = np.random.default_rng(seed).standard_normal((n, n))
    return (A @ A.T + (A @ A.T).T) / 2 + np.eye(n)


def exactly(X):
    return tuple(tuple(map(Fraction, row)) for row in np.asarray(X, float).tolist())


def recorded(f, X):
    tape = Tape("numpy", "2", "float64", len(X))
    return tape.finish(f(tape, tape.input(np.asarray(X, float))))


def certify(f, X, **about):
    return traced.certify(recorded(f, X), exactly(X), "f", **about)


def diagonal(t, v):
    return t.take(v, np.diagonal(v.places))


def spectral(t, X, phi):
    w, V = c.eigh(t, X)
    return t.matmul(t.binary("mul", V, phi(w)), t.mT(V))


LOG_DET = {
    "slogdet": lambda t, X: c.slogdet(t, X)[1],
    "det": lambda t, X: t.unary("log", t.emit("det", [X])[0]),
    "cholesky": lambda t, X: t.sum(
        t.binary("mul", 2.0, t.unary("log", diagonal(t, c.cholesky(t, X))))
    ),
    "eigh": lambda t, X: t.sum(t.unary("log", c.eigh(t, X)[0])),
    "lu": lambda t, X: t.sum(t.unary("log", diagonal(t, c.lu(t, X, np.arange(X.shape[0]))))),
    "svd": lambda t, X: t.sum(t.unary("log", c.svd(t, X)[1])),
    "qr": lambda t, X: t.sum(t.unary("log", diagonal(t, c.qr(t, X)[1]))),
    "log by eigh": lambda t, X: t.sum(diagonal(t, spectral(t, X, lambda w: t.unary("log", w)))),
    "log1p": lambda t, X: t.unary("log1p", t.binary("sub", t.emit("det", [X])[0], 1.0)),
}
OTHERS = {
    "expm": ("trace_exp", lambda t, X: t.sum(diagonal(t, t.emit("expm", [X])[0]))),
    "exp by eigh": (
        "trace_exp",
        lambda t, X: t.sum(diagonal(t, spectral(t, X, lambda w: t.unary("exp", w)))),
    ),
    "eigh": ("eigenvalue[0]", lambda t, X: t.take(c.eigh(t, X)[0], np.array(0))),
    "matmul": (
        "trace_cube",
        lambda t, X: t.sum(diagonal(t, t.matmul(X, t.matmul(X, X)))),
    ),
    "einsum": ("trace_cube", lambda t, X: c.einsum(t, "ij,jk,ki->", [X, X, X])),
    "power": ("trace_square", lambda t, X: t.sum(t.power(X, 2))),
    "norm": ("trace_square", lambda t, X: t.power(c.norm(t, X), 2)),
    "max": ("largest_eigenvalue", lambda t, X: c.reduce_max(t, c.eigh(t, X)[0], None)),
    "sort": (
        "smallest_eigenvalue",
        lambda t, X: t.take(
            c.sort(t, c.eigh(t, X)[0], descending=True)[0], np.array(X.shape[0] - 1)
        ),
    ),
}


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("way", [*LOG_DET, *OTHERS])
def test_a_program_has_the_gradient_of_its_function(way, n):
    name, f = OTHERS[way] if way in OTHERS else ("log_det", LOG_DET[way])
    X = spd(n)
    found, known = certify(f, X), true_at(resolve(name, n), exactly(X))
    assert (found.refusal, found.evidence) == ("", "traced")
    off = np.abs((found.S.high - known.S.high) + (found.S.low - known.S.low))
    assert np.all(off <= found.S.radius + known.S.radius)
    assert np.max(found.S.radius) <= 1e-31 * np.max(np.abs(known.S.high))
    assert abs(found.value.mid - known.value.mid) <= found.value.radius + known.value.radius
    size = np.linalg.norm(known.sensitivity)
    assert np.linalg.norm(found.sensitivity) == pytest.approx(size, rel=0.5, abs=1e-6)
    assert np.all(entry_tolerances(found, None, "float64") < 1e-12 * np.max(np.abs(X)) ** 3 * 1e3)


def test_a_program_crosses_as_it_is():
    program = recorded(LOG_DET["svd"], spd(3))
    assert read(write(program)) == program


SLOPES = {
    "expm1": np.exp,
    "reciprocal": lambda x: -1 / x**2,
    "sin": np.cos,
    "cos": lambda x: -np.sin(x),
    "tan": lambda x: 1 / np.cos(x) ** 2,
    "asin": lambda x: 1 / np.sqrt(1 - x**2),
    "acos": lambda x: -1 / np.sqrt(1 - x**2),
    "atan": lambda x: 1 / (1 + x**2),
    "sinh": np.cosh,
    "cosh": np.sinh,
    "tanh": lambda x: 1 - np.tanh(x) ** 2,
    "asinh": lambda x: 1 / np.sqrt(1 + x**2),
    "atanh": lambda x: 1 / (1 - x**2),
    "logistic": lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2,
    "erf": lambda x: 2 / np.sqrt(np.pi) * np.exp(-(x**2)),
    "sqrt": lambda x: 0.5 / np.sqrt(x),
    "exp": np.exp,
    "log": lambda x: 1 / x,
    "lgamma": lambda x: noise.Floats().entrywise("digamma", x),
    "digamma": lambda x: noise.Floats().trigamma(x),
    "neg": lambda x: -np.ones_like(x),
    "abs": np.sign,
}


@pytest.mark.parametrize("name", SLOPES)
def test_scalars_have_their_derivatives(name):
    X = np.array([[0.5, 0.25], [0.25, 0.75]])
    found = certify(lambda t, x: t.sum(t.unary(name, x)), X)
    assert found.refusal == ""
    assert np.allclose(found.S.high, SLOPES[name](X), rtol=1e-13)


def test_acosh_beyond_one():
    X = np.array([[2.0, 1.5], [1.5, 3.0]])
    found = certify(lambda t, x: t.sum(t.unary("acosh", x)), X)
    assert np.allclose(found.S.high, 1 / np.sqrt(X**2 - 1), rtol=1e-13)


@pytest.mark.parametrize("exponent", [0.3, -0.7, -1.1, 0.45, 2.3, 1 / 3, -1.5, 3])
def test_a_power_has_its_derivative_whether_or_not_the_exponent_less_1_is_a_float(exponent):
    X = np.array([[0.5, 0.25], [0.25, 0.75]])
    found = certify(lambda t, x: t.sum(t.power(x, exponent)), X)  # held against the quotient
    assert found.refusal == ""
    assert np.allclose(found.S.high, exponent * X ** (exponent - 1), rtol=1e-13)


REFUSED = {
    "abs at 0": (
        lambda t, X: t.sum(t.unary("abs", X)),
        [[2, 0], [0, 1]],
        "decides here on what is 0",
    ),
    "a tie": (lambda t, X: c.reduce_max(t, X, None), [[2, 1], [1, 2]], "decides here on what is 0"),
    "a branch on its boundary": (
        lambda t, X: t.sum(c.where(t, t.compare(X, 1.0, "gt") > 0, X, t.unary("neg", X))),
        [[1, 2], [2, 3]],
        "has a kink, or jumps",
    ),
    "not positive definite": (
        lambda t, X: t.sum(t.unary("log", X)),
        [[1, -2], [-2, 1]],
        "not finite",
    ),
    "a root of 0": (lambda t, X: t.unary("sqrt", t.emit("det", [X])[0]), [[1, 1], [1, 1]], ""),
    "repeated": (
        lambda t, X: t.take(c.eigh(t, X)[0], np.array(0)),
        [[1, 0], [0, 1]],
        "coincide here",
    ),
    "an eigenvector's entry": (
        lambda t, X: t.take(c.eigh(t, X)[1], np.array(0)),
        [[2, 1], [1, 3]],
        "moves with the sign",
    ),
    "another path": (
        lambda t, X: t.sum(
            c.where(
                t,
                t.compare(t.binary("sub", t.binary("add", X, 1.0), X), 0.5, "gt") > 0,
                X,
                t.unary("neg", X),
            )
        ),
        [[1e17, 1.0], [1.0, 2.0]],
        "another path",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_has_no_derivative_is_refused(what):
    f, X, why = REFUSED[what]
    found = certify(f, X)
    assert found.S is None
    assert why in found.refusal
    assert found.refusal


def test_beside_what_is_refused_there_is_a_derivative():
    tie = certify(lambda t, X: c.reduce_max(t, X, None), [[2, 3], [3, 2]])
    assert np.array_equal(tie.S.high, [[0, 0.5], [0.5, 0]])
    zero = certify(
        lambda t, X: t.sum(
            t.unary("abs", t.binary("sub", X, c.triangle(t, c.triangle(t, X, True), False)))
        ),
        [[2, 1], [1, 3]],
    )
    assert np.array_equal(zero.S.high, [[0, 1], [1, 0]])
    apart = certify(lambda t, X: t.take(c.eigh(t, X)[0], np.array(0)), [[1, 0], [0, 1 + 2**-52]])
    assert np.allclose(apart.S.high, [[1, 0], [0, 0]])
    square = certify(
        lambda t, X: t.power(t.take(c.eigh(t, X)[1], np.array(0)), 2), [[2, 1], [1, 3]]
    )
    assert square.refusal == ""


@pytest.mark.parametrize("way", LOG_DET)
@pytest.mark.parametrize("X", [np.eye(2), np.diag([1.0, 1.0, 2.0]), 2 * np.eye(3)])
def test_what_is_smooth_at_equal_eigenvalues_is_certified(way, X):
    found = certify(LOG_DET[way], X)
    assert found.refusal == ""
    assert np.allclose(found.S.high, np.linalg.inv(X), atol=1e-50)
    size = np.linalg.norm(true_at(resolve("log_det", len(X)), exactly(X)).sensitivity)
    assert np.linalg.norm(found.sensitivity) == pytest.approx(size, rel=1e-3)


def test_a_spectral_function_at_equal_eigenvalues_has_its_divided_differences():
    W = np.arange(9.0).reshape(3, 3)
    found = certify(
        lambda t, X: t.sum(t.binary("mul", spectral(t, X, lambda w: t.unary("log", w)), W)),
        np.diag([1.0, 1.0, 2.0]),
    )
    slopes = np.array([[1, 1, np.log(2)], [1, 1, np.log(2)], [np.log(2), np.log(2), 0.5]])
    assert np.allclose(found.S.high, slopes * (W + W.T) / 2, rtol=1e-14)


NOT_SMOOTH = {
    "the largest": lambda t, X: c.reduce_max(t, c.eigh(t, X)[0], None),
    "weighted": lambda t, X: t.sum(t.binary("mul", c.eigh(t, X)[0], np.array([1.0, 2.0, 3.0]))),
    "a product of vectors": lambda t, X: t.sum(
        t.power(t.take(c.eigh(t, X)[1], np.array([0, 3])), 2)
    ),
}


@pytest.mark.parametrize("what", NOT_SMOOTH)
def test_what_depends_on_the_basis_of_an_eigenspace_is_refused(what):
    found = certify(NOT_SMOOTH[what], 2 * np.eye(3))
    assert "coincide here" in found.refusal
    assert certify(NOT_SMOOTH[what], np.diag([1.0, 2.0, 3.0])).refusal == ""


def test_det_has_a_derivative_at_a_singular_matrix():
    found = certify(lambda t, X: t.emit("det", [X])[0], [[1, 2], [2, 4]])
    assert np.array_equal(found.S.high, [[4, -2], [-2, 1]])


def test_what_is_held_is_a_constant():
    program = recorded(lambda t, X: t.sum(t.binary("mul", X, t.emit("hold", [X])[0])), spd(2))
    (place,) = [k for k, step in enumerate(program.steps) if step.operation == "hold"]
    X = exactly(spd(2))
    free = traced.certify(program, X, "f")
    held = traced.certify(program, X, "f", held=frozenset({place}))
    assert np.allclose(free.S.high, 2 * spd(2))
    assert np.allclose(held.S.high, spd(2))


def test_a_wrong_rule_is_caught_by_values(monkeypatch):
    right = rules._SCALAR["log"]
    factor = np.array(1 + 2.0**-50)
    monkeypatch.setitem(
        rules._SCALAR, "log", lambda N, x, y: right(N, x, y) * N.constant(factor)[()]
    )
    with pytest.raises(ArithmeticError, match="contradict each other"):
        certify(LOG_DET["cholesky"], spd(3))


def test_of_several_runs_those_that_are_rounded_are_moved_and_no_others():
    N, x = Floats(2.0**-30, runs=(4,), rounded=2), np.ones((4, 3, 3))
    for found, true in (N.entrywise("add", x, x), 2.0), (N.matmul(x, x), 3.0):
        assert [bool(np.all(run == true)) for run in found] == [True, False, False, True]
        assert np.allclose(found, true, rtol=2.0**-26, atol=0)
        assert not np.array_equal(found[1], found[2])
    assert np.all(N.entrywise("add", x[0], x[0]) == 2)  # a constant of all runs


@pytest.mark.parametrize("way", LOG_DET)
@pytest.mark.parametrize("condition", [1e1, 1e5])
def test_a_gradient_that_is_rounded_at_every_step_is_within_the_tolerance(way, condition):
    n = 4
    Q = np.linalg.qr(np.random.default_rng(1).standard_normal((n, n)))[0]
    X = Q * np.geomspace(1, condition, n) @ Q.T
    X = (X + X.T) / 2
    program, u = recorded(LOG_DET[way], X), 2.0**-53
    found = traced.certify(program, exactly(X), "f")
    assert found.refusal == ""
    tolerance = entry_tolerances(found, None, "float64")
    for seed in range(20):
        (G,) = noise.gradient(Course(program), [X], Floats(u, 100 + seed))[1]
        off = np.abs((G + G.T) / 2 - found.S.high)
        assert np.all(off <= tolerance)
    assert np.max(tolerance) <= 1e-9 * np.max(np.abs(found.S.high)) * condition


def test_the_product_of_one_call_alone():
    def f(t, X):
        call = t.begin("first", "mine.py:1")
        Y = t.matmul(X, X)
        t.end(call, [X], [Y])
        call = t.begin("second", "mine.py:2")
        z = t.sum(t.unary("exp", Y))
        t.end(call, [Y], [z])
        return z

    X = spd(3) / 10
    program, exact = recorded(f, X), exactly(X)
    cotangents = traced.cotangents(program, exact)
    first, second = program.calls
    (G,) = traced.pullback(program, exact, 1, [np.ones(())])
    assert np.allclose(G, np.exp(X @ X))
    assert np.allclose(cotangents[second.inputs[0]], G)
    (G,) = traced.pullback(program, exact, 0, [G])
    S = traced.certify(program, exact, "f").S.high
    assert np.allclose((G + G.T) / 2, S)
    assert np.allclose(traced.carried(program, exact, {first.outputs[0]: np.exp(X @ X)}), S)


def test_a_step_is_named_by_the_users_line():
    def f(t, X):
        call = t.begin("torch.log", "mine.py:7")
        y = t.sum(t.unary("log", X))
        t.end(call, [X], [y])
        return t.unary("abs", t.binary("sub", y, y.floats))

    assert certify(f, [[1, -2], [-2, 1]]).refusal


H = np.array([[2.0, 0.5 + 0.25j, 0.1j], [0.5 - 0.25j, 3.0, 0.3], [-0.1j, 0.3, 1.5]])


def certify_hermitian(f, M):
    tape = Tape("numpy", "2", "complex128", len(M))
    f = f(tape, tape.input(M.real), tape.input(M.imag))
    X = exactly(np.block([[M.real, -M.imag], [M.imag, M.real]]))
    return traced.certify(tape.finish(f), X, "f", blocks=2), X


def phases(M):
    V = np.linalg.eigh(M)[1]
    pivots = np.argmax(np.abs(V), axis=0)
    return {"pivots": tuple(pivots.tolist()), "signs": (1,) * len(M)}


def hermitian_log(t, A, B):
    w, V, W = t.emit("eigh", [A, B], **phases(H))
    scaled = t.unary("log", w)
    parts = [t.binary("mul", part, scaled) for part in (V, W)]
    real = t.binary("add", t.matmul(parts[0], t.mT(V)), t.matmul(parts[1], t.mT(W)))
    imaginary = t.binary("sub", t.matmul(parts[1], t.mT(V)), t.matmul(parts[0], t.mT(W)))
    return real, imaginary


HERMITIAN = {
    "trace_square": lambda t, A, B: t.sum(t.binary("add", t.power(A, 2), t.power(B, 2))),
    "log_det": lambda t, A, B: t.sum(t.unary("log", t.emit("eigh", [A, B], **phases(H))[0])),
    "eigenvalue[0]": lambda t, A, B: t.take(t.emit("eigh", [A, B], **phases(H))[0], np.array(0)),
}


@pytest.mark.parametrize("name", HERMITIAN)
def test_hermitian_matrices_go_by_their_parts(name):
    found, X = certify_hermitian(HERMITIAN[name], H)
    known = true_at(resolve(name, 3), X, 2)
    assert (found.refusal, found.hermitian) == ("", True)
    off = np.abs((found.S.high - known.S.high) + (found.S.low - known.S.low))
    assert np.all(off <= found.S.radius + known.S.radius)
    size = np.linalg.norm(known.sensitivity)
    assert np.linalg.norm(found.sensitivity) == pytest.approx(size, rel=1e-4)


def test_eigenvectors_of_a_hermitian_matrix_up_to_their_phases():
    def squared(t, A, B):
        return t.sum(t.power(t.cat(hermitian_log(t, A, B)), 2))

    found, _ = certify_hermitian(squared, H)  # held against the quotient of values
    w, V = np.linalg.eigh(H)
    S = (V * (2 * np.log(w) / w)) @ V.conj().T / 2
    assert np.allclose(found.S.high, np.block([[S.real, -S.imag], [S.imag, S.real]]), rtol=1e-13)
    refused, _ = certify_hermitian(lambda t, A, B: t.sum(t.emit("eigh", [A, B], **phases(H))[1]), H)
    assert "the phase of eigenvector" in refused.refusal


def test_one_eigenvector_of_one_matrix_of_a_batch_is_turned():
    def product(t, X):
        both = t.reshape(t.cat([X, t.binary("mul", 2.0, X)]), (2, 2, 2))
        _, V = c.eigh(t, both)
        first = t.take(V, V.places[:, 0, 0])
        return c.prod(t, first)

    assert "the sign of eigenvector 0" in certify(product, [[2, 1], [1, 3]]).refusal
