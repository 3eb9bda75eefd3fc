"""The float64 enclosures against Arb and exact rationals, which they must contain every time."""

import dataclasses

import numpy as np
import pytest
from flint import acb_mat, arb, fmpq, fmpq_mat

from symgrad.symbolic.certified.enclosure import precision
from symgrad.symbolic.float64.eigenpairs import (
    NotCertifiedError,
    NotIsolatedError,
    eigenpair,
    inverse,
    spectrum,
)
from symgrad.symbolic.float64.products import defect
from symgrad.symbolic.float64.rounding import accurate_product, two_product, two_sum

BITS = 512
U = 2.0**-53


def symmetric(A):
    return np.tril(A) + np.tril(A, -1).T


def rotated(rng, values):
    """Q·diag(values)·Qᵀ in floating point: ties become gaps of some 1e-16."""
    Q, _ = np.linalg.qr(rng.standard_normal((len(values), len(values))))
    return symmetric(Q * values @ Q.T)


def nearly_degenerate(rng, n):
    values = rng.standard_normal(n)
    values[1] = values[0] + 10 ** -rng.uniform(2, 14)
    return rotated(rng, values)


def exactly_degenerate(rng, n):
    """Reflections I − 2vvᵀ/4 and copies of a 2×2 block: exact in float64, eigenvalues repeated."""
    if n >= 4 and rng.random() < 0.5:
        X = np.eye(n)
        X[:4, :4] -= np.ones((4, 4)) / 2
        return X * rng.integers(1, 9)
    return np.kron(np.eye(n)[: n // 2, : n // 2], symmetric(rng.integers(-9, 9, (2, 2)))) + 0.0


def graded(rng, n):
    d = 10 ** rng.uniform(-8, 8, n)
    return symmetric(rng.standard_normal((n, n)) * np.outer(d, d))


FAMILIES = {
    "random": lambda rng, n: symmetric(rng.standard_normal((n, n))),
    "positive definite": lambda rng, n: rotated(rng, 10 ** rng.uniform(-6, 0, n)),
    "nearly degenerate": nearly_degenerate,
    "exactly degenerate": exactly_degenerate,
    "rotated ties": lambda rng, n: rotated(rng, rng.integers(0, 2, n) * 1.0),
    "rotated rank one": lambda rng, n: rotated(rng, np.eye(n)[0]),
    "graded": graded,
    "graded diagonal": lambda rng, n: np.diag(10 ** rng.uniform(-8, 8, n)),
    "diagonal": lambda rng, n: np.diag(rng.integers(-3, 4, n) * 1.0),
    "rank-deficient": lambda rng, n: (lambda a: a @ a.T * 1.0)(rng.integers(-3, 4, (n, n - 1))),
    "integer": lambda rng, n: symmetric(rng.integers(-9, 10, (n, n)) * 1.0),
    "huge": lambda rng, n: symmetric(rng.standard_normal((n, n))) * 2.0**200,
    "tiny": lambda rng, n: symmetric(rng.standard_normal((n, n))) * 2.0**-200,
    "subnormal entries": lambda rng, n: np.eye(n) * np.arange(1, n + 1) + 2.0**-1070,
}


def to_rational(X):
    return fmpq_mat([[fmpq(*float(x).as_integer_ratio()) for x in row] for row in X])


def exact_spectrum(X):
    """The distinct eigenvalues in Arb, ascending, and their multiplicities."""
    roots = [(r.real, m) for r, m in to_rational(X).charpoly().numer().complex_roots()]
    return sorted(roots, key=lambda pair: pair[0].mid())


def exact_projector(X, roots, i):
    """The i-th of the spectral projectors Π_{k≠i} (X − λ_k)/(λ_i − λ_k) over distinct λ_k."""
    n = len(X)
    S = [[arb(j == k) for k in range(n)] for j in range(n)]
    A = [[arb(float(x)) for x in row] for row in X]
    for k, (root, _) in enumerate(roots):
        if k != i:
            scale = 1 / (roots[i][0] - root)
            B = [[(A[r][c] - (root if r == c else 0)) * scale for c in range(n)] for r in range(n)]
            S = [[sum(S[r][m] * B[m][c] for m in range(n)) for c in range(n)] for r in range(n)]
    return S


def unit_vector(S):
    """z with z zᵀ = S."""
    j = max(range(len(S)), key=lambda k: S[k][k].mid())
    return [S[k][j] / S[j][j].sqrt() for k in range(len(S))]


def square(x):
    return x * x


def holds_value(pair, root):
    distance = abs(root - arb(pair.value) - arb(pair.value_tail))
    return bool(distance <= arb(pair.value_radius)) and bool(
        abs(root - arb(pair.value)) <= arb(pair.value_bound)
    )


def holds_vector(pair, z):
    v = [arb(h) + arb(t) for h, t in zip(pair.vector, pair.vector_tail, strict=True)]
    squares = [
        sum((square(a - sign * b) for a, b in zip(v, z, strict=True)), arb(0)) for sign in (1, -1)
    ]
    return any(bool(s <= square(arb(pair.vector_radius))) for s in squares)


def holds_entries(mid, radius, S):
    n = len(mid)
    return all(
        abs(S[i][j] - arb(mid[i, j])) <= arb(radius[i, j]) for i in range(n) for j in range(n)
    )


def holds_all(X):
    """Check spectrum and every eigenpair of X; how many pairs are certified, how many refused."""
    enclosed = spectrum(X)
    roots = exact_spectrum(X)
    certified = refused = first = 0
    for i, (root, multiplicity) in enumerate(roots):
        for k in range(first, first + multiplicity):
            assert abs(root - arb(enclosed.values[k])) <= arb(enclosed.radii[k])
            try:
                pair = enclosed.eigenpair(k)
            except NotIsolatedError:
                refused += 1
                continue
            assert multiplicity == 1
            S = exact_projector(X, roots, i)
            assert holds_value(pair, root)
            assert holds_vector(pair, unit_vector(S))
            assert holds_entries(*pair.projector(), S)
            for other, _ in roots[:i] + roots[i + 1 :]:
                assert abs(other - arb(pair.value)) >= arb(pair.gap)
            certified += 1
        first += multiplicity
    assert first == len(X)
    return certified, refused


def check_family(family, sizes, count, seed):
    rng = np.random.default_rng([seed, sorted(FAMILIES).index(family)])
    certified = refused = 0
    with precision(BITS):
        for n in sizes:
            for _ in range(count):
                c, r = holds_all(FAMILIES[family](rng, n))
                certified, refused = certified + c, refused + r
    return certified, refused


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.sampled(5)
def test_arb_lies_within_every_eigenpair(family):
    certified, refused = check_family(family, (2, 3, 3, 4, 4, 5, 6, 8), 20, seed=1)
    assert certified > 0
    if family in ("random", "huge", "tiny", "subnormal entries"):
        assert refused == 0


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_arb_lies_within_a_larger_sample(family):
    certified, _ = check_family(family, (2, 3, 4, 5, 6, 7, 8), 150, seed=2)
    assert certified > 0


NAMED = {
    "Wilkinson": np.diag(np.abs(np.arange(-6.0, 7))) + np.eye(13, k=1) + np.eye(13, k=-1),
    "Hilbert": 1 / (np.arange(1.0, 9)[:, None] + np.arange(8.0)),
    "second difference": 2 * np.eye(9) - np.eye(9, k=1) - np.eye(9, k=-1),
    "min(i, j)": np.minimum.outer(np.arange(1.0, 10), np.arange(1.0, 10)),
    "barely apart": np.diag([1.0, 1 + 2.0**-40, 1 + 2.0**-52, 2.0]),
}


@pytest.mark.parametrize("name", NAMED)
def test_arb_lies_within_named_matrices(name):
    with precision(BITS):
        certified, refused = holds_all(NAMED[name])
    assert certified > 0
    assert refused == (2 if name == "barely apart" else 0)


LARGER = [(20, 1e-2), (20, 1e-6), (20, 1e-9), (60, 1e-2), (60, 1e-6), (60, 1e-9), (200, 1e-6)]


@pytest.mark.parametrize(
    ("n", "gap"),
    [pytest.param(*row, marks=[pytest.mark.slow] if row[0] > 20 else []) for row in LARGER],
)
def test_arb_lies_within_larger_matrices(n, gap):
    rng = np.random.default_rng(n)
    values = rng.standard_normal(n)
    values[1] = values[0] + gap
    X = rotated(rng, values)
    with precision(192):
        E, R = acb_mat([[arb(float(x)) for x in row] for row in X]).eig(right=True)
        order = sorted(range(n), key=lambda k: E[k].real.mid())
        enclosed = spectrum(X)
        for i, k in enumerate(order):
            z = [R[j, k] for j in range(n)]
            norm = sum(abs(x) ** 2 for x in z).sqrt()
            phase = z[int(np.argmax(np.abs(enclosed.basis[:, i])))]
            z = [(x / phase * abs(phase) / norm).real for x in z]
            pair = enclosed.eigenpair(i)
            assert abs(E[k].real - arb(enclosed.values[i])) <= arb(enclosed.radii[i])
            assert holds_value(pair, E[k].real)
            assert holds_vector(pair, z)
            assert holds_entries(*pair.projector(), [[a * b for b in z] for a in z])


def tolerance(X, i):
    """8·n·u·(‖X‖·‖∂S_jk/∂X‖ + ‖S‖), the derivative from the eigenvectors."""
    n = len(X)
    w, V = np.linalg.eigh(X)
    others = np.arange(n) != i
    A = (V[:, None, others] * V[None, :, i, None] + V[:, None, i, None] * V[None, :, others]) / (
        w[i] - w[others]
    )
    return 8 * n * U * (np.linalg.norm(X) * np.sqrt((A**2).sum(axis=2) / 2) + 1)


@pytest.mark.parametrize("gap", [1e-1, 1e-4, 1e-8, 1e-10])
@pytest.mark.parametrize("n", [2, 3, 8, 40, pytest.param(200, marks=pytest.mark.slow)])
def test_radius_is_far_below_the_tolerance(n, gap):
    rng = np.random.default_rng(n)
    values = np.linspace(-1, 1, n)
    values[0] = values[1] - gap
    X = rotated(rng, values)
    for i in (0, n - 1):
        _, radius = eigenpair(X, i).projector()
        assert np.max(radius / tolerance(X, i)) < 0.1


def exact_holds_inverse(X, mid, radius):
    exact = to_rational(X).inv()
    return all(
        abs(exact[i, j] - fmpq(*float(mid[i, j]).as_integer_ratio()))
        <= fmpq(*float(radius[i, j]).as_integer_ratio())
        for i in range(len(X))
        for j in range(len(X))
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_exact_inverse_lies_within(family):
    rng = np.random.default_rng([3, sorted(FAMILIES).index(family)])
    certified = 0
    for n in (1, 2, 3, 4, 5, 6, 8):
        for _ in range(20 if n > 1 or "deg" not in family else 0):
            X = FAMILIES[family](rng, n) if n > 1 else rng.standard_normal((1, 1))
            try:
                mid, radius = inverse(X)
            except NotCertifiedError:
                continue
            assert to_rational(X).det() != 0
            assert exact_holds_inverse(X, mid, radius)
            certified += 1
    assert certified > 0
    if family in ("random", "huge", "tiny", "positive definite", "graded diagonal"):
        assert certified >= 120


@pytest.mark.parametrize("n", [30, pytest.param(60, marks=pytest.mark.slow)])
def test_exact_inverse_lies_within_for_larger_matrices(n):
    rng = np.random.default_rng(n)
    for condition in (1e2, 1e6, 1e10):
        X = rotated(rng, np.geomspace(1, condition, n))
        mid, radius = inverse(X)
        assert exact_holds_inverse(X, mid, radius)
        columns = np.linalg.norm(mid, axis=0)
        allowed = 8 * n * U * (np.linalg.norm(X) * np.outer(columns, columns) / 2)
        assert np.max(radius / allowed) < 0.1


def test_smaller_bounds_would_be_wrong():
    rng = np.random.default_rng(5)
    missed = {"entries": 0, "vector": 0, "value": 0, "inverse": 0}
    with precision(BITS):
        for _ in range(40):
            X = symmetric(rng.standard_normal((4, 4)))
            roots = exact_spectrum(X)
            pair, S = eigenpair(X, 0), exact_projector(X, roots, 0)
            mid, radius = pair.projector()
            missed["entries"] += not holds_entries(mid, radius * 1e-3, S)
            less = dataclasses.replace(
                pair,
                value_radius=pair.value_radius * 1e-3,
                vector_radius=pair.vector_radius * 1e-3,
            )
            missed["vector"] += not holds_vector(less, unit_vector(S))
            missed["value"] += not holds_value(less, roots[0][0])
            mid, radius = inverse(X)
            missed["inverse"] += not exact_holds_inverse(X, mid, radius * 1e-3)
    assert missed["entries"] == missed["inverse"] == 40
    assert missed["vector"] > 0
    assert missed["value"] > 0


def test_what_is_ten_radii_away_lies_outside():
    rng = np.random.default_rng(6)
    X = symmetric(rng.standard_normal((5, 5)))
    with precision(BITS):
        roots = exact_spectrum(X)
        for i in range(5):
            pair, S = eigenpair(X, i), exact_projector(X, roots, i)
            tail = pair.vector_tail.copy()
            tail[i] += 10 * pair.vector_radius
            assert not holds_vector(dataclasses.replace(pair, vector_tail=tail), unit_vector(S))
            far = pair.value_tail + 10 * pair.value_radius
            assert not holds_value(dataclasses.replace(pair, value_tail=far), roots[i][0])
            mid, radius = pair.projector()
            assert not holds_entries(mid + 10 * radius, radius, S)


def test_residuals_hold_exactly():
    """accurate_product and defect against rational arithmetic, with cancellation."""
    rng = np.random.default_rng(7)
    for n in (1, 2, 5, 17, 33):
        A = symmetric(rng.uniform(-1, 1, (n, n))) * 10 ** rng.uniform(-3, 0, (n, 1))
        hi = rng.standard_normal(n)
        lo = hi * U * rng.uniform(-0.5, 0.5, n)
        addends = -(A @ hi)[:, None]
        value, error = accurate_product(A, hi, lo, addends, np.zeros(n), np.zeros(n))
        column = to_rational(hi[:, None]) + to_rational(lo[:, None])
        exact = to_rational(A) * column + to_rational(addends)
        assert exact_within(exact, value[:, None], error[:, None])
        X = symmetric(rng.standard_normal((n, n))) / 8
        R = np.linalg.inv(X)
        Z, bound = defect(R, X)
        exact = to_rational(np.eye(n)) - to_rational(R) * to_rational(X)
        assert exact_within(exact, Z, bound)
        assert np.max(bound) < 1e-3 * np.max(np.abs(R) @ np.abs(X)) * U + 2 * U * np.max(np.abs(Z))


def exact_within(exact, mid, radius):
    difference = exact - to_rational(mid)
    bound = to_rational(radius)
    return all(
        abs(difference[i, j]) <= bound[i, j]
        for i in range(difference.nrows())
        for j in range(difference.ncols())
    )


def test_transformations_are_free_of_errors():
    rng = np.random.default_rng(8)
    a, b = (rng.standard_normal(200) * 2.0 ** rng.integers(-60, 60, 200) for _ in range(2))
    for (x, e), exact in (
        (two_sum(a, b), [to_q(p) + to_q(q) for p, q in zip(a, b, strict=True)]),
        (two_product(a, b), [to_q(p) * to_q(q) for p, q in zip(a, b, strict=True)]),
    ):
        assert [to_q(p) + to_q(q) for p, q in zip(x, e, strict=True)] == exact


def to_q(x):
    return fmpq(*float(x).as_integer_ratio())


BAD = {
    "NaN": (np.array([[1.0, np.nan], [np.nan, 1.0]]), ValueError),
    "infinite": (np.array([[np.inf, 0.0], [0.0, 1.0]]), ValueError),
    "unsymmetric": (np.array([[1.0, 2.0], [3.0, 4.0]]), ValueError),
    "integer": (np.eye(2, dtype=np.int64), TypeError),
    "float32": (np.eye(2, dtype=np.float32), TypeError),
    "list": ([[1.0, 0.0], [0.0, 2.0]], TypeError),
    "not square": (np.ones((2, 3)), ValueError),
    "vector": (np.ones(3), ValueError),
    "empty": (np.ones((0, 0)), ValueError),
    "subnormal": (np.diag([5e-324, 1e-323]), NotCertifiedError),
    "near overflow": (np.diag([1.7e308, 1.0]), NotCertifiedError),
    "too wide": (np.diag([2.0**400, 5e-324]), NotCertifiedError),
    "too large": (np.eye(2) * 2.0**600, NotCertifiedError),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("route", [spectrum, inverse, lambda X: eigenpair(X, 0)])
def test_strange_input_is_refused_in_one_line(name, route):
    X, kind = BAD[name]
    with pytest.raises(kind, match=r"\A[^\n]+\Z"):
        route(X)


@pytest.mark.parametrize(
    "X", [np.eye(3), np.zeros((2, 2)), np.ones((4, 4)), np.diag([1.0, 2.0, 1.0])]
)
def test_repeated_eigenvalue_is_refused_in_one_line(X):
    with pytest.raises(NotIsolatedError, match=r"\Aλ0 is not isolated: λ\d [^\n]+\Z"):
        eigenpair(X, 0)


def test_singular_matrix_has_no_inverse():
    for X in (np.zeros((2, 2)), np.ones((3, 3)), np.diag([1.0, 0.0])):
        with pytest.raises(NotCertifiedError, match=r"\Athe inverse of [^\n]+\Z"):
            inverse(X)


@pytest.mark.parametrize("i", [-1, 3])
def test_missing_eigenvalue_is_refused(i):
    with pytest.raises(IndexError, match="from 0 to 2"):
        eigenpair(np.diag([1.0, 2.0, 3.0]), i)


def test_other_rounding_modes_are_refused(monkeypatch):
    monkeypatch.setattr("symgrad.symbolic.float64.scaling.UNIT", 2.0**-52)  # as if rounded upward
    with pytest.raises(NotCertifiedError, match="round to nearest"):
        spectrum(np.eye(2))


def test_later_eigenpairs_need_unchanged_arrays():
    X = np.diag([1.0, 2.0])
    enclosed = spectrum(X)
    X[0, 0] = 5
    assert abs(enclosed.eigenpair(0).value - 1) <= 1e-15
    with pytest.raises(ValueError, match="read-only"):
        enclosed.scaled[0, 0] = 5


def test_wrong_answers_of_lapack_are_no_enclosures(monkeypatch):
    X = np.array([[2.0, 1.0], [1.0, 3.0]])
    for w, V in (
        (np.array([1.0, 2.0]), np.eye(2)),
        (np.array([np.nan, np.nan]), np.eye(2)),
        (np.array([1.0, 2.0]), np.full((2, 2), np.nan)),
        (np.array([1.0, 2.0]), np.zeros((2, 2))),
        (np.array([2.0, 1.0]), np.eye(2)),
    ):
        monkeypatch.setattr(np.linalg, "eigh", lambda Y, w=w, V=V: (w, V))
        with pytest.raises(NotCertifiedError):
            eigenpair(X, 0)
    for R in (np.eye(2) * 9, np.full((2, 2), np.nan), np.full((2, 2), np.inf), np.zeros((2, 2))):
        monkeypatch.setattr(np.linalg, "inv", lambda Y, R=R: R)
        with pytest.raises(NotCertifiedError):
            inverse(X)
