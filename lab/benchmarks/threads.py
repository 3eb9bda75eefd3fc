"""One thread for everybody, set where the libraries read it: before they are imported."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
}
"""The environment in which all are timed."""


def on_one_thread(module: str, main: Callable[[list[str]], None]) -> None:
    """Run ``main`` with the command's arguments in that environment, if need be as a new process.

    ``module`` is the one that is run again then.
    """
    if all(os.environ.get(name) == value for name, value in ONE_THREAD.items()):
        main(sys.argv[1:])
    else:
        again = [sys.executable, "-m", module, *sys.argv[1:]]
        sys.exit(subprocess.call(again, env=os.environ | ONE_THREAD))
