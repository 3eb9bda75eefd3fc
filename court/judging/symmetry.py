"""The symmetry of a Hessian H on the symmetric matrices: ⟨H E, F⟩ = ⟨H F, E⟩ for all E and F.

The exact one is symmetric (Schwarz), and so is one that agrees with it, within the tolerances.  Of
one that disagrees it tells whether it is the Hessian of any function at all.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from symgrad.court.judging.contraction import as_blocks, contract, skew_part, to_float
from symgrad.court.judging.tolerance import entry_tolerances
from symgrad.court.questions import Reported
from symgrad.court.references import Reference


class Product(NamedTuple):
    """What a framework says of H E, E being n×n, symmetric and real, and what is true of it."""

    E: tuple[tuple[int, ...], ...]
    true: Reference
    said: Reported


def asymmetry(one: Product, other: Product, dtype: str) -> str:
    """By how much H is not symmetric; nothing where it is, but for rounding, or is not known."""
    left, right = _inner(one, other.E, dtype), _inner(other, one.E, dtype)
    if left is None or right is None or abs(left[0] - right[0]) <= left[1] + right[1]:
        return ""
    said = f"⟨H E, F⟩ is {to_float(left[0])}, ⟨H F, E⟩ is {to_float(right[0])}"
    return f"it is not symmetric on Sym(n), as every Hessian is: {said}, F = {_rows(other.E)}"


def _inner(
    product: Product, F: tuple[tuple[int, ...], ...], dtype: str
) -> tuple[Fraction, Fraction] | None:
    """⟨H E, F⟩ as it was said, without rounding, and its tolerance; None where there is none."""
    true, G = product.true, product.said.gradient
    if G is None or true.S is None or not np.all(np.isfinite(G)):
        return None
    M = as_blocks(G) if true.hermitian else np.asarray(G)
    if M.shape != true.S.high.shape:
        return None
    tolerances = entry_tolerances(true, skew_part(M), dtype)
    if not np.all(np.isfinite(tolerances)):
        return None
    wide = np.kron(np.eye(true.blocks, dtype=int), np.array(F)).tolist()
    D = tuple((i, j, Fraction(x)) for i, row in enumerate(wide) for j, x in enumerate(row))
    return contract(M, D), contract(tolerances, tuple((i, j, abs(x)) for i, j, x in D))


def _rows(E: tuple[tuple[int, ...], ...]) -> str:
    return "; ".join(" ".join(map(str, row)) for row in E)
