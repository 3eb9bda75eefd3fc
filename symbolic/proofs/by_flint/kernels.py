"""The kernels of an expression: eigenvalues, roots, exponentials, logarithms, signs.

Only the shape of SymPy's expressions is looked at: powers of one base u are powers of one root
u^(1/m), and exp of a sum is a product of powers of exp(v/m), one v for each of its terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from math import lcm

import sympy
from sympy import Expr, ImmutableDenseMatrix, Rational

from symgrad.symbolic.algebra.expressions import Eigenvalue
from symgrad.symbolic.proofs.plain import matrix_of


class Kind(Enum):
    """What a kernel is of its argument u."""

    EIGENVALUE = "the eigenvalue u"
    ROOT = "u^(1/m)"
    EXP = "exp(u/m)"
    LOG = "log u"
    SIGN = "sign u"
    PI = "π"


Key = tuple[Kind, Expr]


@dataclass(frozen=True)
class Kernel:
    """A function of its ``argument`` that is not rational, of order ``m`` for roots and exp."""

    kind: Kind
    argument: Expr
    m: int = 1

    @property
    def expression(self) -> Expr:
        """The kernel as SymPy writes it."""
        u = self.argument
        return {
            Kind.EIGENVALUE: lambda: u,
            Kind.ROOT: lambda: sympy.Pow(u, Rational(1, self.m)),
            Kind.EXP: lambda: sympy.exp(u / self.m),
            Kind.LOG: lambda: sympy.log(u),
            Kind.SIGN: lambda: sympy.sign(u),
            Kind.PI: lambda: sympy.pi,
        }[self.kind]()


def exponents(u: Expr) -> Iterator[tuple[Expr, Rational]]:
    """The terms v of u = Σ q·v, each with its rational coefficient q."""
    for term in sympy.Add.make_args(u):
        q, v = term.as_coeff_Mul(rational=True)
        yield v, q


def kernels_of(expressions: Iterable[Expr], X: ImmutableDenseMatrix) -> list[Kernel]:
    """The kernels in the expressions, each after those in its argument; X is n×n."""
    orders: dict[Key, int] = {}
    seen: set[Expr] = set()

    def visit(expr: Expr) -> None:
        if expr in seen:
            return
        seen.add(expr)
        for part in matrix_of(expr, X) if isinstance(expr, Eigenvalue) else expr.args:
            visit(part)
        for key, m in _keys(expr):
            orders[key] = lcm(orders.get(key, 1), m)

    for expr in expressions:
        visit(expr)
    return [Kernel(kind, u, m) for (kind, u), m in orders.items()]


def _keys(expr: Expr) -> Iterator[tuple[Key, int]]:
    """The kernels that stand at the top of an expression, with the order that they need there."""
    if isinstance(expr, Eigenvalue):
        yield (Kind.EIGENVALUE, expr), 1
    elif expr.is_Pow and expr.exp.is_Rational and not expr.exp.is_Integer:
        yield (Kind.ROOT, expr.base), int(expr.exp.q)
    elif isinstance(expr, sympy.exp) or expr is sympy.E:
        u = sympy.S.One if expr is sympy.E else expr.args[0]
        for v, q in exponents(u):
            yield (Kind.EXP, v), int(q.q)
    elif isinstance(expr, sympy.log):
        yield (Kind.LOG, expr.args[0]), 1
    elif isinstance(expr, (sympy.sign, sympy.Abs)):
        yield (Kind.SIGN, expr.args[0]), 1
    elif expr is sympy.pi:
        yield (Kind.PI, expr), 1
