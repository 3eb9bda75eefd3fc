"""The exact side within limits of time and memory: it computes in a process of its own.

Python-flint, GMP and Python's own integers compute in C, which neither an exception nor a signal
handler interrupts.  A forked child has everything that was imported and defined, functions of the
user's own among it, and can be killed; what it answers comes back through a pipe.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import select
import signal
import struct
import sys
import time
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import Any, Generic, NamedTuple, NoReturn, Protocol, TypeVar

from symgrad.court.references import Reference

if sys.platform != "win32":
    import resource

T = TypeVar("T")

MEMORY = 4096
"""MiB that the exact side may take if nothing is said."""
LONGEST = 10.0**8
"""Seconds that a wait can be set to."""
PATIENCE = 0.05
"""Seconds between two looks at what else there is to do."""
CHUNK = 2**20
HEADER = struct.Struct("<Q")
"""Before each answer: its length."""
CAN_FORK = hasattr(os, "fork") and sys.platform != "darwin"
"""Whether there is a child; the numerical libraries of macOS do not survive a fork."""
DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux's prctl(2)."""


class Failure(NamedTuple):
    """There is no answer, and why, in one line."""

    reason: str


class Limits(NamedTuple):
    """Seconds for one answer, and MiB beyond what the process has already."""

    seconds: float
    mebibytes: int | None = None


class Asked(Protocol):
    """What there is something true of: a case, or a like of it."""

    def reference(self) -> Reference:
        """What is true of it."""


def references(
    cases: Sequence[Asked], limits: Limits, meanwhile: Callable[[], None] = lambda: None
) -> Generator[Reference | Failure, None, None]:
    """What is true of each case, in order; a case that fails costs no other its reference.

    ``meanwhile`` is called again and again while one waits.
    """
    return answers([case.reference for case in cases], limits, meanwhile)


def answers(
    calls: Sequence[Callable[[], T]],
    limits: Limits,
    meanwhile: Callable[[], None] = lambda: None,
) -> Generator[T | Failure, None, None]:
    """What each call returns, in order: of one that raises, does not end or dies, a failure.

    Where there is no fork the calls are made here, and nothing ends one that does not end.
    """
    done = 0
    while done < len(calls):
        if not CAN_FORK:
            yield _attempt(calls[done])
            done += 1
            continue
        try:
            child = _Child(calls[done:], limits)
        except OSError as error:
            yield Failure(f"the exact side cannot be started, {error.strerror}")
            done += 1
            continue
        with child:
            while done < len(calls):
                answer = child.answer(meanwhile)
                done += 1
                yield answer
                if child.is_lost:
                    break  # the next one has another child


def _attempt(call: Callable[[], T]) -> T | Failure:
    try:
        return call()
    except MemoryError:
        return Failure("the exact side has not enough memory (--memory)")
    except Exception as error:
        return Failure(f"the exact side fails, {describe(error)}")


def describe(error: BaseException) -> str:
    """The error in one line."""
    try:
        text = " ".join(str(error).split())
    except BaseException:  # an error of the user's own, that cannot be printed either
        text = ""
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__


class _Child(Generic[T]):
    """A forked process that makes the calls in order; a context manager that ends it."""

    def __init__(self, calls: Sequence[Callable[[], T]], limits: Limits) -> None:
        """Start it.

        Raises:
            OSError: there is no room for a process or for a pipe.
        """
        self.is_lost = False
        self._limits = limits
        self._pipe, end = os.pipe()
        parent = os.getpid()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads
                self._process = os.fork()
        except OSError:
            os.close(self._pipe)
            raise
        else:
            if self._process == 0:
                _serve(calls, end, parent, self._mebibytes)
        finally:
            os.close(end)

    def __enter__(self) -> _Child[T]:
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()
        os.close(self._pipe)

    @property
    def _mebibytes(self) -> int:
        return self._limits.mebibytes or MEMORY

    def answer(self, meanwhile: Callable[[], None]) -> T | Failure:
        """The next answer, or why there is none: it took too long, or the process died."""
        deadline = time.monotonic() + min(self._limits.seconds, LONGEST)
        received = bytearray()
        wanted = HEADER.size
        while len(received) < wanted:
            meanwhile()
            left = deadline - time.monotonic()
            if not select.select([self._pipe], [], [], max(0.0, min(left, PATIENCE)))[0]:
                if left <= 0:
                    self._end()
                    seconds = self._limits.seconds
                    return Failure(f"the exact side did not end within {seconds:g} s (--timeout)")
                continue
            chunk = os.read(self._pipe, min(wanted - len(received), CHUNK))
            if not chunk:
                return Failure(self._told_by(self._end()))
            received += chunk
            if len(received) == HEADER.size:
                wanted += HEADER.unpack(received)[0]
        answer: T | Failure = pickle.loads(memoryview(received)[HEADER.size :])
        return answer

    def _told_by(self, status: int) -> str:
        """What the end of the process says."""
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        limit = f"it may have {self._mebibytes} MiB (--memory)"
        return f"the exact side {how}; {limit}"

    def _end(self) -> int:
        """Kill the process if it still runs; its exit status, or minus the signal."""
        self.is_lost = True
        if not self._process:
            return 0
        process, self._process = self._process, 0
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        with suppress(ChildProcessError):
            return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        return 0


def _serve(calls: Sequence[Callable[[], Any]], pipe: int, parent: int, mebibytes: int) -> NoReturn:
    """Make the calls, send each answer, and leave without a trace of what the parent has open."""
    try:
        _settle(pipe, parent)
        _limit_memory(mebibytes)
        for call in calls:
            answer = _attempt(call)
            try:
                packed = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
            except Exception as error:
                packed = pickle.dumps(Failure(f"the exact side fails, {describe(error)}"))
            _write(pipe, HEADER.pack(len(packed)))
            _write(pipe, packed)
        os._exit(0)
    finally:
        os._exit(1)  # no handler of the parent's runs, and nothing of its buffers is written twice


def _write(pipe: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(pipe, view) :]


def _settle(pipe: int, parent: int) -> None:
    """Become a process of its own, that ends when the parent does and keeps nothing of it open.

    Raises:
        RuntimeError: the parent is gone already.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the parent, which ends this
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        raise RuntimeError("the parent is gone")
    gc.freeze()  # nothing of the parent's is finalized here, nor its memory touched
    most = os.sysconf("SC_OPEN_MAX")
    os.closerange(3, pipe)  # a worker whose pipe were open here would not see the parent close it
    os.closerange(pipe + 1, most if most > 0 else 2**16)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 2)  # where GMP and FLINT say that there is no memory
    sys.stdout = os.fdopen(1, "w", buffering=1)  # a lock of the old one may be held
    sys.stderr = os.fdopen(2, "w")


def _limit_memory(mebibytes: int) -> None:
    """Let the process have some MiB more than it has, where the system can (Linux)."""
    try:
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[0])
    except OSError:
        return
    limit = pages * os.sysconf("SC_PAGE_SIZE") + mebibytes * 2**20
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))
