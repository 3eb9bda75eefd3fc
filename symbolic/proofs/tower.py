"""A differential field: parameters, then eigenvalues, roots, exp, log and sign over one another.

Each kernel t is a generator with its rate of change, and where it is algebraic with a relation:

    t = μ = D·λ           det(μI − D·X) = 0, D·X polynomial    dμ = −dp/(∂p/∂μ)
    t = r·u^(1/m)         t^m = r^m·u = P, a polynomial        dt = t·dP/(m·P)
    t = exp(u/m)          none                                 dt = t·du/m
    t = log u             none                                 dt = du/u
    t = sign u            t² = 1                               dt = 0

A quotient whose normal form is 0 is 0 wherever its parts are defined.  The converse may fail: p may
have rational roots, or two kernels depend on each other in a way that no relation says.  So
whatever divides, and whatever is called not 0, is shown not to be 0 at one point: see
:mod:`symbolic.proofs.witness`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from math import prod
from typing import NamedTuple

import sympy
from flint import acb_mat, arb, ctx, fmpq, fmpq_mpoly
from sympy import Expr

from symbolic.algebra.expressions import Eigenvalue
from symbolic.parameterizations import Parameterization
from symbolic.proofs.kernels import Kernel, Kind, exponents, kernels_of
from symbolic.proofs.minors import Minors
from symbolic.proofs.plain import matrix_of
from symbolic.proofs.quotients import Field, NotCoveredError, Quotient
from symbolic.proofs.witness import (
    BITS,
    UndefinedError,
    candidates,
    evaluate,
    smallest,
    value_of,
)

Gradient = list[list[Quotient]]
"""An n×n matrix of quotients, by rows."""


Values = list[arb]
"""The values of the generators at one point; those not known yet are missing."""


class Built(NamedTuple):
    """A kernel's element of the field, and the generator's value, given those of earlier ones."""

    kernel: Kernel
    argument: Quotient | None
    element: Quotient
    at: Callable[[Values], arb]


class Tower:
    """The field of a parameterization X(θ), n×n, and of the kernels in some expressions.

    Raises:
        NotCoveredError: an expression is not made of what the field knows.
    """

    def __init__(self, parameterization: Parameterization, expressions: Iterable[Expr]) -> None:
        X = parameterization.X
        self.parameterization = parameterization
        self.kernels = kernels_of([*expressions, *X], X)
        self._symbols = parameterization.symbols
        count = len(self._symbols)
        self.field = Field(count + len(self.kernels))
        self._known: dict[Expr, Quotient] = {}
        for k, theta in enumerate(self._symbols):
            self._known[theta] = self.field.quotient(self.field.generators[k])
            self.field.rates[k] = [self.field.quotient(int(j == k)) for j in range(count)]
        self.built: list[Built] = []
        for number, kernel in enumerate(self.kernels, count):
            self.built.append(self._alias(kernel) or self._build(kernel, number))
        self.X = [[self.read(x) for x in row] for row in X.tolist()]

    @property
    def parameters(self) -> range:
        """The numbers of the parameters."""
        return range(len(self._symbols))

    def read(self, expr: Expr) -> Quotient:
        """The expression as a quotient; common subexpressions are read once.

        Raises:
            NotCoveredError: it is not made of the field's kernels, or divides by 0.
        """
        found = self._known.get(expr)
        if found is None:
            found = self._known[expr] = self._read(expr)
        return found

    def contract(self, G: Gradient) -> list[Quotient]:
        """⟨G, ∂X/∂θ_k⟩ for every k; G is n×n."""
        places = [(i, j) for i in range(len(G)) for j in range(len(G))]
        return [
            sum((G[i][j] * self.X[i][j].derivative(k) for i, j in places), self.field.quotient(0))
            for k in self.parameters
        ]

    def witness(self) -> Values:
        """The generators' values at a point at which no factor of a denominator is 0.

        Raises:
            NotCoveredError: none was found, so that nothing may be defined at any θ.
        """
        for theta in candidates(self.parameterization):
            values = [arb(x) for x in theta]
            with ctx.workprec(BITS), suppress(UndefinedError):
                for built in self.built:
                    values.append(built.at(values))
                for factor in self.field.factors:
                    _nonzero(evaluate(factor, values))
                return values
        raise NotCoveredError("no point is known at which every denominator is not 0; not covered")

    def vanishes(self, residual: Quotient, witness: Values) -> bool:
        """Whether the residual is 0 for all θ; where not, it is not 0 at the witness.

        Raises:
            NotCoveredError: neither was shown.
        """
        if residual.is_zero:
            return True
        with ctx.workprec(BITS):
            if evaluate(residual.numerator, witness).contains(0):
                raise NotCoveredError("whether a residual is 0 cannot be decided; not covered")
        return False

    def _read(self, expr: Expr) -> Quotient:
        if expr.is_Rational:
            return self.field.quotient(fmpq(int(expr.p), int(expr.q)))
        if expr.is_Add:
            return sum(map(self.read, expr.args), self.field.quotient(0))
        if expr.is_Mul:
            return prod(map(self.read, expr.args), start=self.field.quotient(1))
        if expr.is_Pow and expr.exp.is_Integer:
            return self.read(expr.base) ** int(expr.exp)
        if expr.is_Pow and expr.exp.is_Rational:
            root = self._element(Kind.ROOT, expr.base)
            whole, part = divmod(int(expr.exp * root.kernel.m), root.kernel.m)
            return self.read(expr.base) ** whole * root.element**part
        if isinstance(expr, sympy.exp) or expr is sympy.E:
            return self._exp(sympy.S.One if expr is sympy.E else expr.args[0])
        if isinstance(expr, Eigenvalue) or expr is sympy.pi:
            kind = Kind.PI if expr is sympy.pi else Kind.EIGENVALUE
            return self._element(kind, expr).element
        if isinstance(expr, sympy.log):
            return self._element(Kind.LOG, expr.args[0]).element
        if isinstance(expr, sympy.sign):
            return self._element(Kind.SIGN, expr.args[0]).element
        if isinstance(expr, sympy.Abs):
            return self._element(Kind.SIGN, expr.args[0]).element * self.read(expr.args[0])
        raise NotCoveredError(f"{str(expr)[:60]} is not covered")

    def _exp(self, u: Expr) -> Quotient:
        total = self.field.quotient(1)
        for v, q in exponents(u):
            found = self._element(Kind.EXP, v)
            total = total * found.element ** int(q * found.kernel.m)
        return total

    def _element(self, kind: Kind, u: Expr) -> Built:
        for found in self.built:
            if (found.kernel.kind, found.kernel.argument) == (kind, u):
                return found
        raise NotCoveredError(f"{kind.value} of {str(u)[:60]} is not covered")

    def _alias(self, kernel: Kernel) -> Built | None:
        """The element of an earlier kernel of the same kind, whose argument has the same value."""
        if kernel.kind in (Kind.EIGENVALUE, Kind.PI):
            return None
        u = self.read(kernel.argument)
        for earlier in self.built:
            same = earlier.kernel.kind == kernel.kind and earlier.kernel.m % kernel.m == 0
            if same and earlier.argument is not None and (u - earlier.argument).is_zero:
                return earlier._replace(
                    kernel=Kernel(kernel.kind, kernel.argument, earlier.kernel.m)
                )
        return None

    def _build(self, kernel: Kernel, number: int) -> Built:
        if kernel.kind == Kind.EIGENVALUE:
            return self._eigenvalue(kernel, number)
        t = self.field.generators[number]
        element, zero = self.field.quotient(t), self.field.quotient(0)
        if kernel.kind == Kind.PI:
            self.field.rates[number] = [zero for _ in self.parameters]
            return Built(kernel, None, element, lambda _: arb.pi())
        u = self.read(kernel.argument)
        if kernel.kind == Kind.ROOT:
            return self._root(kernel, u, number)
        if kernel.kind == Kind.SIGN:
            self.field.relate(number, t**2 - 1)
            self.field.rates[number] = [zero for _ in self.parameters]
            return Built(
                kernel, u, element, lambda at: arb(1 if _nonzero(value_of(u, at)) > 0 else -1)
            )
        moved = [u.derivative(k) for k in self.parameters]
        if kernel.kind == Kind.LOG:
            self.field.rates[number] = [rate / u for rate in moved]
            return Built(kernel, u, element, lambda at: _positive(value_of(u, at)).log())
        scale = self.field.quotient(fmpq(1, kernel.m))
        self.field.rates[number] = [element * rate * scale for rate in moved]
        return Built(kernel, u, element, lambda at: (value_of(u, at) / kernel.m).exp())

    def _root(self, kernel: Kernel, u: Quotient, number: int) -> Built:
        """t = r·u^(1/m) with r the least product of factors that makes t^m a polynomial."""
        field, m, u = self.field, kernel.m, u.lowest()
        least = {i: -(-exponent // m) for i, exponent in u.denominator.items()}
        r, t = field.expand(least), field.generators[number]
        P = (u * field.quotient(r) ** m).lowest()
        if P.denominator:
            raise NotCoveredError(f"the root of {str(kernel.argument)[:60]} is not covered")
        field.relate(number, t**m - P.numerator)
        relative = P.inverse() * field.quotient(fmpq(1, m))
        field.rates[number] = [
            field.quotient(t) * relative * P.derivative(k) for k in self.parameters
        ]
        element = Quotient(field, t, {i: exponent for i, exponent in least.items() if exponent})
        return Built(
            kernel, u, element, lambda at: evaluate(r, at) * _positive(value_of(u, at)).root(m)
        )

    def _eigenvalue(self, kernel: Kernel, number: int) -> Built:
        matrix = matrix_of(kernel.argument, self.parameterization.X)
        entries = [[self.read(x).lowest() for x in row] for row in matrix.tolist()]
        clearing: dict[int, int] = {}
        for entry in (entry for row in entries for entry in row):
            for i, exponent in entry.denominator.items():
                clearing[i] = max(exponent, clearing.get(i, 0))
        D = self.field.quotient(self.field.expand(clearing))
        p, t = self._relation(entries, D, number), self.field.generators[number]
        self.field.relate(number, p)
        slope = self.field.quotient(self.field.slope(p, number)).inverse()
        self.field.rates[number] = [-self.field.derivative(p, k) * slope for k in self.parameters]
        element = Quotient(self.field, t, clearing)

        def at(values: Values) -> arb:
            found = acb_mat([[value_of(entry, values) for entry in row] for row in entries])
            return value_of(D, values) * smallest(found, kernel.argument.index)

        return Built(kernel, None, element, at)

    def _relation(self, entries: list[list[Quotient]], D: Quotient, number: int) -> fmpq_mpoly:
        """det(μI − D·M), M n×n with D·M polynomial; monic in μ."""
        t = self.field.generators[number]
        cleared = [[(D * entry).lowest() for entry in row] for row in entries]
        if any(entry.denominator for row in cleared for entry in row):
            raise NotCoveredError("the entries of a matrix have no common denominator")
        return Minors(
            [
                [(t if i == j else 0) - entry.numerator for j, entry in enumerate(row)]
                for i, row in enumerate(cleared)
            ]
        ).determinant()


def _nonzero(x: arb) -> arb:
    if x.contains(0):
        raise UndefinedError
    return x


def _positive(x: arb) -> arb:
    if not x > 0:
        raise UndefinedError
    return x
