"""The enclosures of a case: f and S at a matrix, derived anew from the structure and the point."""

import math
from fractions import Fraction as Q
from functools import partial

from .families import constants, derive
from .intervals import Interval, UndefinedError
from .reading import SPAN, ball, exactly, rational, square
from .structures import at, rounded

WIDEST = Q(1, 10**31)
"""Largest radius, for the largest entry of S; of the value, for |f| + ‖X‖·‖S‖."""
LIMIT = 1e150
PROVED = 3
PROVED_SHORT = ("exp", "log", "sqrt", "inverse_sqrt", "cube_root")
"""Of the functions ⟨W, φ(X)⟩ the theorem is proved for all parameters at sizes 1 and 2 alone."""


class Truth:
    """What is true of a case, as floats; and its directions and enclosures, as certified."""

    def __init__(self, case):
        self.name, self.blocks = case["function"], 2 if case["hermitian"] else 1
        self.rows = len(case["X"])
        self.n = self.rows // self.blocks
        self.X = square(case["X"], self.rows, exactly)
        unit = max(x.denominator for row in self.X for x in row)
        if max(abs(x) for row in self.X for x in row) * unit > SPAN:
            raise ValueError("X has entries of too different sizes, or too large ones")
        self.norm = norm(self.X)
        self.refusal, self.sensitivity, self.left = case["refusal"], None, ""
        self.roundoff, self.value_roundoff, self.kink = None, 0.0, None
        if case["hermitian"] != (case["parameterization"] == "hermitian"):
            raise ValueError("X is not of its structure")

    def read(self, case):
        """Take the enclosures over, which have been found right."""
        high, low, self.radius = (
            square(case[key], self.rows, exactly) for key in ("high", "low", "radius")
        )
        self.S = [[a + b for a, b in zip(*pair)] for pair in zip(high, low)]
        if min(map(min, self.radius)) < 0:
            raise ValueError("a radius is negative")
        self.value = ball(case["value"])
        self.size, self.largest = norm(self.S), float(max(abs(x) for row in self.S for x in row))
        self.directions = [
            (name, [(i, j, rational(d)) for i, j, d in D], ball(told))
            for name, D, told in case["directions"]
        ]


def norm(M):
    """The Frobenius norm, as a float."""
    return math.hypot(*(float(x) for row in M for x in row))


def turned(M, blocks, back=False):
    """A matrix in two blocks with each entry's parts side by side, as functions.py has it."""
    n = len(M) // blocks
    place = [k % blocks * n + k // blocks for k in range(len(M))]
    if back:
        place = [k % n * blocks + k // n for k in range(len(M))]
    return tuple(tuple(M[i][j] for j in place) for i in place)


def gradient(name, X, blocks):
    """(f, S) as rationals (mid, radius), at an exact X in blocks."""
    value, S = derive(name, turned(X, blocks), blocks)
    return rationals(value, turned(S, blocks, back=True))


def rationals(value, S):
    """Intervals as rationals (mid, radius)."""
    unit = 1 << Interval.bits
    rows = [[(Q(x.m, unit), Q(x.r, unit)) for x in row] for row in S]
    return (Q(value.m, unit), Q(value.r, unit)), rows


def sensitivity(truth, S, at):
    """‖∂S_ij/∂X‖ as floats, by differences of S along an orthogonal basis, to many digits.

    ``at`` gives S elsewhere.
    """
    h, span = Q(2) ** (math.frexp(truth.norm or 1.0)[1] - 60), range(truth.rows)
    squares = [[0.0 for _ in span] for _ in span]
    for E in _basis(truth.n, truth.blocks):
        moved = [list(row) for row in truth.X]
        for i, j, sign in E:
            moved[i][j] += h * sign
        there = at(moved)
        for i in span:
            for j in span:
                slope = float((there[i][j][0] - S[i][j][0]) / h)
                squares[i][j] += slope * slope / len(E)
    return [[math.sqrt(x) for x in row] for row in squares]


def _basis(n, blocks):
    """The matrices of an orthogonal basis as (i, j, ±1), in blocks if they are Hermitian."""
    for i in range(n):
        for j in range(i, n):
            pairs = {(i, j), (j, i)}
            yield [(a + k * n, b + k * n, 1) for a, b in pairs for k in range(blocks)]
            if blocks == 2 and i < j:
                yield [(i, j + n, -1), (j, i + n, 1), (i + n, j, 1), (j + n, i, -1)]


def check_matrix(case, truth):
    """X and ∂X/∂θ follow from the structure and the point; whether X(θ) is exact.

    Nothing of a structure that there is no argument for.
    """
    point = {name: rational(x) for name, x in case["point"].items()}
    found = at(case["parameterization"], truth.n, point)
    if found is None:
        return None
    X, slopes = found
    if [[rounded(x, case["dtype"]) for x in row] for row in X] != truth.X:
        raise ValueError("X is not X(θ)")
    told = [[name, [[i, j, str(x)] for i, j, x in D]] for name, D in slopes]
    expected = [] if truth.refusal else told
    if [direction[:2] for direction in case["directions"]] != expected:
        raise ValueError("the directions are not ∂X/∂θ")
    return X == truth.X


def check_evidence(case, truth, exact):
    """``proved`` is said where the theorem is proved at that size, of an exact X(θ)."""
    family = truth.name.partition("[")[0]
    most = PROVED - (family.startswith("weighted_") and family[9:] in PROVED_SHORT)
    may = exact and truth.blocks == 1 and truth.n <= most and family != "eigenvector_entry"
    must = may and case["parameterization"] == "symmetric"
    allowed = ["proved"] if must else ["proved", "certified"] if may else ["certified"]
    if case["evidence"] not in allowed:
        raise ValueError(f"the evidence is {allowed[0]}, not {case['evidence']}")


def check_case(case):
    """(The truth of a case, what was not checked of it or nothing).

    Raises:
        ValueError, ArithmeticError, LookupError, TypeError: what is claimed does not follow.
    """
    truth = Truth(case)
    exact = check_matrix(case, truth)
    if constants(truth.name, truth.n) is None:
        if not truth.refusal:
            truth.read(case)
        return truth, f"no argument for {truth.name}"
    if constants(truth.name, truth.n) != case["constants"]:
        raise ValueError("the constants are not those of the catalogue")
    check_evidence(case, truth, exact)
    value, S, why = _derived(truth)
    if bool(why) != bool(truth.refusal):
        raise ValueError(why or f"it is refused, but has a derivative: {truth.refusal}")
    if not why:
        truth.read(case)
        compare(truth, value, S, max(abs(mid) for row in S for mid, _ in row))
    elif any(case[key] for key in ("value", "high", "low", "radius", "directions")):
        raise ValueError("it is refused, and yet something is claimed")
    unknown = f"no argument for the structure {case['parameterization']}"
    return truth, unknown if exact is None else None


def _derived(truth):
    """f(X) and S, or why there is no derivative."""
    try:
        value, S = gradient(truth.name, truth.X, truth.blocks)
        at = partial(_gradient_at, truth)
        truth.sensitivity = sensitivity(truth, S, at)
    except UndefinedError as error:
        return None, None, str(error)
    return value, S, out_of_range(truth, value, S, truth.sensitivity)


def _gradient_at(truth, X):
    return gradient(truth.name, X, truth.blocks)[1]


def compare(truth, value, S, scale):
    """What is claimed is what is true, and claimed narrowly beside the largest entry of S."""
    _within("the value", truth.value, value, abs(value[0]) + Q(truth.norm) * scale)
    for i, row in enumerate(S):
        for j, true in enumerate(row):
            told = (truth.S[i][j], truth.radius[i][j])
            _within(f"entry ({i}, {j}) of S", told, true, scale)
    for name, D, told in truth.directions:
        mid = sum(S[i][j][0] * d for i, j, d in D)
        off = sum(S[i][j][1] * abs(d) for i, j, d in D)
        _within(f"∂f/∂{name}", told, (mid, off), scale * sum(abs(d) for _, _, d in D))


def _within(what, claim, true, scale):
    if abs(claim[0] - true[0]) > claim[1] + true[1]:
        raise ValueError(f"{what} is not in its enclosure")
    if claim[1] > WIDEST * scale + true[1]:
        raise ValueError(f"{what} is enclosed too widely")


def out_of_range(truth, value, S, slopes):
    """Why float64 has no room for a tolerance; nothing if it has."""
    largest = [float(max(abs(x) for row in truth.X for x in row))]
    largest.append(float(max(abs(mid) for row in S for mid, _ in row)))
    largest.append(max(map(max, slopes)))
    X, S, slope = largest
    sizes = (X, S, slope, X * slope, X * X * slope, X * S)
    room = abs(value[0]) <= LIMIT and all(x == 0 or 1 / LIMIT < x < LIMIT for x in sizes)
    return "" if room else "out of range"
