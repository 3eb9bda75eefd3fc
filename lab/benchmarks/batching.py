"""What asking a route at many points together would change: ``python -m lab.benchmarks.batching``.

A worker asks each route at one matrix at a time.  PyTorch and JAX could ask at many by ``vmap``.
Here both are done, for every route: how often the batched gradient has other bits, or there is
none; and how long a point takes, alone, together and on the exact side, which runs meanwhile.
"""

from __future__ import annotations

import functools
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from jaxtyping import Float
from rich.console import Console
from rich.table import Table

from lab.benchmarks.timing import duration, in_turn
from symgrad.court.names import family
from symgrad.court.questions import Choice, Problem, Resources
from symgrad.symbolic import cases

POINTS, RUNS, SIZE = 4, 5, 3
FRAMEWORKS = ("torch", "jax")
QUICK = ("det", "gaussian_kl")

Stack = Float[np.ndarray, "points n n"]


def together(name: str, f: Callable[[Any], Any], Xs: Stack) -> Stack:
    """The gradients at all points by one ``vmap``."""
    if name == "jax":
        jax = import_module("jax")
        return np.asarray(jax.vmap(jax.grad(f))(jax.numpy.asarray(Xs)))
    torch = import_module("torch")
    return np.asarray(torch.func.vmap(torch.func.grad(f))(torch.tensor(Xs)).numpy())


def _choice(functions: tuple[str, ...], framework: str, points: int) -> Choice:
    resources = Resources(frameworks=[framework], timeout=100.0)
    return Choice(resources=resources, functions=functions, size=SIZE, points=points)


def problems(functions: tuple[str, ...], framework: str) -> dict[str, list[Problem]]:
    """The points of each function, as a worker is asked."""
    choice = _choice(functions, framework, POINTS)
    found: defaultdict[str, list[Problem]] = defaultdict(list)
    for number, case in enumerate(cases.chosen(choice, [framework])):
        problem = case.problem(number)
        found[problem.function].append(problem)
    return found


def compare(name: str, functions: tuple[str, ...]) -> Counter[str]:
    """How many routes have the same bits batched, by what happens."""
    framework = import_module(f"symgrad.numeric.frameworks.{name}").Framework()
    framework.configure()
    count: Counter[str] = Counter()
    for function, asked in problems(functions, name).items():
        Xs, constants = np.array([p.matrix for p in asked]), asked[0].constants
        for route in framework.routes.get(family(function), {}).values():
            count[_compare(name, framework, route, Xs, constants)] += 1
    return count


def _compare(name: str, framework: Any, route: Any, Xs: Stack, constants: Any) -> str:
    try:
        alone = [framework.differentiate(route, X.copy(), constants, "float64")[1] for X in Xs]
    except Exception:
        return "declined"
    f = functools.partial(framework.apply, route, constants=constants)
    try:
        batched = together(name, f, Xs)
    except Exception:
        return "no batch"
    return "same bits" if np.array_equal(np.array(alone), batched) else "other bits"


def times(name: str) -> list[str]:
    """How long a point of the smallest eigenvalue takes: alone, together, on the exact side."""
    framework = import_module(f"symgrad.numeric.frameworks.{name}").Framework()
    framework.configure()
    route = next(iter(framework.routes["eigenvalue"].values()))
    (asked,) = problems(("eigenvalue[0]",), name).values()
    Xs, constants = np.array([p.matrix for p in asked] * 25), asked[0].constants
    f = functools.partial(framework.apply, route, constants=constants)
    exact = cases.chosen(_choice(("eigenvalue[0]",), name, len(Xs)), [name])
    work: dict[str, Callable[[], object]] = {
        "alone": lambda: [framework.differentiate(route, X, constants, "float64") for X in Xs],
        "together": lambda: together(name, f, Xs),
        "exact side": lambda: [case.reference() for case in exact],
    }
    return [duration(timing.seconds / len(Xs)) for timing in in_turn(work, RUNS).values()]


def main(arguments: Sequence[str]) -> None:
    """Print one row per framework."""
    kinds = ("same bits", "other bits", "no batch", "declined")
    title = f"routes at {POINTS} points of size {SIZE}; medians of {RUNS} runs, per point"
    table = Table(title=title, header_style="bold")
    for column in ("framework", *kinds, "alone", "together", "exact side"):
        table.add_column(column, justify="right")
    for name in FRAMEWORKS:
        count = compare(name, QUICK if "--quick" in arguments else ())
        table.add_row(name, *(str(count[kind]) for kind in kinds), *times(name))
    Console().print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
