"""Numbers as they are written: decimals, and the names of what JSON has no literal for."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from symgrad.court.judging import notation


@pytest.mark.parametrize(
    ("x", "name"),
    [
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (1.5, 1.5),
        (-1.7e308, -1.7e308),
        (0.0, 0.0),
    ],
)
def test_a_number_that_is_not_finite_is_spelled_out(x, name):
    assert notation.number(x) == name
    assert type(notation.number(x)) is type(name)


def test_a_decimal_has_forty_digits():
    assert notation.decimal(Fraction(2, 3), 1.0) == Decimal("0." + 39 * "6" + "7")
    assert notation.decimal(Fraction(-200, 3), 0.0) == Decimal("-66." + 37 * "6" + "7")
    assert notation.decimal(Fraction(1, 4), 1.0) == Decimal("0.25")


@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_nothing_at_its_scale_is_zero(sign):
    """Below 10⁻⁴⁰ of the scale, and no larger."""
    edge = sign * Fraction(4, 10**40)
    assert notation.decimal(edge, 4.0) == Decimal(sign * 4).scaleb(-40)
    below = notation.decimal(edge * Fraction(999, 1000), 4.0)
    assert str(below) == "0"
    assert notation.decimal(edge / 1000, 0.0) == Decimal(sign * 4).scaleb(-43)


def test_rows_of_a_real_matrix():
    assert notation.rows(np.array([[1.0, math.nan], [-math.inf, 4.0]])) == [
        [1.0, "NaN"],
        ["-Infinity", 4.0],
    ]
    assert notation.rows(None) is None
    assert notation.rows(np.ones(4)) is None
    assert notation.rows(np.ones((2, 2, 2))) is None
    single = notation.rows(np.ones((1, 1), dtype=np.float32))
    assert type(single[0][0]) is float


def test_rows_of_a_complex_matrix_are_pairs():
    assert notation.rows(np.array([[1 + 2j, complex(math.inf, math.nan)]])) == [
        [(1.0, 2.0), ("Infinity", "NaN")]
    ]


def test_a_large_matrix_stays_an_array_unless_it_has_to_be_spelled():
    ninety_nine_and_one, large = np.ones((100, 100)), np.ones((101, 101))
    assert isinstance(notation.rows(ninety_nine_and_one), list)
    assert notation.rows(large) is large
    large[100, 0] = math.inf
    assert notation.rows(large)[100][:2] == ["Infinity", 1.0]
