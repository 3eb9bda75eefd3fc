"""Which entries a forward pass reads, found by perturbing single entries."""

import numpy as np


def step(X):
    """A power of two well inside the distance from X (n×n, symmetric) to the singular matrices."""
    size = np.abs(np.linalg.eigvalsh(X))
    distance = size.min() if size.min() > size.max() / 256 else size.max() / 16
    return 2.0 ** np.floor(np.log2(distance / 8)) if distance > 0 else 2.0**-6


PAIRS = 15
"""At most so many mirrored pairs are perturbed: all of them up to n = 6, a fixed sample above."""
LARGE = 100
FEW = 1
"""Above n = LARGE so many: four forward passes are in proportion to the gradient."""


def find(evaluate, X, roundoff=2.0**-53):
    """``lower``, ``upper``, ``both`` or ``entries``: what evaluate(X) → float depends on; X is n×n.

    ``roundoff`` is the unit roundoff in which ``evaluate`` computes.

    ``both`` means that only the sum of two mirrored entries matters, as when the input is
    symmetrized first; ``entries`` that each entry matters on its own (also where no entry off the
    diagonal is read at all).  It is found at a generic matrix near X: at a special one, as I, what
    is read may change nothing but the rounding.
    """
    X = generic(X)
    h = step(X)
    here = evaluate(X)
    noise = 128 * len(X) * roundoff * abs(here)
    kinds = set()
    for i, j in _pairs(len(X)):
        below = evaluate(_moved(X, h, (i, j)))
        above = evaluate(_moved(X, h, (j, i)))
        if below != here and above == here:
            kinds.add("lower")
        elif above != here and below == here:
            kinds.add("upper")
        elif below != here:
            across = evaluate(_moved(_moved(X, h, (i, j)), -h, (j, i)))
            symmetric = abs(below - above) <= noise and abs(across - here) <= noise
            kinds.add("both" if symmetric else "entries")
    return kinds.pop() if len(kinds) == 1 else "entries"


def generic(X):
    """X (n×n, symmetric or Hermitian) moved by a fixed matrix whose norm is that of one step."""
    draw = np.random.RandomState(1)
    E = draw.uniform(-1, 1, X.shape)
    if np.iscomplexobj(X):
        E = E + 1j * draw.uniform(-1, 1, X.shape)
    E = E + E.conj().T
    return X + step(X) * E / np.linalg.norm(E)


def entrywise(evaluate, X):
    """The slope of evaluate(X) → float in every single entry of X, by central differences; n×n.

    It is the gradient off the symmetric matrices, of what the forward pass really computes.
    """
    size = np.abs(np.linalg.eigvalsh(X))
    h = 2.0 ** np.floor(np.log2(max(size.min(), size.max() / 1024) + 2.0**-20) - 16)
    slopes = np.zeros(X.shape)
    for entry in np.ndindex(*X.shape):
        rise = evaluate(_moved(X, h, entry)) - evaluate(_moved(X, -h, entry))
        slopes[entry] = rise / (2 * h)
    return slopes


def _pairs(n):
    """The places (i, j) below the diagonal that are perturbed, and mirrored."""
    rows, columns = np.tril_indices(n, -1)
    sample = np.arange(len(rows))
    if len(rows) > PAIRS:
        sample = np.random.RandomState(0).permutation(sample)[: FEW if n > LARGE else PAIRS]
    return [(rows[k], columns[k]) for k in sample]


def _moved(X, h, entry):
    moved = X.copy()
    moved[entry] += h
    return moved
