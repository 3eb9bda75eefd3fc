"""Reference: the exact derivatives at one point, enclosed, with the sensitivity of each entry."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from flint import arb
from jaxtyping import Float
from sympy import Expr, Symbol

from court.records import Ball, Direction, Evidence, Matrix, Reference
from symbolic.catalogue import Eigenvalue, Instance
from symbolic.certified.enclosure import EnclosureError, enclose, precision, to_ball
from symbolic.derivation import Derivation, derive
from symbolic.domains import to_flint
from symbolic.parameterizations import Parameterization, symmetric
from symbolic.proofs.identities import is_proved

RELATIVE_RADIUS = Fraction(1, 10**30)
MAX_BITS = 8192
STEP = Fraction(1, 2**80)
"""Step of the differences behind the sensitivity; it errs by about its own size, 1e-24."""


class NotDifferentiableError(ValueError):
    """f has no derivative at this point; the message says why."""


def refer(
    function: Instance,
    parameterization: Parameterization,
    theta: Mapping[str, Fraction],
    dtype: str,
) -> Reference:
    """What is true of f at X(θ), rounded to ``dtype`` first if it has no exact form there.

    The gradient in the parameters is ∂f(X(θ))/∂θ_k, differentiated directly in θ and checked
    against the contraction of S; where X(θ) had to be rounded it is the contraction alone.

    Raises:
        ArithmeticError: the two exact routes to ∂f/∂θ_k contradict each other.
    """
    n = parameterization.size
    exact = parameterization.at(theta)
    X = round_to(exact, dtype)
    point = {key: str(value) for key, value in theta.items()}
    generic = derive(function, symmetric(n))
    try:
        value, S = _enclose(generic, X)
        sensitivity = _sensitivity(generic, X)
    except (NotDifferentiableError, EnclosureError) as error:
        nothing = np.zeros((0, 0))
        return Reference(
            function.name,
            parameterization.name,
            point,
            X,
            None,
            (),
            (),
            nothing,
            "certified",
            str(error),
        )
    contracted = {k: _contract(S, D) for k, D in parameterization.directions(theta).items()}
    if X == exact:
        direct = _directly(derive(function, parameterization), theta, X)
        _check_overlap(function.name, direct, contracted)
    directions = tuple(
        Direction(k, D, contracted[k]) for k, D in parameterization.directions(theta).items()
    )
    proved = is_proved(function, parameterization) and X == exact
    evidence: Evidence = "proved" if proved else "certified"
    return Reference(
        function.name, parameterization.name, point, X, value, S, directions, sensitivity, evidence
    )


def round_to(X: Matrix, dtype: str) -> Matrix:
    """The n×n matrix that a framework of that dtype sees, as exact rationals."""
    kind = np.dtype(dtype).type
    return tuple(tuple(Fraction(float(kind(float(x)))) for x in row) for row in X)


def _enclose(generic: Derivation, X: Matrix) -> tuple[Ball, tuple[tuple[Ball, ...], ...]]:
    """f and the n×n symmetric gradient S at X, precise to 30 digits of the largest entry."""
    n = len(X)
    expressions = [generic.value, *generic.gradient]
    value, *vech = [to_ball(x) for x in _enclose_precisely(expressions, generic, X)]
    entries = dict(zip(_pairs(n), vech, strict=True))
    S = tuple(
        tuple(_half(entries[min(i, j), max(i, j)], i != j) for j in range(n)) for i in range(n)
    )
    return value, S


def _half(ball: Ball, yes: bool) -> Ball:
    return Ball(ball.mid / 2, ball.radius / 2) if yes else ball


def _pairs(n: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(n) for j in range(i, n)]


def _enclose_precisely(expressions: list[Expr], derivation: Derivation, X: Matrix) -> list[arb]:
    bits = 256
    while bits <= MAX_BITS:
        with precision(bits):
            balls = enclose(expressions, _symbols_at(derivation, X))
        scale = max(abs(to_ball(b).mid) for b in balls) or Fraction(1)
        if all(to_ball(b).radius <= RELATIVE_RADIUS * scale for b in balls):
            return balls
        bits *= 2
    raise EnclosureError(f"no enclosure to 30 digits within {MAX_BITS} bits")


def _symbols_at(derivation: Derivation, X: Matrix) -> dict[Symbol, arb | Fraction]:
    """The generic symbols x_ij and the eigenvalues λ_i at X."""
    entries = [X[i][j] for i, j in _pairs(len(X))]
    values: dict[Symbol, arb | Fraction] = dict(
        zip(derivation.parameterization.symbols, entries, strict=True)
    )
    values.update(_eigenvalues_at(derivation, X))
    return values


def _eigenvalues_at(derivation: Derivation, X: Matrix) -> dict[Symbol, arb | Fraction]:
    if not derivation.eigenvalues:
        return {}
    roots = spectrum(X)
    values: dict[Symbol, arb | Fraction] = {}
    for symbol in derivation.eigenvalues:
        first, multiplicity, root = _cluster(roots, symbol)
        if multiplicity > 1:
            last = first + multiplicity - 1
            raise NotDifferentiableError(
                f"{symbol} has no derivative here: λ{first} … λ{last} coincide at "
                f"{float(root.mid()):.6g}; only symmetric functions of them, as their sum, have one"
            )
        values[symbol] = root
    return values


def spectrum(X: Matrix) -> list[tuple[arb, int]]:
    """The distinct eigenvalues of X in ascending order, enclosed apart, with multiplicities."""
    p = to_flint(X).charpoly().numer()
    roots = [(root.real, multiplicity) for root, multiplicity in p.complex_roots()]
    return sorted(roots, key=lambda pair: to_ball(pair[0]).mid)


def _cluster(roots: list[tuple[arb, int]], symbol: Eigenvalue) -> tuple[int, int, arb]:
    first = 0
    for root, multiplicity in roots:
        if symbol.index < first + multiplicity:
            return first, multiplicity, root
        first += multiplicity
    raise IndexError(f"no eigenvalue {symbol.index} among {first}")


def _sensitivity(generic: Derivation, X: Matrix) -> Float[np.ndarray, "n n"]:
    """‖∂S_ij/∂X‖ over unit symmetric directions, by differences in 80 more bits than needed."""
    n = len(X)
    gradient = list(generic.gradient)
    with precision(640):
        here = enclose(gradient, _symbols_at(generic, X))
        squares = np.zeros(len(gradient))
        for k, (i, j) in enumerate(_pairs(n)):
            values = _symbols_at(generic, _moved(X, i, j))
            there = enclose(gradient, values)
            slopes = [float((b - a).mid() * 2**80) for a, b in zip(here, there, strict=True)]
            squares += np.square(slopes) / (1 if _pairs(n)[k][0] == j else 2)
    norms = np.zeros((n, n))
    for (i, j), norm in zip(_pairs(n), np.sqrt(squares), strict=True):
        norms[i, j] = norms[j, i] = norm / (1 if i == j else 2)
    return norms


def _moved(X: Matrix, i: int, j: int) -> Matrix:
    rows = [list(row) for row in X]
    rows[i][j] += STEP
    rows[j][i] = rows[i][j]
    return tuple(map(tuple, rows))


def _contract(S: tuple[tuple[Ball, ...], ...], D: Matrix) -> Ball:
    """The enclosure of ⟨S, D⟩; the court contracts with code of its own."""
    terms = [(S[i][j], D[i][j]) for i in range(len(D)) for j in range(len(D))]
    mid = sum((s.mid * d for s, d in terms), Fraction(0))
    return Ball(mid, sum((s.radius * abs(d) for s, d in terms), Fraction(0)))


def _directly(derivation: Derivation, theta: Mapping[str, Fraction], X: Matrix) -> dict[str, Ball]:
    symbols = derivation.parameterization.symbols
    with precision(512):
        values: dict[Symbol, arb | Fraction] = {s: theta[s.name] for s in symbols}
        values.update(_eigenvalues_at(derivation, X))
        balls = enclose(derivation.gradient, values)
    return {s.name: to_ball(b) for s, b in zip(symbols, balls, strict=True)}


def _check_overlap(name: str, direct: dict[str, Ball], contracted: dict[str, Ball]) -> None:
    for key, a in direct.items():
        b = contracted[key]
        if abs(a.mid - b.mid) > a.radius + b.radius:
            raise ArithmeticError(
                f"{name}: two exact routes to the derivative in {key} contradict each other, "
                f"{float(a.mid)!r} and {float(b.mid)!r}; no verdict is possible"
            )
