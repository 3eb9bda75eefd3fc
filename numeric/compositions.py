"""A user's callable made into a real function of one matrix, in its framework's own operations."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from symgrad.court.errors import InputError

SUMS = {
    "torch": ("torch", "sum"),
    "jax": ("jax.numpy", "sum"),
    "tensorflow": ("tensorflow", "reduce_sum"),
    "autograd": ("autograd.numpy", "sum"),
    "pytensor": ("pytensor.tensor", "sum"),
    "paddle": ("paddle", "sum"),
}
"""Where a framework has the sum of all entries."""

Arguments = Mapping[str, np.ndarray | int]
"""What f takes beside X, by name."""


def check_has_sum(framework: str) -> tuple[str, str]:
    """The module and the name of the framework's sum of all entries.

    Raises:
        InputError: it has no arrays of several numbers, or differentiates nothing.
    """
    if framework not in SUMS:
        raise InputError(
            f"a cotangent is that of a function in {', '.join(SUMS)}, not {framework}; give "
            "X ↦ ⟨W, F(X)⟩ as f"
        )
    return SUMS[framework]


class Kind(NamedTuple):
    """The shape of F(X), and whether it is complex."""

    shape: tuple[int, ...]
    is_complex: bool


def check_cotangent(W: np.ndarray, value: Kind) -> None:
    """Raise InputError where W is no cotangent of such a value F(X)."""
    if value.shape != W.shape:
        raise InputError(
            f"F(X) has the shape {value.shape}, the cotangent W {W.shape}; give a W of the shape "
            "of F(X)"
        )
    if np.any(W.imag) and not value.is_complex:
        raise InputError("F(X) is real, the cotangent W complex; give a real W")


def contracted(
    framework: str, own: Any, F: Callable[..., Any], W: np.ndarray
) -> Callable[..., Any]:
    """X ↦ ⟨W, F(X)⟩ = Re Σ conj(W_ij)·F_ij: its gradient is the vector–Jacobian product of F.

    Raises:
        InputError: the framework has no arrays of several numbers.
    """
    module, name = check_has_sum(framework)

    def f(X: Any, **constants: Any) -> Any:
        value = F(X, **constants)
        shape = tuple(getattr(value, "shape", ()))  # in a graph it need not be known
        is_known = all(isinstance(k, int) for k in shape)
        check_cotangent(W, Kind(shape if is_known else W.shape, _is_complex(value)))
        weight = np.conj(W) if _is_complex(value) else W.real
        total = getattr(importlib.import_module(module), name)
        paired = total(own.array(weight, value.dtype) * value)
        return own.real(paired) if _is_complex(value) else paired

    f.whole, f.cotangent = F, W  # type: ignore[attr-defined]  # as a Jacobian is asked of F
    return f


def kind_of(own: Any, F: Callable[..., Any], X: np.ndarray, dtype: str) -> Kind:
    """That of F(X)."""
    value = own.value_at(F, X, dtype)
    return Kind(tuple(int(k) for k in getattr(value, "shape", ())), _is_complex(value))


def bound(own: Any, f: Callable[..., Any], arguments: Arguments) -> Callable[..., Any]:
    """X ↦ f(X, …), with arguments that are constants."""

    def of_X(X: Any) -> Any:
        return f(X, **_arrays(own, arguments, X.dtype))

    return of_X


def in_argument(
    own: Any,
    f: Callable[..., Any],
    X: np.ndarray,
    arguments: Arguments,
    wrt: str,
) -> Callable[..., Any]:
    """b ↦ f(X, b, …): a function of one of the arguments, at a constant X."""

    def of_b(b: Any) -> Any:
        others = {name: value for name, value in arguments.items() if name != wrt}
        return f(own.array(X, b.dtype), **_arrays(own, others, b.dtype), **{wrt: b})

    return of_b


def _arrays(own: Any, arguments: Arguments, dtype: Any) -> dict[str, Any]:
    """Arrays of the framework; whole numbers, as an index, stay what they are."""
    return {
        name: value if isinstance(value, int) else own.array(value, dtype)
        for name, value in arguments.items()
    }


def _is_complex(value: Any) -> bool:
    return "complex" in str(getattr(value, "dtype", ""))
