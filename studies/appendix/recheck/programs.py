"""Recorded programs: read strictly, and run there and back; S is what comes back to X."""

import math
import random
from fractions import Fraction as Q
from math import prod

from .backward import pull
from .eigen import back_decomposed, decomposed
from .intervals import ImpreciseError, Interval, UndefinedError, lift
from .matrices import plus, product, scaled, solved, transpose
from .operations import SCALARS, ZERO, UnknownError, forward
from .reading import exactly, number

MOST_ENTRIES = 200_000
FINE = 64
"""Roundings are made as large as 2^−FINE."""
ALIGNED = ("add", "sub", "mul", "div", "neg", "abs", "max", "min", "hold", "power", *SCALARS)
SHAPES = {
    "put_add": lambda step, given: given[0],
    "sum": lambda step, given: tuple(
        length for axis, length in enumerate(given[0]) if axis not in step.axes
    ),
    "matmul": lambda step, given: (*given[1][:-2], given[0][-2], given[1][-1]),
    "solve": lambda step, given: given[1],
    "det": lambda step, given: given[0][:-2],
    "slogdet": lambda step, given: given[0][:-2],
}
SHAPES.update(dict.fromkeys((*ALIGNED, "cholesky", "lu", "expm"), lambda step, given: given[0]))
"""The shape that an operation gives, of those that it is given."""


class Step:
    """One operation; ``number`` is its place, and ``first`` that of what it gives."""

    def __init__(self, place, told, values):
        self.number, self.first, self.operation = place, len(values), told["operation"]
        self.inputs = told.get("inputs", [])
        if not all(0 <= k < len(values) for k in self.inputs):
            raise ValueError(f"step {self.number} reads a value that is not there yet")
        self.given = [values[k] for k in self.inputs]
        self.shapes = [tuple(shape) for shape in told.get("shapes", [])]
        self.shape = self.shapes[0] if self.shapes else ()
        self.size = prod(self.shape)
        if not all(isinstance(k, int) and 0 <= k < MOST_ENTRIES for s in self.shapes for k in s):
            raise ValueError(f"step {self.number} has no shape")
        self.index, self.axes = told.get("index", []), told.get("axes", [])
        self.signs, self.pivots = told.get("signs", []), told.get("pivots", [])
        self.exponent = exactly(told["exponent"]) if "exponent" in told else Q(1)
        self.numbers = [number(x) for x in told.get("constants", [])]
        self._check()

    def _check(self):
        """Check that shapes, and what is said entry by entry, fit."""
        given, name = self.given, self.operation
        least = -1 if name == "take" else 0
        fits = name not in SHAPES or self.shapes == [SHAPES[name](self, given)]
        if name in ALIGNED:
            fits &= len({*given}) == 1
        if name in ("matmul", "solve"):
            fits &= given[0][:-2] == given[1][:-2] and given[0][-1] == given[1][-2]
        if name in ("solve", "cholesky", "det", "slogdet", "lu", "expm"):
            fits &= given[0][-1] == given[0][-2] > 0
        if name in ("take", "put_add"):
            fits &= len(self.index) == (self.size if name == "take" else prod(given[1]))
            fits &= all(least <= k < prod(given[0]) for k in self.index)
        if name == "slogdet":
            fits &= len(self.signs) == self.size
        if name == "eigh" and len(given) == 1:
            fits &= self.shapes == [given[0][:-1], given[0]] and given[0][-1] == given[0][-2] > 0
            fits &= len(self.signs) == len(self.pivots) == self.size
            fits &= {*self.signs} <= {1, -1} and {*self.pivots} <= {*range(given[0][-1])}
        if not fits:
            raise ValueError(f"step {self.number} does not fit what it is given")

    @property
    def constants(self):
        if not all(map(math.isfinite, self.numbers)):
            raise UnknownError(f"a constant that is not finite (step {self.number})")
        return [lift(Q(x)) for x in self.numbers]


class Program:
    """The record of a case; a Hermitian X comes in by two inputs."""

    def __init__(self, told, rows, blocks):
        shapes, self.steps = [], []
        for k, step in enumerate(told["steps"]):
            self.steps.append(Step(k, step, shapes))
            shapes += self.steps[-1].shapes
        if sum(map(prod, shapes)) > MOST_ENTRIES:
            raise UnknownError(f"more than {MOST_ENTRIES} numbers")
        n = rows // blocks
        inputs = [step.shape for step in self.steps if step.operation == "input"]
        if inputs != [(n, n)] * blocks or told["size"] != n:
            raise ValueError("the program takes another matrix")
        self.output, self.blocks = told["output"], blocks
        if not 0 <= self.output < len(shapes) or shapes[self.output] != ():
            raise ValueError("the program has no output that is a number")
        self.moving = []
        for step in self.steps:
            moves = step.operation == "input" or any(self.moving[k] for k in step.inputs)
            self.moving += [moves] * len(step.shapes)

    def run(self, N, X):
        """(f, S by rows, in blocks) at a matrix of exact numbers."""
        values = self.values(N, X)
        return values[self.output][0], symmetrized(self.back(N, values), len(X) // self.blocks)

    def values(self, N, X):
        """All values."""
        values, parts = [], iter(inputs(X, self.blocks))
        for step in self.steps:
            x = [values[k] for k in step.inputs]
            if step.operation == "input":
                values.append(next(parts))
            elif step.operation == "eigh":
                values += decomposed(N, step, x)
            elif step.operation != "guard":
                values.append(forward(N, step, x))
            elif any(self.moving[k] for k in step.inputs):
                N.guard(step, [entry for part in x for entry in part])
        return values

    def back(self, N, values):
        """The cotangents of the inputs."""
        found = {self.output: [lift(1)]}
        for step in reversed(self.steps):
            places = range(step.first, step.first + len(step.shapes))
            g = [found.get(k) for k in places if self.moving[k]] if step.inputs else []
            if all(one is None for one in g):
                continue
            x, y = [values[k] for k in step.inputs], [values[k] for k in places]
            if step.operation == "eigh":
                each = back_decomposed(N, step, y, g)
            else:
                each = pull(N, step, x, y[0], g[0])
            for k, back in zip(step.inputs, each):
                if self.moving[k]:
                    before = found.get(k)
                    found[k] = [a + b for a, b in zip(before, back)] if before else back
        given = [step for step in self.steps if step.operation == "input"]
        return [found.get(step.first, [ZERO] * step.size) for step in given]


def inputs(X, blocks):
    """X, or A and B of [[A, −B], [B, A]], flat; what is equal is one object."""
    n, found = len(X) // blocks, []
    for part, sign in enumerate((1, -1)[:blocks]):
        entries = {}
        for i in range(n):
            for j in range(i + 1):
                entries[j, i] = entries[i, j] = lift(X[part * n + i][j])
                if sign < 0:
                    entries[j, i] = -entries[i, j]
        found.append([entries[i, j] for i in range(n) for j in range(n)])
    return found


def symmetrized(cotangents, n):
    """S of the cotangents of X, or of A and B: [[S_A, −S_B], [S_B, S_A]]/2."""
    parts = [[g[k : k + n] for k in range(0, n * n, n)] for g in cotangents]
    A = scaled(Q(1, 2), plus(parts[0], transpose(parts[0])))
    if len(parts) == 1:
        return A
    B = scaled(Q(1, 2), plus(parts[1], scaled(-1, transpose(parts[1]))))
    rows = [a + scaled(-1, [b])[0] for a, b in zip(A, B)] + [b + a for a, b in zip(A, B)]
    return scaled(Q(1, 2), rows)


class Exact:
    """Without roundings; ``decided`` keeps what steps decide on, with the signs."""

    def __init__(self):
        self.decided = {}

    def rounded(self, entries):
        return entries

    def moved(self, A, is_symmetric=False):
        return A

    def product(self, A, B):
        return product(self.moved(A), self.moved(B))

    def solved(self, A, B):
        return solved(self.moved(A), B)[0]

    def signs(self, step, entries, asked):
        """The signs of the entries on which it is asked; of the others 0."""
        pairs = enumerate(zip(entries, asked))
        return [self._sign(step, k, x) if a else 0 for k, (x, a) in pairs]

    def _sign(self, step, place, x):
        sign = x.sign()
        if sign == 0:
            raise UnknownError(f"a decision on what is 0 (step {step.number})")
        self.decided[step.number, place] = x.m, sign
        return sign

    def exactly(self, A, step):
        """The entries of a matrix in units, where it is exact."""
        if any(x.r for row in A for x in row):
            raise ImpreciseError(f"eigh of a matrix that is no exact one (step {step.number})")
        return [[x.m for x in row] for row in A]

    def sign_of(self, step, k):
        """The sign of the k-th eigenvector at its pivot."""
        return step.signs[k]

    def guard(self, step, entries):
        found = self.signs(step, entries, [1] * len(entries))
        if found != step.signs:
            raise UndefinedError(f"the program goes on otherwise at step {step.number}")


class Turned(Exact):
    """One eigenvector of a step has the other sign."""

    def __init__(self, step, k):
        super().__init__()
        self._turned = step.number, k

    def sign_of(self, step, k):
        return -step.signs[k] if (step.number, k) == self._turned else step.signs[k]

    def guard(self, step, entries):
        """Nothing: what is decided may go with the sign."""


class Noisy(Exact):
    """Each rounding made larger, by random numbers; what is decided is ``known``."""

    def __init__(self, seed, known):
        super().__init__()
        self._random, self._known = random.Random(seed), known

    def _by(self, size):
        return size * round(self._random.gauss(0, 1) * 2**32) >> FINE + 32

    def rounded(self, entries):
        return [Interval(x.m + self._by(x.m), x.r) for x in entries]

    def moved(self, A, is_symmetric=False):
        size = max((abs(x.m) for row in A for x in row), default=0)
        M = [[Interval(x.m + self._by(size), x.r) for x in row] for row in A]
        span = range(len(M))
        return [[M[max(i, j)][min(i, j)] for j in span] for i in span] if is_symmetric else M

    def exactly(self, A, step):
        return [[x.m for x in row] for row in A]

    def _sign(self, step, place, x):
        _, sign = self._known.get((step.number, place), (0, 1 if x.m >= 0 else -1))
        self.decided[step.number, place] = x.m, sign
        return sign
