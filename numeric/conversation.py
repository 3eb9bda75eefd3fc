"""The conversation with one worker process: what it is asked, and what its lines mean.

A worker may crash, hang, flood its output or print rubbish.  It is then killed, and each route that
it still owes comes back as a report that says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import resource
import signal
from collections.abc import Callable, Sequence
from typing import Any, get_args

from court.data import plain
from court.records import (
    Answered,
    Event,
    Excerpt,
    Finished,
    Mode,
    Nearby,
    Reads,
    Reported,
    Started,
)
from numeric import interpreters, transport
from numeric.environments import variables

LINE_LIMIT = 2**26
"""Longest answer in bytes: room for the gradient at n = 2000; a flood ends there."""
STDERR_KEPT = 2000
GRACE = 2.0
"""Seconds that a worker has to exit by itself once it has closed its output."""
QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "THEANO_FLAGS": "cxx=",
    "MXNET_ENGINE_TYPE": "NaiveEngine",
}
"""Workers compute on the CPU with one thread each: the cores are shared out among the workers.

Theano waits for no compiler of C, and MXNet raises an error in the call that made it.
"""


ERROR = re.compile(r"[\w.]*(Error|Exception|Exit)\b")
"""How the line of a traceback begins that tells the error; more may have been printed after it."""
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What the reading of a line raises that is no answer."""


class WorkerError(RuntimeError):
    """A worker is of no more use: it died, was silent too long, or said what is no answer."""


class Conversation:
    """The conversation with one worker process, run inside the pool's event loop.

    Every line that belongs to problems, once it is understood, goes to ``record``, and then every
    event to ``emit``.  With ``at_once`` the process is started before anything is asked.
    ``memory`` limits its address space, in MiB.
    """

    def __init__(
        self,
        framework: str,
        emit: Callable[[Event], None],
        record: Callable[[str, bytes], None],
        timeout: float,
        at_once: bool = True,
        memory: int | None = None,
    ) -> None:
        self.framework = framework
        self.process: asyncio.subprocess.Process | None = None
        self._requests: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._emit = emit
        self._record = record
        self._timeout = timeout
        self._memory = memory
        self._needed = at_once
        self._first = asyncio.Event()
        self._killed = False
        self._python = ""
        self._imported = False
        self._version = ""
        self._routes: dict[str, list[str]] = {}
        self._open: dict[int, dict[str, Any]] = {}
        self._answered: set[tuple[int, str]] = set()
        self._complaint = ""
        self._closed = False

    def ask(self, request: dict[str, Any] | None) -> None:
        """Queue a request; nothing is the end of them.  To be called in the event loop."""
        self._needed |= request is not None
        self._requests.put_nowait(request)
        self._first.set()

    async def run(self, argv: Sequence[str], places: asyncio.Semaphore) -> None:
        """See the process through once there is a place for it, if it is needed at all."""
        try:
            if not self._needed:
                await self._first.wait()
            if self._needed:
                async with places:
                    if not self._killed:
                        await self._converse(argv)
        except (WorkerError, OSError) as error:
            await self._owe(str(error))
        except Exception as error:  # of whatever kind, it costs the rows of this worker alone
            await self._owe(f"the worker cannot be asked, {type(error).__name__}: {error}")
        finally:
            self._emit(Finished(self.framework))

    async def _start(self, argv: Sequence[str]) -> None:
        self._python = argv[0]
        is_other = interpreters.is_other(self.framework)
        inherited = variables() if is_other else os.environ
        try:
            self.process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=LINE_LIMIT,
                env={**inherited, **QUIET},
                start_new_session=True,
            )
        except OSError as error:
            raise self._lost(str(error), is_python=False) from error

    async def _converse(self, argv: Sequence[str]) -> None:
        """Start the process, pass it the requests until there are no more, and see it off."""
        await self._start(argv)
        assert self.process is not None
        if self._killed:  # while it was being started
            self.kill()
        elif self._memory is not None:
            limit_memory(self.process.pid, self._memory)
        stdin, stdout, stderr = self.process.stdin, self.process.stdout, self.process.stderr
        if stdin is None or stdout is None or stderr is None:
            raise WorkerError("the worker has no pipes")
        side = [
            asyncio.create_task(self._listen_to_complaints(stderr)),
            asyncio.create_task(self._write(stdin)),
        ]
        try:
            await self._read(stdout)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.process.wait(), GRACE)
        finally:
            self.kill()
            status = await self.process.wait()
            side[1].cancel()
            await asyncio.wait(side, timeout=1)
        self._check_nothing_is_owed(status)

    def kill(self) -> None:
        """Kill the process and all that it started; if it is not started yet, it will not be."""
        self._killed = True
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    async def _write(self, pipe: asyncio.StreamWriter) -> None:
        try:
            while (request := await self._requests.get()) is not None:
                self._open[request["id"]] = request
                pipe.write(json.dumps(request).encode() + b"\n")
                await pipe.drain()
            self._closed = True
            pipe.close()
        except (BrokenPipeError, ConnectionResetError):
            pass  # the reader sees the end of the output

    async def _listen_to_complaints(self, pipe: asyncio.StreamReader) -> None:
        while chunk := await pipe.read(2**16):
            self._complaint = (self._complaint + chunk.decode(errors="replace"))[-STDERR_KEPT:]

    async def _read(self, pipe: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await asyncio.wait_for(pipe.readline(), self._timeout)
            except asyncio.TimeoutError:
                if self._open or not self._version:
                    raise WorkerError(f"the worker was silent for {self._timeout:g} s") from None
                continue
            except ValueError:
                raise WorkerError(f"the worker printed over {LINE_LIMIT} bytes at once") from None
            if not line:
                return
            self._understand(line)

    def _understand(self, line: bytes) -> None:
        try:
            answer = json.loads(line)
            if "imported" in answer:
                self._check_version(str(answer["imported"]))
            elif "hello" in answer:
                hello = started(self.framework, answer)
                self._check_version(hello.version)
                self._version, self._routes = hello.version, hello.routes
                self._record(self.framework, line)
                self._emit(hello)
            elif "busy" in answer:
                pass  # it is not silent, which is all that this says
            elif "done" in answer:
                request = self._open.pop(answer["done"])
                if "document" in answer:
                    self._emit(Excerpt(self.framework, request["document"], answer["document"]))
                else:
                    self._record(self.framework, line)
                    self._emit(Answered(self.framework, answer["done"]))
            else:
                if answer["problem"] not in self._open:
                    raise ValueError("an answer to what was not asked")
                report = reported(self.framework, self._version, answer)
                self._answered.add((answer["problem"], answer["route"]))
                self._record(self.framework, line)
                self._emit(report)
        except MALFORMED:
            said = line[:60].decode(errors="replace").strip()
            why = f"the worker printed what is no answer: {said!r}"
            raise self._lost(why, is_python=False) from None

    def _check_version(self, said: str) -> None:
        """Check that the framework is the one that was asked for."""
        self._imported = True
        wrong = interpreters.wrong_version(self.framework, self._python, said)
        if wrong:
            raise WorkerError(wrong)

    def _lost(self, why: str, is_python: bool) -> WorkerError:
        """The end of the process; ``is_python`` tells whether it was one that ran at all."""
        if self._imported or not interpreters.is_other(self.framework):
            return WorkerError(why)
        return WorkerError(interpreters.not_started(self.framework, self._python, why, is_python))

    def _check_nothing_is_owed(self, status: int) -> None:
        if self._open or not self._version or not self._closed:
            lines = self._complaint.strip().splitlines() or [""]
            errors = [line for line in lines if ERROR.match(line)]
            is_here = not interpreters.is_other(self.framework)
            is_python = is_here or self._imported or status < 0 or bool(errors)
            told = errors[-1] if errors else lines[-1 if is_python else 0]
            how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
            raise self._lost(f"the worker {how}{told and ': ' + told[:200]}", is_python)

    async def _owe(self, why: str) -> None:
        """One failed report for each route that is owed, now and until nothing more is asked."""
        for request in self._open.values():
            self._fail(request, why)
        while not self._closed:
            late = await self._requests.get()
            if late is None:
                self._closed = True
            else:
                self._fail(late, why)

    def _fail(self, request: dict[str, Any], why: str) -> None:
        if "function" not in request:
            return
        family = request["function"].split("[")[0]
        for route in self._routes.get(family, ["(every route)"]):
            asked = request["route"] in ("", route)
            if asked and (request["id"], route) not in self._answered:
                about = (request["id"], self.framework, self._version, route)
                self._emit(Reported(*about, error=why, worker_died=True))


def limit_memory(process: int, mebibytes: int) -> None:
    """Set the address space that a process may have, where the system can (Linux)."""
    if hasattr(resource, "prlimit"):
        limit = mebibytes * 2**20
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(process, resource.RLIMIT_AS, (limit, limit))


def started(framework: str, answer: dict[str, Any]) -> Started:
    """What a worker's first line means; raises one of ``MALFORMED`` if it is no such line."""
    version, routes = answer["hello"]["version"], answer["hello"]["routes"]
    named = {plain(f): [plain(route) for route in known] for f, known in routes.items()}
    return Started(framework, plain(version), named)


def reported(framework: str, version: str, answer: dict[str, Any]) -> Reported:
    """What a worker's line about one route means; raises likewise."""
    about = (answer["problem"], framework, version, plain(answer["route"]))
    mode: Mode = "forward" if "mode" in answer else "reverse"
    if "error" in answer:
        return Reported(
            *about,
            mode=mode,
            error=plain(answer["error"]),
            declined=bool(answer["declined"]),
            worker_died=bool(answer["exhausted"]),
        )
    if answer["reads"] not in (None, *get_args(Reads)):
        raise ValueError("it is not said what the route reads")
    slopes, second = answer.get("entrywise"), answer.get("again")
    shared = {"problem": answer["problem"], "route": answer["route"], "reads": answer["reads"]}
    return Reported(
        *about,
        mode=mode,
        dtype=plain(answer["dtype"]),
        value=float(answer["value"]),
        gradient=transport.unpack(answer["gradient"]),
        reads=answer["reads"],
        entrywise=transport.unpack(slopes) if slopes else None,
        again=reported(framework, version, {**second, **shared}) if second else None,
        nearby=tuple(_nearby(said) if said else None for said in answer.get("nearby", ())),
    )


def _nearby(said: dict[str, Any]) -> Nearby:
    """What a worker says of one nearby matrix; raises likewise."""
    return Nearby(float(said["value"]), transport.unpack(said["gradient"]))
