"""What an operation of PyTorch's dispatcher says of itself, read once, as that takes long."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

UNMARKED = {"_unsafe_view", "unsafe_split", "unsafe_split_with_sizes", "unsafe_chunk"}
"""Views that are not said to be any, as nothing is written to them."""


class Schema(NamedTuple):
    """An operation: its name without a namespace, and its arguments, with what is left out.

    It ``writes`` if it changes some of its arguments, and ``draws`` if random numbers are drawn.
    """

    name: str
    arguments: tuple[str, ...]
    defaults: dict[str, Any]
    writes: bool
    is_view: bool
    draws: bool

    def given(self, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        """All arguments of a call, by their names, in the order of the schema."""
        said = dict(zip(self.arguments, args, strict=False)) | kwargs
        there = self.defaults | said
        return {name: there[name] for name in self.arguments if name in there}


@functools.lru_cache(maxsize=1024)
def schema(func: Any) -> Schema:
    """The schema of an operation, as it was dispatched."""
    told = func._schema
    name = told.name.split("::")[1]
    aliases = [r.alias_info for r in told.returns]
    return Schema(
        name,
        tuple(a.name for a in told.arguments),
        {a.name: a.default_value for a in told.arguments if a.has_default_value()},
        any(a.alias_info is not None and a.alias_info.is_write for a in told.arguments),
        name in UNMARKED or any(alias is not None and not alias.is_write for alias in aliases),
        torch.Tag.nondeterministic_seeded in func.tags,
    )
