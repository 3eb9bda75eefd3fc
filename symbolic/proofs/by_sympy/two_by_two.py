"""The 2×2 case in closed form: both eigenvalues of [[a, b], [b, c]], each contraction proved.

The derivatives come from differentiating the closed formula; the gradient S from the eigenvector,
as v vᵀ = (X − λ'I)/(λ − λ') with λ' the other eigenvalue (Magnus (1985)).  The two meet
only in the residual.
"""

from __future__ import annotations

import sympy
from sympy import Expr, ImmutableDenseMatrix, Symbol

from symgrad.court.references import Demonstration, Identity
from symgrad.symbolic.parameterizations import symmetric
from symgrad.symbolic.proofs.by_sympy.identities import (
    contraction_identity,
    representatives,
    spurious,
)
from symgrad.symbolic.proofs.plain import NAMES

ROOT = Symbol("r", positive=True)
"""r = √Δ with Δ = (a − c)² + 4b², the discriminant: positive exactly where λ is simple."""


def two_by_two() -> Demonstration:
    """Formulae and proof for x = [[a, b], [b, c]], all a, b, c with Δ ≠ 0."""
    x = symmetric(2)
    a, b, c = x.symbols
    discriminant = (a - c) ** 2 + 4 * b**2
    formulae: list[Expr] = []
    identities: list[Identity] = []
    eigenvalues = [(a + c - ROOT) / 2, (a + c + ROOT) / 2]
    for i, (value, other) in enumerate(zip(eigenvalues, reversed(eigenvalues), strict=True), 1):
        closed = value.subs(ROOT, sympy.sqrt(discriminant))
        formulae.append(_equation(Symbol(f"λ{'₁₂'[i - 1]}"), closed))
        S = ImmutableDenseMatrix((x.X - other * sympy.eye(2)) / (value - other))
        named = {**representatives(S), "spurious": spurious(S)}
        for theta in x.symbols:
            derivative = closed.diff(theta).subs(discriminant.expand(), ROOT**2)
            derivative = derivative.subs(sympy.sqrt(discriminant), ROOT)
            slope = Symbol(f"∂λ{'₁₂'[i - 1]}/∂{theta}")
            formulae.append(_equation(slope, _in_difference(derivative, a, c)))
            identities += [
                contraction_identity(
                    f"λ{'₁₂'[i - 1]}",
                    NAMES[name],
                    G,
                    theta.name,
                    x.X.diff(theta),
                    derivative,
                    {ROOT: ROOT**2 - discriminant},
                    expected_to_vanish=not (name == "spurious" and theta == b),
                    convention=name,
                )
                for name, G in named.items()
            ]
    shown = [str(sympy.pretty(formula, use_unicode=True)) for formula in formulae]
    latex = [sympy.latex(formula, symbol_names=_latex_names(formula)) for formula in formulae]
    return Demonstration("r = √((a − c)² + 4b²) ≠ 0", shown, identities, latex)


def _in_difference(expr: Expr, a: Symbol, c: Symbol) -> Expr:
    """The same expression, written in a − c where it holds c − a."""
    d = Symbol("d")
    return sympy.expand(expr.subs(c, a - d)).subs(d, a - c)


def _equation(name: Symbol, expr: Expr) -> Expr:
    return sympy.Eq(name, expr, evaluate=False)


def _latex_names(formula: Expr) -> dict[Symbol, str]:
    """The names that are no LaTeX: λ₁ and ∂λ₁/∂a."""
    names = {}
    for symbol in formula.free_symbols:
        name = symbol.name.replace("₁", "_1").replace("₂", "_2").replace("λ", r"\lambda")
        top, slash, bottom = name.replace("∂", r"\partial ").partition("/")
        names[symbol] = rf"\frac{{{top}}}{{{bottom}}}" if slash else top
    return names
