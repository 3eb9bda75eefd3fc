"""What a matrix function of the catalogue is: its definition, its theorem, its family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import sympy
from sympy import Expr, ImmutableDenseMatrix, MatrixBase, MatrixExpr

from symgrad.court.questions import Constants as Told
from symgrad.symbolic.algebra import Algebra
from symgrad.symbolic.algebra.expressions import Expressions
from symgrad.symbolic.algebra.scalar import NotDifferentiableError

EXPRESSIONS = Expressions()

Constants = dict[str, Any]
"""Fixed data of a function (an index, a vector, a weight matrix), small integers by name; a weight
of Hermitian matrices may be complex."""


class Derived(NamedTuple):
    """What a function X → ⟨S(X), E⟩ is made of: f, and E (n×n, symmetric)."""

    function: Instance
    E: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class MatrixFunction:
    """A function f : Sym(n) → R, or a family of them told apart by their constants.

    ``value(A, X, **constants)`` and ``gradient(A, X, **constants)`` state f and its gradient
    theorem over an :class:`~symgrad.symbolic.algebra.Algebra` A; the gradient is a valid n×n
    representative.  What is proved is that its contraction is the derivative of ``value``.  A
    function without a theorem (a user's own) is known by SymPy's expression alone.  ``domain``
    names one of :data:`symgrad.symbolic.domains.DOMAINS`.  ``instances(n)`` lists the constants of
    each member of the family, by the suffix that names it.  ``proved_size`` is the largest n at
    which its theorem is proved in about a second; on request it is proved at n + 1 too.  ``gauge``
    says what f depends on that X does not determine, as the sign of an eigenvector; it is empty for
    all functions of X alone.  ``frameworks`` are those that a user's file has routes for; the
    catalogue names none, as any may have some.  ``derived`` is what a derivative is made of.
    """

    name: str
    formula: str
    domain: str
    citation: str
    value: Callable[..., Any]
    gradient: Callable[..., Any] | None = None
    instances: Callable[[int], dict[str, Constants]] = lambda n: {"": {}}
    proved_size: int = 3
    gauge: str = ""
    frameworks: tuple[str, ...] = ()
    drawn_from: str = ""
    derived: Derived | None = None

    @property
    def usual_domain(self) -> str:
        """The domain that points are drawn from: ``drawn_from``, if that is narrower."""
        return self.drawn_from or self.domain

    @property
    def refusal(self) -> str:
        """Why f has a derivative nowhere; nothing if it may have one."""
        return self.gauge and (
            f"gauge: f changes with {self.gauge}, which X does not determine; "
            "the projector v vᵀ does not"
        )


def undetermined(
    name: str,
    formula: str,
    domain: str,
    citation: str,
    gauge: str,
    instances: Callable[[int], dict[str, Constants]] = lambda n: {"": {}},
) -> MatrixFunction:
    """What depends on a gauge, and is no function of X: it is never evaluated, always refused."""
    found: MatrixFunction

    def value(*arguments: Any, **constants: Any) -> Any:
        raise NotDifferentiableError(found.refusal)

    found = MatrixFunction(name, formula, domain, citation, value, instances=instances, gauge=gauge)
    return found


@dataclass(frozen=True, eq=False)
class Instance:
    """One member of a matrix function's family at size n: ``eigenvalue[0]`` of 3×3 matrices."""

    name: str
    function: MatrixFunction
    size: int
    constants: Constants

    @property
    def told(self) -> Told:
        """The constants as a framework is told them, in real numbers."""
        return {name: _in_parts(value) for name, value in self.constants.items()}

    def exact(self, X: ImmutableDenseMatrix) -> Expr:
        """f(X); X is n×n.

        A matrix inside the expression is refused as well: SymPy 1.14 differentiates matrix
        expressions to wrong zeros (log det A, tr A + tr A²) without a word.

        Raises:
            TypeError: the exact definition does not give a scalar SymPy expression, or gives one
                that is not written out in entries.
        """
        value = self.function.value(EXPRESSIONS, X, **self.constants)
        if not isinstance(value, (Expr, int)) or isinstance(value, (bool, MatrixBase, MatrixExpr)):
            raise TypeError(
                f"the exact definition of {self.name} must give a scalar SymPy expression, "
                f"not {type(value).__name__}"
            )
        value = sympy.sympify(value)
        if value.has(MatrixExpr):
            raise TypeError(
                f"the exact definition of {self.name} must be written out in the entries of X, "
                f"not hold a matrix as {str(value)[:60]!r} does; "
                "use X.det(), X.trace() and the like of the X that it is given"
            )
        return value

    def theorem(self, X: ImmutableDenseMatrix) -> ImmutableDenseMatrix | None:
        """The textbook's gradient at X (n×n) in SymPy's expressions, where there is a theorem."""
        return self.gradient(EXPRESSIONS, X) if self.function.gradient else None

    def value(self, algebra: Algebra, X: Any) -> Any:
        """f(X) over an algebra; X is the algebra's n×n matrix."""
        return self.function.value(algebra, X, **self.constants)

    def gradient(self, algebra: Algebra, X: Any) -> Any:
        """The theorem's gradient over an algebra; X is the algebra's n×n matrix."""
        assert self.function.gradient is not None
        return self.function.gradient(algebra, X, **self.constants)


def _in_parts(constant: Any) -> Any:
    """A complex matrix by its real and its imaginary part; whatever is real as it is."""
    if not isinstance(constant, list) or not isinstance(constant[0], list):
        return constant
    if not any(isinstance(x, complex) for row in constant for x in row):
        return constant
    parts = {"real": lambda x: x.real, "imaginary": lambda x: x.imag}
    return {name: [[of(x) for x in row] for row in constant] for name, of in parts.items()}
