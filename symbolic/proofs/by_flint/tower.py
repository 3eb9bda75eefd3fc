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
from flint import arb, ctx, fmpq, fmpq_mpoly
from sympy import Expr, ImmutableDenseMatrix

from symgrad.symbolic.algebra.expressions import Eigenvalue
from symgrad.symbolic.parameterizations import Parameterization
from symgrad.symbolic.proofs.by_flint.generators import Argument, Built, build, joint_relations
from symgrad.symbolic.proofs.by_flint.kernels import Kernel, Kind, exponents, kernels_of
from symgrad.symbolic.proofs.by_flint.quotients import Field, NotCoveredError
from symgrad.symbolic.proofs.by_flint.sums import Element, Space
from symgrad.symbolic.proofs.by_flint.witness import (
    BITS,
    UndefinedError,
    Values,
    candidates,
    evaluate,
    nonzero,
    value_of,
)
from symgrad.symbolic.proofs.plain import matrix_of

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

    def witnesses(self) -> list[Values]:
        """The generators' values at points at which no factor of a denominator is 0.

        Raises:
            NotCoveredError: none was found, so that nothing may be defined at any θ.
        """
        found = []
        for theta in candidates(self.parameterization):
            values = [arb(x) for x in theta]
            with ctx.workprec(BITS), suppress(UndefinedError):
                for built in self._built.values():
                    values.append(built.at(values))
                for factor in self.space.field.factors:
                    nonzero(evaluate(factor, values))
                found.append(values)
        if not found:
            reason = "no point is known at which every denominator is not 0; not covered"
            raise NotCoveredError(reason)
        return found

    def vanishes(self, residual: Element, witnesses: list[Values]) -> bool:
        """Whether the residual is 0 for all θ; where not, it is not 0 at a witness.

        Raises:
            NotCoveredError: neither was shown.
        """
        if residual.is_zero:
            return True
        with ctx.workprec(BITS):
            if not all(value_of(residual, values).contains(0) for values in witnesses):
                return False
        if self.space.field.normal(residual.merged().numerator, self._joint_relations()) == 0:
            return True
        raise NotCoveredError("whether a residual is 0 could not be decided; not covered")

    def _joint_relations(self) -> dict[int, fmpq_mpoly]:
        """Of the eigenvalues of each matrix, which are different roots of its polynomial."""
        roots: dict[tuple[ImmutableDenseMatrix, type], list[int]] = {}
        for number, (kernel, built) in enumerate(zip(self.kernels, self.built, strict=True)):
            if kernel.kind == Kind.EIGENVALUE and kernel == built.kernel:
                matrix, index = self._root(kernel)
                group = roots.setdefault((matrix, type(index)), [])
                group.append(number + len(self.parameters))
        field = self.space.field
        return {g: p for each in roots.values() for g, p in joint_relations(field, each).items()}

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
            if fits and self._same(earlier, kernel, argument):
                return earlier
        return build(self.space, kernel, argument, number)

    def _same(self, earlier: Built, kernel: Kernel, argument: Argument) -> bool:
        if kernel.kind == Kind.EIGENVALUE:
            return self._root(earlier.kernel) == self._root(kernel)
        if isinstance(argument, Element) and isinstance(earlier.argument, Element):
            return (argument - earlier.argument).is_zero
        return False

    def _root(self, kernel: Kernel) -> tuple[ImmutableDenseMatrix, int]:
        """The matrix whose eigenvalue the kernel is, and which."""
        return matrix_of(kernel.argument, self.parameterization.X), kernel.argument.index

    def _argument(self, kernel: Kernel) -> Argument:
        if kernel.kind == Kind.PI:
            return None
        if kernel.kind != Kind.EIGENVALUE:
            return self.read(kernel.argument)
        return [[self.read(entry) for entry in row] for row in self._root(kernel)[0].tolist()]
