"""The pool: one worker process per framework, all asked the same, their answers in one stream.

What goes wrong with one worker (see :mod:`numeric.conversation`) the others never notice.
"""

from __future__ import annotations

import asyncio
import importlib.util
import pkgutil
import queue
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from court.records import Event, Finished, Problem
from numeric import frameworks
from numeric.conversation import Conversation

WORKER = Path(__file__).with_name("worker.py")
REQUIRED = ("numpy", "torch", "tensorflow")
"""The frameworks that every installation has; the others are extras."""


def known_frameworks() -> list[str]:
    """The frameworks that have a file in ``numeric/frameworks``, the required ones first."""
    names = sorted(module.name for module in pkgutil.iter_modules(frameworks.__path__))
    return sorted(names, key=lambda name: REQUIRED.index(name) if name in REQUIRED else 99)


def is_installed(framework: str) -> bool:
    """Whether the framework's module can be found; nothing is imported."""
    return importlib.util.find_spec(framework) is not None


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
        self._workers = [Conversation(name, self._events.put, timeout) for name in names]
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
        for worker in self._workers:
            self._send(worker, msgspec.to_builtins(problem))

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

    def _send(self, worker: Conversation, request: dict[str, Any] | None) -> None:
        self._loop.call_soon_threadsafe(worker.requests.put_nowait, request)
