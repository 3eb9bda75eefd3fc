"""A callable as it ran: recorded by its framework, differentiated exactly, its wrong step named.

What crosses is the record of the forward pass, as JSON; it is made before any gradient is.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import sympy
from jaxtyping import Float, Inexact
from msgspec import structs

from symgrad.court import formats
from symgrad.court import program as records
from symgrad.court.blame import Blame
from symgrad.court.errors import InputError, check_known
from symgrad.court.hearing import confirm
from symgrad.court.judging import scatter
from symgrad.court.judging.deviation import deviations
from symgrad.court.judging.judge import judge
from symgrad.court.judging.mistakes import recognise
from symgrad.court.judging.symmetry import Product, asymmetry
from symgrad.court.judging.tolerance import entry_tolerances
from symgrad.court.program import Program
from symgrad.court.questions import GRADIENT, TWICE, Mode, Query, Reported
from symgrad.court.reasons import say
from symgrad.court.references import Matrix, Reference, Sparse
from symgrad.court.verdicts import RIGHT, Verdict
from symgrad.numeric import here as numeric
from symgrad.numeric.pool import known_frameworks
from symgrad.numeric.recording.recording import Recording
from symgrad.numeric.recording.tape import UnsupportedError
from symgrad.report.here import Derivative, Formula, Report
from symgrad.symbolic import here as symbolic
from symgrad.symbolic import queries, traced
from symgrad.symbolic.catalogue.second import Rows2
from symgrad.symbolic.neighbours import neighbours, split
from symgrad.symbolic.traced.decisions import RefusedError

Square = Inexact[np.ndarray, "n n"]
RECORDERS = (*numeric.DIAGONAL, "numpy")
"""The frameworks that say what they execute; NumPy, which differentiates nothing, as the last."""
of_parameters = numeric.of_parameters
NOTHING: frozenset[int] = frozenset()
BLAMED: tuple[Mode, ...] = ("reverse", "jacobian", "jacrev")
"""The modes that are made of vector–Jacobian products alone."""
BESIDE = 1e-3
"""The part of the worst step's share from which on another one is blamed too: nearly repeated
eigenvalues alone make some tolerances of a right step."""


class Run(NamedTuple):
    """A callable as it ran at X (n×n, exact, in blocks): recorded, and the record as it crossed.

    ``directions`` are the ∂X/∂θ_k that are told at X, by name, if not those of any matrix;
    ``along`` is that of a Hessian.
    """

    recording: Recording
    program: Program
    X: Matrix
    blocks: int
    name: str
    directions: Mapping[str, Sparse] | None = None
    along: Rows2 = ()

    def at(self, X: Matrix, held: frozenset[int] = NOTHING) -> Reference:
        """What is true of the recorded program at X, or near it."""
        known = self.directions if X == self.X else None  # what is beside X has not the structure
        directions = symbolic.directions(X, self.blocks, None) if known is None else known
        return traced.certify(
            self.program,
            X,
            self.name,
            blocks=self.blocks,
            directions=directions,
            held=held,
            along=self.along,
        )


class Heard(NamedTuple):
    """The verdict on a callable, with what it is a verdict on: what is true, and what was said."""

    report: Report
    reference: Reference
    reported: Reported


def judged(
    framework: str,
    f: Callable[..., Any],
    M: Square,
    X: Matrix,
    blocks: int,
    dtype: str,
    name: str,
    mode: Mode,
    strict: bool,
    directions: Mapping[str, Sparse] | None = None,
    query: Query = GRADIENT,
) -> Heard:
    """The verdict on what the framework says of f at M (n×n), X exactly, by what f executes there.

    Raises:
        InputError: the framework does not say what it executes.
    """
    try:
        run = record(framework, f, M, X, blocks, dtype, name)._replace(
            directions=directions, along=query.direction
        )
    except UnsupportedError as error:
        reference = refused(name, X, blocks, str(error))
        version = str(numeric.opened(framework).version)
        reported = Reported(0, framework, version, name, mode=mode)
        report = report_of(judge(reference, reported, dtype), reference, None, strict)
        return Heard(report, reference, reported)
    asked, dtype = dtype, formats.narrowest(run.program.dtype, *run.program.casts)
    reference = run.at(X)
    if dtype != asked:
        reference = structs.replace(reference, note=f"judged in {dtype}, to which f casts")
    own = numeric.opened(framework)

    def ask(M: Square, *, find_reads: bool = False, query: Query = query) -> Reported:
        return numeric.ask(framework, f, M, {}, asked, name, mode, own, query, find_reads)

    reported = ask(M, find_reads=True)
    verdict = judge(reference, reported, dtype)
    if verdict.verdict == "disagrees":
        real = formats.real(asked)
        beside = [X, *neighbours(X, real, blocks, scatter.spread(reference))]
        again = [(ask(floats(Y, blocks)), run.at(Y)) for Y in beside]
        reported, near = confirm(reported, again)
        verdict = judge(reference, reported, dtype, near)
    blamed: tuple[Blame, ...] = ()
    if verdict.verdict == "disagrees" and reported.gradient is not None:
        if mode in BLAMED:
            blamed = blame(run, reference, reported, dtype)
        elif mode in TWICE:
            first = numeric.ask(framework, f, M, {}, asked, name, "reverse", own)
            blamed, why = blame_of_hessian(run._replace(along=()), first, dtype)
            F = queries.other_direction(run.along)
            said = ask(M, query=structs.replace(query, direction=F))
            there = Product(F, run._replace(along=F).at(X), said)
            skew = asymmetry(Product(run.along, reference, reported), there, dtype)
            verdict = verdict.saying(*verdict.reasons, *say("note", why), *say("note", skew))
    report = report_of(verdict, reference, reported.gradient, strict)
    derive = partial(formula, run, framework, f)
    report = structs.replace(report, program=run.program, blame=blamed, derive=derive)
    return Heard(report, reference, reported)


def ways_twice(framework: str) -> list[Mode]:
    """In which ways a framework differentiates twice.

    Raises:
        InputError: it is unknown, or not installed.
    """
    return [way for way in TWICE if way in numeric.opened(framework).hessians]


def true_at(
    framework: str, f: Callable[..., Any], M: Square, X: Matrix, blocks: int, dtype: str, name: str
) -> Reference:
    """What is true at M (n×n), X exactly, of what f executes there.

    Raises:
        InputError: the framework does not say what it executes.
    """
    try:
        return record(framework, f, M, X, blocks, dtype, name).at(X)
    except UnsupportedError as error:
        return refused(name, X, blocks, str(error))


def closed_form_of(framework: str, f: Callable[..., Any], n: int) -> Formula:
    """The closed form of f at x = [[a, b], [b, c]], as f runs at a generic x.

    Raises:
        InputError: n is not 2, f cannot be recorded, or no closed form is found in time.
    """
    if n != 2:
        raise InputError(f"the closed form of a callable is told at n = 2, not {n}; give X instead")
    X, blocks = symbolic.exactly(GENERIC)
    name = getattr(f, "__qualname__", type(f).__name__)
    try:
        run = record(framework, f, GENERIC, X, blocks, "float64", name)
    except UnsupportedError as error:
        raise InputError(f"{name} has no record: {error}") from error
    found = formula(run, framework, f)
    if found is None:
        raise InputError(f"no closed form of {name} was found in time; give X for enclosures")
    return found


GENERIC = np.array([[2.0, 0.5], [0.5, 3.0]])
"""Where f is recorded for its closed form, if it was judged at a larger matrix."""


def formula(run: Run, framework: str, f: Callable[..., Any]) -> Formula | None:
    """The closed form of f at 2×2 matrices; nothing where it has none, or takes no such matrix."""
    if run.blocks == 2:
        return None
    if len(run.X) != 2:
        X, _ = symbolic.exactly(GENERIC)
        try:
            run = record(framework, f, GENERIC, X, 1, run.program.dtype, run.name)
        except UnsupportedError:
            return None
    found = traced.closed_form(run.program, run.X)
    if found is None:
        return None
    texts = [
        (sympy.pretty(e, wrap_line=False), sympy.latex(e))
        for e in (found.value, *found.derivatives)
    ]
    (value, latex), *slopes = texts
    return Formula(
        ("a", "b", "c"),
        value,
        tuple(text for text, _ in slopes),
        latex,
        tuple(text for _, text in slopes),
    )


def record(
    framework: str, f: Callable[..., Any], M: Square, X: Matrix, blocks: int, dtype: str, name: str
) -> Run:
    """Run f forward at M (n×n), X exactly, and write down what was executed.

    Raises:
        InputError: the framework is unknown, or not installed.
        UnsupportedError: f cannot be recorded.
    """
    check_known("framework", framework, known_frameworks())
    try:
        recorder = importlib.import_module(f"symgrad.numeric.recording.{framework}")
    except ModuleNotFoundError as error:
        raise InputError(f"{framework} is not installed: {error}") from error
    recording = recorder.record(f, M, dtype, name)
    return Run(recording, records.read(records.write(recording.program)), X, blocks, name)


def refused(name: str, X: Matrix, blocks: int, why: str) -> Reference:
    """Nothing is known of f at X, and why."""
    rows = np.array([[float(x) for x in row] for row in X])
    about = (name, "", dict[str, str](), rows)
    nothing = np.zeros((0, 0))
    return Reference(*about, None, None, (), nothing, "traced", why, hermitian=blocks == 2)


def floats(X: Matrix, blocks: int) -> Square:
    """The n×n matrix that an exact one, in blocks, stands for."""
    A, B = split(X, blocks)
    return np.array(A) if B is None else np.array(A) + 1j * np.array(B)


def of_blocks(M: Inexact[np.ndarray, "m m"], blocks: int) -> Square:
    """The n×n gradient G that [[Re G, −Im G], [Im G, Re G]]/2, of two blocks, stands for."""
    n = len(M) // blocks
    return np.array(M) if blocks == 1 else 2 * (M[:n, :n] + 1j * M[n:, :n])


def report_of(
    verdict: Verdict,
    reference: Reference,
    G: Square | None,
    strict: bool = False,
    half_units: Square | None = None,
) -> Report:
    """The report of a verdict on G (n×n), whose entries are rounded to ``half_units``, if any."""
    off = deviations(reference, G, verdict.dtype, half_units)
    return Report(verdict, exact_of(reference), G, strict, deviations=off)


def exact_of(reference: Reference) -> Derivative | None:
    """f(X) and S as a person reads them; None where there is none."""
    if reference.S is None or reference.value is None:
        return None
    radius = of_blocks(np.abs(reference.S.low) + reference.S.radius, reference.blocks)
    value = float(reference.value.mid)
    off = abs(reference.value.mid - type(reference.value.mid)(value)) + reference.value.radius
    S = of_blocks(reference.S.high, reference.blocks)
    return Derivative(value, math.nextafter(float(off), math.inf), S, np.abs(radius))


def blame(run: Run, reference: Reference, reported: Reported, dtype: str) -> tuple[Blame, ...]:
    """The calls whose vector–Jacobian products are wrong by more than rounding, worst first.

    Each call alone is asked for its product at the values that it had, with the exact cotangents of
    what it gave; what it is off by is carried on to X exactly, so that no convention is blamed.
    """
    held = _held(run, reported, dtype)
    if held:
        return held
    cotangents = traced.cotangents(run.program, run.X, run.blocks)
    tolerances = entry_tolerances(reference, None, dtype)
    found = []
    for number, call in enumerate(run.program.calls):
        given = [_or_zeros(cotangents[k], run.program.shapes[k]) for k in call.outputs]
        if call.inputs and any(np.any(G) for G in given):
            true = _product(run, number, given)
            each = _told(run.recording, number, given)
            if each is None:
                continue
            told = _summed(call.inputs, each)
            share = _share(run, call.inputs, told, true, tolerances)
            true = told if true is None else true
            if share > 1:
                found.append(_blame(run, number, told, true, share))
    worst = max((b.share for b in found if np.isfinite(b.share)), default=0.0)
    told_of = [b for b in found if b.share >= BESIDE * worst]  # next to it the rest is rounding
    return tuple(sorted(told_of, key=lambda b: -b.share))


def blame_of_hessian(run: Run, first: Reported, dtype: str) -> tuple[tuple[Blame, ...], str]:
    """The calls that are wrong in ``first``, the gradient, already; or how to find the others."""
    reference = run.at(run.X)
    if judge(reference, first, dtype).verdict == "disagrees" and first.gradient is not None:
        return blame(run, reference, first, dtype), "the gradient is wrong, too"
    custom = [call.name for call in run.program.calls if call.custom]
    steps = f"{' and '.join(dict.fromkeys(custom))}, of your own" if custom else "the calls of f"
    return (), (
        "the gradient is right: a second derivative is wrong; ask check(g, X, order=2) of "
        f"{steps}, each alone as X → g(X).sum()"
    )


def _held(run: Run, reported: Reported, dtype: str) -> tuple[Blame, ...]:
    """Where the gradient is that of f with what the framework was told not to differentiate held.

    Nothing if it is not.
    """
    values, count = [], 0
    for step in run.program.steps:
        values += [(count, step.call)] if step.operation == "hold" else []
        count += len(step.shapes)
    if not values:
        return ()
    constant = run.at(run.X, frozenset(number for number, _ in values))
    if judge(constant, reported, dtype).verdict not in RIGHT:
        return ()
    held = {k: run.program.calls[k] if k >= 0 else None for _, k in values}
    return tuple(
        Blame(
            call=k,
            name=call.name if call else "a value",
            line=call.line if call else "",
            custom=False,
            share=float("inf"),
            mistake="held constant",
        )
        for k, call in held.items()
    )


def _or_zeros(G: np.ndarray | None, shape: Sequence[int]) -> np.ndarray:
    return np.zeros(shape) if G is None else G


def _product(run: Run, number: int, given: list[np.ndarray]) -> list[np.ndarray] | None:
    """The exact product; None where it depends on the basis of an eigenspace, which is free."""
    try:
        return traced.pullback(run.program, run.X, number, given, run.blocks)
    except RefusedError:
        return None


def _told(recording: Recording, number: int, given: list[np.ndarray]) -> list[np.ndarray] | None:
    """The framework's own product; None where it cannot be asked of this call alone."""
    try:
        return [np.asarray(G, float) for G in recording.pullback(number, given)]
    except Exception:  # whatever the framework raises, as of a graph in place of numbers
        return None


def _summed(inputs: Sequence[int], each: list[np.ndarray]) -> list[np.ndarray]:
    """For each input what comes back to its value in all: X @ X has one value twice."""
    total: dict[int, np.ndarray] = {}
    for k, G in zip(inputs, each, strict=True):
        total[k] = total[k] + G if k in total else G
    return [total[k] for k in inputs]


def _share(
    run: Run,
    inputs: Sequence[int],
    told: list[np.ndarray],
    true: list[np.ndarray] | None,
    tolerances: Float[np.ndarray, "n n"],
) -> float:
    """How much of the gradient's error is by this call, in units of what rounding explains.

    Where that cannot be told, only what is not finite is an error.
    """
    if not all(np.all(np.isfinite(x)) for x in told):
        return float("inf")
    off = {k: a - b for k, a, b in zip(inputs, told, true or told, strict=True)}
    try:
        carried = traced.carried(run.program, run.X, off, run.blocks)
    except RefusedError:
        return 0.0
    return float(np.max(np.abs(carried) / tolerances))


def _blame(
    run: Run, number: int, told: list[np.ndarray], true: list[np.ndarray], share: float
) -> Blame:
    call = run.program.calls[number]
    decomposed = _decomposed(run, number)
    mistakes = map(recognise, told, true, decomposed)
    mistake, factor = next((m for m in mistakes if m[0]), (None, None))
    return Blame(
        call=number,
        name=call.name,
        line=call.line,
        custom=call.custom,
        share=share,
        mistake=mistake,
        factor=factor,
    )


def _decomposed(run: Run, number: int) -> list[np.ndarray | None]:
    """Of each input of a call its value, if it is symmetric and eigenvectors are taken there."""
    inputs = run.program.calls[number].inputs
    of_eigh = (s for s in run.program.steps if s.call == number and s.operation == "eigh")
    if not any(len(step.inputs) == 1 for step in of_eigh):
        return [None] * len(inputs)
    given = traced.values(run.program, run.X, inputs, run.blocks)
    return [A if _is_symmetric(A) else None for A in given]


def _is_symmetric(A: np.ndarray) -> bool:
    """Whether it is a batch of square matrices that are, but for rounding."""
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        return False
    return bool(np.max(np.abs(A - A.swapaxes(-1, -2)), initial=0) <= 1e-12 * np.max(np.abs(A)))
