"""Every algebra has the arithmetic that the protocol promises, and means the same by it."""

from fractions import Fraction

import numpy as np
import pytest
import sympy

from symgrad.symbolic.algebra.enclosures import Enclosures
from symgrad.symbolic.algebra.expressions import Expressions
from symgrad.symbolic.algebra.intervals import Intervals
from symgrad.symbolic.algebra.slopes import Slopes
from symgrad.symbolic.algebra.spectrum import Spectrum

ROWS, CONSTANT = [[2, 1], [1, 3]], [[1, 2], [3, 4]]
EXACT = tuple(tuple(map(Fraction, row)) for row in ROWS)
ARITHMETIC = {
    "W * X": lambda W, X: W * X,
    "X * W": lambda W, X: X * W,
    "X * X": lambda W, X: X * X,
    "X + X": lambda W, X: X + X,
    "W + X": lambda W, X: W + X,
    "X + W": lambda W, X: X + W,
    "W - X": lambda W, X: W - X,
    "X - W": lambda W, X: X - W,
    "X - X": lambda W, X: X - X,
    "-X": lambda W, X: -X,
    "X * 3": lambda W, X: X * 3,
}


def expressions():
    return Expressions(), sympy.ImmutableDenseMatrix(ROWS), lambda M: np.array(M, dtype=float)


def enclosures():
    algebra = Enclosures()

    def read(M):
        return np.array([float(x) for x in M.entries()]).reshape(2, 2)

    return algebra, algebra.matrix(Spectrum(EXACT)), read


def slopes():
    algebra = Slopes(2, 1)
    return algebra, algebra.matrix(Spectrum(EXACT)), lambda M: M.value


def intervals():
    algebra = Intervals(np.array(ROWS, dtype=float))
    return algebra, algebra.matrix(), lambda M: M.mid


@pytest.mark.parametrize("make", [expressions, enclosures, slopes, intervals])
@pytest.mark.parametrize("name", ARITHMETIC)
def test_the_arithmetic_of_matrices(make, name):
    algebra, X, read = make()
    W = algebra.constant(CONSTANT)
    expected = ARITHMETIC[name](sympy.Matrix(CONSTANT), sympy.Matrix(ROWS))
    found = read(ARITHMETIC[name](W, X))
    assert np.allclose(found, np.array(expected, dtype=float), rtol=1e-15, atol=1e-15)
