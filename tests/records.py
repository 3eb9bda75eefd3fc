"""Records made up by hand: what would be true of some function, and what a route said of it.

The numbers are powers of two, so that the tolerances are exact and errors can be planted at them:
‖X‖ = 1, ‖S‖ = 4 and ∂S/∂X = 0, hence by float64 every entry has the tolerance 8·2·2⁻⁵³·4 = 2⁻⁴⁷.
"""

from fractions import Fraction

import numpy as np

from symgrad.court.judging.contraction import as_blocks
from symgrad.court.judging.judge import judge
from symgrad.court.questions import Choice, Reported, Resources
from symgrad.court.references import Ball, Direction, Enclosure, Reference
from symgrad.court.scenario import Scenario

TOLERANCE = 2.0**-47
ULP = 2.0**-51
"""The distance to the next larger number of an entry of S."""
S = np.full((2, 2), 2.0)
SYMMETRIC = {
    "a": ((0, 0, Fraction(1)),),
    "b": ((0, 1, Fraction(1)), (1, 0, Fraction(1))),
    "c": ((1, 1, Fraction(1)),),
}
"""∂X/∂θ of symmetric(2)."""
SPURIOUS = (
    "it is 2S − diag(S), the spurious form: right as the gradient in the coordinates vech X, "
)
SPURIOUS += "to be paired with vech E, but not as a matrix to be paired with E"
"""What is said of the spurious form."""


def exactly(M):
    """M, known without an error."""
    M = np.asarray(M, dtype=float)
    return Enclosure(M, np.zeros_like(M), np.zeros_like(M))


def ball(mid, radius=0):
    return Ball(Fraction(mid), Fraction(radius))


def unit(n):
    """An n×n matrix of norm 1."""
    return np.diag([1.0] + [0.0] * (n - 1))


def pair(M, D):
    """⟨M, D⟩, rationally."""
    return sum((Fraction(float(M[i, j])) * d for i, j, d in D), Fraction(0))


def truth(M=S, *, along=SYMMETRIC, **changes):
    """What is true of a function with the symmetric gradient M, listed ``along`` directions."""
    M = np.asarray(M, dtype=float)
    directions = [Direction(name, D, ball(pair(M, D))) for name, D in along.items()]
    fields = {
        "function": "f",
        "parameterization": "symmetric(2)",
        "point": {"a": "1"},
        "X": unit(len(M)),
        "value": ball(0),
        "S": exactly(M),
        "directions": tuple(directions),
        "sensitivity": np.zeros_like(M),
        "evidence": "certified",
    }
    return Reference(**(fields | changes))


def said(G=S, **changes):
    """What a route reports: G, and the value zero."""
    fields = {
        "problem": 0,
        "framework": "planted",
        "version": "1.0",
        "route": "planted.route",
        "dtype": "float64",
        "value": 0.0,
        "gradient": None if G is None else np.asarray(G),
        "reads": "lower",
    }
    return Reported(**(fields | changes))


def plus(M, *entries):
    """M with (i, j, what) added to its entries."""
    changed = np.array(M)
    for i, j, what in entries:
        changed[i, j] += what
    return changed


HERMITIAN = np.array([[2, 2 - 2j], [2 + 2j, 2]])


def hermitian_truth(M=HERMITIAN, **changes):
    """What is true of a function of a complex X = diag(1, 0) with the gradient M."""
    basis = {
        "re0_0": np.array([[1, 0], [0, 0]]),
        "re1_0": np.array([[0, 1], [1, 0]]),
        "im1_0": np.array([[0, -1j], [1j, 0]]),
        "re1_1": np.array([[0, 0], [0, 1]]),
    }
    along = {name: sparse(2 * as_blocks(E + 0j)) for name, E in basis.items()}
    about = {
        "parameterization": "hermitian(2)",
        "X": 2 * as_blocks(unit(2) + 0j),
        "hermitian": True,
    }
    return truth(as_blocks(M), along=along, **(about | changes))


def sparse(M):
    """The entries of M that are not zero."""
    return tuple((i, j, Fraction(M[i, j])) for i, j in np.ndindex(M.shape) if M[i, j])


def with_skew(size, M=S):
    """What a route reports that adds a skew matrix of that size to M."""
    return said(M + np.array([[0, size], [-size, 0]]))


def verdict(reference=None, reported=None, dtype="float64"):
    """The verdict on a report, if not on the right one."""
    found = judge(reference or truth(), reported or said(), dtype)
    assert found.dtype == dtype
    return found


def scenario(part="chosen", dtype="float64", label="", function="f"):
    """A question, where nothing but its place in the report and its dtype matters."""
    about = {"function": function, "structure": "symmetric", "point": {}}
    return Scenario(**about, dtype=dtype, part=part, label=label)


def choice(*functions, frameworks=("numpy",), **changes):
    """What a user chose: these functions, by NumPy, at one point of size 2."""
    bounds = {name: changes.pop(name) for name in Resources.__struct_fields__ if name in changes}
    resources = Resources(frameworks=list(frameworks), **({"timeout": 60.0} | bounds))
    return Choice(functions=functions, resources=resources, **({"points": 1} | changes))
