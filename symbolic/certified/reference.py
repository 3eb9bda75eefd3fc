"""Reference: what is true of a function at one point, enclosed, with each entry's sensitivity.

Two sources.  A function with a gradient theorem has it evaluated by Arb at the exact matrix that
the frameworks see, at any size.  A function known by SymPy's expression alone is differentiated at
a generic symmetric matrix (:mod:`symgrad.symbolic.certified.generic`), at small sizes.  Where
SymPy's derivative in the parameters themselves is at hand, the two must overlap.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache

import numpy as np
from flint import arb, arb_mat
from jaxtyping import Float
from msgspec import structs

from symgrad.court import formats
from symgrad.court.errors import InputError
from symgrad.court.references import (
    Ball,
    Cluster,
    Direction,
    Enclosure,
    Kink,
    Matrix,
    Reference,
    Sparse,
)
from symgrad.symbolic.algebra.enclosures import Enclosures
from symgrad.symbolic.algebra.slopes import Slopes
from symgrad.symbolic.algebra.spectrum import NotDifferentiableError, Spectrum
from symgrad.symbolic.catalogue import Instance
from symgrad.symbolic.certified import generic
from symgrad.symbolic.certified.enclosure import EnclosureError, precision, to_ball
from symgrad.symbolic.derivation import derive
from symgrad.symbolic.parameterizations import Parameterization
from symgrad.symbolic.points import as_text
from symgrad.symbolic.proofs.prove import examine

RELATIVE_RADIUS = Fraction(1, 10**32)
FIRST_BITS = 256
MAX_BITS = 16384
SAME = 1e-14
"""Eigenvalues that are no farther apart, in parts of the largest, are taken for one in floats."""
LIMIT = 1e150
"""Sizes beyond this or its inverse are refused, and so are the products that a tolerance is made
of: there is room then for the quotient of two of them."""

Array = Float[np.ndarray, "n n"]

Enclosed = tuple[arb, arb_mat]
"""f(X) and a valid gradient, n×n, at some precision."""


def refer(
    function: Instance,
    parameterization: Parameterization,
    theta: Mapping[str, Fraction],
    dtype: str,
    prove: bool = True,
) -> Reference:
    """What is true of f at X(θ), rounded to ``dtype`` first if it has no exact form there.

    With ``prove``, small sizes are differentiated in θ and proved for all parameters too.

    Raises:
        ArithmeticError: the two exact routes to ∂f/∂θ_k contradict each other.
    """
    exact = parameterization.at(theta)
    X = round_to(exact, dtype)
    is_exact = X == exact
    blocks = parameterization.blocks
    reference = certify(function, X, parameterization.directions(theta), blocks)
    exactly = prove and is_exact and blocks == 1
    if exactly and not reference.refusal and function.size <= function.function.proved_size + 1:
        # a formula in θ may have holes that f(X) has not, as at a repeated eigenvalue
        with suppress(EnclosureError, NotDifferentiableError):
            direct = generic.derivatives(function, parameterization, theta, spectrum_of(X))
            _check_overlap(function.name, direct, reference.directions)
    proved = exactly and _is_proved(function, parameterization)
    return structs.replace(
        reference,
        parameterization=parameterization.name,
        point=as_text(theta),
        evidence="proved" if proved else "certified",
        note="" if is_exact else f"judged at X(θ) rounded to {dtype}",
    )


def _is_proved(function: Instance, parameterization: Parameterization) -> bool:
    """Whether the gradient is proved for all parameters; what would take minutes is not tried."""
    about = function.function
    if about.gauge or function.size > about.proved_size:
        return False
    if about.gradient is None and not derive(function, parameterization).is_short:
        return False
    return examine(function, parameterization).holds


def certify(
    function: Instance, X: Matrix, directions: Mapping[str, Sparse], blocks: int = 1
) -> Reference:
    """What is true of f at an exact symmetric X (n×n), and along the directions given by name.

    With ``blocks`` = 2, at the Hermitian A + iB that X = [[A, −B], [B, A]] stands for.
    """
    if function.function.gauge:
        reference = refused(function, X, function.function.refusal)
    else:
        reference = _certify(function, X, directions, spectrum_of(X, blocks))
    return structs.replace(reference, hermitian=blocks == 2)


def refused(function: Instance, X: Matrix, why: str, cluster: Cluster | None = None) -> Reference:
    """Nothing is true of the derivative at X (n×n), and why."""
    nothing = np.zeros((0, 0))
    about = (function.name, "", dict[str, str](), _floats(X))
    return Reference(*about, None, None, (), nothing, "certified", why, cluster=cluster)


def _floats(X: Matrix) -> Array:
    return np.array([[float(x) for x in row] for row in X])


def _certify(
    function: Instance, X: Matrix, directions: Mapping[str, Sparse], spectrum: Spectrum
) -> Reference:
    floats, algebra = _floats(X), Enclosures(spectrum.blocks)
    try:
        source = _source(function, X, spectrum, algebra)
        value, S = _precisely(source, lambda: _change(function, X, spectrum))
        enclosed = to_enclosure(S)
    except ZeroDivisionError:
        return refused(function, X, "X is singular here")
    except OverflowError:
        return refused(function, X, "out of range: f or its gradient exceeds float64 here")
    except (NotDifferentiableError, EnclosureError) as error:
        cluster = _cluster(function, spectrum) if type(error) is NotDifferentiableError else None
        return refused(function, X, str(error), cluster)
    sensitivity = _sensitivity(function, X, spectrum)
    strange = out_of_range(floats, value, enclosed, sensitivity)
    if strange:
        return refused(function, X, strange)
    roundoff, value_roundoff = _steps(function, X, spectrum)
    derivatives = tuple(Direction(name, D, contract(S, D)) for name, D in directions.items())
    about = (function.name, "", dict[str, str](), floats)
    reference = Reference(
        *about,
        value,
        enclosed,
        derivatives,
        sensitivity,
        "certified",
        roundoff=roundoff,
        value_roundoff=value_roundoff,
    )
    if function.function.gradient is not None:
        # these are norms and quotients of norms, and ‖S‖ is the same on both sides of their kinks
        jump = 2 * float(np.linalg.norm(enclosed.high))
        there = (Kink(algebra.kink, jump),) if math.isfinite(algebra.kink) else ()
        return structs.replace(reference, kinks=there)
    turned, work = generic.turned(function, X, spectrum), generic.work(function)
    kinks = generic.kinks(function, X, spectrum)
    return structs.replace(reference, turned=turned, work=work, kinks=kinks)


def out_of_range(X: Array, value: Ball, S: Enclosure, sensitivity: Array) -> str:
    """Why the sizes at this point leave float64 no room for a tolerance; nothing if they do."""
    if abs(value.mid) > Fraction(LIMIT):
        return f"out of range: f is larger than {LIMIT:.0e}; scale the matrix"
    size = {"X": _size(X), "S": _size(S.high), "∂S/∂X": _size(sensitivity)}
    size["‖X‖·∂S/∂X"] = size["X"] * size["∂S/∂X"]
    size["‖X‖²·∂S/∂X"] = size["X"] * size["‖X‖·∂S/∂X"]
    size["‖X‖·S"] = size["X"] * size["S"]
    for name, found in size.items():
        if not (found == 0 or 1 / LIMIT < found < LIMIT):
            return f"out of range: {name} is of the size {found:.0e}; scale the matrix"
    return ""


def _size(M: Array) -> float:
    return float(np.max(np.abs(M), initial=0.0))


def round_to(X: Matrix, dtype: str) -> Matrix:
    """The n×n matrix that a framework of that dtype sees, as exact rationals.

    Raises:
        InputError: an entry is too large for the dtype.
    """
    largest = max((abs(x) for row in X for x in row), default=Fraction(0))
    bits, least, most = formats.REAL[dtype]
    if largest >= Fraction(2) ** (most - 1):
        raise InputError(f"an entry of X is {float_text(largest)}, too large for {dtype}")
    return tuple(tuple(_round(x, bits, least) for x in row) for row in X)


def float_text(x: Fraction) -> str:
    """x in a few digits, however large; Python writes no integer of more than 4300 digits."""
    power = int((x.numerator.bit_length() - x.denominator.bit_length()) * math.log10(2))
    power += (abs(x) >= Fraction(10) ** (power + 1)) - (abs(x) < Fraction(10) ** power)
    return f"{float(x / 10**power):.3g}e{power}"


def _round(x: Fraction, bits: int, least: int) -> Fraction:
    """The nearest number of a binary format, ties to even; an overflow is left to the framework."""
    if x == 0:
        return x
    exponent = abs(x.numerator).bit_length() - x.denominator.bit_length()
    if abs(x) < Fraction(2) ** exponent:
        exponent -= 1
    quantum = Fraction(2) ** max(exponent - bits + 1, least)
    return round(x / quantum) * quantum


@lru_cache(maxsize=8)
def spectrum_of(X: Matrix, blocks: int = 1) -> Spectrum:
    """The spectrum of an exact symmetric X (n×n), shared by all functions at that point."""
    return Spectrum(X, blocks)


def _source(
    function: Instance, X: Matrix, spectrum: Spectrum, algebra: Enclosures
) -> Callable[[], Enclosed]:
    """What encloses f and its gradient at the precision in force."""
    if function.function.gradient is None:
        return lambda: generic.enclose(function, X, spectrum)
    M, share = algebra.matrix(spectrum), Fraction(1, spectrum.blocks)

    def theorem() -> Enclosed:
        value, G = function.value(algebra, M), function.gradient(algebra, M)
        return value, algebra.scaled(G, share)

    return theorem


Balls = list[list[Ball]]
"""An n×n matrix of enclosures."""


def _precisely(source: Callable[[], Enclosed], change: Callable[[], float]) -> tuple[Ball, Balls]:
    """f and S = (G + Gᵀ)/2, with more bits until the radii are below 10⁻³² of the largest entry.

    Where all entries may be 0 they are below 10⁻³² of the ``change`` of S with X, and S is 0.
    """
    bits, cancels = FIRST_BITS, False
    while bits <= MAX_BITS:
        with precision(bits):
            try:
                value, G = source()
            except EnclosureError:
                if 2 * bits > MAX_BITS:
                    raise
                bits *= 2
                continue
            S = (G + G.transpose()) * arb(0.5)
            if value.is_finite() and all(x.is_finite() for x in S.entries()):
                balls = [[to_ball(x) for x in row] for row in S.tolist()]
                scale = max(abs(b.mid) for row in balls for b in row) or Fraction(1)
                if all(b.radius <= RELATIVE_RADIUS * scale for row in balls for b in row):
                    return to_ball(value), balls
                cancels = all(abs(b.mid) <= b.radius for row in balls for b in row)
                if cancels and scale < RELATIVE_RADIUS * Fraction(change()):
                    return around_zero(to_ball(value)), [[around_zero(b) for b in r] for r in balls]
        bits *= 2
    if cancels:
        raise EnclosureError(
            f"the terms of the gradient cancel here, to 0 as far as {MAX_BITS} bits tell: there is "
            "no size that an error could be compared with"
        )
    raise EnclosureError(f"no finite enclosure to 32 digits within {MAX_BITS} bits")


def around_zero(ball: Ball) -> Ball:
    """The ball, or one about 0 that encloses it, if it encloses 0."""
    is_zero = abs(ball.mid) <= ball.radius
    return Ball(Fraction(0), abs(ball.mid) + ball.radius) if is_zero else ball


def _change(function: Instance, X: Matrix, spectrum: Spectrum) -> float:
    """‖X‖·‖∂S/∂X‖ in float64, or 0 where that is out of range."""
    size = float(np.linalg.norm(_floats(X)) * np.linalg.norm(_sensitivity(function, X, spectrum)))
    return size if math.isfinite(size) else 0.0


def to_enclosure(S: Balls) -> Enclosure:
    """The same n×n matrix in double-double numbers, with the rounding added to the radius."""
    balls = {id(ball): ball for row in S for ball in row}  # those of a symmetric S are there twice
    known = {place: _double_double(ball) for place, ball in balls.items()}
    entries = [[known[id(ball)] for ball in row] for row in S]
    return Enclosure(*np.moveaxis(np.array(entries), 2, 0))


def _double_double(ball: Ball) -> tuple[float, float, float]:
    high, rest, size = _split(*ball.mid.as_integer_ratio())  # no fraction is reduced on the way
    low, rest, size = _split(rest, size)
    r, s = ball.radius.as_integer_ratio()
    off = abs(rest) * s + r * size
    return high, low, math.nextafter(off / (size * s), math.inf) if off else 0.0


def _split(n: int, d: int) -> tuple[float, int, int]:
    """n/d rounded, and what is left: two integers whose quotient it is."""
    x = n / d
    p, q = x.as_integer_ratio()
    return x, n * q - p * d, d * q


def contract(S: Balls, D: Sparse) -> Ball:
    """The enclosure of ⟨S, D⟩; the court contracts with code of its own."""
    mid = sum((S[i][j].mid * d for i, j, d in D), Fraction(0))
    return Ball(mid, sum((S[i][j].radius * abs(d) for i, j, d in D), Fraction(0)))


def _sensitivity(function: Instance, X: Matrix, spectrum: Spectrum) -> Float[np.ndarray, "n n"]:
    if function.function.gradient is None:
        return generic.sensitivity(function, X)
    slopes = Slopes(len(X) // spectrum.blocks, spectrum.blocks)
    with precision(FIRST_BITS), np.errstate(all="ignore"):  # what overflows is out of range
        G = function.gradient(slopes, slopes.matrix(spectrum))
        return slopes.sensitivity(G) / spectrum.blocks


def _steps(
    function: Instance, X: Matrix, spectrum: Spectrum
) -> tuple[Float[np.ndarray, "n n"] | None, float]:
    """What roundings move entries of a second derivative by, and its value, per unit roundoff.

    They are as large as those of the gradient of f along E: ‖S‖·‖E‖ in the value.  An entry of the
    Hessian is made of quotients of these by differences of eigenvalues, which may cancel: to 0 of a
    linear f.
    """
    derived = function.function.derived
    if derived is None:
        return None, 0.0
    about, E = derived.function.function, np.array(derived.E, float)
    if about.gradient is None:
        return None, 0.0
    algebra = Enclosures(spectrum.blocks)
    with precision(FIRST_BITS):
        G = derived.function.gradient(algebra, algebra.matrix(spectrum))
    first = math.hypot(*(float(x.mid()) for x in G.entries())) / math.sqrt(spectrum.blocks)
    size = len(X) * first * float(np.linalg.norm(E))
    values = np.linalg.eigvalsh(_floats(X))
    gaps = np.diff(values)
    apart = gaps[gaps > len(X) * SAME * np.max(np.abs(values))]
    gap = min([*apart, float(np.max(np.abs(values)))])
    return np.full((len(X), len(X)), size / gap if gap else 0.0), size


def _cluster(function: Instance, spectrum: Spectrum) -> Cluster | None:
    """The repeated eigenvalue behind a refusal of ``eigenvalue[i]``."""
    if function.function.name != "eigenvalue":
        return None
    with precision(2 * FIRST_BITS):
        i = function.constants["i"]
        first, multiplicity, root = spectrum.cluster(i)
        others = [x for _, _, x in spectrum.clusters() if not x.overlaps(root)]
        gap = min((abs(float((x - root).mid())) for x in others), default=math.inf)
        P = [[to_ball(x) for x in row] for row in spectrum.projector(root).tolist()]
    return Cluster(first, multiplicity, gap, to_enclosure(P), i, i == function.size - 1)


def _check_overlap(name: str, direct: dict[str, Ball], directions: tuple[Direction, ...]) -> None:
    for direction in directions:
        a, b = direct[direction.name], direction.derivative
        if abs(a.mid - b.mid) > a.radius + b.radius:
            raise ArithmeticError(
                f"{name}: two exact routes to the derivative in {direction.name} contradict each "
                f"other, {float(a.mid)!r} and {float(b.mid)!r}; no verdict is possible"
            )
