"""What is true at a matrix that a caller has, of a function that is named or written in SymPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import sympy
from jaxtyping import Inexact
from sympy import Expr

from symgrad.court.errors import InputError, check_known
from symgrad.court.names import family
from symgrad.court.references import Matrix, Reference, Sparse
from symgrad.symbolic.cases import CERTIFIED_SIZE_LIMIT
from symgrad.symbolic.catalogue import CATALOGUE, Instance, MatrixFunction, choose
from symgrad.symbolic.certified.reference import certify, refused
from symgrad.symbolic.derivation import SIZE_LIMIT, derive
from symgrad.symbolic.domains import DOMAINS
from symgrad.symbolic.extension import strange_in
from symgrad.symbolic.limits import describe
from symgrad.symbolic.parameterizations import (
    PARAMETERIZATIONS,
    Parameterization,
    hermitian,
    symmetric,
)
from symgrad.symbolic.points import coordinates

Definition = str | Callable[[sympy.ImmutableDenseMatrix], Expr]
"""A function: the name of one of the catalogue, or X ↦ f(X) in SymPy."""
LISTED = 6
"""Up to this size the contraction with each parameter of a symmetric matrix is told."""


def resolve(function: Definition, n: int) -> Instance:
    """The one function that is meant, at n×n matrices.

    Raises:
        InputError: its name is unknown or means several, n is too large, or the definition raises
            or is not an exact expression in the entries of X.
    """
    if not 1 <= n <= CERTIFIED_SIZE_LIMIT:
        raise InputError(f"X has {n} rows; enclosures are computed for 1 to {CERTIFIED_SIZE_LIMIT}")
    if isinstance(function, str):
        check_known("function", family(function), CATALOGUE)
        members = choose(function, n)
        if len(members) != 1:
            names = ", ".join(member.name for member in members)
            raise InputError(
                f"{function} is {len(members)} functions at n = {n}; name one: {names}"
            )
        return members[0]
    if not callable(function):
        raise InputError(
            f"function is {function!r}; name one, or give a function of a SymPy matrix"
        )
    if n > SIZE_LIMIT:
        raise InputError(
            f"X has {n} rows; a definition in SymPy is differentiated for 1 to {SIZE_LIMIT}, a "
            "function of the catalogue by name at any"
        )
    name = getattr(function, "__name__", "f")
    about = (name, f"{name}(X)", "symmetric", "by its definition")
    found = Instance(name, MatrixFunction(*about, lambda _, X: function(X)), n, {})
    _check(found, symmetric(n))
    return found


def _check(function: Instance, x: Parameterization) -> None:
    try:
        value = derive(function, x).value
    except Exception as error:
        raise InputError(
            f"{function.name}, asked at a SymPy matrix, raises {describe(error)}"
        ) from error
    strange = strange_in(value, x)
    if strange:
        raise InputError(f"{function.name}, asked at a SymPy matrix, {strange}")


def exactly(M: Inexact[np.ndarray, "n n"]) -> tuple[Matrix, int]:
    """A symmetric or Hermitian matrix of floats as it is, in rational numbers; and its blocks.

    A complex A + iB is [[A, −B], [B, A]], of two blocks, with 2n rows.

    Raises:
        InputError: it is not finite, or not symmetric (Hermitian) to the last bit.
    """
    if not np.all(np.isfinite(M)):
        raise InputError("X is not finite; a function of a matrix is judged where it is")
    off = np.argwhere(np.conj(M.T) != M)
    if len(off):
        i, j = np.unravel_index(np.argmax(np.abs(M - np.conj(M.T))), M.shape)
        kind, mean = ("Hermitian", "Xᴴ") if np.iscomplexobj(M) else ("symmetric", "Xᵀ")
        other = "not real" if i == j else f"entry ({j}, {i}) is {M[j, i]}"
        most = ", and others are off by less" if len(off) > 2 else ""
        raise InputError(
            f"X is not {kind}: entry ({i}, {j}) is {M[i, j]}, {other}{most}; give (X + {mean})/2, "
            "as check does with symmetrize=True"
        )
    A = [[Fraction(x) for x in row] for row in M.real.tolist()]
    if not np.iscomplexobj(M):
        return tuple(map(tuple, A)), 1
    B = [[Fraction(x) for x in row] for row in M.imag.tolist()]
    upper = [[*a, *(-x for x in b)] for a, b in zip(A, B, strict=True)]
    return tuple(map(tuple, [*upper, *([*b, *a] for a, b in zip(A, B, strict=True))])), 2


def directions(X: Matrix, blocks: int, structure: str | None) -> Mapping[str, Sparse]:
    """∂X/∂θ_k of the structure at X, by name; of any symmetric matrix, if it is small.

    Raises:
        InputError: the structure is unknown, or X has it not.
    """
    n = len(X) // blocks
    if structure is None:
        return _every(n, blocks) if n <= LISTED else {}
    check_known("parameterization", structure, PARAMETERIZATIONS)
    if blocks == 2:
        raise InputError(
            f"X is Hermitian and {structure} a structure of real matrices; leave it out"
        )
    x = PARAMETERIZATIONS[structure](n)
    return x.directions(coordinates(X, x, "symmetric"))


@lru_cache(maxsize=64)
def _every(n: int, blocks: int) -> Mapping[str, Sparse]:
    """The same of all n×n matrices: those directions are nowhere others."""
    x = symmetric(n) if blocks == 1 else hermitian(n)
    return MappingProxyType(x.directions(dict.fromkeys(x.names, Fraction(0))))


def true_at(
    function: Instance, X: Matrix, blocks: int = 1, structure: str | None = None
) -> Reference:
    """What is true of f at X; along every parameter of the structure (:func:`directions`).

    Outside the domain of f nothing is, and it says so.
    """
    missing = DOMAINS[function.function.domain].missing(X)
    if missing:
        why = f"outside the domain of f: X is not {function.function.domain}, {missing}"
        return refused(function, X, why)
    return certify(function, X, directions(X, blocks, structure), blocks)


def generic(n: int) -> sympy.ImmutableDenseMatrix:
    """x = [[a, b], [b, c]], or the symmetric matrix of as many symbols as n (n×n) takes.

    Raises:
        InputError: expressions are not derived at that size.
    """
    if not isinstance(n, (int, np.integer)) or not 1 <= n <= SIZE_LIMIT:
        raise InputError(f"n is {n!r}; expressions are derived for 1 to {SIZE_LIMIT}")
    return symmetric(n).X


def in_parameters(function: Definition, X: sympy.MatrixBase) -> dict[sympy.Symbol, Expr]:
    """∂f/∂θ_k of f(X(θ)) for every symbol θ_k in X (n×n, symmetric), by name.

    Raises:
        InputError: X is not symmetric, f has no derivative anywhere, or see :func:`resolve`.
    """
    if X.shape[0] != X.shape[1] or X != X.T:
        raise InputError("X is not symmetric; write the same symbol at (i, j) and (j, i)")
    symbols = tuple(sorted(X.free_symbols, key=str))
    about = ("given", "X = X(θ)", symbols, sympy.ImmutableDenseMatrix(X), (0,) * len(symbols))
    instance = resolve(function, X.rows)
    if instance.function.gauge:
        raise InputError(f"f has no derivative: {instance.function.refusal}")
    if X.rows > SIZE_LIMIT:
        raise InputError(f"X has {X.rows} rows; expressions are derived for 1 to {SIZE_LIMIT}")
    slopes = derive(instance, Parameterization(*about)).gradient
    return dict(zip(symbols, slopes, strict=True))
