"""PyTorch: what its dispatcher executes, operation by operation, on real tensors.

A storage is one flat value, which a tensor reads by its strides, so that views and writes in place
need no rules of their own.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten

from symgrad.court import formats
from symgrad.numeric.recording import composites
from symgrad.numeric.recording.recording import Matrix, Pullback, Recording, checked
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value, line_of_caller
from symgrad.numeric.recording.torch_operations import (
    IGNORED,
    MOVES,
    OPERATIONS,
    Executed,
    Found,
)

DTYPES = ("float64", "float32", "float16", "bfloat16")
SHAPES_ALONE = {"squeeze_", "unsqueeze_", "t_", "transpose_", "as_strided_", "swapaxes_"}
SILENT = {"_linalg_check_errors", "_assert_tensor_metadata", "_assert_async", "_assert_scalar"}
RANDOM = ("rand", "normal", "bernoulli", "dropout", "uniform", "multinomial", "exponential")
CLOSE = {"float64": 1e-6, "float32": 1e-3}


def record(f: Callable[..., Any], X: Matrix, dtype: str, label: str = "f") -> Recording:
    """The record of f at X (n×n, float64, of numbers that the dtype holds).

    Raises:
        UnsupportedError: f cannot be recorded; it is named by ``label``.
    """
    if dtype not in DTYPES:
        raise UnsupportedError(
            f"{label}: recorded are real matrices; give function= for one of {dtype}"
        )
    state = torch.random.get_rng_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return checked(
                lambda: _once(f, X, dtype),
                lambda there: _number(_called(f, _tensor(there, dtype))),
                X,
                dtype,
                label,
            )
    except UnsupportedError as error:
        told = str(error)
        raise UnsupportedError(told if told.startswith(label) else f"{label}: {told}") from error
    finally:
        torch.random.set_rng_state(state)


def _tensor(X: Matrix, dtype: str) -> torch.Tensor:
    return torch.tensor(X, dtype=getattr(torch, dtype))


def _called(
    f: Callable[..., Any], x: torch.Tensor, around: AbstractContextManager[Any] | None = None
) -> torch.Tensor:
    """f(x), which is one real number; called with something around it.

    Raises:
        UnsupportedError: it is none, raises an error, or writes into x.
    """
    before = x.clone()
    try:
        with around or nullcontext():
            y = f(x)
    except UnsupportedError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        raise UnsupportedError(f"it raised {type(error).__name__}: {text}") from error
    if not torch.equal(x, before):
        raise UnsupportedError("it writes into X; let it write into X.clone()")
    if not isinstance(y, torch.Tensor):
        raise UnsupportedError(f"it returned a {type(y).__name__}; return a tensor of one number")
    if y.numel() != 1 or not y.is_floating_point():
        about = f"{str(y.dtype).removeprefix('torch.')} of the shape {tuple(y.shape)}"
        raise UnsupportedError(f"it returned a tensor of {about}; return one real number")
    return y


def _number(y: torch.Tensor) -> float:
    return float(y.detach().double().reshape(()))


def _once(f: Callable[..., Any], X: Matrix, dtype: str) -> Recording:
    tape = Tape("torch", str(torch.__version__), dtype, len(X))
    x = _tensor(X, dtype)
    recorder = Recorder(tape)
    recorder.put(x, tape.input(X))
    with torch.enable_grad():
        y = _called(f, x, recorder)
    recorder.leave()
    program = tape.finish(tape.reshape(recorder.read(y), ()), _number(y))
    pulled = recorder.pulled
    return Recording(
        program,
        tuple(_pullback(pulled.get(k), tape.kept, c.name) for k, c in enumerate(program.calls)),
    )


class Pulled(NamedTuple):
    """What asks PyTorch for the derivative of one call, between values by these numbers."""

    run: Callable[[list[torch.Tensor]], Sequence[torch.Tensor]]
    given: list[torch.Tensor]
    inputs: list[int]
    outputs: list[int]


def _pullback(pulled: Pulled | None, left: dict[int, int], name: str) -> Pullback:
    """The vector–Jacobian product between those values that are left in the program."""

    def pullback(cotangents: Sequence[Array]) -> list[Array]:
        if pulled is None:
            raise UnsupportedError(f"{name} cannot be repeated alone")
        with torch.enable_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            leaves = [t.detach().clone().requires_grad_() for t in pulled.given]
            outs = pulled.run(leaves)
            kept = [out for number, out in zip(pulled.outputs, outs, strict=True) if number in left]
            seeds = [
                torch.tensor(g, dtype=out.dtype).reshape(out.shape)
                for g, out in zip(cotangents, kept, strict=True)
            ]
            found = torch.autograd.grad(kept, leaves, seeds, allow_unused=True)
        zeros = (
            torch.zeros_like(t) if g is None else g for t, g in zip(leaves, found, strict=True)
        )
        return [
            g.detach().double().numpy()
            for number, g in zip(pulled.inputs, zeros, strict=True)
            if number in left
        ]

    return pullback


class Custom(NamedTuple):
    """The forward of a torch.autograd.Function, while it is executed."""

    frame: FrameType
    function: type[torch.autograd.Function]
    call: int
    given: tuple[Any, ...]
    inputs: list[Value]
    written: dict[int, torch.dtype]


class Recorder(TorchDispatchMode):
    """Writes down what is dispatched; a storage is known by where it lies, and kept alive."""

    def __init__(self, tape: Tape) -> None:
        super().__init__()
        self.tape = tape
        self.pulled: dict[int, Pulled] = {}
        self._stored: dict[int, Value] = {}
        self._held: dict[int, Value] = {}
        self._read: dict[tuple[Any, ...], Value] = {}
        self._alive: list[Any] = []
        self._custom: Custom | None = None
        self._forwards = _forwards()

    # tensors and their values

    def read(self, t: torch.Tensor) -> Value:
        """The value of a tensor of floats.

        Raises:
            UnsupportedError: it is complex.
        """
        if t.is_complex():
            raise UnsupportedError("complex tensors are not recorded; give function= instead")
        if id(t) in self._held:
            return self._held[id(t)]
        key = t.untyped_storage().data_ptr()
        if key not in self._stored:
            self._keep(t, self.tape.const(_whole(t)))
        stored = self._stored[key]
        about = (stored.number, tuple(t.shape), t.stride(), t.storage_offset())
        if about not in self._read:  # what is read twice is one value
            self._read[about] = self.tape.take(stored, _places(t))
        return self._read[about]

    def put(self, t: torch.Tensor, v: Value) -> None:
        """Let a tensor have this value, of its shape."""
        key, places = t.untyped_storage().data_ptr(), _places(t)
        if self._custom:
            self._custom.written[key] = t.dtype
        if key in self._stored:
            self._stored[key] = self.tape.put(self._stored[key], places, v)
            return
        index = np.full(_length(t), -1)
        index[places.ravel()] = np.arange(v.size)
        self._keep(t, self.tape.take(v, index))

    def _keep(self, t: torch.Tensor, v: Value) -> None:
        self._stored[t.untyped_storage().data_ptr()] = v
        self._alive.append(t.untyped_storage())

    def _depends(self, t: torch.Tensor) -> bool:
        if id(t) in self._held:
            return self._held[id(t)].depends
        stored = self._stored.get(t.untyped_storage().data_ptr())
        return stored is not None and stored.depends

    # what is dispatched

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Execute an operation, and write down what it was."""
        kwargs = kwargs or {}
        name = func._schema.name.split("::")[1]
        self._follow_custom()
        tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)]
        floats = [t for t in tensors if t.is_floating_point() or t.is_complex()]
        depends = any(self._depends(t) for t in floats)
        if name in SILENT or name in SHAPES_ALONE:
            return func(*args, **kwargs)
        if _is_view(func, name):
            return self._view(func, name, args, kwargs, floats, depends)
        if name == "_local_scalar_dense" and depends:
            raise UnsupportedError(
                "a number that depends on X left PyTorch, by .item(), float() or a branch on it "
                f"({self._line()}); keep it a tensor"
            )
        is_inplace = name.endswith("_") and not name.endswith("__")
        makes = name.endswith("_like") or name.startswith("new_")
        if makes or (not depends and not is_inplace):
            if any(word in name for word in RANDOM):
                self.tape.folded.append(f"{_told(name)} ({self._line()})")
            return func(*args, **kwargs)
        if is_inplace and not (floats and args[0].is_floating_point()):
            return func(*args, **kwargs)
        return self._execute(func, name, args, kwargs, is_inplace)

    def _line(self) -> str:
        return line_of_caller(("torch",))

    def _view(
        self, func: Any, name: str, args: Any, kwargs: Any, floats: list[Any], depends: bool
    ) -> Any:
        """A view reads the same storage; what is detached is held from there on."""
        out = func(*args, **kwargs)
        given = floats[0] if floats else None
        if given is None or not depends:
            return out
        if name == "detach" and not self._custom:
            self._hold(out, self.read(given))
        elif id(given) in self._held:
            places = func(_arange(given), *args[1:], **kwargs)
            for t, p in zip(_several(out), _several(places), strict=True):
                self._mark(t, self.tape.take(self._held[id(given)], p.numpy()))
        return out

    def _hold(self, t: torch.Tensor, v: Value) -> None:
        call = self.tape.call
        if call < 0:
            call = self.tape.begin("torch.Tensor.detach", self._line())
            held = self.tape.emit("hold", [v])[0]
            self.tape.end(call, [v], [held])
        else:
            held = self.tape.emit("hold", [v])[0]
        self._mark(t, held)

    def _mark(self, t: torch.Tensor, v: Value) -> None:
        self._held[id(t)] = v
        self._alive.append(t)

    def _execute(self, func: Any, name: str, args: Any, kwargs: Any, is_inplace: bool) -> Any:
        call = -1 if self._custom else self.tape.begin(_told(name), self._line())
        before = tree_map(lambda a: a.detach().clone() if isinstance(a, torch.Tensor) else a, args)
        read: list[Value] = []

        def value(a: Any) -> Any:
            if not isinstance(a, torch.Tensor):
                return a
            if not (a.is_floating_point() or a.is_complex()):
                return a.numpy()
            read.append(self.read(a))
            return read[-1]

        values = tree_map(value, args)
        options = {key: value(a) for key, a in kwargs.items()}
        out = func(*args, **kwargs)
        base = name.rstrip("_") if is_inplace else name
        try:
            found = self._found(func, base, (args, values), kwargs, options, out)
        except UnsupportedError as error:
            raise UnsupportedError(f"{error} ({_told(name)}, {self._line()})") from error
        given = self._note(func, args[0] if is_inplace else out, found, is_inplace)
        if call >= 0:
            self.tape.end(call, read, given)
            run = _Again(func, before, kwargs, is_inplace)
            self.pulled[call] = Pulled(
                lambda leaves: run(leaves, len(given)),
                [
                    t
                    for t in tree_leaves(before)
                    if isinstance(t, torch.Tensor) and t.is_floating_point()
                ][: len(read)],
                _numbers(read),
                _numbers(given),
            )
        return out

    def _found(
        self, func: Any, base: str, given: tuple[Any, Any], kwargs: Any, options: Any, out: Any
    ) -> Found:
        args, values = given
        if base in IGNORED:
            return None
        if base in MOVES:
            return self._moved(func, args, values, kwargs)
        rule = OPERATIONS.get(base)
        if rule is None:
            if any(word in base for word in RANDOM):
                raise UnsupportedError("random numbers are drawn; draw them outside of f")
            raise UnsupportedError("an operation that is not known; write it by others")
        overload = str(func).rsplit(".", 1)[-1]
        return rule(Executed(self.tape, base, overload, tuple(values), options, out))

    def _moved(self, func: Any, args: Any, values: Any, kwargs: Any) -> Value:
        """PyTorch's own action on positions."""
        leaves, spec = tree_flatten(args)
        floats = [
            k for k, a in enumerate(leaves) if isinstance(a, torch.Tensor) and a.is_floating_point()
        ]
        flat = tree_leaves(values, is_leaf=lambda v: isinstance(v, (Value, np.ndarray)))
        options = {k: v for k, v in kwargs.items() if k not in ("dtype", "layout", "device")}

        def move(places: list[Array]) -> Array:
            moved = list(leaves)
            for k, p in zip(floats, places, strict=True):
                moved[k] = torch.from_numpy(np.ascontiguousarray(p))
            return np.asarray(func(*tree_unflatten(moved, spec), **options).numpy())

        return composites.moved(self.tape, [flat[k] for k in floats], move)

    def _note(self, func: Any, out: Any, found: Found, is_inplace: bool) -> list[Value]:
        """Let the results have their values, which are near PyTorch's own."""
        if found is None:
            return []
        given: list[Value] = []
        results = found if isinstance(found, tuple) else (found,)
        for t, v in zip(_several(out), results, strict=False):
            if v is None or not isinstance(t, torch.Tensor) or not t.is_floating_point():
                continue
            v = self.tape.value(v)
            v = self.tape.broadcast(v, tuple(t.shape)) if is_inplace else v
            v = v if v.shape == tuple(t.shape) else self.tape.reshape(v, tuple(t.shape))
            _check_near(t, v, func, self.tape.casts)
            given.append(v)
            if not torch.is_grad_enabled() and not self._custom and v.depends:
                v = self.tape.emit("hold", [v])[0]
            self.put(t, v)
        return given

    # custom derivatives

    def _follow_custom(self) -> None:
        """Notice where the forward of a torch.autograd.Function begins and ends."""
        frame, found = sys._getframe(2), None
        while frame is not None:
            if frame.f_code in self._forwards:
                found = frame  # the outermost one
            frame = frame.f_back  # type: ignore[assignment]
        if self._custom and found is not self._custom.frame:
            self.leave()
        if found is not None and self._custom is None:
            self._enter(found)

    def _enter(self, frame: FrameType) -> None:
        function = self._forwards[frame.f_code]
        code = frame.f_code
        names = code.co_varnames[: code.co_argcount]
        given = [frame.f_locals[name] for name in names]
        if given and isinstance(given[0], torch.autograd.function.FunctionCtx):
            given = given[1:]
        if code.co_flags & 0x04:  # *args
            given += frame.f_locals[code.co_varnames[code.co_argcount + code.co_kwonlyargcount]]
        inputs = [
            self.read(a) for a in given if isinstance(a, torch.Tensor) and a.is_floating_point()
        ]
        line = f"{code.co_filename.rsplit('/', 1)[-1]}:{code.co_firstlineno}"
        call = self.tape.begin(function.__name__, line, custom=True)
        self._custom = Custom(frame, function, call, tuple(given), inputs, {})

    def leave(self) -> None:
        """The forward is over: what it returned are its outputs."""
        if self._custom is None:
            return
        custom, self._custom = self._custom, None
        with torch.no_grad():
            returned = _several(custom.function.apply(*custom.given))
        outputs: list[Value] = []
        for t in returned:
            key = self._written(custom, t)
            if key is None:
                continue
            value = self.tape.reshape(self._stored[key], tuple(t.shape))
            outputs.append(value)
            self._stored[key] = self.tape.reshape(value, (-1,))
        self.tape.end(custom.call, custom.inputs, outputs)
        shapes = [tuple(t.shape) for t in returned if self._written(custom, t) is not None]
        if len(shapes) == len(outputs) == len(returned):
            leaves = [
                a for a in custom.given if isinstance(a, torch.Tensor) and a.is_floating_point()
            ]
            self.pulled[custom.call] = Pulled(
                lambda given: _several(custom.function.apply(*_replaced(custom.given, given))),
                [a.detach().clone() for a in leaves],
                _numbers(custom.inputs),
                _numbers(outputs),
            )

    def _written(self, custom: Custom, t: torch.Tensor) -> int | None:
        """The storage that has what was returned."""
        if not isinstance(t, torch.Tensor) or not t.is_floating_point():
            return None
        flat = t.detach().double().numpy().ravel()
        for key in reversed(custom.written):
            floats = self._stored[key].floats.ravel()
            if floats.shape == flat.shape and np.allclose(floats, flat, rtol=1e-4, atol=1e-8):
                return key
        return None


class _Again:
    """An operation, executed once more on other tensors."""

    def __init__(self, func: Any, args: Any, kwargs: Any, is_inplace: bool) -> None:
        self._func = func
        self._leaves, self._spec = tree_flatten(args)
        self._kwargs = kwargs
        self._is_inplace = is_inplace

    def __call__(self, given: list[torch.Tensor], count: int) -> Sequence[torch.Tensor]:
        replaced = _replaced(self._leaves, given)
        args = tree_unflatten(replaced, self._spec)
        if self._is_inplace:
            args = (args[0].clone(), *args[1:])
        outs = _several(self._func(*args, **self._kwargs))
        return [t for t in outs if isinstance(t, torch.Tensor) and t.is_floating_point()][:count]


def _replaced(leaves: Sequence[Any], given: Sequence[torch.Tensor]) -> list[Any]:
    """With the tensors of floats replaced, in order."""
    new = iter(given)
    return [
        next(new, a) if isinstance(a, torch.Tensor) and a.is_floating_point() else a for a in leaves
    ]


def _numbers(values: Sequence[Value]) -> list[int]:
    """The numbers of those that depend on X; of others −1, which none has."""
    return [v.number if v.depends else -1 for v in values]


def _several(x: Any) -> Sequence[Any]:
    return x if isinstance(x, (tuple, list)) else (x,)


def _forwards() -> dict[CodeType, type[torch.autograd.Function]]:
    """The forward of every custom function that is there."""
    found: dict[CodeType, type[torch.autograd.Function]] = {}
    ahead = [torch.autograd.Function]
    while ahead:
        for function in ahead.pop().__subclasses__():
            ahead.append(function)
            forward = getattr(function.__dict__.get("forward"), "__func__", None)
            if forward is not None and not function.__module__.startswith("torch."):
                found[forward.__code__] = function
    return found


def _told(name: str) -> str:
    """As a user writes it: torch.linalg.eigh of _linalg_eigh."""
    plain = name.strip("_").removesuffix("_ex")
    if plain.startswith("linalg_"):
        return f"torch.linalg.{plain.removeprefix('linalg_')}"
    return f"torch.{plain}"


def _is_view(func: Any, name: str) -> bool:
    returns = func._schema.returns
    return any(r.alias_info is not None and not r.alias_info.is_write for r in returns)


def _length(t: torch.Tensor) -> int:
    return int(t.untyped_storage().nbytes() // t.element_size())


def _places(t: torch.Tensor) -> Array:
    """Where the entries lie in the storage."""
    flat = torch.arange(max(_length(t), 1))
    return np.asarray(torch.as_strided(flat, t.shape, t.stride(), t.storage_offset()).numpy())


def _arange(t: torch.Tensor) -> torch.Tensor:
    return torch.arange(t.numel()).reshape(t.shape)


def _whole(t: torch.Tensor) -> Array:
    """All of the storage."""
    flat = torch.as_strided(t.detach(), (_length(t),), (1,), 0)
    return np.array(flat.double().numpy())


def _check_near(t: torch.Tensor, v: Value, func: Any, casts: Sequence[str]) -> None:
    """Whether what was recorded is what PyTorch computed, loosely."""
    said = t.detach().double().numpy()
    size = 1 + np.max(np.abs(v.floats), initial=0.0, where=np.isfinite(v.floats))
    with np.errstate(invalid="ignore"):
        off = np.max(np.abs(v.floats - said), initial=0.0, where=np.isfinite(said))
    dtype = formats.narrowest(str(t.dtype).removeprefix("torch."), *casts)
    if not off <= CLOSE.get(dtype, 0.1) * size:
        raise UnsupportedError(f"{func} computes something else than was recorded")
