"""The cases of recorded programs: f and S, how S moves with X, and what rounding moves.

How far roundings of its steps move S is seen, as the toolkit sees it, from runs in which each is
made larger: these have other random numbers, so that the two are held to be alike within a factor.
"""

import math
from fractions import Fraction as Q

from .cases import (
    Truth,
    check_matrix,
    compare,
    norm,
    out_of_range,
    rationals,
    sensitivity,
)
from .families import sharpened
from .intervals import ImpreciseError, Interval, UndefinedError, lift
from .operations import UnknownError
from .programs import FINE, Exact, Noisy, Program, Turned
from .reading import number, square
from .structures import FORMATS, PARTS

SAMPLES = 12
ALIKE = 10.0
"""What roundings move, by two sets of random numbers, differs by less than so many times."""
SMALL = 1e-3
"""Two sizes of the same thing differ by less, or by such a part of what they are added to."""
DIRECTIONS = 24
"""Of more the toolkit takes some combinations alone, which tell ‖∂S/∂X‖ within a factor of 2."""
CLAIMED = ("value", "high", "low", "radius", "sensitivity", "roundoff", "value_roundoff")


def derive(program, X):
    """((f, S), what is decided) at X as intervals, with as many bits as it takes.

    Raises:
        UndefinedError: there is no derivative.
        ImpreciseError, UnknownError: this cannot tell.
    """
    largest = max(abs(x) for row in X for x in row)

    def once():
        N = Exact()
        value, S = program.run(N, X)
        return value, S, lift(largest).m, N.decided

    return sharpened(once)


def check_signs(program, X, value):
    """Check that f stays where an eigenvector takes its other sign.

    Raises:
        UndefinedError: it does not.
    """
    for step in program.steps:
        for k in range(step.size if step.operation == "eigh" else 0):
            other = program.values(Turned(step, k), X)[program.output][0]
            if abs(other.m - value.m) > other.r + value.r:
                raise UndefinedError(f"gauge: an eigenvector's sign moves f (step {step.number})")


def roundings(program, X, value, S, decided):
    """(How far S moves, and f, per unit roundoff; how near decisions are, relative to ‖X‖)."""
    span = range(len(S))
    moved, off, by = [[0 for _ in span] for _ in span], 0, dict.fromkeys(decided, 0)
    for seed in range(SAMPLES):
        N = Noisy(seed, decided)
        other, T = program.run(N, X)
        off = max(off, abs(other.m - value.m))
        moved = [[max(moved[i][j], abs(T[i][j].m - S[i][j].m)) for j in span] for i in span]
        for place in by:
            if place in N.decided:
                by[place] = max(by[place], abs(N.decided[place][0] - decided[place][0]))
    unit = 1 << Interval.bits - FINE
    near = [
        float(Q(abs(decided[place][0]), found)) / 2.0**FINE for place, found in by.items() if found
    ]
    sizes = [[float(Q(x, unit)) for x in row] for row in moved]
    return sizes, float(Q(off, unit)), min(near, default=math.inf)


def check_recorded(case):
    """(The truth of a case with a program, what was not checked of it or nothing).

    Raises:
        ValueError, ArithmeticError, LookupError, TypeError: what is claimed does not follow.
    """
    truth, told = Truth(case), case["program"]
    truth.kink = math.inf
    exact = check_matrix(case, truth)
    if case["evidence"] != "traced" or case["constants"]:
        raise ValueError("the evidence of a program is traced, and it has no constants")
    if truth.refusal and any(case[key] for key in (*CLAIMED, "directions")):
        raise ValueError("it is refused, and yet something is claimed")
    if told is None:
        if not truth.refusal:
            raise ValueError("there is no program")
        return truth, f"no program of {truth.name} was recorded"
    why = ""
    try:
        program = Program(told, truth.rows, truth.blocks)
        value, S, _, decided = derive(program, truth.X)
        check_signs(program, truth.X, value)
    except UndefinedError as error:
        why = str(error)
    except (UnknownError, ImpreciseError) as error:
        truth.left = f"the program of {truth.name} has {error}, for which there is no argument"
    if not truth.refusal:
        _read(truth, case)
    if truth.left:
        return truth, truth.left
    if not why:
        truth.own_sensitivity = sensitivity(truth, rationals(value, S)[1], _at(program))
        why = out_of_range(truth, *rationals(value, S), truth.own_sensitivity)
    if why and not truth.refusal:
        raise ValueError(why)
    if truth.refusal and not why:
        if "float64" in truth.refusal:
            return truth, f"what float64 cannot do at {truth.name}"
        raise ValueError(f"it is refused, but has a derivative: {truth.refusal}")
    if not truth.refusal:
        _compare(truth, program, value, S, decided)
    return truth, None if exact is not None else f"the structure {case['parameterization']}"


def _at(program):
    """S beside X, as rationals."""

    def gradient(X):
        value, S, *_ = derive(program, X)
        return rationals(value, S)[1]

    return gradient


def _read(truth, case):
    truth.read(case)
    truth.sensitivity = square(case["sensitivity"], truth.rows)
    truth.roundoff = square(case["roundoff"], truth.rows)
    truth.value_roundoff = number(case["value_roundoff"])


def _compare(truth, program, value, S, decided):
    """What is claimed is what is true, narrowly; and rounding moves it as it is claimed."""
    moved, off, near = roundings(program, truth.X, value, S, decided)
    truth.kink = near * truth.norm
    f, true = rationals(value, S)
    largest = max(abs(mid) for row in true for mid, _ in row)
    around = all(abs(mid) <= radius for row in true for mid, radius in row)
    slope = max(map(max, truth.own_sensitivity))
    scale = Q(truth.norm * slope + max(map(max, moved))) if around else largest
    compare(truth, f, true, scale)
    count = truth.n * (truth.n + 1) // 2 if truth.blocks == 1 else truth.n**2
    within = 1 + SMALL if count <= DIRECTIONS else 2.0
    slack = SMALL * (truth.size + truth.norm * norm(truth.own_sensitivity))
    _check("‖∂S/∂X‖", truth.sensitivity, truth.own_sensitivity, within, slack / (truth.norm or 1.0))
    _check("what roundings move S by", truth.roundoff, moved, ALIKE, truth.rows * slack)
    size = abs(float(f[0])) + truth.norm * truth.size
    _check(
        "what they move f by", [[truth.value_roundoff]], [[off]], ALIKE, truth.rows * SMALL * size
    )


def _check(what, told, own, times, slack):
    """Check that sizes are what was found, within a factor and some slack.

    An entry may be smaller by chance, all together not.
    """
    for claimed, found in zip(told, own):
        for a, b in zip(claimed, found):
            if not 0 <= a <= times * b + slack:
                raise ValueError(f"{what} is {b:.1e}, the certificate says {a:.1e}")
    if norm(own) > times * (norm(told) + slack):
        raise ValueError(f"{what} is {norm(own):.1e}, the certificate says {norm(told):.1e}")


def narrowest(program):
    """The dtype in which a program is judged: of its own and those that it casts to."""
    names = [program["dtype"], *program["casts"]]
    parts = [PARTS.get(name, name) for name in names if PARTS.get(name, name) in FORMATS]
    coarsest = min(parts, key=lambda name: FORMATS[name][0])
    if program["dtype"] not in PARTS:
        return coarsest
    return {part: name for name, part in PARTS.items()}.get(coarsest, "complex64")
