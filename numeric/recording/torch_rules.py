"""What the operations of PyTorch are made of: an operation as it was executed, and its rule.

A rule has the name of an operation of ATen, without the underscore of what writes in place.  It is
given the operation as it was executed and answers with its outputs in order: values, or None where
an output is the same wherever X is, by the decisions that were noted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value
from symgrad.numeric.recording.torch_storages import Held, Pair, is_numeric, leaves, numbers


class Hidden:
    """An output that is not recorded: reading it is refused."""


HIDDEN = Hidden()
Output = Held | Hidden | None
Answer = Output | tuple[Output, ...]


class Executed:
    """An operation as it was executed.

    ``given`` are its arguments by name, ``read`` what its tensors held before it, ``out`` what
    PyTorch gave, and ``run`` executes it again with other arguments.
    """

    def __init__(
        self,
        tape: Tape,
        name: str,
        given: dict[str, Any],
        read: Callable[[torch.Tensor], Held],
        out: Any,
        run: Callable[[dict[str, Any]], Any],
    ) -> None:
        self.tape = tape
        self.name = name
        self.given = given
        self.read = read
        self.out = out
        self.run = run

    def get(self, name: str, otherwise: Any = None) -> Any:
        """An argument that is no array."""
        found = self.given.get(name)
        return otherwise if found is None else found

    def held(self, name: str) -> Held:
        """An argument that is an array or a number."""
        x = self.given[name]
        if isinstance(x, torch.Tensor):
            return self.read(x)
        if isinstance(x, complex):
            return Pair(self.tape.const(x.real), self.tape.const(x.imag))
        return self.tape.const(self.rounded(x))

    def value(self, name: str) -> Value:
        """An argument that is an array of real numbers, or one.

        Raises:
            UnsupportedError: it is complex.
        """
        v = self.held(name)
        if isinstance(v, Pair):
            raise UnsupportedError("complex numbers; take the real and the imaginary part before")
        return v

    @property
    def dtype(self) -> torch.dtype:
        """The dtype in which it computed."""
        tensors = [x for x in leaves((self.out, self.given)) if is_numeric(x)]
        return tensors[0].dtype if tensors else torch.float64

    def rounded(self, x: float) -> float:
        """A number of Python as the operation had it."""
        dtype = self.dtype.to_real() if self.dtype.is_complex else self.dtype
        return float(torch.tensor(float(x), dtype=dtype))

    def axes(self, name: str = "dim") -> tuple[int, ...] | None:
        """The axes of an argument; None stands for all."""
        found = self.given.get(name)
        if found is None or found == []:
            return None
        return (found,) if isinstance(found, int) else tuple(found)

    def numbers(self, place: int) -> Array:
        """What PyTorch gave there."""
        return numbers(self.out[place])


def several(answer: Answer) -> tuple[Output, ...]:
    """The outputs of which an answer is made."""
    if isinstance(answer, tuple) and not isinstance(answer, Pair):
        return answer
    return (answer,)


Rule = Callable[[Executed], Answer]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """The rule of the operations of these names."""

    def add(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return add
