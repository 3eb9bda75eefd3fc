"""A structure of a user's own: one Python file that says X(θ) in SymPy, for ``-p my_kernel.py``.

It defines ``theta``, the names of the parameters, or ``parameters(n)``, which gives them; ``X``, a
function of n and of one real symbol for each that gives an n×n matrix; ``formula``, a text; and, if
it likes, ``points``: values of the parameters, in order or by name, as a list or a function of n.

The file is code that the user chose to run.  It runs in a process that ends even where it computes
in C, and what it raises is said in one line.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import sympy
from sympy import Expr, ImmutableDenseMatrix, MatrixBase, MatrixExpr, Rational, Symbol

from symgrad.court.errors import InputError
from symgrad.symbolic.certified.enclosure import (
    ARB_CONSTANTS,
    ARB_FUNCTIONS,
    EnclosureError,
    enclose,
    precision,
    to_ball,
)
from symgrad.symbolic.derivation import LAMBDA
from symgrad.symbolic.extension import GRACE, NO_NUMBERS, running
from symgrad.symbolic.limits import Failure, Limits, answers
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS, Parameterization
from symgrad.symbolic.parameterizations.parameterization import UndefinedError, real_symbols
from symgrad.symbolic.points import Point, parse_rational

T = TypeVar("T")

SMOOTH = set(ARB_FUNCTIONS) - {sympy.Abs, sympy.sign}
"""The functions that X may be made of, beside sums, products and powers."""
BITS = 512
"""Precision of entries that are no rational numbers."""
RELATIVE = Fraction(1, 2**128)
"""How far they may be off, in parts of themselves; what is so much less than 2⁻¹²⁸ is 0."""


@dataclass(frozen=True)
class OwnStructure(Parameterization):
    """What a file defines; ``points`` are those that it asks for, if it does.

    An entry that is no rational number at θ is taken to 128 bits and more: what is judged is the
    contraction with that matrix, at X(θ) as the dtype has it.
    """

    points: tuple[tuple[Fraction, ...], ...] = ()

    def own_points(self) -> list[Point]:
        """Those of the file, by name."""
        return [dict(zip(self.names, values, strict=True)) for values in self.points]

    def _evaluate(self, entry: Expr, theta: Mapping[str, Fraction]) -> Fraction:
        values = {s: Rational(*theta[s.name].as_integer_ratio()) for s in entry.free_symbols}
        exact = entry.xreplace(values)
        if exact.is_Rational:
            return Fraction(int(exact.p), int(exact.q))
        try:
            with precision(BITS):
                ball = to_ball(enclose([exact], {})[0])
        except (EnclosureError, OverflowError):
            ball = None
        if ball is not None and ball.radius <= RELATIVE * abs(ball.mid):
            return ball.mid
        if ball is not None and abs(ball.mid) + ball.radius <= RELATIVE**2:
            return Fraction(0)
        at = ", ".join(f"{s} = {x}" for s, x in sorted(values.items(), key=str))
        raise UndefinedError(
            f"{self.name}: {str(entry)[:60]} of X or its derivative is no real number at {at}"
        )


def is_file(name: str) -> bool:
    """Whether a structure is a user's own, by its name on the command line."""
    return name.endswith(".py")


def structure(name: str, n: int, limits: Limits) -> Parameterization:
    """The n×n structure of a name in the catalogue, or of a file.

    Raises:
        InputError: there is none of that size, or the file cannot be used (:func:`load`).
    """
    return load(Path(name), n, limits) if is_file(name) else PARAMETERIZATIONS[name](n)


def load(path: Path, n: int, limits: Limits) -> OwnStructure:
    """The structure of n×n matrices that a file defines, named after the file.

    Raises:
        InputError: it does not exist, raises, does not end, lacks a name or gives one the wrong
            value: an X that is not symmetric, of another size, or not exact and differentiable.
    """
    return within(str(path), partial(_read, path, n, limits.seconds), limits)


def within(what: str, call: Callable[[], T], limits: Limits) -> T:
    """What a call gives, made in a process that ends in time; ``what`` is asked, in an error.

    Raises:
        InputError: it raises one, fails, or is beyond the limits.
    """

    def attempt() -> T | InputError:
        try:
            return call()
        except InputError as error:  # which is no failure of the exact side
            return InputError(str(error))

    patient = limits._replace(seconds=limits.seconds + GRACE)
    (found,) = answers([attempt], patient)
    if isinstance(found, Failure):
        why = found.reason.replace(f"{patient.seconds:g} s", f"{limits.seconds:g} s")
        raise InputError(f"{what}: {why}")
    if isinstance(found, InputError):
        raise found
    return found


def _read(path: Path, n: int, seconds: float) -> OwnStructure:
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    if not path.stem.isidentifier():
        raise InputError(f"{path}: {path.stem!r} is no name for a structure; rename the file")
    if path.stem in PARAMETERIZATIONS:
        raise InputError(f"{path}: {path.stem} is in the catalogue already; rename the file")
    with running(path, seconds):
        names = runpy.run_path(str(path), run_name=path.stem)
    if not callable(names.get("X")):
        what = "X must be a function of n and the parameters"
        raise InputError(f"{path}: {what}; see docs/structures.md")
    formula = names.get("formula")
    if not isinstance(formula, str) or not formula.strip():
        raise InputError(f"{path}: formula must be a text, as 'X_ij = a**|i-j|', not {formula!r}")
    symbols = real_symbols(parameters(path, names, n, seconds))
    with running(path, seconds, "X: "):
        made = names["X"](n, *symbols)
        made = made.as_explicit() if isinstance(made, MatrixExpr) else made
    wrong = _shape(made, n) or _strange(made, symbols)
    if wrong:
        raise InputError(f"{path}: {wrong}")
    with running(path, seconds, "X: "):
        wrong = _asymmetric(made)
    if wrong:
        raise InputError(f"{path}: {wrong}")
    X = ImmutableDenseMatrix(n, n, lambda i, j: made[min(i, j), max(i, j)])
    unused = [s for s in symbols if s not in X.free_symbols]
    if unused:
        raise InputError(f"{path}: the parameter {unused[0]} is not in X({n}, …); leave it out")
    with running(path, seconds, "points: "):
        given = names.get("points", [])
        given = given(n) if callable(given) else given
    points = read_points(path, given, [s.name for s in symbols])
    return OwnStructure(path.stem, formula.strip(), symbols, X, (1,) * len(symbols), points=points)


def parameters(path: Path, names: Mapping[str, Any], n: int, seconds: float) -> list[str]:
    """The names of the parameters that a file gives.

    Raises:
        InputError: it gives none, or such as cannot be used in ``--point``.
    """
    if ("theta" in names) == ("parameters" in names):
        raise InputError(
            f"{path}: the names of the parameters are needed, as theta = ('a', 'b'), or a function "
            "parameters(n) that gives them; one of the two"
        )
    given = names.get("theta")
    if "parameters" in names:
        if not callable(names["parameters"]):
            raise InputError(f"{path}: parameters must be a function of n; or write theta = (…)")
        with running(path, seconds, "parameters: "):
            given = [*names["parameters"](n)]
    found = list(given) if isinstance(given, (tuple, list)) else []
    for name in found or [given]:
        if not isinstance(name, str) or not name.isidentifier() or name == LAMBDA.name:
            raise InputError(
                f"{path}: {name!r} is no name of a parameter; give several, as ('a', 'b')"
            )
        if found.count(name) > 1:
            raise InputError(f"{path}: two parameters are named {name}")
    return found


def _shape(made: Any, n: int) -> str:
    """What is wrong with the kind and the size of X; nothing if it is an n×n matrix."""
    if not isinstance(made, MatrixBase):
        return f"X must give a SymPy matrix, not {type(made).__name__}; write sympy.Matrix(…)"
    if made.rows != made.cols:
        return f"X is not square: X({n}, …) is {made.rows}×{made.cols}"
    if made.rows != n:
        return f"X({n}, …) is {made.rows}×{made.rows}; give the rows of X by -n {made.rows}"
    return ""


def _strange(made: MatrixBase, symbols: Sequence[Symbol]) -> str:
    """What in X has no exact value or no derivative; nothing if all has."""
    for i in range(made.rows):
        for j in range(made.cols):
            for part in sympy.preorder_traversal(made[i, j]):
                wrong = _strange_part(part, symbols)
                if wrong:
                    return f"X[{i}, {j}] {wrong}"
    return ""


def _strange_part(part: Any, symbols: Sequence[Symbol]) -> str:
    if part.is_Float:
        return f"has the float {float(part):g}; write Rational(1, 2) for 0.5"
    if part is sympy.I:
        return "has an I; a structure is of real matrices"
    if isinstance(part, NO_NUMBERS):
        return f"has {part}, which is no number"
    if part.is_Symbol:
        told = ", ".join(map(str, symbols))
        return (
            ""
            if part in symbols
            else f"has the symbol {part}, none of those that it is given: {told}"
        )
    if part.is_Rational or part in ARB_CONSTANTS or part.is_Add or part.is_Mul or part.is_Pow:
        return ""
    if type(part) in SMOOTH:
        return ""
    return (
        f"has {type(part).__name__}; write it by sums, products and powers of the parameters, and "
        "by exp, log, sin, cos and the like, which have a derivative wherever they are defined"
    )


def _asymmetric(made: MatrixBase) -> str:
    """Where X is not symmetric, or not seen to be; nothing if it is."""
    for i in range(made.rows):
        for j in range(i):
            one, other = made[i, j], made[j, i]
            if one != other and sympy.simplify(sympy.expand(one - other)) != 0:
                return (
                    f"X is not symmetric: X[{i}, {j}] is {str(one)[:60]}, X[{j}, {i}] is "
                    f"{str(other)[:60]}"
                )
    return ""


def read_points(path: Path, given: Any, names: Sequence[str]) -> tuple[tuple[Fraction, ...], ...]:
    """The points that a file gives, as exact values in the order of the parameters.

    Raises:
        InputError: they are no list, or one is no exact value for every parameter.
    """
    if not isinstance(given, (tuple, list)):
        raise InputError(f"{path}: points must be a list of values, as [(1, '1/3')], not {given!r}")
    found = []
    for point in given:
        if isinstance(point, dict) and sorted(map(str, point)) == sorted(names):
            point = [{str(k): v for k, v in point.items()}[name] for name in names]
        if not isinstance(point, (tuple, list)) or len(point) != len(names):
            raise InputError(
                f"{path}: points: {str(point)[:60]} is no value for each of {', '.join(names)}"
            )
        found.append(tuple(_exact(path, value) for value in point))
    return tuple(found)


def _exact(path: Path, value: Any) -> Fraction:
    if isinstance(value, str):
        return parse_rational(value)
    if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, Rational):
        return Fraction(int(value.p), int(value.q))
    raise InputError(
        f"{path}: points: {str(value)[:60]} is no exact number; write Rational(1, 2) or '1/2'"
    )
