"""A program run there and back: its values, and the cotangents of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from symgrad.court.program import Program, Step
from symgrad.symbolic.traced import movement, rules
from symgrad.symbolic.traced.decisions import RefusedError, UndecidedError
from symgrad.symbolic.traced.float_tangents import FloatTangents
from symgrad.symbolic.traced.numbers import Array, Numbers
from symgrad.symbolic.traced.tangents import is_nothing


@dataclass(frozen=True)
class Course:
    """A program that is run over floats many times; ``held`` values are taken for constants.

    With ``along``, the parts of a direction E, f is X → ⟨S(X), E⟩.
    """

    program: Program
    held: frozenset[int] = frozenset()
    along: Sequence[Array] = ()

    @cached_property
    def moves(self) -> list[Array]:
        """Which entries of its values depend on X, whatever X is."""
        found: list[Array] = []
        for step in self.program.steps:
            if step.operation == "input":
                found.append(np.ones(step.shapes[0], bool))
            elif step.operation != "guard":
                given = [found[k] for k in step.inputs]
                anything = [np.ones(moves.shape) for moves in given]
                found += movement.moves(step, given, anything, len(found) in self.held)
        return found

    def over(self, N: Numbers, inputs: Sequence[Array]) -> Sweep:
        """One run of the program itself."""
        return Sweep(N, self.program, inputs, self.held, self.moves)

    def differentiate(
        self, N: Numbers, inputs: Sequence[Array]
    ) -> tuple[Array, list[Array | None]]:
        """f, and the cotangents of its inputs; of every run."""
        there = {self.program.output: np.ones(N.runs)}
        if not self.along:
            sweep = self.over(N, inputs)
            return sweep.value, sweep.back(there)[: len(inputs)]
        T = FloatTangents(N)
        unit = _unit(inputs)
        sweep = self.over(T, [T.join(X, unit * E) for X, E in zip(inputs, self.along, strict=True)])
        found = sweep.back({k: T.constant(one) for k, one in there.items()})
        slopes = [None if g is None else T.slopes(g) / unit for g in found[: len(inputs)]]
        return T.slopes(sweep.value) / unit, slopes


def _unit(inputs: Sequence[Array]) -> float:
    """How far to go along E, a power of 2: as far as X, given by its parts, is large.

    Derivatives are then about as large as their numbers, whatever the units of X.
    """
    size = max(float(np.max(np.abs(X), initial=0.0)) for X in inputs)
    return float(np.ldexp(1.0, np.frexp(size)[1] - 1))


class Sweep:
    """The values of a program over some numbers, by number, and which entries depend on X.

    ``inputs`` are X, or the parts of a Hermitian X, and ``held`` the numbers of values that are
    taken for constants.  ``moves`` are given where they are known.
    """

    def __init__(
        self,
        N: Numbers,
        program: Program,
        inputs: Sequence[Array],
        held: frozenset[int] = frozenset(),
        moves: Sequence[Array] | None = None,
    ) -> None:
        self.N = N
        self.program = program
        self.values: list[Array] = []
        self.moves: list[Array] = list(moves or ())
        self.held = held
        self._knows = moves is not None
        self._tied: set[int] = set()  # the values that are made of equal eigenvalues
        given = iter(inputs)
        for step in program.steps:
            try:
                self._forward(step, given)
            except (RefusedError, ZeroDivisionError) as error:
                raise placed(program, step, error) from error

    def _forward(self, step: Step, given: Iterator[Array]) -> None:
        moves = [self.moves[k] for k in step.inputs]
        x = [self.values[k] for k in step.inputs]
        if step.operation == "input":
            X = next(given)
            self.values.append(X)
            self.moves += [] if self._knows else [np.ones(X.shape, bool)]
        elif step.operation == "guard":
            self._check(step, x[0], moves[0])
        else:
            held, first = len(self.values) in self.held, len(self.values)
            self.values += map(np.asarray, rules.apply(self.N, step, x))
            self.moves += [] if self._knows else movement.moves(step, moves, x, held)
            if self._tied.intersection(step.inputs) or self._is_tied(step):
                self._tied.update(range(first, len(self.values)))
            elif step.operation == "sub" and not self._knows:
                self._settle(x[0])

    def _is_tied(self, step: Step) -> bool:
        return step.operation == "eigh" and self.N.is_tied(step)

    def _settle(self, x: Array) -> None:
        """What is 0 as it was taken from itself depends on nothing; 0 − 0 may be so just here.

        So may be the difference of what is made of equal eigenvalues, of which this is not asked.
        """
        if self.N.is_exact:
            is_same = np.frompyfunc(lambda d, a: is_nothing(d) and not is_nothing(a), 2, 1)
            self.moves[-1] = self.moves[-1] & ~np.asarray(is_same(self.values[-1], x), bool)

    def _check(self, step: Step, x: Array, moves: Array) -> None:
        """Whether the program went on as it does in exact arithmetic; of floats it is not asked."""
        signs = self.N.signs(step, x, moves)
        if not self.N.is_exact:
            return
        recorded = np.array(step.signs, int).reshape(x.shape)
        if np.any(moves & (signs == 0)):
            raise RefusedError("kink", f"{step.note}: f has a kink, or jumps, just here")
        if np.any(moves & (signs != recorded)):
            why = f"{step.note}: float64 takes another path than exact arithmetic"
            raise RefusedError("path", why)

    @property
    def value(self) -> Array:
        """The output of the program."""
        return self.values[self.program.output]

    def back(self, seeds: Mapping[int, Array], call: int | None = None) -> list[Array | None]:
        """The cotangents of all values, from those of some; through the steps of one call alone.

        None where nothing comes back.
        """
        found: list[Array | None] = [None] * len(self.values)
        for number, seed in seeds.items():
            found[number] = seed
        moving = [bool(moves.any()) for moves in self.moves]
        after = len(self.values)
        for step in reversed(self.program.steps):
            outputs = range(after - len(step.shapes), after)
            after -= len(step.shapes)
            skipped = step.operation in ("input", "const", "guard")
            given = [found[k] for k in outputs]
            if skipped or all(g is None for g in given) or call not in (None, step.call):
                continue
            if any(moving[k] for k in step.inputs) and moving[outputs[0]]:
                try:
                    self._pull(step, outputs, given, found, moving)
                except (RefusedError, ZeroDivisionError) as error:
                    raise placed(self.program, step, error) from error
        return found

    def _pull(
        self,
        step: Step,
        outputs: range,
        given: list[Array | None],
        found: list[Array | None],
        moving: Sequence[bool],
    ) -> None:
        x, y = ([self.values[k] for k in ks] for ks in (step.inputs, outputs))
        moves = self.moves[outputs[0]]
        for k, g in zip(step.inputs, rules.pull(self.N, step, x, y, given, moves), strict=True):
            if g is not None and moving[k]:
                before = found[k]
                found[k] = np.asarray(g if before is None else before + g)


def placed(program: Program, step: Step, error: RefusedError | ZeroDivisionError) -> RefusedError:
    """What stops a step, with where the user's program has it."""
    if isinstance(error, ZeroDivisionError):
        return UndecidedError("domain", f"{step.operation}: a division by 0")
    place = program.place(step)
    return type(error)(error.kind, f"{place}: {error.why}" if place else error.why)
