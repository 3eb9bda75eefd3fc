"""The eigenvalues of an exact symmetric matrix, their multiplicities and eigenprojectors.

All roots of the characteristic polynomial p are real, and those of s = p/gcd(p, p′) simple: between
two roots of s′ lies one of s, which bisection finds and a change of sign proves.  The projector
onto the eigenspace of λ is q(X)/q(λ) with q(t) = s(t)/(t − λ).
"""

from functools import lru_cache
from math import gcd

from .intervals import ImpreciseError, Interval, UndefinedError, dot, lift
from .matrices import characteristic, combined, exact_product, identity

ENOUGH = 1024
"""With so many bits two numbers that are not told apart are the same."""


def primitive(p):
    """An integer polynomial (highest coefficient first) without leading zeros and its content."""
    while p and not p[0]:
        p = p[1:]
    content = gcd(*p) if len(p) > 1 else 1
    return [c // (content or 1) for c in p]


def divided(p, q):
    """(quotient, remainder) of p by q, each up to a factor; integer polynomials."""
    quotient, rest = [], list(p)
    while len(rest) >= len(q):
        lead = rest[0]
        quotient = [c * q[0] for c in quotient] + [lead]
        rest = [c * q[0] - lead * (q[k] if k < len(q) else 0) for k, c in enumerate(rest)][1:]
    return quotient, rest


def derivative(p):
    return [c * (len(p) - 1 - k) for k, c in enumerate(p[:-1])]


def common(p, q):
    """The greatest common divisor."""
    while q:
        p, q = q, primitive(divided(p, q)[1])
    return primitive(p)


def powers(p):
    """s_1, s_2, …: s_k has a simple root at each root of p of multiplicity k or more."""
    found = []
    while len(p) > 1:
        repeated = common(p, derivative(p))
        s = primitive(divided(p, repeated)[0])
        found.append([c if s[0] > 0 else -c for c in s])
        p = repeated
    return found


def sign_at(p, t):
    """The sign of p at an integer t."""
    total = 0
    for c in p:
        total = total * t + c
    return (total > 0) - (total < 0)


def roots(p, bound):
    """Integers t with a root of p in [t, t + 1]; p has simple real roots alone, in ±bound."""
    if len(p) < 2:
        return []
    degree = len(p) - 1
    ends = [-bound, *roots(derivative(p), bound), bound]
    found = []
    for k, (low, high) in enumerate(zip(ends, ends[1:])):
        below = (-1) ** (degree - k)
        if sign_at(p, low) != below or sign_at(p, high) != -below:
            raise ImpreciseError("eigenvalues are not told apart")
        while high - low > 1:
            middle = (low + high) >> 1
            if sign_at(p, middle) == below:
                low = middle
            else:
                high = middle
        found.append(low)
    return found


class Cluster:
    """A distinct eigenvalue: its first index, how often it occurs, its interval."""

    def __init__(self, first, count, value):
        self.first, self.count, self.value = first, count, value
        self.last = first + count


class Spectrum:
    """Of an exact X by rows, with dyadic entries; ``blocks`` as in functions.py."""

    def __init__(self, X, blocks):
        self.n, self.blocks = len(X), blocks
        self.shift = max(x.denominator.bit_length() - 1 for row in X for x in row)
        self.N = [[int(x * 2**self.shift) for x in row] for row in X]
        self.coefficients, self.adjugate = characteristic(self.N)
        self.factors = powers(primitive(self.coefficients))
        self.clusters = self._clusters()
        self._projectors = {}

    def _clusters(self):
        bits = Interval.bits
        if bits < self.shift:
            raise ImpreciseError("the entries of X have more bits")
        scaled = [[c << (bits - self.shift) * k for k, c in enumerate(s)] for s in self.factors]
        largest = max(sum(map(abs, row)) for row in self.N)
        found, first = [], 0
        for t in roots(scaled[0], (largest + 1) << (bits - self.shift)):
            exact = [end for end in (t, t + 1) if sign_at(scaled[0], end) == 0]
            ends = (exact[0], exact[0]) if exact else (t, t + 1)
            there = [s for s in scaled if sign_at(s, ends[0]) * sign_at(s, ends[1]) <= 0]
            count = len(there) // self.blocks
            found.append(Cluster(first, count, Interval(ends[0], int(not exact))))
            first += count
        return found

    def projector(self, cluster):
        """q(X)/q(λ), kept for the next function."""
        if cluster.first not in self._projectors:
            s, shift, value = self.factors[0], self.shift, cluster.value
            q = [lift(1)]  # Horner: s(t) = (t − λ)·q(t) in units of 2^shift, s monic
            for k in range(1, len(s) - 1):
                q.append(_over(s[k], k * shift) + value * q[-1])
            matrices, at_root = [identity(self.n)], [lift(1)]
            for _ in q[1:]:
                matrices.append(exact_product(matrices[-1], self.N))
                at_root.append(at_root[-1] * value)
            balls = [[[_over(x, k * shift) for x in r] for r in M] for k, M in enumerate(matrices)]
            scale = dot(q[::-1], at_root).reciprocal()
            self._projectors[cluster.first] = combined([c * scale for c in q[::-1]], balls)
        return self._projectors[cluster.first]

    def chosen(self, positions):
        """Which clusters these eigenvalues are, counted from the smallest; all of each."""
        found = []
        for cluster in self.clusters:
            inside = positions.intersection(range(cluster.first, cluster.last))
            if inside and len(inside) < cluster.count:
                raise UndefinedError(f"eigenvalue {min(inside)} is repeated")
            if inside:
                found.append(cluster)
        return found

    def by_modulus(self, ranks):
        """The positions of the eigenvalues of these ranks by absolute value, 0 the largest."""
        ordered = sorted(self.clusters, key=lambda c: -abs(c.value.m))
        places = [c for c in ordered for _ in range(c.count)]
        inside = {id(places[rank]) for rank in ranks}
        for above, below in zip(ordered, ordered[1:]):
            apart = abs(above.value.m) - abs(below.value.m) > above.value.r + below.value.r
            if not apart and (id(above) in inside) != (id(below) in inside):
                told = UndefinedError if Interval.bits >= ENOUGH else ImpreciseError
                raise told("λ and −λ are both eigenvalues")
        wanted = [range(places[r].first, places[r].last) for r in ranks]
        first = {c.first: places.index(c) for c in ordered}
        return {place[r - first[place[0]]] for r, place in zip(ranks, wanted)}


def _over(x, bits):
    """x/2^bits of an integer x."""
    shift = Interval.bits - bits
    return Interval(x << shift) if shift >= 0 else Interval(x >> -shift, 1)


@lru_cache(maxsize=256)
def spectrum_of(X, blocks, bits):
    """The spectrum of X, shared by all functions at that matrix, at one precision."""
    return Spectrum(X, blocks)
