"""What is true of each case, as tasks of a cluster; one that was asked before is asked once.

What the cluster has no answer to, as its workers were lost or cannot read the case, is computed
here.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Generator, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import cloudpickle

from symgrad.court.errors import ClusterError
from symgrad.court.references import Reference
from symgrad.symbolic.cases import Case
from symgrad.symbolic.limits import PATIENCE, Asked, Failure, Limits, answers

if TYPE_CHECKING:
    from symgrad.cluster import Cluster


def settle(question: bytes, bounds: Limits) -> Reference | Failure:
    """What is true, within limits; runs on a worker."""
    call: Callable[[], Reference] = pickle.loads(question)
    (answer,) = answers([call], bounds)
    return answer


def references(
    cluster: Cluster,
    cases: Sequence[Asked],
    bounds: Limits,
    meanwhile: Callable[[], None] = lambda: None,
) -> Generator[Reference | Failure, None, None]:
    """As :func:`symgrad.symbolic.limits.references`, by the workers of the cluster.

    Raises:
        ClusterError: the scheduler is gone.
    """
    futures = [_submit(cluster, case, bounds) for case in cases]
    try:
        for case, future in zip(cases, futures, strict=True):
            yield _wait(cluster, case, future, bounds, meanwhile)
    finally:
        for future in futures:
            if future is not None:
                future.release()  # what is not done is not wanted any more


def _submit(cluster: Cluster, case: Asked, bounds: Limits) -> Any:
    """The task; none of a function of the user's own that cannot be sent."""
    call = case.question if isinstance(case, Case) else case.reference
    try:
        question = cloudpickle.dumps(call)
    except Exception:  # of whatever kind: it is the user's object that raises it
        return None
    key = sha256(question + repr(bounds).encode()).hexdigest()
    return cluster.submit(settle, question, bounds, key=f"symgrad-reference-{key}")


def _wait(
    cluster: Cluster, case: Asked, future: Any, bounds: Limits, meanwhile: Callable[[], None]
) -> Reference | Failure:
    if future is not None:
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        while not done.wait(PATIENCE):
            meanwhile()
        meanwhile()
        try:
            answer: Reference | Failure = cluster.result(future)
        except ClusterError:
            raise
        except Exception:  # no worker lived to answer it, or none can read it
            pass
        else:
            return answer
    (answer,) = answers([case.reference], bounds, meanwhile)
    return answer
