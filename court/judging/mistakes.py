"""Known mistakes: what a wrong vector–Jacobian product has in place of the right one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from symgrad.court.blame import Mistake

Array = np.ndarray
CLOSE = 1e-6
"""A mistake is named if what was found is that, to so many parts of its size."""
PARALLEL = 1e-3
"""And an error is one of a factor, if so many parts of it are along the right cotangent."""

DISTINCT = 1e-3
"""Gaps of eigenvalues that differ by so many parts are two."""


def _diagonal(M: Array) -> Array:
    return np.where(np.eye(M.shape[-1], dtype=bool), M, 0.0)


def _transposed(M: Array) -> Array:
    return np.asarray(M.swapaxes(-1, -2))


OF_MATRICES: dict[Mistake, tuple[Callable[[Array], Array], ...]] = {
    "doubled off the diagonal": (lambda M: 2 * M - _diagonal(M),),
    "one triangle dropped": (np.tril, np.triu),
    "the diagonal dropped": (lambda M: M - _diagonal(M),),
    "the diagonal halved": (lambda M: M - _diagonal(M) / 2,),
    "not transposed": (_transposed,),
}
"""What is made of the right cotangent, of square matrices in a batch, by mistake."""


def recognise(
    found: Array, true: Array, decomposed: Array | None = None
) -> tuple[Mistake | None, float | None]:
    """Which mistake makes the ``found`` cotangent of the ``true`` one; and the factor, if one.

    Both have the shape of an input of a call.  Of square matrices, which may be symmetric ones, the
    symmetric parts are looked at too.  ``decomposed`` is the input itself, if it is symmetric and
    the call takes its eigenvectors.
    """
    if not np.all(np.isfinite(found)):
        return "not finite", None
    is_square = true.ndim >= 2 and true.shape[-1] == true.shape[-2]
    for part in (np.asarray, _symmetric_part) if is_square else (np.asarray,):
        size = float(np.linalg.norm(part(true)))
        if size == 0:
            continue
        if float(np.linalg.norm(part(found))) <= CLOSE * size:
            return "nothing passed on", None
        factor = float(np.vdot(part(true), part(found)) / size**2)
        rest = float(np.linalg.norm(part(found) - factor * part(true)))
        off = float(np.linalg.norm(part(found) - part(true)))
        if not off:
            continue
        if factor and rest <= min(CLOSE * size, PARALLEL * off):
            return ("the sign", None) if abs(factor + 1) <= CLOSE else ("a factor", factor)
        for mistake, makers in OF_MATRICES.items() if is_square else ():
            origins = (true, part(true))
            rests = [
                float(np.linalg.norm(part(found) - part(make(M))))
                for make in makers
                for M in origins
            ]
            if min(rests) <= min(CLOSE * size, PARALLEL * off):
                return mistake, None
    if decomposed is not None and _is_gap_floor(found, true, decomposed):
        return "a gap floor", None
    return None, None


def _is_gap_floor(found: Array, true: Array, A: Array) -> bool:
    """Whether 1/max(gap, ε) or gap/(gap² + ε) stands for 1/gap, in the eigenbasis of A (n×n).

    ε is told by the entry that is most off.  There has to be one of another gap that bears it out,
    so that nothing is told of 2×2 matrices.
    """
    w, V = np.linalg.eigh(A)
    gaps = np.abs(w[..., :, None] - w[..., None, :])
    inner, told = (_transposed(V) @ _symmetric_part(M) @ V for M in (true, found))
    size, off = float(np.linalg.norm(inner)), np.abs(told - inner)
    worst = np.unravel_index(np.argmax(off), off.shape)
    gap = gaps[worst]
    ratio = told[worst] / inner[worst] if inner[worst] else 0.0
    others = (np.abs(gaps - gap) > DISTINCT * gap) & (gaps > 0) & (np.abs(inner) > CLOSE * size)
    if not (gap and 0 < ratio < 1 and np.any(others)):
        return False
    kept = (np.minimum(1, gaps * ratio / gap), 1 / (1 + (1 / ratio - 1) * _squared(gap, gaps)))
    bound = min(CLOSE * size, PARALLEL * float(np.linalg.norm(off)))
    one = np.eye(A.shape[-1], dtype=bool)
    rests = [np.linalg.norm(told - inner * np.where(one, 1, by)) for by in kept]
    return bool(min(rests) <= bound)


def _squared(gap: float, gaps: Array) -> Array:
    """(gap/gaps)², and 0 on the diagonal."""
    return (gap / np.where(gaps == 0, np.inf, gaps)) ** 2


def _symmetric_part(M: Array) -> Array:
    return np.asarray((M + _transposed(M)) / 2)
