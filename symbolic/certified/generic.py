"""References from SymPy's derivatives: of f at a generic symmetric matrix, or of f(X(θ)) in θ."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from itertools import product

import numpy as np
from flint import arb, arb_mat
from jaxtyping import Float
from sympy import (
    Abs,
    Dummy,
    Expr,
    Rational,
    Symbol,
    acos,
    asin,
    atan,
    atan2,
    cos,
    preorder_traversal,
    sign,
    sin,
)

from symgrad.court.references import Ball, Kink, Matrix
from symgrad.symbolic.algebra.spectrum import Spectrum
from symgrad.symbolic.catalogue import Instance
from symgrad.symbolic.certified import enclosure
from symgrad.symbolic.certified.enclosure import EnclosureError, precision, to_arb, to_ball
from symgrad.symbolic.certified.removable import without_vanishing_roots
from symgrad.symbolic.derivation import Derivation, derive
from symgrad.symbolic.parameterizations import Parameterization, symmetric

PLAIN_BITS = 256
"""Precision of values that are compared with a float64."""
MOST_ROOTS = 6
"""Of so many roots the signs are turned; a formula with more has further ones as they are."""
STEP_BITS = 160
"""The differences behind the sensitivity have a step of 2⁻¹⁶⁰ of X, and err by about as much."""


def enclose(function: Instance, X: Matrix, spectrum: Spectrum) -> tuple[arb, arb_mat]:
    """f(X) and S (n×n), from the derivatives in the entries of a generic symmetric matrix.

    Raises:
        NotDifferentiableError, EnclosureError: there is no derivative, or no enclosure of it.
    """
    n = len(X)
    derivation = derive(function, symmetric(n))
    known = _symbols_at(derivation, X, spectrum)
    try:
        value, *vech = _enclose(derivation, known)
    except EnclosureError:
        written = without_vanishing_roots(derivation, _entries_at(derivation, X))
        if written is None:
            raise
        value, *vech = _enclose(written, known)
    entries = dict(zip(_pairs(n), vech, strict=True))
    half = arb(0.5)
    return value, arb_mat(
        [
            [entries[min(i, j), max(i, j)] * (1 if i == j else half) for j in range(n)]
            for i in range(n)
        ]
    )


def _enclose(derivation: Derivation, known: Mapping[Symbol, arb | Fraction]) -> list[arb]:
    """The value, and then the derivatives in the order of vech X."""
    return enclosure.enclose([derivation.value, *derivation.gradient], known)


def derivatives(
    function: Instance,
    parameterization: Parameterization,
    theta: Mapping[str, Fraction],
    spectrum: Spectrum,
) -> dict[str, Ball]:
    """∂f(X(θ))/∂θ_k by parameter name, differentiated in θ itself; ``spectrum`` is that of X(θ)."""
    derivation = derive(function, parameterization)
    with precision(512):
        values: dict[Symbol, Fraction] = {
            symbol: theta[symbol.name] for symbol in parameterization.symbols
        }
        known = values | _eigenvalues_at(derivation, values, spectrum)
        balls = enclosure.enclose(derivation.gradient, known)
    return {s.name: to_ball(b) for s, b in zip(parameterization.symbols, balls, strict=True)}


def sensitivity(function: Instance, X: Matrix) -> Float[np.ndarray, "n n"]:
    """‖∂S_ij/∂X‖ over unit symmetric directions, by differences with a step far below rounding."""
    n = len(X)
    step = _step(X)
    squares = np.zeros((n, n))
    with precision(8 * STEP_BITS):
        here = enclose(function, X, Spectrum(X))[1]
        for i, j in _pairs(n):
            moved = _moved(X, i, j, step)
            there = enclose(function, moved, Spectrum(moved))[1]
            slopes = [float(x.mid()) for x in ((there - here) / to_arb(step)).entries()]
            squares += np.square(slopes).reshape(n, n) / (1 if i == j else 2)
    return np.sqrt(squares)


def kinks(function: Instance, X: Matrix, spectrum: Spectrum) -> tuple[Kink, ...]:
    """Where the argument u of each |u| or sign u of a formula is 0, which is |u|/‖∂u/∂X‖ away.

    S jumps there by the gradient of the difference that the other sign makes.
    """
    derivation = derive(function, symmetric(len(X)))
    f = derivation.value
    parts = [p for p in preorder_traversal(f) if isinstance(p, (Abs, sign)) and p.free_symbols]
    found = []
    for part in dict.fromkeys(parts):
        u = part.args[0]
        with suppress(EnclosureError), precision(8 * STEP_BITS):
            (here,) = enclosure.enclose([u], _symbols_at(derivation, X, spectrum))
            slope, jump = _slopes(derivation, [u, f - f.xreplace({part: -part})], X, spectrum)
            if slope > 0:
                found.append(Kink(abs(float(here.mid())) / slope, jump))
    return tuple(found)


def _slopes(
    derivation: Derivation, expressions: list[Expr], X: Matrix, spectrum: Spectrum
) -> list[float]:
    """The Frobenius norm of each expression's symmetric gradient at X, by differences."""
    step = _step(X)
    here = enclosure.enclose(expressions, _symbols_at(derivation, X, spectrum))
    squares = np.zeros(len(expressions))
    for i, j in _pairs(len(X)):
        moved = _moved(X, i, j, step)
        there = enclosure.enclose(expressions, _symbols_at(derivation, moved, Spectrum(moved)))
        slopes = [float(((b - a) / to_arb(step)).mid()) for a, b in zip(here, there, strict=True)]
        squares += np.square(slopes) / (1 if i == j else 2)
    return [float(x) for x in np.sqrt(squares)]


def _step(X: Matrix) -> Fraction:
    """2⁻¹⁶⁰ of the largest entry of X (n×n)."""
    return (max(abs(x) for row in X for x in row) or Fraction(1)) / 2**STEP_BITS


def work(function: Instance) -> int:
    """The size m of a matrix whose m² entries are as many as the operations in f's formula."""
    return math.isqrt(int(derive(function, symmetric(function.size)).value.count_ops()))


def turned(function: Instance, X: Matrix, spectrum: Spectrum) -> tuple[Ball, ...]:
    """What f is with the square roots in it of another sign, and −f; nothing if it has none.

    A formula without even roots and moduli leaves no sign to choose: −sin(tr X) is wrong where
    sin(tr X) is right.  One of an eigenvector of unit length has a root in it, whose sign is the
    eigenvector's, or goes by the angle that it has.
    """
    n = len(X)
    derivation = derive(function, symmetric(n))
    if not any(map(_has_a_sign, preorder_traversal(derivation.value))):
        return ()
    signs: dict[Expr, Symbol] = {}

    def turn(root: Expr) -> Expr:
        return signs.setdefault(root.base, Dummy(real=True)) * root

    signed = derivation.value.replace(_is_square_root, turn)
    found = []
    with precision(PLAIN_BITS):
        known = _symbols_at(derivation, X, spectrum)
        for chosen in product((1, -1), repeat=min(len(signs), MOST_ROOTS)):
            values = dict.fromkeys(signs.values(), Fraction(1))
            values.update(zip(signs.values(), map(Fraction, chosen), strict=False))
            with suppress(EnclosureError):
                (ball,) = enclosure.enclose([signed], {**known, **values})
                found += [to_ball(ball), to_ball(-ball)]
    return tuple(found[1:])  # the first is f itself


def _is_square_root(part: Expr) -> bool:
    return bool(part.is_Pow and part.exp.is_Rational and part.exp.q == 2 and part.free_symbols)


def _has_a_sign(part: Expr) -> bool:
    """Whether the part has another sign where a root is chosen otherwise, if X is in it."""
    if not part.free_symbols:
        return False
    if part.is_Pow:
        return bool(part.exp.is_Rational and part.exp.q % 2 == 0)
    if isinstance(part, (cos, sin)):
        return bool(part.args[0].has(acos, asin, atan, atan2))
    return isinstance(part, (Abs, sign))


def _pairs(n: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(n) for j in range(i, n)]


def _symbols_at(
    derivation: Derivation, X: Matrix, spectrum: Spectrum
) -> dict[Symbol, arb | Fraction]:
    """The generic symbols x_ij and the eigenvalues λ_i at X."""
    values = _entries_at(derivation, X)
    return values | _eigenvalues_at(derivation, values, spectrum)


def _entries_at(derivation: Derivation, X: Matrix) -> dict[Symbol, Fraction]:
    entries = [X[i][j] for i, j in _pairs(len(X))]
    return dict(zip(derivation.parameterization.symbols, entries, strict=True))


def _eigenvalues_at(
    derivation: Derivation, values: Mapping[Symbol, Fraction], spectrum: Spectrum
) -> dict[Symbol, arb | Fraction]:
    """λ_i of X, whose spectrum is given, or of another matrix that a symbol names."""
    X = derivation.parameterization.X
    exact = {s: Rational(x.numerator, x.denominator) for s, x in values.items()}
    spectra = {X: spectrum}
    found: dict[Symbol, arb | Fraction] = {}
    for symbol in derivation.eigenvalues:
        matrix = symbol.matrix or X
        if matrix not in spectra:
            rows = matrix.xreplace(exact).tolist()
            spectra[matrix] = Spectrum(
                tuple(tuple(Fraction(int(x.p), int(x.q)) for x in row) for row in rows)
            )
        found[symbol] = spectra[matrix].simple(symbol.index)
    return found


def _moved(X: Matrix, i: int, j: int, step: Fraction) -> Matrix:
    rows = [list(row) for row in X]
    rows[i][j] += step
    rows[j][i] = rows[i][j]
    return tuple(map(tuple, rows))
