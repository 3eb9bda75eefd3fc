"""Intervals m ± r in units of 2^−bits, m and r integers; every rounding is outward."""

from functools import lru_cache
from math import isqrt


class ImpreciseError(ArithmeticError):
    """An interval is too wide to decide something: more bits are needed."""


class UndefinedError(ArithmeticError):
    """There is no value, or no derivative, at this matrix."""


class Interval:
    """The numbers within r of m; ``bits`` is the precision of all of them."""

    __slots__ = ("m", "r")
    bits = 256

    def __init__(self, m, r=0):
        self.m, self.r = m, r

    def __add__(self, other):
        other = lift(other)
        return Interval(self.m + other.m, self.r + other.r)

    __radd__ = __add__

    def __neg__(self):
        return Interval(-self.m, self.r)

    def __sub__(self, other):
        return self + -lift(other)

    def __rsub__(self, other):
        return lift(other) - self

    def __mul__(self, other):
        if isinstance(other, int):
            return Interval(self.m * other, self.r * abs(other))
        return dot((self,), (lift(other),))

    __rmul__ = __mul__

    def __truediv__(self, other):
        if isinstance(other, int):
            return Interval(self.m // other, self.r // abs(other) + 2)
        return self * other.reciprocal()

    def __rtruediv__(self, other):
        return lift(other) * self.reciprocal()

    def reciprocal(self):
        """1/x; |1/x − 1/m| ≤ r/(|m|·(|m| − r))."""
        m, unit = abs(self.m), 1 << 2 * Interval.bits
        if m <= self.r:
            raise ImpreciseError("a divisor may be 0")
        return Interval(unit // self.m, self.r * unit // (m * (m - self.r)) + 2)

    def size(self):
        """The largest absolute value, in units of 2^−bits."""
        return abs(self.m) + self.r

    def sign(self):
        """1, −1, or 0 of what is exactly 0."""
        if abs(self.m) <= self.r > 0:
            raise ImpreciseError("a sign is not known")
        return (self.m > 0) - (self.m < 0)


def lift(x):
    """An integer or a fraction as an interval."""
    if isinstance(x, Interval):
        return x
    m, rest = divmod(x.numerator << Interval.bits, x.denominator)
    return Interval(m, int(rest != 0))


def dot(u, v):
    """Σ u_k v_k."""
    m = r = 0
    for a, b in zip(u, v):
        m += a.m * b.m
        r += abs(a.m) * b.r + a.r * (abs(b.m) + b.r)
    exact = r == 0 and not m & ((1 << Interval.bits) - 1)
    return Interval(m >> Interval.bits, 0 if exact else (r >> Interval.bits) + 2)


def increasing(f, x):
    """The interval of an increasing function that encloses f(m) for an integer m."""
    first, last = f(x.m - x.r), f(x.m + x.r)
    low, high = first.m - first.r, last.m + last.r
    m = (low + high) >> 1
    return Interval(m, high - m)


def positive(x, name):
    """Nothing, if x is positive."""
    if x.sign() <= 0:
        raise UndefinedError(f"{name} of a number that is not positive")


def sqrt(x):
    positive(x, "the square root")
    return increasing(lambda m: Interval(isqrt(m << Interval.bits), 1), x)


def cube_root(x):
    positive(x, "the cube root")
    return increasing(lambda m: Interval(_cube_root(m << 2 * Interval.bits), 1), x)


def _cube_root(n):
    """The integer part, by Newton's method from above."""
    root = 1 << (n.bit_length() // 3 + 1)
    while True:
        closer = (2 * root + n // (root * root)) // 3
        if closer >= root:
            return root
        root = closer


def exp(x):
    return increasing(_exp, x)


def _exp(m):
    """(e^(x/2^k))^(2^k) by Taylor's series, |x|/2^k < 1/16, whose rest is below 2^−bits."""
    k = max(0, m.bit_length() - Interval.bits + 4)
    if k > 16:
        raise UndefinedError("out of range: exp of a number beyond 4096")
    x, term, total = Interval(m >> k, 1), lift(1), lift(1)
    for j in range(1, Interval.bits // 4 + 2):
        term = term * x / j
        total = total + term
    total = Interval(total.m, total.r + 1)
    for _ in range(k):
        total = total * total
    return total


def log(x):
    positive(x, "the logarithm")
    return increasing(_log, x)


def _log(m):
    """e·log 2 + log y with 1/2 ≤ y < 1, log y = 2 artanh((y − 1)/(y + 1))."""
    e = m.bit_length() - Interval.bits
    y = Interval(m >> e, 1) if e > 0 else Interval(m << -e)
    return _artanh((y - 1) / (y + 1)) * 2 + _log_2(Interval.bits) * e


@lru_cache(maxsize=16)
def _log_2(bits):
    return _artanh(lift(1) / lift(3)) * 2


def _artanh(z):
    """Σ z^(2k+1)/(2k+1), |z| ≤ 1/3; the rest is below 2^−bits."""
    square, power, total = z * z, z, z
    for k in range(3, Interval.bits * 2 // 3 + 4, 2):
        power = power * square
        total = total + power / k
    return Interval(total.m, total.r + 1)
