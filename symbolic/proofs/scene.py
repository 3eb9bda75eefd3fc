"""A parameterization and its eigenvalues in python-flint's polynomials: derivatives, contractions.

An eigenvalue λ_i is a generator of its own, known to be a root of p(λ; θ) = det(λI − X(θ)), and
moves with θ by ∂λ/∂θ_k = −(∂p/∂θ_k)/(∂p/∂λ) (implicit function theorem).
"""

from __future__ import annotations

import sympy
from flint import fmpz_mpoly
from sympy import Expr

from symbolic.algebra.expressions import Eigenvalue
from symbolic.parameterizations import Parameterization
from symbolic.proofs.minors import Minors
from symbolic.proofs.quotients import Field, NotCoveredError, Quotient

Gradient = list[list[Quotient]]
"""An n×n matrix of quotients, by rows."""


class Scene:
    """A parameterization X(θ), n×n, with the eigenvalues λ_i of X that an expression holds.

    Raises:
        NotCoveredError: an entry of X is not a polynomial with integer coefficients.
    """

    def __init__(
        self, parameterization: Parameterization, eigenvalues: tuple[Eigenvalue, ...]
    ) -> None:
        self.field = Field((*eigenvalues, *parameterization.symbols))
        self.parameters = [self.field.index(theta) for theta in parameterization.symbols]
        self.X = [[self._entry(x) for x in row] for row in parameterization.X.tolist()]
        self._relations = {self.field.index(lam): self._characteristic(lam) for lam in eigenvalues}

    def derivatives(self, expr: Expr) -> list[Quotient]:
        """∂expr/∂θ_k for every k, eigenvalues moving with θ.

        Raises:
            NotCoveredError: one of them is not known to be a rational function of θ and the λ_i.
        """
        try:
            value = self.field.read(expr)
        except NotCoveredError:
            return self._derivatives_by_rules(expr)
        return [self._total_derivative(value, k) for k in self.parameters]

    def contract(self, G: Gradient) -> list[Quotient]:
        """⟨G, ∂X/∂θ_k⟩ for every k; G is n×n.

        Raises:
            NotCoveredError: the denominator of an entry may vanish at an eigenvalue for all θ.
        """
        for row in G:
            for entry in row:
                self._defined(entry)
        places = [(i, j) for i in range(len(G)) for j in range(len(G))]
        return [
            sum(
                (G[i][j] * self.field.polynomial(self.X[i][j].derivative(k)) for i, j in places),
                self.field.polynomial(0),
            )
            for k in self.parameters
        ]

    def vanishes(self, residual: Quotient) -> bool:
        """Whether the residual is 0 for all θ, at every root λ_i of p.

        p is monic in λ_i, which comes first in the lexicographic order, so that the remainder of
        the division by p is the one of univariate polynomials.

        Raises:
            NotCoveredError: the denominator may vanish at an eigenvalue for all θ.
        """
        remainder = self._defined(residual).numerator
        for p in self._relations.values():
            remainder = divmod(remainder, p)[1]
        return bool(remainder == 0)

    def _defined(self, quotient: Quotient) -> Quotient:
        """The quotient, if its denominator shares no factor with any p(λ_i).

        Where it does, an identity may be one between quantities that exist at no θ.
        """
        for p in self._relations.values():
            if not quotient.denominator.gcd(p).is_constant():
                raise NotCoveredError("a denominator may vanish at an eigenvalue for all θ")
        return quotient

    def _entry(self, entry: Expr) -> fmpz_mpoly:
        quotient = self.field.read(entry)
        if not quotient.denominator.is_one():
            raise NotCoveredError(f"the entry {entry} of X is not an integer polynomial")
        return quotient.numerator

    def _characteristic(self, eigenvalue: Eigenvalue) -> fmpz_mpoly:
        """det(λ_i I − X)."""
        lam = self.field.read(eigenvalue).numerator
        rows = enumerate(self.X)
        return Minors(
            [[(lam if i == j else 0) - x for j, x in enumerate(row)] for i, row in rows]
        ).determinant()

    def _total_derivative(self, value: Quotient, k: int) -> Quotient:
        total = self._defined(value).derivative(k)
        for lam, p in self._relations.items():
            rate = Quotient(-p.derivative(k), p.derivative(lam))
            total = total + value.derivative(lam) * rate
        return total

    def _derivatives_by_rules(self, expr: Expr) -> list[Quotient]:
        """Of sums and rational multiples of logarithms and constants."""
        zero = self.field.polynomial(0)
        if not expr.free_symbols:
            return [zero for _ in self.parameters]
        if expr.is_Add:
            each = [self.derivatives(term) for term in expr.args]
            return [sum(rates, zero) for rates in zip(*each, strict=True)]
        if isinstance(expr, sympy.log):
            u = self.field.read(expr.args[0])
            return [self._total_derivative(u, k) / u for k in self.parameters]
        coefficient, rest = expr.as_coeff_Mul(rational=True)
        if coefficient != 1:
            scale = self.field.read(coefficient)
            return [scale * rate for rate in self.derivatives(rest)]
        raise NotCoveredError(f"the derivative of {str(expr)[:60]} is not covered")
