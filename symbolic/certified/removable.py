"""Removable 0/0: where a square root √q in a formula is 0, and f does not depend on its sign.

An eigenvalue formula of 2×2 matrices has such a root, of the discriminant, which is 0 where the two
eigenvalues coincide.  A symmetric function of them is smooth there, while its derivatives are
written with √q below the line.  With r in place of √q the formula is f(θ, r); if it is even in r it
is a function of q = r², and at q = 0

    ∂f/∂θ_k = f_θk(θ, 0) + ½ f_rr(θ, 0) ∂q/∂θ_k .

Where f is not even in r it has a kink, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import sympy
from sympy import Dummy, Expr, Pow, Rational, Symbol

from symgrad.symbolic.algebra.expressions import Eigenvalue
from symgrad.symbolic.derivation import Derivation


def without_vanishing_roots(
    derivation: Derivation, values: Mapping[Symbol, Fraction]
) -> Derivation | None:
    """The derivatives as they are written where some roots are 0; nothing if that cannot be."""
    f, symbols = derivation.value, derivation.parameterization.symbols
    if f.atoms(Eigenvalue):
        return None
    exact = {s: Rational(x.numerator, x.denominator) for s, x in values.items()}
    roots: dict[Symbol, Expr] = {}
    for base in sorted({p.base for p in f.atoms(Pow) if _is_root(p)}, key=str):
        if base.xreplace(exact) == 0:
            r = Dummy(real=True)
            f = _with_root(f, base, r)
            if f != f.xreplace({r: -r}) and sympy.expand(f - f.xreplace({r: -r})) != 0:
                return None
            roots[r] = base
    if not roots:
        return None
    gradient = [f.diff(theta) for theta in symbols]
    for r, q in roots.items():
        half = f.diff(r, 2) / 2
        gradient = [g + half * q.diff(theta) for g, theta in zip(gradient, symbols, strict=True)]
    zero = dict.fromkeys(roots, sympy.S.Zero)
    at_zero = [expression.xreplace(zero) for expression in (f, *gradient)]
    return replace(derivation, value=at_zero[0], gradient=tuple(at_zero[1:]))


def _is_root(part: Pow) -> bool:
    return bool(part.exp.is_Rational and part.exp.q == 2 and part.free_symbols)


def _with_root(f: Expr, base: Expr, r: Symbol) -> Expr:
    return f.replace(
        lambda part: part.is_Pow and part.base == base and _is_root(part),
        lambda part: r ** (2 * part.exp),
    )
