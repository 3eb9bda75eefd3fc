"""The closed form of a program at x = [[a, b], [b, c]], where SymPy finds it within seconds."""

from __future__ import annotations

from typing import NamedTuple

import sympy
from sympy import Expr

from symgrad.court.program import Program
from symgrad.court.references import Matrix
from symgrad.symbolic.alarm import EndlessError, alarm
from symgrad.symbolic.traced.expressions import A, B, C, NoFormulaError, formula
from symgrad.symbolic.traced.reference import certify

SECONDS = 5.0
DIGITS = 30
SAME = 1e-20
"""To so many parts the closed form is what the balls enclose, or it is not told."""


class ClosedForm(NamedTuple):
    """f, and its derivatives in a, b and c."""

    value: Expr
    derivatives: tuple[Expr, ...]


def closed_form(program: Program, X: Matrix) -> ClosedForm | None:
    """f and ∂f/∂a, ∂f/∂b, ∂f/∂c of a program that was recorded at a symmetric 2×2 X.

    Nothing where it takes longer, the program has no formula, or its formula is not f at X.
    """
    try:
        with alarm(SECONDS):
            value = formula(program)
            simple = sympy.simplify(value) if sympy.count_ops(value) < 300 else value
            slopes = tuple(sympy.simplify(sympy.diff(simple, x)) for x in (A, B, C))
    except (EndlessError, NoFormulaError, ValueError, TypeError, ZeroDivisionError):
        return None
    found = ClosedForm(simple, slopes)
    return found if _is_true(found, program, X) else None


def _is_true(found: ClosedForm, program: Program, X: Matrix) -> bool:
    """Whether it is f at X, where both are known."""
    reference = certify(program, X, "f")
    if reference.S is None or reference.value is None:
        return False
    a, b, c = (sympy.Rational(x.numerator, x.denominator) for x in (X[0][0], X[0][1], X[1][1]))
    S, low = reference.S.high, reference.S.low
    known = [sympy.Rational(reference.value.mid.numerator, reference.value.mid.denominator)]
    for i, j, times in ((0, 0, 1), (0, 1, 2), (1, 1, 1)):
        known.append(times * (sympy.Rational(S[i, j]) + sympy.Rational(low[i, j])))
    scale = max(map(abs, known)) or 1
    for expression, truth in zip((found.value, *found.derivatives), known, strict=True):
        here = expression.subs({A: a, B: b, C: c}).evalf(DIGITS)
        if not here.is_number or abs(sympy.re(here) - truth) + abs(sympy.im(here)) > SAME * scale:
            return False
    return True
