"""Elementary functions of intervals that the catalogue does without: as programs have them."""

from functools import lru_cache

from .intervals import ImpreciseError, Interval, exp, increasing, lift, log, sqrt

FARTHEST = 16
"""Of erf: beyond it is 1 but for 10⁻¹¹³."""

LARGEST = 1024
"""Of exponents."""


def root(x):
    """√x, and 0 of 0."""
    return sqrt(x) if x.m or x.r else x


def power(x, exponent):
    """x to a rational exponent; by products where it is whole, as x may be negative."""
    if abs(exponent) > LARGEST:
        raise ImpreciseError(f"a power beyond {LARGEST}")
    if exponent.denominator > 1:
        return exp(log(x) * lift(exponent))
    result, square, whole = lift(1), x, abs(exponent.numerator)
    while whole:
        if whole & 1:
            result = result * square
        square, whole = square * square, whole >> 1
    return result if exponent >= 0 else 1 / result


def sin(x):
    return _widened(_turn(x.m)[0], x.r)


def cos(x):
    return _widened(_turn(x.m)[1], x.r)


def _widened(y, r):
    """Where x is within r: no slope is larger than 1."""
    return Interval(y.m, y.r + r)


def _turn(m):
    """(sin, cos) of an integer m: by Taylor's series of x/2^k, |x|/2^k < 1/16, and doubling."""
    k = max(0, m.bit_length() - Interval.bits + 4)
    if k > 16:
        raise ImpreciseError("sin or cos of a number beyond 4096")
    x, term, sums = Interval(m >> k, int(k > 0)), lift(1), [lift(1), lift(0)]
    for j in range(1, Interval.bits // 4 + 2):
        term = term * x / j
        sums[j % 2] = sums[j % 2] + (term if j % 4 < 2 else -term)
    c, s = (Interval(y.m, y.r + 1) for y in sums)
    for _ in range(k):
        c, s = c * c - s * s, 2 * (s * c)
    return s, c


def atan(x):
    return increasing(lambda m: _atan(Interval(m)), x)


def _atan(x):
    """8 atan(x/8 or less), atan x = 2 atan(x/(1 + √(1 + x²))); the rest is below 2^−bits."""
    for _ in range(3):
        x = x / (1 + sqrt(1 + x * x))
    square, power, total = x * x, x, x
    for k in range(3, Interval.bits // 2 + 4, 2):
        power = -(power * square)
        total = total + power / k
    return Interval(total.m, total.r + 1) * 8


@lru_cache(maxsize=16)
def half_pi(bits):
    return _atan(lift(1)) * 2


def asin(x):
    return atan(x / sqrt(1 - x * x))


def acos(x):
    return half_pi(Interval.bits) - asin(x)


def sinh(x):
    return (exp(x) - exp(-x)) / 2


def cosh(x):
    return (exp(x) + exp(-x)) / 2


def tanh(x):
    return 1 - 2 / (exp(2 * x) + 1)


def asinh(x):
    return log(x + sqrt(x * x + 1))


def acosh(x):
    return log(x + sqrt(x * x - 1))


def atanh(x):
    return log((1 + x) / (1 - x)) / 2


def logistic(x):
    return 1 / (1 + exp(-x))


def erf(x):
    return increasing(_erf, x)


def _erf(m):
    """2/√π e^(−x²) Σ 2^k x^(2k+1)/(1·3·…·(2k+1)), whose rest is below its last term."""
    x = Interval(m)
    if abs(m) > FARTHEST << Interval.bits:
        raise ImpreciseError(f"erf of a number beyond {FARTHEST}")
    square, term, total, k = x * x * 2, x, x, 0
    while k < 2 * FARTHEST**2 or term.size() > 8:  # from there on each is at most half of the last
        k += 1
        term = term * square / (2 * k + 1)
        total = total + term
    total = Interval(total.m, total.r + term.size() + 1)
    return slope_of_erf(x) * total


def slope_of_erf(x):
    """2/√π e^(−x²)."""
    return exp(-(x * x)) / sqrt(half_pi(Interval.bits) / 2)
