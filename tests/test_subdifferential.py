"""Subgradients of an extreme eigenvalue: each condition at its tolerance, and just beyond."""

import math

import numpy as np
import pytest

from symgrad.court.judging.subdifferential import describe_subgradient
from symgrad.court.references import Cluster
from tests.records import exactly, unit

ROUNDOFF = 2.0**-53
INSIDE = "the reported G lies in the subdifferential of λ_max"
OUTSIDE = "the reported G does not lie in the subdifferential of λ_max"


def told(G, P, *, first=0, multiplicity=2, gap=math.inf, norm=1.0, index=None):
    """At λ_index, the last of the cluster if nothing is said."""
    G = np.asarray(G, dtype=float)
    i = first + multiplicity - 1 if index is None else index
    cluster = Cluster(first, multiplicity, gap, exactly(P), i, i == len(G) - 1)
    return describe_subgradient(G, norm * unit(len(G)), cluster, ROUNDOFF)


def test_the_index_that_is_asked_for_names_the_set():
    G, P = np.diag([0.0, 0.5, 0.5, 0.0]), np.diag([0, 1, 1, 0])
    lowest, clarke = "superdifferential of λ_min", "Clarke subdifferential of λ{}"
    assert told(G, P, first=2) == INSIDE
    assert told(G, P, first=0, index=0) == f"the reported G lies in the {lowest}"
    assert told(2 * G, P, first=0, index=0) == f"the reported G does not lie in the {lowest}"
    for first, index in ((0, 1), (1, 1), (1, 2), (2, 2)):
        name = clarke.format(index)
        assert told(G, P, first=first, index=index) == f"the reported G lies in the {name}"
        said = told(2 * G, P, first=first, index=index)
        assert said == f"the reported G does not lie in the {name}"


def test_at_the_identity_the_smallest_the_largest_and_the_others_are_told_apart():
    names = ["superdifferential of λ_min", *(f"Clarke subdifferential of λ{i}" for i in (1, 2))]
    for i, name in enumerate([*names, "subdifferential of λ_max"]):
        said = told(np.eye(4) / 4, np.eye(4), first=0, multiplicity=4, index=i)
        assert said == f"the reported G lies in the {name}"


@pytest.mark.parametrize("sign", [1, -1])
def test_the_trace_is_one(sign):
    tolerance = 8 * 2 * ROUNDOFF
    at, beyond = (0.5 + sign * t for t in (tolerance, tolerance + 2.0**-52))
    assert told(np.diag([0.5, at]), np.eye(2)) == INSIDE
    assert told(np.diag([0.5, beyond]), np.eye(2)) == OUTSIDE


def test_the_eigenvalues_are_not_negative():
    tolerance = 8 * 2 * ROUNDOFF
    assert told(np.diag([1 + tolerance, -tolerance]), np.eye(2)) == INSIDE
    beyond = np.nextafter(tolerance, 1)
    assert told(np.diag([1 + tolerance, -beyond]), np.eye(2)) == OUTSIDE


@pytest.mark.parametrize(("gap", "norm", "factor"), [(math.inf, 1, 1), (2, 6, 4), (0.25, 1, 5)])
def test_the_eigenspace_is_known_to_the_tolerance(gap, norm, factor):
    """It is 8·n·u·(1 + ‖X‖/gap)."""
    tolerance, P = 8 * 3 * ROUNDOFF * factor, np.diag([0.0, 1.0, 1.0])
    for place in ((0, 0), (0, 1), (1, 0)):
        weight = 1 if place == (0, 0) else math.sqrt(2)
        for times, expected in ((0.999, INSIDE), (1.001, OUTSIDE)):
            G = np.diag([0, 0.5, 0.5])
            G[place] += times * tolerance * weight
            found = told(G, P, first=1, gap=gap, norm=norm)
            assert found == expected, (place, times)
    exactly_at = np.diag([tolerance, 0.5, 0.5])
    assert told(exactly_at, P, first=1, gap=gap, norm=norm) == INSIDE


def test_a_rotated_eigenspace():
    c, s = 0.6, 0.8
    V = np.array([[c, 0], [s, 0], [0, 1]])
    M = np.array([[0.75, 0.25], [0.25, 0.25]])
    P = V @ V.T
    assert told(V @ M @ V.T, P, first=1, gap=1) == INSIDE
    skew = np.array([[0, 5, -7], [-5, 0, 9], [7, -9, 0]])
    assert told(V @ M @ V.T + skew, P, first=1, gap=1) == INSIDE
    assert told(V @ M @ V.T + np.abs(skew), P, first=1, gap=1) == OUTSIDE
    assert told(np.diag([0.5, 0.5, 0]), P, first=1, gap=1) == OUTSIDE
