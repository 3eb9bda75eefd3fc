"""The record of a function of NumPy as it is made: each call that reads what depends on X."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.numpy_arguments import (
    Called,
    depends,
    hidden,
    like,
    plain,
    ran,
    told,
    traced,
    trimmed,
    within,
)
from symgrad.numeric.recording.numpy_arrays import Traced, is_traced
from symgrad.numeric.recording.numpy_complex import of_complex
from symgrad.numeric.recording.numpy_functions import FUNCTIONS
from symgrad.numeric.recording.numpy_lines import LEFT, Returning, users_line
from symgrad.numeric.recording.numpy_moves import ABOUT, JOINS, MOVES, WRITES
from symgrad.numeric.recording.numpy_rules import Executed, settle
from symgrad.numeric.recording.numpy_scipy import OF_SCIPY
from symgrad.numeric.recording.numpy_ufuncs import METHODS, UFUNCS
from symgrad.numeric.recording.pairs import Held, Pair, apart
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value

REAL = ("float64", "float32", "float16")
KNOWN = (*REAL, "complex128", "complex64")
PARTS = {np.real: 0, np.imag: 1}


class Recorder:
    """What is called with arrays of the record."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.failure: UnsupportedError | None = None
        self.returning = Returning()

    def lost(self, name: str, hidden: str = "") -> UnsupportedError:
        """The error where a number of X leaves by a call of this name."""
        known = name in map(told, OF_SCIPY)
        return self.refusal(
            name, hidden or (f"call it as {name}, so that it is seen" if known else LEFT)
        )

    def active(self, *given: Any) -> Recorder:
        """The recorder of what depends on X: constants that f keeps may be of a former run.

        Raises:
            UnsupportedError: what depends on X is.
        """
        found = {id(x.recorder): x.recorder for x in traced(given) if x.depends}
        if len(found) > 1:
            raise self.refusal("an array of a former run", "f keeps a state between its calls")
        return next(iter(found.values()), self)

    def array(self, numbers: Array, held: Held | None = None) -> Traced:
        """An array of the record: of what X has no part in, if nothing is held."""
        return Traced(self, numbers, held)

    def part(self, x: Traced, k: int) -> Traced:
        """The real or the imaginary part of complex numbers.

        NumPy's is a view; here it has memory of its own, so that neither is written to any more.
        """
        x.storage.closed = x.storage.closed or (
            "its .real or .imag was taken before; write into a copy"
        )
        numbers = (x.numbers.imag if k else x.numbers.real).copy()
        held = self.held(x) if x.depends and not x.storage.hidden else None
        found = self._hide(numbers, x.storage.hidden, held[k] if isinstance(held, Pair) else None)
        found.storage.closed = "it is the .real or .imag of an array; write into a copy"
        return found

    def refusal(self, name: str, why: str) -> UnsupportedError:
        """The error, which is not lost if f catches it."""
        line = users_line()
        told = f"{name} ({line})" if line else name
        self.failure = self.failure or UnsupportedError(f"{told}: {why}")
        return self.failure

    def held(self, x: Any) -> Held:
        """What an array holds; numbers, or rows of both, are constants where X has no part.

        Raises:
            UnsupportedError: it is not recorded.
        """
        if isinstance(x, (list, tuple)) and traced(x):
            rows = [self.held(y) for y in x]
            if not any(isinstance(row, Pair) for row in rows):
                return self._rows(rows)
            pairs = [Pair.of(self.tape, row) for row in rows]
            return Pair(*(self._rows([pair[k] for pair in pairs]) for k in (0, 1)))
        if not is_traced(x):
            return self._constant(np.asarray(x))
        storage = x.storage
        if storage.hidden:
            raise UnsupportedError(storage.hidden)
        if storage.held is None:
            return self._constant(x.numbers)
        if storage.recorder is not self:
            raise self.refusal("an array of a former run", "f keeps a state between its calls")
        if x.cache is None or x.cache[0] is not storage.held:
            x.cache = (storage.held, apart(lambda v: self.tape.take(v, x.places), storage.held))
        return x.cache[1]

    def _rows(self, rows: Any) -> Value:
        return self.tape.reshape(self.tape.cat(rows), (len(rows), *rows[0].shape))

    def _constant(self, numbers: Array) -> Held:
        return Pair.of(self.tape, numbers) if np.iscomplexobj(numbers) else self.tape.const(numbers)

    def read(self, x: Any) -> Value:
        """The same of real numbers.

        Raises:
            UnsupportedError: it is not recorded, or complex.
        """
        held = self.held(x)
        if isinstance(held, Pair):
            raise UnsupportedError("complex numbers where real ones are known")
        return held

    def write(self, x: Traced, key: Any, value: Any) -> None:
        """Let x[key] be the value.

        Raises:
            UnsupportedError: it must not be written to.
        """
        t, storage, name = self.tape, x.storage, "a write into an array"
        if storage.closed:
            raise self.refusal(name, storage.closed)
        if traced([key]):
            raise self.refusal(name, "a place that depends on X")
        if np.iscomplexobj(plain(value)) and not x.is_complex:
            raise self.refusal(name, "complex numbers into an array of real ones; write their real")
        storage.hidden = storage.hidden or hidden([value])
        if storage.hidden or not depends([x, value]):
            x.numbers[key] = plain(value)
            return
        with Called(self, name, [x, value]) as found:
            places = np.asarray(x.places[key])
            u = apart(
                lambda v: t.broadcast(trimmed(t, v, places.ndim), places.shape), self.held(value)
            )
            before = storage.held or self._constant(storage.numbers)
            x.numbers[key] = plain(value)
            storage.held, storage.recorder = _put(t, before, places, u), self
            found.append(storage.held)
        if is_traced(value) and _width(x.dtype) < _width(value.dtype):
            t.casts.append(x.dtype.name)

    # decisions

    def _seen(self, name: str, x: Any) -> None:
        """Whether what is decided on is recorded.

        Raises:
            UnsupportedError: it is not.
        """
        if hidden([x]):
            raise self.refusal(name, hidden([x]))
        if x.is_complex:
            raise self.refusal(name, "a decision on complex numbers; take it on real ones")

    def decided(self, x: Traced, note: str) -> Array:
        """The signs of its entries, on which the program decides."""
        self._seen(note, x)
        with Called(self, note, [x]):
            return self.tape.signs(self.read(x), note)

    def whole(self, x: Traced) -> Array:
        """Its integers, towards 0."""
        if not x.depends:
            return np.trunc(x.numbers)
        self._seen("int()", x)
        with Called(self, "int()", [x]):
            return c.floor(self.tape, self.read(x), np.trunc, "trunc")

    # calls

    def moved(self, name: str, move: Callable[[Any], Any], x: Traced) -> Any:
        """What only moves the entries of one array: by NumPy's own action on positions."""
        numbers, places = move(x.numbers), move(x.places)
        if isinstance(numbers, (tuple, list)):
            pairs = zip(numbers, places, strict=True)
            return like(numbers, [self._part(name, x, a, b) for a, b in pairs])
        return self._part(name, x, numbers, places)

    def _part(self, name: str, x: Traced, numbers: Any, places: Any) -> Any:
        if isinstance(places, np.ndarray) and np.may_share_memory(places, x.storage.places):
            return x.view_of(numbers, places)
        if x.storage.hidden or not x.depends:
            return self._hide(np.array(numbers), x.storage.hidden)
        with Called(self, name, [x]) as found:
            v = apart(lambda v: self.tape.take(v, within(x, places)), self.held(x))
            found.append(v)
        return self.array(np.asarray(numbers), v)

    def cast(self, x: Traced, dtype: Any, copy: bool = True) -> Any:
        """x in another dtype."""
        if dtype == x.dtype and not copy:
            return x
        if x.is_complex and dtype.kind != "c":
            raise self.refusal("astype", "complex numbers to real ones; take .real")
        if dtype.name in KNOWN:
            if x.depends and _width(dtype) < _width(x.dtype):
                self.tape.casts.append(dtype.name)
            held = self.held(x) if x.depends and not x.storage.hidden else None
            held = Pair.of(self.tape, held) if held is not None and dtype.kind == "c" else held
            return self._hide(x.numbers.astype(dtype), x.storage.hidden, held)
        if dtype.kind not in "biu":
            raise self.refusal("astype", f"numbers of the dtype {dtype}")
        if x.depends and dtype.kind == "b":
            self.decided(x, "a cast to bool")
        elif x.depends:
            self.whole(x)
        return x.numbers.astype(dtype)

    def _hide(self, numbers: Any, why: str, held: Held | None = None) -> Traced:
        """An array that is not recorded, if there is a reason why."""
        found = self.array(np.asarray(numbers), held)
        found.storage.hidden = why
        return found

    def ufunc(self, ufunc: Any, method: str, inputs: Any, kwargs: dict[str, Any]) -> Any:
        """A function of entries."""
        name, kwargs = told(ufunc), dict(kwargs)
        into = kwargs.pop("out", None)
        if method == "at":
            return self._at(ufunc, *inputs)
        rule = UFUNCS.get(ufunc.__name__) if method == "__call__" else METHODS.get(method)

        def run(*given: Any, **options: Any) -> Any:
            return getattr(ufunc, method)(*given, **options)

        out = self._run(name, run, rule, inputs, kwargs, ufunc)
        return out if into is None else self._into(name, into, out)

    def _at(self, ufunc: Any, x: Any, key: Any, value: Any) -> None:
        is_known = is_traced(x) and ufunc is np.add and not hidden([x, value])
        if not is_known or x.is_complex or np.iscomplexobj(plain(value)):
            raise self.refusal(f"{told(ufunc)}.at", "a write that is not recorded; use a loop")
        places = np.asarray(x.places[key])
        total = self.tape.put_add(
            self.read(x),
            within(x, places),
            self.tape.broadcast(self.read(value), places.shape),
        )
        numbers = x.numbers.copy()
        np.add.at(numbers, key, plain(value))
        self.write(x, ..., self.array(numbers, total))

    def _into(self, name: str, into: Any, out: Any) -> Any:
        """What was to be written into an array."""
        (target,) = into if isinstance(into, tuple) else (into,)
        if not is_traced(target):
            raise self.refusal(
                name, "out= or += of an array without X in it; write a = a + b, or np.zeroslike(X)"
            )
        self.write(target, ..., out)
        return target

    def function(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """A function of arrays."""
        name, kwargs = told(func), dict(kwargs)
        into = kwargs.pop("out", None)
        if func in WRITES:
            return WRITES[func](self, *args, **kwargs)
        if func is np.diag and is_traced(args[0]) and args[0].ndim == 2:
            func = np.diagonal
        if func is np.astype and is_traced(args[0]):
            return args[0].astype(*args[1:], **kwargs)
        if func in PARTS and is_traced(args[0]):
            return args[0].imag if PARTS[func] else args[0].real
        if func in MOVES and is_traced(args[0]) and not traced(args[1:]):
            return self.moved(name, lambda x: func(x, *args[1:], **kwargs), args[0])
        if func in ABOUT:
            return self._constants(ran(func, args, kwargs))
        rule = JOINS.get(func) or FUNCTIONS.get(func) or OF_SCIPY.get(func)
        out = self._run(name, func, rule, args, kwargs, func)
        return out if into is None else self._into(name, into, out)

    def _run(self, name: str, run: Any, rule: Any, args: Any, kwargs: Any, func: Any) -> Any:
        """What a function gives, and its rule's answer written beside it."""
        out = ran(run, args, kwargs)
        if not depends([args, kwargs]):
            return self._constants(out)
        try:
            if hidden([args, kwargs]):
                return self._all_hidden(out, hidden([args, kwargs]))
            rule = of_complex(func, rule, [*args, *kwargs.values()], out)
            if rule is None:
                raise UnsupportedError("it is not known to the recorder; write it by others")
            with Called(self, name, [args, kwargs]) as found:
                made = self._noted(rule(Executed(self, func, out), *args, **kwargs), out)
                found += [self.held(x) for x in traced(made) if not x.storage.hidden]
        except (UnsupportedError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            if self.failure is not None:
                raise self.failure from error
            why = f"{name} ({users_line()}): {' '.join(str(error).split())}"
            return self._all_hidden(out, why)
        return made

    def _all_hidden(self, out: Any, why: str) -> Any:
        """Results that are not recorded, which is no matter unless f(X) or a decision needs them.

        Raises:
            UnsupportedError: one of them is no array of real numbers.
        """
        if isinstance(out, (tuple, list)):
            return like(out, [self._all_hidden(x, why) for x in out])
        if np.asarray(out).dtype.kind not in "fc":
            self.failure = self.failure or UnsupportedError(why)
            raise self.failure
        return self._hide(out, why)

    def _noted(self, answer: Any, out: Any) -> Any:
        """NumPy's results as arrays of the record; where there is no answer, as they are."""
        if answer is None:
            return out
        if isinstance(out, (tuple, list)):
            return like(out, [self._noted(a, x) for a, x in zip(answer, out, strict=True)])
        numbers = np.asarray(out)
        if isinstance(answer, str):
            return self._hide(numbers, answer)
        if numbers.dtype.name not in KNOWN:
            raise UnsupportedError(f"numbers of the dtype {numbers.dtype}")
        v = Pair.of(self.tape, answer) if numbers.dtype.kind == "c" else answer
        v = apart(lambda x: self.tape.reshape(x, numbers.shape), v)
        settle(v, numbers)
        return self.array(numbers if numbers.flags.owndata else numbers.copy("K"), v)

    def _constants(self, out: Any) -> Any:
        """Arrays in which X has no part, into which what has may be written."""
        if isinstance(out, np.ndarray) and out.dtype.name in KNOWN:
            return self.array(out)
        if isinstance(out, (tuple, list)) and not hasattr(out, "_fields"):
            return type(out)(self._constants(x) for x in out)
        return out


def _put(t: Tape, v: Held, places: Array, u: Held) -> Held:
    """v, with u written to these places."""
    if not isinstance(v, Pair):
        assert isinstance(u, Value)
        return t.put(v, places, u)
    return Pair(*(t.put(x, places, y) for x, y in zip(v, Pair.of(t, u), strict=True)))


def _width(dtype: Any) -> int:
    """The bytes of a real number of it."""
    return int(dtype.itemsize) // (1 + (dtype.kind == "c"))
