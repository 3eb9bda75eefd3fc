"""The rules of TensorFlow's operations: of what steps of a record each is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from symgrad.numeric.recording.tape import Array, Tape, Value

Operand = Any
"""A value, the pair of a complex one, or the numbers of what X has no part in."""


@dataclass
class Executed:
    """An operation as it was executed.

    ``given`` are its inputs: a value where X has a part in it, else an array.  ``came`` are the
    framework's own outputs, and ``run`` has it executed once more with other inputs.
    """

    kind: str
    attributes: dict[str, Any]
    given: list[Any]
    came: list[Array]
    run: Callable[[Sequence[Any]], list[Array]]


Rule = Callable[[Tape, Executed], Sequence[Value | None]]
"""The outputs: values of the tape, or None for one that is the same wherever X is, by the decisions
that were noted."""
R = TypeVar("R")


def into(table: dict[str, R]) -> Callable[..., Callable[[R], R]]:
    """What puts a rule into a table, for the operations of some names."""

    def rule(*kinds: str) -> Callable[[R], R]:
        def add(function: R) -> R:
            table.update(dict.fromkeys(kinds, function))
            return function

        return add

    return rule
