"""The keeper: a small process between the court and a worker, which leaves nothing of it behind.

Run as ``python -I -S keeper.py LIFELINE MEBIBYTES NICENESS COMMAND …``: it runs the command, with
the address space limited to so many MiB unless they are 0, and ends as the command ends.  When that
has ended, or when the other end of the pipe LIFELINE (a file descriptor) is closed, as it is
whenever the court ends, by whatever signal, it kills all that the command started.

On Linux a process whose parent has ended becomes the keeper's child, also one in a session of its
own, and the keeper takes the worker with it if it is killed itself (prctl(2)).  Elsewhere what the
worker started is killed as far as it is in the worker's session.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import sys
from collections.abc import Iterator

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
IS_LINUX = sys.platform == "linux"
NOT_RUN = 127
"""The exit status where the command cannot be run, as it is that of a shell."""


def main(lifeline: int, mebibytes: int, niceness: int, *command: str) -> None:
    """Run the command, see it off, and end as it did."""
    os.set_inheritable(lifeline, False)
    woken = _watch_for_signals()
    _control(PR_SET_CHILD_SUBREAPER, 1)
    _control(PR_SET_PDEATHSIG, signal.SIGTERM)
    keeper = os.getpid()
    worker = os.fork()
    if worker == 0:
        _become(command, mebibytes, niceness, keeper)
    with open(os.devnull, "r+b") as nothing:  # the pipes are the worker's alone
        for stream in range(3):
            os.dup2(nothing.fileno(), stream)
    status = _wait(worker, lifeline, woken)
    _sweep(worker)
    _end_as(status)


def _watch_for_signals() -> int:
    """A file descriptor that can be read from once a child or this process is to end."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return woken


def _control(option: int, value: int) -> None:
    if IS_LINUX:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _become(command: tuple[str, ...], mebibytes: int, niceness: int, keeper: int) -> None:
    """Be the command, in a session of its own; does not return."""
    try:
        os.setsid()
        _control(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != keeper:  # it was killed before that
            os._exit(NOT_RUN)
        if mebibytes and IS_LINUX:
            resource.setrlimit(resource.RLIMIT_AS, (mebibytes * 2**20,) * 2)
        if niceness:
            _be_nice(niceness)
        os.execvp(command[0], command)
    except (OSError, ValueError) as error:
        os.write(2, f"{error}: {command[0]}".encode())
    finally:
        os._exit(NOT_RUN)


def _be_nice(niceness: int) -> None:
    """Yield to others, also where Linux shares the processor among sessions (sched(7))."""
    os.nice(niceness)
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as file:
        file.write(str(niceness))


def _wait(worker: int, lifeline: int, woken: int) -> int:
    """How the worker ended; that of one which is killed at the end of the lifeline is SIGKILL."""
    while True:
        ended = _reap(worker)
        if ended is not None:
            return ended
        ready, _, _ = select.select([lifeline, woken], [], [])
        signals = os.read(woken, 2**10) if woken in ready else b""
        if lifeline in ready or set(signals) - {signal.SIGCHLD}:
            return signal.SIGKILL


def _reap(worker: int) -> int | None:
    """See off all children that have ended; the status of the worker if it is one of them."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while True:
            process, ended = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                break
            if process == worker:
                status = ended
    return status


def _sweep(worker: int) -> None:
    """Kill all children, and those that become children thereby, until there are none."""
    if not IS_LINUX:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(worker, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            for process in _children() if IS_LINUX else ():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            os.waitpid(-1, 0)


def _children() -> Iterator[int]:
    """The children of this process; their numbers are theirs until they are waited for."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
                if parent == os.getpid():
                    yield int(entry)


def _end_as(status: int) -> None:
    """End by the same signal or with the same exit status; does not return."""
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        number = os.WTERMSIG(status)
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))


if __name__ == "__main__":
    descriptor, size, nice = map(int, sys.argv[1:4])
    main(descriptor, size, nice, *sys.argv[4:])
