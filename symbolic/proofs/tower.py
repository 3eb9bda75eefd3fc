"""A differential field: parameters, then eigenvalues, roots, exp, log and sign over one another.

An element whose normal form is 0 is 0 wherever its parts are defined.  The converse may fail: the
characteristic polynomial may have rational roots, or two kernels depend on each other in a way that
no relation says.  So whatever divides, and whatever is called not 0, is shown not to be 0 at one
point, the witness.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from math import prod

import sympy
from flint import arb, ctx, fmpq
from sympy import Expr

from symbolic.algebra.expressions import Eigenvalue
from symbolic.parameterizations import Parameterization
from symbolic.proofs.generators import Argument, Built, build
from symbolic.proofs.kernels import Kernel, Kind, exponents, kernels_of
from symbolic.proofs.plain import matrix_of
from symbolic.proofs.quotients import Field, NotCoveredError
from symbolic.proofs.sums import Element, Space
from symbolic.proofs.witness import (
    BITS,
    UndefinedError,
    Values,
    candidates,
    evaluate,
    nonzero,
    value_of,
)

Gradient = list[list[Element]]
"""An n×n matrix of elements, by rows."""


class Tower:
    """The field of a parameterization X(θ), n×n, and of the kernels in some expressions.

    Raises:
        NotCoveredError: an expression is not made of what the field knows.
    """

    def __init__(self, parameterization: Parameterization, expressions: Iterable[Expr]) -> None:
        X, symbols = parameterization.X, parameterization.symbols
        self.parameterization = parameterization
        self.kernels = kernels_of([*expressions, *X], X)
        field = Field(len(symbols) + len(self.kernels))
        self.space = Space(field, len(symbols))
        self.parameters = self.space.parameters
        self._known: dict[Expr, Element] = {
            theta: self.space.polynomial(field.generators[k]) for k, theta in enumerate(symbols)
        }
        self._built: dict[tuple[Kind, Expr], Built] = {}
        for number, kernel in enumerate(self.kernels, len(symbols)):
            self._built[kernel.kind, kernel.argument] = self._found(kernel, number)
        self.X = [[self.read(x) for x in row] for row in X.tolist()]

    @property
    def built(self) -> list[Built]:
        """The kernels in the field, in order."""
        return [*self._built.values()]

    def read(self, expr: Expr) -> Element:
        """The expression as an element; common subexpressions are read once.

        Raises:
            NotCoveredError: it is not made of the field's kernels, or divides by 0.
        """
        found = self._known.get(expr)
        if found is None:
            found = self._known[expr] = self._read(expr)
        return found

    def contract(self, G: Gradient) -> list[Element]:
        """⟨G, ∂X/∂θ_k⟩ for every k; G is n×n."""
        places = [(i, j) for i in range(len(G)) for j in range(len(G))]
        return [
            self.space.total(G[i][j] * self.X[i][j].derivative(k) for i, j in places)
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
                for factor in self.space.field.factors:
                    nonzero(evaluate(factor, values))
                return values
        raise NotCoveredError("no point is known at which every denominator is not 0; not covered")

    def vanishes(self, residual: Element, witness: Values) -> bool:
        """Whether the residual is 0 for all θ; where not, it is not 0 at the witness.

        Raises:
            NotCoveredError: neither was shown.
        """
        if residual.is_zero:
            return True
        with ctx.workprec(BITS):
            if not value_of(residual, witness).contains(0):
                return False
        if residual.merged().is_zero:
            return True
        raise NotCoveredError("whether a residual is 0 could not be decided; not covered")

    def _read(self, expr: Expr) -> Element:
        if expr.is_Rational:
            return self.space.number(fmpq(int(expr.p), int(expr.q)))
        if expr.is_Add:
            return self.space.total(map(self.read, expr.args))
        if expr.is_Mul:
            return prod(map(self.read, expr.args), start=self.space.number(1))
        if expr.is_Pow and expr.exp.is_Integer:
            return self.read(expr.base) ** int(expr.exp)
        if expr.is_Pow and expr.exp.is_Rational:
            root = self._kernel(Kind.ROOT, expr.base)
            whole, part = divmod(int(expr.exp * root.kernel.m), root.kernel.m)
            return self.read(expr.base) ** whole * root.element**part
        if isinstance(expr, sympy.exp) or expr is sympy.E:
            return self._exp(sympy.S.One if expr is sympy.E else expr.args[0])
        if isinstance(expr, Eigenvalue) or expr is sympy.pi:
            kind = Kind.PI if expr is sympy.pi else Kind.EIGENVALUE
            return self._kernel(kind, expr).element
        if isinstance(expr, sympy.log):
            return self._kernel(Kind.LOG, expr.args[0]).element
        if isinstance(expr, (sympy.sign, sympy.Abs)):
            sign = self._kernel(Kind.SIGN, expr.args[0]).element
            return sign * self.read(expr.args[0]) if isinstance(expr, sympy.Abs) else sign
        raise NotCoveredError(f"{str(expr)[:60]} is not covered")

    def _exp(self, u: Expr) -> Element:
        total = self.space.number(1)
        for v, q in exponents(u):
            found = self._kernel(Kind.EXP, v)
            total = total * found.element ** int(q * found.kernel.m)
        return total

    def _kernel(self, kind: Kind, u: Expr) -> Built:
        found = self._built.get((kind, u))
        if found is None:
            raise NotCoveredError(f"{kind.value} of u = {str(u)[:60]} is not covered")
        return found

    def _found(self, kernel: Kernel, number: int) -> Built:
        """The kernel as an earlier one whose argument has the same value, or else as a new one."""
        argument = self._argument(kernel)
        for earlier in self._built.values():
            fits = earlier.kernel.kind == kernel.kind and earlier.kernel.m % kernel.m == 0
            if not fits or not isinstance(argument, Element):
                continue
            if isinstance(earlier.argument, Element) and (argument - earlier.argument).is_zero:
                return earlier
        return build(self.space, kernel, argument, number)

    def _argument(self, kernel: Kernel) -> Argument:
        if kernel.kind == Kind.PI:
            return None
        if kernel.kind != Kind.EIGENVALUE:
            return self.read(kernel.argument)
        matrix = matrix_of(kernel.argument, self.parameterization.X)
        return [[self.read(entry) for entry in row] for row in matrix.tolist()]
