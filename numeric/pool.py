"""The pool: one worker process per framework, all asked the same, their answers in one stream.

A worker may crash, hang, flood its output or print rubbish.  It is then killed, and each route that
it still owes comes back as a report that says so.  The other workers never notice.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import pkgutil
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from court.records import Event, Excerpt, Finished, Problem, Reported, Started
from numeric import frameworks, transport

WORKER = Path(__file__).with_name("worker.py")
LINE_LIMIT = 2**26
"""Longest answer in bytes: room for the gradient at n = 2000; a flood ends there."""
STDERR_KEPT = 2000
GRACE = 2.0
"""Seconds that a worker has to exit by itself once it has closed its output."""
REQUIRED = ("numpy", "torch", "tensorflow")
"""The frameworks that every installation has; the others are extras."""
QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
"""Workers compute on the CPU with one thread each: the cores are shared out among the workers."""


def known_frameworks() -> list[str]:
    """The frameworks that have a file in ``numeric/frameworks``, the required ones first."""
    names = sorted(module.name for module in pkgutil.iter_modules(frameworks.__path__))
    return sorted(names, key=lambda name: REQUIRED.index(name) if name in REQUIRED else 99)


def is_installed(framework: str) -> bool:
    """Whether the framework's module can be found; nothing is imported."""
    return importlib.util.find_spec(framework) is not None


class WorkerError(RuntimeError):
    """A worker is of no more use: it died, was silent too long, or said what is no answer."""


class _Worker:
    """The conversation with one worker process, run inside the pool's event loop."""

    def __init__(self, framework: str, emit: Callable[[Event], None], timeout: float) -> None:
        self.framework = framework
        self.requests: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.process: asyncio.subprocess.Process | None = None
        self._emit = emit
        self._timeout = timeout
        self._version = ""
        self._routes: dict[str, list[str]] = {}
        self._open: dict[int, dict[str, Any]] = {}
        self._answered: set[tuple[int, str]] = set()
        self._complaint = ""
        self._closed = False

    async def run(self, argv: Sequence[str]) -> None:
        """Start the process, pass it the requests until there are no more, and see it off."""
        try:
            self.process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=LINE_LIMIT,
                env=os.environ | QUIET,
                start_new_session=True,
            )
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
            self._check_nothing_is_open(status)
        except (WorkerError, OSError) as error:
            await self._owe(str(error))
        finally:
            self._emit(Finished(self.framework))

    def kill(self) -> None:
        """Kill the process and all that it started."""
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    async def _write(self, pipe: asyncio.StreamWriter) -> None:
        try:
            while (request := await self.requests.get()) is not None:
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
            if "hello" in answer:
                self._version = str(answer["hello"]["version"])
                self._routes = dict(answer["hello"]["routes"])
                self._emit(Started(self.framework, self._version, self._routes))
            elif "busy" in answer:
                pass  # it is not silent, which is all that this says
            elif "done" in answer:
                request = self._open.pop(answer["done"])
                if "document" in answer:
                    self._emit(Excerpt(self.framework, request["document"], answer["document"]))
            else:
                self._answered.add((answer["problem"], answer["route"]))
                self._emit(self._reported(answer))
        except (ValueError, KeyError, TypeError, AttributeError):
            said = line[:60].decode(errors="replace").strip()
            raise WorkerError(f"the worker printed what is no answer: {said!r}") from None

    def _reported(self, answer: dict[str, Any]) -> Reported:
        if answer["problem"] not in self._open:
            raise ValueError("an answer to what was not asked")
        about = (answer["problem"], self.framework, self._version, str(answer["route"]))
        if "error" in answer:
            declined = bool(answer["declined"])
            return Reported(*about, error=str(answer["error"]), declined=declined)
        forward = answer.get("forward", {})
        return Reported(
            *about,
            dtype=str(answer["dtype"]),
            value=float(answer["value"]),
            gradient=transport.unpack(answer["gradient"]),
            reads=answer["reads"],
            forward=transport.unpack(forward) if "real" in forward else None,
            forward_error=str(forward.get("error", "")),
        )

    def _check_nothing_is_open(self, status: int) -> None:
        if self._open or not self._version:
            last = self._complaint.strip().splitlines()
            why = f": {last[-1][:200]}" if last else ""
            how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
            raise WorkerError(f"the worker {how}{why}")

    async def _owe(self, why: str) -> None:
        """One failed report for each route that is owed, now and until nothing more is asked."""
        for request in self._open.values():
            self._fail(request, why)
        while not self._closed:
            late = await self.requests.get()
            if late is None:
                self._closed = True
            else:
                self._fail(late, why)

    def _fail(self, request: dict[str, Any], why: str) -> None:
        if "function" not in request:
            return
        family = request["function"].split("[")[0]
        for route in self._routes.get(family, ["(every route)"]):
            if (request["id"], route) not in self._answered:
                about = (request["id"], self.framework, self._version, route)
                self._emit(Reported(*about, error=why, worker_died=True))


class Pool:
    """All the workers; a context manager that leaves no process behind.

    Ask everything, then iterate over :meth:`events`, which ends when every worker has finished.
    """

    def __init__(
        self,
        names: Sequence[str],
        timeout: float,
        files: Sequence[str] = (),
        interpreter: str = sys.executable,
    ) -> None:
        """Start one worker per framework name; ``timeout`` is the longest silence in seconds.

        ``files`` are users' own matrix functions.
        """
        self._events: queue.Queue[Event] = queue.Queue()
        self._loop = asyncio.new_event_loop()
        self._workers = [_Worker(name, self._events.put, timeout) for name in names]
        own = [str(Path(file).resolve()) for file in files]
        self._commands = [[interpreter, str(WORKER), name, *own] for name in names]
        self._working = len(names)
        self._next_document = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        async def everyone() -> None:
            pairs = zip(self._workers, self._commands, strict=True)
            await asyncio.gather(*(worker.run(argv) for worker, argv in pairs))

        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(everyone())
        self._loop.close()

    def __enter__(self) -> Pool:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self._workers:
            worker.kill()
        if self._thread.is_alive():
            self.close()
            self._thread.join(timeout=10)

    def ask(self, problem: Problem) -> None:
        """Put one problem to every worker."""
        X = np.array(problem.matrix)
        if problem.imaginary is not None:
            X = X + 1j * np.array(problem.imaginary)
        request = msgspec.to_builtins(msgspec.structs.replace(problem, matrix=[], imaginary=None))
        request["matrix"] = transport.pack(X)
        for worker in self._workers:
            self._send(worker, request)

    def look_up(self, framework: str, name: str) -> None:
        """Ask one framework for the docstring of a public call: an :class:`Excerpt`."""
        self._next_document -= 1
        for worker in self._workers:
            if worker.framework == framework:
                self._send(worker, {"id": self._next_document, "document": name})

    def close(self) -> None:
        """Nothing more will be asked."""
        if not self._closed:
            self._closed = True
            for worker in self._workers:
                self._send(worker, None)

    def events(self, wait: bool = True) -> Iterator[Event]:
        """What the workers say, as it comes, until all have finished.

        Without ``wait``, what they have said already.
        """
        while self._working:
            try:
                event = self._events.get(wait)
            except queue.Empty:
                return
            self._working -= isinstance(event, Finished)
            yield event

    def _send(self, worker: _Worker, request: dict[str, Any] | None) -> None:
        self._loop.call_soon_threadsafe(worker.requests.put_nowait, request)
