"""Points: drawn as small rationals inside a domain, or given by the user and checked."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from jaxtyping import Inexact

from symgrad.court.errors import InputError
from symgrad.court.references import Matrix
from symgrad.symbolic.domains import DOMAINS, has_simple_spectrum
from symgrad.symbolic.parameterizations import Parameterization
from symgrad.symbolic.parameterizations.parameterization import UndefinedError

Point = dict[str, Fraction]
Complexes = Inexact[np.ndarray, "n n"]

DENOMINATOR = 8
"""Points are multiples of 1/8, near the identity's multiples: exact in every binary format."""
FULL = 3
"""Of so many drawn points the last one has full mantissas, which a shorter format does not hold."""
ATTEMPTS = 400
ATTEMPTS_PER_SHIFT = 20
TRIALS = 3


def as_text(theta: Mapping[str, Fraction]) -> dict[str, str]:
    """The point as it is written in reports."""
    return {key: str(value) for key, value in theta.items()}


def draw_points(
    parameterization: Parameterization,
    domain: str,
    count: int,
    seed: int,
    full: int = FULL,
    bits: int = 53,
) -> list[Point]:
    """``count`` points at which X(θ) is in the domain and has distinct eigenvalues.

    Where a structure has repeated ones at every point (circulant), they may repeat.  Every
    ``full``-th point has parameters with a mantissa of just so many ``bits``, if X(θ) is made of
    them without a rounding; with ``full`` = 0 none has.

    Raises:
        InputError: none was found, or there is none.
    """
    check_rank(parameterization, domain)
    drawn = f"{parameterization.name} {parameterization.size} {domain}"
    rng, fractions = random.Random(f"{seed} {drawn}"), random.Random(f"{seed} {drawn} {bits}")
    generic = is_generically_simple(parameterization)
    full = full if _is_written_out(parameterization) else 0
    points: list[Point] = []
    for attempt in range(ATTEMPTS * count):
        shift = attempt // ATTEMPTS_PER_SHIFT * max(1, parameterization.size // 4)
        theta = _candidate(parameterization, rng, shift)
        if full and len(points) % full == full - 1:
            theta = _between(theta, parameterization, shift, fractions, bits)
        if theta not in points and _can_be_asked(parameterization, theta, domain, generic):
            points.append(theta)
            if len(points) == count:
                return points
    raise InputError(
        f"{len(points)} of {count} points found: {parameterization.name}({parameterization.size}) "
        f"has too few generic points that are {domain}; ask for fewer --points, or give a --point"
    )


def _can_be_asked(x: Parameterization, theta: Point, domain: str, generic: bool) -> bool:
    """Whether X(θ) is defined and in the domain, with distinct eigenvalues if these are generic."""
    try:
        X = x.at(theta)
    except UndefinedError:
        return False
    return (not generic or has_simple_spectrum(X, x.blocks)) and not DOMAINS[domain].missing(X)


def _is_written_out(parameterization: Parameterization) -> bool:
    """Whether every entry of X is a parameter, but for its sign, or a number."""
    return all(e.is_Number or e.is_Symbol or (-e).is_Symbol for e in parameterization.X)


def is_generically_simple(parameterization: Parameterization) -> bool:
    """Whether some X(θ) has distinct eigenvalues; then almost all have."""
    trials = [_candidate(parameterization, random.Random(k), 0) for k in range(TRIALS)]
    return any(_can_be_asked(parameterization, theta, "symmetric", True) for theta in trials)


def _candidate(parameterization: Parameterization, rng: random.Random, shift: int) -> Point:
    """A random multiple of 1/8 per parameter, moved to multiples of the anchor, or near to it."""
    bound = parameterization.bound
    top = 3 * DENOMINATOR if bound is None else bound * DENOMINATOR - 1
    scale, times = DENOMINATOR, shift
    if _nears(parameterization):
        scale, times = DENOMINATOR * 2**shift, 1
    return {
        name: Fraction(rng.choice((-1, 1)) * rng.randint(1, top), scale) + times * unit
        for name, unit in zip(parameterization.names, parameterization.anchor, strict=True)
    }


def _nears(parameterization: Parameterization) -> bool:
    """Whether candidates come nearer to the anchor, as those with a bound do, to 0."""
    return parameterization.is_near or parameterization.bound is not None


def _between(
    theta: Point, parameterization: Parameterization, shift: int, rng: random.Random, bits: int
) -> Point:
    """The candidate with each parameter moved towards the next multiple of 1/8, to full mantissas.

    A parameter with a bound is moved by less than its distance from it.
    """
    scale = DENOMINATOR * 2**shift if _nears(parameterization) else DENOMINATOR
    moved = {}
    for name, x in theta.items():
        step = Fraction(2 * rng.getrandbits(64) + 1, 2**65 * scale)
        moved[name] = _with_mantissa(x - step if x < 0 else x + step, bits)
    return moved


def _with_mantissa(x: Fraction, bits: int) -> Fraction:
    """The number of so many significant bits, the last of them set, next to x on the side of 0."""
    exponent = abs(x.numerator).bit_length() - x.denominator.bit_length()
    exponent -= abs(x) < Fraction(2) ** exponent
    unit = Fraction(2) ** (exponent - bits + 1)
    mantissa = int(abs(x) / unit) | 1
    return mantissa * unit if x > 0 else -mantissa * unit


def parse_point(text: str, parameterization: Parameterization, domain: str) -> Point:
    """The point written as ``a=2, b=1/3, c=0.5``, kept exact.

    Raises:
        InputError: it does not parse, names other parameters, or X(θ) is outside the domain.
    """
    pairs = [pair.split("=") for pair in re.split(r"[,;]", text) if pair.strip()]
    if any(len(pair) != 2 for pair in pairs):
        raise InputError(f"--point {text!r} is not of the form 'a=2, b=1/3, c=0.5'")
    given = [name.strip() for name, _ in pairs]
    if len(set(given)) < len(given):
        raise InputError(f"--point gives a parameter twice: {', '.join(given)}")
    theta = {name.strip(): parse_rational(value) for name, value in pairs}
    if sorted(theta) != sorted(parameterization.names):
        raise InputError(
            f"--point gives {', '.join(theta) or 'nothing'}; {parameterization.name}"
            f"({parameterization.size}) has the parameters {', '.join(parameterization.names)}"
        )
    _check_bound(theta, parameterization)
    check_domain(parameterization.at(theta), domain)
    return {name: theta[name] for name in parameterization.names}


def _check_bound(theta: Point, parameterization: Parameterization) -> None:
    bound = parameterization.bound
    for name, value in theta.items():
        if bound is not None and abs(value) >= bound:
            raise InputError(f"the point has {name} = {value}, and |{name}| < {bound} is needed")


EXPONENT = re.compile(r"[eE]([-+]?\d[\d_]*)\s*$")
EXPONENT_LIMIT = 5000
"""Largest exponent that is read: with millions of digits, arithmetic takes hours."""
LONGEST_QUOTED = 40
"""Characters of an entry that an error repeats."""
BITS_LIMIT = 14000
"""Most bits of a numerator or denominator: Python writes no integer of more than 4300 digits."""


def parse_rational(text: str) -> Fraction:
    """A rational from ``3``, ``1/3``, ``0.25`` or ``1e-3``.

    Raises:
        InputError: it is none of these, or has an exponent that no float has.
    """
    exponent = EXPONENT.search(text)
    if exponent and abs(int(exponent[1][:20])) > EXPONENT_LIMIT:
        raise InputError(f"{_abridged(text)} is too large or too small: see its exponent")
    try:
        x = Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        raise InputError(
            f"{_abridged(text)} is not a finite rational number such as 3, 1/3 or 0.25, of at most "
            "4000 digits"
        ) from None
    if max(x.numerator.bit_length(), x.denominator.bit_length()) > BITS_LIMIT:
        raise InputError(f"{_abridged(text)} is too large or too small: it has over 4000 digits")
    return x


def _abridged(text: str) -> str:
    """The text in quotes, its end left out if it is long."""
    text = text.strip()
    return repr(text) if len(text) <= LONGEST_QUOTED else f"{text[:LONGEST_QUOTED]!r}…"


def parse_matrix(text: str, what: str = "matrix") -> Matrix:
    """The symmetric matrix written by rows: entries apart by blanks or commas, rows by ; or lines.

    Raises:
        InputError: it does not parse, is not square or not symmetric.
    """
    rows = split_rows(text, what)
    if what == "matrix":  # which may be complex
        for entry in (entry for line in rows for entry in split_entries(line)):
            _check_unit(entry)
    X = tuple(tuple(parse_rational(entry) for entry in split_entries(row)) for row in rows)
    if any(len(row) != len(X) for row in X):
        raise InputError(
            f"the {what} is not square: its rows have {_lengths(X)} entries; "
            "rows are told apart by ; as in '2 1; 1 3'"
        )
    for i, row in enumerate(X):
        for j in range(i):
            if row[j] != X[j][i]:
                raise InputError(
                    f"the {what} is not symmetric: entry ({i}, {j}) is {row[j]}, "
                    f"entry ({j}, {i}) is {X[j][i]}"
                )
    return X


def split_rows(text: str, what: str = "matrix") -> list[str]:
    """The rows of a matrix as they are written.

    Raises:
        InputError: there are none.
    """
    rows = [row for row in re.split(r"[;\n]", text) if row.strip()]
    if not rows:
        raise InputError(f"the {what} is not square: it has no rows")
    return rows


def split_entries(row: str) -> list[str]:
    """The entries of a row as they are written."""
    return re.split(r"[,\s]+", row.strip())


NUMBER = r"[\d./]+(?:[eE][-+]?\d+)?"
IMAGINARY = re.compile(rf"(?P<real>[+-]?{NUMBER}(?=[+-]|$))?(?P<imaginary>[+-]?(?:{NUMBER})?i)?")
"""A number a + bi, either part of which may be left out."""


def is_complex(text: str) -> bool:
    """Whether the rows of a matrix are written with an imaginary part somewhere."""
    return "i" in text


def parse_hermitian(text: str) -> Matrix:
    """The Hermitian A + iB, written as in ``2 1+i; 1-i 3``, as the symmetric [[A, −B], [B, A]].

    Raises:
        InputError: it does not parse, is not square or not Hermitian.
    """
    entries = [[_parse_complex(x) for x in split_entries(row)] for row in split_rows(text)]
    if any(len(row) != len(entries) for row in entries):
        raise InputError(f"the matrix is not square: {text!r}")
    for i, row in enumerate(entries):
        for j in range(i + 1):
            a, b = row[j]
            if entries[j][i] != (a, -b):
                raise InputError(f"the matrix is not Hermitian: see entries ({i}, {j}), ({j}, {i})")
    upper = [[*(a for a, _ in row), *(-b for _, b in row)] for row in entries]
    lower = [[*(b for _, b in row), *(a for a, _ in row)] for row in entries]
    return tuple(map(tuple, upper + lower))


def parse_gradient(text: str, size: int, dtype: str) -> Complexes:
    """The matrix of floats, of any symmetry, that is written by rows as in ``parse_hermitian``.

    It is complex where the ``dtype`` is.

    Raises:
        InputError: it does not parse, has not ``size`` rows and columns, or should be real.
    """
    rows = [[_parse_number(x) for x in split_entries(row)] for row in split_rows(text)]
    if len(rows) != size or any(len(row) != size for row in rows):
        raise InputError(
            f"--gradient has {len(rows)} rows of {_lengths(rows)} entries, X is {size}×{size}"
        )
    is_complex = dtype.startswith("complex")
    if any(b for row in rows for _, b in row) and not is_complex:
        raise InputError("--gradient is complex, X is real")
    G = np.array([[complex(float(a), float(b)) for a, b in row] for row in rows])
    return G if is_complex else G.real


def _check_unit(text: str) -> None:
    """Raise InputError where an entry is a complex number as Python writes it, with j."""
    number = text.strip("()")
    if number[-1:] in ("j", "J") and IMAGINARY.fullmatch(f"{number[:-1]}i"):
        raise InputError(
            f"{_abridged(text)} is no number here; write i for the imaginary unit, as in 1+2i"
        )


def _parse_number(text: str) -> tuple[Fraction, Fraction]:
    _check_unit(text)
    _check_unit(text)
    return _parse_complex(text) if text.endswith("i") else (parse_rational(text), Fraction(0))


def _parse_complex(text: str) -> tuple[Fraction, Fraction]:
    _check_unit(text)
    found = IMAGINARY.fullmatch(text)
    if not text or not found:
        raise InputError(f"{text!r} is not a complex number such as 3, 1+2i or -i")
    imaginary = (found["imaginary"] or "0i")[:-1]
    one = imaginary + "1" if imaginary in ("", "+", "-") else imaginary
    return parse_rational(found["real"] or "0"), parse_rational(one)


def _lengths(X: Sequence[Sequence[object]]) -> str:
    return ", ".join(str(len(row)) for row in X)


def check_domain(X: Matrix, domain: str) -> None:
    """Raise InputError unless X is in the domain of that name."""
    missing = DOMAINS[domain].missing(X)
    if missing:
        raise InputError(f"the point is outside the domain: X is not {domain}, {missing}")


def check_rank(parameterization: Parameterization, domain: str) -> None:
    """Raise InputError where the structure is singular at every point, and the domain is not."""
    if not has_points(parameterization, domain):
        raise InputError(
            f"{parameterization.name}({parameterization.size}) is of rank {parameterization.rank} "
            f"at every point, and never {domain}; choose functions of any symmetric matrix, as "
            "trace_exp or largest_eigenvalue"
        )


def has_points(parameterization: Parameterization, domain: str) -> bool:
    """Whether the structure may have a matrix in the domain: none if it is singular by design."""
    return parameterization.rank is None or domain == "symmetric"


def coordinates(X: Matrix, parameterization: Parameterization, domain: str) -> Point:
    """The parameters at which the parameterization is the symmetric matrix X.

    Raises:
        InputError: there are none (the structure is another), or X is outside the domain.
    """
    check_domain(X, domain)
    n = len(X)
    theta: Point = {}
    for i in range(n):
        for j in range(n):
            entry = parameterization.X[i, j]
            if entry.is_Symbol:
                theta.setdefault(entry.name, X[i][j])
    hidden = sorted(set(parameterization.names) - set(theta))
    if hidden:
        raise InputError(
            f"{', '.join(hidden)} of {parameterization.name} cannot be read off a matrix, being no "
            "entries of it; give a point"
        )
    if parameterization.at(theta) != X:
        raise InputError(f"the matrix has not the structure {parameterization.name}")
    _check_bound(theta, parameterization)
    return theta
