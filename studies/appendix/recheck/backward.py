"""What comes back through each operation of a recorded program, from its output to its inputs."""

from .elementary import power
from .intervals import lift
from .matrices import (
    cofactors,
    enclosed,
    expm,
    identity,
    plus,
    product,
    scaled,
    transpose,
    triangular_inverse,
)
from .operations import SCALARS, ZERO, batches, each, flat, matrices, places


def times(N, g, d):
    """g·d, and 0 where g is, whatever d() is."""
    return N.rounded([a * f() if a.size() else ZERO for a, f in zip(g, d)])


def _pull_take(N, step, x, y, g):
    total = [ZERO] * len(x[0])
    for place, entry in zip(step.index, g):
        if place >= 0:
            total[place] = total[place] + entry
    return [total]


def _pull_cat(N, step, x, y, g):
    ends = [0]
    for part in x:
        ends.append(ends[-1] + len(part))
    return [g[a:b] for a, b in zip(ends, ends[1:])]


def _pull_div(N, step, x, y, g):
    share = times(N, g, [lambda b=b: 1 / b for b in x[1]])
    return [share, [-a for a in times(N, share, [lambda c=c: c for c in y])]]


def _pull_mul(N, step, x, y, g):
    return [times(N, g, [lambda b=b: b for b in other]) for other in (x[1], x[0])]


def _pull_abs(N, step, x, y, g):
    signs = N.signs(step, x[0], [a.size() for a in g])
    return [[a * sign for a, sign in zip(g, signs)]]


def _pull_choice(N, step, x, y, g):
    alike = [a is b for a, b in zip(*x)]
    asked = [a.size() and not one for a, one in zip(g, alike)]
    signs = N.signs(step, [a - b for a, b in zip(*x)], asked)
    side = 1 if step.operation == "max" else -1
    first = [one or sign == side for one, sign in zip(alike, signs)]
    return [[a if w == mine else ZERO for a, w in zip(g, first)] for mine in (True, False)]


def _pull_power(N, step, x, y, g):
    e = step.exponent
    return [times(N, g, [lambda a=a: power(a, e - 1) * lift(e) for a in x[0]])]


def _pull_matmul(N, step, x, y, g):
    A, B = batches(step, x)
    G = matrices(g, step.shape)
    left = each(lambda m, b: N.product(m, transpose(b)), G, B)
    return [left, each(lambda a, m: N.product(transpose(a), m), A, G)]


def _pull_solve(N, step, x, y, g):
    A, _ = batches(step, x)
    Y, G = matrices(y, step.shape), matrices(g, step.shape)
    back = [N.solved(transpose(a), m) for a, m in zip(A, G)]
    return [each(lambda b, c: scaled(-1, N.product(b, transpose(c))), back, Y), flat(back)]


def triangle(M, below, diagonal, above):
    """M with its entries multiplied by these, below, on and above the diagonal."""
    factors = (below, diagonal, above)
    span = range(len(M))
    return [[M[i][j] * lift(factors[(i <= j) + (i < j)]) for j in span] for i in span]


def _back_cholesky(N, L, G):
    P = triangle(N.product(transpose(L), triangle(G, 1, 1, 0)), 2, 1, 0)
    R = triangular_inverse(N.moved(L))
    S = product(transpose(R), P, R)
    return [[x / 4 for x in row] for row in plus(S, transpose(S))]


def _back_lu(N, M, G):
    L, U = plus(triangle(M, 1, 0, 0), enclosed(identity(len(M)))), triangle(M, 0, 1, 1)
    inner = triangle(N.product(transpose(L), triangle(G, 1, 0, 0)), 1, 0, 0)
    outer = triangle(N.product(triangle(G, 0, 1, 1), transpose(U)), 0, 1, 1)
    left = N.solved(transpose(L), plus(inner, outer))
    return transpose(N.solved(U, transpose(left)))


def _back_expm(N, A, G):
    n, At = len(A), transpose(A)
    block = [a + g for a, g in zip(At, G)] + [[ZERO] * n + a for a in At]
    return [row[n:] for row in expm(N.moved(block))[:n]]


def _back_log(N, A, g):
    return scaled(g, transpose(N.solved(A, enclosed(identity(len(A))))))


def of_matrices(back, given="output", is_number=False):
    """A rule of single matrices: of what an operation gave, or of its input, and of a cotangent.

    This is a matrix too, or a number.
    """

    def pull(N, step, x, y, g):
        told = matrices(y, step.shape) if given == "output" else batches(step, x)[0]
        cotangents = g if is_number else matrices(g, step.shape)
        return [flat(back(N, M, G) for M, G in zip(told, cotangents))]

    return pull


PULL = {
    "take": _pull_take,
    "cat": _pull_cat,
    "put_add": lambda N, step, x, y, g: [g, [g[k] for k in step.index]],
    "hold": lambda N, step, x, y, g: [g],
    "add": lambda N, step, x, y, g: [g, g],
    "sub": lambda N, step, x, y, g: [g, [-a for a in g]],
    "mul": _pull_mul,
    "div": _pull_div,
    "neg": lambda N, step, x, y, g: [[-a for a in g]],
    "power": _pull_power,
    "abs": _pull_abs,
    "max": _pull_choice,
    "min": _pull_choice,
    "sum": lambda N, step, x, y, g: [[g[k] for k in places(step.given[0], step.axes)]],
    "matmul": _pull_matmul,
    "solve": _pull_solve,
    "cholesky": of_matrices(_back_cholesky),
    "lu": of_matrices(_back_lu),
    "expm": of_matrices(_back_expm, "input"),
    "det": of_matrices(lambda N, A, g: scaled(g, cofactors(N.moved(A))), "input", True),
    "slogdet": of_matrices(_back_log, "input", True),
}


def pull(N, step, x, y, g):
    """The cotangents of a step's inputs x, from those of its output y."""
    if step.operation not in SCALARS:
        return PULL[step.operation](N, step, x, y, g)
    slope = SCALARS[step.operation][1]
    slopes = [lambda a=a, b=b: N.rounded([slope(a, b)])[0] for a, b in zip(x[0], y)]
    return [times(N, g, slopes)]
