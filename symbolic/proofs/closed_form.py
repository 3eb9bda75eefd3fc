"""n = 2: the closed form of λ and implicit differentiation give the same derivatives.

With r² = (a − c)² + 4b² the eigenvalues of X = [[a, b], [b, c]] are λ = (a + c ± r)/2.  Put into
S = adj(λI − X)/p′(λ), they must give ⟨S, ∂X/∂θ⟩ = ∂λ/∂θ, the derivative of the closed form, for
all a, b, c with r ≠ 0.  Both sides are computed twice, by SymPy and by python-flint.
"""

from __future__ import annotations

import sympy
from sympy import ImmutableDenseMatrix

from symgrad.court.references import Identity
from symgrad.symbolic.derivation import LAMBDA, characteristic_polynomial
from symgrad.symbolic.parameterizations import symmetric
from symgrad.symbolic.proofs.by_flint.minors import Minors
from symgrad.symbolic.proofs.by_flint.quotients import Field
from symgrad.symbolic.proofs.by_sympy.identities import contraction_identity
from symgrad.symbolic.proofs.by_sympy.two_by_two import ROOT

SIGNS = {"λ₁": -1, "λ₂": 1}
IMPLICIT = "adj(λI − X)/p′(λ) at the closed form of λ"


def prove_closed_form() -> list[Identity]:
    """The six identities, one per eigenvalue and parameter.

    Raises:
        ArithmeticError: SymPy and python-flint disagree.
    """
    identities = _by_sympy()
    by_flint = _by_flint()
    for identity in identities:
        if identity.vanishes != by_flint[identity.function, identity.parameter]:
            raise ArithmeticError(
                f"∂{identity.function}/∂{identity.parameter} at n = 2 differs between SymPy and "
                "python-flint; neither can be trusted, report it as a defect"
            )
    return identities


def _by_sympy() -> list[Identity]:
    x = symmetric(2)
    a, b, c = x.symbols
    discriminant = (a - c) ** 2 + 4 * b**2
    slope = characteristic_polynomial(x.X).diff(LAMBDA)
    S = (LAMBDA * sympy.eye(2) - x.X).adjugate() / slope
    identities = []
    for name, sign in SIGNS.items():
        value = (a + c + sign * ROOT) / 2
        closed = value.subs(ROOT, sympy.sqrt(discriminant))
        implicit = ImmutableDenseMatrix(S.xreplace({LAMBDA: value}))
        for theta in x.symbols:
            derivative = closed.diff(theta).subs(sympy.sqrt(discriminant), ROOT)
            relations = {ROOT: ROOT**2 - discriminant}
            D = x.X.diff(theta)
            identities.append(
                contraction_identity(name, IMPLICIT, implicit, theta.name, D, derivative, relations)
            )
    return identities


def _by_flint() -> dict[tuple[str, str], bool]:
    """Whether each residual vanishes modulo r² − (a − c)² − 4b², by eigenvalue and parameter.

    M = 2(λI − X) has integer coefficients, and S = adj M / tr adj M, as tr adj(λI − X) = p′(λ).
    """
    field = Field(4)
    a, b, c, r = field.generators
    discriminant = (a - c) ** 2 + 4 * b**2
    field.relate(3, r**2 - discriminant)
    found = {}
    for name, sign in SIGNS.items():
        twice = a + c + sign * r
        minors = Minors([[twice - 2 * a, -2 * b], [-2 * b, twice - 2 * c]])
        adjugate = [[field.quotient(minors.cofactor(j, i)) for j in range(2)] for i in range(2)]
        trace = adjugate[0][0] + adjugate[1][1]
        contracted = {
            "a": adjugate[0][0],
            "b": adjugate[0][1] + adjugate[1][0],
            "c": adjugate[1][1],
        }
        for k, theta in enumerate(symmetric(2).names):
            of_root = field.quotient(field.slope(discriminant, k)) / field.quotient(2 * r)
            moved = field.quotient(field.slope(a + c, k)) + field.quotient(sign) * of_root
            residual = contracted[theta] / trace - moved / field.quotient(2)
            found[name, theta] = residual.is_zero
    return found
