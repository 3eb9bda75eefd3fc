"""A worker's process under its keeper, started, let go and ended from the pool's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

KEEPER = Path(__file__).with_name("keeper.py")
GRACE = 2.0
"""Seconds that a worker has to exit by itself once it has closed its output, and its keeper to end
it when it is told to."""


class Process:
    """A process whose pipes are the worker's, and which ends with all that the worker started.

    It does so when the lifeline is closed: by :meth:`release`, or because this process has ended.
    """

    def __init__(self, keeper: asyncio.subprocess.Process, lifeline: int) -> None:
        self._keeper = keeper
        self._lifeline: int | None = lifeline
        if keeper.stdin is None or keeper.stdout is None or keeper.stderr is None:
            raise OSError("the worker has no pipes")
        self.stdin, self.stdout, self.stderr = keeper.stdin, keeper.stdout, keeper.stderr

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        environment: Mapping[str, str],
        limit: int,
        memory: int | None,
        niceness: int = 0,
    ) -> Process:
        """Start the worker ``argv``.

        ``limit`` is the longest line in bytes that can be read of it, ``memory`` its address space
        in MiB, and ``niceness`` that of nice(1).

        Raises:
            OSError: the system has no room for another process.
        """
        kept, lifeline = os.pipe()
        numbers = map(str, (kept, memory or 0, niceness))
        keeping = (sys.executable, "-I", "-S", str(KEEPER), *numbers)
        try:
            keeper = await asyncio.create_subprocess_exec(
                *keeping,
                *argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=limit,
                env=environment,
                start_new_session=True,
                pass_fds=(kept,),
            )
        except BaseException:
            os.close(lifeline)
            raise
        finally:
            os.close(kept)
        return cls(keeper, lifeline)

    @property
    def has_ended(self) -> bool:
        """Whether nothing of it is left."""
        return self._keeper.returncode is not None

    def release(self) -> None:
        """Let the worker be killed, and all that it started."""
        lifeline, self._lifeline = self._lifeline, None
        if lifeline is not None:
            os.close(lifeline)

    async def leave(self) -> None:
        """Wait for the worker to exit by itself."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._keeper.wait(), GRACE)

    async def end(self) -> int:
        """See that it has ended, and how: its exit status, or minus the signal that killed it."""
        self.release()
        await self.leave()
        if not self.has_ended:
            self._keeper.kill()
        return await self._keeper.wait()
