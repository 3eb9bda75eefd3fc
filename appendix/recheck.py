"""Check a proof appendix without trusting the program that wrote it: python recheck.py [FOLDER].

It reads certificate.json and uses Python's standard library alone, in exact rational arithmetic:

1. hashes: every file of the folder is the one that the certificate names, and its own digest holds;
2. enclosures: what is claimed of f and of its symmetric gradient S is derived anew from the matrix;
3. contractions: each ⟨G, ∂X/∂θ⟩ is computed anew from the reported gradient G;
4. verdicts and conventions: each is judged anew from the two.

What it cannot check it lists: enclosures of functions that it has no argument of its own for, and
how large an error rounding explains.  Exit status: 0 if all that was checked holds, 1 otherwise.
"""

import hashlib
import json
import sys
from collections import Counter
from fractions import Fraction as Q
from pathlib import Path

TINY = Q(1, 2**240)
WEIGHTS = {"symmetric": (1, 1), "lower": (2, 0), "upper": (0, 2)}


def rows(texts):
    """A matrix of exact numbers from hexadecimal floats."""
    return [[Q(float.fromhex(text)) for text in row] for row in texts]


def times(A, B):
    return [[sum(a * b for a, b in zip(row, column)) for column in zip(*B)] for row in A]


def identity(n):
    return [[Q(i == j) for j in range(n)] for i in range(n)]


def outer(u, v):
    return [[a * b for b in v] for a in u]


def scaled(c, A):
    return [[c * a for a in row] for row in A]


def plus(A, B):
    return [[a + b for a, b in zip(*pair)] for pair in zip(A, B)]


def inner(A, B):
    return sum(a * b for pair in zip(A, B) for a, b in zip(*pair))


def characteristic(X):
    """(c, B): p(λ) = Σ c_k λ^(n−k), adj(λI − X) = Σ B_k λ^(n−1−k), by Faddeev and LeVerrier."""
    n, B, c = len(X), [], [Q(1)]
    M = identity(n)
    for k in range(1, n + 1):
        B.append(M)
        XM = times(X, M)
        c.append(-inner(XM, identity(n)) / k)
        M = plus(XM, scaled(c[-1], identity(n)))
    return c, B


def determinant_and_inverse(X):
    c, B = characteristic(X)
    return c[-1] * (-1) ** len(X), scaled(-1 / c[-1], B[-1])


# Intervals (low, high) of rationals.  The functions below give f(X) and S entry by entry as such.


def product(a, b):
    corners = [x * y for x in a for y in b]
    return min(corners), max(corners)


def horner(coefficients, interval):
    total = (Q(0), Q(0))
    for c in coefficients:
        low, high = product(total, interval)
        total = (low + c, high + c)
    return total


def roots_above(c, x):
    """How many roots of p exceed x: sign changes of p(x + t), exact as all roots are real."""
    shifted = list(c)
    for end in range(len(c) - 1, 0, -1):
        for k in range(1, end + 1):
            shifted[k] += x * shifted[k - 1]
    signs = [value > 0 for value in shifted if value]
    return sum(a != b for a, b in zip(signs, signs[1:]))


def eigenvalue(X, i, claimed):
    """λ_i (ascending) and its gradient adj(λI − X)/p′(λ), from a bracket that holds λ_i alone."""
    c, B = characteristic(X)
    n = len(X)
    low, high = claimed[0] - TINY, claimed[1] + TINY
    if roots_above(c, low) != n - i or roots_above(c, high) != n - i - 1:
        raise ValueError(f"eigenvalue {i} alone is not where it is claimed to be")
    while high - low > TINY:
        middle = (low + high) / 2
        low, high = (middle, high) if roots_above(c, middle) == n - i else (low, middle)
    slope = horner([(n - k) * c[k] for k in range(n)], (low, high))
    if slope[0] <= 0 <= slope[1]:
        raise ValueError(f"eigenvalue {i} is not shown to be simple")
    reciprocal = (1 / slope[1], 1 / slope[0])
    entries = range(n)
    adjugate = [[horner([M[a][b] for M in B], (low, high)) for b in entries] for a in entries]
    return (low, high), [[product(x, reciprocal) for x in row] for row in adjugate]


def logarithm(x):
    """log x, x > 0, from log m = 2 artanh((m − 1)/(m + 1)) with 1/2 < m < 2, and log 2."""
    k = x.numerator.bit_length() - x.denominator.bit_length()
    m = x / Q(2) ** k
    low, high = artanh((m - 1) / (m + 1))
    ends = sorted(k * end for end in artanh(Q(1, 3)))
    return 2 * (low + ends[0]), 2 * (high + ends[1])


def artanh(z, terms=160):
    total = sum(z ** (2 * k + 1) / (2 * k + 1) for k in range(terms))
    rest = abs(z) ** (2 * terms + 1) / (1 - z * z)
    return total - rest, total + rest


def truth(function, constants, X, claimed):
    """(f(X) as an interval, S as intervals) of a function, or nothing if there is no argument."""
    name, _, tail = function.partition("[")
    index = [int(k) for k in tail.rstrip("]").split(",") if k.strip()]
    n = len(X)
    if name in ("eigenvalue", "smallest_eigenvalue", "largest_eigenvalue"):
        i = {"smallest_eigenvalue": 0, "largest_eigenvalue": n - 1}.get(name)
        return eigenvalue(X, index[0] if i is None else i, claimed)
    W = [[Q(w) for w in row] for row in constants.get("W", [])]
    u = [Q(w) for w in constants.get("u", [])]
    if name == "sum_entries":
        exact = sum(map(sum, X)), [[Q(1)] * n] * n
    elif name == "trace":
        exact = inner(X, identity(n)), identity(n)
    elif name == "trace_square":
        exact = inner(X, X), scaled(2, X)
    elif name == "trace_cube":
        exact = inner(times(X, X), X), scaled(3, times(X, X))
    elif name == "rayleigh_quotient":
        S = scaled(1 / sum(x * x for x in u), outer(u, u))
        exact = inner(S, X), S
    elif name in ("det", "log_det"):
        det, inverse = determinant_and_inverse(X)
        if name == "log_det":
            return logarithm(det), [[(x, x) for x in row] for row in inverse]
        exact = det, scaled(det, inverse)
    elif name in ("inverse_entry", "weighted_inverse") or name.startswith("inverse_quadratic_form"):
        if name == "inverse_entry":
            W = outer(*(identity(n)[k] for k in index))
        W = W or outer(u, u)
        _, inverse = determinant_and_inverse(X)
        S = times(times(inverse, W), inverse)
        exact = inner(W, inverse), scaled(Q(-1, 2), plus(S, [list(row) for row in zip(*S)]))
    else:
        return None
    return (exact[0], exact[0]), [[(x, x) for x in row] for row in exact[1]]


def ball(text):
    mid, radius = map(Q, text)
    return mid - radius, mid + radius


def check_case(case):
    """None if the enclosures of a case follow from its matrix, else why not or what is missing."""
    if case["refusal"]:
        return "refused: " + case["refusal"]
    X, value = rows(case["X"]), ball(case["value"])
    found = truth(case["function"], case["constants"], X, value)
    if found is None:
        return "no argument for " + case["function"].split("[")[0]
    (low, high), S = found
    if not value[0] - TINY <= low <= high <= value[1] + TINY:
        raise ValueError("the value is not in its enclosure")
    for i, row in enumerate(S):
        for j, (low, high) in enumerate(row):
            mid = Q(float.fromhex(case["high"][i][j])) + Q(float.fromhex(case["low"][i][j]))
            if max(high - mid, mid - low) > Q(float.fromhex(case["radius"][i][j])) + TINY:
                raise ValueError(f"entry ({i}, {j}) of S is not in its enclosure")
    for name, D, claimed in case["directions"]:
        terms = [[end * Q(d) for end in S[i][j]] for i, j, d in D]
        low, high = sum(min(t) for t in terms), sum(max(t) for t in terms)
        claim = ball(claimed)
        if high < claim[0] - TINY or low > claim[1] + TINY:
            raise ValueError(f"∂f/∂{name} is not in its enclosure")
    return None


def judge(case, report):
    """(verdict, convention) of a reported gradient by the enclosures of its case."""
    G, T = rows(report["gradient"]), rows(report["tolerances"])
    high, low, radius = (rows(case[key]) for key in ("high", "low", "radius"))
    S, span = plus(high, low), range(len(G))
    error = [[abs((G[i][j] + G[j][i]) / 2 - S[i][j]) + radius[i][j] for j in span] for i in span]
    right = all(error[i][j] <= T[i][j] for i in span for j in span)
    for _, D, (mid, _) in case["directions"]:
        contracted = sum(G[i][j] * Q(d) for i, j, d in D)
        right &= abs(contracted - Q(mid)) <= sum(T[i][j] * abs(Q(d)) for i, j, d in D)
    mid, off = map(Q, case["value"])
    value = Q(float.fromhex(report["value"]))
    right &= abs(value - mid) + off <= Q(float.fromhex(report["value_tolerance"]))
    if not right:
        return "disagrees", "invalid"
    if max(map(max, T)) ** 2 > inner(S, S) > 0:
        return "refused", None
    pairs = [(i, j) for i in span for j in span]
    fitting = [
        name
        for name, sides in WEIGHTS.items()
        for w in [{(i, j): 1 if i == j else sides[i < j] for i, j in pairs}]
        if all(abs(G[i][j] - w[i, j] * S[i][j]) <= max(1, w[i, j]) * T[i][j] for i, j in pairs)
    ]
    return "agrees", fitting[0] if len(fitting) == 1 else "ambiguous" if fitting else "unsymmetric"


def check_report(case, report):
    """Judge one report anew; nothing is said of one without a finite gradient or a reference."""
    if report["tolerances"] is None:
        return "not judged: " + report["verdict"]
    G = rows(report["gradient"])
    contracted = [str(sum(G[i][j] * Q(d) for i, j, d in D)) for _, D, _ in case["directions"]]
    if contracted != report["contracted"]:
        raise ValueError("a contraction is not that of the gradient")
    found, convention = judge(case, report)
    if found != report["verdict"] or convention != report["convention"]:
        told = f"{report['verdict']} ({report['convention']})"
        raise ValueError(f"the verdict is {found} ({convention}), the certificate says {told}")
    return None


def digest(certificate):
    """SHA-256 of the certificate without its digest, keys sorted."""
    rest = {key: value for key, value in certificate.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def check_files(folder, certificate):
    """Nothing if all files are those that were certified, else what differs."""
    if digest(certificate) != certificate["digest"]:
        yield "certificate.json: its digest does not hold"
    for name, expected in certificate["files"].items():
        path = folder / name
        if not path.is_file():
            yield f"{name}: missing"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            yield f"{name}: not the file that was certified"


def each(kind, items, check):
    """Check all of one kind: what failed, and what was not checked and why, counted."""
    failed, left = [], Counter()
    for label, arguments in items:
        try:
            why = check(*arguments)
        except (ValueError, ArithmeticError, LookupError, TypeError) as error:
            failed.append(f"{kind} {label}: {error}")
        else:
            left[why or ""] += 1
    checked = left.pop("", 0)
    print(f"{kind}s: {checked} hold, {len(failed)} do not, {sum(left.values())} not checked")
    for why, count in sorted(left.items()):
        print(f"  not checked: {count}, {why}")
    return failed


def main(folder="."):
    """Check a folder and say what was checked; the exit status."""
    folder = Path(folder)
    try:
        certificate = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))
        failed = list(check_files(folder, certificate))
        cases, reports = certificate["cases"], certificate["reports"]
        print(f"files: {len(certificate['files'])} named, {len(failed)} differ")
        labelled = [(f"{k} ({case['function']})", (case,)) for k, case in enumerate(cases)]
        failed += each("enclosure", labelled, check_case)
        judged = [(f"{r['framework']} {r['route']}", (cases[r["case"]], r)) for r in reports]
        failed += each("verdict", judged, check_report)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        print(f"error: {folder}: no certificate that can be read ({error})")
        return 1
    print("not checked: that rounding explains errors up to the tolerances, and what ran where")
    for line in failed:
        print("FAILED", line)
    print("does not hold" if failed else "all that was checked holds")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
