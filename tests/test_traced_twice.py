"""Programs differentiated twice: against the catalogue's theorems, differentiated once more."""

import numpy as np
import pytest

from symgrad.numeric.recording import composites as c
from symgrad.symbolic import traced
from symgrad.symbolic.catalogue import choose
from symgrad.symbolic.catalogue.second import along
from symgrad.symbolic.certified.reference import certify as by_theorem
from symgrad.symbolic.queries import direction
from symgrad.symbolic.traced.float_tangents import FloatTangents
from symgrad.symbolic.traced.floats import Floats
from symgrad.symbolic.traced.tangents import Tangents
from tests.test_traced import LOG_DET, OTHERS, exactly, recorded, spd


def certify(f, X, E=None):
    return traced.certify(recorded(f, X), exactly(X), "f", along=E or direction(len(X)))


def overlaps(A, B):
    off = np.abs((A.high - B.high) + (A.low - B.low))
    return bool(np.all(off <= A.radius + B.radius + 1e-30 * np.abs(A.high).max()))


EVERY = {**{f"log_det {way}": ("log_det", f) for way, f in LOG_DET.items()}, **OTHERS}


@pytest.mark.parametrize("name", EVERY)
def test_the_hessian_of_a_program_is_that_of_the_theorem(name):
    function, f = EVERY[name]
    X = spd(3)
    found = certify(f, X)
    assert not found.refusal, found.refusal
    (instance,) = choose(function, 3)
    true = by_theorem(along(instance, direction(3)), exactly(X), {})
    assert overlaps(found.S, true.S)
    assert abs(found.value.mid - true.value.mid) <= found.value.radius + true.value.radius
    size = np.linalg.norm(true.sensitivity)
    assert np.linalg.norm(found.sensitivity) == pytest.approx(size, rel=0.5, abs=1e-5)


SCALARS = ["exp", "expm1", "log", "log1p", "sqrt", "reciprocal", "sin", "cos", "tan", "atan"]
SCALARS += ["sinh", "cosh", "tanh", "asinh", "logistic", "erf", "lgamma"]


@pytest.mark.parametrize("name", SCALARS)
def test_every_scalar_function_is_held_against_the_mixed_quotient(name):
    found = certify(lambda t, X: t.sum(t.unary(name, X)), np.array([[0.5, 0.25], [0.25, 0.75]]))
    assert not found.refusal, found.refusal
    off = certify(lambda t, X: t.sum(t.unary(name, X)), np.array([[0.5, 0.25], [0.25, 0.8]]))
    assert not overlaps(found.S, off.S)


@pytest.mark.parametrize(
    ("f", "why"),
    [
        (lambda t, X: t.unary("digamma", t.sum(X)), "once only"),
        (lambda t, X: t.sum(t.unary("abs", t.binary("sub", X, 2.0))), "0"),
    ],
)
def test_what_is_not_differentiated_twice_is_refused(f, why):
    assert why in certify(f, 2 * np.eye(2)).refusal


@pytest.mark.parametrize("unit", [2.0**-100, 2.0**200])
def test_roundings_are_those_of_the_unit(unit):
    """In large ones the Hessian of log det is small, and has digits all the same."""

    def at(X):
        found = certify(LOG_DET["cholesky"], X)
        assert found.refusal == ""
        return found

    here, there = at(spd(3)), at(unit * spd(3))
    assert np.allclose(there.roundoff * unit**2, here.roundoff, rtol=1e-9, atol=0)
    assert not np.allclose(there.roundoff * unit**2, here.roundoff * (1 + 1e-8), 1e-9, 0)


def test_tangents_of_floats_are_multiplied_as_tangents_are():
    N, rng = Floats(), np.random.default_rng(0)
    fast, plain = FloatTangents(N), Tangents(N)
    a, b, c, d = rng.uniform(1, 2, (4, 3, 3))
    a[0, 0] = c[0, 0] = 0  # the product is 0 exactly
    b[0, 0], d[0, 0] = 1e6, 1e6
    found, expected = (T.join(a, b) * T.join(c, d) for T in (fast, plain))
    slopes = plain.slopes(expected).astype(float)
    assert np.allclose(fast.values(found), plain.values(expected).astype(float), 1e-15, 0)
    assert np.allclose(fast.slopes(found), slopes, 1e-15, 0)
    other = fast.slopes(fast.join(a, b) * fast.join(c, d * (1 + 2**-40)))
    assert not np.allclose(other, slopes, 1e-15, 0)


def test_roundings_of_one_factor_of_lu_are_none_of_the_other():
    """L does not change with the unit of X, and U does."""

    def of(unit):
        def f(t, X):
            factors = c.lu(t, t.binary("mul", X, unit), np.arange(X.shape[0]))
            return t.sum(t.take(factors, factors.places[1:, 0]))

        found = certify(f, spd(3))
        assert not found.refusal, found.refusal
        return found.roundoff

    assert np.max(of(2.0**50)) <= 2 * np.max(of(1.0))
    assert np.max(of(1.0)) > 0
