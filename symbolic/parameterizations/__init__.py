"""Parameterizations X : R^p → Sym(n): the structures whose parameters users differentiate in."""

from __future__ import annotations

from collections.abc import Callable

from symgrad.symbolic.parameterizations.linear import (
    block_diagonal,
    circulant,
    diagonal,
    fixed_trace,
    hankel,
    hermitian,
    pencil,
    persymmetric,
    symmetric,
    toeplitz,
    tridiagonal,
)
from symgrad.symbolic.parameterizations.nonlinear import (
    ar1,
    cholesky,
    correlation,
    fixed_rank,
    kronecker,
    low_rank_plus_diagonal,
    rational_quadratic,
)
from symgrad.symbolic.parameterizations.parameterization import Parameterization

__all__ = [
    "PARAMETERIZATIONS",
    "Parameterization",
    "ar1",
    "diagonal",
    "hermitian",
    "symmetric",
    "toeplitz",
]

PARAMETERIZATIONS: dict[str, Callable[[int], Parameterization]] = {
    "symmetric": symmetric,
    "diagonal": diagonal,
    "tridiagonal": tridiagonal,
    "block_diagonal": block_diagonal,
    "toeplitz": toeplitz,
    "circulant": circulant,
    "hankel": hankel,
    "persymmetric": persymmetric,
    "fixed_trace": fixed_trace,
    "pencil": pencil,
    "low_rank_plus_diagonal": low_rank_plus_diagonal,
    "cholesky": cholesky,
    "correlation": correlation,
    "fixed_rank": fixed_rank,
    "ar1": ar1,
    "rational_quadratic": rational_quadratic,
    "kronecker": kronecker,
    "hermitian": hermitian,
}
