"""Domains of matrix functions, decided exactly at rational matrices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flint import fmpq, fmpq_mat

from court.records import Matrix


@dataclass(frozen=True)
class Domain:
    """A set of symmetric matrices: ``missing(X)`` says in words why X is outside, or nothing."""

    name: str
    missing: Callable[[Matrix], str]


def to_flint(X: Matrix) -> fmpq_mat:
    """The same n×n matrix as a python-flint rational matrix."""
    entries = [fmpq(x.numerator, x.denominator) for row in X for x in row]
    return fmpq_mat(len(X), len(X), entries)


def leading_minor(X: Matrix, k: int) -> fmpq:
    """det of the leading k×k block of X."""
    return to_flint(tuple(row[:k] for row in X[:k])).det()


def has_simple_spectrum(X: Matrix) -> bool:
    """Whether the eigenvalues of X are distinct: gcd(p, p′) = 1 for p(λ) = det(λI − X)."""
    p = to_flint(X).charpoly()
    return bool(p.gcd(p.derivative()).degree() == 0)


def _singular(X: Matrix) -> str:
    return "its determinant is 0" if leading_minor(X, len(X)) == 0 else ""


def _not_positive_definite(X: Matrix) -> str:
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
