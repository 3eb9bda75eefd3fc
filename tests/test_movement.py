"""Which entries depend on X: a comparison of what stays 0 with 0 decides nothing."""

import numpy as np
import pytest

from symgrad.numeric.recording import composites as c
from tests.test_traced import certify, spd


def same(t, a, b):
    """Go on where a = b."""
    t.compare(a, b, "a = b")
    return t.unary("log", t.emit("det", [b])[0])


def inverse_factor(t, X):
    return c.inverse(t, c.cholesky(t, X))


MASK = np.tril(np.ones((3, 3)))
TRIANGLES = {
    "cholesky": lambda t, X: c.cholesky(t, X),
    "an inverse": inverse_factor,
    "a solution": lambda t, X: t.solve(c.cholesky(t, X), inverse_factor(t, X)),
    "a product": lambda t, X: t.matmul(c.cholesky(t, X), inverse_factor(t, t.matmul(X, X))),
    "a mask": lambda t, X: t.binary("mul", X, MASK),
    "a mask over X": lambda t, X: t.binary("div", t.binary("mul", MASK, X), t.binary("add", X, 9)),
}


def is_lower(t, L):
    return same(t, c.triangle(t, L, True), L)


@pytest.mark.parametrize("what", TRIANGLES)
def test_what_stays_0_is_no_decision(what):
    assert certify(lambda t, X: is_lower(t, TRIANGLES[what](t, X)), spd(3)).refusal == ""


ZERO_HERE = {
    "X": lambda t, X: X,
    "a product": lambda t, X: t.matmul(X, X),
    "an inverse": lambda t, X: c.inverse(t, X),
    "a solution": lambda t, X: t.solve(X, t.const(np.diag([1.0, 2.0, 3.0]))),
    "a mask": lambda t, X: t.binary("mul", X, 2.0),
    "a quotient": lambda t, X: t.binary("div", X, t.binary("add", X, 9.0)),
}


@pytest.mark.parametrize("what", ZERO_HERE)
def test_what_is_0_just_here_is_one(what):
    def f(t, X):
        return is_lower(t, ZERO_HERE[what](t, X))

    assert "a = b" in certify(f, np.diag([2.0, 3.0, 4.0])).refusal
