"""A call of PyTorch's, run once more alone: for its derivative at the values that it had."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from symgrad.numeric.recording.tape import Array, UnsupportedError, Value
from symgrad.numeric.recording.torch_storages import PLAIN, leaves, numbers

SAME = {torch.float64: 1e-8, torch.float32: 1e-4}
"""What a call may differ by when it is repeated, relatively."""


class Again:
    """A call, with its arguments as they were before it.

    ``tensors`` are those among its arguments, ``given`` those of them that depend on X.
    """

    def __init__(
        self, func: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], grad: bool
    ) -> None:
        self._func = func
        is_plain = all(type(x) in PLAIN for x in (*args, *kwargs.values()))
        # of a list a copy, as the user may fill it further
        self._given = (args, kwargs) if is_plain else pytree.tree_map(lambda x: x, (args, kwargs))
        self._grad = grad
        self.tensors: list[torch.Tensor] = [
            x for x in leaves((args, kwargs)) if isinstance(x, torch.Tensor)
        ]
        self.given: list[torch.Tensor] = []
        self._differentiated: list[int] = []
        self.inputs: list[Value] = []
        self.outputs: list[Value] = []
        self._seen: list[int] = []
        self._written: list[int] = []
        self._came: list[Array] = []

    def keep(self, depends: Sequence[bool]) -> None:
        """Copy the arguments; ``depends`` says which of the tensors depend on X."""
        chosen = [k for k, yes in enumerate(depends) if yes]
        self.given = [self.tensors[k] for k in chosen]
        self._differentiated = chosen
        with torch.no_grad():
            self._copies = [t.detach().clone() for t in self.tensors]

    def done(
        self,
        inputs: list[Value],
        outputs: list[Value],
        seen: list[int],
        written: list[int],
        came: list[Array],
    ) -> None:
        """What it gave.

        Args:
            inputs: the values that it was given, of complex ones the parts.
            outputs: those that it gave.
            seen: the places of its outputs among its results and what it wrote to.
            written: the places of the tensors that it wrote to.
            came: the numbers of its outputs.
        """
        self.inputs, self.outputs = inputs, outputs
        self._seen, self._written, self._came = seen, written, came
        self.tensors, self.given = [], []

    def product(self, cotangents: Sequence[Array]) -> list[Array]:
        """The vector–Jacobian product: of all outputs, with respect to all inputs, in parts."""
        x = [self._copies[k].clone().requires_grad_() for k in self._differentiated]
        with torch.enable_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            outs = self._run(x)
            seeds, rest = [], list(cotangents)
            for out in outs:
                G = rest.pop(0)
                G = G + 1j * rest.pop(0) if out.is_complex() else G
                seeds.append(torch.as_tensor(G, dtype=out.dtype, device=out.device))
            pairs = [
                (out, G) for out, G in zip(outs, seeds, strict=True) if out.grad_fn is not None
            ]
            found: Sequence[Any] = [None] * len(x)
            if pairs and x:
                ys, Gs = zip(*pairs, strict=True)
                found = torch.autograd.grad(ys, x, Gs, allow_unused=True)
        told = [torch.zeros_like(t) if g is None else g for t, g in zip(x, found, strict=True)]
        return [part for t, g in zip(x, told, strict=True) for part in _parts(g, t.is_complex())]

    def _run(self, x: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Its outputs at x.

        Raises:
            UnsupportedError: they are not what they were.
        """
        tensors = [t.clone() for t in self._copies]
        for k, t in zip(self._differentiated, x, strict=True):
            tensors[k] = t.clone()  # it may be written to
        rest = iter(tensors)
        swap = lambda x: next(rest) if isinstance(x, torch.Tensor) else x  # noqa: E731
        args, kwargs = pytree.tree_map(swap, self._given)
        with torch.set_grad_enabled(self._grad):
            out = self._func(*args, **kwargs)
        results = [t for t in leaves(out) if isinstance(t, torch.Tensor)]
        results += [tensors[k] for k in self._written]
        outs = [results[k] for k in self._seen]
        for t, came in zip(outs, self._came, strict=True):
            size = SAME.get(t.dtype, 1e-2) * np.max(np.abs(came), initial=0)
            if not np.allclose(numbers(t), came, rtol=0, atol=size, equal_nan=True):
                raise UnsupportedError("it gives something else when it is called alone")
        return outs


def _parts(g: torch.Tensor, is_complex: bool) -> list[Array]:
    x = numbers(g)
    return [np.array(x.real), np.array(x.imag)] if is_complex else [np.array(x.real)]


def pullback(
    again: Again | None, left: dict[int, int], name: str
) -> Callable[[Sequence[Array]], list[Array]]:
    """The derivative of a call between those of its values that are ``left`` in the program."""

    def product(cotangents: Sequence[Array]) -> list[Array]:
        if again is None:
            raise UnsupportedError(f"{name} cannot be repeated alone")
        given = iter(cotangents)
        every = [
            next(given) if v.depends and v.number in left else np.zeros(v.shape)
            for v in again.outputs
        ]
        try:
            found = again.product(every)
        except (RuntimeError, TypeError, ValueError, NotImplementedError) as error:
            said = " ".join(str(error).split())
            raise UnsupportedError(f"{name} cannot be differentiated alone: {said}") from error
        return [
            g for v, g in zip(again.inputs, found, strict=True) if v.depends and v.number in left
        ]

    return product
