"""Domains of matrix functions, decided exactly at rational matrices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flint import fmpq

from symgrad.court.references import Matrix
from symgrad.symbolic.algebra.spectrum import Spectrum, exact_matrix


@dataclass(frozen=True)
class Domain:
    """A set of symmetric matrices: ``missing(X)`` says in words why X is outside, or nothing."""

    name: str
    missing: Callable[[Matrix], str]


def leading_minor(X: Matrix, k: int) -> fmpq:
    """det of the leading k×k block of X."""
    return exact_matrix(tuple(row[:k] for row in X[:k])).det()


def has_simple_spectrum(X: Matrix, blocks: int = 1) -> bool:
    """Whether the eigenvalues of X are distinct, decided exactly.

    With ``blocks`` = 2, of the Hermitian A + iB that X = [[A, −B], [B, A]] stands for.
    """
    return Spectrum(X, blocks).is_simple


def _singular(X: Matrix) -> str:
    return "its determinant is 0" if leading_minor(X, len(X)) == 0 else ""


def _not_positive_definite(X: Matrix) -> str:
    """Descartes' rule: all roots of det(λI − X) are real, and positive iff its signs alternate."""
    p, n = exact_matrix(X).charpoly(), len(X)
    if all(p[k] * (-1) ** (n - k) > 0 for k in range(n)):
        return ""
    for k in range(1, len(X) + 1):
        minor = leading_minor(X, k)
        if minor <= 0:
            return f"its leading {k}×{k} minor is {minor}"
    return ""


DOMAINS: dict[str, Domain] = {
    domain.name: domain
    for domain in (
        Domain("symmetric", lambda X: ""),
        Domain("invertible", _singular),
        Domain("positive definite", _not_positive_definite),
    )
}
"""The domains by the name that a matrix function gives."""
