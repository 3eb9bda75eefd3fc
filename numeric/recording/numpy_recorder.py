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
from symgrad.numeric.recording.numpy_functions import FUNCTIONS
from symgrad.numeric.recording.numpy_lines import LEFT, Returning, users_line
from symgrad.numeric.recording.numpy_moves import ABOUT, JOINS, MOVES, WRITES
from symgrad.numeric.recording.numpy_rules import Executed, settle
from symgrad.numeric.recording.numpy_scipy import OF_SCIPY
from symgrad.numeric.recording.numpy_ufuncs import METHODS, UFUNCS
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value

REAL = ("float64", "float32", "float16")


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

    def array(self, numbers: Array, held: Value | None = None) -> Traced:
        """An array of the record: of what X has no part in, if nothing is held."""
        return Traced(self, numbers, held)

    def refusal(self, name: str, why: str) -> UnsupportedError:
        """The error, which is not lost if f catches it."""
        line = users_line()
        told = f"{name} ({line})" if line else name
        self.failure = self.failure or UnsupportedError(f"{told}: {why}")
        return self.failure

    def read(self, x: Any) -> Value:
        """What an array holds; numbers, or rows of both, are constants where X has no part.

        Raises:
            UnsupportedError: it is not recorded, or complex.
        """
        if isinstance(x, (list, tuple)) and traced(x):
            rows = [self.read(y) for y in x]
            return self.tape.reshape(self.tape.cat(rows), (len(rows), *rows[0].shape))
        if not is_traced(x):
            if np.iscomplexobj(x):
                raise UnsupportedError("complex numbers are not recorded in NumPy; write real ones")
            return self.tape.const(np.asarray(x))
        storage = x.storage
        if storage.hidden:
            raise UnsupportedError(storage.hidden)
        if storage.held is None:
            return self.tape.const(x.numbers)
        if storage.recorder is not self:
            raise self.refusal("an array of a former run", "f keeps a state between its calls")
        if x.cache is None or x.cache[0] is not storage.held:
            x.cache = (storage.held, self.tape.take(storage.held, x.places))
        return x.cache[1]

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
        storage.hidden = storage.hidden or hidden([value])
        if storage.hidden or not depends([x, value]):
            x.numbers[key] = plain(value)
            return
        with Called(self, name, [x, value]) as found:
            places = np.asarray(x.places[key])
            u = t.broadcast(trimmed(t, self.read(value), places.ndim), places.shape)
            before = storage.held or t.const(storage.numbers)
            x.numbers[key] = plain(value)
            storage.held, storage.recorder = t.put(before, places, u), self
            found.append(storage.held)
        if is_traced(value) and x.itemsize < value.itemsize:
            t.casts.append(x.dtype.name)

    # decisions

    def _seen(self, name: str, x: Any) -> None:
        """Whether what is decided on is recorded.

        Raises:
            UnsupportedError: it is not.
        """
        if hidden([x]):
            raise self.refusal(name, hidden([x]))

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
            v = self.tape.take(self.read(x), within(x, places))
            found.append(v)
        return self.array(np.asarray(numbers), v)

    def cast(self, x: Traced, dtype: Any, copy: bool = True) -> Any:
        """x in another dtype."""
        if dtype == x.dtype and not copy:
            return x
        if dtype.name in REAL:
            if x.depends and dtype.itemsize < x.dtype.itemsize:
                self.tape.casts.append(dtype.name)
            held = self.read(x) if x.depends and not x.storage.hidden else None
            return self._hide(x.numbers.astype(dtype), x.storage.hidden, held)
        if dtype.kind not in "biu":
            raise self.refusal("astype", f"numbers of the dtype {dtype}")
        if x.depends and dtype.kind == "b":
            self.decided(x, "a cast to bool")
        elif x.depends:
            self.whole(x)
        return x.numbers.astype(dtype)

    def _hide(self, numbers: Any, why: str, held: Value | None = None) -> Traced:
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
        if not is_traced(x) or ufunc is not np.add or hidden([x, value]):
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
            if rule is None:
                raise UnsupportedError("it is not known to the recorder; write it by others")
            with Called(self, name, [args, kwargs]) as found:
                made = self._noted(rule(Executed(self, func, out), *args, **kwargs), out)
                found += [self.read(x) for x in traced(made) if not x.storage.hidden]
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
        if numbers.dtype.name not in REAL:
            raise UnsupportedError(f"numbers of the dtype {numbers.dtype}")
        v = answer if answer.shape == numbers.shape else self.tape.reshape(answer, numbers.shape)
        settle(self.tape, v, numbers)
        return self.array(numbers if numbers.flags.owndata else numbers.copy("K"), v)

    def _constants(self, out: Any) -> Any:
        """Arrays in which X has no part, into which what has may be written."""
        if isinstance(out, np.ndarray) and out.dtype.name in REAL:
            return self.array(out)
        if isinstance(out, (tuple, list)) and not hasattr(out, "_fields"):
            return type(out)(self._constants(x) for x in out)
        return out
