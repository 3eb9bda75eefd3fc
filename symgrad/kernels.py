"""θ ↦ X(θ) as a callable of a user's file, ``-p my_kernel.py:kernel``: f(X(θ)) is judged in θ.

What is asked is diag(θ) ↦ f(X(θ)), as of ``symgrad.check(f, theta, parameterization=kernel)``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from sympy import ImmutableDenseMatrix, diag

from symgrad.court.errors import InputError
from symgrad.court.questions import Choice
from symgrad.files import callable_in, load
from symgrad.function_files import imported
from symgrad.symbolic.parameterizations import Parameterization
from symgrad.symbolic.parameterizations.parameterization import real_symbols
from symgrad.symbolic.points import Point, parse_point
from symgrad.symbolic.structure_files import parameters, read_points
from symgrad.traced import RECORDERS, of_parameters


class Kernel(NamedTuple):
    """A callable θ ↦ X(θ), the structure of diag(θ), and the points θ at which it is asked."""

    path: Path
    f: Callable[..., Any]
    x: Parameterization
    points: list[Point]

    def before(self, framework: str, f: Callable[..., Any]) -> Callable[..., Any]:
        """diag(θ) ↦ f(X(θ)) of an f of a framework.

        Raises:
            InputError: the kernel's file is one of other frameworks, or f's does not tell what it
                executes.
        """
        own = [name for name in RECORDERS if name in imported(self.path) and name != "numpy"]
        if own and framework not in own:
            raise InputError(
                f"{self.path} makes X(θ) in {', '.join(own)}, and f is a function of {framework}; "
                "write both in one"
            )
        return of_parameters(framework, f, self.f)


def read(name: str, choice: Choice) -> Kernel:
    """The callable of that name, ``my_kernel.py:kernel``, with its parameters and points.

    The parameters are those that the file names (``theta``, or ``parameters(n)``), else those of
    ``--point``, in its order; the points that of ``--point``, else those of the file.

    Raises:
        InputError: the file, the callable in it, its parameters or its points cannot be used.
    """
    file, _, attribute = name.rpartition(":")
    path = Path(file)
    names = load(path, choice.resources.timeout)
    f = callable_in(path, names, attribute)
    if choice.matrix is not None:
        raise InputError(f"-p {name} makes X(θ) of parameters; give a --point and no --matrix")
    if choice.size != 2 and "parameters" not in names:
        raise InputError(f"-p {name} makes X(θ) of the size that it has; leave out --size")
    if {"theta", "parameters"} & set(names):
        order = parameters(path, names, choice.size, choice.resources.timeout)
    elif choice.point is not None:
        order = [pair.split("=")[0].strip() for pair in re.split("[,;]", choice.point) if pair]
    else:
        raise InputError(
            f"-p {name}: the parameters are not known; give --point 'a=1, b=2', in the order in "
            "which they are in θ, or write theta = ('a', 'b') in the file"
        )
    symbols = real_symbols(order)
    formula = f"X = {attribute}(θ)"
    X = ImmutableDenseMatrix(diag(*symbols))
    x = Parameterization(attribute, formula, symbols, X, (1,) * len(symbols))
    if choice.point is not None:
        return Kernel(path, f, x, [parse_point(choice.point, x, "symmetric")])
    given = names.get("points", [])
    given = given(choice.size) if callable(given) else given
    points = [dict(zip(x.names, theta, strict=True)) for theta in read_points(path, given, order)]
    if not points or (choice.points or 1) > len(points):
        raise InputError(
            f"-p {name}: the file has {len(points)} points of its own, and none is drawn; give "
            f"--point '{', '.join(f'{s}=…' for s in order)}'"
        )
    return Kernel(path, f, x, points[: choice.points])
