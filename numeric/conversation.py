"""The conversation with one worker: what it is asked, and what its lines mean.

A worker may crash, hang, flood its output or print rubbish.  It is then killed, the route that it
was asked comes back as a report that says so, and it is started again and asked the rest.  A worker
that settles nothing before it is lost is not started again: all that it still owes comes back so.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, get_args

from symgrad.court.data import plain
from symgrad.court.formats import PRODUCTS
from symgrad.court.names import family
from symgrad.court.questions import (
    Answered,
    Device,
    Event,
    Excerpt,
    Finished,
    Mode,
    Reads,
    Reported,
    Started,
)
from symgrad.numeric import compiled, interpreters, transport
from symgrad.numeric.environments import variables
from symgrad.numeric.process import Process

LINE_LIMIT = 2**26
"""Longest answer in bytes: room for the gradient at n = 2000; a flood ends there."""
STDERR_KEPT = 2000
LIVES = 3
"""A route that has cost so many processes is not asked again."""
THREADS = os.environ.get("SYMGRAD_THREADS", "1")
QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "OMP_NUM_THREADS": THREADS,
    "OPENBLAS_NUM_THREADS": THREADS,
    "MKL_NUM_THREADS": THREADS,
    "THEANO_FLAGS": "cxx=",
    "AESARA_FLAGS": "cxx=",
    "MXNET_ENGINE_TYPE": "NaiveEngine",
    "JAX_TRACEBACK_FILTERING": "off",
}
"""Workers compute on the CPU with one thread each, as the cores are shared out among the workers;
``SYMGRAD_THREADS`` in the environment says otherwise.

Theano and Aesara wait for no compiler of C, MXNet raises an error in the call that made it, and
JAX shows which of its own functions raised one.
"""


YIELDING = 5
"""The niceness of a worker that yields to another: it has a third of that one's time."""
ON = {
    "cpu": {"CUDA_VISIBLE_DEVICES": "", transport.DEVICE: "cpu"},
    "cuda": {"XLA_PYTHON_CLIENT_PREALLOCATE": "false", transport.DEVICE: "cuda"},
}
"""What tells a worker its device; of that no framework takes more than it needs, as they share
it."""
ERROR = re.compile(r"[\w.]*(Error|Exception|Exit)\b")
"""How the line of a traceback begins that tells the error; more may have been printed after it."""
FAULTS = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
"""By which a process ends that code is at fault in; by SIGABRT it ends for want of memory too."""
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)
"""What the reading of a line raises that is no answer."""


class WorkerError(RuntimeError):
    """A worker process is of no more use: it died, was silent too long, or said no answer."""


class CrashError(WorkerError):
    """It died of a fault, as it would anywhere, of the code that it ran."""


class Asked(NamedTuple):
    """The route that a worker said it was about to ask."""

    problem: int
    route: str
    mode: Mode


class Conversation:
    """The conversation with one worker, run inside the pool's event loop.

    Every line that belongs to problems, once it is understood, goes to ``record``, and then every
    event to ``emit``.  With ``at_once`` the process is started before anything is asked.
    ``memory`` limits its address space, in MiB; one that ``yields`` has less of the processor where
    others want it too.
    """

    def __init__(
        self,
        framework: str,
        emit: Callable[[Event], None],
        record: Callable[[str, bytes], None],
        timeout: float,
        at_once: bool = True,
        memory: int | None = None,
        yields: bool = False,
        device: Device = "cpu",
    ) -> None:
        self.framework = framework
        self.process: Process | None = None
        self._requests: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._emit = emit
        self._record = record
        self._timeout = timeout
        self._memory = memory
        self._yields = yields
        self._device: Device = device
        self._needed = at_once
        self.is_lost = False
        self._first = asyncio.Event()
        self._killed = False
        self._python = ""
        self._imported = False
        self._version = ""
        self._hello: Started | None = None
        self._open: dict[int, dict[str, Any]] = {}
        self._answered: defaultdict[int, set[Asked]] = defaultdict(set)
        self._costly: Counter[tuple[str, str]] = Counter()
        self._crashes: Counter[tuple[str, str]] = Counter()
        self._incomplete: set[int] = set()
        self._closed = False
        self._begin()

    def _begin(self) -> None:
        """Forget what was about the last process alone."""
        self._greeted = False
        self._settled = False
        self._asked: Asked | None = None
        self._complaint = ""

    def ask(self, request: dict[str, Any] | None) -> None:
        """Queue a request; nothing is the end of them.  To be called in the event loop."""
        self._needed |= request is not None
        self._requests.put_nowait(request)
        self._first.set()

    async def run(self, argv: Sequence[str], places: asyncio.Semaphore) -> None:
        """See the worker through once there is a place for it, if it is needed at all."""
        try:
            if not self._needed:
                await self._first.wait()
            if self._needed:
                async with places:
                    while not self._killed and await self._live(argv):
                        pass
        except (WorkerError, OSError) as error:
            await self._owe(str(error))
        except Exception as error:  # of whatever kind, it costs the rows of this worker alone
            await self._owe(f"the worker cannot be asked, {type(error).__name__}: {error}")
        finally:
            self._emit(Finished(self.framework))

    async def _live(self, argv: Sequence[str]) -> bool:
        """See one process through; whether it was lost, and another is to be asked the rest.

        Raises:
            WorkerError: it was lost with nothing settled, and the next one would be likewise.
        """
        self._begin()
        try:
            await self._converse(argv)
        except WorkerError as error:
            if self._greeted and not self._killed:
                self._blame(error)
            if self._killed or not self._settled:
                raise
            return True
        return False

    def _blame(self, error: WorkerError) -> None:
        """The failed report of the route that the process was asked when it was lost."""
        asked = self._asked
        if asked is None or asked in self._answered[asked.problem]:
            return
        crashed = isinstance(error, CrashError)
        about = (self._open[asked.problem]["function"], asked.route)
        self._costly[about] += 1
        self._crashes[about] += crashed
        self._report_lost(asked, str(error), crashed)
        self._settled = True

    def _report_lost(self, asked: Asked, why: str, crashed: bool = False) -> None:
        """A failed report; the journal will not have its problem, which is to be asked again."""
        self._answered[asked.problem].add(asked)
        self._incomplete.add(asked.problem)
        about = (asked.problem, self.framework, self._version, asked.route)
        self._emit(Reported(*about, mode=asked.mode, error=why, worker_died=True, crashed=crashed))

    async def _converse(self, argv: Sequence[str]) -> None:
        """Start the process, pass it the requests until there are no more, and see it off."""
        self._python = argv[0]
        is_other = interpreters.is_other(self.framework)
        inherited = variables() if is_other else os.environ
        try:
            environment = {**inherited, **compiled.variables(), **QUIET, **ON[self._device]}
            process = await Process.start(
                argv, environment, LINE_LIMIT, self._memory, YIELDING if self._yields else 0
            )
        except OSError as error:
            raise self._lost(str(error), is_python=False) from error
        self.process = process
        if self._killed:  # while it was being started
            process.release()
        side = [
            asyncio.create_task(self._listen_to_complaints(process.stderr)),
            asyncio.create_task(self._write(process.stdin)),
        ]
        try:
            await self._read(process.stdout)
            await process.leave()
        finally:
            status = await process.end()
            side[1].cancel()
            await asyncio.wait(side, timeout=1)
            side[0].cancel()
        self._check_nothing_is_owed(status)

    def kill(self) -> None:
        """Kill the process and all that it started; if it is not started yet, it will not be."""
        self._killed = True
        if self.process is not None:
            self.process.release()

    async def _write(self, pipe: asyncio.StreamWriter) -> None:
        """Pass on the requests, first those that a process before this one has not answered."""
        try:
            for owed in [*self._open.values()]:
                await self._pass_on(pipe, owed)
            while not self._closed and (request := await self._requests.get()) is not None:
                self._open[request["id"]] = request
                await self._pass_on(pipe, request)
            self._closed = True
            pipe.close()
        except (BrokenPipeError, ConnectionResetError):
            pass  # the reader sees the end of the output

    async def _pass_on(self, pipe: asyncio.StreamWriter, request: dict[str, Any]) -> None:
        self._spare(request)
        settled = sorted({asked.route for asked in self._answered[request["id"]]})
        pipe.write(json.dumps({**request, "settled": settled}).encode() + b"\n")
        await pipe.drain()

    def _spare(self, request: dict[str, Any]) -> None:
        """Settle the routes that have cost too many processes to be asked again."""
        for route in self._owed(request):
            about = (request["function"], route)
            if self._costly[about] >= LIVES:
                why = f"not asked: at {LIVES} matrices before this one it ended its worker"
                asked = Asked(request["id"], route, first_mode(request))
                self._report_lost(asked, why, self._crashes[about] == self._costly[about])

    async def _listen_to_complaints(self, pipe: asyncio.StreamReader) -> None:
        while chunk := await pipe.read(2**16):
            self._complaint = (self._complaint + chunk.decode(errors="replace"))[-STDERR_KEPT:]

    async def _read(self, pipe: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await asyncio.wait_for(pipe.readline(), self._timeout)
            except asyncio.TimeoutError:
                if self._open or not self._greeted:
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
                self._version, self._hello, self._greeted = hello.version, hello, True
                if hello.lacks:
                    self._emit(hello)
                    raise WorkerError(hello.lacks)
                self._record(self.framework, line)
                self._emit(hello)
            elif "busy" in answer:
                pass  # it is not silent, which is all that this says
            elif "asks" in answer:
                self._asked = self._about_to_ask(answer)
            elif "done" in answer:
                request = self._open.pop(answer["done"])
                self._settled, self._asked = True, None
                if "document" in answer:
                    self._emit(Excerpt(self.framework, request["document"], answer["document"]))
                else:
                    if answer["done"] not in self._incomplete:
                        self._record(self.framework, line)
                    self._incomplete.discard(answer["done"])
                    self._answered.pop(answer["done"], None)  # the number may be asked anew
                    self._emit(Answered(self.framework, answer["done"]))
            else:
                if answer["problem"] not in self._open:
                    raise ValueError("an answer to what was not asked")
                report = reported(self.framework, self._version, answer)
                answered = self._answered[report.problem]
                answered.add(Asked(report.problem, report.route, report.mode))
                self._settled = True
                self._record(self.framework, line)
                self._emit(report)
        except MALFORMED:
            said = line[:60].decode(errors="replace").strip()
            why = f"the worker printed what is no answer: {said!r}"
            raise self._lost(why, is_python=False) from None

    def _about_to_ask(self, answer: dict[str, Any]) -> Asked:
        if answer["asks"] not in self._open or answer["mode"] not in get_args(Mode):
            raise ValueError("it is not what was to be asked")
        return Asked(answer["asks"], plain(answer["route"]), answer["mode"])

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
        if self._open or not self._greeted or not self._closed:
            lines = self._complaint.strip().splitlines() or [""]
            errors = [line for line in lines if ERROR.match(line)]
            is_here = not interpreters.is_other(self.framework)
            is_python = is_here or self._imported or status < 0 or bool(errors)
            told = errors[-1] if errors else lines[-1 if is_python else 0]
            how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
            lost = self._lost(f"the worker {how}{told and ': ' + told[:200]}", is_python)
            raise CrashError(str(lost)) if -status in FAULTS else lost

    async def _owe(self, why: str) -> None:
        """One failed report for each route that is owed, now and until nothing more is asked."""
        self.is_lost = True
        while self._open:
            self._fail(self._open.pop(next(iter(self._open))), why)
        while not self._closed:
            late = await self._requests.get()
            if late is None:
                self._closed = True
            else:
                self._fail(late, why)

    def _fail(self, request: dict[str, Any], why: str) -> None:
        for route in self._owed(request):
            self._report_lost(Asked(request["id"], route, first_mode(request)), why)
        if "function" in request:
            self._emit(Answered(self.framework, request["id"]))

    def _owed(self, request: dict[str, Any]) -> list[str]:
        """The routes of a problem that have not been answered; one in their place if none is known.

        A docstring is owed by none.
        """
        if "function" not in request:
            return []
        answered = {asked.route for asked in self._answered[request["id"]]}
        return [route for route in routes_of(request, self._hello) if route not in answered]


def routes_of(request: dict[str, Any], hello: Started | None) -> list[str]:
    """The routes that are asked of a worker which said ``hello``; "(every route)" if none did."""
    known = hello.routes.get(family(request["function"]), []) if hello else ["(every route)"]
    named, asked = request["route"], {*request["executions"]}
    ways = [way for way in hello.executions if named or asked & {way, "all"}] if hello else []
    known = [*known, *(f"{way}: {route}" for way in ways for route in known)]
    return [route for route in known if named in ("", route)]


def first_mode(request: dict[str, Any]) -> Mode:
    """In which mode a route is asked first."""
    return "reverse over reverse" if request["query"]["operator"] == "hvp" else "reverse"


def started(framework: str, answer: dict[str, Any]) -> Started:
    """What a worker's first line means; raises one of ``MALFORMED`` if it is no such line."""
    version, routes = answer["hello"]["version"], answer["hello"]["routes"]
    named = {plain(f): [plain(route) for route in known] for f, known in routes.items()}
    executions = [plain(name) for name in answer["hello"].get("executions", ())]
    modes = [plain(name) for name in answer["hello"].get("modes", ())]
    device, lacks = (plain(answer["hello"].get(key, "")) for key in ("device", "lacks"))
    return Started(framework, plain(version), named, executions, modes, device, lacks)


def reported(framework: str, version: str, answer: dict[str, Any]) -> Reported:
    """What a worker's line about one route means; raises likewise."""
    about = (answer["problem"], framework, version, plain(answer["route"]))
    mode = answer.get("mode", "reverse")
    if mode not in get_args(Mode):
        raise ValueError("it is not said how it was differentiated")
    products = answer.get("products", "")
    if products not in ("", "float32", *PRODUCTS):
        raise ValueError("it is no format in which anybody multiplies")
    if "error" in answer:
        return Reported(
            *about,
            mode=mode,
            products=products,
            error=plain(answer["error"]),
            declined=bool(answer["declined"]),
            worker_died=bool(answer["exhausted"]),
        )
    if answer["reads"] not in (None, *get_args(Reads)):
        raise ValueError("it is not said what the route reads")
    slopes, second = answer.get("entrywise"), answer.get("again")
    shared = {key: answer[key] for key in ("problem", "route", "reads")}
    shared["products"] = products
    return Reported(
        *about,
        mode=mode,
        dtype=plain(answer["dtype"]),
        value=float(answer["value"]),
        gradient=transport.unpack(answer["gradient"]),
        reads=answer["reads"],
        entrywise=transport.unpack(slopes) if slopes else None,
        again=reported(framework, version, {**second, **shared}) if second else None,
        products=products,
    )
