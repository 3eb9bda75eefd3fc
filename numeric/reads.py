"""Which entries a forward pass reads, found by moving a triangle at a time."""

import numpy as np


def step(X):
    """A power of two well inside the distance from X (n×n, symmetric) to the singular matrices."""
    size = np.abs(np.linalg.eigvalsh(X))
    distance = size.min() if size.min() > size.max() / 256 else size.max() / 16
    return 2.0 ** np.floor(np.log2(distance / 8)) if distance > 0 else 2.0**-6


def find(evaluate, X, roundoff=2.0**-53):
    """``lower``, ``upper``, ``both`` or ``entries``: what evaluate(X) → float depends on; X is n×n.

    ``roundoff`` is the unit roundoff in which ``evaluate`` computes.

    ``both`` means that only the sum of two mirrored entries matters, as when the input is
    symmetrized first; ``entries`` that each entry matters on its own (also where no entry off the
    diagonal is read at all).  It is found at a generic matrix near X: at a special one, as I, what
    is read may change nothing but the rounding.  All entries below the diagonal are moved at once,
    each by another number, and then those above it.
    """
    X = generic(X)
    E = triangle(X)
    here, below, above = (evaluate(Y) for Y in (X, X + E, X + E.T))
    if below != here and above == here:
        return "lower"
    if above != here and below == here:
        return "upper"
    if below == here:
        return "entries"
    noise = 128 * len(X) * roundoff * abs(here)
    is_symmetric = abs(below - above) <= noise and abs(evaluate(X + E - E.T) - here) <= noise
    return "both" if is_symmetric else "entries"


def triangle(X):
    """A fixed matrix without zeros below the diagonal, and nothing else, as large as one step."""
    draw = np.random.RandomState(2)
    E = np.tril(draw.randint(4, 8, X.shape) * draw.choice([-1.0, 1.0], X.shape), -1)
    return step(X) * E / 2.0 ** np.ceil(np.log2(max(np.linalg.norm(E), 1.0)))


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


def _moved(X, h, entry):
    moved = X.copy()
    moved[entry] += h
    return moved
