"""SymPy's expressions as a number system, forward only: a program at x = [[a, b], [b, c]]."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import sympy
from sympy import Expr

from symgrad.court.program import Program, Step
from symgrad.symbolic.traced import rules
from symgrad.symbolic.traced.numbers import Array, Decision

A, B, C = sympy.symbols("a b c", real=True)
"""The entries of x = [[a, b], [b, c]]."""
SHORT = 2**24
"""A constant is written as a fraction where its denominator is no larger, else by its digits."""

FUNCTIONS: dict[str, Callable[..., Expr]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "neg": lambda x: -x,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "exp": sympy.exp,
    "expm1": lambda x: sympy.exp(x) - 1,
    "log": sympy.log,
    "log1p": lambda x: sympy.log(1 + x),
    "sqrt": sympy.sqrt,
    "reciprocal": lambda x: 1 / x,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "asin": sympy.asin,
    "acos": sympy.acos,
    "atan": sympy.atan,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "asinh": sympy.asinh,
    "acosh": sympy.acosh,
    "atanh": sympy.atanh,
    "logistic": lambda x: 1 / (1 + sympy.exp(-x)),
    "erf": sympy.erf,
    "lgamma": sympy.loggamma,
    "digamma": sympy.digamma,
    "abs": sympy.Abs,
    "max": sympy.Max,
    "min": sympy.Min,
}


class NoFormulaError(Exception):
    """The program has no formula that is written here."""


class Expressions:
    """Arrays of SymPy's expressions; matrices are at most 2×2 where more than products is asked."""

    runs: tuple[int, ...] = ()

    def __init__(self) -> None:
        self.decided: dict[int, Decision] = {}
        self.is_exact = False

    def constant(self, floats: Array) -> Array:
        """The same numbers, exactly where they are short."""
        return _map(_number, floats)

    def entrywise(self, name: str, *arrays: Array) -> Array:
        """The operation on every entry."""
        return _map(FUNCTIONS[name], *arrays)

    def power(self, x: Array, exponent: float) -> Array:
        """x to a constant exponent."""
        return _map(lambda entry: entry ** _number(exponent), x)

    def trigamma(self, x: Array) -> Array:
        """ψ′."""
        return _map(lambda entry: sympy.polygamma(1, entry), x)

    def times(self, g: Array, d: Array) -> Array:
        """g·d."""
        return g * d

    def signs(self, step: Step, x: Array, asked: Array) -> Array:
        """None are known of expressions."""
        raise NoFormulaError("it decides")

    def matmul(self, A: Array, B: Array) -> Array:
        """AB."""
        return np.asarray(A @ B)

    def solve(self, A: Array, B: Array) -> Array:
        """adj(A)B/det A."""
        adjugate = self.cofactors(A).swapaxes(-1, -2)
        return np.asarray(adjugate @ B / self.det(A)[..., None, None])

    def cholesky(self, A: Array) -> Array:
        """L, lower."""
        _check_small(A)
        L = np.full(A.shape, sympy.Integer(0), object)
        for k in np.ndindex(*A.shape[:-2]):
            L[k][0, 0] = sympy.sqrt(A[k][0, 0])
            if A.shape[-1] == 2:
                L[k][1, 0] = A[k][1, 0] / L[k][0, 0]
                L[k][1, 1] = sympy.sqrt(A[k][1, 1] - A[k][1, 0] ** 2 / A[k][0, 0])
        return L

    def eigh(self, step: Step, *parts: Array) -> list[Array]:
        """λ = (a + c)/2 ∓ √(((a − c)/2)² + b²), and eigenvectors (b, λ − a), normalized."""
        (A,) = parts
        _check_small(A)
        if A.shape[-1] == 1:
            return [A[..., 0], np.full(A.shape, sympy.Integer(1), object)]
        a, b, c = A[..., 0, 0], A[..., 1, 0], A[..., 1, 1]
        root = _map(sympy.sqrt, np.asarray((a - c) ** 2 / 4 + b**2, object))
        values = np.stack([(a + c) / 2 - root, (a + c) / 2 + root], -1)
        second = values - np.asarray(a, object)[..., None]
        first = np.broadcast_to(np.asarray(b, object)[..., None], second.shape)
        size = _map(sympy.sqrt, first**2 + second**2)
        return [values, np.stack([first / size, second / size], -2)]

    def eigvals(self, A: Array) -> Array:
        """tr A/2 ∓ √((tr A/2)² − det A)."""
        _check_small(A)
        if A.shape[-1] == 1:
            return A[..., 0]
        half = np.asarray((A[..., 0, 0] + A[..., 1, 1]) / 2, object)
        root = _map(sympy.sqrt, np.asarray(half**2 - self.det(A), object))
        return np.stack([half - root, half + root], -1)

    def pulled_eigvals(self, A: Array, g: Array) -> Array:
        """No derivative is taken here."""
        raise NoFormulaError("it goes back")

    def is_tied(self, step: Step) -> bool:
        """Of a generic matrix none are equal."""
        return False

    def over_gaps(self, step: Step, w: Array, M: Array, part: int = 0) -> Array:
        """No derivative is taken here."""
        raise NoFormulaError("it goes back")

    def det(self, A: Array) -> Array:
        """det A."""
        _check_small(A)
        if A.shape[-1] == 1:
            return A[..., 0, 0]
        found = A[..., 0, 0] * A[..., 1, 1] - A[..., 0, 1] * A[..., 1, 0]
        return np.asarray(found, object)

    def cofactors(self, A: Array) -> Array:
        """adj(A)ᵀ."""
        _check_small(A)
        if A.shape[-1] == 1:
            return np.full(A.shape, sympy.Integer(1), object)
        rows = [[A[..., 1, 1], -A[..., 1, 0]], [-A[..., 0, 1], A[..., 0, 0]]]
        return np.stack([np.stack(row, -1) for row in rows], -2)

    def log_abs_det(self, A: Array, signs: Sequence[int]) -> Array:
        """log (± det A)."""
        d = self.det(A)
        return _map(sympy.log, d * np.array(signs, object).reshape(d.shape))

    def lu(self, A: Array) -> Array:
        """L − I + U."""
        _check_small(A)
        M = A.copy()
        if A.shape[-1] == 2:
            M[..., 1, 0] = M[..., 1, 0] / M[..., 0, 0]
            M[..., 1, 1] = M[..., 1, 1] - M[..., 1, 0] * M[..., 0, 1]
        return M

    def expm(self, A: Array) -> Array:
        """exp A = eˢ(cosh q I + (sinh q)/q (A − sI)), s = tr A/2, q = √(s² − det A)."""
        _check_small(A)
        if A.shape[-1] == 1:
            return _map(sympy.exp, A)
        s = np.asarray((A[..., 0, 0] + A[..., 1, 1]) / 2, object)
        q = _map(sympy.sqrt, s**2 - self.det(A))
        unit = np.eye(2, dtype=int) * sympy.Integer(1)
        shifted = A - s[..., None, None] * unit
        cosh, ratio = _map(sympy.cosh, q), _map(lambda x: sympy.sinh(x) / x, q)
        inner = cosh[..., None, None] * unit + ratio[..., None, None] * shifted
        return np.asarray(_map(sympy.exp, s)[..., None, None] * inner)


def formula(program: Program) -> Expr:
    """f at x = [[a, b], [b, c]], of a program that was recorded at a 2×2 matrix.

    Raises:
        NoFormulaError: it has none that is written here.
    """
    N, values = Expressions(), list[Array]()
    for step in program.steps:
        if step.operation == "input":
            if len(values):
                raise NoFormulaError("X is Hermitian")
            values.append(np.array([[A, B], [B, C]], object))
        elif step.operation != "guard":
            outputs = rules.apply(N, step, [values[k] for k in step.inputs])
            values += [np.asarray(y, object) for y in outputs]
    return values[program.output].item()


def _check_small(M: Array) -> None:
    if M.shape[-1] > 2 or M.shape[-2] > 2:
        raise NoFormulaError("it has matrices larger than 2×2")


def _number(x: float) -> Expr:
    exact = sympy.Rational(float(x)) if np.isfinite(x) else sympy.Float(x)
    return exact if not exact.is_Rational or exact.q <= SHORT else sympy.Float(float(x), 17)


def _map(f: Callable[..., Expr], *arrays: Array) -> Array:
    return np.asarray(np.frompyfunc(f, len(arrays), 1)(*arrays), object)
