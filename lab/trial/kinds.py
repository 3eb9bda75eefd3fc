"""The kinds of wrong gradient: a table, each kind a few lines.

A kind makes none, one or several matrices of a scene.  Some of them turn out to be valid gradients
(doubling the entries off the diagonal of a diagonal S changes nothing): that is found out
afterwards, by :mod:`lab.trial.truth`, and never assumed here.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from lab.trial.dropped import dropped_terms
from lab.trial.scenes import Gradient, Scene, gradient_of
from symgrad.court.judging.tolerance import entry_tolerances
from symgrad.court.names import family

STALE = Fraction(1, 2**7)
"""How far away the point is of which a stale triangle is left over."""
NEAR = (Fraction(1, 2**16), Fraction(1, 2**24))
"""How far off a slightly different point is."""
RELATIVES = {
    "largest_eigenvalue": ("eigenvalue", -1),
    "smallest_eigenvalue": ("eigenvalue", 0),
}
"""Which member of a family of eigenvalues a function is."""
INDEXED = ("eigenvalue", "singular_value", "eigenvalue_gap", "projector")
"""Families told apart by the index of an eigenvalue alone."""

Mutation = Callable[[Scene], Iterator[Gradient]]


def off_diagonal(factor: float) -> Mutation:
    """The entries off the diagonal multiplied, on both sides."""

    def mutate(scene: Scene) -> Iterator[Gradient]:
        yield scene.S * factor + (1 - factor) * np.diag(np.diag(scene.S))

    return mutate


def on_one_side(factor: float) -> Mutation:
    """The entries above, or below, the diagonal multiplied."""

    def mutate(scene: Scene) -> Iterator[Gradient]:
        S = scene.S
        yield np.tril(S) + factor * np.triu(S, 1)
        yield np.triu(S) + factor * np.tril(S, -1)

    return mutate


def one_entry(factor: float) -> Mutation:
    """One entry on the diagonal, and one off it, off by ``factor`` detectable errors."""

    def mutate(scene: Scene) -> Iterator[Gradient]:
        rng = _random(scene)
        n = scene.function.size
        i, j = (int(k) for k in rng.choice(n, 2, replace=False))
        for place in ((i, i), (i, j)):
            G = scene.S.copy()
            G[place] += rng.choice((-1, 1)) * factor * smallest_detectable(scene, *place)
            yield G

    return mutate


def smallest_detectable(scene: Scene, i: int, j: int) -> float:
    """The error of G_ij alone that the court's tolerance would just let pass.

    The symmetric part has half of it, unless it is on the diagonal, and its real blocks half again.
    """
    reference = scene.reference
    assert reference.S is not None
    share = (1 if i == j else 2) * (2 if scene.is_hermitian else 1)
    tolerance = entry_tolerances(reference, None, scene.dtype)[i, j] + reference.S.radius[i, j]
    return float(share * tolerance)


def sign(scene: Scene) -> Iterator[Gradient]:
    """The negative gradient."""
    yield -scene.S


def transposed(scene: Scene) -> Iterator[Gradient]:
    """The gradient with a skew part, transposed: as valid as before."""
    yield (scene.S + _skew(scene, 1.0)).T


def eigenvectors_transposed(scene: Scene) -> Iterator[Gradient]:
    """VᴴDV for the VDVᴴ that the gradient of a spectral function is."""
    X, S = scene.X, scene.S
    if np.linalg.norm(S @ X - X @ S) > 1e-9 * np.linalg.norm(S) * np.linalg.norm(X):
        return
    V = np.linalg.eigh(X)[1]
    if np.linalg.det(V).real < 0:  # else a 2×2 V may be a reflection, which is symmetric
        V[:, -1] *= -1
    values = np.diag(V.conj().T @ S @ V).real
    first = values[0]  # VᴴV is not I to the last digit, and should cost nothing where S is
    yield first * np.eye(len(V)) + V.conj().T * (values - first) @ V


def factors_swapped(scene: Scene) -> Iterator[Gradient]:
    """L⁻¹L⁻ᴴ for the X⁻¹ = L⁻ᴴL⁻¹ that the gradient of log det is."""
    if scene.function.name == "log_det":
        inverse = np.linalg.inv(np.linalg.cholesky(scene.X))
        yield inverse @ inverse.conj().T


def conjugated(scene: Scene) -> Iterator[Gradient]:
    """The whole gradient conjugated, which is the other convention for complex ones."""
    if scene.is_hermitian:
        yield scene.S.conj()


def half_conjugated(scene: Scene) -> Iterator[Gradient]:
    """One triangle conjugated, or each entry off the diagonal real."""
    if scene.is_hermitian:
        S = scene.S
        yield np.tril(S) + np.triu(S, 1).conj()
        yield S.real + 0j


def neighbouring_eigenvalue(scene: Scene) -> Iterator[Gradient]:
    """That of the eigenvalue before, and of the one after."""
    name, index, count = _among_eigenvalues(scene)
    for other in (index - 1, index + 1):
        if name and 0 <= other < count:
            yield gradient_of(scene.of(f"{name}[{other}]"))


def order_swapped(scene: Scene) -> Iterator[Gradient]:
    """That of the eigenvalue counted from the other end."""
    name, index, count = _among_eigenvalues(scene)
    if name:
        yield gradient_of(scene.of(f"{name}[{count - 1 - index}]"))


def _among_eigenvalues(scene: Scene) -> tuple[str, int, int]:
    """Family, index and number of members, where an index of an eigenvalue tells them apart."""
    name, n = family(scene.function.name), scene.function.size
    if name in RELATIVES:
        relative, index = RELATIVES[name]
        return relative, index % n, n
    if name not in INDEXED:
        return "", 0, 0
    return name, int(scene.function.constants["i"]), n - (name == "eigenvalue_gap")


def another_point(scene: Scene) -> Iterator[Gradient]:
    """The exact gradient somewhere near."""
    for shift in NEAR:
        yield scene.moved(shift)


def single_precision(scene: Scene) -> Iterator[Gradient]:
    """Rounded to single precision, and stored in double."""
    short = np.complex64 if scene.is_hermitian else np.float32
    yield scene.S.astype(short).astype(scene.S.dtype)


def stale_triangle(scene: Scene) -> Iterator[Gradient]:
    """Right in one triangle; what is in the other was left there by another point."""
    S, stale = scene.S, scene.moved(STALE)
    yield np.tril(S) + np.triu(stale, 1)
    yield np.triu(S) + np.tril(stale, -1)


def missing_triangle(scene: Scene) -> Iterator[Gradient]:
    """One triangle alone, not doubled."""
    yield np.tril(scene.S)
    yield np.triu(scene.S)


def not_a_number(scene: Scene) -> Iterator[Gradient]:
    """NaN off the diagonal, where a diagonal structure never looks."""
    for bad in (np.nan, np.inf):
        G = scene.S.copy()
        G[0, -1] = bad
        yield G


def skew_added(scene: Scene) -> Iterator[Gradient]:
    """S + K, K skew: not wrong."""
    for size in (1e-6, 1.0, 1e3):
        yield scene.S + _skew(scene, size)


def spurious_and_skew(scene: Scene) -> Iterator[Gradient]:
    """The spurious form under a skew matrix."""
    spurious = next(off_diagonal(2)(scene))
    for size in (1.0, 1e3):
        yield spurious + _skew(scene, size)


def _skew(scene: Scene, size: float) -> Gradient:
    """A random skew(-Hermitian) matrix, as large as S times ``size``."""
    M = _random(scene).standard_normal((2, *scene.S.shape))
    K = M[0] + 1j * M[1] if scene.is_hermitian else M[0]
    return np.asarray(size * np.max(np.abs(scene.S)) * (K - K.conj().T))


def _random(scene: Scene) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(scene.name.encode()))


KINDS: dict[str, Mutation] = {
    "spurious: 2S − diag(S)": off_diagonal(2),
    "entries off the diagonal halved": off_diagonal(0.5),
    "doubled on one side only": on_one_side(2),
    "halved on one side only": on_one_side(0.5),
    "one triangle missing": missing_triangle,
    "one entry off by 2 × the smallest detectable error": one_entry(2),
    "one entry off by 10 × the smallest detectable error": one_entry(10),
    "one entry off by 1000 × the smallest detectable error": one_entry(1000),
    "a term of the product rule dropped": dropped_terms,
    "the sign": sign,
    "G transposed": transposed,
    "eigenvectors transposed": eigenvectors_transposed,
    "Cholesky factors in the wrong order": factors_swapped,
    "G conjugated": conjugated,
    "conjugated in part": half_conjugated,
    "the neighbouring eigenvalue": neighbouring_eigenvalue,
    "the order of the eigenvalues swapped": order_swapped,
    "the gradient at a slightly different point": another_point,
    "single precision stored in double": single_precision,
    "right in one triangle, stale in the other": stale_triangle,
    "NaN or ∞ where a diagonal structure never looks": not_a_number,
    "a skew matrix added": skew_added,
    "spurious, and a skew matrix added": spurious_and_skew,
}
