"""Equal eigenvalues of computed, of Hermitian, and of batches of matrices: where f is smooth."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, fmpq

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.tape import Tape
from symgrad.symbolic import traced
from symgrad.symbolic.traced import blocked, commuting, rules, ties
from symgrad.symbolic.traced.balls import Balls
from symgrad.symbolic.traced.rationals import Exactly, exact
from symgrad.symbolic.traced.sweep import Sweep
from tests.test_traced import certify, diagonal, exactly, recorded, spectral

W = np.arange(9.0).reshape(3, 3)
SYMMETRIC = (W + W.T) / 2
GAP = np.diag([0.0, 1e-9, 0.0])


def weighted(t, A):
    return t.sum(t.binary("mul", spectral(t, A, lambda w: t.unary("log", w)), W))


def over_trace(t, X):
    return t.binary("div", X, t.sum(diagonal(t, X)))


def inverse(t, X):
    return t.solve(t.binary("add", X, np.eye(3)), t.const(np.eye(3)))


def by_diagonal(t, X):
    w, V = c.eigh(t, X)
    D = t.take(t.unary("exp", w), np.where(np.eye(3) > 0, np.arange(3), -1))
    return t.matmul(t.matmul(V, D), t.mT(V))


def largest(t, A):
    return t.take(c.eigh(t, A)[0], np.array(2))


COMPUTED = {  # with S at 2I, of Σ W∘log A
    "over the trace": (over_trace, (SYMMETRIC - np.trace(W) / 3 * np.eye(3)) / 2),
    "inverse": (inverse, -SYMMETRIC / 3),
    "square": (lambda t, X: t.matmul(X, X), SYMMETRIC),
    "product": (lambda t, X: t.matmul(over_trace(t, X), t.mT(inverse(t, X))), None),
    "over the norm": (lambda t, X: t.binary("div", X, c.norm(t, X)), None),
    "exponential": (lambda t, X: t.emit("expm", [X])[0], SYMMETRIC),
    "decomposed": (lambda t, X: spectral(t, X, lambda w: t.unary("exp", w)), SYMMETRIC),
    "by a diagonal": (lambda t, X: by_diagonal(t, X), SYMMETRIC),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_equal_eigenvalues_of_a_computed_matrix_are_no_obstacle_to_what_is_smooth(name):
    computed, S = COMPUTED[name]
    found = certify(lambda t, X: weighted(t, computed(t, X)), 2 * np.eye(3))
    assert found.refusal == ""  # and held against the quotient of values
    near = certify(lambda t, X: weighted(t, computed(t, X)), 2 * np.eye(3) + GAP)
    assert near.refusal == ""
    assert np.allclose(found.S.high, near.S.high, atol=1e-7)
    assert S is None or np.allclose(found.S.high, S, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("name", COMPUTED)
def test_an_eigenvalue_of_a_computed_matrix_is_refused_where_it_is_equal_to_another(name):
    computed, _ = COMPUTED[name]
    at = certify(lambda t, X: largest(t, computed(t, X)), 2 * np.eye(3))
    assert "coincide here" in at.refusal
    near = certify(lambda t, X: largest(t, computed(t, X)), np.diag([2.0, 2 + 1e-9, 2 + 2e-9]))
    assert near.refusal == ""


def entrywise(t, X):
    return t.binary("mul", X, t.unary("exp", X))


def clipped(t, X):
    return spectral(t, X, lambda w: t.unary("exp", t.binary("max", w, 1.5)))


def outer(t, X):
    """V φ(w) V, no function of X."""
    w, V = c.eigh(t, X)
    A = t.matmul(t.binary("mul", V, t.unary("exp", w)), V)
    return t.binary("add", A, t.mT(A))


def correlation(t, X):
    d = t.broadcast(t.reshape(t.power(diagonal(t, X), -0.5), (1, 3)), (3, 3))
    return t.binary("mul", t.binary("mul", X, d), t.mT(d))


def test_roots_of_squares_are_rational_and_others_are_not_known_to_be():
    def loss(t, X):
        return t.binary("add", weighted(t, correlation(t, X)), t.take(X, np.array(0)))

    found = certify(loss, np.diag([1.0, 4.0, 0.25]))
    assert found.refusal == ""
    roots = np.outer([1, 2, 0.5], [1, 2, 0.5])
    true = (SYMMETRIC - np.diag(np.diag(W))) / roots + np.diag([1.0, 0, 0])
    assert np.allclose(found.S.high, true, rtol=1e-15, atol=1e-15)
    assert "not apart" in certify(loss, np.diag([1.0, 3.0, 3.0])).refusal


@pytest.mark.parametrize("computed", [entrywise, clipped])
def test_what_is_not_known_to_be_equal_is_not_taken_to_be(computed):
    X = np.diag([1.0, 1.0, 2.0] if computed is entrywise else [1.0, 1.25, 2.0])
    assert "not apart" in certify(lambda t, X: weighted(t, computed(t, X)), X).refusal
    X = X + np.diag([0, 1e-9, 0] if computed is entrywise else [1, 2, 0])
    assert certify(lambda t, X: weighted(t, computed(t, X)), X).refusal == ""


FUNCTIONS = {
    "X": (lambda t, X: X, True),
    "inverse": (inverse, True),
    "over the norm": (COMPUTED["over the norm"][0], True),
    "by eigh": (COMPUTED["decomposed"][0], True),
    "by a diagonal": (by_diagonal, True),
    "twice": (lambda t, X: by_diagonal(t, clipped(t, X)), True),
    "and the identity": (lambda t, X: t.binary("add", clipped(t, X), np.eye(3)), True),
    "and ones": (lambda t, X: t.binary("add", clipped(t, X), np.ones((3, 3))), False),
    "and a diagonal": (lambda t, X: t.binary("add", clipped(t, X), np.diag([1.0, 1, 2])), False),
    "not turned back": (outer, False),
    "entrywise": (lambda t, X: t.unary("exp", X), False),
    "weighted": (
        lambda t, X: spectral(t, X, lambda w: t.binary("mul", t.unary("exp", w), W[1])),
        False,
    ),
    "sorted": (
        lambda t, X: spectral(t, X, lambda w: t.take(t.unary("exp", w), np.array([2, 1, 0]))),
        False,
    ),
    "of two": (
        lambda t, X: t.matmul(clipped(t, X), clipped(t, t.binary("mul", X, W + W.T))),
        False,
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_a_matrix_are_known_by_how_they_are_made(name):
    f, is_function = FUNCTIONS[name]
    X = np.array([[3, 0.5, 0.25], [0.5, 3, 0.25], [0.25, 0.25, 2.5]])
    program = recorded(lambda t, X: largest(t, f(t, X)), X)
    inputs = blocked.inputs(exactly(X), 1)
    *_, last = [step for step in program.steps if step.operation == "eigh"]
    found = commuting.of(last, Exactly(program, inputs))
    assert (found is not None) == is_function
    A = Sweep(Balls(), program, inputs).values[last.inputs[0]]
    off = A @ X - X @ A  # what is a function of X commutes with it
    assert all(x.contains(0) for x in off.flat) or not is_function


def at_norm(t, X):
    return weighted(t, COMPUTED["over the norm"][0](t, X))


HELD = {
    "computed": lambda: certify(at_norm, 2 * np.eye(3)),
    "hermitian": lambda: of_hermitian(real_part, U),
    "batch": lambda: certify(
        lambda t, X: batched(t, X, lambda t, A: t.sum(t.unary("log", c.eigh(t, A)[0]))), np.eye(3)
    ),
}


@pytest.mark.parametrize("name", HELD)
def test_there_too_a_wrong_rule_is_caught_by_values(name, monkeypatch):
    assert HELD[name]().refusal == ""
    right, factor = rules._SCALAR["log"], np.array(1 + 2.0**-50)
    monkeypatch.setitem(
        rules._SCALAR, "log", lambda N, x, y: right(N, x, y) * N.constant(factor)[()]
    )
    with pytest.raises(ArithmeticError, match="contradict each other"):
        HELD[name]()


def test_rationals_are_exact():
    X = np.array([[0.1, 0.2], [0.2, 0.7]])
    program = recorded(lambda t, X: largest2(t, inverse2(t, over_trace(t, X))), X)
    inputs = blocked.inputs(exactly(X), 1)
    (step,) = [step for step in program.steps if step.operation == "eigh"]
    (A,) = Exactly(program, inputs).inputs(step)
    x = np.array(exactly(X), object)
    true = np.array([[x[1, 1], -x[0, 1]], [-x[0, 1], x[0, 0]]], object)
    true = true * (x[0, 0] + x[1, 1]) / (x[0, 0] * x[1, 1] - x[0, 1] ** 2)
    assert [Fraction(int(a.p), int(a.q)) for a in A.flat] == list(true.flat)
    inputs[0][0, 0] = inputs[0][0, 0] + arb(0, 1e-300)
    assert Exactly(program, inputs).inputs(step) is None


def inverse2(t, A):
    return t.solve(A, t.const(np.eye(2)))


def largest2(t, A):
    return t.take(c.eigh(t, A)[0], np.array(1))


def test_a_matrix_that_is_not_hermitian_has_no_orthonormal_basis():
    turn = lambda *_: None  # noqa: E731
    I = exact(np.array([[arb(1), arb(0)], [arb(0), arb(1)]], object))  # noqa: E741
    assert ties.decompose([I], turn)[2] == [(0, 2)]
    skew = I * fmpq(0)
    skew[0, 1], skew[1, 0] = fmpq(1), fmpq(-1)
    assert ties.decompose([I, skew], turn)[2] == []  # its eigenvalues are 0 and 2
    assert ties.decompose([I, abs(skew)], turn) is None
    skew[0, 1] = fmpq(0)
    assert ties.decompose([I + skew], turn) is None


Z = np.array([[1, 2 - 1j, 3j], [1j, -2, 1], [0.5, 2 + 2j, 1]])
U = np.array([[2, 1j, 0], [-1j, 2, 0], [0, 0, 3]])  # with the eigenvalues 1, 3, 3


def of_hermitian(f, M):
    tape = Tape("numpy", "2", "complex128", len(M))
    A, B = tape.input(M.real), tape.input(M.imag)
    V = np.linalg.eigh(M)[1]
    pivots = tuple(np.argmax(np.abs(V), axis=0).tolist())
    found = f(tape, *tape.emit("eigh", [A, B], pivots=pivots, signs=(1,) * len(M)))
    X = exactly(np.block([[M.real, -M.imag], [M.imag, M.real]]))
    return traced.certify(tape.finish(found), X, "f", blocks=2)


def real_part(t, w, V, W):
    """Re tr ZᴴY of Y = log of the matrix."""
    phi = t.unary("log", w)
    P, Q = (t.binary("mul", part, phi) for part in (V, W))
    real = t.binary("add", t.matmul(P, t.mT(V)), t.matmul(Q, t.mT(W)))
    imaginary = t.binary("sub", t.matmul(Q, t.mT(V)), t.matmul(P, t.mT(W)))
    return t.sum(t.binary("add", t.binary("mul", real, Z.real), t.binary("mul", imaginary, Z.imag)))


def true_gradient(M):
    w, V = np.linalg.eigh(M)
    off = np.subtract.outer(w, w)
    apart = np.abs(off) > 1e-6
    logs = np.subtract.outer(np.log(w), np.log(w))
    F = np.where(apart, logs / np.where(apart, off, 1), 1 / np.add.outer(w, w) * 2)
    S = V @ (F * (V.conj().T @ (Z + Z.conj().T) @ V / 2)) @ V.conj().T / 2
    return np.block([[S.real, -S.imag], [S.imag, S.real]])


@pytest.mark.parametrize("M", [2 * np.eye(3) + 0j, U, U + GAP], ids=["2I", "1, 3, 3", "near"])
def test_equal_eigenvalues_of_a_hermitian_matrix(M):
    found = of_hermitian(real_part, M)
    assert found.refusal == ""
    assert np.allclose(found.S.high, true_gradient(M), rtol=1e-13, atol=1e-13)


def test_what_is_not_smooth_at_those_is_refused():
    def eigenvalue(k):
        return lambda t, w, V, W: t.take(w, np.array(k))

    for k in (1, 2):
        assert "coincide here" in of_hermitian(eigenvalue(k), U).refusal
        assert of_hermitian(eigenvalue(k), U + GAP).refusal == ""
    assert of_hermitian(eigenvalue(0), U).refusal == ""

    def size(t, w, V, W):  # |v_02|² of a vector of the eigenspace
        places = [t.take(part, np.array(8)) for part in (V, W)]
        return t.binary("add", *(t.power(part, 2) for part in places))

    assert "coincide here" in of_hermitian(size, U).refusal


def batched(t, X, f):
    both = t.reshape(t.cat([X, t.binary("mul", 2.0, over_trace(t, X))]), (2, 3, 3))
    return f(t, both)


@pytest.mark.parametrize("X", [np.eye(3), np.diag([1.0, 2.0, 2.0])])
def test_equal_eigenvalues_in_a_batch(X):
    def logs(t, A):
        return t.sum(t.unary("log", c.eigh(t, A)[0]))

    def first(t, A):
        return t.take(c.eigh(t, A)[0], np.array(3 + 1))

    found = certify(lambda t, X: batched(t, X, logs), X)
    assert found.refusal == ""
    true = 2 * np.linalg.inv(X) - 3 / np.trace(X) * np.eye(3)
    assert np.allclose(found.S.high, true, rtol=1e-15, atol=1e-15)
    assert "coincide here" in certify(lambda t, X: batched(t, X, first), X).refusal
    near = X + np.diag([0, 1e-9, 2e-9])
    assert certify(lambda t, X: batched(t, X, first), near).refusal == ""
