"""The cluster: a scheduler of dask.distributed with its workers, as both witnesses are asked there.

What is sent, and where again if a worker is lost, is for Dask to see to.  It is imported when a
cluster is asked for, and not before.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import re
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from uuid import uuid4

from symgrad.court.errors import ClusterError

LOCAL = re.compile(r"local:([1-9]\d{0,3})")
"""So many workers on this machine."""
CONNECT = 10.0
"""Seconds that a scheduler has to answer, and to have a worker."""
LEAVE = 5.0
"""Seconds for the end of a connection."""
LOUD = ("distributed", "distributed.client", "distributed.worker", "tornado", "asyncio")
"""Who else would write to the terminal."""
SAME = ("python", "dask", "distributed", "msgpack", "cloudpickle", "tornado")
"""What the scheduler has to have in the same version, or messages may not be understood."""
CANCELLED = (asyncio.CancelledError, concurrent.futures.CancelledError)


class Cluster:
    """A connection to a cluster that has been looked at.

    ``frameworks`` are those that some worker has: the package that brings each, and its version.
    """

    def __init__(
        self, client: Any, address: str, frameworks: Mapping[str, tuple[str, str]]
    ) -> None:
        self.address = address
        self.frameworks = frameworks
        self._client = client

    @property
    def versions(self) -> dict[str, str]:
        """The versions of the packages that bring the frameworks there."""
        return dict(self.frameworks.values())

    def threads(self) -> int:
        """How many tasks it can do at once; at least one, as workers may be on their way.

        Raises:
            ClusterError: the scheduler is gone.
        """
        threads: Mapping[str, int] = self._ask(self._client.nthreads)
        return max(1, sum(threads.values()))

    def submit(self, call: Callable[..., Any], *arguments: Any, key: str, needs: str = "") -> Any:
        """A task, done where there is what it ``needs``; its future.

        Raises:
            ClusterError: the scheduler is gone.
        """
        resources = {needs: 1} if needs else None
        return self._ask(self._client.submit, call, *arguments, key=key, resources=resources)

    def result(self, future: Any) -> Any:
        """What came of a task.

        Raises:
            ClusterError: the scheduler is gone.
            Exception: what the task raised; KilledWorker if too many workers were lost with it.
        """
        if future.status == "cancelled":
            raise self._gone()
        if future.status == "error":
            raise self._ask(future.exception)
        return self._ask(future.result)

    def _ask(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        if self._client.status != "running":
            raise self._gone()
        try:
            return call(*arguments, **options)
        except (OSError, *CANCELLED) as error:  # of the connection: what a task raised is kept
            raise self._gone() from error
        except Exception as error:
            if self._client.status != "running":
                raise self._gone() from error
            raise

    def _gone(self) -> ClusterError:
        return ClusterError(f"the scheduler at {self.address} is gone")


@contextmanager
def connect(address: str) -> Iterator[Cluster]:
    """A cluster by its address, or one of N processes on this machine, ``local:N``.

    Raises:
        ClusterError: it is not there, or what it runs is not what this Python runs.
    """
    try:
        import distributed  # noqa: F401
    except ModuleNotFoundError as error:
        raise ClusterError("--cluster needs Dask: pip install 'symgrad[cluster]'") from error
    with ExitStack() as stack:
        for name in LOUD:
            logger = logging.getLogger(name)
            stack.callback(logger.setLevel, logger.level)
            logger.setLevel(logging.CRITICAL + 1)
        stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", module="distributed")
        client = stack.enter_context(_client(address, stack.enter_context(_scheduler(address))))
        try:
            _check_versions(client, address)
            _check_toolkit(client, address)
            frameworks = _frameworks(client)
            stack.enter_context(_equipped(client))
        except ClusterError:
            raise
        except Exception as error:
            raise ClusterError(f"{address}: the cluster is gone, {_cause(error)}") from error
        yield Cluster(client, address, frameworks)


@contextmanager
def _scheduler(address: str) -> Iterator[Any]:
    """The address of the scheduler, or a cluster that is started here and ended after use."""
    local = LOCAL.fullmatch(address)
    if local is None:
        try:
            asyncio.run(asyncio.wait_for(_reach(address), CONNECT + LEAVE))
        except asyncio.TimeoutError as error:  # Dask itself waits for its first word for ever
            raise ClusterError(
                f"{address}: no scheduler of Dask answers, what listens there says nothing that "
                "Dask would; is it the address of a dashboard?"
            ) from error
        except Exception as error:
            raise ClusterError(
                f"{address}: no scheduler of Dask answers, {_cause(error)}"
            ) from error
        yield address
        return
    from distributed import LocalCluster

    try:
        with _deaf_to_interrupts():
            cluster = LocalCluster(
                n_workers=int(local[1]),
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",  # of a port that is free; there is always one
                memory_limit=0,  # of each framework's process it is --memory
                silence_logs=logging.CRITICAL + 1,
            )
    except Exception as error:
        raise ClusterError(f"{address}: no cluster can be started here, {_cause(error)}") from error
    try:
        yield cluster
    finally:
        with suppress(Exception, *CANCELLED), _deaf_to_interrupts():
            cluster.close(timeout=LEAVE)


async def _reach(address: str) -> None:
    """Ask who is there, and leave; a client of Dask that cannot connect ends when collected.

    Raises:
        ValueError: it is a worker.
        Exception: nobody is there.
    """
    from distributed.comm import connect
    from distributed.core import send_recv

    comm = await connect(address, timeout=CONNECT)
    try:
        told = await send_recv(comm, op="identity")
    finally:
        await comm.close()
    if "workers" not in told:
        raise ValueError(f"a {told['type']} is there; name the scheduler that it has")


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started within are not interrupted from the terminal: this one ends them.

    Nor is this one, meanwhile.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _client(address: str, scheduler: Any) -> Iterator[Any]:
    from distributed import Client

    try:
        client = Client(scheduler, timeout=CONNECT, name="symgrad", set_as_default=False)
    except Exception as error:
        raise ClusterError(f"{address}: no scheduler of Dask answers, {_cause(error)}") from error
    try:
        yield client
    finally:
        with suppress(Exception, *CANCELLED):
            client.close(timeout=LEAVE)


def _check_versions(client: Any, address: str) -> None:
    """Check that there is a worker, and that the scheduler runs the same Dask.

    Raises:
        ClusterError: there is none, or it does not.
    """
    try:
        client.wait_for_workers(1, timeout=CONNECT)
        told = client.get_versions()
    except Exception as error:
        raise ClusterError(f"{address}: the cluster has no worker, {_cause(error)}") from error
    here, there = told["client"]["packages"], told["scheduler"]["packages"]
    for name in SAME:
        ours, theirs = _short(name, here.get(name)), _short(name, there.get(name))
        if ours != theirs:
            raise ClusterError(
                f"{address}: the scheduler has {name} {theirs}, this Python has {ours}; "
                "install the same on both"
            )


def _short(name: str, version: str | None) -> str:
    """The version; of Python its first two numbers."""
    return ".".join(str(version).split(".")[:2]) if name == "python" else str(version)


def _check_toolkit(client: Any, address: str) -> None:
    """Check that the scheduler and each worker run this toolkit.

    Raises:
        ClusterError: one of them lacks it, or has another.
    """
    from symgrad.numeric.remote import environment

    here = environment()
    told: dict[str, Any] = client.run(environment, on_error="return")
    try:
        told["the scheduler"] = client.run_on_scheduler(environment)
    except Exception as error:
        told["the scheduler"] = error
    for where, there in told.items():
        if isinstance(there, Exception):
            raise ClusterError(
                f"{address}: {where} cannot run symgrad, {_cause(there)}; install it there with "
                "all that this Python has"
            ) from there
        for what, ours, theirs in zip(here._fields, here, there, strict=True):
            if ours != theirs:
                raise ClusterError(
                    f"{address}: {where} has {what} {theirs[:12]}, this Python has {ours[:12]}; "
                    "install the same on both"
                )


def _frameworks(client: Any) -> dict[str, tuple[str, str]]:
    """The frameworks that some worker has.

    Raises:
        ClusterError: two workers have two versions of one.
    """
    from symgrad.numeric.remote import found

    frameworks: dict[str, tuple[str, str]] = {}
    first: dict[str, str] = {}
    for where, there in client.run(found).items():
        for name, (package, version) in there.items():
            known = frameworks.setdefault(name, (package, version))
            if known[1] != version:
                raise ClusterError(
                    f"{where} has {package} {version}, and {first[name]} has {known[1]}; a run "
                    "asks one version of each framework"
                )
            first.setdefault(name, where)
    return frameworks


@contextmanager
def _equipped(client: Any) -> Iterator[None]:
    """Workers that say what they have, those too that come later."""
    from symgrad.numeric.remote import Equipment

    name = f"symgrad-{uuid4().hex}"
    client.register_plugin(Equipment(), name)
    try:
        yield
    finally:
        if client.status == "running":
            with suppress(Exception, *CANCELLED):
                client.unregister_worker_plugin(name)


def _cause(error: BaseException) -> str:
    """In one line, the error that is at the bottom of it."""
    while error.__cause__ is not None and str(error.__cause__):
        error = error.__cause__
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
