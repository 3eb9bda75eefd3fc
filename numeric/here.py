"""A user's own callable, asked in this process, as it runs there.

Nothing is set in a framework for it, as is done in a worker: it computes under what the caller has
set.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
import sys
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np
from jaxtyping import Float, Inexact
from msgspec import structs

from symgrad.court import formats
from symgrad.court.errors import InputError, check_known
from symgrad.court.questions import GRADIENT, JACOBIANS, TWICE, Constants, Mode, Query, Reported
from symgrad.numeric import answers, transport
from symgrad.numeric.conversation import reported
from symgrad.numeric.pool import known_frameworks
from symgrad.numeric.state import restored

P = ParamSpec("P")
R = TypeVar("R")
Matrix = Inexact[np.ndarray, "n n"]
OWNERS = {"jaxlib": "jax", "builtins": "numpy"}
"""Whose a type is, where its module has another name; rows of Python's numbers are NumPy's."""
TENSORS = ("torch", "paddle")
"""Those whose functions take no array of NumPy."""
DTYPES = re.compile("|".join(sorted(formats.NAMES)))
WHOLE = re.compile(r"\bu?int\d+")


def framework_of(X: Any) -> str:
    """The framework that an array is of.

    Raises:
        InputError: it is of none that there is a file for.
    """
    package = type(X).__module__.split(".")[0]
    name = OWNERS.get(package, package)
    if name not in known_frameworks():
        raise InputError(
            f"X is a {type(X).__name__} of {package}; give an array of NumPy, and the framework by "
            f"name: framework={'|'.join(known_frameworks())}"
        )
    return name


def framework_of_call(f: Callable[..., Any], X: Any) -> str:
    """The framework that X is an array of; or, if that is NumPy's, the one that f makes f(X) of.

    Raises:
        InputError: X is of none that there is a file for.
    """
    name = framework_of(X)
    if name != "numpy":
        return name
    try:
        made = framework_of(f(_one(X)))
    except Exception:  # whatever f raises of an array that is not its framework's
        made = next((who for who in TENSORS if who in sys.modules and _takes(who, f, X)), name)
    return made if made in DIAGONAL else name


def recognised(f: Any, X: Any) -> str | None:
    """The framework of whose arrays f is a function at X, if it shows by what f makes of one."""
    if not callable(f):
        return None
    who = framework_of_call(f, X)
    return who if who != "numpy" and _takes(who, f, X) else None


def _takes(framework: str, f: Callable[..., Any], X: Any) -> bool:
    """Whether f makes an array of the framework of one that is."""
    own = opened(framework)
    try:
        one = _one(X)
        return framework_of(f(own.array(one, own.dtype_of(one.dtype.name)))) == framework
    except Exception:
        return False


def _one(X: Any) -> np.ndarray:
    """A copy of X, the first of several, which f may write into."""
    values, dtype = _read(X, "X")
    return np.array(values[(0,) * (values.ndim - 2)], dtype)


def untouched(judge: Callable[P, R]) -> Callable[P, R]:
    """The same, after which the caller's state is as it was, whatever f does to it."""

    @functools.wraps(judge)
    def restoring(*given: P.args, **named: P.kwargs) -> R:
        with restored():
            return judge(*given, **named)

    return restoring


def read(X: Any, called: str = "X", batched: bool = False) -> tuple[Matrix, str]:
    """An n×n array of any framework, in float64 or complex128, and the name of its dtype.

    In messages it has the name that it is ``called`` by.  If ``batched`` there may be several,
    along leading axes.

    Raises:
        InputError: it is no square matrix of floating-point numbers, or not on this machine.
    """
    M, dtype = _read(X, called)
    is_one = M.ndim == 2 or (batched and M.ndim > 2)
    if not is_one or M.shape[-1] != M.shape[-2] or not M.size:
        raise InputError(f"{called} has the shape {M.shape}; give one n×n matrix")
    return M, dtype


def _read(X: Any, called: str, or_whole: bool = False) -> tuple[Inexact[np.ndarray, "*shape"], str]:
    """Numbers of any framework, in float64 or complex128, and the name of their dtype.

    Whole numbers are read as float64, where they may be given ``or_whole``.
    """
    kind = str(X.dtype) if hasattr(X, "dtype") else _kind_of_rows(X)
    kind = "float64" if or_whole and WHOLE.search(kind) else kind
    said = DTYPES.search(kind)
    if said is None:
        raise InputError(f"{called} has the dtype {kind}; give floating-point numbers")
    wide = np.complex128 if said[0].startswith("complex") else np.float64
    try:
        M = np.asarray(_numbers(X, wide.__name__), wide)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"{called} is no array of numbers: {' '.join(str(error).split())}"
        ) from error
    return M, said[0]


def read_array(values: Any, called: str, or_whole: bool = True) -> np.ndarray:
    """Numbers of any framework and any shape, in float64 or complex128.

    Raises:
        InputError: they are none, whole ones that may not be, or not finite.
    """
    found, _ = _read(values, called, or_whole)
    if not np.all(np.isfinite(found)):
        raise InputError(f"{called} is not finite")
    return found


def read_argument(value: Any, name: str, or_whole: bool = True) -> np.ndarray | int:
    """An argument of f beside X: numbers, or one whole number, as an index.

    The numbers of an array may be whole ones, unless the derivative in it is asked.

    Raises:
        InputError: it is neither.
    """
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, np.integer) else read_array(value, name, or_whole)


DIAGONAL = {
    "torch": ("torch", "diagonal"),
    "jax": ("jax.numpy", "diagonal"),
    "tensorflow": ("tensorflow.linalg", "diag_part"),
    "autograd": ("autograd.numpy", "diag"),
    "pytensor": ("pytensor.tensor", "diagonal"),
    "casadi": ("casadi", "diag"),
    "paddle": ("paddle", "diagonal"),
}
"""Where a framework that says what it executes has the diagonal of a matrix."""


def read_parameters(theta: Any) -> tuple[Float[np.ndarray, " p"], str]:
    """A vector of any framework, in float64, and the name of its dtype.

    Raises:
        InputError: it is no vector of real floating-point numbers.
    """
    values, dtype = _read(theta, "θ")
    if framework_of(theta) == "casadi" and values.shape[1:] == (1,):
        values = values[:, 0]  # it has no arrays of one axis
    if values.ndim != 1 or not values.size or dtype in formats.PARTS:
        raise InputError(f"θ is {dtype} of the shape {values.shape}; give a vector of real numbers")
    return values.astype(np.float64), dtype


def of_parameters(
    framework: str, f: Callable[..., Any], parameterization: Callable[..., Any]
) -> Callable[..., Any]:
    """diag(θ) ↦ f(X(θ)): a function of a symmetric matrix, which is what can be asked.

    Raises:
        InputError: the framework does not say what it executes, or is not installed.
    """
    if framework not in DIAGONAL:
        raise InputError(
            f"{framework} does not tell what X(θ) executes; write it in {', '.join(DIAGONAL)}, or "
            "give X"
        )
    module, name = DIAGONAL[framework]
    try:
        diagonal = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        raise InputError(f"{framework} is not installed: {error}") from error

    def of_diagonal(D: Any) -> Any:  # with a name, as PaddlePaddle translates no lambda
        return f(parameterization(diagonal(D)))

    return of_diagonal


def symmetrized(M: Matrix) -> Matrix:
    """(M + Mᴴ)/2."""
    return np.asarray((M + np.conj(M.T)) / 2)


def _kind_of_rows(X: Any) -> str:
    """The dtype of rows of Python's numbers; whatever else it is has that of its failure below."""
    try:
        return "complex128" if np.iscomplexobj(np.asarray(X)) else "float64"
    except (TypeError, ValueError):
        return "float64"


def _numbers(X: Any, wide: str) -> Any:
    """What NumPy can read, as it is not every dtype of PyTorch and PaddlePaddle, nor a graph."""
    if hasattr(X, "resolve_conj"):
        X = X.detach().cpu().resolve_conj().resolve_neg()
        return X.to(getattr(importlib.import_module("torch"), wide)).numpy()
    if framework_of(X) == "pytensor":
        if not hasattr(X, "get_value") and not hasattr(X, "data"):
            raise TypeError("a symbol without numbers")
        return X.get_value() if hasattr(X, "get_value") else X.data
    return X.astype(wide).numpy() if framework_of(X) == "paddle" else X


def _parameters(f: Callable[..., Any]) -> list[str]:
    """The names of its parameters after X; of compiled code, which does not tell them, none."""
    try:
        return list(inspect.signature(f).parameters)[1:]
    except (TypeError, ValueError):
        return []


def opened(framework: str) -> Any:
    """The framework's own object, as it is asked of one callable.

    Raises:
        InputError: it is unknown, or not installed.
    """
    check_known("framework", framework, known_frameworks())
    try:
        file = importlib.import_module(f"symgrad.numeric.frameworks.{framework}")
    except ModuleNotFoundError as error:
        raise InputError(f"{framework} is not installed: {error}") from error
    return file.Framework()


def ask(
    framework: str,
    f: Callable[..., Any],
    X: Matrix,
    constants: Constants,
    dtype: str,
    label: str,
    mode: Mode = "reverse",
    own: Any = None,
    query: Query = GRADIENT,
    find_reads: bool = True,
) -> Reported:
    """What a callable of a framework says at X (n×n): f(X) and its gradient.

    That is by reverse mode or, direction by direction, by forward mode; or, if the ``query`` is
    that, the Hessian along a direction.

    Those of the ``constants`` that it has a parameter for are passed to it by name, as arrays of
    the framework.  What it raises is in the report; it is named by ``label``.  The framework that
    was ``opened`` for earlier questions about f need not compile it again.  What the forward pass
    reads is found out unless it is known.

    Raises:
        InputError: the framework is unknown, not installed, or has no forward mode.
    """
    own = own or opened(framework)
    asked = {
        "matrix": transport.pack(X),
        "constants": {name: x for name, x in constants.items() if name in _parameters(f)},
        "dtype": dtype,
        "find_reads": find_reads and not np.iscomplexobj(X),
        "entrywise": False,
        "forward": mode == "forward",
        "query": structs.asdict(structs.replace(query, way=mode if mode in TWICE else "")),
        "jacobian": mode if mode in JACOBIANS else "",
    }
    if mode == "forward" and not own.has_forward_mode:
        raise InputError(f"{framework} has no forward mode; leave mode out")
    if mode in TWICE and mode not in own.hessians:
        known = ", ".join(own.hessians) or "no way at all"
        raise InputError(f"{framework} does not differentiate {mode}; there is {known}")
    if mode in JACOBIANS and mode not in own.jacobians:
        known = ", ".join(own.jacobians) or "no way at all"
        raise InputError(f"{framework} gives no Jacobian by {mode}; there is {known}")
    with own.preserving():
        # a Jacobian is that of F as a whole, which f, ⟨W, F(X)⟩, has beside it
        route = f if mode in JACOBIANS else own.written(f, len(X))
        *_, said = (a for a in answers.give(own, route, asked, lambda: None) if "asks" not in a)
    return reported(framework, str(own.version), {"problem": 0, "route": label, **said})
