"""The tolerances and the verdicts, made anew from what is true and what was reported.

Rounding explains an error of an entry of (G + Gᵀ)/2, in the Frobenius norm, up to

    δ·‖∂S_ij/∂X‖ + (δ·‖∂S/∂X‖)²/‖S‖ + p(n)·u·(‖S‖ + |K_ij|·(1 + κ)) + p(n)·η

with p(n) = 8n, δ = p(n)·u·‖X‖, K the skew part of G and κ = ‖X‖·‖∂S/∂X‖/‖S‖; of a program 8u
times what roundings of all its steps move S_ij by, per unit roundoff, is added.
"""

import math
from fractions import Fraction as Q

from .cases import norm, turned
from .intervals import Interval
from .reading import exactly, number, square
from .spectrum import spectrum_of
from .structures import FORMATS, PARTS

STAGES = 8
CLOSE = 1e-3
"""Two tolerances of the same thing differ by less, being made of sizes in float64."""
RELIABLE, GROSS, COARSE, MARGIN = 0.25, 1e6, 1e-6, 1.25
WEIGHTS = {"symmetric": (1, 1), "lower": (2, 0), "upper": (0, 2)}
"""The factors of S_ij below and above the diagonal."""
WIDER = {"float32": ("float64",), "float16": ("float32", "float64")}
WIDER.update(bfloat16=WIDER["float16"], complex64=("complex128",))
OVERFLOW = {"float64": 1024, "float32": 128, "float16": 16, "bfloat16": 128}
WORST = ("disagrees", "failed", "refused", "inaccurate", "agrees")
BY_MODULUS = ("singular_value", "spectral_norm", "nuclear_norm", "ky_fan_norm", "condition_number")


class Finding:
    """A verdict, its convention, and each contraction's error and tolerance.

    ``beyond`` says that an error is beyond its tolerance, and may be rounding's all the same.
    """

    def __init__(self, verdict, convention=None, components=(), beyond=False):
        self.verdict, self.convention, self.components = verdict, convention, components
        self.beyond, self.conjugation = beyond, None


def unit_roundoff(dtype):
    return math.sqrt(8) ** (dtype in PARTS) * 2.0 ** -FORMATS[PARTS.get(dtype, dtype)][0]


class Judge:
    """What is true of a case, and how far rounding in a dtype may be off it.

    Where ∂S/∂X is not known, the tolerances that are ``told`` are taken as they are.
    """

    def __init__(self, truth, dtype):
        self.truth, self.dtype, self.span = truth, dtype, range(truth.rows)
        self.each = STAGES * unit_roundoff(dtype)
        self.pu = truth.rows * self.each
        self.floor = STAGES * truth.rows * 2.0 ** FORMATS[PARTS.get(dtype, dtype)][1]
        self.moved = truth.norm * norm(truth.sensitivity or [])
        self.off, self.told = self.pu * self.moved, None

    def tolerances(self, skew):
        """By entry; ``skew`` are sizes of K by entry."""
        if self.truth.sensitivity is None:
            return self.told
        truth, size, floor, second, kappa = self.truth, self.truth.size, self.floor, 0.0, 0.0
        if size > 0:
            second, kappa = self.off * (self.off / size), 1 + self.moved / size
        elif self.moved == 0 and truth.norm > 0:
            floor += self.pu * abs(float(truth.value[0])) / truth.norm
        steps = truth.roundoff or [[0.0] * truth.rows] * truth.rows
        return [
            [
                self.pu * (truth.norm * slope + size + k * kappa)
                + second
                + floor
                + self.each * step
                for slope, k, step in zip(*rows)
            ]
            for rows in zip(truth.sensitivity, skew, steps)
        ]

    def value_tolerance(self):
        """Of f(X), to which ‖X‖·‖S‖ is its sensitivity."""
        truth = self.truth
        first = self.pu * (truth.norm * truth.size + abs(float(truth.value[0])))
        steps = self.each * truth.value_roundoff
        return first + self.pu * truth.norm * self.off + steps + self.floor

    def check(self, told, skew, value):
        """Check that these are the tolerances, and say how large they are beside ‖S‖."""
        self.told = told
        pairs = [(value, value if self.truth.sensitivity is None else self.value_tolerance())]
        for i, row in enumerate(self.tolerances(skew)):
            pairs += zip(told[i], row)
        if not all(0 < t < math.inf and abs(t / own - 1) < CLOSE for t, own in pairs):
            raise ValueError("the tolerances are not those that rounding explains")
        return max(map(max, told)) / self.truth.size if self.truth.size else 0.0

    def doubt(self, error):
        """Whether nothing can be judged; ``error`` are the sizes of (G + Gᵀ)/2 − S, or nothing."""
        truth, dtype = self.truth, PARTS.get(self.dtype, self.dtype)
        least, most = 2.0 ** (sum(FORMATS[dtype]) - 1), 2.0 ** (OVERFLOW[dtype] - 1)
        change, entries = truth.norm * truth.size, [abs(x) for row in truth.X for x in row if x]
        small = 0 < truth.size < least or 0 < change < least or min(entries, default=1) < least
        large = max(2 * truth.largest, change) >= most or abs(truth.value[0]) >= most
        own = self.tolerances([[0.0] * truth.rows] * truth.rows)
        if small or large or self._is_near_kink(error, norm(own)):
            return True
        if truth.size == 0 or self.off <= RELIABLE * truth.size:
            return False
        return not error or max(map(max, error)) <= GROSS * max(map(max, own))

    def _is_near_kink(self, error, allowed):
        jump = 2 * self.truth.size if self.truth.kink is None else math.inf
        near = self.pu * self.truth.norm >= kink(self.truth) and jump > allowed
        return near and not (error and norm(error) > MARGIN * jump + allowed)

    def blind(self, skew, T):
        """Whether a gradient without a triangle, or off by a fifth, would be within T too."""
        S, n = [[abs(float(x)) for x in row] for row in self.truth.S], self.truth.n
        off = [[x * (i % n != j % n) for j, x in enumerate(row)] for i, row in enumerate(S)]
        wide = self.tolerances([[x / 2 + k for x, k in zip(*pair)] for pair in zip(off, skew)])
        cells, largest = [(i, j) for i in self.span for j in self.span], max(map(max, S))
        dropped = all(off[i][j] / 2 <= MARGIN * max(wide[i][j], T[i][j]) for i, j in cells)
        scaled = all(S[i][j] / 5 <= MARGIN * T[i][j] for i, j in cells)
        return (max(map(max, off)) > COARSE * largest and dropped) or (largest > 0 and scaled)

    def convention(self, G, T):
        """The one representative that G is, within tolerances widened by what iterations leave."""
        S, n, most = self.truth.S, self.truth.n, Q(remainder(self.truth, self.dtype, self.pu))
        fitting = []
        for name, sides in WEIGHTS.items():
            fits = True
            for i in self.span:
                for j in self.span:
                    w = 1 if i % n == j % n else sides[i % n < j % n]
                    fits &= abs(G[i][j] - w * S[i][j]) <= max(1, w) * T[i][j] * most
            fitting += [name] * fits
        return (fitting[0] if len(fitting) == 1 else "ambiguous") if fitting else "unsymmetric"

    def judge(self, G, value, T, value_tolerance):
        """The finding on a finite G, by rows (a complex one in blocks), with these tolerances."""
        truth, span = self.truth, self.span
        error = [[abs((G[i][j] + G[j][i]) / 2 - truth.S[i][j]) for j in span] for i in span]
        skew = skew_part(G)
        components, right = [], True
        for _, D, (mid, _) in truth.directions:
            off = abs(sum(G[i][j] * d for i, j, d in D) - mid)
            allowed = sum(T[i][j] * abs(d) for i, j, d in D)
            components.append((off, allowed))
            right &= off <= allowed
        if self.doubt(error):
            return Finding("refused", None, components)
        right &= all(error[i][j] + truth.radius[i][j] <= T[i][j] for i in span for j in span)
        off = abs(value - truth.value[0])
        right &= off + truth.value[1] <= value_tolerance
        worst = max(map(max, error))
        if not right:
            lost = max(worst / Q(truth.largest or 1), off / (abs(truth.value[0]) or 1))
            beyond = lost <= unit_roundoff(self.dtype) ** (1 / 3)
            T = [[t + 8 * worst for t in row] for row in T]
            return Finding("disagrees", self.convention(G, T), components, beyond)
        floats = [[float(t) for t in row] for row in T]
        if max(map(max, floats)) > truth.size > 0 or self.blind(skew, floats):
            return Finding("refused", None, components)
        return Finding("agrees", self.convention(G, T), components)


def skew_part(G):
    """The sizes of (G − Gᵀ)/2."""
    return [[abs(float((a - b) / 2)) for a, b in zip(*pair)] for pair in zip(G, zip(*G))]


def eigenvalues(truth):
    """As floats, ascending, each of a Hermitian X once."""
    Interval.bits = 256  # whatever it took before
    spectrum = spectrum_of(turned(truth.X, truth.blocks), truth.blocks, Interval.bits)
    return [float(Q(c.value.m, 1 << 256)) for c in spectrum.clusters for _ in range(c.count)]


def kink(truth):
    """How near, in the Frobenius norm, a matrix is at which f has a kink."""
    family, _, index = truth.name.partition("[")
    if truth.kink is not None:
        return truth.kink
    if family not in BY_MODULUS:
        return math.inf
    values = sorted(eigenvalues(truth), key=lambda x: -abs(x))
    n, k = truth.n, int(index[:-1] or 0) if index else 0
    chosen = {"nuclear_norm": [range(n)], "ky_fan_norm": [range(k)]}.get(family, [[k]])
    chosen = [[0], [n - 1]] if family == "condition_number" else chosen
    found = []
    for places in chosen:
        inside = [values[p] for p in places]
        outside = [values[p] for p in range(n) if p not in places]
        found += [abs(x) for x in inside]
        found += [abs(x + y) / math.sqrt(2) for x in inside for y in outside if x * y < 0]
    return min(found) * math.sqrt(truth.blocks)


def remainder(truth, dtype, pu):
    """How many tolerances an iteration for singular values may leave where it stops."""
    u = unit_roundoff(dtype)
    values = sorted(map(abs, eigenvalues(truth)))
    steps = [b - a for a, b in zip(values, values[1:])]
    least = min((x for x in steps if x > STAGES * truth.rows * 2.0**-53 * truth.norm), default=0)
    left = max(10.0, min(100.0, u ** (-1 / 8))) * u / pu
    return 1 + left + (0.01 * truth.norm / least if least else 0.0)


def entry(text):
    """An entry of a gradient as its real and imaginary part."""
    return tuple(map(number, text)) if isinstance(text, list) else (number(text), 0.0)


def blocks(rows, sign):
    """[[Re, −Im], [Im, Re]]/2 of a complex matrix, or of its conjugate."""
    A = [[Q(a) / 2 for a, _ in row] for row in rows]
    B = [[Q(b) / 2 * sign for _, b in row] for row in rows]
    upper = [a + [-x for x in b] for a, b in zip(A, B)]
    return upper + [b + a for a, b in zip(A, B)]


def judge_answer(truth, report, answer):
    """(The finding on one answer of a route, its largest tolerance for ‖S‖), or a word why not."""
    rows = answer["gradient"]
    if rows is None:
        return "no gradient was given", 0.0
    entries = square(rows, len(rows), entry)
    finite = all(math.isfinite(x) for row in entries for pair in row for x in pair)
    value = number(answer["value"])
    dtype, returned = report["dtype"], report["returned"]
    if truth.refusal:
        return Finding("refused"), 0.0
    judge = Judge(truth, dtype)
    if len(rows) != truth.n or returned not in (dtype, *WIDER.get(dtype, ())):
        return Finding("disagrees", "invalid"), 0.0
    if truth.sensitivity is None and (not finite or answer["tolerances"] is None):
        return Finding(*(("refused",) if finite else ("disagrees", "invalid"))), 0.0
    if not finite or not math.isfinite(value):
        return Finding(*(("refused",) if judge.doubt(None) else ("disagrees", "invalid"))), 0.0
    readings = [blocks(entries, 1), blocks(entries, -1)]
    if truth.blocks == 1:
        readings = [[[Q(x) for x, _ in row] for row in entries]]
    if answer["tolerances"] is None:
        if math.isfinite(max(map(max, judge.tolerances(skew_part(readings[0]))))):
            raise ValueError("a gradient was judged without a tolerance")
        return Finding("refused"), 0.0
    T = square(answer["tolerances"], truth.rows, exactly)
    value_tolerance = exactly(answer["value_tolerance"])
    floats = [[float(t) for t in row] for row in T]
    ratio = judge.check(floats, skew_part(readings[0]), float(value_tolerance))
    contracted = [str(sum(readings[0][i][j] * d for i, j, d in D)) for _, D, _ in truth.directions]
    if contracted != answer["contracted"]:
        raise ValueError("a contraction is not that of the gradient")
    found = [judge.judge(G, Q(value), T, value_tolerance) for G in readings]
    return _reading(found), ratio


def _reading(found):
    """The finding on the reading of a complex gradient that is right, or nearest to it."""
    names = ["∂Re + i∂Im", "∂Re − i∂Im"]
    right = [k for k, finding in enumerate(found) if finding.verdict == "agrees"]

    def distance(k):
        return max((off / t for off, t in found[k].components), default=0)

    best = found[right[0] if right else min(range(len(found)), key=distance)]
    if len(found) == 2 and right:
        best.conjugation = "real" if len(right) == 2 else names[right[0]]
    return best


def check_report(truth, report):
    """(The finding on a report, the largest tolerance for ‖S‖, what was not checked or nothing).

    Raises:
        ValueError, ArithmeticError, LookupError, TypeError: the verdict is another.
    """
    told, answers = report["verdict"], report["answers"]
    judged = [judge_answer(truth, report, answer) for answer in answers]
    found = min((f for f, _ in judged), key=lambda f: WORST.index(getattr(f, "verdict", "failed")))
    ratio = max(x for _, x in judged)
    claimed = (told, report["convention"], report["conjugation"])
    if told == "refused" and not truth.refusal and (truth.left or truth.sensitivity is None):
        return Finding(told), ratio, "a refusal of a function that there is no argument for"
    if isinstance(found, str):
        allowed = ("refused", "failed") if truth.refusal else ("refused", "failed", "disagrees")
        if told not in allowed or claimed[1] != ("invalid" if told == "disagrees" else None):
            raise ValueError(f"{found}, and the certificate says {told}")
        return Finding(told), ratio, "no gradient, as the framework says itself: " + told
    expected = (found.verdict, found.convention, found.conjugation)
    if found.verdict == "disagrees":
        expected = ("disagrees", "invalid", None)
        if found.beyond and claimed[:2] == ("inaccurate", found.convention):
            found.verdict, expected = "inaccurate", claimed
    if claimed != expected:
        said = [" ".join(filter(None, words)) for words in (expected, claimed)]
        raise ValueError(f"the verdict is {said[0]}, the certificate says {said[1]}")
    beyond = "whether an error beyond the tolerance scatters near X, as rounding does"
    if truth.left:
        return found, ratio, f"a verdict by what is claimed, as {truth.left}"
    return found, ratio, beyond if found.beyond else None
