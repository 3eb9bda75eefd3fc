"""Programs differentiated twice where eigenvalues are equal: what is smooth there, and not."""

import numpy as np
import pytest
from flint import arb

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.tape import Tape
from symgrad.symbolic import traced
from symgrad.symbolic.catalogue import choose
from symgrad.symbolic.catalogue.second import along
from symgrad.symbolic.certified.enclosure import precision
from symgrad.symbolic.certified.reference import certify as by_theorem
from symgrad.symbolic.queries import direction
from symgrad.symbolic.traced import eigen, jets
from symgrad.symbolic.traced.scalars import ZERO
from tests.test_traced import certify as once
from tests.test_traced import exactly, spectral
from tests.test_traced_ties import Z, inverse, over_trace, real_part
from tests.test_traced_twice import certify, overlaps

TIES = {"I": np.eye(3), "1, 1, 2": np.diag([1.0, 1.0, 2.0]), "turned": np.eye(3) + np.ones((3, 3))}


def of_values(name):
    return lambda t, X: t.sum(t.unary(name, c.eigh(t, X)[0]))


def log_norm(t, X):
    return t.sum(t.power(spectral(t, X, lambda w: t.unary("log", w)), 2))


SMOOTH = {
    "log_det": of_values("log"),
    "trace_exp": of_values("exp"),
    "trace_square": lambda t, X: t.sum(t.power(spectral(t, X, lambda w: w), 2)),
    "log_sum_exp": lambda t, X: t.unary("log", of_values("exp")(t, X)),
}


@pytest.mark.parametrize("where", TIES)
@pytest.mark.parametrize("name", SMOOTH)
def test_the_hessian_at_equal_eigenvalues_is_that_of_the_theorem(name, where):
    X = TIES[where]
    found = certify(SMOOTH[name], X)  # and held against the mixed quotient of values
    assert not found.refusal, found.refusal
    (instance,) = choose(name, 3)
    true = by_theorem(along(instance, direction(3)), exactly(X), {})
    assert overlaps(found.S, true.S)
    assert abs(found.value.mid - true.value.mid) <= found.value.radius + true.value.radius
    assert np.max(found.S.radius) <= 1e-31 * np.max(np.abs(true.S.high))


def of_computed(t, X):
    return log_norm(t, inverse(t, over_trace(t, X)))


@pytest.mark.slow
@pytest.mark.parametrize("where", TIES)
@pytest.mark.parametrize("f", [log_norm, of_computed])
def test_a_function_of_eigenvectors_is_near_to_what_it_is_beside(f, where):
    X, off = TIES[where], np.diag([0, 1e-8, 3e-8])
    at, near = certify(f, X), certify(f, X + off)
    assert at.refusal == near.refusal == ""
    assert np.allclose(at.S.high, near.S.high, atol=1e-6)
    assert not overlaps(at.S, near.S)


def hermitian(M):
    tape = Tape("numpy", "2", "complex128", len(M))
    parts = tape.input(M.real), tape.input(M.imag)
    V = np.linalg.eigh(M)[1]
    pivots = tuple(np.argmax(np.abs(V), axis=0).tolist())
    found = real_part(tape, *tape.emit("eigh", parts, pivots=pivots, signs=(1,) * len(M)))
    X = exactly(np.block([[M.real, -M.imag], [M.imag, M.real]]))
    return traced.certify(tape.finish(found), X, "f", blocks=2, along=direction(len(M)))


@pytest.mark.slow
def test_equal_eigenvalues_of_a_hermitian_matrix():
    at = hermitian(2 * np.eye(3) + 0j)
    assert at.refusal == ""
    E, H = np.array(direction(3)), (Z + Z.conj().T) / 2
    S = -(E @ H + H @ E) / 8  # log X'' = −E∘E at a multiple of I, over its square
    assert np.allclose(at.S.high, np.block([[S.real, -S.imag], [S.imag, S.real]]) / 2)


def gap(t, X, exponent):
    w = c.eigh(t, X)[0]
    return t.power(t.binary("sub", *(t.take(w, np.array(k)) for k in (1, 0))), exponent)


def of_a_vector(t, X):
    v = t.take(c.eigh(t, X)[1], np.array(0))
    return t.binary("mul", gap(t, X, 2.0), t.power(v, 2.0))


@pytest.mark.parametrize(
    ("f", "why"),
    [
        (lambda t, X: t.take(c.eigh(t, X)[0], np.array(1)), "not smooth"),
        (lambda t, X: gap(t, X, 1.0), "not smooth"),
        (lambda t, X: t.power(t.take(c.eigh(t, X)[1], np.array(0)), 2.0), "not smooth"),
        (of_a_vector, "no second derivative"),
    ],
    ids=["largest", "gap", "entry", "gap² of a vector"],
)
def test_what_is_not_smooth_there_is_refused(f, why):
    assert why in certify(f, 2 * np.eye(2)).refusal
    assert certify(f, np.diag([2.0, 2 + 1e-6])).refusal == ""


def test_a_gap_is_smooth_where_it_is_squared_and_depends_on_x():
    found = certify(lambda t, X: gap(t, X, 2.0), 2 * np.eye(2))  # (a − c)² + 4b²
    E = np.array(direction(2))
    off = 2 * (E[0, 0] - E[1, 1])
    assert np.allclose(found.S.high, [[off, 4 * E[0, 1]], [4 * E[0, 1], -off]])
    assert "not smooth" in once(lambda t, X: gap(t, X, 1.0), 2 * np.eye(2)).refusal


def beyond(t, X):
    """X₀₀ − 2, which is 0 here, and moves with X."""
    return t.binary("sub", t.take(X, np.array(0)), t.const(np.array(2.0)))


def signed_square(t, X):
    x = beyond(t, X)
    return t.binary("mul", x, t.unary("abs", x))


def hinge(t, X):
    return t.power(t.binary("max", beyond(t, X), t.const(np.array(0.0))), 2.0)


def signed_gap(t, X):
    difference = gap(t, X, 1.0)
    return t.binary("mul", difference, t.unary("abs", difference))


def from_the_largest(t, X):
    first, last = (t.take(c.eigh(t, X)[0], np.array(k)) for k in (0, 1))
    return t.power(t.binary("sub", t.binary("max", first, last), first), 2.0)


@pytest.mark.parametrize("f", [signed_square, hinge])
def test_where_a_second_derivative_jumps_there_is_none(f):
    with_ties = lambda t, X: t.binary("add", f(t, X), of_values("log")(t, X))  # noqa: E731
    assert "no second derivative" in certify(with_ties, 2 * np.eye(2)).refusal
    assert certify(with_ties, 3 * np.eye(2)).refusal == ""


@pytest.mark.parametrize("f", [signed_gap, from_the_largest])
def test_what_decides_on_a_gap_may_be_smooth(f):
    found, squared = (certify(g, 2 * np.eye(2)) for g in (f, lambda t, X: gap(t, X, 2.0)))
    assert found.refusal == ""
    assert overlaps(found.S, squared.S)
    other = certify(lambda t, X: gap(t, X, 2.0 + 2), 2 * np.eye(2))
    assert not overlaps(found.S, other.S)


@pytest.mark.parametrize("factor", [0.0, 2.0**-40])
def test_a_wrong_second_derivative_there_is_caught_by_values(factor, monkeypatch):
    right = jets._moved

    def moved(*about):
        values, (mu, V), (bends, U) = right(*about)
        return [values, (mu, V), ([x * (1 + factor) for x in bends], U)]

    monkeypatch.setattr(jets, "_moved", moved)
    X = np.diag([1.0, 1.0, 2.0])
    if factor:
        with pytest.raises(ArithmeticError, match="contradict each other"):
            certify(of_values("log"), X)
    else:
        assert certify(of_values("log"), X).refusal == ""


def test_larger_matrices_are_left():
    f = of_values("log")
    assert f"more than {jets.LARGEST} rows" in certify(f, np.eye(jets.LARGEST + 1)).refusal


@pytest.mark.parametrize("sign", [1, -1])
def test_eigenvalues_that_are_one_float_are_in_order(sign):
    with precision(256):
        A, nothing = (np.full((2, 2), ZERO, object) for _ in range(2))
        A[0, 0], A[1, 1] = (1 + sign * s * arb(2) ** -80 for s in (1, -1))
        values, _ = eigen.decompose([A, nothing], [1, 0] if sign > 0 else [0, 1], [1, 1])
        assert values[0] < values[1]
