"""What each operation of a recorded program gives.

A value is its entries in one row, with a shape beside it; matrices are the last two axes, and all
before them count matrices.  N tells what rounding does: nothing, or what it is made to do.
"""

from . import elementary
from .elementary import power, root, slope_of_erf
from .intervals import Interval, UndefinedError, exp, log
from .matrices import (
    cholesky,
    determinant,
    eliminated,
    expm,
)

ZERO = Interval(0)
MOST_BITS = 4096


class UnknownError(ArithmeticError):
    """An operation, or a decision, that there is no argument for."""


def same(x, y):
    return y


SCALARS = {
    "exp": (exp, same),
    "expm1": (lambda x: exp(x) - 1, lambda x, y: y + 1),
    "log": (log, lambda x, y: 1 / x),
    "log1p": (lambda x: log(x + 1), lambda x, y: 1 / (x + 1)),
    "sqrt": (root, lambda x, y: 1 / (2 * y)),
    "reciprocal": (lambda x: 1 / x, lambda x, y: -(y * y)),
    "sin": (elementary.sin, lambda x, y: elementary.cos(x)),
    "cos": (elementary.cos, lambda x, y: -elementary.sin(x)),
    "tan": (lambda x: elementary.sin(x) / elementary.cos(x), lambda x, y: y * y + 1),
    "asin": (elementary.asin, lambda x, y: 1 / root(1 - x * x)),
    "acos": (elementary.acos, lambda x, y: -1 / root(1 - x * x)),
    "atan": (elementary.atan, lambda x, y: 1 / (1 + x * x)),
    "sinh": (elementary.sinh, lambda x, y: elementary.cosh(x)),
    "cosh": (elementary.cosh, lambda x, y: elementary.sinh(x)),
    "tanh": (elementary.tanh, lambda x, y: 1 - y * y),
    "asinh": (elementary.asinh, lambda x, y: 1 / root(x * x + 1)),
    "acosh": (elementary.acosh, lambda x, y: 1 / root(x * x - 1)),
    "atanh": (elementary.atanh, lambda x, y: 1 / (1 - x * x)),
    "logistic": (elementary.logistic, lambda x, y: y * (1 - y)),
    "erf": (elementary.erf, lambda x, y: slope_of_erf(x)),
}
"""Each with its derivative at x, where the value is y."""


def matrices(entries, shape):
    """The matrices of a batch, by rows."""
    m, n = shape[-2:]
    rows = [entries[k : k + n] for k in range(0, len(entries), n)]
    return [rows[k : k + m] for k in range(0, len(rows), m)]


def flat(found):
    return [x for M in found for row in M for x in row]


def each(f, *batches):
    """f of the matrices of batches one by one, in one row."""
    return flat(f(*Ms) for Ms in zip(*batches))


def batches(step, x):
    return [matrices(*pair) for pair in zip(x, step.given)]


def places(shape, axes):
    """Of each entry its place in the sum over the axes."""
    found = [0]
    for axis, length in enumerate(shape):
        gone = axis in axes
        found = [p if gone else p * length + k for p in found for k in range(length)]
    return found


def _sum(N, step, x):
    total = [ZERO] * step.size
    for place, entry in zip(places(step.given[0], step.axes), x[0]):
        total[place] = total[place] + entry
    return total


def _put_add(N, step, x):
    total = list(x[0])
    for place, entry in zip(step.index, x[1]):
        total[place] = total[place] + entry
    return total


def entrywise(f):
    return lambda N, step, x: N.rounded([f(*pair) for pair in zip(*x)])


def _log_abs_det(N, step, x):
    found = []
    for A, sign in zip(matrices(x[0], step.given[0]), step.signs):
        d = determinant(N.moved(A))
        if d.sign() == 0:
            raise UndefinedError("a log-determinant of a singular matrix")
        if d.sign() != sign:
            raise UndefinedError("a determinant has another sign than was recorded")
        found.append(log(d * sign))
    return found


def _chosen(larger):
    """The larger of two, or the smaller one."""

    def choose(x, y):
        off = x - y
        if x is y or abs(off.m) > off.r:
            return x if x is y or (off.m > 0) == larger else y
        low, high = (max, max) if larger else (min, min)
        ends = low(x.m - x.r, y.m - y.r), high(x.m + x.r, y.m + y.r)
        return Interval(sum(ends) >> 1, (ends[1] - ends[0] + 2) >> 1)

    return choose


FORWARD = {
    "const": lambda N, step, x: step.constants,
    "take": lambda N, step, x: [x[0][k] if k >= 0 else ZERO for k in step.index],
    "cat": lambda N, step, x: [entry for part in x for entry in part],
    "put_add": _put_add,
    "hold": lambda N, step, x: x[0],
    "add": entrywise(lambda a, b: a + b),
    "sub": entrywise(lambda a, b: ZERO if a is b else a - b),
    "mul": entrywise(lambda a, b: a * b),
    "div": entrywise(lambda a, b: a / b),
    "neg": lambda N, step, x: [-a for a in x[0]],
    "power": lambda N, step, x: N.rounded([power(a, step.exponent) for a in x[0]]),
    "abs": lambda N, step, x: [_chosen(True)(a, -a) for a in x[0]],
    "max": lambda N, step, x: [_chosen(True)(*pair) for pair in zip(*x)],
    "min": lambda N, step, x: [_chosen(False)(*pair) for pair in zip(*x)],
    "sum": _sum,
    "matmul": lambda N, step, x: each(N.product, *batches(step, x)),
    "solve": lambda N, step, x: each(N.solved, *batches(step, x)),
    "cholesky": lambda N, step, x: each(lambda A: cholesky(N.moved(A, True)), *batches(step, x)),
    "det": lambda N, step, x: [determinant(N.moved(A)) for A in matrices(x[0], step.given[0])],
    "slogdet": _log_abs_det,
    "lu": lambda N, step, x: each(lambda A: eliminated(N.moved(A)), *batches(step, x)),
    "expm": lambda N, step, x: each(lambda A: expm(N.moved(A)), *batches(step, x)),
}
FORWARD.update({name: entrywise(f) for name, (f, _) in SCALARS.items()})


def forward(N, step, x):
    """The entries that a step gives."""
    if step.operation not in FORWARD:
        raise UnknownError(f"{step.operation} (step {step.number})")
    found = FORWARD[step.operation](N, step, x)
    if len(found) != step.size:
        raise ValueError(f"step {step.number} gives {len(found)} entries, not {step.size}")
    if max((x.m.bit_length() for x in found), default=0) > Interval.bits + MOST_BITS:
        raise UndefinedError("out of range: a number beyond 2^4096")
    return found
