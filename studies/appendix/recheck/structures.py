"""The structures X(θ) of the toolkit, with ∂X/∂θ: numbers that carry their slopes."""

from fractions import Fraction as Q


class Slope:
    """A rational number and its derivatives by the name of the parameter."""

    def __init__(self, value, along):
        self.value, self.along = Q(value), along

    def __add__(self, other):
        other = constant(other)
        names = {**self.along, **other.along}
        sums = {k: self.along.get(k, 0) + other.along.get(k, 0) for k in names}
        return Slope(self.value + other.value, sums)

    __radd__ = __add__

    def __neg__(self):
        return -1 * self

    def __sub__(self, other):
        return self + -constant(other)

    def __rsub__(self, other):
        return constant(other) - self

    def __mul__(self, other):
        other = constant(other)
        a, b = self.value, other.value
        names = {**self.along, **other.along}
        sums = {k: self.along.get(k, 0) * b + other.along.get(k, 0) * a for k in names}
        return Slope(a * b, sums)

    __rmul__ = __mul__

    def __truediv__(self, other):
        inverse = 1 / other.value
        slopes = {k: -x * inverse * inverse for k, x in other.along.items()}
        return self * Slope(inverse, slopes)

    def __pow__(self, exponent):
        power = constant(1)
        for _ in range(exponent):
            power = power * self
        return power


def constant(x):
    return x if isinstance(x, Slope) else Slope(x, {})


def _above(n):
    return [(i, j) for i in range(n) for j in range(i, n)]


def _named(letter, pairs):
    return [f"{letter}{i}_{j}" for i, j in pairs]


def _numbered(letter, count):
    return [f"{letter}{k}" for k in range(count)]


def _symmetric_names(n):
    return list("abcdef"[: len(_above(n))]) if n <= 3 else _named("x", _above(n))


def _symmetric(n, t, i, j):
    return t[_symmetric_names(n)[_above(n).index((i, j))]]


def _mirrored(n, i, j):
    return min((i, j), (n - 1 - j, n - 1 - i))


def _fixed_trace(n, t, i, j):
    if (i, j) != (n - 1, n - 1):
        return t[f"x{i}_{j}"]
    return n - sum((t[f"x{k}_{k}"] for k in range(n - 1)), constant(0))


def _trapezoid(n, columns):
    return [(i, j) for i in range(n) for j in range(min(i + 1, columns))]


def _gram(columns):
    """L Lᵀ of a lower trapezoidal L."""
    return lambda n, t, i, j: sum(
        (t[f"l{i}_{k}"] * t[f"l{j}_{k}"] for k in range(min(i + 1, columns(n)))), constant(0)
    )


def _factor(n):
    """The smallest prime that divides n."""
    return next((p for p in range(2, n) if n % p == 0), 0)  # 0 divides nothing


def _kronecker(n, t, i, j):
    q = n // _factor(n)
    places = sorted((i // q, j // q)), sorted((i % q, j % q))
    (a, b), (c, d) = places
    return t[f"a{a}_{b}"] * t[f"b{c}_{d}"]


def _hermitian_names(n):
    return _named("re", _above(n)) + _named("im", [(i, j) for i, j in _above(n) if i < j])


def _hermitian(m, t, i, j):
    """[[A, −B], [B, A]], A symmetric and B skew with B_ij = im_ij for i < j."""
    n = m // 2
    a, b = sorted((i % n, j % n))
    if i // n == j // n:
        return t[f"re{a}_{b}"]
    upper = i % n < j % n  # here i is in the rows above, so that the entry is −B's
    return constant(0) if a == b else -t[f"im{a}_{b}"] if upper else t[f"im{a}_{b}"]


STRUCTURES = {
    "symmetric": (_symmetric_names, _symmetric),
    "diagonal": (
        lambda n: _numbered("d", n),
        lambda n, t, i, j: t[f"d{i}"] if i == j else constant(0),
    ),
    "tridiagonal": (
        lambda n: _numbered("d", n) + _numbered("e", n - 1),
        lambda n, t, i, j: t[f"d{i}"] if i == j else t[f"e{i}"] if j == i + 1 else constant(0),
    ),
    "block_diagonal": (
        lambda n: _named("x", [(i, j) for i, j in _above(n) if (2 * i < n) == (2 * j < n)]),
        lambda n, t, i, j: t.get(f"x{i}_{j}", constant(0)),
    ),
    "toeplitz": (lambda n: _numbered("t", n), lambda n, t, i, j: t[f"t{j - i}"]),
    "circulant": (
        lambda n: _numbered("c", n // 2 + 1),
        lambda n, t, i, j: t[f"c{min(j - i, n - (j - i))}"],
    ),
    "hankel": (lambda n: _numbered("h", 2 * n - 1), lambda n, t, i, j: t[f"h{i + j}"]),
    "persymmetric": (
        lambda n: _named("p", sorted({_mirrored(n, *pair) for pair in _above(n)})),
        lambda n, t, i, j: t[_named("p", [_mirrored(n, i, j)])[0]],
    ),
    "fixed_trace": (lambda n: _named("x", _above(n)[:-1]), _fixed_trace),
    "pencil": (
        lambda n: ["s", "t"],
        lambda n, t, i, j: (i + 1) * (i == j) + t["s"] + (i + j + 2) * t["t"],
    ),
    "low_rank_plus_diagonal": (
        lambda n: _numbered("d", n) + _numbered("u", n),
        lambda n, t, i, j: t[f"u{i}"] * t[f"u{j}"] + (t[f"d{i}"] if i == j else 0),
    ),
    "cholesky": (lambda n: _named("l", _trapezoid(n, n)), _gram(lambda n: n)),
    "fixed_rank": (
        lambda n: _named("l", _trapezoid(n, (n + 1) // 2)),
        _gram(lambda n: (n + 1) // 2),
    ),
    "correlation": (
        lambda n: _named("r", [(i, j) for i, j in _above(n) if i < j]),
        lambda n, t, i, j: constant(1) if i == j else t[f"r{i}_{j}"],
    ),
    "ar1": (lambda n: ["ρ"], lambda n, t, i, j: t["ρ"] ** (j - i)),
    "rational_quadratic": (
        lambda n: ["ℓ", "s", "t"],
        lambda n, t, i, j: (
            t["s"] + t["t"]
            if i == j
            else 2 * t["s"] * t["ℓ"] ** 2 / (2 * t["ℓ"] ** 2 + (j - i) ** 2)
        ),
    ),
    "kronecker": (
        lambda n: _named("a", _above(_factor(n))) + _named("b", _above(n // _factor(n))),
        _kronecker,
    ),
    "hermitian": (_hermitian_names, _hermitian),
}
"""Of each structure: the parameters' names at size n, and X_ij for i ≤ j."""


def at(name, n, point):
    """(X, [(parameter, ∂X/∂θ as [i, j, entry])]) at θ, exactly; nothing of an unknown structure.

    Raises:
        ValueError: the parameters are others.
    """
    if name not in STRUCTURES:
        return None
    names, entry = STRUCTURES[name]
    names, rows = names(n), range(2 * n if name == "hermitian" else n)
    if sorted(names) != sorted(point):
        raise ValueError(f"the parameters of {name} are {', '.join(names)}")
    t = {k: Slope(point[k], {k: Q(1)}) for k in names}
    above = {(i, j): constant(entry(len(rows), t, i, j)) for i in rows for j in rows if i <= j}
    X = [[above[min(i, j), max(i, j)] for j in rows] for i in rows]
    slopes = [
        (k, [(i, j, X[i][j].along[k]) for i in rows for j in rows if X[i][j].along.get(k)])
        for k in names
    ]
    return [[x.value for x in row] for row in X], slopes


FORMATS = {
    "float64": (53, -1074),
    "float32": (24, -149),
    "float16": (11, -24),
    "bfloat16": (8, -133),
}
"""Bits of the significand, and the exponent of the smallest positive number."""
PARTS = {"complex128": "float64", "complex64": "float32"}


def rounded(x, dtype):
    """The nearest number of a binary format, ties to even."""
    bits, least = FORMATS[PARTS.get(dtype, dtype)]
    if x == 0:
        return x
    exponent = abs(x.numerator).bit_length() - x.denominator.bit_length()
    exponent -= abs(x) < Q(2) ** exponent
    unit = Q(2) ** max(exponent - bits + 1, least)
    return round(x / unit) * unit
